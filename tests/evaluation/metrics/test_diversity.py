# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Diversity of candidates."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st


pytest.importorskip("rapidfuzz")
pytest.importorskip("sacrebleu")

from codefusion_hf.evaluation.metrics.diversity import TOKEN, diversity  # noqa: E402


class LetterCounts:
    """Embeds a program by its numbers of `a` and `b`."""

    def embed(self, codes):
        return torch.tensor([[float(code.count("a")), float(code.count("b"))] for code in codes])


@pytest.mark.parametrize(
    ("code", "tokens"),
    [
        ("find . -name '*.py'", ["find", ".", "-", "name", "'", "*", ".", "py", "'"]),
        ("x_1 = y2[3.5:10]", ["x_1", "=", "y2", "[", "3.5", ":", "10", "]"]),
        ("größe<=2x", ["größe", "<", "=", "2", "x"]),
    ],
)
def test_tokens(code, tokens):
    assert TOKEN.findall(code) == tokens


@given(st.text())
def test_tokens_keep_every_character_but_whitespace(code):
    assert "".join(TOKEN.findall(code)) == "".join(code.split())


def test_values_by_hand():
    values = {name: column[0] for name, column in diversity([["ls a b", "ls a c", "ls  a b"]]).items()}
    # 3 x (ls, a, b or c): 4 different words of 9, 3 pairs of 6, 2 triples of 3.
    assert values["distinct_1_grams"] == pytest.approx(4 / 9)
    assert values["distinct_2_grams"] == pytest.approx(3 / 6)
    assert values["distinct_3_grams"] == pytest.approx(2 / 3)
    assert math.isnan(values["distinct_4_grams"])
    assert values["mean_edit_distance"] == pytest.approx((1 / 6 + 0 + 1 / 6) / 3)
    assert values["min_edit_distance"] == 0
    assert values["distinct_candidates"] == pytest.approx(2 / 3)
    assert "embedding_similarity" not in values


def test_embedding_similarity():
    values = diversity([["a", "aa", "b"], ["a"], [], ["ab", "a"]], LetterCounts())["embedding_similarity"]
    assert values[0] == pytest.approx((1 + 0 + 0) / 3)
    assert math.isnan(values[1]) and math.isnan(values[2])
    assert values[3] == pytest.approx(0.5**0.5)


def test_fewer_than_two_candidates_are_undefined():
    for column in diversity([[], ["ls -l a b"]], LetterCounts()).values():
        assert len(column) == 2 and all(math.isnan(value) for value in column)


def test_equal_candidates_are_least_and_unlike_ones_most_diverse():
    equal, unlike = (
        {name: column[index] for name, column in diversity([["a b c d"] * 5, ["a b c d", "w x y z"]]).items()}
        for index in (0, 1)
    )
    assert all(equal[f"distinct_{n}_grams"] == pytest.approx(1 / 5) for n in (1, 2, 3, 4))
    assert all(unlike[f"distinct_{n}_grams"] == 1 for n in (1, 2, 3, 4))
    assert equal["mean_edit_distance"] == equal["min_edit_distance"] == 0
    assert equal["distinct_candidates"] == pytest.approx(1 / 5) and unlike["distinct_candidates"] == 1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.text(max_size=12), max_size=5), max_size=4))
def test_any_candidates_have_values_in_range_whatever_their_order(candidates):
    values = diversity(candidates)
    turned = diversity([codes[::-1] for codes in candidates])
    for name, column in values.items():
        assert len(column) == len(candidates)
        assert column == pytest.approx(turned[name], nan_ok=True)
        assert all(math.isnan(value) or 0 <= value <= 1 for value in column)
