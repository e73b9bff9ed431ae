# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Quantities of a sentence as a rule writes them."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codefusion_hf.languages.cf import quantities
from codefusion_hf.languages.cf.cells import read_cell
from codefusion_hf.languages.cf.prompts import cf_prompt, without_columns
from codefusion_hf.languages.cf.quantities import state_quantities, without_quantities, write_dates
from codefusion_hf.languages.cf.rules import Number, parse_rule, rule_tests
from codefusion_hf.languages.cf.synthetic import generate_rows
from codefusion_hf.pipelines.slots import slot_prompt


@pytest.mark.parametrize(
    "sentence, expected",
    [
        ("above 20%", "above 20% (=0.2)"),
        ("above 98.1 %", "above 98.1 % (=0.981)"),
        ("28 percent to 65 per cent", "28 percent (=0.28) to 65 per cent (=0.65)"),
        ("over 1,200.50", "over 1,200.50 (=1200.5)"),
        ("over $50K, under 1.5 million", "over $50K (=50000), under 1.5 million (=1500000)"),
        ("more than 10 lakhs", "more than 10 lakhs (=1000000)"),
        ("the fifteen lowest", "the fifteen (=15) lowest"),
        ("between 88-340 or 1,000–2,000.5", "between 88-340 (=88, =340) or 1,000–2,000.5 (=1000, =2000.5)"),
        ("over 10000rs. or 5kg", "over 10000rs (=10000). or 5kg (=5)"),
        ("5.0 or -0.50", "5.0 (=5) or -0.50 (=-0.5)"),
        (
            "20%-30%, 5-10k, 1.5-2.5 million",
            "20%-30% (=0.2, =0.3), 5-10k (=5000, =10000), 1.5-2.5 million (=1500000, =2500000)",
        ),
        ("ten percent of two thousand", "ten percent (=0.1) of two thousand (=2000)"),
        ("twenty five or ninety-nine", "twenty five (=25) or ninety-nine (=99)"),
    ],
)
def test_what_a_rule_writes_otherwise_is_stated(sentence, expected):
    assert state_quantities(sentence) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "above 20, -3.5 or 0.07",
        "E10:E125 of Sheet2, column 3 of Q4-2021, rows 9-5",
        "on 2020-05-03, 2/8/2023 or May 2020",
        "10-12:30, 1-2/3/2020, 5–6–7, 5 m, two hundred",
        "20 % (=0.2)",
        "20%-30",
        "sıx, ſeven, twenty-ſix, 5 lakhſ",
        "above 0.00001",
        "2-color scale, two-color scale, the one above",
        "equal to '12,000', \"20%\" or `ten`",
        "don't mark 5 kg or 3 months",
        "1.2.3, 1,20 and 12,3456",
    ],
)
def test_all_else_stays(sentence):
    assert state_quantities(sentence) == sentence


@pytest.mark.parametrize(
    "sentence, expected",
    [
        ("since 3 May 2020", "since 2020-05-03"),
        ("since March 5, 2021 or 7th of february 2023", "since 2021-03-05 or 2023-02-07"),
        ("on 13-Feb-2024 and Sept 1st 2024", "on 2024-02-13 and 2024-09-01"),
        ("on 30 February 2021, in May 2020 or '3 May 2020'", "on 30 February 2021, in May 2020 or '3 May 2020'"),
    ],
)
def test_dates_are_written_as_a_rule_does(sentence, expected):
    assert write_dates(sentence) == expected


def test_a_date_stays_as_it_is_where_no_column_has_dates():
    cells = [["Due"], ["3 May 2020"], ["4 May 2020"]]
    assert cf_prompt("due on 3 May 2020", cells).startswith("due on 3 May 2020 |")
    assert cf_prompt("due on 3 May 2020", [*cells, ["2020-05-03"], ["2020-05-04"], ["2020-05-05"]]).startswith(
        "due on 2020-05-03 |"
    )


def test_nothing_is_stated_within_a_header():
    assert cf_prompt("Level Two above 1,000", [["Level Two"], [1]]).startswith("Level Two above 1,000 (=1000) |")


def test_a_sentence_is_looked_up_by_one_key_with_its_table_and_without():
    table = [["Rate", "Due"], ["7%", "2020-05-03"]]
    for sentence in ("above 20 %", "due after 3 May 2020", "what is (=5)?", "1,000-2,000 or ten"):
        assert without_columns(cf_prompt(sentence, table)) == without_columns(sentence)


def test_an_apostrophe_is_no_quote():
    assert state_quantities("don't mark 5% or what isn't") == "don't mark 5% (=0.05) or what isn't"


@given(st.text(alphabet="0123456789.,%$-kKm '\"()=tenMay", max_size=60))
def test_nothing_is_lost(sentence):
    stated = state_quantities(sentence)
    assert without_quantities(stated) == without_quantities(sentence)


def test_the_example_of_the_documentation():
    lines = str(quantities.__doc__).splitlines()
    asked = [index for index, line in enumerate(lines) if line.startswith(">>> ")]
    for index, function in zip(asked, (state_quantities, write_dates), strict=True):
        sentence = lines[index].removeprefix(f'>>> {function.__name__}("').removesuffix('")')
        assert lines[index + 1] == repr(function(sentence))


def test_numbers_of_invented_rules_can_be_copied():
    """Of those of tables, all but what a sentence does not name, such as the number of a top ten."""
    missing = total = 0
    for row in itertools.islice(generate_rows(3), 1500):
        if "data" not in row:
            continue
        prompt = cf_prompt(row["text"], row["data"])
        values = {read_cell(value).number for value in slot_prompt(prompt).values.values()}
        for rule in rule_tests(parse_rule(row["code"])):
            numbers = [argument.value for argument in rule.arguments if isinstance(argument, Number)]
            total += len(numbers)
            missing += sum(number not in values for number in numbers)
    assert total > 500 and missing < 0.15 * total


def test_takes_linear_time():
    start = time.perf_counter()
    for sentence in ("1," * 50_000, "9" * 100_000, "May 1 " * 20_000, "'" * 99_999, "ten " * 20_000, "“a " * 30_000):
        state_quantities(write_dates(sentence))
    assert time.perf_counter() - start < 5.0
