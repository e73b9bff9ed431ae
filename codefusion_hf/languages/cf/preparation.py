# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Rows of rules as models see them."""

from collections.abc import Sequence
from typing import Any

from codefusion_hf.languages.cf.prompts import cf_prompt
from codefusion_hf.languages.cf.rules import (
    CFRuleSyntaxError,
    default_column,
    fill_columns,
    format_rule,
    parse_rule,
    unify_equalities,
)
from codefusion_hf.languages.language import Row


def prepare_cf_row(row: Row) -> Row:
    """
    A row as a model of CF rules is trained on it. The dialects become one, and the prompt is given the columns of the
    table, see [`~codefusion_hf.languages.cf.prompts`]. With a table, a rule that names no column gets the one that it
    means, see [`~codefusion_hf.languages.cf.rules.default_column`]: whether a rule names columns depends on the prompt
    alone.

    Args:
        row (`dict[str, Any]` or `str`):
            A row (`code`, `text` if there is a prompt, `data` if there is a table) or a rule.

    Returns:
        `dict[str, Any]` or `str`: a new row; a rule that does not parse stays as it is.
    """
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


__all__ = ["prepare_cf_row"]
