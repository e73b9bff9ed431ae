# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Evaluation of checkpoints; needs the extra `evaluation` (`pip install 'codefusion-hf[evaluation]'`)."""

from codefusion_hf.evaluation.auto_regressive import AutoRegressiveBaseline
from codefusion_hf.evaluation.bash import bash_template, is_valid_bash
from codefusion_hf.evaluation.cf_match import execution_match, is_valid_cf_rule
from codefusion_hf.evaluation.code_bert_score import CodeBERTScore
from codefusion_hf.evaluation.confidence import Estimate, bootstrap_mean
from codefusion_hf.evaluation.diversity import diversity
from codefusion_hf.evaluation.evaluate import evaluate_systems
from codefusion_hf.evaluation.exact_match import normalize_whitespace
from codefusion_hf.evaluation.examples import Example, group_examples, select_examples
from codefusion_hf.evaluation.nearest_neighbour import NearestNeighbourBaseline
from codefusion_hf.evaluation.nlc2cmd import nlc2cmd_score
from codefusion_hf.evaluation.python import is_valid_python
from codefusion_hf.evaluation.report import report_markdown, report_table
from codefusion_hf.evaluation.scoring import score_candidates, score_diversity
from codefusion_hf.evaluation.systems import (
    System,
    auto_regressive_systems,
    checkpoint_system,
    nearest_neighbour_system,
)
from codefusion_hf.evaluation.text_similarity import corpus_bleu, corpus_chrf, edit_distance


__all__ = [
    "AutoRegressiveBaseline",
    "CodeBERTScore",
    "Estimate",
    "Example",
    "NearestNeighbourBaseline",
    "System",
    "auto_regressive_systems",
    "bash_template",
    "bootstrap_mean",
    "checkpoint_system",
    "corpus_bleu",
    "corpus_chrf",
    "diversity",
    "edit_distance",
    "evaluate_systems",
    "execution_match",
    "group_examples",
    "is_valid_bash",
    "is_valid_cf_rule",
    "is_valid_python",
    "nearest_neighbour_system",
    "nlc2cmd_score",
    "normalize_whitespace",
    "report_markdown",
    "report_table",
    "score_candidates",
    "score_diversity",
    "select_examples",
]
