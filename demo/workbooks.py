# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Uploaded workbooks: looked through before they are read, and what a rule does to their table.

An .xlsx file is an archive of XML files. What is in it is from a stranger, so it is read in three steps, each of which
takes a bounded time and memory: the archive's list of contents, a parse of every part that keeps nothing and refuses
document types (and with them entities), and the cells of one sheet, copied into a new workbook without anything else
(formats, names, links, merged cells and so on).
"""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import openpyxl
from limits import (
    MAX_CELL_CHARACTERS,
    MAX_TABLE_COLUMNS,
    MAX_TABLE_ROWS,
    WORKBOOK_LIMITS,
    RequestError,
)
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from codefusion_hf.languages.cf.excel.archive import read_workbook_file
from codefusion_hf.languages.cf.excel.menu import rule_to_menu
from codefusion_hf.languages.cf.excel.rules import resolve_columns, rule_cells
from codefusion_hf.languages.cf.excel.workbook import cells_below_header, find_table, read_table, rule_to_format
from codefusion_hf.languages.cf.interpreter import marked_cells
from codefusion_hf.languages.cf.rules import format_rule, parse_rule


NO_WORKBOOK = "This is no .xlsx workbook that can be read."


@dataclass(frozen=True)
class Table:
    """
    The table of a sheet.

    Args:
        sheet (`str`):
            The name of the sheet.
        worksheet ([`~openpyxl.worksheet.worksheet.Worksheet`]):
            A copy of it that has its values alone.
        rows (`list[list[object]]`):
            The values, the first row is the header.
        first_row (`int`), first_column (`int`):
            Where it begins, from 1.
    """

    sheet: str
    worksheet: Worksheet
    rows: list[list[object]]
    first_row: int
    first_column: int


@dataclass(frozen=True)
class AppliedRule:
    """
    A rule, and what it does to a table.

    Args:
        rule (`str`):
            The rule.
        cells (`str`):
            The ranges that it is for, such as `B2:B9`.
        menu (`str`):
            What one would do in Excel.
        marks (`dict[tuple[int, int], str]`):
            For each cell that is formatted, by row and column of the table below its header, how: `Highlight`,
            `ColorScale`, `DataBar` or `IconSet`.
    """

    rule: str
    cells: str
    menu: str
    marks: dict[tuple[int, int], str]

    def to_json(self, table: Table) -> dict[str, Any]:
        """The rule as the API has it, the cells by their names, such as `B3`."""
        marks: dict[str, list[str]] = {}
        for (row, column), formatting in sorted(self.marks.items()):
            name = f"{get_column_letter(table.first_column + column)}{table.first_row + 1 + row}"
            marks.setdefault(formatting, []).append(name)
        return {"sheet": table.sheet, "rule": self.rule, "cells": self.cells, "excel": self.menu, "marked": marks}


def check_workbook(path: str | os.PathLike[str]) -> bytes:
    """
    Look through an upload before it is read.

    Args:
        path (`str` or `os.PathLike`):
            The file.

    Returns:
        `bytes`: its content: what was looked through is what will be read.

    Raises:
        [`RequestError`]: if it is no workbook, too large, packed or unpacked, or not to be trusted.
    """
    try:
        return read_workbook_file(path, WORKBOOK_LIMITS)
    except ValueError as error:
        raise RequestError(f"A workbook {error}.") from error


def read_workbook(path: str | os.PathLike[str], sheet: str = "") -> Table:
    """
    Read the table of an upload.

    Args:
        path (`str` or `os.PathLike`):
            The file.
        sheet (`str`, *optional*):
            The name of the sheet; the first by default.

    Returns:
        [`Table`]

    Raises:
        [`RequestError`]: as of [`check_workbook`], or if there is no such sheet, or no table on it, or a larger one
            than is allowed.
    """
    data = check_workbook(path)
    try:
        workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        worksheets = {worksheet.title: worksheet for worksheet in workbook.worksheets}
    except Exception as error:  # whatever it stumbles over in a damaged file
        raise RequestError(NO_WORKBOOK) from error
    if not worksheets:
        raise RequestError("Workbook: it has no sheet with cells.")
    name = sheet.strip() or next(iter(worksheets))
    if name not in worksheets:
        raise RequestError(f"Sheet: expected one of {', '.join(list(worksheets)[:10])}, got {name[:40]}.")
    copy = _copy_cells(worksheets[name], name)
    try:
        table = find_table(copy)
    except ValueError as error:
        raise RequestError(f"{error}") from error
    return Table(name, copy, read_table(copy, table), table.min_row, table.min_col)


def _copy_cells(worksheet: Any, name: str) -> Worksheet:
    """The values of a sheet, and what tells dates and per cents from numbers."""
    copy = openpyxl.Workbook().active
    max_row, max_column = MAX_TABLE_ROWS + 1, MAX_TABLE_COLUMNS
    try:
        copy.title = name
        # A row and a column more than there may be, to see whether there are.
        for row in worksheet.iter_rows(1, max_row + 1, 1, max_column + 1):
            for cell in row:
                if cell.value is None:
                    continue
                if cell.row > max_row or cell.column > max_column:
                    raise RequestError(
                        f"Workbook: the first {max_row} rows and {max_column} columns of a sheet can be used, and "
                        f"{name} has more."
                    )
                value = cell.value
                if isinstance(value, str):
                    value = value[:MAX_CELL_CHARACTERS]
                copied = copy.cell(cell.row, cell.column, value)
                copied.data_type = "s" if isinstance(value, str) else copied.data_type
                copied.number_format = cell.number_format
    except RequestError:
        raise
    except Exception as error:  # as above
        raise RequestError(NO_WORKBOOK) from error
    return copy


def choose_rule(codes: Sequence[str], table: Table) -> AppliedRule | None:
    """
    The first program that is a rule for a table and possible in Excel.

    Args:
        codes (sequence of `str`):
            The programs, the best first.
        table ([`Table`]):
            The table.

    Returns:
        [`AppliedRule`]: the rule; `None` if there is none.
    """
    cells = cells_below_header(find_table(table.worksheet))
    for code in codes:
        try:
            rule = parse_rule(code)
            rule_to_format(rule, cells)
            resolved = resolve_columns(rule, cells.size["columns"])
            marks = {(mark.row, mark.column): mark.formatting for mark in marked_cells(resolved, table.rows)}
            return AppliedRule(format_rule(rule), rule_cells(rule, cells), rule_to_menu(rule, cells), marks)
        except ValueError:
            continue
    return None


__all__ = ["AppliedRule", "Table", "check_workbook", "choose_rule", "read_workbook"]
