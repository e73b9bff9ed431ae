# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
r"""
What a CF rule marks: an interpreter over the tree of [`~codefusion_hf.data.cf_rules.parse_rule`]. Nothing is evaluated
as Python.

Excel is the model wherever it has an answer.

**Cells.** A table holds what it would show, so `"918"` is a number, as if typed into Excel. Read as numbers are `918`,
`-1,234.5`, `1e3`, `7%` (0.07), `$21.00` and other currencies, `(21)` (-21), and the dates `2022-11-15` (with a time or
without) and `11/15/2022` (days since 1899-12-30). `TRUE` and `FALSE` are booleans, `#N/A` and its like (and `#ERR` of
the published tables) errors, and an empty cell is blank. Everything else is text. Constants of rules are read in the
same way, so `TextEquals(2015)` is `Equals(2015)`; for the other text tests both sides are what they show.

**Comparisons.** Numbers < texts < FALSE < TRUE (https://exceljet.net/formulas/text-is-greater-than-number); texts
compare by their letters without regard to case. A blank cell counts as 0, or as an empty text if it is compared with
one (https://www.ablebits.com/office-addins-blog/excel-conditional-formatting-blank-cells/). `Between` includes its
bounds and takes them in either order.

**Text tests** are those of the texts that cells show, without regard to case, and without Excel's wildcards `*` and
`?`, which the authors of the published rules did not mean as such.

**Tests of the whole column.** `Top` and `Bottom` look at numbers alone and mark all that tie with the last. Of
n per cent, the number of cells is rounded down, but is 1 at least. Excel's limits hold: n to 1000, per cent to 100.
Without n, `Top` and `Bottom` mark the extreme (the published rules write `Bottom(c[1])` for the lowest), and the two
others 10 %, Excel's default. `AboveAverage` and `BelowAverage` are strict. `Duplicates` and `Unique` pass over blanks.
Error cells are passed over, where Excel may format nothing at all.

**Blanks** are empty cells and those that hold nothing but blanks (Excel's rule is `LEN(TRIM(cell))=0`).

**Errors.** A comparison with an error is neither true nor false, and `NOT` of it neither (Kleene's logic), so the cell
is not marked; but a constant `#N/A` equals the cell that shows it, and text tests see the error's text.

**Columns.** `AND`, `OR` and `NOT` combine tests row by row. Rules that test several columns mark all of them in a row.
A rule that names no column tests `c[1]`, or `c[0]` if there is no other: the tables of the training dialect, which
names none, have an index first and then the column that the rule is about. Columns that a table does not have are
blank.

**Formattings.** `ColorScale`, `DataBar` and `IconSet` mark the numbers of a column, each with a formatting of its own;
all other rules highlight.
"""

import datetime
import enum
import functools
import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

from codefusion_hf.data.cf_rules import And, Argument, Column, Node, Not, Number, Or, Rule, Text


HIGHLIGHT = "Highlight"
VISUAL_RULES = frozenset({"ColorScale", "DataBar", "IconSet"})

# https://learn.microsoft.com/office/vba/api/excel.top10.rank
MAX_RANK = 1000
DEFAULT_RANK = 1.0
DEFAULT_PERCENT = 10.0

# Day 0 of Excel's calendar; its 29 February 1900 is ignored, as by all who read its files.
_DAY_ZERO = datetime.datetime(1899, 12, 30)
_NUMBER = re.compile(
    r"""
    (?: (?P<minus>\()[$€£¥₹]? | [-+]?[$€£¥₹]? | [$€£¥₹][-+] )  \s*
    (?: [0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)? | [0-9]+(?:\.[0-9]*)? | \.[0-9]+ )  (?:e[-+]?[0-9]{1,3})?
    \s* (?: (?P<percent>%) | € )?  (?(minus)\))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NOT_OF_A_NUMBER = re.compile(r"[()$€£¥₹,%\s]")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?")
_US_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_ERROR = re.compile(
    r"#(?:DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|UNKNOWN!|GETTING_DATA|ERR"
    r"|ERROR!)",
    re.IGNORECASE,
)


class CellKind(enum.IntEnum):
    """Kinds of cells, in the order in which they compare."""

    BLANK = 0
    NUMBER = 1
    TEXT = 2
    BOOLEAN = 3
    ERROR = 4


class Cell(NamedTuple):
    """
    A cell as a rule sees it. Two cells are equal in a rule if all but `shown` are.

    Args:
        kind (`CellKind`):
            What it is.
        number (`float`):
            The number, finite; 1.0 for `TRUE`; 0.0 for everything else.
        text (`str`):
            The text or error, case-folded; empty for everything else.
        shown (`str`):
            What the table shows, case-folded.
    """

    kind: CellKind
    number: float
    text: str
    shown: str


class Mark(NamedTuple):
    """
    A cell that a rule marks.

    Args:
        row (`int`):
            Number of the row; 0 is the first below the header.
        column (`int`):
            Number of the column, from 0.
        formatting (`str`):
            `Highlight`, `ColorScale`, `DataBar` or `IconSet`.
    """

    row: int
    column: int
    formatting: str


# What a test says of each row; `None` is neither.
Truths = list[bool | None]

_BLANK_CELL = Cell(CellKind.BLANK, 0.0, "", "")
_EMPTY_TEXT = Cell(CellKind.TEXT, 0.0, "", "")


def read_cell(value: object) -> Cell:
    """
    Reads a cell as Excel would read what is typed into it. The documentation of this module says how.

    Args:
        value (`object`):
            What the table holds: `None`, a boolean, a number (one that is no finite float is the error `#NUM!`), or
            anything whose `str` is what is shown, such as texts and dates.

    Returns:
        `Cell`: the cell.
    """
    if value is None:
        return _BLANK_CELL
    if isinstance(value, bool):
        return _read_text("TRUE" if value else "FALSE")
    if isinstance(value, int | float):
        return _read_number(value)
    return _read_text(str(value))


def _read_number(value: int | float) -> Cell:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        return _read_text("#NUM!")
    # Excel keeps 15 digits.
    return Cell(CellKind.NUMBER, number, "", f"{number:.15g}")


@functools.lru_cache(maxsize=2**14)
def _read_text(text: str) -> Cell:
    shown = text.casefold()
    if not text:
        return _BLANK_CELL
    stripped = text.strip()
    if stripped.upper() in ("TRUE", "FALSE"):
        return Cell(CellKind.BOOLEAN, float(stripped.upper() == "TRUE"), "", shown)
    if _ERROR.fullmatch(stripped):
        return Cell(CellKind.ERROR, 0.0, stripped.casefold(), shown)
    number = _number_in(stripped)
    if number is None or not math.isfinite(number):
        return Cell(CellKind.TEXT, 0.0, shown, shown)
    return Cell(CellKind.NUMBER, number, "", shown)


def _number_in(text: str) -> float | None:
    if match := _NUMBER.fullmatch(text):
        number = float(_NOT_OF_A_NUMBER.sub("", text))
        number = number / 100 if match["percent"] else number
        return -number if match["minus"] else number
    date = _date_in(text)
    return None if date is None else (date - _DAY_ZERO) / datetime.timedelta(days=1)


def _date_in(text: str) -> datetime.datetime | None:
    american = _US_DATE.fullmatch(text)
    if american is None and _ISO_DATE.fullmatch(text) is None:
        return None
    try:
        if american:
            return datetime.datetime(int(american[3]), int(american[1]), int(american[2]))
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        # 2022-13-45 has the form of a date and is a text.
        return None


def read_constant(argument: Number | Text) -> Cell:
    """
    Reads a constant of a rule, in the way of [`read_cell`].

    Args:
        argument (`Number` or `Text`):
            The constant. An empty text is no blank cell but a text, the difference being that 0 does not equal it.

    Returns:
        `Cell`: the constant.
    """
    if isinstance(argument, Number):
        return _read_number(argument.value)
    return _read_text(argument.value) if argument.value else _EMPTY_TEXT


def _compare(comparison: Callable[[Any, Any], bool], cell: Cell, other: Cell) -> bool | None:
    if cell.kind is CellKind.ERROR or other.kind is CellKind.ERROR:
        return None
    left = (other.kind, 0.0, "") if cell.kind is CellKind.BLANK else cell[:3]
    right = (cell.kind, 0.0, "") if other.kind is CellKind.BLANK else other[:3]
    return comparison(left, right)


def _equals(cell: Cell, other: Cell) -> bool | None:
    if other.kind is CellKind.ERROR:
        return cell[:3] == other[:3]
    return _compare(operator.eq, cell, other)


def _is_between(cell: Cell, first: Cell, second: Cell) -> bool | None:
    low, high = (second, first) if _compare(operator.gt, first, second) else (first, second)
    return _both(_compare(operator.ge, cell, low), _compare(operator.le, cell, high))


def _both(*truths: bool | None) -> bool | None:
    if False in truths:
        return False
    return None if None in truths else True


def _not(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


_CELL_TESTS: dict[str, Callable[..., bool | None]] = {
    "Equals": _equals,
    "TextEquals": _equals,
    "GreaterThan": functools.partial(_compare, operator.gt),
    "GreaterThanEqual": functools.partial(_compare, operator.ge),
    "LessThan": functools.partial(_compare, operator.lt),
    "LessThanEqual": functools.partial(_compare, operator.le),
    "Between": _is_between,
    "TextContains": lambda cell, part: part.shown in cell.shown,
    "TextStartsWith": lambda cell, start: cell.shown.startswith(start.shown),
    "TextEndsWith": lambda cell, end: cell.shown.endswith(end.shown),
    "Blanks": lambda cell: not cell.shown.strip(),
    "Errors": lambda cell: cell.kind is CellKind.ERROR,
}
_NEGATIONS = {"NotEquals": "Equals", "NotBetween": "Between"}


def _numbers(cells: Sequence[Cell]) -> list[float]:
    return [cell.number for cell in cells if cell.kind is CellKind.NUMBER]


def _rank(rule: Rule, num_numbers: int) -> int:
    """How many cells `Top`, `Bottom`, `TopPercent` or `BottomPercent` asks for, ties not counted."""
    count = next((argument.value for argument in rule.arguments if isinstance(argument, Number)), None)
    if rule.name in ("Top", "Bottom"):
        return int(min(DEFAULT_RANK if count is None else max(count, 0.0), MAX_RANK))
    percent = min(DEFAULT_PERCENT if count is None else count, 100.0)
    return max(1, int(num_numbers * percent / 100)) if percent > 0 else 0


def _are_extreme(rule: Rule, cells: Sequence[Cell]) -> Truths:
    is_top = rule.name.startswith("Top")
    numbers = sorted(_numbers(cells), reverse=is_top)
    rank = min(_rank(rule, len(numbers)), len(numbers))
    if rank == 0:
        return [False] * len(cells)
    last = numbers[rank - 1]
    comparison = operator.ge if is_top else operator.le
    return [cell.kind is CellKind.NUMBER and comparison(cell.number, last) for cell in cells]


def _are_beside_average(rule: Rule, cells: Sequence[Cell]) -> Truths:
    # Exact, as the sum of floats can overflow, and rounding must not lift one of many equal cells above the rest.
    ratios = [number.as_integer_ratio() for number in _numbers(cells)]
    # All denominators are powers of 2.
    denominator = max((ratio[1] for ratio in ratios), default=1)
    total = sum(numerator * (denominator // own) for numerator, own in ratios)
    average = Fraction(total, denominator * max(len(ratios), 1))
    nearest = float(average)
    comparison = operator.gt if rule.name == "AboveAverage" else operator.lt
    marks_nearest = comparison(Fraction(nearest), average)
    return [
        cell.kind is CellKind.NUMBER
        and (comparison(cell.number, nearest) or (marks_nearest and cell.number == nearest))
        for cell in cells
    ]


def _are_repeated(rule: Rule, cells: Sequence[Cell]) -> Truths:
    counts = Counter(cell[:3] for cell in cells)
    comparison = operator.gt if rule.name == "Duplicates" else operator.eq
    return [cell.kind is not CellKind.BLANK and comparison(counts[cell[:3]], 1) for cell in cells]


_COLUMN_TESTS: dict[str, Callable[[Rule, Sequence[Cell]], Truths]] = {
    "Top": _are_extreme,
    "Bottom": _are_extreme,
    "TopPercent": _are_extreme,
    "BottomPercent": _are_extreme,
    "AboveAverage": _are_beside_average,
    "BelowAverage": _are_beside_average,
    "Duplicates": _are_repeated,
    "Unique": _are_repeated,
}


def apply_test(rule: Rule, columns: Mapping[int | None, Sequence[Cell]], formatting: str = HIGHLIGHT) -> Truths:
    """
    Applies one test to each row.

    Args:
        rule (`Rule`):
            The test.
        columns (mapping from `int` or `None` to sequences of `Cell`):
            The cells of every column that the test names, all of the same length.
        formatting (`str`, *optional*, defaults to `"Highlight"`):
            The formatting that is asked about. `ColorScale`, `DataBar` and `IconSet` hold for the numbers of a column
            if it is theirs and for nothing if it is not; to all other tests it means nothing.

    Returns:
        `list[bool | None]`: whether the row meets the test; `None` where that is not defined, as it is for comparisons
        with errors.
    """
    cells = columns[rule.column]
    if rule.name in VISUAL_RULES:
        return [rule.name == formatting and cell.kind is CellKind.NUMBER for cell in cells]
    if rule.name in _COLUMN_TESTS:
        return _COLUMN_TESTS[rule.name](rule, cells)
    if rule.name in _NEGATIONS:
        return [_not(truth) for truth in apply_test(replace(rule, name=_NEGATIONS[rule.name]), columns)]
    test = _CELL_TESTS[rule.name]
    if any(isinstance(argument, Column) for argument in rule.arguments):
        arguments = [_argument_cells(argument, columns, len(cells)) for argument in rule.arguments]
        return [test(*row) for row in zip(cells, *arguments, strict=True)]
    constants = [read_constant(argument) for argument in rule.arguments if not isinstance(argument, Column)]
    return [test(cell, *constants) for cell in cells]


def _argument_cells(argument: Argument, columns: Mapping[int | None, Sequence[Cell]], num_rows: int) -> Sequence[Cell]:
    if isinstance(argument, Column):
        return columns[argument.index]
    return [read_constant(argument)] * num_rows


def combine_tests(rule: Node, truths_of: Callable[[Rule], Truths]) -> Truths:
    """
    Combines the tests of a rule row by row, in Kleene's logic: what is not defined stays so under `NOT`, and under
    `AND` and `OR` unless the other operands settle it.

    Args:
        rule (`Node`):
            The rule.
        truths_of (callable from `Rule` to `list[bool | None]`):
            What a test of the rule says of each row, see [`apply_test`].

    Returns:
        `list[bool | None]`: what the rule says of each row.
    """
    if isinstance(rule, Rule):
        return truths_of(rule)
    if isinstance(rule, Not):
        return [_not(truth) for truth in combine_tests(rule.operand, truths_of)]
    rows = zip(*(combine_tests(operand, truths_of) for operand in rule.operands), strict=True)
    if isinstance(rule, And):
        return [_both(*row) for row in rows]
    return [_not(_both(*map(_not, row))) for row in rows]


def rule_tests(rule: Node) -> list[Rule]:
    """
    The tests that a rule combines.

    Args:
        rule (`Node`):
            The rule.

    Returns:
        `list[Rule]`: its leaves, in the order in which they are written.
    """
    if isinstance(rule, Rule):
        return [rule]
    operands = [rule.operand] if isinstance(rule, Not) else rule.operands
    return [test for operand in operands for test in rule_tests(operand)]


def rule_formattings(rule: Node) -> frozenset[str]:
    """
    The formattings of the cells that a rule marks.

    Args:
        rule (`Node`):
            The rule.

    Returns:
        `frozenset[str]`: those of `ColorScale`, `DataBar` and `IconSet` that are in the rule, or `Highlight` alone.
    """
    return frozenset(test.name for test in rule_tests(rule)) & VISUAL_RULES or frozenset({HIGHLIGHT})


def map_tests(rule: Node, change: Callable[[Rule], Rule]) -> Node:
    """
    Changes the tests of a rule and leaves `AND`, `OR` and `NOT` as they are.

    Args:
        rule (`Node`):
            The rule.
        change (callable from `Rule` to `Rule`):
            Called for the tests in the order of [`rule_tests`].

    Returns:
        `Node`: a new rule.
    """
    if isinstance(rule, Rule):
        return change(rule)
    if isinstance(rule, Not):
        return replace(rule, operand=map_tests(rule.operand, change))
    operands = tuple(map_tests(operand, change) for operand in rule.operands)
    return And(operands) if isinstance(rule, And) else Or(operands)


def default_column(header: Sequence[object]) -> int:
    """
    The column that a rule tests if it names none.

    Args:
        header (sequence of `object`):
            The first row of the table, one cell or more.

    Returns:
        `int`: 1, or 0 if the table has no other column.
    """
    return min(1, len(header) - 1)


def fill_columns(rule: Node, column: int) -> Node:
    """
    Lets the tests that name no column name one.

    Args:
        rule (`Node`):
            The rule.
        column (`int`):
            Number of the column, such as that of [`default_column`].

    Returns:
        `Node`: a new rule.
    """
    return map_tests(rule, lambda test: replace(test, column=column) if test.column is None else test)


def read_columns(table: Sequence[Sequence[object]], columns: Iterable[int]) -> dict[int | None, list[Cell]]:
    """
    Reads columns of a table.

    Args:
        table (sequence of sequences of `object`):
            The rows, the first of which is the header. They may differ in length.
        columns (iterable of `int`):
            Numbers of the columns, from 0.

    Returns:
        `dict[int | None, list[Cell]]`: the cells of each below the header; blank where a row has none.
    """
    return {
        column: [read_cell(row[column]) if column < len(row) else _BLANK_CELL for row in table[1:]]
        for column in columns
    }


def compared_columns(test: Rule) -> list[int]:
    """
    The columns that a test compares its own with.

    Args:
        test (`Rule`):
            The test.

    Returns:
        `list[int]`: numbers of the columns among its arguments.
    """
    return [argument.index for argument in test.arguments if isinstance(argument, Column)]


def marked_cells(rule: Node, table: Sequence[Sequence[object]]) -> frozenset[Mark]:
    """
    Runs a rule on a table. The documentation of this module says what rules mean.

    Args:
        rule (`Node`):
            The rule, see [`~codefusion_hf.data.cf_rules.parse_rule`].
        table (sequence of sequences of `object`):
            The rows, the first of which is the header.

    Returns:
        `frozenset[Mark]`: the cells that the rule marks, and how. A rule that tests several columns marks those of a
        row together.

    Raises:
        `ValueError`: If `table` has no header.

    Example:

    ```python
    >>> marked_cells(parse_rule("GreaterThan(c[1], 5)"), [["Name", "Sold"], ["pens", "3"], ["ink", "$7.50"]])
    frozenset({Mark(row=1, column=1, formatting='Highlight')})
    ```
    """
    if len(table) == 0 or len(table[0]) == 0:
        raise ValueError(f"`table` must begin with a header of one column or more, got {table!r:.80}.")
    rule = fill_columns(rule, default_column(table[0]))
    tests = rule_tests(rule)
    tested = {test.column for test in tests if test.column is not None}
    columns = read_columns(table, tested.union(*map(compared_columns, tests)))
    marks = set()
    for formatting in rule_formattings(rule):
        truths = combine_tests(rule, functools.partial(apply_test, columns=columns, formatting=formatting))
        marks |= {Mark(row, column, formatting) for row, truth in enumerate(truths) if truth for column in tested}
    return frozenset(marks)


__all__ = [
    "Cell",
    "CellKind",
    "Mark",
    "apply_test",
    "combine_tests",
    "compared_columns",
    "default_column",
    "fill_columns",
    "map_tests",
    "marked_cells",
    "read_cell",
    "read_columns",
    "read_constant",
    "rule_formattings",
    "rule_tests",
]
