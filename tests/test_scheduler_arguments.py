# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What the noise scheduler cannot work with is refused by the argument's name, whatever it is."""

import math

import numpy as np
import pytest
import torch

from codefusion_hf.pipelines import CodeFusionScheduler


SHAPE = (2, 3, 4)
NAN, INF = math.nan, math.inf


@pytest.fixture
def scheduler():
    scheduler = CodeFusionScheduler(num_train_timesteps=20, schedule_offset=1e-3)
    scheduler.set_timesteps(4)
    return scheduler


@pytest.fixture
def sample():
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))


def refused(name):
    return pytest.raises((TypeError, ValueError), match=rf"`{name}` must .*got")


@pytest.mark.parametrize("value", [2.5, 0, -1, 21, 2**63, True, "4", None, NAN, INF, [4], torch.tensor([4, 5]), 4.0])
def test_a_number_of_steps(value, scheduler):
    timesteps = scheduler.timesteps
    with refused("num_inference_steps"):
        scheduler.set_timesteps(value)
    assert scheduler.timesteps is timesteps and scheduler.num_inference_steps == 4


def test_a_number_of_steps_of_numpy_is_one(scheduler):
    scheduler.set_timesteps(np.int64(5))
    assert scheduler.num_inference_steps == len(scheduler.timesteps) == 5


@pytest.mark.parametrize("device", ["evil", 2.5, [], "cpu:evil"])
def test_a_device(device, scheduler):
    with refused("device"):
        scheduler.set_timesteps(3, device=device)


@pytest.mark.parametrize(
    "value", ["x", "3", None, NAN, INF, -INF, -1, 20, 2**63, 2.5, [3], [], {}, True, torch.tensor([3, 4]), 1j]
)
def test_a_timestep(value, scheduler, sample):
    with refused("timestep"):
        scheduler.step(sample, value, sample)
    with refused("timestep"):
        scheduler.previous_timestep(value)


@pytest.mark.parametrize("value", [13, 13.0, np.int64(13), np.float32(13), torch.tensor(13), torch.tensor([13.0])])
def test_a_timestep_of_any_type_is_one(value, scheduler, sample):
    expected = scheduler.step(sample, 13, sample, generator=torch.Generator().manual_seed(1)).prev_sample
    given = scheduler.step(sample, value, sample, generator=torch.Generator().manual_seed(1)).prev_sample
    assert torch.equal(expected, given)


@pytest.mark.parametrize("name", ["model_output", "sample"])
@pytest.mark.parametrize(
    "value",
    [
        None,
        "x",
        1.0,
        [[[0.0] * 4] * 3] * 2,
        np.zeros(SHAPE),
        torch.zeros(SHAPE, dtype=torch.long),
        torch.zeros(SHAPE, dtype=torch.complex64),
        torch.full(SHAPE, NAN),
        torch.full(SHAPE, INF),
    ],
    ids=lambda value: type(value).__name__,
)
def test_tensors_of_a_step(name, value, scheduler, sample):
    with refused(name):
        scheduler.step(**{"model_output": sample, "timestep": 13, "sample": sample, name: value})


@pytest.mark.parametrize("shape", [(1, 3, 4), (2, 3), (), (2, 3, 5)])
def test_a_prediction_of_another_shape_is_not_spread(shape, scheduler, sample):
    with refused("model_output"):
        scheduler.step(torch.zeros(shape), 13, sample)


@pytest.mark.parametrize("shape", [(), (0, 3, 4), (2, 0, 4)])
def test_there_has_to_be_a_batch(shape, scheduler):
    sample = torch.zeros(shape)
    with refused("sample"):
        scheduler.step(sample, 13, sample, generator=[])
    with refused("original_samples"):
        scheduler.add_noise(sample, sample, torch.tensor([0]))


@pytest.mark.parametrize("value", [0, "x", [None, None], [torch.Generator()], [torch.Generator()] * 3, []])
def test_generators(value, scheduler, sample):
    with refused("generator"):
        scheduler.step(sample, 13, sample, generator=value)


@pytest.mark.parametrize(
    "timesteps",
    [
        torch.tensor([-1]),
        torch.tensor([20]),
        torch.tensor([3, -1]),
        torch.tensor([1, 2, 3]),
        torch.tensor([[1, 2]]),
        torch.tensor(3.0),
        torch.tensor([1.5, 2.0]),
        torch.tensor([True, False]),
        torch.zeros(0, dtype=torch.long),
        [1, 2],
        3,
        None,
        "x",
        NAN,
    ],
    ids=str,
)
def test_timesteps_of_noise(timesteps, scheduler, sample):
    with refused("timesteps"):
        scheduler.add_noise(sample, sample, timesteps)


@pytest.mark.parametrize("name", ["original_samples", "noise"])
@pytest.mark.parametrize(
    "value", [None, 1.0, np.zeros(SHAPE), torch.zeros(SHAPE, dtype=torch.int), torch.full(SHAPE, NAN)]
)
def test_tensors_of_noise(name, value, scheduler, sample):
    with refused(name):
        scheduler.add_noise(
            **{"original_samples": sample, "noise": sample, "timesteps": torch.tensor([3]), name: value}
        )


def test_noise_of_another_shape_is_not_spread(scheduler, sample):
    with refused("noise"):
        scheduler.add_noise(sample, sample[:1], torch.tensor([3]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_train_timesteps", 1),
        ("num_train_timesteps", 2.5),
        ("num_train_timesteps", 10**9),
        ("schedule_offset", NAN),
        ("noise_factor", NAN),
        ("noise_factor", "x"),
        ("prediction_type", "velocity"),
        ("prediction_type", ["sample"]),
        ("prediction_type", np.zeros(2)),
        ("timestep_spacing", 3),
        ("clip_sample", "yes"),
        ("trained_betas", "evil"),
        ("trained_betas", 0.5),
        ("trained_betas", [0.1, "x"]),
        ("trained_betas", [0.1, None]),
        ("trained_betas", [0.1, NAN]),
        ("trained_betas", [[0.1, 0.2]]),
        ("trained_betas", [0.1]),
        ("trained_betas", [0.0, 0.1]),
        ("trained_betas", {"a": 1}),
        # Without noise in single precision at first, or without signal at last: a step would divide by zero.
        ("trained_betas", [1e-30, 0.1]),
        ("trained_betas", [0.999] * 40),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_configuration(name, value):
    with refused(name):
        CodeFusionScheduler(**{name: value})
    with refused(name):
        CodeFusionScheduler.from_config({name: value})
