# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The metrics of Python: what `ast.parse` accepts, and how many of the names that a prompt quotes arrive."""

from codefusion_hf.languages.metrics import CandidateMetric, syntax_metric
from codefusion_hf.languages.python.name_copy import has_quoted_names, name_copy
from codefusion_hf.languages.python.syntax import is_valid_python


METRICS = (
    syntax_metric("ast parses", is_valid_python),
    CandidateMetric(
        "name_copy",
        "names copied",
        lambda candidate, example: name_copy(candidate, example.prompt, example.references),
        is_defined=lambda example: has_quoted_names(example.prompt, example.references),
    ),
)


__all__ = ["METRICS"]
