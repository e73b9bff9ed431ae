# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What Bash can do. Its parser needs the extra `training` or `evaluation`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from codefusion_hf.languages.language import Language


if TYPE_CHECKING:
    from codefusion_hf.languages.coverage import Coverage
    from codefusion_hf.languages.metrics import CandidateMetric
    from codefusion_hf.languages.snippets import MaskableSpans, Snippet


class Bash(Language):
    """Bash: valid is what `bash -n` accepts, everything else is up to bashlex."""

    name = "bash"
    title = "Bash"
    main_metric = "template_match"
    source_suffixes = (".bash", ".sh")

    def is_valid(self, code: str) -> bool:
        from .syntax import is_valid_bash

        return is_valid_bash(code)

    def error_place(self, code: str) -> int | None:
        """Where bashlex fails; of an error in a substitution, it counts from the start of that."""
        from .parser import BashSyntaxError, parse_bash

        try:
            parse_bash(code)
        except BashSyntaxError as error:
            return error.position
        return None

    def is_parsable(self, code: str) -> bool:
        from .templates import is_parsable_bash

        return is_parsable_bash(code)

    def is_same(self, code: str, other: str) -> bool:
        """Whether two commands are equal up to white space, or have the same template."""
        from .templates import bash_template

        return super().is_same(code, other) or (bool(code.strip()) and bash_template(code) == bash_template(other))

    def maskable_spans(self, code: str) -> "MaskableSpans":
        from .masking import bash_maskable_spans

        return bash_maskable_spans(code)

    def metrics(self) -> "tuple[CandidateMetric, ...]":
        from .metrics import METRICS

        return METRICS

    def generate_rows(self, seed: int = 0) -> Iterator[dict[str, Any]]:
        from .synthetic import generate_pairs

        return generate_pairs(seed)

    def cut(self, source: str) -> "list[Snippet]":
        from .source import cut_bash

        return cut_bash(source)

    def coverage(self, references: Sequence[str], codes: Iterable[str]) -> "Coverage":
        from .synthetic.coverage import measure_coverage

        return measure_coverage(references, codes)


__all__ = ["Bash"]
