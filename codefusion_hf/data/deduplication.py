# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Taking out rows that occur twice, or that a test file has too.

Programs are compared with white space collapsed, as exact match compares them, prompts as the model reads them
([`~codefusion_hf.pipelines.pipeline_codefusion.normalize_prompt`]).
"""

import json
import re
from collections.abc import Sequence
from typing import Any, TypeVar

from codefusion_hf.pipelines.prompts import normalize_prompt


Row = TypeVar("Row", str, dict[str, Any])


def deduplicate(rows: Sequence[Row]) -> tuple[list[Row], int]:
    """
    Keep the first of rows that are equal.

    Args:
        rows (`Sequence[dict[str, Any]]` or `Sequence[str]`):
            Pairs, which are equal when prompt, program and (of CF rules) table are, or snippets. See
            [`~codefusion_hf.data.pairs.load_rows`].

    Returns:
        `tuple[list, int]`: the rows that are kept, in order, and the number of those taken out.
    """
    first: dict[tuple[str | None, str, str], Row] = {}
    for row in rows:
        table = json.dumps(row["data"], default=str) if isinstance(row, dict) and "data" in row else ""
        first.setdefault((_prompt(row), _program(row), table), row)
    return list(first.values()), len(rows) - len(first)


def exclude_overlap(rows: Sequence[Row], test_rows: Sequence[dict[str, Any]] | Sequence[str]) -> tuple[list[Row], int]:
    """
    Take out what would leak from a test file: the pairs that share a prompt with it, be the program the same or not,
    and the snippets that are one of its programs.

    A pair whose prompt is not in the test file stays even if its program is: many prompts ask for the same command.

    Args:
        rows (`Sequence[dict[str, Any]]` or `Sequence[str]`):
            Pairs, or snippets. See [`~codefusion_hf.data.pairs.load_rows`].
        test_rows (`Sequence[dict[str, Any]]` or `Sequence[str]`):
            The rows of the test file: pairs; or, if `rows` are snippets, either.

    Returns:
        `tuple[list, int]`: the rows that are kept, in order, and the number of those taken out.

    Raises:
        ValueError: if `rows` have prompts and `test_rows` have none to compare them with.
    """
    prompts = {_prompt(row) for row in test_rows} - {None}
    programs = {_program(row) for row in test_rows}
    kept = []
    for row in rows:
        prompt = _prompt(row)
        if prompt is not None and not prompts:
            raise ValueError("`test_rows` must have prompts, as `rows` have, got programs alone.")
        if _program(row) not in programs if prompt is None else prompt not in prompts:
            kept.append(row)
    return kept, len(rows) - len(kept)


def _prompt(row: str | dict[str, Any]) -> str | None:
    return normalize_prompt(row["text"]) if isinstance(row, dict) and "text" in row else None


def _program(row: str | dict[str, Any]) -> str:
    # Blanks within a line mean nothing; in front of one they do to Python.
    lines = (row if isinstance(row, str) else row["code"]).strip().splitlines()
    return "\n".join(re.sub(r"(?<=\S)[ \t]+", " ", line.rstrip()) for line in lines)


__all__ = ["deduplicate", "exclude_overlap"]
