# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Rows as the models of a language see them."""

from collections.abc import Sequence
from typing import Any

from codefusion_hf.languages import get_language
from codefusion_hf.languages.language import Row
from codefusion_hf.pipelines import slot_code, slot_prompt


def prepare_rows(rows: Sequence[Row], language: str) -> list[Row]:
    """
    Rows as a model of the language is trained on them. Bash and Python are left as they are; for CF rules, see
    [`~codefusion_hf.languages.cf.preparation.prepare_cf_row`].

    Args:
        rows (`Sequence[dict[str, Any]]` or `Sequence[str]`):
            Rows (`code`, `text` if there is a prompt and, for CF rules, `data` if there is a table) or snippets.
        language (`str`):
            Their language, one of [`~codefusion_hf.languages.LANGUAGES`].

    Returns:
        `list`: new rows; a rule that does not parse stays as it is.

    Raises:
        ValueError: if the language is unknown.
    """
    prepare_row = get_language(language).prepare_row
    return [prepare_row(row) for row in rows]


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
