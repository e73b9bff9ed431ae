# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Cells of a table, and the constants of rules, read as Excel reads what is typed into it.

Read as numbers are `918`, `-1,234.5`, `1e3`, `7%` (0.07), `$21.00` and other currencies, `(21)` (-21), and the dates
`2022-11-15` (with a time or without) and `11/15/2022` (days since 1899-12-30). `TRUE` and `FALSE` are booleans, `#N/A`
and its like (and `#ERR` of the published tables) errors, and an empty cell is blank. Everything else is text.
Constants of rules are read in the same way, so `TextEquals(2015)` is `Equals(2015)`.
"""

import datetime
import enum
import functools
import math
import re
from typing import NamedTuple

from .rules import Number, Text


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
    date = read_date(text)
    return None if date is None else (date - _DAY_ZERO) / datetime.timedelta(days=1)


def read_date(text: str) -> datetime.datetime | None:
    """
    Reads a date in one of the forms that [`read_cell`] takes for a number.

    Args:
        text (`str`):
            The text, without blanks around it.

    Returns:
        `datetime.datetime`: the date; `None` if the text is none.
    """
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


__all__ = ["Cell", "CellKind", "read_cell", "read_constant", "read_date"]
