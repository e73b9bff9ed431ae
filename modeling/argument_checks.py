# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Checks of arguments and fields, with errors that name what is wrong, what was given and what is allowed."""

import numbers
from typing import Any


def shorten(value: Any, num_characters: int = 60) -> str:
    """
    A value as an error message shows it.

    Args:
        value (`Any`):
            What was given.
        num_characters (`int`, *optional*, defaults to 60):
            How much of it is shown at most.

    Returns:
        `str`: its `repr`, cut where it is long.
    """
    try:
        text = repr(value)
    except ValueError:  # of an integer of thousands of digits
        return f"a {type(value).__name__} too long to show"
    return text if len(text) <= num_characters else f"{text[:num_characters]}..."


def check_integer(name: str, value: Any, low: int, high: int) -> None:
    """
    Args:
        name (`str`):
            Name of the argument.
        value (`Any`):
            What was given.
        low, high (`int`):
            The least and the largest value that is allowed.

    Raises:
        ValueError: if it is no integer (`True` is none) or out of its range.
    """
    is_integer = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not is_integer or not low <= value <= high:
        raise ValueError(f"`{name}` must be an integer in [{low}, {high}], got {shorten(value)}.")


def check_number(name: str, value: Any, low: float, high: float) -> None:
    """
    Args:
        name (`str`):
            Name of the argument.
        value (`Any`):
            What was given.
        low, high (`float`):
            The least and the largest value that is allowed.

    Raises:
        ValueError: if it is no number (`True` is none), not finite or out of its range.
    """
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    # Compared and not converted: an integer may be too large for a float.
    if not is_number or not low <= value <= high:
        raise ValueError(f"`{name}` must be a number in [{low:g}, {high:g}], got {shorten(value)}.")


__all__ = ["check_integer", "check_number", "shorten"]
