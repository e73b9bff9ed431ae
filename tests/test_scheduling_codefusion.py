# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The scheduler of CodeFusion, and diffusers' own schedulers swapped in for it."""

import inspect

import diffusers
import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, EDMEulerScheduler, IPNDMScheduler, PNDMScheduler

from codefusion_hf.modeling.configuration_codefusion import square_root_alphas_cumprod
from codefusion_hf.pipelines import SUPPORTED_SCHEDULERS, CodeFusionScheduler
from codefusion_hf.pipelines.scheduler_support import (
    EPSILON_ONLY_SCHEDULERS,
    check_noise_schedule,
    interpolate_alphas_cumprod,
    sample_to_epsilon,
)


# diffusers hands torch tensors to numpy functions, in every `set_timesteps`
pytestmark = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")

LATENT_SIZE = 16

# RMS distance to the nearest token that a scheduler may leave after 10 and after 20 steps: about twice what was
# measured. They are wide where the last timestep evaluated is far from 0, and x_0 still a mean of several tokens.
RMS_LIMITS = {
    "DEISMultistepScheduler": (0.2, 0.17),
    "DPMSolverMultistepScheduler": (0.1, 0.01),
    "DPMSolverSinglestepScheduler": (0.12, 0.01),
    "LCMScheduler": (0.4, 0.1),
    "LMSDiscreteScheduler": (0.1, 0.1),
    "PNDMScheduler": (0.5, 0.35),
    "SASolverScheduler": (0.25, 0.2),
    "UniPCMultistepScheduler": (0.1, 0.01),
}


@pytest.fixture(scope="module")
def tokens():
    """Token embeddings: points on the sphere of radius sqrt(LATENT_SIZE)."""
    points = torch.randn(40, LATENT_SIZE, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.normalize(points, dim=-1) * LATENT_SIZE**0.5


def oracle_denoiser(scaled_sample, alpha_prod_t, tokens):
    """The best possible prediction of x_0: its posterior mean where every token is equally likely."""
    return (alpha_prod_t.sqrt() / (1.0 - alpha_prod_t) * scaled_sample @ tokens.T).softmax(dim=-1) @ tokens


def sample_tokens(scheduler, num_inference_steps, tokens, seed=0):
    """The sampling loop of the pipeline, with the oracle for a model."""
    generator = torch.Generator().manual_seed(seed)
    kwargs = {"generator": generator} if "generator" in inspect.signature(scheduler.step).parameters else {}
    torch.manual_seed(seed)  # DPMSolverSDE draws from the global generator
    scheduler.set_timesteps(num_inference_steps)
    sample = torch.randn(8, 6, LATENT_SIZE, generator=generator) * scheduler.init_noise_sigma
    for timestep in scheduler.timesteps:
        scaled_sample = scheduler.scale_model_input(sample, timestep)
        alpha_prod_t = interpolate_alphas_cumprod(scheduler.alphas_cumprod, timestep)
        model_output = oracle_denoiser(scaled_sample, alpha_prod_t, tokens)
        if scheduler.config.prediction_type == "epsilon":
            model_output = sample_to_epsilon(model_output, scaled_sample, alpha_prod_t)
        sample = scheduler.step(model_output, timestep, sample, return_dict=False, **kwargs)[0]
    return sample


def rms_to_nearest(sample, tokens):
    return (sample[..., None, :] - tokens).pow(2).mean(-1).amin(-1).mean().sqrt().item()


def swap(name, config):
    kwargs = {"prediction_type": "epsilon"} if name in EPSILON_ONLY_SCHEDULERS else {}
    return getattr(diffusers, name).from_config(config, **kwargs)


def reload(scheduler, folder):
    scheduler.save_pretrained(folder)
    return CodeFusionScheduler.from_pretrained(folder)


def relative_error(alphas_cumprod, expected):
    return ((alphas_cumprod - expected) / expected).abs().max().item()


@pytest.mark.parametrize("noise_factor", [1.0, 2.0])
def test_follows_the_square_root_schedule(noise_factor, tmp_path):
    expected = square_root_alphas_cumprod(1200, 1e-4, noise_factor)
    scheduler = CodeFusionScheduler(noise_factor=noise_factor)
    for one in (scheduler, reload(scheduler, tmp_path)):
        assert torch.equal(one.alphas_cumprod, expected)
        assert len(one) == 1200
        assert one.init_noise_sigma == 1.0


def test_save_load_round_trip(tmp_path):
    scheduler = CodeFusionScheduler(
        num_train_timesteps=50,
        schedule_offset=1e-3,
        noise_factor=3.0,
        prediction_type="epsilon",
        timestep_spacing="trailing",
    )
    again = reload(scheduler, tmp_path)
    config = dict(scheduler.config)
    del config["_use_default_values"]
    assert dict(again.config) == config
    assert torch.equal(again.betas, scheduler.betas)
    scheduler.set_timesteps(7)
    again.set_timesteps(7)
    assert torch.equal(again.timesteps, scheduler.timesteps)


@pytest.mark.parametrize("container", [list, np.array, torch.tensor])
def test_trained_betas_are_used_as_they_are(container):
    scheduler = CodeFusionScheduler(trained_betas=container([0.1, 0.3, 0.5]), noise_factor=2.0)
    assert scheduler.alphas_cumprod.tolist() == pytest.approx([0.9, 0.63, 0.315])
    assert scheduler.config.trained_betas == pytest.approx([0.1, 0.3, 0.5])
    assert scheduler.config.num_train_timesteps == len(scheduler) == 3


@pytest.mark.parametrize("reloaded", [False, True])
@pytest.mark.parametrize("name", SUPPORTED_SCHEDULERS)
def test_swapped_scheduler_recovers_the_tokens(name, reloaded, tokens, tmp_path):
    ours = CodeFusionScheduler()
    if reloaded:
        ours = reload(ours, tmp_path)
    scheduler = swap(name, ours.config)
    check_noise_schedule(scheduler, ours.alphas_cumprod)
    assert relative_error(scheduler.alphas_cumprod, ours.alphas_cumprod) < 1e-5
    assert scheduler.config.clip_sample is False
    for num_inference_steps, limit in zip((10, 20), RMS_LIMITS.get(name, (0.01, 0.01)), strict=True):
        sample = sample_tokens(scheduler, num_inference_steps, tokens)
        assert sample.isfinite().all()
        assert rms_to_nearest(sample, tokens) < limit


@pytest.mark.parametrize("name", SUPPORTED_SCHEDULERS)
def test_swapping_there_and_back_keeps_the_config(name):
    ours = CodeFusionScheduler(num_train_timesteps=300, noise_factor=2.0, prediction_type="epsilon")
    back = CodeFusionScheduler.from_config(getattr(diffusers, name).from_config(ours.config).config)
    assert {key: back.config[key] for key in ours.config} == dict(ours.config)
    assert torch.equal(back.alphas_cumprod, ours.alphas_cumprod)


@pytest.mark.parametrize("reloaded", [False, True])
def test_swapped_scheduler_takes_no_default_of_its_own(reloaded, tmp_path):
    ours = CodeFusionScheduler()
    if reloaded:
        ours = reload(ours, tmp_path)
    ddpm = DDPMScheduler.from_config(ours.config)
    assert ddpm.config.num_train_timesteps == 1200
    assert ddpm.config.prediction_type == "sample"
    assert ddpm.config.clip_sample is False
    assert ddpm.config.timestep_spacing == "linspace"
    assert PNDMScheduler.from_config(ours.config).config.skip_prk_steps is True


@pytest.mark.parametrize("name", SUPPORTED_SCHEDULERS)
def test_epsilon_only_schedulers_are_those_that_refuse_samples(name):
    scheduler = getattr(diffusers, name).from_config(CodeFusionScheduler().config)
    scheduler.set_timesteps(10)
    timestep = scheduler.timesteps[0]
    sample = torch.randn(1, 4, LATENT_SIZE)
    scheduler.scale_model_input(sample, timestep)
    if name in EPSILON_ONLY_SCHEDULERS:
        with pytest.raises((NotImplementedError, ValueError), match="sample"):
            scheduler.step(sample, timestep, sample)
    else:
        assert scheduler.step(sample, timestep, sample).prev_sample.isfinite().all()


@pytest.mark.parametrize("scheduler_class", [IPNDMScheduler, EDMEulerScheduler])
def test_schedulers_with_a_schedule_of_their_own_are_refused_by_name(scheduler_class):
    with pytest.raises(ValueError, match=scheduler_class.__name__):
        check_noise_schedule(scheduler_class(), CodeFusionScheduler().alphas_cumprod)


def test_check_accepts_ours():
    scheduler = CodeFusionScheduler()
    check_noise_schedule(scheduler, scheduler.alphas_cumprod)


@pytest.mark.parametrize("num_inference_steps", [10, 20])
def test_samples_tokens(num_inference_steps, tokens):
    assert rms_to_nearest(sample_tokens(CodeFusionScheduler(), num_inference_steps, tokens), tokens) < 0.01


@pytest.mark.parametrize("prediction_type", ["sample", "epsilon"])
def test_samples_as_ddpm_does(prediction_type, tokens):
    ours = CodeFusionScheduler(prediction_type=prediction_type)
    ddpm = DDPMScheduler.from_config(ours.config)
    assert ddpm.config.variance_type == "fixed_small"
    actual, expected = sample_tokens(ours, 10, tokens), sample_tokens(ddpm, 10, tokens)
    torch.testing.assert_close(actual, expected, atol=1e-4, rtol=0)


def test_step_draws_from_the_posterior_between_distant_timesteps():
    """Formula (7) of DDPM, from the precisions of the two Gaussians whose product the posterior is."""
    scheduler = CodeFusionScheduler(num_train_timesteps=100, schedule_offset=1e-3)
    scheduler.timesteps = torch.tensor([99, 40, 37, 0])
    original, sample = torch.full((1, 400, 50), 0.7), torch.full((1, 400, 50), -1.3)
    for timestep, prev_timestep in ((99, 40), (40, 37), (37, 0)):
        alpha_prod_t, alpha_prod_t_prev = scheduler.alphas_cumprod[[timestep, prev_timestep]].double().tolist()
        alpha = alpha_prod_t / alpha_prod_t_prev
        precision = alpha / (1.0 - alpha) + 1.0 / (1.0 - alpha_prod_t_prev)
        of_sample, of_original = alpha**0.5 / (1.0 - alpha), alpha_prod_t_prev**0.5 / (1.0 - alpha_prod_t_prev)
        mean = (-1.3 * of_sample + 0.7 * of_original) / precision
        drawn = scheduler.step(original, timestep, sample, generator=torch.Generator().manual_seed(0)).prev_sample
        assert drawn.mean().item() == pytest.approx(mean, abs=0.02)
        assert drawn.std().item() == pytest.approx(precision**-0.5, rel=0.02)


@pytest.mark.parametrize("timestep_spacing", ["linspace", "leading", "trailing"])
@pytest.mark.parametrize("prediction_type", ["sample", "epsilon"])
def test_last_step_returns_the_predicted_original_sample(prediction_type, timestep_spacing):
    scheduler = CodeFusionScheduler(prediction_type=prediction_type, timestep_spacing=timestep_spacing)
    scheduler.set_timesteps(6)
    original, noise = torch.randn(2, 3, 5, LATENT_SIZE).unbind()
    timestep = scheduler.timesteps[-1]
    sample = scheduler.add_noise(original, noise, timestep[None])
    output = scheduler.step(original if prediction_type == "sample" else noise, timestep, sample)
    torch.testing.assert_close(output.prev_sample, original, atol=1e-5, rtol=1e-5)
    assert torch.equal(output.prev_sample, output.pred_original_sample)


def test_prediction_types_agree():
    original, sample = torch.randn(2, 3, 5, LATENT_SIZE).unbind()
    of_sample, of_epsilon = CodeFusionScheduler(), CodeFusionScheduler(prediction_type="epsilon")
    for timestep in (1199, 600, 1):
        epsilon = sample_to_epsilon(original, sample, of_sample.alphas_cumprod[timestep])
        expected = of_sample.step(original, timestep, sample, generator=torch.Generator().manual_seed(0))
        actual = of_epsilon.step(epsilon, timestep, sample, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(actual.prev_sample, expected.prev_sample, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(actual.pred_original_sample, original, atol=1e-4, rtol=1e-4)


def test_clip_sample():
    scheduler = CodeFusionScheduler(clip_sample=True)
    output = scheduler.step(torch.tensor([[[-3.0, 0.5, 3.0]]]), 0, torch.zeros(1, 1, 3))
    assert output.pred_original_sample.tolist() == [[[-1.0, 0.5, 1.0]]]
    assert DDIMScheduler.from_config(scheduler.config).config.clip_sample is True


@pytest.mark.parametrize("timestep", [600, 600.0, torch.tensor(600), torch.tensor(600.0, dtype=torch.float64)])
def test_step_takes_any_whole_timestep(timestep):
    scheduler = CodeFusionScheduler()
    scheduler.set_timesteps(10)  # 600 is not one of them: the step goes to the next lower one
    original, sample = torch.randn(2, 3, 5, LATENT_SIZE).unbind()
    assert scheduler.previous_timestep(600) == 533
    expected = scheduler.step(original, 600, sample, generator=torch.Generator().manual_seed(0)).prev_sample
    actual = scheduler.step(original, timestep, sample, generator=torch.Generator().manual_seed(0), return_dict=False)
    assert torch.equal(actual[0], expected)
    assert torch.equal(actual[1], original)


@pytest.mark.parametrize("timestep", [-1, 1200, 0.5, torch.tensor(3.7)])
def test_step_refuses_other_timesteps(timestep):
    sample = torch.zeros(1, 2, LATENT_SIZE)
    with pytest.raises(ValueError, match=r"`timestep` must be a whole number in \[0, 1199\]"):
        CodeFusionScheduler().step(sample, timestep, sample)


def test_generator_makes_sampling_reproducible(tokens):
    scheduler = CodeFusionScheduler()
    first, again, other = (sample_tokens(scheduler, 5, tokens, seed) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_list_of_generators_seeds_each_element():
    scheduler = CodeFusionScheduler()
    original, sample = torch.randn(2, 3, 5, LATENT_SIZE).unbind()

    def step(seeds):
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        return scheduler.step(original, 800, sample, generator=generators).prev_sample

    assert torch.equal(step([1, 2, 3])[1:], step([9, 2, 3])[1:])
    assert not torch.equal(step([1, 2, 3])[0], step([9, 2, 3])[0])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_keeps_the_type_of_the_samples(dtype):
    scheduler = CodeFusionScheduler()
    sample = torch.randn(2, 5, LATENT_SIZE).to(dtype)
    output = scheduler.step(sample, 800, sample)
    assert output.prev_sample.dtype == output.pred_original_sample.dtype == dtype
    assert scheduler.add_noise(sample, sample, torch.tensor([0, 1199])).dtype == dtype
    assert sample_to_epsilon(sample, sample, scheduler.alphas_cumprod[10]).dtype == dtype


def test_add_noise_has_the_variance_of_the_schedule():
    scheduler = CodeFusionScheduler(noise_factor=2.0)
    timesteps = torch.tensor([0, 300, 1199])
    original = torch.full((3, 400, 50), 2.0)
    noise = torch.randn(original.shape, generator=torch.Generator().manual_seed(0))
    noisy = scheduler.add_noise(original, noise, timesteps)
    expected = square_root_alphas_cumprod(1200, 1e-4, 2.0)[timesteps]
    torch.testing.assert_close(noisy.mean(dim=(1, 2)), 2.0 * expected.sqrt(), atol=0.03, rtol=0)
    torch.testing.assert_close(noisy.var(dim=(1, 2)), 1.0 - expected, atol=0, rtol=0.03)


def test_add_noise_broadcasts_one_timestep():
    scheduler = CodeFusionScheduler()
    original, noise = torch.randn(2, 3, 5, LATENT_SIZE).unbind()
    one, each = torch.tensor([700]), torch.tensor([700, 700, 700])
    assert torch.equal(scheduler.add_noise(original, noise, one), scheduler.add_noise(original, noise, each))


@pytest.mark.parametrize(
    "timestep_spacing, num_inference_steps, expected",
    [
        ("linspace", 1, [1199]),
        ("linspace", 4, [1199, 799, 400, 0]),
        ("leading", 4, [900, 600, 300, 0]),
        ("trailing", 4, [1199, 899, 599, 299]),
        ("trailing", 1, [1199]),
    ],
)
def test_set_timesteps(timestep_spacing, num_inference_steps, expected):
    scheduler = CodeFusionScheduler(timestep_spacing=timestep_spacing)
    scheduler.set_timesteps(num_inference_steps, device="cpu")
    assert scheduler.timesteps.tolist() == expected
    assert scheduler.timesteps.dtype == torch.int64
    assert scheduler.num_inference_steps == num_inference_steps
    steps = [scheduler.previous_timestep(timestep) for timestep in expected]
    assert steps == expected[1:] + [-1]


@pytest.mark.parametrize("timestep_spacing", ["linspace", "leading", "trailing"])
@pytest.mark.parametrize("num_inference_steps", [7, 11, 999, 1200])
def test_timesteps_are_distinct_descending_training_steps(timestep_spacing, num_inference_steps):
    scheduler = CodeFusionScheduler(timestep_spacing=timestep_spacing)
    scheduler.set_timesteps(num_inference_steps)
    assert len(scheduler.timesteps) == num_inference_steps
    assert (scheduler.timesteps.diff() < 0).all()
    assert 0 <= scheduler.timesteps[-1] and scheduler.timesteps[0] < 1200
    timesteps = scheduler.timesteps.tolist()
    assert [scheduler.previous_timestep(timestep) for timestep in timesteps] == timesteps[1:] + [-1]


@pytest.mark.parametrize("num_inference_steps", [-1, 0, 1201])
def test_set_timesteps_refuses_a_number_out_of_range(num_inference_steps):
    with pytest.raises(ValueError, match=f"`num_inference_steps` must be an integer in .* got {num_inference_steps}"):
        CodeFusionScheduler().set_timesteps(num_inference_steps)


@pytest.mark.parametrize(
    "kwargs",
    [
        {"prediction_type": "v_prediction"},
        {"timestep_spacing": "karras"},
        {"num_train_timesteps": 1},
        {"schedule_offset": 0.0},
        {"schedule_offset": 0.5},
        {"noise_factor": 0.0},
        {"trained_betas": [0.1]},
        {"trained_betas": [0.1, 1.0]},
        {"trained_betas": [0.1, float("nan")]},
        {"trained_betas": [[0.1, 0.2], [0.3, 0.4]]},
    ],
)
def test_refuses_bad_arguments(kwargs):
    with pytest.raises(ValueError, match=f"`{next(iter(kwargs))}`"):
        CodeFusionScheduler(**kwargs)


def test_interpolation_is_exact_on_the_grid_and_inverts_sigma_to_t():
    alphas_cumprod = CodeFusionScheduler().alphas_cumprod
    on_grid = interpolate_alphas_cumprod(alphas_cumprod, torch.arange(1200))
    torch.testing.assert_close(on_grid, alphas_cumprod, atol=0, rtol=1e-6)

    timesteps = torch.tensor([0.25, 3.5, 600.9, 1198.5], dtype=torch.float64)
    between = interpolate_alphas_cumprod(alphas_cumprod, timesteps).double()
    sigmas, log_sigmas = ((1.0 - between) / between).sqrt(), torch.logit(alphas_cumprod.double()) / -2.0
    euler = diffusers.EulerDiscreteScheduler.from_config(CodeFusionScheduler().config)
    recovered = euler._sigma_to_t(sigmas.numpy(), log_sigmas.numpy())
    assert recovered.tolist() == pytest.approx(timesteps.tolist(), abs=1e-3)


def test_sample_to_epsilon_returns_the_noise_that_was_added():
    scheduler = CodeFusionScheduler()
    original, noise = torch.randn(2, 3, 5, LATENT_SIZE).unbind()
    sample = scheduler.add_noise(original, noise, torch.tensor([450]))
    epsilon = sample_to_epsilon(original, sample, scheduler.alphas_cumprod[450])
    torch.testing.assert_close(epsilon, noise, atol=1e-5, rtol=1e-5)
