# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Rows as the models of a language see them."""

from collections.abc import Sequence
from typing import Any, TypeVar

from .cf_prompts import cf_prompt
from .cf_rules import CFRuleSyntaxError, default_column, fill_columns, format_rule, parse_rule, unify_equalities


Row = TypeVar("Row", str, dict[str, Any])


def prepare_rows(rows: Sequence[Row], language: str) -> list[Row]:
    """
    Rows as a model of the language is trained on them. Bash and Python are left as they are. Of CF rules the
    dialects become one, and the prompt is given the columns of the table, see [`~codefusion_hf.data.cf_prompts`]. With
    a table, a rule that names no column gets the one that it means, see
    [`~codefusion_hf.data.cf_rules.default_column`]: whether a rule names columns depends on the prompt alone.

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


def _prepare_cf_row(row: Row) -> Row:
    if isinstance(row, str):
        return _one_dialect(row)
    table = row.get("data")
    prepared = {**row, "code": _one_dialect(row["code"], table[0] if table else ())}
    if "text" in row:
        prepared["text"] = cf_prompt(row["text"], table)
    return prepared


def _one_dialect(code: str, header: Sequence[Any] = ()) -> str:
    try:
        rule = parse_rule(code)
    except CFRuleSyntaxError:
        return code
    return format_rule(unify_equalities(fill_columns(rule, default_column(header)) if header else rule))


__all__ = ["prepare_rows"]
