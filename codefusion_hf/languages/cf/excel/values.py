# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What rules compare with, as Excel writes it: constants, dates, cells and errors."""

import re

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange

from codefusion_hf.languages.cf.cells import CellKind, read_constant, read_date
from codefusion_hf.languages.cf.rules import Argument, Column, Number, Rule, Text


# https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
MAX_TEXT_LENGTH = 255
MAX_NUMBER = 9.99999999999999e307
# DATE() counts days as we do from here on: before it, Excel has a 29 February 1900.
FIRST_DATE = "1900-03-01"

OPERATORS = {
    "Equals": "=",
    "TextEquals": "=",
    "NotEquals": "<>",
    "GreaterThan": ">",
    "GreaterThanEqual": ">=",
    "LessThan": "<",
    "LessThanEqual": "<=",
}
BETWEEN = frozenset({"Between", "NotBetween"})
COMPARISONS = frozenset(OPERATORS) | BETWEEN
OF_OPERATOR = {operator: name for name, operator in OPERATORS.items() if name != "TextEquals"}
SWAPPED = {"=": "=", "<>": "<>", ">": "<", ">=": "<=", "<": ">", "<=": ">="}

# https://support.microsoft.com/office/10958677-7c8d-44f7-ae77-b9a9ee6eefaa (ERROR.TYPE)
ERROR_TYPES = {
    "#NULL!": 1,
    "#DIV/0!": 2,
    "#VALUE!": 3,
    "#REF!": 4,
    "#NAME?": 5,
    "#NUM!": 6,
    "#N/A": 7,
    "#GETTING_DATA": 8,
    "#SPILL!": 9,
    "#CONNECT!": 10,
    "#BLOCKED!": 11,
    "#UNKNOWN!": 12,
    "#FIELD!": 13,
    "#CALC!": 14,
}
OF_ERROR_TYPE = {number: name for name, number in ERROR_TYPES.items()}


def is_error(argument: Argument) -> bool:
    return error_type(argument) is not None


def error_type(argument: Argument) -> int | None:
    """The number that Excel gives an error. Errors that it does not have, such as `#ERR`, are texts to it."""
    return ERROR_TYPES.get(argument.value.strip().upper()) if isinstance(argument, Text) else None


def text_literal(text: str) -> str:
    if len(text) > MAX_TEXT_LENGTH:
        raise ValueError(f"`rule` must have texts of at most {MAX_TEXT_LENGTH} characters, got {text!r:.80}.")
    if ILLEGAL_CHARACTERS_RE.search(text):
        raise ValueError(f"`rule` must have no control characters in its texts, got {text!r:.80}.")
    return '"' + text.replace('"', '""') + '"'


def number_literal(number: float) -> str:
    if abs(number) > MAX_NUMBER:
        raise ValueError(f"`rule` must have numbers up to {MAX_NUMBER}, got {number}.")
    return repr(float(number)).removesuffix(".0").upper()


def value_formula(argument: Argument, cells: CellRange) -> str:
    """
    What a cell is compared with, in a formula.

    Args:
        argument (`Argument`):
            The argument of a rule.
        cells ([`~openpyxl.worksheet.cell_range.CellRange`]):
            The cells of the table, without the header.

    Returns:
        `str`: a constant, a date such as `DATE(2022,11,15)`, or a cell of the first row.

    Raises:
        `ValueError`: If Excel cannot hold it.
    """
    if isinstance(argument, Column):
        return cell_reference(argument.index, cells)
    cell = read_constant(argument)
    if cell.kind is CellKind.BOOLEAN:
        return "TRUE" if cell.number else "FALSE"
    if cell.kind is not CellKind.NUMBER:
        return text_literal(text_of(argument))
    date = read_date(argument.value.strip()) if isinstance(argument, Text) else None
    if date is None or date.time() != date.min.time() or date.isoformat() < FIRST_DATE:
        return number_literal(cell.number)
    return f"DATE({date.year},{date.month},{date.day})"


def text_of(argument: Number | Text) -> str:
    return argument.value if isinstance(argument, Text) else number_literal(argument.value)


def dialog_text(test: Rule, argument: Number | Text) -> str:
    """
    A text as Excel's dialogs have it.

    Args:
        test (`Rule`):
            The test that looks for it.
        argument (`Number` or `Text`):
            The text.

    Returns:
        `str`: the text; for `TextContains` with a `~` before what would be a wildcard.
    """
    text = text_of(argument)
    return re.sub(r"[~*?]", r"~\g<0>", text) if test.name == "TextContains" else text


def cell_reference(column: int, cells: CellRange) -> str:
    return f"${get_column_letter(cells.min_col + column)}{cells.min_row}"


def column_reference(column: int, cells: CellRange) -> str:
    letter = cell_reference(column, cells).removesuffix(str(cells.min_row))
    return f"{letter}${cells.min_row}:{letter}${cells.max_row}"


__all__ = [
    "BETWEEN",
    "COMPARISONS",
    "ERROR_TYPES",
    "FIRST_DATE",
    "MAX_NUMBER",
    "MAX_TEXT_LENGTH",
    "OF_ERROR_TYPE",
    "OF_OPERATOR",
    "OPERATORS",
    "SWAPPED",
    "cell_reference",
    "column_reference",
    "dialog_text",
    "error_type",
    "is_error",
    "number_literal",
    "text_literal",
    "text_of",
    "value_formula",
]
