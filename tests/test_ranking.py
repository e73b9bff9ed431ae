# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The likeliest programs of a canvas, and their ranking."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from codefusion_hf.pipelines.ranking import Program, add_programs, collect_programs, likeliest_sequences, rank_programs


PAD, EOS, VOCAB_SIZE = 0, 1, 4


def all_programs(log_probabilities, canvas):
    """Every program of a canvas, with the log-ratio of its likeliest canvas to that of all, the likeliest first."""
    programs = {}
    for tokens in itertools.product(range(VOCAB_SIZE), repeat=canvas):
        end = next((i + 1 for i, token in enumerate(tokens) if token in (PAD, EOS)), canvas)
        # Both ends make the same program.
        last = log_probabilities[end - 1]
        if tokens[end - 1] == (PAD if last[PAD] < last[EOS] else EOS):
            continue
        log_ratio = sum(log_probabilities[i][token] - max(log_probabilities[i]) for i, token in enumerate(tokens))
        programs[tokens[:end]] = max(log_ratio, programs.get(tokens[:end], -math.inf))
    return sorted(programs.items(), key=lambda item: -item[1])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6), canvases=st.lists(st.integers(1, 4), min_size=1, max_size=3), number=st.integers(1, 9)
)
def test_the_likeliest_programs_are_found_exactly(seed, canvases, number):
    logits = 2.0 * torch.randn(len(canvases), 4, VOCAB_SIZE, generator=torch.Generator().manual_seed(seed))
    mask = torch.arange(4) < torch.tensor(canvases)[:, None]
    sequences, scores, log_ratios = likeliest_sequences(logits, number, EOS, PAD, mask)
    assert sequences.shape == (len(canvases), number, 4)
    assert scores.shape == log_ratios.shape == (len(canvases), number)
    for row, canvas in enumerate(canvases):
        log_probabilities = logits[row].log_softmax(dim=-1).tolist()
        expected = all_programs(log_probabilities, canvas)[:number]
        for rank, (tokens, log_ratio) in enumerate(expected):
            assert sequences[row, rank].tolist() == list(tokens) + [PAD] * (4 - len(tokens))
            assert log_ratios[row, rank].item() == pytest.approx(log_ratio, abs=1e-4)
            seen = [log_probabilities[i][token] for i, token in enumerate(tokens) if token != PAD]
            assert scores[row, rank].item() == pytest.approx(sum(seen) / max(1, len(seen)), abs=1e-4)
        assert log_ratios[row].isneginf().tolist() == [rank >= len(expected) for rank in range(number)]


def test_the_first_is_the_likeliest_token_of_each_position():
    """However unsure, so that a product of many factors is smaller than the first end."""
    logits = torch.randn(5, 12, 40, generator=torch.Generator().manual_seed(0)) / 10
    logits[..., [PAD, EOS]] -= 1.0
    sequences, _, log_ratios = likeliest_sequences(logits, 3, EOS, PAD)
    assert torch.equal(sequences[:, 0], logits.argmax(dim=-1))
    assert not log_ratios[:, 0].any()


def test_a_program_ends_with_its_canvas_or_without_an_end():
    logits = torch.full((1, 3, VOCAB_SIZE), -10.0)
    logits[..., 2] = 0.0
    for number in (1, 2):
        sequences, *_ = likeliest_sequences(logits, number, None, PAD)
        assert sequences[0, 0].tolist() == [2, 2, 2]
        sequences, *_ = likeliest_sequences(logits, number, EOS, PAD, torch.tensor([[True, True, False]]))
        assert sequences[0, 0].tolist() == [2, 2, PAD]


texts = st.sampled_from(["ls", "ls -a", "pwd", "find .", ""])
draws = st.lists(st.lists(st.tuples(texts, st.floats(-9.0, 0.0)), min_size=1, max_size=4), min_size=1, max_size=6).map(
    lambda rows: [
        [(text, [rank], ratio / 3, ratio) for rank, (text, ratio) in enumerate(sorted(row, key=lambda pair: -pair[1]))]
        for row in rows
    ]
)


@settings(max_examples=100, deadline=None)
@given(draws=draws, number=st.integers(1, 8), similar=st.booleans(), checked=st.booleans())
def test_ranking_is_a_permutation_of_the_programs(draws, number, similar, checked):
    programs = collect_programs(draws)
    assert {program.text for program in programs} == {text for row in draws for text, *_ in row}
    assert sum(program.votes for program in programs) == pytest.approx(len(draws))
    ranking = (lambda one, other: float(one[:1] == other[:1])) if similar else "votes"
    ranked = rank_programs(programs, number, ranking, (lambda text: text != "pwd") if checked else None)
    assert len(ranked) == min(number, len(programs))
    assert len({program.text for program in ranked}) == len(ranked)
    # What is empty or malformed is only there when all else is.
    good = [program.text not in (("", "pwd") if checked else ("",)) for program in ranked]
    assert good == sorted(good, reverse=True)
    if not similar:
        votes = [program.votes for program, is_good in zip(ranked, good, strict=True) if is_good]
        assert votes == sorted(votes, reverse=True)


def test_a_value_of_the_prompt_that_is_missing_takes_three_quarters_of_the_votes():
    programs = [
        Program("ls", [2], -1.0, True, 8.0),
        Program("ls /tmp", [3], -1.0, True, 3.0),
        Program("ls /tmp -w 80", [4], -1.0, True, 1.0),
    ]

    def ranked(values, ranking="votes"):
        return [program.text for program in rank_programs(programs, 3, ranking, values=values)]

    assert ranked(()) == ["ls", "ls /tmp", "ls /tmp -w 80"]
    assert ranked({"/tmp"}) == ["ls /tmp", "ls", "ls /tmp -w 80"]  # 3, 2 and 1 votes
    assert ranked({"/tmp", "80"}) == ["ls /tmp -w 80", "ls /tmp", "ls"]  # 1, 0.75 and 0.5
    rules = [Program("Top(c[2], 1)", [2], -1.0, True, 3.0), Program("Top(c[1], 2)", [3], -1.0, True, 2.0)]
    assert rank_programs(rules, 1, values={"2"}) == rules[1:]
    # So do the others' votes for what is similar, whatever the sign of a similarity.
    assert ranked({"/tmp"}, lambda one, other: -abs(len(one) - len(other)))[0] == "ls /tmp"
    assert ranked((), lambda one, other: -abs(len(one) - len(other)))[0] == "ls"


def test_votes_of_others_are_added():
    programs = [Program("a", [2], -1.0, True, 3.0), Program("b", [3], -2.0, False, 0.5)]
    others = [Program("b", [3, 0], -9.0, True, 4.0, (7, 0)), Program("c", [2, 3], -3.0, True, 2.0, (8, 0))]
    whole = add_programs(programs, others)
    assert [(program.text, program.votes, program.score) for program in whole] == [
        ("a", 3.0, -1.0),
        ("b", 4.5, -2.0),
        ("c", 2.0, -3.0),
    ]
    assert [program.text for program in rank_programs(whole, 3)] == ["b", "a", "c"]
    assert all(program.is_drawn for program in whole)
