# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What Python can do, with its own parser."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from codefusion_hf.languages.language import Language


if TYPE_CHECKING:
    from codefusion_hf.languages.coverage import Coverage
    from codefusion_hf.languages.metrics import CandidateMetric
    from codefusion_hf.languages.snippets import MaskableSpans, Snippet


class Python(Language):
    """Python, of the version that runs."""

    name = "python"
    title = "Python"
    main_metric = "chrf"
    source_suffixes = (".py",)

    def is_valid(self, code: str) -> bool:
        from .syntax import is_valid_python

        return is_valid_python(code)

    def error_place(self, code: str) -> int | None:
        from .syntax import python_error_place

        return python_error_place(code)

    def maskable_spans(self, code: str) -> "MaskableSpans":
        from .masking import python_maskable_spans

        return python_maskable_spans(code)

    def metrics(self) -> "tuple[CandidateMetric, ...]":
        from .metrics import METRICS

        return METRICS

    def generate_rows(self, seed: int = 0) -> Iterator[dict[str, Any]]:
        from .synthetic import generate_pairs

        return generate_pairs(seed)

    def cut(self, source: str) -> "list[Snippet]":
        from .source import cut_python

        return cut_python(source)

    def coverage(self, references: Sequence[str], codes: Iterable[str]) -> "Coverage":
        from .synthetic.coverage import measure_coverage

        return measure_coverage(references, codes)


__all__ = ["Python"]
