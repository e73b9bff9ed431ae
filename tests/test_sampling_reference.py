# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The pipeline's loop against a plain one: one candidate at a time, nothing shared, nothing kept from step to step.

Both start from the same noise and draw the same noise for each candidate: that of the longest canvas of the call, cut.
"""

import copy
import inspect

import diffusers
import pytest
import torch
import torch.nn.functional as F
from diffusers.utils.torch_utils import randn_tensor

from codefusion_hf.modeling.modeling_codefusion import LIKELIHOOD_LIMIT
from codefusion_hf.pipelines import SUPPORTED_SCHEDULERS, batching
from codefusion_hf.pipelines.batching import group_by_length
from codefusion_hf.pipelines.scheduler_support import (
    EPSILON_ONLY_SCHEDULERS,
    interpolate_alphas_cumprod,
    sample_to_epsilon,
)


# diffusers hands torch tensors to numpy functions, in every `set_timesteps`
pytestmark = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")

STEPS = 3
TEMPERATURE = 0.5
CANDIDATES = 2


@pytest.fixture
def grouped(monkeypatch):
    """Batches cost nothing: each canvas length has its own."""
    monkeypatch.setattr(batching, "BATCH_OVERHEADS", {"cpu": 0})


def generators(rows):
    return [torch.Generator().manual_seed(row) for row in rows]


def use_scheduler(pipe, name):
    if name != "CodeFusionScheduler":
        pipe.scheduler = getattr(diffusers, name).from_config(pipe.scheduler.config)
    return pipe


def evaluate(model, sample, timestep, alpha_prod_t, states, condition, length):
    """One evaluation of the denoiser, with all that it can make itself: masks, lengths, keys, values, embeddings."""
    return model.denoise(
        sample,
        timestep,
        alpha_prod_t,
        model.denoiser.project_prompt(states),
        attention_mask=torch.ones(1, length),
        encoder_attention_mask=torch.ones(states.shape[:2]),
        lengths=torch.tensor([length]),
        self_condition=condition,
        temperature=TEMPERATURE,
    )


@torch.no_grad()
def reference(pipe, scheduler, prompt, length, noise, generator, prompt_length, guidance_scale=1.0):
    """Estimates of x_0 at each evaluation, and the latents at the end, of one candidate."""
    model = pipe.model
    if type(scheduler).__name__ == "DPMSolverSDEScheduler":
        scheduler.noise_sampler_seed = [int(torch.randint(2**62, (1,), generator=generator))]
    kwargs = {"generator": generator} if "generator" in inspect.signature(scheduler.step).parameters else {}
    states = model.encode(pipe.tokenizer(prompt, return_tensors="pt").input_ids)
    if guidance_scale > 1.0:
        no_prompt = randn_tensor((1, prompt_length, states.shape[2]), generator, dtype=states.dtype)
        no_prompt = no_prompt[:, : states.shape[1]]

    scheduler.set_timesteps(STEPS)
    sample = noise * scheduler.init_noise_sigma
    estimates, estimate = [], None
    for timestep in scheduler.timesteps:
        scaled = scheduler.scale_model_input(sample, timestep)
        canvas = scaled[:, :length]
        alpha_prod_t = interpolate_alphas_cumprod(scheduler.alphas_cumprod, timestep)
        denoised = evaluate(model, canvas, timestep, alpha_prod_t, states, estimate, length)
        prediction = denoised.sample
        if guidance_scale > 1.0:
            without = evaluate(model, canvas, timestep, alpha_prod_t, no_prompt, estimate, length)
            if denoised.logits is None:
                prediction = without.sample + guidance_scale * (denoised.sample - without.sample)
            else:
                logits = without.logits + guidance_scale * (denoised.logits - without.logits)
                # Temperature is the network's; what the latent itself says is known.
                table = model.embedding.normalized_weight()
                scale = (alpha_prod_t.sqrt() / (1.0 - alpha_prod_t)).clamp(max=LIKELIHOOD_LIMIT / table.shape[1])
                likelihood = scale * canvas @ table.T
                prediction = ((logits - likelihood) / TEMPERATURE + likelihood).softmax(dim=-1) @ table
        estimate = model.to_original_sample(prediction, canvas, alpha_prod_t)
        estimates.append(estimate)
        if scheduler.config.prediction_type != model.config.prediction_type:
            prediction = sample_to_epsilon(estimate, canvas, alpha_prod_t)
        # The canvas of the call is longer: noise is drawn for all of it.
        prediction = F.pad(prediction, (0, 0, 0, sample.shape[1] - length))
        sample = scheduler.step(prediction, timestep, sample, return_dict=False, **kwargs)[0]
    return estimates, sample[:, :length]


def check(pipe, prompts, candidates=CANDIDATES, guidance_scale=1.0):
    """
    The pipeline in one call, and the reference for each of its candidates, in double precision: where there is little
    noise, rounding is amplified.
    """
    pipe.to(torch.float64)
    rows = len(prompts) * candidates
    estimates = []
    scheduler = copy.deepcopy(pipe.scheduler)
    if type(scheduler).__name__ in EPSILON_ONLY_SCHEDULERS:
        scheduler.register_to_config(prediction_type="epsilon")

    def keep(pipe, step, timestep, tensors):
        estimates.append(tensors["pred_original_sample"])
        return {}

    arguments = {"num_return_sequences": candidates, "guidance_scale": guidance_scale, "temperature": TEMPERATURE}
    with torch.no_grad():
        states, mask, _, _ = pipe.encode_prompt(prompts)
        longest = int(pipe.prepare_lengths(states, mask, candidates).max())
        noise = torch.randn(rows, longest, 16, generator=torch.Generator().manual_seed(99), dtype=states.dtype)
    # The pipeline draws this first. (Given, it would fix the length.)
    pipe.prepare_latents = lambda *args: noise * pipe.scheduler.init_noise_sigma
    latents = pipe(
        prompts,
        STEPS,
        generator=generators(range(rows)),
        output_type="latent",
        callback_on_step_end=keep,
        callback_on_step_end_tensor_inputs=["pred_original_sample"],
        **arguments,
    ).latents.flatten(0, 1)
    assert latents.shape[1] == longest
    lengths = pipe.lengths.tolist()
    for row, (length, generator) in enumerate(zip(lengths, generators(range(rows)), strict=True)):
        expected_estimates, expected = reference(
            pipe,
            scheduler,
            prompts[row // candidates],
            length,
            noise[row : row + 1],
            generator,
            mask.shape[1],
            guidance_scale,
        )
        for actual, estimate in zip(estimates, expected_estimates, strict=True):
            torch.testing.assert_close(actual[row, :length], estimate[0], atol=1e-4, rtol=0)
        torch.testing.assert_close(latents[row, :length], expected[0], atol=1e-4, rtol=0)
    return lengths


@pytest.fixture(scope="module")
def prompts(pairs):
    return [prompt for prompt, _ in pairs[:2]]


@pytest.mark.parametrize("guidance_scale", [1.0, 2.0])
@pytest.mark.parametrize("self_conditioning_probability", [0.0, 0.5])
@pytest.mark.parametrize("name", ["CodeFusionScheduler", *SUPPORTED_SCHEDULERS])
def test_a_batch_in_groups(name, self_conditioning_probability, guidance_scale, make_pipeline, prompts, grouped):
    pipe = make_pipeline(num_denoiser_layers=1, self_conditioning_probability=self_conditioning_probability)
    lengths = check(use_scheduler(pipe, name), prompts, guidance_scale=guidance_scale)
    assert len(set(lengths)) > 1


@pytest.mark.parametrize("name", ["CodeFusionScheduler", "HeunDiscreteScheduler"])
@pytest.mark.parametrize("guidance_scale", [1.0, 2.0])
def test_a_padded_batch(guidance_scale, name, make_pipeline, prompts):
    lengths = check(use_scheduler(make_pipeline(), name), prompts, guidance_scale=guidance_scale)
    assert len(set(lengths)) > 1


@pytest.mark.parametrize("name", ["CodeFusionScheduler", *SUPPORTED_SCHEDULERS])
def test_a_single_candidate(name, make_pipeline, prompts):
    check(use_scheduler(make_pipeline(num_denoiser_layers=1), name), prompts[:1], candidates=1)


@pytest.mark.parametrize("name", ["CodeFusionScheduler", "HeunDiscreteScheduler", "UniPCMultistepScheduler"])
def test_noise_prediction(name, make_pipeline, prompts, grouped):
    pipe = make_pipeline(prediction_type="epsilon")
    check(use_scheduler(pipe, name), prompts, guidance_scale=2.0)


def test_results_do_not_depend_on_the_batches(make_pipeline, pairs, monkeypatch):
    pipe = make_pipeline()
    prompts = [prompt for prompt, _ in pairs]
    outputs, sizes = [], []
    pipe.model.denoiser.register_forward_hook(lambda module, args, output: sizes.append(tuple(output.shape[:2])))
    for overhead in (0, 10**6):
        monkeypatch.setattr(batching, "BATCH_OVERHEADS", {"cpu": overhead})
        generator = torch.Generator().manual_seed(0)  # one for all
        outputs.append(pipe(prompts, 1, 3, readout_noise=0.0, generator=generator))
        if overhead == 0:
            assert len(sizes) == len(set(pipe.lengths.tolist())) > 2
            assert sum(rows * length for rows, length in sizes) == pipe.lengths.sum()
            sizes.clear()
    assert sizes == [(12, int(pipe.lengths.max()))]
    grouped, padded = outputs
    assert grouped.codes == padded.codes
    assert torch.equal(grouped.sequences, padded.sequences)
    for one, other in zip(grouped.scores, padded.scores, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


@pytest.mark.parametrize(
    ("lengths", "overhead", "expected"),
    [
        ([8], 10, [[0]]),
        ([8, 8, 8], 0, [[0, 1, 2]]),
        ([16, 8, 16, 8], 0, [[1, 3], [0, 2]]),
        # 8 tokens of padding cost less than another batch, 40 cost more.
        ([16, 8, 48], 20, [[0, 1], [2]]),
        ([48, 8, 8, 8], 1000, [[0, 1, 2, 3]]),
        # Two by two; the neighbours in the middle are as far apart as those at the ends.
        ([8, 16, 24, 32], 10, [[0, 1], [2, 3]]),
    ],
)
def test_batches_cost_the_least(lengths, overhead, expected):
    assert group_by_length(lengths, overhead) == expected
