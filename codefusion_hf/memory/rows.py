# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The rows of a memory, which others have written: what is allowed in them, and how they are told apart."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from codefusion_hf.data.sources import shorten


# Longest prompt, program and table (as JSON), in characters. NL2Bash and CoNaLa have prompts of at most 387 and
# programs of at most 532.
MAX_TEXT_LENGTH = 2_000
MAX_CODE_LENGTH = 8_000
MAX_TABLE_LENGTH = 100_000
# Five times what is measured in `benchmarks/memory.py`.
MAX_ROWS = 5_000_000

# Control characters but for white space, and those that turn the direction of what follows, so that a program reads
# otherwise than it runs.
_CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class MemoryRow(NamedTuple):
    """
    A row that has been checked. Rows are sorted by their content, so that the order of insertion does not matter.

    Args:
        text (`str`):
            The prompt.
        code (`str`):
            The program.
        table (`str`):
            The table that a rule is about, as JSON; empty if there is none.
    """

    text: str
    code: str
    table: str

    @property
    def id(self) -> str:
        """16 hexadecimal digits that depend on the content alone: equal rows have the same in all memories."""
        return f"{hash_text(chr(0).join(self)):016x}"

    def to_dict(self) -> dict[str, Any]:
        """The row with its `id`, `text`, `code` and, where there is a table, `data`."""
        row: dict[str, Any] = {"id": self.id, "text": self.text, "code": self.code}
        if self.table:
            row["data"] = json.loads(self.table)
        return row


def hash_text(text: str) -> int:
    """64 bits of a cryptographic hash, which are the same in all processes."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def check_row(location: str, row: Any) -> MemoryRow:
    """
    Check a row.

    Args:
        location (`str`):
            Where it stands, for messages, such as `row 3`.
        row (`Any`):
            What should be a mapping with `text`, `code` and perhaps `data`. Other keys, as `id`, are passed over.

    Returns:
        [`MemoryRow`]: the row.

    Raises:
        ValueError: if it is something else, or too long, or has control characters; the message names the field.
    """
    if not isinstance(row, Mapping):
        raise ValueError(f"{location}: expected a mapping with `text` and `code`, got {type(row).__name__}.")
    text = _check_string(f"{location}, field `text`", row.get("text"), MAX_TEXT_LENGTH)
    code = _check_string(f"{location}, field `code`", row.get("code"), MAX_CODE_LENGTH)
    table = row.get("data")
    return MemoryRow(text, code, "" if table is None else _check_table(f"{location}, field `data`", table))


def check_table_text(location: str, text: str | None) -> list[list[Any]] | None:
    """
    Read a table from JSON.

    Args:
        location (`str`):
            Where it stands, for messages.
        text (`str`, *optional*):
            The JSON; `None` or empty if there is no table.

    Returns:
        `list[list[Any]]`: the table, not checked any further; `None` if there is none.

    Raises:
        ValueError: if it is too long or no JSON.
    """
    if not text:
        return None
    if len(text) > MAX_TABLE_LENGTH:
        raise ValueError(f"{location}: expected at most {MAX_TABLE_LENGTH:,} characters, got {len(text):,}.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{location}: expected a table as JSON, got {shorten(text)}.") from error


def _check_string(location: str, value: Any, longest: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{location}: expected a string that is not empty, got {shorten(value)}.")
    if len(value) > longest:
        raise ValueError(f"{location}: expected at most {longest:,} characters, got {len(value):,}.")
    _check_characters(location, value)
    return value


def _check_characters(location: str, value: str) -> None:
    if match := _CONTROL_CHARACTER.search(value):
        raise ValueError(f"{location}: expected no control characters, got {match[0]!r} at character {match.start()}.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{location}: expected Unicode text, got the lone surrogate {value[error.start]!r}."
        ) from error


def _check_table(location: str, table: Any) -> str:
    if not isinstance(table, list) or not all(isinstance(cells, list) for cells in table):
        raise ValueError(
            f"{location}: expected a table, a list of rows which are lists of cells, got {shorten(table)}."
        )
    for cell in (cell for cells in table for cell in cells):
        if cell is not None and not isinstance(cell, str | int | float):
            raise ValueError(f"{location}: expected cells that are text, numbers or empty, got {shorten(cell)}.")
        if isinstance(cell, str):
            _check_characters(location, cell)
    try:
        text = json.dumps(table, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise ValueError(f"{location}: expected numbers that JSON has: {error}.") from error
    if len(text) > MAX_TABLE_LENGTH:
        raise ValueError(f"{location}: expected at most {MAX_TABLE_LENGTH:,} characters of JSON, got {len(text):,}.")
    return text


__all__ = [
    "MAX_CODE_LENGTH",
    "MAX_ROWS",
    "MAX_TABLE_LENGTH",
    "MAX_TEXT_LENGTH",
    "MemoryRow",
    "check_row",
    "check_table_text",
    "hash_text",
]
