# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Rows as the models of a language see them."""

from collections.abc import Sequence
from typing import Any, TypeVar

from .cf_rules import CFRuleSyntaxError, normalize_rule


Row = TypeVar("Row", str, dict[str, Any])


def prepare_rows(rows: Sequence[Row], language: str) -> list[Row]:
    """
    Rows as a model of the language is trained on them. Bash and Python are left as they are. Of CF rules the
    dialects become one, and the prompt is given the header of the table, which rules name columns of.

    Args:
        rows (`Sequence[dict[str, Any]]` or `Sequence[str]`):
            Rows (`code`, `text` if there is a prompt and, for CF rules, `data` if there is a table) or snippets.
        language (`str`):
            Their language: `bash`, `python` or `cf`.

    Returns:
        `list`: new rows; a rule that does not parse stays as it is.
    """
    if language != "cf":
        return list(rows)
    return [_prepare_cf_row(row) for row in rows]


def cf_prompt(prompt: str, columns: Sequence[Any]) -> str:
    """
    The prompt of a CF rule, with what the rule is about.

    Args:
        prompt (`str`):
            What is to be formatted.
        columns (`Sequence`):
            The header of the table.

    Returns:
        `str`: `prompt | column | column …`.
    """
    return " | ".join([prompt, *(str(column) for column in columns)])


def _prepare_cf_row(row: Row) -> Row:
    if isinstance(row, str):
        return _one_dialect(row)
    prepared = {**row, "code": _one_dialect(row["code"])}
    if "text" in row and row.get("data"):
        prepared["text"] = cf_prompt(row["text"], row["data"][0])
    return prepared


def _one_dialect(code: str) -> str:
    try:
        return normalize_rule(code)
    except CFRuleSyntaxError:
        return code


__all__ = ["cf_prompt", "prepare_rows"]
