# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Execution match of CF rules: what means the same matches, what does not mean the same does not."""

import json
import math
import random
import time
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import codefusion_hf
from codefusion_hf.languages.cf.cells import read_constant
from codefusion_hf.languages.cf.match import (
    MAX_TESTS,
    constants_match,
    execution_match,
    has_constants,
    is_valid_cf_rule,
)
from codefusion_hf.languages.cf.rules import And, Column, Not, Number, Or, Rule, Text, format_rule


COOKBOOK = Path(codefusion_hf.__file__).parent / "cookbook" / "cf"
TABLE = [["Index", "Value", "ID"], [0, "12", 7], [1, "", 7], [2, "Yes", 9], [3, "$40", 2]]


def quick(max_examples: int) -> settings:
    return settings(deadline=None, max_examples=max_examples, database=None)


def matches(candidate, reference, **options):
    """Whether two trees match; which of them is the reference must not matter."""
    candidate, reference = format_rule(candidate), format_rule(reference)
    match = execution_match(candidate, reference, **options)
    assert execution_match(reference, candidate, **options) == match
    return match


SAME = [
    ("AND(GreaterThanEqual(3), LessThanEqual(5))", "Between(3, 5)"),
    ("AND(LessThan(c[1], 5), GreaterThan(c[1], 3))", "AND(GreaterThan(c[1], 3), LessThan(c[1], 5))"),
    ("Between(5, 3)", "Between(3,5)"),
    ("NOT(Between(-5,5))", "NotBetween(-5, 5)"),
    ("NOT(Between(-5,5))", "OR(LessThan(-5), GreaterThan(5))"),
    ("NOT(Equals(c[0], 'No'))", "NotEquals(c[0], 'no')"),
    ("TextEquals(2015)", "Equals(2015)"),
    ("TextEquals(2015)", "Between(2015, 2015)"),
    ("TextEquals(50%)", "Equals(0.5)"),
    ("TextEquals(in progress)", "Equals('In Progress')"),
    ("GreaterThan(2020-01-31)", "GreaterThan(1/31/2020)"),
    ("top(10%)", "TopPercent(10)"),
    ("Bottom()", "bottom(1)"),
    ("Duplicate()", "DuplicateValues()"),
    ("OR(Contains(Bull), TextContains(Bear))", "NOT(AND(NOT(TextContains(bear)), NOT(TextContains(bull))))"),
    ("AND(GreaterThan(0), OR(GreaterThan(5), GreaterThan(2)))", "GreaterThan(2)"),
    ("OR(TextStartsWith(ab), TextStartsWith(abc))", "TextStartsWith(ab)"),
    ("Equals(c[0], c[1])", "NOT(NotEquals(c[0], c[1]))"),
    ("GreaterThan(c[0], c[1])", "NOT(LessThanEqual(c[0], c[1]))"),
    # The limits of Excel.
    ("Top(1000000000)", "Top(1000)"),
    ("DataBar()", "AND(DataBar(), DataBar())"),
]

DIFFERENT = [
    ("TextEquals(x)", "TextContains(x)"),
    ("TextStartsWith(x)", "TextEndsWith(x)"),
    ("TextEquals(2015)", "TextContains(2015)"),
    ("TextContains(ab)", "AND(TextContains(a), TextContains(b))"),
    ("GreaterThan(3)", "GreaterThanEqual(3)"),
    ("AND(GreaterThan(3), LessThan(5))", "Between(3, 5)"),
    ("AND(GreaterThan(3), LessThan(5))", "OR(GreaterThan(3), LessThan(5))"),
    ("OR(Equals(3), Equals(5))", "Between(3, 5)"),
    ("Equals(0)", "Blanks()"),
    ("Blanks()", "Errors()"),
    ("NOT(Blanks())", "Blanks()"),
    ("NOT(Duplicates())", "Unique()"),
    ("AND(Duplicates(), GreaterThan(5))", "GreaterThan(5)"),
    ("AND(Unique(), TextEquals(Yes))", "TextEquals(Yes)"),
    ("Top(10)", "TopPercent(10)"),
    ("TopPercent(12.5)", "TopPercent(12.4)"),
    ("Top(1)", "Bottom(1)"),
    ("AboveAverage()", "BelowAverage()"),
    ("AboveAverage()", "TopPercent(50)"),
    ("AboveAverage()", "TopPercent(42)"),
    ("AboveAverage()", "TopPercent(58)"),
    ("AND(AboveAverage(), GreaterThan(50))", "AboveAverage()"),
    ("OR(AboveAverage(), GreaterThan(50))", "GreaterThan(50)"),
    ("AND(Top(3), GreaterThan(50))", "Top(3)"),
    ("OR(Top(3), GreaterThan(50))", "Top(3)"),
    ("AND(Top(3), Unique())", "Top(3)"),
    ("DataBar()", "ColorScale()"),
    ("DataBar()", "NOT(DataBar())"),
    ("NOT(DataBar())", "NOT(ColorScale())"),
    ("IconSet()", "GreaterThan(-1e300)"),
    ("AND(TextContains(a),TextContains(b),TextContains(c))", "AND(TextContains(a),TextContains(b))"),
    (
        "AND(TextContains(a),TextContains(b),TextContains(c),TextContains(d))",
        "AND(TextContains(a),TextContains(b),TextContains(d))",
    ),
    ("GreaterThan(c[0], c[1])", "LessThan(c[0], c[1])"),
    ("GreaterThan(c[0], c[1])", "GreaterThanEqual(c[0], c[1])"),
    ("TextContains(c[0], c[1])", "TextStartsWith(c[0], c[1])"),
    ("TextContains(c[0], c[1])", "TextEquals(c[0], c[1])"),
    ("AND(Top(c[0], 3), GreaterThan(c[0], c[1]))", "Top(c[0], 3)"),
    ("OR(GreaterThan(c[0], c[1]), Equals(c[0], c[2]))", "GreaterThan(c[0], c[1])"),
]


@pytest.mark.parametrize("candidate, reference", SAME)
def test_rules_that_mean_the_same_match(candidate, reference):
    for table in (None, TABLE):
        for column_required in (True, False):
            assert execution_match(candidate, reference, table, column_required)
            assert execution_match(reference, candidate, table, column_required)


@pytest.mark.parametrize("candidate, reference", DIFFERENT)
def test_rules_that_mean_something_else_do_not_match(candidate, reference):
    for table in (None, TABLE):
        for column_required in (True, False):
            assert not execution_match(candidate, reference, table, column_required)
            assert not execution_match(reference, candidate, table, column_required)


def test_columns_count_only_where_they_are_required():
    assert not execution_match("GreaterThan(c[2], 5)", "GreaterThan(c[1], 5)", TABLE)
    assert execution_match("GreaterThan(c[2], 5)", "GreaterThan(c[1], 5)", TABLE, column_required=False)
    assert not execution_match("GreaterThan(c[2], 6)", "GreaterThan(c[1], 5)", TABLE, column_required=False)
    assert not execution_match("Equals(c[0], c[1])", "Equals(c[0], c[2])", TABLE)
    assert execution_match("Equals(c[0], c[1])", "Equals(c[0], c[2])", TABLE, column_required=False)
    assert execution_match(
        "AND(GreaterThan(c[0], 5), LessThan(c[1], 7))", "AND(GreaterThan(5),LessThan(7))", TABLE, False
    )


def test_a_rule_without_a_column_tests_the_second_or_only_one():
    assert execution_match("GreaterThan(5)", "GreaterThan(c[1], 5)", TABLE)
    assert not execution_match("GreaterThan(5)", "GreaterThan(c[2], 5)", TABLE)
    assert execution_match("GreaterThan(5)", "GreaterThan(c[2], 5)", TABLE, column_required=False)
    assert execution_match("GreaterThan(5)", "GreaterThan(c[0], 5)", [["Value"]])
    # Without a table, it is not known which one.
    for table in (None, [], [[]]):
        assert not execution_match("GreaterThan(5)", "GreaterThan(c[1], 5)", table)
        assert execution_match("GreaterThan(5)", "GreaterThan(c[1], 5)", table, column_required=False)


def test_ignoring_columns_does_not_make_one_of_several():
    reference = "AND(TextEquals(c[1], 'Yes'), TextEquals(c[2], 'No'))"
    ignored = {"column_required": False}
    assert execution_match("AND(TextEquals(No), TextEquals(Yes))", reference, **ignored)
    assert execution_match("AND(TextEquals(c[7], 'No'), TextEquals(c[0], 'Yes'))", reference, **ignored)
    assert not execution_match("AND(TextEquals(c[2], 'Yes'), TextEquals(c[1], 'No'))", reference)
    # On a single column the tests of the reference contradict each other, as others do.
    assert not execution_match("AND(Equals(1), Equals(2))", reference, **ignored)
    assert not execution_match("TextEquals(Yes)", reference, **ignored)
    assert not execution_match("OR(TextEquals(No), TextEquals(Yes))", reference, **ignored)


def test_the_table_itself_counts():
    # So close that no probe column is long enough, but the table is: 99.9999 and 100.05 cells.
    rules = "TopPercent(c[0], 10.01)", "TopPercent(c[0], 10.015)"
    assert execution_match(*rules)
    assert not execution_match(*rules, [["Value"], *([number] for number in range(999))])


def test_what_does_not_parse_matches_only_itself():
    assert not is_valid_cf_rule("if(Blanks(), red)")
    assert is_valid_cf_rule("Blanks()")
    assert execution_match("if(Blanks(), red)", " if(Blanks(),  red)\n")
    assert not execution_match("if(Blanks(), red)", "if(Blanks(), green)")
    assert not execution_match("", "Blanks()")
    assert not execution_match("Blanks()", "")


FINITE = st.floats(allow_nan=False, allow_infinity=False)
NUMBERS = st.one_of(st.integers(-20, 20).map(float), FINITE).map(Number)
TEXTS = st.one_of(st.text("aAb15% .§'", min_size=1, max_size=4), st.text(min_size=1, max_size=6)).map(Text)
COUNTS = st.one_of(st.integers(1, 12), st.integers(1, 1000))
PERCENTS = st.integers(1, 100)
COMPARISONS = ["Equals", "NotEquals", "GreaterThan", "GreaterThanEqual", "LessThan", "LessThanEqual"]
TEXT_TESTS = ["TextEquals", "TextContains", "TextStartsWith", "TextEndsWith"]
COLUMN_NUMBERS = st.sampled_from([None, 0, 1, 2])
TESTS = st.one_of(
    st.builds(Rule, st.sampled_from(COMPARISONS), COLUMN_NUMBERS, st.tuples(st.one_of(NUMBERS, TEXTS))),
    st.builds(Rule, st.sampled_from(["Between", "NotBetween"]), COLUMN_NUMBERS, st.tuples(NUMBERS, NUMBERS)),
    st.builds(Rule, st.sampled_from(TEXT_TESTS), COLUMN_NUMBERS, st.tuples(TEXTS)),
    st.builds(
        lambda name, column, count: Rule(name, column, (Number(count),)),
        st.sampled_from(["Top", "Bottom", "TopPercent", "BottomPercent"]),
        COLUMN_NUMBERS,
        PERCENTS,
    ),
    st.builds(
        Rule,
        st.sampled_from(["AboveAverage", "BelowAverage", "Duplicates", "Unique", "Blanks", "Errors", "DataBar"]),
        COLUMN_NUMBERS,
    ),
    st.builds(Rule, st.sampled_from(COMPARISONS + TEXT_TESTS), st.just(0), st.just((Column(1),))),
)
RULES = st.recursive(
    TESTS,
    lambda rules: st.one_of(
        rules.map(Not), *(st.lists(rules, min_size=1, max_size=3).map(tuple).map(kind) for kind in (And, Or))
    ),
    max_leaves=4,
)


@st.composite
def rewritten(draw, rule):
    """The same in other words."""
    if isinstance(rule, Rule):
        return draw(st.sampled_from([*other_words(rule), Not(Not(rule)), And((rule,)), Or((rule, rule))]))
    if isinstance(rule, Not):
        return Not(draw(rewritten(rule.operand)))
    kind, opposite = (And, Or) if isinstance(rule, And) else (Or, And)
    operands = tuple(draw(rewritten(operand)) for operand in draw(st.permutations(rule.operands)))
    return draw(st.sampled_from([kind(operands), Not(opposite(tuple(map(Not, operands))))]))


def other_words(rule):
    name, column, arguments = rule.name, rule.column, rule.arguments
    if name in ("Between", "NotBetween"):
        bounds = sorted(arguments, key=lambda bound: bound.value)
        inside = And((Rule("GreaterThanEqual", column, (bounds[0],)), Rule("LessThanEqual", column, (bounds[1],))))
        yield Rule(name, column, arguments[::-1])
        yield inside if name == "Between" else Not(inside)
    negations = {"Equals": "NotEquals", "GreaterThan": "LessThanEqual", "LessThan": "GreaterThanEqual"}
    for positive, negative in negations.items():
        if name in (positive, negative):
            yield Not(Rule(negative if name == positive else positive, column, arguments))
    if name == "TextEquals":
        yield Rule("Equals", column, arguments)
    if name in TEXT_TESTS and isinstance(arguments[0], Text):
        upper = arguments[0].value.upper()
        if upper.casefold() == arguments[0].value.casefold():
            yield Rule(name, column, (Text(upper),))


@quick(150)
@given(st.data())
def test_the_same_in_other_words_matches(data):
    rule = data.draw(RULES)
    other = data.draw(rewritten(rule))
    for table in (None, TABLE):
        assert matches(other, rule, table=table)
        assert execution_match(format_rule(other), format_rule(rule), table, column_required=False)


@quick(150)
@given(st.text("abcXYZ019 .%-$", min_size=1).filter(lambda text: text == text.strip()), st.sampled_from(TEXT_TESTS))
def test_the_dialects_match(text, name):
    quoted = format_rule(Rule(name, 1, (Text(text),)))
    for unquoted in (f"{name}({text})", f"{name.upper()}({text})", f"{name}(c[1],{text} )", f'{name}("{text}")'):
        assert execution_match(unquoted, quoted, TABLE)


def differ(one, other):
    return not matches(one, other) and not matches(And((one, one)), other) and not matches(Not(one), Not(other))


@quick(100)
@given(st.sampled_from(COMPARISONS), st.sampled_from(COMPARISONS), NUMBERS)
def test_a_changed_comparison_does_not_match(name, other, number):
    # Of the least float, not to be equal is to be greater.
    assume(name != other and abs(number.value) < 1e308)
    assert differ(Rule(name, 0, (number,)), Rule(other, 0, (number,)))


@quick(100)
@given(st.sampled_from(COMPARISONS), NUMBERS, NUMBERS, NUMBERS)
def test_a_changed_number_does_not_match(name, number, other, third):
    assume(number.value != other.value)
    assert differ(Rule(name, 0, (number,)), Rule(name, 0, (other,)))
    assert differ(Rule("Between", 0, (number, third)), Rule("Between", 0, (third, other)))


@quick(50)
@given(st.sampled_from(COMPARISONS), FINITE.map(abs))
def test_the_next_float_does_not_match(name, number):
    other = math.nextafter(number, 0.0) if number else 5e-324
    assert differ(Rule(name, 0, (Number(number),)), Rule(name, 0, (Number(other),)))


@quick(100)
@given(st.sampled_from(TEXT_TESTS), st.sampled_from(TEXT_TESTS), TEXTS)
def test_a_changed_text_test_does_not_match(name, other, text):
    assume(name != other)
    assert differ(Rule(name, 0, (text,)), Rule(other, 0, (text,)))


@quick(100)
@given(st.sampled_from(TEXT_TESTS), TEXTS, TEXTS)
def test_a_changed_text_does_not_match(name, text, other):
    if name == "TextEquals":
        assume(read_constant(text)[:3] != read_constant(other)[:3])
    else:
        assume(text.value.casefold() != other.value.casefold())
    rules = Rule(name, 0, (text,)), Rule(name, 0, (other,))
    assert differ(*rules)
    assert differ(And(rules), Or(rules))


@quick(50)
@given(st.sampled_from(["Top", "Bottom"]), COUNTS, COUNTS, PERCENTS, PERCENTS)
def test_a_changed_count_does_not_match(name, count, other_count, percent, other_percent):
    top, per_cent = Rule(name, 0, (Number(count),)), Rule(f"{name}Percent", 0, (Number(percent),))
    assert differ(top, per_cent)
    assert differ(top, Rule("Bottom" if name == "Top" else "Top", 0, (Number(count),)))
    if count != other_count:
        assert differ(top, Rule(name, 0, (Number(other_count),)))
    if percent != other_percent:
        assert differ(per_cent, Rule(f"{name}Percent", 0, (Number(other_percent),)))


@quick(20)
@given(
    st.one_of(st.integers(1, 12).map(lambda count: Rule("Top", 0, (Number(count),))), st.just(Rule("Duplicates", 0))),
    NUMBERS,
)
def test_a_test_more_or_less_does_not_match(rule, number):
    assume(abs(number.value) < 1e9)
    other = Rule("GreaterThan", 0, (number,))
    assert differ(And((rule, other)), rule)
    assert differ(And((rule, other)), other)
    assert differ(And((rule, other)), Or((rule, other)))


@quick(100)
@given(TESTS, COLUMN_NUMBERS)
def test_a_changed_column_matches_only_where_columns_are_ignored(rule, column):
    assume(column != rule.column and not any(isinstance(argument, Column) for argument in rule.arguments))
    other = Rule(rule.name, column, rule.arguments)
    assert not matches(other, rule)
    assert matches(other, rule, column_required=False)


@quick(100)
@given(RULES, RULES)
def test_rules_match_as_their_negations_do_and_ignoring_columns_only_adds(rule, other):
    match = matches(rule, other, table=TABLE)
    assert matches(other, Not(Not(rule)), table=TABLE) == match
    if match:
        assert execution_match(format_rule(rule), format_rule(other), TABLE, column_required=False)


PIECES = (
    "AND( OR( NOT( Top( BottomPercent( TextEquals( TextContains( Between( GreaterThan( Equals( LessThan( Blanks() "
    "Duplicates() AboveAverage() DataBar() c[0], c[1] c[999999], ( ) ) , ' \" '' \\ 5 -1.5e3 1e308 1e9 10% 1e999 x \0 "
    "適 \ud800 \xa0 #N/A TRUE 2020-01-01"
).split(" ") + [" ", "\n"]


def test_ten_thousand_random_and_malformed_texts_end_in_a_score():
    generator = random.Random(0)
    rules = [rule for pair in SAME + DIFFERENT for rule in pair]
    num_valid = 0
    for number in range(10_000):
        code = generator.choice(rules) if number % 4 else ""
        for _ in range(generator.randint(1, 2) if code else generator.randint(0, 12)):
            start, piece = generator.randint(0, len(code)), generator.choice(generator.choice([PIECES, "15aAx. "]))
            code = code[:start] + piece + code[start + generator.randint(0, 1) :]
        reference = generator.choice(rules)
        column_required = generator.random() < 0.5
        for one, other in ((code, reference), (reference, code), (code, code)):
            assert execution_match(one, other, TABLE, column_required) in (True, False)
        assert execution_match(code, code, TABLE, column_required)
        num_valid += is_valid_cf_rule(code)
    # Both kinds are among them.
    assert 500 < num_valid < 9500


@quick(150)
@given(st.text(), st.text(), st.booleans())
def test_any_texts_end_in_a_score(candidate, reference, column_required):
    for one, other in ((candidate, reference), (f"TextContains({candidate})", f"TextEquals({reference})")):
        assert execution_match(one, other, TABLE, column_required) in (True, False)


def test_no_text_takes_long():
    many = ",".join(f"TextEquals({number})" for number in range(MAX_TESTS))
    columns = ",".join(f"GreaterThan(c[{number}], c[{number + 1}])" for number in range(MAX_TESTS // 2))
    codes = [
        f"OR({many})",
        f"AND({columns})",
        f"TextContains({'a' * 100_000})",
        "Top(1e300)",
        "Between(-1.7e308, 1.7e308)",
        "AND(AboveAverage(),OR(GreaterThan(1.7e308),LessThan(-1.7e308)))",
        "NOT(" * 100_000,
        "GreaterThan(" + "1" * 100_000 + "x)",
    ]
    started = time.process_time()
    for candidate in codes:
        for reference in codes:
            assert execution_match(candidate, reference, TABLE, column_required=False) == (candidate == reference)
    assert time.process_time() - started < 10


@pytest.mark.parametrize("path", sorted(COOKBOOK.glob("*.jsonl")), ids=lambda path: path.stem)
def test_rules_of_the_cookbook_match_themselves(path):
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        # In other words too, so that equal trees are not all that is looked at.
        for candidate in (row["code"], f"NOT(NOT({row['code']}))"):
            assert execution_match(candidate, row["code"], row["data"])
            assert execution_match(candidate, row["code"], row["data"], column_required=False)


# Constants


@pytest.mark.parametrize(
    "candidate, reference",
    [
        ("LessThan(c[2], 7)", "GreaterThan(c[1], 7.0)"),
        ("TextContains(c[0], 'Harry')", "TextEquals(c[1], 'Harry')"),
        ("OR(Equals(1), Equals(2))", "Between(2, 1)"),
        ("Equals(2015)", "TextEquals('2015')"),
        ("Equals(50%)", "Equals(0.5)"),
        ("GreaterThan(c[0], '2020-01-31')", "LessThan(c[0], '1/31/2020')"),
        ("Top(c[1], 10)", "TopPercent(c[1], 10)"),
        ("Blanks(c[1])", "Errors(c[1])"),
        ("Equals(c[1], c[2])", "Blanks(c[1])"),
    ],
)
def test_constants_are_the_same_whatever_is_asked_of_them(candidate, reference):
    assert constants_match(candidate, reference) and constants_match(reference, candidate)


@pytest.mark.parametrize(
    "candidate, reference",
    [
        ("LessThan(7)", "LessThan(70)"),
        ("TextEquals('harry')", "TextEquals('Harry')"),
        ("TextEquals('Harry ')", "TextEquals('Harry')"),
        ("OR(Equals(1), Equals(1))", "Equals(1)"),
        ("Between(1, 2)", "Between(1, 1)"),
        ("Blanks()", "Equals(0)"),
        ("no rule (", "Blanks()"),
        ("no rule (", "no rule ("),
    ],
)
def test_constants_are_different(candidate, reference):
    assert not constants_match(candidate, reference) and not constants_match(reference, candidate)


def test_rules_without_constants():
    assert [has_constants(code) for code in ("Top()", "Top(3)", "Equals(c[0], c[1])", "no (")] == [
        False,
        True,
        False,
        False,
    ]
