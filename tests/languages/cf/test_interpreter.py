# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What CF rules mark: Excel's answers on small tables, and what has to hold on any."""

import datetime
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codefusion_hf.languages.cf.cells import CellKind, read_cell, read_constant
from codefusion_hf.languages.cf.interpreter import Mark, marked_cells
from codefusion_hf.languages.cf.rules import Not, Number, Rule, Text, parse_rule


def quick(max_examples: int) -> settings:
    return settings(deadline=None, max_examples=max_examples, database=None)


def marked_rows(rule, *columns):
    """The rows that a rule marks in a table with these columns."""
    header = [f"column {index}" for index in range(len(columns))]
    node = parse_rule(rule) if isinstance(rule, str) else rule
    return sorted({mark.row for mark in marked_cells(node, [header, *zip(*columns, strict=True)])})


@pytest.mark.parametrize(
    "value, number",
    [
        (918, 918),
        (0.25, 0.25),
        ("918", 918),
        (" 918 ", 918),
        ("-.5", -0.5),
        ("5.", 5),
        ("-1,234,567.5", -1234567.5),
        ("1E3", 1000),
        ("7%", 0.07),
        ("7 %", 0.07),
        ("$21.00", 21),
        ("-$21", -21),
        ("$-21", -21),
        ("5 €", 5),
        ("(21)", -21),
        ("($1,000)", -1000),
        ("2022-11-15", 44880),
        ("2022-11-15 12:00:00", 44880.5),
        ("11/15/2022", 44880),
        (datetime.date(2022, 11, 15), 44880),
        (datetime.datetime(2022, 11, 15, 18), 44880.75),
    ],
)
def test_what_excel_takes_for_a_number_is_one(value, number):
    cell = read_cell(value)
    assert cell.kind is CellKind.NUMBER
    assert cell.number == pytest.approx(number)


@pytest.mark.parametrize(
    "value, kind",
    [
        (None, CellKind.BLANK),
        ("", CellKind.BLANK),
        (" ", CellKind.TEXT),
        (True, CellKind.BOOLEAN),
        ("false", CellKind.BOOLEAN),
        ("#DIV/0!", CellKind.ERROR),
        ("#n/a", CellKind.ERROR),
        ("#ERR", CellKind.ERROR),
        (math.nan, CellKind.ERROR),
        (10**400, CellKind.ERROR),
        ("N/A", CellKind.TEXT),
        ("#1", CellKind.TEXT),
        ("13 Days", CellKind.TEXT),
        ("--5", CellKind.TEXT),
        ("(-5)", CellKind.TEXT),
        ("(5", CellKind.TEXT),
        ("1,00", CellKind.TEXT),
        ("1e999", CellKind.TEXT),
        ("$", CellKind.TEXT),
        ("٣", CellKind.TEXT),
        ("inf", CellKind.TEXT),
        ("2022-13-45", CellKind.TEXT),
        ("13/13/2022", CellKind.TEXT),
    ],
)
def test_other_cells_are_read_as_what_they_are(value, kind):
    assert read_cell(value).kind is kind


MIXED = [3, "3.0", "$5", "5", "abc", "ABCD", True, "", "#N/A", -1]


@pytest.mark.parametrize(
    "rule, rows",
    [
        ("Equals(3)", [0, 1]),
        ("TextEquals(3)", [0, 1]),
        ("NotEquals(3)", [2, 3, 4, 5, 6, 7, 9]),
        ("NOT(TextEquals(3))", [2, 3, 4, 5, 6, 7, 9]),
        ("TextEquals(Abc)", [4]),
        ("Equals('Abc')", [4]),
        ("TextEquals(true)", [6]),
        ("TextEquals(#n/a)", [8]),
        ("NotEquals(#N/A)", [0, 1, 2, 3, 4, 5, 6, 7, 9]),
        # A blank cell is 0, and an empty text.
        ("Equals(0)", [7]),
        ("TextEquals('')", [7]),
        ("LessThan(3)", [7, 9]),
        ("LessThanEqual(3)", [0, 1, 7, 9]),
        # Texts and booleans are more than any number.
        ("GreaterThan(3)", [2, 3, 4, 5, 6]),
        ("GreaterThanEqual(3)", [0, 1, 2, 3, 4, 5, 6]),
        ("NOT(GreaterThan(3))", [0, 1, 7, 9]),
        ("GreaterThan(ABC)", [5, 6]),
        ("LessThan(b)", [0, 1, 2, 3, 4, 5, 7, 9]),
        ("Between(3, 5)", [0, 1, 2, 3]),
        ("Between(5, 3)", [0, 1, 2, 3]),
        ("NotBetween(5, 3)", [4, 5, 6, 7, 9]),
        ("Between(abc, 5)", [2, 3, 4]),
        # Text tests are about what is shown.
        ("TextContains(BC)", [4, 5]),
        ("TextContains(0)", [1]),
        ("TextContains($)", [2]),
        ("TextStartsWith(3)", [0, 1]),
        ("TextEndsWith(5)", [2, 3]),
        ("TextContains(N/A)", [8]),
        ("NOT(TextContains(b))", [0, 1, 2, 3, 6, 7, 8, 9]),
        ("TextContains(*)", []),
        ("TextContains()", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("Blanks()", [7]),
        ("NOT(Blanks())", [0, 1, 2, 3, 4, 5, 6, 8, 9]),
        ("Errors()", [8]),
        ("Duplicates()", [0, 1, 2, 3]),
        ("Unique()", [4, 5, 6, 8, 9]),
        ("Top(1)", [2, 3]),
        ("Top(3)", [0, 1, 2, 3]),
        ("Top()", [2, 3]),
        ("Top(0)", []),
        ("Top(-1)", []),
        ("Bottom()", [9]),
        ("Bottom(2)", [0, 1, 9]),
        ("Bottom(1e300)", [0, 1, 2, 3, 9]),
        ("TopPercent(100)", [0, 1, 2, 3, 9]),
        ("BottomPercent(1)", [9]),
        ("BottomPercent(1e300)", [0, 1, 2, 3, 9]),
        # The average of 3, 3, 5, 5 and -1 is 3.
        ("AboveAverage()", [2, 3]),
        ("BelowAverage()", [9]),
        # What is not defined for the error stays so, unless something else settles it.
        ("OR(Errors(), GreaterThan(3))", [2, 3, 4, 5, 6, 8]),
        ("NOT(OR(Errors(), GreaterThan(3)))", [0, 1, 7, 9]),
        ("NOT(AND(GreaterThan(3), Errors()))", [0, 1, 2, 3, 4, 5, 6, 7, 9]),
        ("NOT(AND(GreaterThan(3), Blanks()))", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_rules_mark_what_excel_marks(rule, rows):
    assert marked_rows(rule, MIXED) == rows


@pytest.mark.parametrize(
    "rule, rows",
    [
        ("Top(c[0], 10)", list(range(15, 25))),
        ("TopPercent(c[0], 10)", [23, 24]),
        ("TopPercent(c[0], 2)", [24]),
        ("TopPercent(c[0])", [23, 24]),
        ("BottomPercent(c[0], 50)", list(range(12))),
        ("BottomPercent(c[0], 0)", []),
    ],
)
def test_per_cents_are_rounded_down_but_not_to_nothing(rule, rows):
    assert marked_rows(rule, range(25)) == rows


def test_dates_and_percentages_compare_as_numbers():
    assert marked_rows("LessThan(2020-01-31)", ["2020-01-30", "1/31/2020", "2020-02-01", "May"]) == [0]
    assert marked_rows("GreaterThan(50%)", ["40%", "60%", 0.7, 0.5]) == [1, 2]


def test_columns_are_compared_cell_by_cell():
    left, right = [1, 2, 3, "a", "abc", "#N/A"], [3, 2, 1, "A", "B", 1]
    assert marked_rows("GreaterThan(c[0], c[1])", left, right) == [2]
    assert marked_rows("Equals(c[0], c[1])", left, right) == [1, 3]
    assert marked_rows("TextContains(c[0], c[1])", left, right) == [1, 3, 4]
    assert marked_rows("Between(c[0], c[1], 2)", left, right) == [1, 3, 4]


def test_rules_with_several_columns_go_by_row_and_mark_all_of_them():
    table = [["Name", "Sold", "Delivery"], ["pens", 3, "Worldwide"], ["ink", 0, "Worldwide"], ["paper", 7, "USA"]]
    rule = parse_rule("AND(GreaterThan(c[1], 0), TextEquals(c[2], 'worldwide'))")
    assert marked_cells(rule, table) == {Mark(0, 1, "Highlight"), Mark(0, 2, "Highlight")}


def test_a_rule_without_a_column_is_about_the_second_or_only_one():
    assert marked_cells(parse_rule("Equals(5)"), [["Index", "Value", "ID"], [5, 5, 5]]) == {Mark(0, 1, "Highlight")}
    assert marked_cells(parse_rule("Equals(5)"), [["Value"], [5]]) == {Mark(0, 0, "Highlight")}


def test_what_a_table_does_not_have_is_blank():
    table = [["Index", "Value"], [1, 5], [2]]
    assert marked_cells(parse_rule("Blanks(c[1])"), table) == {Mark(1, 1, "Highlight")}
    assert marked_cells(parse_rule("Blanks(c[999999])"), table) == {
        Mark(0, 999999, "Highlight"),
        Mark(1, 999999, "Highlight"),
    }
    assert marked_cells(parse_rule("NOT(Blanks())"), [["Index", "Value"]]) == set()


def test_visual_rules_mark_numbers_each_in_its_own_way():
    table = [["Index", "Value"], [0, 5], [1, "much"], [2, "7%"]]
    for name in ("ColorScale", "DataBar", "IconSet"):
        assert marked_cells(Rule(name), table) == {Mark(0, 1, name), Mark(2, 1, name)}
    assert marked_cells(parse_rule("AND(DataBar(), GreaterThan(1))"), table) == {Mark(0, 1, "DataBar")}
    assert marked_cells(Not(Not(Rule("IconSet"))), table) == marked_cells(Rule("IconSet"), table)
    assert marked_cells(Not(Rule("IconSet")), table) == {Mark(1, 1, "IconSet")}


@pytest.mark.parametrize("table", [[], [[]]])
def test_a_table_needs_a_header(table):
    with pytest.raises(ValueError, match="`table` must begin with a header of one column or more, got"):
        marked_cells(Rule("Blanks"), table)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(),
    st.text("aA1 .%$", max_size=3),
    st.sampled_from(["#N/A", "#REF!", "2020-01-01"]),
)
COLUMNS = st.lists(VALUES, max_size=12)
CONSTANTS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(Number), st.text("aA1 .%$", max_size=3).map(Text)
)


@quick(100)
@given(COLUMNS, st.sampled_from(["Equals", "GreaterThan", "GreaterThanEqual", "LessThan", "LessThanEqual"]), CONSTANTS)
def test_a_comparison_its_negation_and_the_errors_are_all_cells(column, name, constant):
    rule = Rule(name, 0, (constant,))
    marked, not_marked = marked_rows(rule, column), marked_rows(Not(rule), column)
    errors = [row for row, value in enumerate(column) if read_cell(value).kind is CellKind.ERROR]
    assert sorted([*marked, *not_marked, *errors]) == list(range(len(column)))


@quick(100)
@given(COLUMNS, st.integers(0, 15))
def test_top_marks_as_many_as_asked_and_the_ties_of_the_last(column, count):
    numbers = {row: cell.number for row, cell in enumerate(map(read_cell, column)) if cell.kind is CellKind.NUMBER}
    for name, sign in (("Top", 1), ("Bottom", -1)):
        marked = marked_rows(Rule(name, 0, (Number(count),)), column)
        # What Excel says of a cell: fewer than n cells are beyond it.
        assert marked == [
            row
            for row, number in numbers.items()
            if sum(sign * other > sign * number for other in numbers.values()) < count
        ]


@quick(100)
@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 30))
def test_no_one_of_equal_cells_is_above_the_average(number, size):
    assert marked_rows(Rule("AboveAverage", 0), [number] * size) == []
    assert marked_rows(Rule("BelowAverage", 0), [number] * size) == []


@quick(100)
@given(COLUMNS)
def test_each_cell_is_repeated_unique_or_blank(column):
    blanks = [row for row, value in enumerate(column) if read_cell(value).kind is CellKind.BLANK]
    found = [marked_rows(Rule(name, 0), column) for name in ("Duplicates", "Unique")]
    assert sorted([*found[0], *found[1], *blanks]) == list(range(len(column)))


@quick(100)
@given(CONSTANTS)
def test_a_constant_is_read_like_a_cell(constant):
    cell = read_cell(constant.value)
    if constant != Text(""):
        assert read_constant(constant) == cell
    assert marked_rows(Rule("Equals", 0, (constant,)), [constant.value]) == [0]
