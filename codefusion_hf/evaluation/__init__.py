# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Evaluation of checkpoints; needs the extra `evaluation` (`pip install 'codefusion-hf[evaluation]'`)."""

from codefusion_hf.evaluation.bash import bash_template, is_valid_bash
from codefusion_hf.evaluation.evaluate import evaluate_checkpoint, report_table, select_prompts
from codefusion_hf.evaluation.exact_match import normalize_whitespace
from codefusion_hf.evaluation.nearest_neighbour import NearestNeighbourBaseline
from codefusion_hf.evaluation.scoring import group_references, match_at_k, score_candidates


__all__ = [
    "NearestNeighbourBaseline",
    "bash_template",
    "evaluate_checkpoint",
    "group_references",
    "is_valid_bash",
    "match_at_k",
    "normalize_whitespace",
    "report_table",
    "score_candidates",
    "select_prompts",
]
