# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What a model of CF rules reads and writes: the columns behind a prompt, and one form of a rule."""

import datetime

import pytest

from codefusion_hf.data.preparation import prepare_rows
from codefusion_hf.languages.cf import prompts
from codefusion_hf.languages.cf.match import execution_match
from codefusion_hf.languages.cf.prompts import MAX_HEADER, MAX_ROWS, cf_prompt, without_columns


TABLE = [["Name", "Age"], ["Ann", 11], ["Bob", 13]]


def column(*cells, prompt="x"):
    """What stands behind a prompt for a column of these cells."""
    return cf_prompt(prompt, [["h"], *([cell] for cell in cells)]).partition(" |c[0]")[2]


def test_a_prompt_says_what_columns_there_are_and_which_hold_what_it_names():
    assert cf_prompt("older than 12 ", TABLE) == "older than 12 |c[0]$Name=Bob/Ann|c[1]#*Age"
    assert cf_prompt("find ann", TABLE) == "find ann |c[0]$*Name=Bob/Ann|c[1]#Age"


def test_the_prompt_of_the_documentation_is_that_of_its_table():
    table = [
        ["Name", "Age", "Passed", "Born"],
        ["Ann", 11, "Yes", datetime.date(2001, 2, 3)],
        ["Bob", 13, "No", datetime.date(2002, 3, 4)],
        ["Cid", 15, "No", datetime.date(2003, 4, 5)],
    ]
    prompt = cf_prompt("highlight students whose age is above 12", table)
    assert f"\n{prompt}\n" in str(prompts.__doc__)


def test_several_columns_can_have_marks():
    assert cf_prompt("age over 12, or names with ann", TABLE) == (
        "age over 12, or names with ann |c[0]$+*Name=Bob/Ann|c[1]#+*Age"
    )
    table = [["Unit Price", "Price"], [5, 15], [20, 30]]
    assert cf_prompt("prices above 17", table) == "prices above 17 |c[0]#~*Unit Price|c[1]#+*Price"


def test_quantities_are_stated_with_a_table_and_taken_out_with_its_columns():
    assert cf_prompt("above 20 %", TABLE) == "above 20 % (=0.2) |c[0]$Name=Bob/Ann|c[1]#Age"
    assert without_columns(cf_prompt("above 20 %", TABLE)) == "above 20 %"
    assert cf_prompt("above 20 %") == without_columns("above 20 %") == "above 20 %"


@pytest.mark.parametrize("table", [None, [], [[]]])
def test_without_a_table_or_without_columns_a_prompt_stays_as_it_is(table):
    assert cf_prompt("above 12", table) == "above 12"


@pytest.mark.parametrize(
    "cells, expected",
    [
        (["5", "-1,234.5", "$20"], "#h"),
        ([5, 0.5, None], "#h"),
        (["7%", "12.5 %", "(3%)"], "%h"),
        (["2022-11-15", "11/15/2022", datetime.date(2022, 11, 15)], "@h"),
        (["5", "#N/A", "#REF!"], "#h"),
        (["5", "5", "a", "b"], "$h"),
        # Of as many, the first in the order of ASCII.
        (["many", "5"], "#h"),
        (["#N/A", "#REF!"], "!h"),
        (["", None, "  "], "?h"),
        ([], "?h"),
        (["5", "n/a", "none"], "$h"),
        (["Y", "N", "Y", ""], "$h=Y/N"),
        ([True, False], "$h=True/False"),
        (["a longer text", "No"], "$h"),
        (["Yes", "No", "Maybe"], "$h"),
    ],
)
def test_the_sign_of_a_column_is_that_of_most_of_its_cells(cells, expected):
    assert column(*cells) == expected


@pytest.mark.parametrize(
    "prompt, cells, is_named",
    [
        ("above 12", ["5", "20"], True),
        ("above 30", ["5", "20"], False),
        ("above 1,200", ["900", "$1,500"], True),
        ("above 50%", ["20%", "80%"], True),
        ("above 90%", ["20%", "80%"], False),
        ("those in new york", ["New York", "Rome", "Oslo"], True),
        # Words of every sentence name nothing, and neither do parts of words.
        ("all that are not in it", ["Not in it", "Rome", "Oslo"], False),
        ("romeo", ["Rome", "Oslo", "Bern"], False),
        ("from -7 on", ["-9", "-5"], True),
        ("from 7 on", ["-9", "-5"], False),
        # Dates are not looked for, and neither are codes of digits.
        ("before 2022-11-20", ["2022-11-15", "2022-11-30"], False),
        ("find 123", ["AA-123", "AB-456", "AC-789"], False),
    ],
)
def test_a_column_is_starred_if_the_sentence_names_what_it_has(prompt, cells, is_named):
    assert column(*cells, prompt=prompt).startswith(("$*h", "#*h", "%*h")) == is_named


@pytest.mark.parametrize(
    "prompt, header, link",
    [
        ("mark the unit prices", "UnitPrice", "+"),
        ("mark the Unit Price", "unit_price", "+"),
        ("mark the prices", "Unit Price", "~"),
        ("mark the prize", "Unit Price", ""),
        ("mark all of it", "Top of all", ""),
        ("mark the UNITPRICE", "Unit Price", "+"),
        ("mark the unitPrice", "Unit Price", "+"),
        ("mark the plot", "Lot", ""),
        ("mark column B", "B", "+"),
        ("mark a cell", "A", ""),
        ("mark those of 2021", "2021", "+"),
        ("mark those of 20210", "2021", ""),
        ("mark the größe", "Größe", "+"),
        ("mark Müller", "M", ""),
        ("mark it", "%", ""),
    ],
)
def test_a_column_whose_header_the_sentence_has_is_marked(prompt, header, link):
    assert cf_prompt(prompt, [[header], [1]]) == f"{prompt} |c[0]#{link}{header}"


def test_headers_are_short_and_of_one_line_and_may_be_missing():
    header = ["a\n b", "x" * 99, None, 2021]
    expected = f"x |c[0]#a b|c[1]#{'x' * MAX_HEADER}|c[2]?|c[3]?2021"
    assert cf_prompt("x", [header, [1, 2]]) == expected


def test_rows_beyond_a_limit_are_not_looked_at():
    texts = [f"text {number}" for number in range(2 * MAX_ROWS)]
    assert column(*range(MAX_ROWS), *texts, prompt="over 150") == "#*h"
    assert column(*range(MAX_ROWS), MAX_ROWS + 9, prompt=f"over {MAX_ROWS + 5}") == "#h"


def test_rows_are_given_their_columns_and_rules_of_one_dialect():
    rows = [{"text": "find Harry", "code": "TextContains( c[1],'Harry')", "data": [["Id", "Name"], [1, "Harry"]]}]
    (prepared,) = prepare_rows(rows, "cf")
    assert prepared == rows[0] | {"text": "find Harry |c[0]#Id|c[1]$*Name", "code": "TextContains(c[1], 'Harry')"}
    assert rows[0]["text"] == "find Harry"
    assert prepare_rows(rows, "bash") == rows
    assert prepare_rows(["top(10%)", "no ( rule"], "cf") == ["TopPercent(10)", "no ( rule"]


def test_rules_name_a_column_if_there_is_a_table_and_none_if_there_is_not():
    row = {"text": "x", "code": "AND(GreaterThan(3),NOT(Blanks()))"}
    two, one = [["a", "b"], [1, 2]], [["a"], [1]]
    codes = [row["code"] for row in prepare_rows([row, row | {"data": two}, row | {"data": one}], "cf")]
    assert codes == [
        "AND(GreaterThan(3), NOT(Blanks()))",
        "AND(GreaterThan(c[1], 3), NOT(Blanks(c[1])))",
        "AND(GreaterThan(c[0], 3), NOT(Blanks(c[0])))",
    ]


@pytest.mark.parametrize(
    "code, expected",
    [
        ("TextEquals(165)", "Equals(165)"),
        ("TextEquals('-0.25')", "Equals(-0.25)"),
        ("Equals(Yes)", "TextEquals('Yes')"),
        ("NotEquals(Yes)", "NOT(TextEquals('Yes'))"),
        ("OR(NOT(TextEquals(0)), NOT(NOT(Equals(0))))", "OR(NotEquals(0), NOT(NotEquals(0)))"),
        ("Equals(c[0], c[1])", "Equals(c[0], c[1])"),
        # Their writing would be lost.
        ("TextEquals('007')", "TextEquals('007')"),
        ("TextEquals('1.50')", "TextEquals('1.50')"),
        ("TextEquals('50%')", "TextEquals('50%')"),
        ("TextContains(5)", "TextContains('5')"),
    ],
)
def test_what_means_the_same_is_written_in_one_way(code, expected):
    assert prepare_rows([code], "cf") == [expected]
    assert execution_match(code, expected, [["a", "b"], ["165", "Yes"], ["0", "007"]])
