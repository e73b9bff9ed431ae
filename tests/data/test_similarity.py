# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Prompts that are, or nearly are, those of a test file."""

import pytest


pytest.importorskip("sklearn")

from codefusion_hf.data.similarity import SimilarPrompts  # noqa: E402


def test_prompts_that_are_or_nearly_are_excluded_ones_are_found():
    similar = SimilarPrompts(["Highlight the heaviest parcels of Oslo.", "top 5"], ["mark", "color the cells"])
    prompts = [
        "highlight the heaviest parcels of oslo",
        "highlight parcels of the heaviest Oslo",
        "Top 5!",
        "mark the rows",
    ]
    assert similar.find(prompts) == [True, True, True, False]


def test_arguments_of_the_exclusion_are_checked():
    with pytest.raises(ValueError, match="`excluded` must have one prompt"):
        SimilarPrompts([], ["a"])
    with pytest.raises(ValueError, match="`max_similarity` must be in .*, got 0"):
        SimilarPrompts(["word"], [], max_similarity=0)
