# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What a visitor of the page may ask for. Who is refused is told what is allowed."""

import math
from collections.abc import Collection
from typing import Any

from codefusion_hf.languages.cf.excel.archive import WorkbookLimits


MAX_PROMPT_CHARACTERS = 400
MAX_CODE_CHARACTERS = 400
MAX_STEPS = 30
MAX_CANDIDATES = 20
MAX_SEED = 2**32 - 1
# Programs that are returned, and whose drafts are shown.
MAX_SHOWN = 5

# Of a workbook: as a file, unpacked, and what is in it. The table is read by the model and shown on the page.
MAX_UPLOAD_BYTES = 2**20
WORKBOOK_LIMITS = WorkbookLimits(MAX_UPLOAD_BYTES, 16 * 2**20, parts=200, elements=150_000, depth=64)
MAX_TABLE_ROWS = 200
MAX_TABLE_COLUMNS = 30
MAX_CELL_CHARACTERS = 1000

# Calls of the model at once, each on one core; those that may be running or waiting; and how many of these may be of
# one session and of one address (a class of pupils has one address).
NUM_WORKERS = 2
MAX_UNFINISHED = 48
MAX_OF_SESSION = 1
MAX_OF_ADDRESS = 24
# After which a call is ended at its next step.
MAX_SECONDS = 60.0


class RequestError(ValueError):
    """What was asked for is not allowed, or cannot be done. The message is for who asked."""


def check_text(name: str, value: Any, max_characters: int, may_be_blank: bool = False) -> str:
    """
    Args:
        name (`str`):
            What it is called on the page.
        value (`Any`):
            What was given.
        max_characters (`int`):
            How long it may be.
        may_be_blank (`bool`, *optional*, defaults to `False`):
            Whether it may be blank.

    Returns:
        `str`: the text.

    Raises:
        [`RequestError`]: if it is no text, too long, no Unicode text, or blank and must not be.
    """
    if not isinstance(value, str):
        raise RequestError(f"{name}: expected a text, got {_shorten(value)}.")
    if len(value) > max_characters:
        raise RequestError(f"{name}: at most {max_characters} characters, got {len(value)}.")
    if not may_be_blank and not value.strip():
        raise RequestError(f"{name}: please write something.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RequestError(f"{name}: expected Unicode text.") from error
    return value


def check_whole_number(name: str, value: Any, low: int, high: int) -> int:
    """
    Args:
        name (`str`):
            What it is called on the page.
        value (`Any`):
            What was given; a float that is whole will do, as JSON has no other numbers.
        low (`int`), high (`int`):
            The least and the most that it may be.

    Returns:
        `int`: the number.

    Raises:
        [`RequestError`]: if it is none of these.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high or value != int(value):
        raise RequestError(f"{name}: expected a whole number from {low} to {high}, got {_shorten(value)}.")
    return int(value)


def check_share(name: str, value: Any) -> float:
    """
    Args:
        name (`str`):
            What it is called on the page.
        value (`Any`):
            What was given.

    Returns:
        `float`: the number, in [0, 1].

    Raises:
        [`RequestError`]: if it is none of these.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not 0.0 <= value <= 1.0:
        raise RequestError(f"{name}: expected a number from 0 to 1, got {_shorten(value)}.")
    return float(value)


def check_choice(name: str, value: Any, choices: Collection[str]) -> str:
    """
    Args:
        name (`str`):
            What it is called on the page.
        value (`Any`):
            What was given.
        choices (collection of `str`):
            What there is to choose from.

    Returns:
        `str`: what was chosen.

    Raises:
        [`RequestError`]: if it is none of these.
    """
    if not isinstance(value, str) or value not in choices:
        raise RequestError(f"{name}: expected one of {', '.join(choices)}, got {_shorten(value)}.")
    return value


def _shorten(value: Any) -> str:
    # Not `repr(value)`, which takes as long as what was given is large.
    if isinstance(value, str):
        return repr(value[:40])
    if isinstance(value, int) and abs(value) > 10**15:
        return "a very large number"
    return repr(value) if isinstance(value, int | float | None) else type(value).__name__


__all__ = [
    "RequestError",
    "check_choice",
    "check_share",
    "check_text",
    "check_whole_number",
]
