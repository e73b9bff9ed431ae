# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The metrics of CF rules: what the grammar accepts, execution match, and the constants."""

from codefusion_hf.languages.cf.match import constants_match, execution_match, has_constants, is_valid_cf_rule
from codefusion_hf.languages.metrics import CandidateMetric, Exercise, syntax_metric


def _matches_execution(candidate: str, example: Exercise) -> float:
    return float(any(execution_match(candidate, reference, example.table) for reference in example.references))


def _matches_execution_of_any_column(candidate: str, example: Exercise) -> float:
    return float(
        any(
            execution_match(candidate, reference, example.table, column_required=False)
            for reference in example.references
        )
    )


def _matches_constants(candidate: str, example: Exercise) -> float:
    return float(any(constants_match(candidate, reference) for reference in example.references))


METRICS = (
    syntax_metric("grammar parses", is_valid_cf_rule),
    CandidateMetric("execution_match", "execution match", _matches_execution),
    CandidateMetric("execution_match_any_column", "execution, any column", _matches_execution_of_any_column),
    CandidateMetric(
        "constants",
        "exact constants",
        _matches_constants,
        is_defined=lambda example: any(map(has_constants, example.references)),
    ),
)


__all__ = ["METRICS"]
