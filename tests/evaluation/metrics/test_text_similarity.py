# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Edit distance, BLEU, chrF, and the syntax check of Python."""

import logging
import os
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


pytest.importorskip("rapidfuzz")
pytest.importorskip("sacrebleu")

from codefusion_hf.evaluation.metrics.text_similarity import corpus_bleu, corpus_chrf, edit_distance  # noqa: E402


GOLD = [
    ["sorted(names, key=len, reverse=True)", "names.sort(key=len)"],
    ["[x for x in rows if x is not None]"],
    ["os.path.join(folder, 'notes.txt')", "folder + '/notes.txt'", "Path(folder) / 'notes.txt'"],
    ["sum(prices) / len(prices)"],
]


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("", "", 0.0),
        ("ls  -l\n", "ls -l", 0.0),
        ("abcd", "", 1.0),
        ("abcd", "wxyz", 1.0),
        ("abcd", "abxd", 0.25),
        ("abc", "abcd", 0.25),
        ("abc", "bca", 2 / 3),
    ],
)
def test_edit_distance(one, other, distance):
    assert edit_distance(one, other) == pytest.approx(distance)


@given(st.text(max_size=20), st.text(max_size=20))
def test_edit_distance_is_symmetric_and_within_bounds(one, other):
    assert 0 <= edit_distance(one, other) == edit_distance(other, one) <= 1
    assert edit_distance(one, one) == 0


@pytest.mark.parametrize("score", [corpus_bleu, corpus_chrf])
def test_gold_against_itself_is_100(score):
    for position in (0, -1):
        estimate = score([[right[position]] for right in GOLD], GOLD, k=1)
        assert (estimate.value, estimate.low, estimate.high) == pytest.approx((100, 100, 100))


def test_gold_shorter_than_four_tokens_is_100():
    assert corpus_bleu([["pwd"], ["ls -l"]], [["pwd"], ["ls -l"]], k=1).value == pytest.approx(100)


def test_bleu_and_chrf_of_one_pair_by_hand():
    # Unigrams 3 of 4, bigrams 2 of 3, trigrams 1 of 2, no 4-gram of 1: smoothed to 1/2.
    bleu = corpus_bleu([["a b c x"]], [["a b c d"]], k=1)
    assert bleu.value == pytest.approx(100 * (3 / 4 * 2 / 3 * 1 / 2 * 1 / 2) ** 0.25)
    # Precision and recall are equal for texts of one length: characters 2 of 3, pairs 1 of 2, triples 0 of 1.
    assert corpus_chrf([["abx"]], [["abc"]], k=1).value == pytest.approx(100 * (2 / 3 + 1 / 2 + 0) / 3)


@pytest.mark.parametrize("score", [corpus_bleu, corpus_chrf])
def test_best_of_the_first_k_counts(score):
    candidates = [["x = 1", "y = 2", right[-1], "z = 3"] for right in GOLD]
    one, two, three = (score(candidates, GOLD, k).value for k in (1, 2, 3))
    assert one <= two < three == pytest.approx(100)


@pytest.mark.parametrize("score", [corpus_bleu, corpus_chrf])
def test_no_candidates_count_as_the_empty_string(score):
    half = [[right[0]] if index % 2 else [] for index, right in enumerate(GOLD)]
    blank = [[right[0]] if index % 2 else [""] for index, right in enumerate(GOLD)]
    assert score(half, GOLD, k=1) == score(blank, GOLD, k=1)
    assert score(half, GOLD, k=5).value < 100
    nothing = score([[] for _ in GOLD], GOLD, k=1)
    assert (nothing.value, nothing.low, nothing.high) == (0, 0, 0)


@pytest.mark.parametrize("score", [corpus_bleu, corpus_chrf])
def test_interval_holds_the_value_is_repeatable_and_leaves_no_trace(score):
    draws = random.Random(0)
    gold = [[f"f({draws.randrange(9)}, {draws.randrange(9)}) + {draws.randrange(9)}"] for _ in range(60)]
    candidates = [[right[0] if draws.random() < 0.5 else "g(x, y) - z"] for right in gold]
    state, environment = np.random.get_state()[1].tolist(), dict(os.environ)
    estimate = score(candidates, gold, k=1)
    assert 0 < estimate.low < estimate.value < estimate.high < 100
    assert score(candidates, gold, k=1) == estimate
    assert np.random.get_state()[1].tolist() == state and dict(os.environ) == environment


def test_commands_that_end_in_a_dot_are_not_called_tokenized(caplog):
    with caplog.at_level(logging.WARNING, logger="sacrebleu"):
        corpus_bleu([["find ."]] * 120, [["find ."]] * 120, k=1)
    assert not caplog.records


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(max_size=20), max_size=3), st.lists(st.text(max_size=20), min_size=1, max_size=3))
def test_any_strings_have_a_score(ranked, right):
    for score in (corpus_bleu, corpus_chrf):
        estimate = score([ranked], [right], k=2)
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 100


@pytest.mark.parametrize("score", [corpus_bleu, corpus_chrf])
def test_many_random_strings_have_a_score(score):
    draws = random.Random(0)
    texts = [
        "".join(chr(draws.choice((draws.randrange(128), draws.randrange(0x110000)))) for _ in range(9))
        for _ in range(500)
    ]
    estimate = score([[text] for text in texts], [[text[::-1]] for text in texts], k=1)
    assert 0 < estimate.value < 100


@pytest.mark.parametrize("score", [corpus_bleu, corpus_chrf])
@pytest.mark.parametrize(
    ("candidates", "references", "k", "message"),
    [
        ([], [], 1, "`candidates` and `references`.*got 0 and 0"),
        ([["a"]], [["a"], ["b"]], 1, "got 1 and 2"),
        ([["a"], ["b"]], [["a"], []], 1, "`references`.*index 1"),
        ([["a"]], [["a"]], 0, "`k` must be 1 or more, got 0"),
    ],
)
def test_bad_arguments(score, candidates, references, k, message):
    with pytest.raises(ValueError, match=message):
        score(candidates, references, k)
