# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
r"""
What a CF rule marks: an interpreter over the tree of [`~codefusion_hf.languages.cf.rules.parse_rule`]. Nothing is
evaluated as Python.

Excel is the model wherever it has an answer.

**Cells** and constants are read as Excel reads what is typed into it, so `"918"` is a number; see
[`~codefusion_hf.languages.cf.cells`]. For all text tests but `TextEquals`, both sides are what they show.

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

import functools
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

from codefusion_hf.languages.cf.cells import Cell, CellKind, read_cell, read_constant
from codefusion_hf.languages.cf.rules import (
    DEFAULT_PERCENT,
    DEFAULT_RANK,
    MAX_RANK,
    VISUAL_RULES,
    And,
    Argument,
    Column,
    Node,
    Not,
    Number,
    Rule,
    compared_columns,
    default_column,
    fill_columns,
    rule_tests,
)


HIGHLIGHT = "Highlight"


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
        column: [read_cell(row[column]) if column < len(row) else read_cell(None) for row in table[1:]]
        for column in columns
    }


def marked_cells(rule: Node, table: Sequence[Sequence[object]]) -> frozenset[Mark]:
    """
    Runs a rule on a table. The documentation of this module says what rules mean.

    Args:
        rule (`Node`):
            The rule, see [`~codefusion_hf.languages.cf.rules.parse_rule`].
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
    "Mark",
    "apply_test",
    "combine_tests",
    "marked_cells",
    "read_columns",
    "rule_formattings",
]
