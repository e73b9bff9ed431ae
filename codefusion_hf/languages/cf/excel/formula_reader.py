# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Rules out of formulas, see [`~codefusion_hf.languages.cf.excel.formulas`]."""

import re
from dataclasses import dataclass

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange

from codefusion_hf.languages.cf.cells import CellKind, read_constant, read_date
from codefusion_hf.languages.cf.rules import And, Argument, Column, Node, Not, Number, Or, Rule, Text

from .formula_syntax import Area, Call, Constant, Formula, Reference, parse_formula
from .rules import simplify
from .values import (
    COMPARISONS,
    FIRST_DATE,
    OF_ERROR_TYPE,
    OF_OPERATOR,
    SWAPPED,
    column_reference,
    is_error,
    number_literal,
)


@dataclass(frozen=True)
class FormulaReader:
    """
    Rules of formulas.

    Args:
        cells (`CellRange`):
            The cells of the table.
        first_row (`int`):
            The row of the sheet that the formulas are written for.
        column_offset (`int`):
            How far columns without a `$` have moved.
    """

    cells: CellRange
    first_row: int
    column_offset: int

    def column(self, formula: Formula) -> int:
        if not isinstance(formula, Reference):
            raise _inexpressible(formula)
        if formula.has_fixed_row or formula.row != self.first_row:
            raise ValueError(f"Rules compare cells of the same row, and not with a cell of row {formula.row}.")
        column = formula.column + (0 if formula.has_fixed_column else self.column_offset)
        if not self.cells.min_col <= column <= self.cells.max_col:
            raise ValueError(f"Column {get_column_letter(column)} is not one of the table, {self.cells.coord}.")
        return column - self.cells.min_col

    def check_area(self, area: Area, column: int) -> None:
        """A test of the whole column has to see the whole column."""
        rows = area.first.row <= self.cells.min_row and area.last.row >= self.cells.max_row
        # Where the row has no `$`, the area moves with the row.
        is_fixed = area.first.has_fixed_row and area.last.has_fixed_row
        columns = {
            corner.column + (0 if corner.has_fixed_column else self.column_offset)
            for corner in (area.first, area.last)
        }
        if not rows or not is_fixed or columns != {self.cells.min_col + column}:
            expected = column_reference(column, self.cells)
            raise ValueError(f"Rules rank a cell among all cells of its column, {expected}, and no others.")

    def argument(self, formula: Formula) -> Argument:
        match formula:
            case Reference():
                return Column(self.column(formula))
            case Constant(bool() as value):
                return Text("TRUE" if value else "FALSE")
            case Constant(str() as value):
                kind = read_constant(Text(value)).kind
                if kind is not CellKind.TEXT and (kind is not CellKind.ERROR or is_error(Text(value))):
                    raise ValueError(
                        f"Rules cannot name the text {value!r}, which Excel would read as something else."
                    )
                return Text(value)
            case Constant(float() as value):
                return Number(value)
            case Call("DATE", (Constant(float() as year), Constant(float() as month), Constant(float() as day))):
                date = f"{year:04.0f}-{month:02.0f}-{day:02.0f}"
                if read_date(date) is not None and date >= FIRST_DATE:
                    return Text(date)
            case Call("-" | "+" as sign, (operand,)):
                if isinstance(number := self.argument(operand), Number):
                    return Number(-number.value if sign == "-" else number.value)
            case Call("%", (operand,)):
                if isinstance(number := self.argument(operand), Number):
                    return Number(number.value / 100)
        raise _inexpressible(formula)

    def text(self, formula: Formula) -> Argument:
        match formula:
            case Reference():
                return Column(self.column(formula))
            case Constant(str() as value):
                return Text(value)
            case Constant(float() as value):
                return Text(number_literal(value))
        raise _inexpressible(formula)

    def searched(self, formula: Formula) -> Argument:
        argument = self.text(formula)
        return Text(without_wildcards(argument.value)) if isinstance(argument, Text) else argument

    def read(self, formula: Formula, is_positive: bool = True) -> Node:
        match formula:
            case Call("AND" | "OR" as name, (_, *_) as operands):
                rules = tuple(self.read(operand, is_positive) for operand in operands)
                return And(rules) if name == "AND" else Or(rules)
            case Call("NOT", (Call("ISERROR", (Call("SEARCH"),)) as inner,)):
                return simplify(Not(self.read(inner, not is_positive)))
            case Call("NOT", (operand,)):
                return Not(self.read(operand, not is_positive))
            case Call("ISNUMBER", (Call("SEARCH", _) as search,)):
                return simplify(Not(self.read(Call("ISERROR", (search,)), not is_positive)))
            case Call("ISERROR", (Call("SEARCH", (part, cell)),)):
                return Not(Rule("TextContains", self.column(cell), (self.searched(part),)))
            case Call("ISERROR", (Reference() as cell,)):
                return Rule("Errors", self.column(cell))
            case Call(
                "IFERROR", (Call("=", (Call("ERROR.TYPE", (cell,)), Constant(float() as number))), Constant(False))
            ):
                if number in OF_ERROR_TYPE:
                    return Rule("TextEquals", self.column(cell), (Text(OF_ERROR_TYPE[int(number)]),))
            case Call("IFERROR", (inner, Constant(bool() as otherwise))):
                rule = self.read(inner, is_positive)
                is_comparison = isinstance(rule, Rule) and rule.name in COMPARISONS
                if isinstance(rule, Rule) and otherwise is (is_comparison and not is_positive):
                    return rule
            case Call("IF", (Call("ISNUMBER", (cell,)), Call(_, (same, limit)) as comparison, Constant(False))):
                if cell == same and isinstance(limit, Call):
                    return self.ranked(comparison.name, self.column(cell), limit)
            case Call(
                "IF",
                (
                    Call("ISBLANK", (cell,)),
                    Constant(False),
                    Call(">" | "=" as operator, (Call("COUNTIF", (Area() as area, same)), Constant(1.0))),
                ),
            ) if cell == same:
                self.check_area(area, column := self.column(cell))
                return Rule("Duplicates" if operator == ">" else "Unique", column)
            case Call(operator, (left, right)) if operator in SWAPPED:
                return self.comparison(operator, left, right)
        raise _inexpressible(formula)

    def comparison(self, operator: str, left: Formula, right: Formula) -> Node:
        match operator, left, right:
            case "=" | ">", Call("LEN", (Call("TRIM", (cell,)),)), Constant(0.0):
                blanks = Rule("Blanks", self.column(cell))
                return blanks if operator == "=" else Not(blanks)
            case "=", Call("LEFT" | "RIGHT" as side, (cell, length)), text:
                argument = self.text(text)
                is_whole = length == Call("LEN", (text,))
                is_whole |= isinstance(argument, Text) and length == Constant(float(len(argument.value)))
                if is_whole:
                    name = "TextStartsWith" if side == "LEFT" else "TextEndsWith"
                    return Rule(name, self.column(cell), (argument,))
            case _, Reference(), _:
                return self.compared(OF_OPERATOR[operator], self.column(left), self.argument(right))
            case _, _, Reference():
                return self.compared(OF_OPERATOR[SWAPPED[operator]], self.column(right), self.argument(left))
        raise _inexpressible(Call(operator, (left, right)))

    def compared(self, name: str, column: int, *arguments: Argument) -> Rule:
        is_text = name == "Equals" and isinstance(arguments[0], Text)
        return Rule("TextEquals" if is_text else name, column, arguments)

    def ranked(self, operator: str, column: int, limit: Call) -> Rule:
        match operator, limit:
            case ">" | "<", Call("AVERAGE", (Area() as area,)):
                self.check_area(area, column)
                return Rule("AboveAverage" if operator == ">" else "BelowAverage", column)
            case (">=", Call("LARGE", (Area() as area, count))) | ("<=", Call("SMALL", (Area() as area, count))):
                self.check_area(area, column)
                name = "Top" if operator == ">=" else "Bottom"
                match count:
                    case Call("MIN", (Constant(float() as number), Call("COUNT", (same,)))) if same == area:
                        return Rule(name, column, (Number(number),))
                    case Call(
                        "MAX",
                        (
                            Constant(1.0),
                            Call("INT", (Call("/", (Call("*", (counted, Constant(float() as number))), hundred)),)),
                        ),
                    ) if counted == Call("COUNT", (area,)) and hundred == Constant(100.0):
                        return Rule(f"{name}Percent", column, (Number(number),))
        raise _inexpressible(limit)


def without_wildcards(pattern: str) -> str:
    if re.search(r"(?<!~)(?:~~)*[*?]", pattern):
        raise ValueError(f"Rules have no wildcards, and {pattern!r} does.")
    return re.sub(r"~([~*?])", r"\1", pattern)


def _inexpressible(formula: Formula) -> ValueError:
    match formula:
        case Call(name, _):
            return ValueError(f"No rule says what this formula does with {name}.")
        case Constant(value):
            return ValueError(f"No rule says what this formula does with the constant {value!r:.60}.")
    return ValueError("No rule says what this formula does with a cell that it does not compare.")


def formula_to_rule(formula: str, cells: CellRange, *, first_row: int | None = None, column_offset: int = 0) -> Node:
    """
    Reads a rule from the formula of a conditional format.

    Args:
        formula (`str`):
            The formula, with or without its `=`.
        cells ([`~openpyxl.worksheet.cell_range.CellRange`]):
            The cells of the table, without the header.
        first_row (`int`, *optional*):
            The row of the sheet that the formula is written for: the first of the conditional format. Defaults to the
            first of the table.
        column_offset (`int`, *optional*, defaults to 0):
            How many columns the formula has moved to the right since it was written. Columns with a `$` stay.

    Returns:
        `Node`: a rule that marks the same rows; see the documentation of this module.

    Raises:
        `ValueError`: If there is none.

    Example:

    ```python
    >>> format_rule(formula_to_rule('=OR(B2>=40,NOT(ISERROR(SEARCH("late",C2))))', CellRange("A2:C9")))
    "OR(GreaterThanEqual(c[1], 40), TextContains(c[2], 'late'))"
    ```
    """
    reader = FormulaReader(cells, cells.min_row if first_row is None else first_row, column_offset)
    return reader.read(parse_formula(formula))


def value_to_argument(
    formula: str, cells: CellRange, *, first_row: int | None = None, column_offset: int = 0
) -> Argument:
    """
    Reads what a cell is compared with from the formula of a conditional format, as [`value_formula`] writes it.

    Args:
        formula (`str`):
            The formula.
        cells, first_row, column_offset:
            As for [`formula_to_rule`].

    Returns:
        `Argument`: the argument of a rule.

    Raises:
        `ValueError`: If it is no constant and no cell of the same row.
    """
    reader = FormulaReader(cells, cells.min_row if first_row is None else first_row, column_offset)
    return reader.argument(parse_formula(formula))


__all__ = ["FormulaReader", "formula_to_rule", "value_to_argument", "without_wildcards"]
