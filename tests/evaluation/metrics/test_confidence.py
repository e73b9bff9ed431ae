# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Bootstrap intervals of means."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


pytest.importorskip("scipy")

from codefusion_hf.evaluation.metrics.confidence import Estimate, bootstrap_mean  # noqa: E402


def test_interval_covers_the_mean_of_the_population_about_as_often_as_it_says():
    covered = 0
    for trial in range(200):
        draws = random.Random(trial)
        estimate = bootstrap_mean([float(draws.random() < 0.3) for _ in range(100)], confidence=0.8, num_resamples=300)
        covered += estimate.low <= 0.3 <= estimate.high
    assert 140 <= covered <= 180


def test_interval_is_narrower_with_more_prompts_and_wider_with_more_confidence():
    few = bootstrap_mean([0.0, 1.0] * 20)
    many = bootstrap_mean([0.0, 1.0] * 500)
    certain = bootstrap_mean([0.0, 1.0] * 20, confidence=0.99)
    assert many.high - many.low < (few.high - few.low) / 4
    assert certain.low < few.low < few.value == 0.5 < few.high < certain.high


def test_same_seed_same_interval_and_global_state_untouched():
    draws = random.Random(0)
    values = [draws.random() for _ in range(50)]
    state = np.random.get_state()[1].tolist()
    assert bootstrap_mean(values, seed=3) == bootstrap_mean(values, seed=3)
    assert bootstrap_mean(values, seed=3) != bootstrap_mean(values, seed=4)
    assert np.random.get_state()[1].tolist() == state


@pytest.mark.parametrize("values", [[0.1], [0.1] * 3000, [0.1, math.nan]])
def test_equal_values_have_an_interval_of_no_width(values, recwarn):
    estimate = bootstrap_mean(values)
    assert estimate.value == pytest.approx(0.1) and estimate.low == estimate.value == estimate.high
    assert not recwarn


def test_undefined_values_are_left_out():
    assert bootstrap_mean([1.0, math.nan, 0.0, math.nan]) == bootstrap_mean([1.0, 0.0])
    nothing = bootstrap_mean([math.nan, math.nan])
    assert math.isnan(nothing.value) and math.isnan(nothing.low) and math.isnan(nothing.high)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(0.01, 0.99))
def test_value_lies_in_its_interval_and_the_interval_in_the_values(values, confidence):
    estimate = bootstrap_mean(values, confidence=confidence, num_resamples=20)
    slack = 1e-9 * max(map(abs, values))
    assert isinstance(estimate, Estimate)
    assert min(values) - slack <= estimate.low <= estimate.value <= estimate.high <= max(values) + slack


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"values": []}, "`values` must have at least one"),
        ({"values": [1.0, math.inf]}, "`values` must be finite or NaN, got inf"),
        ({"values": [1.0], "confidence": 1.0}, "`confidence`.*got 1.0"),
        ({"values": [1.0], "confidence": 0.0}, "`confidence`.*got 0.0"),
        ({"values": [1.0], "num_resamples": 0}, "`num_resamples`.*got 0"),
        ({"values": [1.0], "seed": -1}, "`seed`.*got -1"),
    ],
)
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_mean(**kwargs)
