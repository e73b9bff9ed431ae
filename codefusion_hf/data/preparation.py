# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Rows as the models of a language see them."""

from collections.abc import Sequence
from typing import Any, TypeVar

from codefusion_hf.languages.cf.prompts import cf_prompt
from codefusion_hf.languages.cf.rules import (
    CFRuleSyntaxError,
    default_column,
    fill_columns,
    format_rule,
    parse_rule,
    unify_equalities,
)
from codefusion_hf.pipelines import slot_code, slot_prompt


Row = TypeVar("Row", str, dict[str, Any])


def prepare_rows(rows: Sequence[Row], language: str) -> list[Row]:
    """
    Rows as a model of the language is trained on them. Bash and Python are left as they are. Of CF rules the
    dialects become one, and the prompt is given the columns of the table, see
    [`~codefusion_hf.languages.cf.prompts`]. With a table, a rule that names no column gets the one that it means, see
    [`~codefusion_hf.languages.cf.rules.default_column`]: whether a rule names columns depends on the prompt alone.

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


def tokenizer_rows(rows: Sequence[dict[str, Any]], settings: dict[str, Any], language: str) -> list[dict[str, Any]]:
    """
    Rows to train a tokenizer on: with slots, if it is to have them.

    Args:
        rows (`Sequence[dict[str, Any]]`):
            Rows of [`prepare_rows`] with `code` and, if there is a prompt, `text` or, in pre-training, `prompt`.
        settings (`dict[str, Any]`):
            Arguments of [`~codefusion_hf.data.tokenization.train_tokenizer`], of which `slots` and `slot_values` count
            here.
        language (`str`):
            Language of the code.

    Returns:
        `list[dict[str, Any]]`: new rows, or without slots the same ones.

    Raises:
        ValueError: if the language is unknown and there are slots.
    """
    if not settings.get("slots"):
        return list(rows)
    slotted_rows = []
    for row in rows:
        values: dict[str, str] = {}
        slotted_row = dict(row)
        for name in ("text", "prompt"):
            if name in row:
                slotted = slot_prompt(row[name], keep_values=bool(settings.get("slot_values")))
                slotted_row[name], values = slotted.text, slotted.values
        slotted_rows.append({**slotted_row, "code": slot_code(row["code"], values, language)})
    return slotted_rows


__all__ = ["prepare_rows", "tokenizer_rows"]
