# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The metrics of Bash: what `bash -n` and bashlex accept, template match, and the NLC2CMD score."""

from codefusion_hf.languages.bash.nlc2cmd import nlc2cmd_score
from codefusion_hf.languages.bash.syntax import is_valid_bash
from codefusion_hf.languages.bash.templates import bash_template, is_parsable_bash
from codefusion_hf.languages.metrics import CandidateMetric, Exercise, syntax_metric


def _matches_template(candidate: str, example: Exercise) -> float:
    return float(bash_template(candidate) in map(bash_template, example.references))


METRICS = (
    syntax_metric("bash -n accepts", is_valid_bash, program="bash"),
    syntax_metric("bashlex parses", is_parsable_bash, "parses"),
    CandidateMetric("template_match", "template match", _matches_template),
    CandidateMetric(
        "nlc2cmd", "NLC2CMD score", lambda candidate, example: nlc2cmd_score(candidate, example.references), -1.0
    ),
)


__all__ = ["METRICS"]
