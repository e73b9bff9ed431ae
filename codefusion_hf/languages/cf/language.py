# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What rules of conditional formatting can do, with a parser of ours."""

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, Any

from codefusion_hf.languages.language import Language, Row


if TYPE_CHECKING:
    from codefusion_hf.languages.metrics import CandidateMetric
    from codefusion_hf.languages.snippets import MaskableSpans


class CFRules(Language):
    """Rules of conditional formatting (CF), about the columns of a table."""

    name = "cf"
    title = "rules of Excel's conditional formatting"
    main_metric = "execution_match"
    is_code_telling = False

    def is_valid(self, code: str) -> bool:
        from .match import is_valid_cf_rule

        return is_valid_cf_rule(code)

    def error_place(self, code: str) -> int | None:
        from .rules import CFRuleSyntaxError, parse_rule

        try:
            parse_rule(code)
        except CFRuleSyntaxError as error:
            return error.position
        return None

    def maskable_spans(self, code: str) -> "MaskableSpans":
        from .masking import cf_maskable_spans

        return cf_maskable_spans(code)

    def metrics(self) -> "tuple[CandidateMetric, ...]":
        from .metrics import METRICS

        return METRICS

    def generate_rows(self, seed: int = 0) -> Iterator[dict[str, Any]]:
        from .synthetic import generate_rows

        return generate_rows(seed)

    def generate_held_out_rows(self, seed: int = 0) -> Iterator[dict[str, Any]]:
        from .synthetic import generate_rows

        return generate_rows(seed, held_out_tables=True)

    def row_key(self, row: dict[str, Any]) -> Hashable:
        from codefusion_hf.pipelines import normalize_prompt

        return normalize_prompt(row["text"]), row["code"]

    def prepare_row(self, row: Row) -> Row:
        from .preparation import prepare_cf_row

        return prepare_cf_row(row)

    def bare_prompt(self, prompt: str) -> str:
        from .prompts import without_columns

        return without_columns(prompt)


__all__ = ["CFRules"]
