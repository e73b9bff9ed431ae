# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""How much of what people's code has, generated code has too."""

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass


@dataclass(frozen=True)
class Coverage:
    """
    How much of what people's code has, generated code has too.

    Args:
        noun (`str`):
            What was looked for, in the plural.
        total (`int`):
            How often people's code has it.
        covered (`int`):
            How often it has what generated code has, too.
        kinds (`int`):
            How many different ones people's code has.
        covered_kinds (`int`):
            Those that generated code has, too.
        missing (`tuple[tuple[str, int], ...]`):
            The others, most frequent first, with how often people's code has them.
    """

    noun: str
    total: int
    covered: int
    kinds: int
    covered_kinds: int
    missing: tuple[tuple[str, int], ...]


def count_coverage(noun: str, wanted: Counter[str], known: Container[str]) -> Coverage:
    """
    Count what is known of what is wanted.

    Args:
        noun (`str`):
            What that is, in the plural.
        wanted (`Counter[str]`):
            What people's code has, with how often.
        known (`Container[str]`):
            What generated code has.

    Returns:
        [`Coverage`]: the counts.

    Raises:
        ValueError: if nothing is wanted.
    """
    if not wanted:
        raise ValueError(f"`references` must have code with {noun}, got none.")
    missing = tuple((name, count) for name, count in wanted.most_common() if name not in known)
    covered = wanted.total() - sum(count for _, count in missing)
    return Coverage(noun, wanted.total(), covered, len(wanted), len(wanted) - len(missing), missing)


__all__ = ["Coverage", "count_coverage"]
