# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
CF rules as the conditional formats of a worksheet, and back, by openpyxl
(https://openpyxl.readthedocs.io/en/stable/formatting.html).

What Excel's menu has an entry for becomes the kind of conditional format that Excel makes of it, everything else one
with a formula; see [`~codefusion_hf.languages.cf.excel.formulas`], which also says what is exact. Cells are
highlighted in the light red that Excel proposes; scales, bars and icons are the first of its menus.

Back come rules that mark the same cells of a table. Of formats that no rule is equal to (dates relative to today,
averages with standard deviations, ranks among several columns, whole rows by one column ...) it is said why. The looks
of formats are not read, nor is `stopIfTrue`.
"""

import datetime
from dataclasses import dataclass

from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.formatting.rule import CellIsRule, ColorScaleRule, DataBarRule, FormulaRule, IconSetRule
from openpyxl.formatting.rule import Rule as CellFormat
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.worksheet.cell_range import CellRange, MultiCellRange
from openpyxl.worksheet.worksheet import Worksheet

from codefusion_hf.languages.cf.rules import Column, Node, Not, Number, Rule, Text, rule_tests

from .formula_reader import formula_to_rule, value_to_argument
from .formulas import rule_to_formula
from .rules import menu_rule, rank, rule_cells
from .values import dialog_text, value_formula


# Excel's "Light Red Fill with Dark Red Text".
_FILL = PatternFill(bgColor="FFC7CE")
_FONT = Font(color="9C0006")

_CELL_OPERATORS = {
    "Equals": "equal",
    "TextEquals": "equal",
    "NotEquals": "notEqual",
    "GreaterThan": "greaterThan",
    "GreaterThanEqual": "greaterThanOrEqual",
    "LessThan": "lessThan",
    "LessThanEqual": "lessThanOrEqual",
    "Between": "between",
    "NotBetween": "notBetween",
}
_OF_CELL_OPERATOR = {operator: name for name, operator in _CELL_OPERATORS.items() if name != "TextEquals"}
# Type and operator of the formats that have a formula as well.
_TEXT_TYPES = {
    ("TextContains", False): ("containsText", "containsText"),
    ("TextContains", True): ("notContainsText", "notContains"),
    ("TextStartsWith", False): ("beginsWith", "beginsWith"),
    ("TextEndsWith", False): ("endsWith", "endsWith"),
    ("Blanks", False): ("containsBlanks", None),
    ("Blanks", True): ("notContainsBlanks", None),
    ("Errors", False): ("containsErrors", None),
    ("Errors", True): ("notContainsErrors", None),
}
_FORMULA_TYPES = frozenset({"expression", *(type for type, _ in _TEXT_TYPES.values())})
# Those that look at all cells of their range, which is then to be one column.
_COLUMN_TYPES = {
    "duplicateValues": "Duplicates",
    "uniqueValues": "Unique",
    "colorScale": "ColorScale",
    "dataBar": "DataBar",
    "iconSet": "IconSet",
}


@dataclass(frozen=True)
class FoundRule:
    """
    A conditional format of a worksheet.

    Args:
        cells (`str`):
            The ranges that it is for, such as `B2:B9 D2:D9`.
        rule (`Node`, *optional*):
            What it says; `None` if no rule says that.
        problem (`str`, *optional*):
            Why there is no rule.
    """

    cells: str
    rule: Node | None = None
    problem: str | None = None


def find_table(worksheet: Worksheet) -> CellRange:
    """
    The table of a worksheet: all between its first and last cells that are not empty. The first row is the header.

    Args:
        worksheet ([`~openpyxl.worksheet.worksheet.Worksheet`]):
            The worksheet.

    Returns:
        [`~openpyxl.worksheet.cell_range.CellRange`]: its cells, with the header.

    Raises:
        `ValueError`: If there are no cells, or none below the header.
    """
    filled = [cell for row in worksheet.iter_rows() for cell in row if cell.value is not None]
    if not filled:
        raise ValueError(f"The sheet {worksheet.title!r} must hold a table with a header, but it is empty.")
    rows, columns = {cell.row for cell in filled}, {cell.column for cell in filled}
    if len(rows) == 1:
        raise ValueError(
            f"The sheet {worksheet.title!r} must hold a table of at least one row below the header, but only row "
            f"{min(rows)} has cells."
        )
    return CellRange(min_col=min(columns), max_col=max(columns), min_row=min(rows), max_row=max(rows))


def cells_below_header(table: CellRange) -> CellRange:
    """The cells of a table, without the header."""
    return CellRange(min_col=table.min_col, max_col=table.max_col, min_row=table.min_row + 1, max_row=table.max_row)


def read_table(worksheet: Worksheet, table: CellRange) -> list[list[object]]:
    """
    The values of a table, near to what it shows: per cents with their sign, dates without a time if it is midnight.

    Args:
        worksheet ([`~openpyxl.worksheet.worksheet.Worksheet`]):
            The worksheet. Formulas are their values if the workbook was loaded with `data_only=True`.
        table ([`~openpyxl.worksheet.cell_range.CellRange`]):
            Its cells, see [`find_table`].

    Returns:
        `list[list[object]]`: the rows, the first of which is the header. An empty cell is an empty text.
    """
    rows = worksheet.iter_rows(table.min_row, table.max_row, table.min_col, table.max_col)
    return [[_shown(cell) for cell in row] for row in rows]


def _shown(cell: Cell | MergedCell) -> object:
    value = cell.value
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date()
    if isinstance(value, int | float) and "%" in cell.number_format:
        return f"{100 * value:.10g}%"
    return "" if value is None else value


# Rules to formats


def rule_to_format(rule: Node, cells: CellRange) -> CellFormat:
    """
    Makes the conditional format that a rule is in Excel.

    Args:
        rule (`Node`):
            The rule, see [`~codefusion_hf.languages.cf.rules.parse_rule`].
        cells ([`~openpyxl.worksheet.cell_range.CellRange`]):
            The cells of the table, without the header.

    Returns:
        [`~openpyxl.formatting.rule.Rule`]: the format, for the ranges that
        [`~codefusion_hf.languages.cf.excel.rules.rule_cells`] tells.

    Raises:
        `ValueError`: As for [`~codefusion_hf.languages.cf.excel.formulas.rule_to_formula`], which says when.
    """
    num_columns = cells.size["columns"]
    found = menu_rule(rule, num_columns)
    if found is None:
        return FormulaRule([_without_sign(rule_to_formula(rule, cells))], font=_FONT, fill=_FILL)
    test = found.test
    if test.name in _CELL_OPERATORS:
        formulas = [value_formula(argument, cells) for argument in test.arguments]
        return CellIsRule(_CELL_OPERATORS[test.name], formulas, font=_FONT, fill=_FILL)
    if test.name == "ColorScale":
        return ColorScaleRule("min", None, "F8696B", "percentile", 50, "FFEB84", "max", None, "63BE7B")
    if test.name == "DataBar":
        return DataBarRule("min", None, "max", None, "638EC6")
    if test.name == "IconSet":
        return IconSetRule("3TrafficLights1", "percent", [0, 33, 67])
    style = DifferentialStyle(font=_FONT, fill=_FILL)
    if (test.name, found.is_negated) in _TEXT_TYPES:
        type, operator = _TEXT_TYPES[test.name, found.is_negated]
        # The formula decides; the text is what the dialog shows.
        text = None
        for argument in test.arguments:
            text = None if isinstance(argument, Column) else dialog_text(test, argument)
        formula = _text_formula(test, found.is_negated, cells)
        return CellFormat(type, operator=operator, text=text, formula=[formula], dxf=style)
    if test.name in ("AboveAverage", "BelowAverage"):
        return CellFormat("aboveAverage", aboveAverage=None if test.name == "AboveAverage" else False, dxf=style)
    if test.name in ("Duplicates", "Unique"):
        return CellFormat("duplicateValues" if test.name == "Duplicates" else "uniqueValues", dxf=style)
    return CellFormat(
        "top10",
        rank=int(rank(test)),
        percent=test.name.endswith("Percent") or None,
        bottom=test.name.startswith("Bottom") or None,
        dxf=style,
    )


def _without_sign(formula: str) -> str:
    return formula.removeprefix("=")


def _text_formula(test: Rule, is_negated: bool, cells: CellRange) -> str:
    """The formula that Excel itself writes."""
    if is_negated and test.name == "Blanks":
        return _without_sign(rule_to_formula(test, cells)).removesuffix("=0") + ">0"
    return _without_sign(rule_to_formula(Not(test) if is_negated else test, cells))


def add_rule(worksheet: Worksheet, rule: Node, cells: CellRange) -> str:
    """
    Adds a rule to the conditional formats of a worksheet, before all others, as Excel does.

    Args:
        worksheet ([`~openpyxl.worksheet.worksheet.Worksheet`]):
            The worksheet. Nothing else in it is changed.
        rule (`Node`):
            The rule.
        cells ([`~openpyxl.worksheet.cell_range.CellRange`]):
            The cells of the table, without the header.

    Returns:
        `str`: the ranges that are formatted.

    Raises:
        `ValueError`: As for [`rule_to_format`]; the worksheet is then as it was.
    """
    ranges, cell_format = rule_cells(rule, cells), rule_to_format(rule, cells)
    for formatting in worksheet.conditional_formatting:
        for other in formatting.rules:
            other.priority += 1
    cell_format.priority = 1
    worksheet.conditional_formatting.add(ranges, cell_format)
    return ranges


# Formats to rules


def read_rules(worksheet: Worksheet, cells: CellRange | None = None) -> list[FoundRule]:
    """
    Reads the conditional formats of a worksheet.

    Args:
        worksheet ([`~openpyxl.worksheet.worksheet.Worksheet`]):
            The worksheet.
        cells ([`~openpyxl.worksheet.cell_range.CellRange`], *optional*):
            The cells of the table, without the header. Defaults to those of [`find_table`].

    Returns:
        `list[FoundRule]`: the formats, in the order in which Excel applies them. One of several columns that treats
        each by itself is several rules.

    Raises:
        `ValueError`: If there is no table.
    """
    cells = cells_below_header(find_table(worksheet)) if cells is None else cells
    formats = [
        (cell_format, formatting.cells)
        for formatting in worksheet.conditional_formatting
        for cell_format in formatting.rules
    ]
    found = []
    for cell_format, ranges in sorted(formats, key=lambda pair: pair[0].priority):
        try:
            rules = format_to_rules(cell_format, ranges, cells)
        except ValueError as error:
            found.append(FoundRule(str(ranges), problem=str(error)))
        else:
            found += [FoundRule(str(ranges), rule) for rule in rules]
    return found


def format_to_rules(cell_format: CellFormat, ranges: MultiCellRange, cells: CellRange) -> list[Node]:
    """
    Reads the rules that a conditional format is equal to.

    Args:
        cell_format ([`~openpyxl.formatting.rule.Rule`]):
            The format.
        ranges ([`~openpyxl.worksheet.cell_range.MultiCellRange`]):
            What it is for. It may reach beyond the table, to whole columns.
        cells ([`~openpyxl.worksheet.cell_range.CellRange`]):
            The cells of the table, without the header.

    Returns:
        `list[Node]`: one rule, or one for each column.

    Raises:
        `ValueError`: If rules cannot say what it says.
    """
    first_row = _first_row(ranges, cells)
    numbers = sorted({number for area in ranges.ranges for number in range(area.min_col, area.max_col + 1)})
    columns = [number - cells.min_col for number in numbers if cells.min_col <= number <= cells.max_col]
    if not columns:
        raise ValueError(f"It is for {ranges}, and no column of the table, {cells.coord}.")
    offsets = {column: cells.min_col + column - numbers[0] for column in columns}
    if cell_format.type == "cellIs":
        return [_read_comparison(cell_format, column, cells, first_row, offsets[column]) for column in columns]
    if cell_format.type in _FORMULA_TYPES:
        return _read_formulas(cell_format, offsets, cells, first_row)
    if len(numbers) > 1:
        raise ValueError(f"Rules look at one column at a time, and {cell_format.type} at all of {ranges}.")
    return [_read_column_test(cell_format, columns[0])]


def _first_row(ranges: MultiCellRange, cells: CellRange) -> int:
    rows = {(area.min_row, area.max_row) for area in ranges.ranges}
    (first, last), *others = sorted(rows)
    if others or first > cells.min_row or last < cells.max_row:
        raise ValueError(f"Rules are for all rows of the table, {cells.coord}, and this for {ranges}.")
    return first


def _read_comparison(
    cell_format: CellFormat, column: int, cells: CellRange, first_row: int, column_offset: int
) -> Rule:
    name = _OF_CELL_OPERATOR.get(cell_format.operator)
    expected = 2 if name in ("Between", "NotBetween") else 1
    if name is None or len(cell_format.formula) != expected:
        raise ValueError(f"Excel has no comparison {cell_format.operator} with {len(cell_format.formula)} values.")
    arguments = tuple(
        value_to_argument(formula, cells, first_row=first_row, column_offset=column_offset)
        for formula in cell_format.formula
    )
    is_text = name == "Equals" and isinstance(arguments[0], Text)
    return Rule("TextEquals" if is_text else name, column, arguments)


def _read_formulas(cell_format: CellFormat, offsets: dict[int, int], cells: CellRange, first_row: int) -> list[Node]:
    if len(cell_format.formula) != 1:
        raise ValueError(f"Excel has no {cell_format.type} with {len(cell_format.formula)} formulas.")
    marked: dict[Node, list[int]] = {}
    for column, offset in offsets.items():
        rule = formula_to_rule(cell_format.formula[0], cells, first_row=first_row, column_offset=offset)
        marked.setdefault(rule, []).append(column)
    for rule, columns in marked.items():
        tested = {test.column for test in rule_tests(rule)}
        if tested != set(columns):
            raise ValueError(f"Rules mark the columns that they test, and {cell_format.formula[0]!r:.80} others.")
    return list(marked)


def _read_column_test(cell_format: CellFormat, column: int) -> Rule:
    if cell_format.type in _COLUMN_TYPES:
        return Rule(_COLUMN_TYPES[cell_format.type], column)
    if cell_format.type == "top10":
        name = ("Bottom" if cell_format.bottom else "Top") + ("Percent" if cell_format.percent else "")
        return Rule(name, column, (Number(float(10 if cell_format.rank is None else cell_format.rank)),))
    if cell_format.type == "aboveAverage" and not cell_format.stdDev and not cell_format.equalAverage:
        return Rule("BelowAverage" if cell_format.aboveAverage is False else "AboveAverage", column)
    raise ValueError(f"No rule says what {cell_format.type} does here.")


__all__ = [
    "FoundRule",
    "add_rule",
    "cells_below_header",
    "find_table",
    "format_to_rules",
    "read_rules",
    "read_table",
    "rule_to_format",
]
