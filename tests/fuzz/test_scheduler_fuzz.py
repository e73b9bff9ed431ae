# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The noise scheduler's public calls with any values: numbers that are finite, or an error that names an argument."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from codefusion_hf.pipelines import CodeFusionScheduler

from .values import ANYTHING, FLOATS, budget, result_or_clear_error


SHAPES = st.sampled_from(((2, 3, 4), (1, 3, 4), (2, 3), (2,), (), (0, 3, 4), (2, 3, 4, 5)))
DTYPES = st.sampled_from((torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.long, torch.bool))
# Nine in ten as a caller makes them.
TENSORS = st.one_of(
    *[st.builds(lambda seed: torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(seed)), st.integers(0, 9))]
    * 9,
    st.builds(lambda shape, dtype: torch.ones(shape, dtype=dtype), SHAPES, DTYPES),
    st.builds(lambda value: torch.full((2, 3, 4), value), st.floats(width=32)),
    ANYTHING,
)
TIMESTEPS = st.one_of(st.integers(0, 19), st.integers(-3, 25).map(torch.tensor), FLOATS, ANYTHING)
LISTS_OF_TIMESTEPS = st.one_of(
    st.lists(st.integers(0, 19), min_size=1, max_size=2).map(torch.tensor),
    st.lists(st.integers(-3, 25), max_size=3).map(torch.tensor),
    st.lists(st.floats(-1, 25), max_size=3).map(torch.tensor),
    ANYTHING,
)
GENERATORS = st.one_of(
    st.none(),
    st.builds(torch.Generator),
    st.lists(st.one_of(st.builds(torch.Generator), st.none()), max_size=3),
    ANYTHING,
)
COUNTS = st.one_of(st.integers(1, 20), ANYTHING)
CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "num_train_timesteps": st.one_of(st.integers(0, 40), ANYTHING),
        "schedule_offset": st.one_of(st.floats(0, 0.05), ANYTHING),
        "noise_factor": st.one_of(st.floats(0, 120), ANYTHING),
        "prediction_type": st.one_of(st.sampled_from(("sample", "epsilon", "v_prediction")), ANYTHING),
        "timestep_spacing": st.one_of(st.sampled_from(("linspace", "leading", "trailing")), ANYTHING),
        "clip_sample": st.one_of(st.booleans(), ANYTHING),
        "trained_betas": st.one_of(
            st.none(),
            st.lists(st.floats(0, 1), max_size=4),
            st.lists(st.one_of(FLOATS, ANYTHING), max_size=3),
            ANYTHING,
        ),
        "evil": ANYTHING,
    },
)


def make_scheduler(prediction_type, num_inference_steps=4):
    scheduler = CodeFusionScheduler(20, schedule_offset=1e-3, prediction_type=prediction_type)
    scheduler.set_timesteps(num_inference_steps)
    return scheduler


def check_scheduler(scheduler):
    """Its loop leads from noise to what is predicted, by numbers."""
    assert ((scheduler.alphas_cumprod > 0.0) & (scheduler.alphas_cumprod < 1.0)).all()
    scheduler.set_timesteps(min(3, len(scheduler)))
    sample = torch.full((1, 2, 2), 0.5)
    for timestep in scheduler.timesteps:
        sample = scheduler.step(torch.zeros_like(sample), timestep, sample).prev_sample
        assert sample.isfinite().all()


def check_step(prediction_type, model_output, timestep, sample, generator):
    scheduler = make_scheduler(prediction_type)
    outcome = result_or_clear_error(
        lambda: scheduler.step(model_output, timestep, sample, generator=generator, return_dict=False)
    )
    if not isinstance(outcome, Exception):
        assert all(tensor.shape == sample.shape and not tensor.isnan().any() for tensor in outcome)


def check_timesteps(count, device, spacing):
    scheduler = CodeFusionScheduler(20, schedule_offset=1e-3, timestep_spacing=spacing)
    outcome = result_or_clear_error(lambda: scheduler.set_timesteps(count, device=device))
    if not isinstance(outcome, Exception):
        timesteps = scheduler.timesteps.tolist()
        assert len(timesteps) == count and timesteps == sorted(set(timesteps), reverse=True)
        assert 0 <= timesteps[-1] and timesteps[0] < 20


def check_noise(original_samples, noise, timesteps):
    scheduler = make_scheduler("sample")
    outcome = result_or_clear_error(lambda: scheduler.add_noise(original_samples, noise, timesteps))
    if not isinstance(outcome, Exception):
        assert outcome.shape == original_samples.shape and not outcome.isnan().any()


def check_previous(timestep):
    outcome = result_or_clear_error(lambda: make_scheduler("sample").previous_timestep(timestep))
    assert isinstance(outcome, Exception) or -1 <= outcome < timestep


def check_config(config, by_file):
    make = (lambda: CodeFusionScheduler.from_config(config)) if by_file else (lambda: CodeFusionScheduler(**config))
    if not by_file:
        config.pop("evil", None)
    outcome = result_or_clear_error(make)
    if not isinstance(outcome, Exception):
        check_scheduler(outcome)


steps = given(
    prediction_type=st.sampled_from(("sample", "epsilon")),
    model_output=TENSORS,
    timestep=TIMESTEPS,
    sample=TENSORS,
    generator=GENERATORS,
)
counts = given(
    count=COUNTS,
    device=st.one_of(
        st.sampled_from((None, "cpu", torch.device("cpu"))),
        ANYTHING.filter(lambda v: v is not True and not isinstance(v, int)),
    ),
    spacing=st.sampled_from(("linspace", "leading", "trailing")),
)
noises = given(original_samples=TENSORS, noise=TENSORS, timesteps=LISTS_OF_TIMESTEPS)
previous = given(timestep=TIMESTEPS)
configs = given(config=CONFIGS, by_file=st.booleans())


@budget(0.15)
@steps
def test_any_step(**arguments):
    check_step(**arguments)


@budget(0.05)
@counts
def test_any_number_of_steps(**arguments):
    check_timesteps(**arguments)


@budget(0.1)
@noises
def test_any_noise(**arguments):
    check_noise(**arguments)


@budget(0.05)
@previous
def test_any_previous_timestep(**arguments):
    check_previous(**arguments)


@budget(0.1)
@configs
def test_any_configuration(**arguments):
    check_config(**arguments)


@pytest.mark.slow
@budget(0.15, slow=True)
@steps
def test_any_step_at_length(**arguments):
    check_step(**arguments)


@pytest.mark.slow
@budget(0.05, slow=True)
@counts
def test_any_number_of_steps_at_length(**arguments):
    check_timesteps(**arguments)


@pytest.mark.slow
@budget(0.1, slow=True)
@noises
def test_any_noise_at_length(**arguments):
    check_noise(**arguments)


@pytest.mark.slow
@budget(0.05, slow=True)
@previous
def test_any_previous_timestep_at_length(**arguments):
    check_previous(**arguments)


@pytest.mark.slow
@budget(0.1, slow=True)
@configs
def test_any_configuration_at_length(**arguments):
    check_config(**arguments)
