# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
CF rules in the words of Excel: as formulas, and as the entries of its menu *Conditional Formatting*; and back.

A rule is about the cells of a table below its header, a [`~openpyxl.worksheet.cell_range.CellRange`]; `c[0]` is its
first column. A rule that names no column is about the second, or the only one, as for
[`~codefusion_hf.languages.cf.rules.default_column`]. Constants are read as if typed into Excel, see
[`~codefusion_hf.languages.cf.cells`]; dates become `DATE(2022,11,15)`.

**Formulas** are those of the first row, as a conditional format has them: `$B2` moves down with the row. They mean
what [`~codefusion_hf.languages.cf.interpreter`] says. So they have an `IFERROR` where an error in one cell must not
decide for another, and tests of the whole column look at numbers, or cells that are not blank, alone. Differences that
remain: text tests do not see the text of an error, and see of a number what it is, not how it is formatted (the same
holds for Excel's own text tests); an error in a column leaves its averages and ranks undefined, and one in a column
that is compared with equals nothing; `Duplicates` and `Unique` inside of other rules count as `COUNTIF` does, to which
`*` and `?` are wildcards, as they are in a cell that a text test looks for.

**Back** comes a rule that means the same, or a `ValueError`: of what the language of rules cannot say, nothing is made
up. It is the same tree but for what Excel does not tell apart: `TextEquals('5')` is `Equals(5)`, `Equals('Yes')` is
`TextEquals('Yes')`, a bare `Top` is `Top(1)`, numbers and dates have one form each, `NOT` of a comparison is its
opposite, and in formulas `Between` is two comparisons. Formulas that others wrote without `IFERROR` are read as if no
cell had an error.
"""

from dataclasses import dataclass

from openpyxl.worksheet.cell_range import CellRange

from codefusion_hf.languages.cf.cells import Cell, CellKind, read_constant
from codefusion_hf.languages.cf.rules import (
    FUNCTIONS,
    VISUAL_RULES,
    And,
    Argument,
    Arguments,
    Column,
    Node,
    Not,
    Or,
    Rule,
    compared_columns,
    rule_tests,
)

from .rules import column_of, rank, resolve_columns
from .values import (
    BETWEEN,
    COMPARISONS,
    OPERATORS,
    cell_reference,
    column_reference,
    dialog_text,
    error_type,
    is_error,
    number_literal,
    text_literal,
    text_of,
    value_formula,
)


# https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
MAX_FORMULA_LENGTH = 8192


def _order(cell: Cell) -> tuple[CellKind, float, str]:
    return cell[:3]


@dataclass(frozen=True)
class _Writer:
    """
    Formulas of a rule.

    Args:
        cells (`CellRange`):
            The cells of the table.
        is_combined (`bool`):
            Whether the rule is more than a test: what a test leaves undefined then has to be false.
        needs_guards (`bool`):
            Whether comparisons too need that, see [`_needs_guards`].
    """

    cells: CellRange
    is_combined: bool
    needs_guards: bool

    def write(self, rule: Node, is_positive: bool = True) -> str:
        if isinstance(rule, Not):
            if isinstance(rule.operand, Rule) and rule.operand.name == "TextContains":
                return self.lacks(rule.operand)
            return f"NOT({self.write(rule.operand, not is_positive)})"
        if isinstance(rule, And | Or):
            name = "AND" if isinstance(rule, And) else "OR"
            return f"{name}({','.join(self.write(operand, is_positive) for operand in rule.operands)})"
        if rule.name in VISUAL_RULES:
            raise ValueError(f"`rule` must not combine {rule.name} with other rules, nor write it as a formula.")
        if rule.name in COMPARISONS:
            return self.comparison(rule, is_positive)
        index = column_of(rule, self.cells.size["columns"])
        cell, column = cell_reference(index, self.cells), column_reference(index, self.cells)
        if rule.name in ("Duplicates", "Unique"):
            return f"IF(ISBLANK({cell}),FALSE,COUNTIF({column},{cell}){'>' if rule.name == 'Duplicates' else '='}1)"
        if limit := self.limit(rule, column):
            return f"IF(ISNUMBER({cell}),{cell}{limit},FALSE)"
        if rule.name == "Errors":
            return f"ISERROR({cell})"
        if rule.name == "TextContains":
            return f"NOT({self.lacks(rule)})"
        if rule.name == "Blanks":
            formula = f"LEN(TRIM({cell}))=0"
        else:
            text = self.text(rule.arguments[0])
            formula = f"{'LEFT' if rule.name == 'TextStartsWith' else 'RIGHT'}({cell},LEN({text}))={text}"
        return f"IFERROR({formula},FALSE)" if self.is_combined else formula

    def text(self, argument: Argument) -> str:
        """What a text test looks for: never a number."""
        if isinstance(argument, Column):
            return cell_reference(argument.index, self.cells)
        return text_literal(text_of(argument))

    def lacks(self, rule: Rule) -> str:
        argument = rule.arguments[0]
        cell = cell_reference(column_of(rule, self.cells.size["columns"]), self.cells)
        if isinstance(argument, Column):
            return f"ISERROR(SEARCH({cell_reference(argument.index, self.cells)},{cell}))"
        return f"ISERROR(SEARCH({text_literal(dialog_text(rule, argument))},{cell}))"

    def limit(self, rule: Rule, column: str) -> str | None:
        """What a test of the whole column compares numbers with."""
        if rule.name == "AboveAverage":
            return f">AVERAGE({column})"
        if rule.name == "BelowAverage":
            return f"<AVERAGE({column})"
        if FUNCTIONS[rule.name] is not Arguments.COUNT:
            return None
        comparison = ">=LARGE" if rule.name.startswith("Top") else "<=SMALL"
        number = number_literal(rank(rule))
        if rule.name.endswith("Percent"):
            return f"{comparison}({column},MAX(1,INT(COUNT({column})*{number}/100)))"
        return f"{comparison}({column},MIN({number},COUNT({column})))"

    def comparison(self, rule: Rule, is_positive: bool) -> str:
        cell = cell_reference(column_of(rule, self.cells.size["columns"]), self.cells)
        error_types = [error_type(argument) for argument in rule.arguments]
        if error_types != [None] * len(error_types):
            if rule.name not in ("Equals", "TextEquals", "NotEquals"):
                raise ValueError(f"`rule` must not compare with an error unless it asks for it, got {rule.name}.")
            formula = f"IFERROR(ERROR.TYPE({cell})={error_types[0]},FALSE)"
            return f"NOT({formula})" if rule.name == "NotEquals" else formula
        is_inverse = rule.name == "NotBetween"
        if rule.name in BETWEEN:
            formula = self.between(cell, rule.arguments, is_positive is not is_inverse)
            return f"NOT({formula})" if is_inverse else formula
        formula = f"{cell}{OPERATORS[rule.name]}{value_formula(rule.arguments[0], self.cells)}"
        return self.guarded(formula, is_positive)

    def between(self, cell: str, bounds: tuple[Argument, ...], is_positive: bool) -> str:
        first, second = bounds
        is_known = False
        if not isinstance(first, Column) and not isinstance(second, Column):
            is_known = True
            if _order(read_constant(first)) > _order(read_constant(second)):
                first, second = second, first
        low, high = value_formula(first, self.cells), value_formula(second, self.cells)

        def inside(low: str, high: str) -> str:
            lower, upper = (self.guarded(f"{cell}{bound}", is_positive) for bound in (f">={low}", f"<={high}"))
            return f"AND({lower},{upper})"

        return inside(low, high) if is_known else f"OR({inside(low, high)},{inside(high, low)})"

    def guarded(self, comparison: str, is_positive: bool) -> str:
        """What is not defined is false, and below `NOT` true, so that it is false there too."""
        return f"IFERROR({comparison},{'FALSE' if is_positive else 'TRUE'})" if self.needs_guards else comparison


def _chooses(rule: Node, is_positive: bool = True) -> bool:
    """Whether one of several tests is enough somewhere in a rule: for `OR`, and for `AND` below `NOT`."""
    if isinstance(rule, Rule):
        return False
    if isinstance(rule, Not):
        return _chooses(rule.operand, not is_positive)
    is_choice = isinstance(rule, Or) is is_positive and len(rule.operands) > 1
    return is_choice or any(_chooses(operand, is_positive) for operand in rule.operands)


def _needs_guards(rule: Node) -> bool:
    """Whether an error in one cell leaves one test undefined where another can still decide."""
    seen = {
        frozenset({test.column, *compared_columns(test)})
        if test.name in COMPARISONS and not any(map(is_error, test.arguments))
        else None
        for test in rule_tests(rule)
    }
    return _chooses(rule) and len(seen) > 1


def rule_to_formula(rule: Node, cells: CellRange) -> str:
    """
    Writes a rule as the formula of a conditional format.

    Args:
        rule (`Node`):
            The rule, see [`~codefusion_hf.languages.cf.rules.parse_rule`].
        cells ([`~openpyxl.worksheet.cell_range.CellRange`]):
            The cells of the table, without the header.

    Returns:
        `str`: the formula for the first row, for all columns that the rule tests.

    Raises:
        `ValueError`: If the rule names a column that the table does not have, or there is no such formula: for
            `ColorScale`, `DataBar` and `IconSet`, for ranks that mark nothing, comparisons with errors that are never
            true, and constants that are too long or too large for Excel.

    Example:

    ```python
    >>> rule_to_formula(parse_rule("AND(GreaterThan(c[1], 40), TextStartsWith(c[0], 'A'))"), CellRange("A2:B9"))
    '=AND($B2>40,IFERROR(LEFT($A2,LEN("A"))="A",FALSE))'
    ```
    """
    rule = resolve_columns(rule, cells.size["columns"])
    formula = "=" + _Writer(cells, not isinstance(rule, Rule), _needs_guards(rule)).write(rule)
    if len(formula) > MAX_FORMULA_LENGTH:
        raise ValueError(f"`rule` must be a formula of at most {MAX_FORMULA_LENGTH} characters, got {len(formula)}.")
    return formula


__all__ = ["rule_to_formula"]
