# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Rules as Excel has them: of the columns of a table, without what changes nothing, and with or without an entry."""

from dataclasses import dataclass, replace

from openpyxl.worksheet.cell_range import CellRange

from codefusion_hf.languages.cf.rules import (
    DEFAULT_PERCENT,
    DEFAULT_RANK,
    MAX_RANK,
    Node,
    Not,
    Number,
    Rule,
    compared_columns,
    default_column,
    fill_columns,
    rule_tests,
)

from .values import COMPARISONS, is_error


_INVERSES = {
    "Equals": "NotEquals",
    "TextEquals": "NotEquals",
    "NotEquals": "Equals",
    "GreaterThan": "LessThanEqual",
    "GreaterThanEqual": "LessThan",
    "LessThan": "GreaterThanEqual",
    "LessThanEqual": "GreaterThan",
    "Between": "NotBetween",
    "NotBetween": "Between",
}
# Tests whose negation has an entry of its own.
NEGATED = frozenset({"TextContains", "Blanks", "Errors"})


@dataclass(frozen=True)
class MenuRule:
    """
    A rule that Excel has an entry for: no formula has to be written for it.

    Args:
        test (`Rule`):
            The rule, without the negation. Its column is named.
        is_negated (`bool`):
            Whether it is the opposite that Excel has: `Not(TextContains)`, `Not(Blanks)`, `Not(Errors)`.
    """

    test: Rule
    is_negated: bool


def resolve_columns(rule: Node, num_columns: int) -> Node:
    """
    Lets all tests of a rule name their column.

    Args:
        rule (`Node`):
            The rule.
        num_columns (`int`):
            How many columns the table has, at least 1.

    Returns:
        `Node`: a new rule.

    Raises:
        `ValueError`: If the rule names a column that the table does not have.
    """
    rule = fill_columns(rule, default_column(range(num_columns)))
    for test in rule_tests(rule):
        for index in (test.column, *compared_columns(test)):
            if index is not None and index >= num_columns:
                raise ValueError(f"`rule` names c[{index}], and the table has {num_columns} columns, c[0] the first.")
    return rule


def column_of(test: Rule, num_columns: int) -> int:
    return default_column(range(num_columns)) if test.column is None else test.column


def simplify(rule: Node) -> Node:
    """
    Takes away what changes nothing: `AND` and `OR` of one rule, `NOT` of `NOT`, and `NOT` of a comparison that has an
    opposite.

    Args:
        rule (`Node`):
            The rule.

    Returns:
        `Node`: a rule that means the same.
    """
    if isinstance(rule, Rule):
        return rule
    if isinstance(rule, Not):
        operand = simplify(rule.operand)
        if isinstance(operand, Not):
            return operand.operand
        if isinstance(operand, Rule) and operand.name in _INVERSES:
            return replace(operand, name=_INVERSES[operand.name])
        return Not(operand)
    operands = tuple(simplify(operand) for operand in rule.operands)
    return operands[0] if len(operands) == 1 else type(rule)(operands)


def menu_rule(rule: Node, num_columns: int) -> MenuRule | None:
    """
    The rule as one that Excel has an entry for.

    Args:
        rule (`Node`):
            The rule.
        num_columns (`int`):
            How many columns the table has.

    Returns:
        `MenuRule`: the same as `rule`; `None` if Excel has to be given a formula.

    Raises:
        `ValueError`: As for [`resolve_columns`].
    """
    rule = simplify(resolve_columns(rule, num_columns))
    test = rule.operand if isinstance(rule, Not) else rule
    if not isinstance(test, Rule) or (isinstance(rule, Not) and test.name not in NEGATED):
        return None
    if any(is_error(argument) for argument in test.arguments) and test.name in COMPARISONS:
        return None
    if test.name.endswith("Percent") and not rank(test).is_integer():
        return None
    return MenuRule(test, is_negated=isinstance(rule, Not))


def rank(test: Rule) -> float:
    """
    How many cells, or how many per cent of them, a rule ranks.

    Args:
        test (`Rule`):
            `Top`, `Bottom`, `TopPercent` or `BottomPercent`.

    Returns:
        `float`: 1 to 1,000, whole, or above 0 to 100 for per cent.

    Raises:
        `ValueError`: If it is less, so that the rule marks nothing.
    """
    is_percent = test.name.endswith("Percent")
    default = DEFAULT_PERCENT if is_percent else DEFAULT_RANK
    asked = next((argument.value for argument in test.arguments if isinstance(argument, Number)), default)
    number = min(asked, 100.0) if is_percent else float(int(min(asked, float(MAX_RANK))))
    if number <= 0:
        raise ValueError(f"`rule` must rank at least 1 cell, or more than 0 %, got {test.name} of {asked:g}.")
    return number


def rule_cells(rule: Node, cells: CellRange) -> str:
    """
    The cells that a rule formats, or not: all of the columns that it tests.

    Args:
        rule (`Node`):
            The rule.
        cells ([`~openpyxl.worksheet.cell_range.CellRange`]):
            The cells of the table, without the header.

    Returns:
        `str`: their ranges with blanks between them, such as `B2:B9 D2:D9`.

    Raises:
        `ValueError`: As for [`resolve_columns`].
    """
    tests = rule_tests(resolve_columns(rule, cells.size["columns"]))
    columns = sorted({column_of(test, cells.size["columns"]) for test in tests})
    return " ".join(_column_range(column, cells).coord for column in columns)


def _column_range(column: int, cells: CellRange) -> CellRange:
    number = cells.min_col + column
    return CellRange(min_col=number, max_col=number, min_row=cells.min_row, max_row=cells.max_row)


__all__ = ["NEGATED", "MenuRule", "column_of", "menu_rule", "rank", "resolve_columns", "rule_cells", "simplify"]
