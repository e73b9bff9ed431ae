# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Revising drafts: what strength does, under every scheduler, and what is refused."""

import copy

import diffusers
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from codefusion_hf.pipelines import (
    SUPPORTED_SCHEDULERS,
    CodeFusionInfillPipeline,
    CodeFusionPipeline,
    CodeFusionRevisePipeline,
)
from codefusion_hf.pipelines.scheduler_support import interpolate_alphas_cumprod, skip_steps, start_scheduler


# diffusers hands torch tensors to numpy functions, in every `set_timesteps`
pytestmark = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")

SCHEDULERS = ["CodeFusionScheduler", *SUPPORTED_SCHEDULERS]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def swap(pipe, name):
    if name != "CodeFusionScheduler":
        pipe.scheduler = getattr(diffusers, name).from_config(pipe.scheduler.config)
    return pipe


def quiet(pipe):
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture(scope="module")
def models(train_with_clean_positions):
    """A model that gives back four programs for their prompts, half of the time with some positions clean."""
    return train_with_clean_positions(160, clean_rows=0.5)


@pytest.fixture
def pipe(models, make_pipeline):
    return quiet(CodeFusionRevisePipeline.from_pipe(make_pipeline(models)))


@pytest.fixture(scope="module")
def untrained(make_pipeline):
    return quiet(CodeFusionRevisePipeline.from_pipe(make_pipeline()))


@pytest.fixture(scope="module")
def prompts(pairs):
    return [prompt for prompt, _ in pairs]


@pytest.fixture(scope="module")
def programs(pairs):
    return [code for _, code in pairs]


# --- Strength


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(lambda text: text.strip()), st.booleans())
def test_at_strength_0_the_draft_comes_back(untrained, draft, has_prompt):
    if len(untrained.tokenizer(draft).input_ids) > untrained.model.config.max_code_length:
        return
    prompt = "show the date" if has_prompt else ""
    output = untrained(prompt, code=draft, strength=0.0, num_return_sequences=2, generator=seeded())
    assert output.codes == [[draft] * 2]
    token_ids = untrained.tokenizer(draft).input_ids
    assert output.sequences[0, 0, : len(token_ids)].tolist() == token_ids
    assert not output.sequences[0, 0, len(token_ids) :].any()
    assert output.scores[0][0] < 0.0


def test_at_strength_0_a_draft_that_fits_its_prompt_has_the_better_score(pipe, prompts, programs):
    right = pipe(prompts, code=programs, strength=0.0).scores
    wrong = pipe(prompts, code=programs[::-1], strength=0.0).scores
    assert all(better > worse for (better,), (worse,) in zip(right, wrong, strict=True))


@pytest.mark.parametrize("name", ["CodeFusionScheduler", "HeunDiscreteScheduler", "UniPCMultistepScheduler"])
def test_at_strength_1_the_draft_does_not_count(name, make_pipeline, prompts):
    pipe = swap(make_pipeline(), name)
    arguments = {"num_inference_steps": 3, "num_return_sequences": 2, "generator": seeded()}
    expected = pipe(prompts, **arguments)
    revise = quiet(CodeFusionRevisePipeline.from_pipe(pipe))
    output = revise(prompts, code="wc -l", strength=1.0, **{**arguments, "generator": seeded()})
    assert output.codes == expected.codes and output.scores == expected.scores


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_slip_is_mended_under_every_scheduler(name, pipe, prompts, programs):
    draft = programs[3].replace("tail", "head")
    assert draft != programs[3]
    swap(pipe, name)
    output = pipe(prompts[3], code=draft, strength=0.6, num_candidates=4, generator=seeded())
    assert output.codes == [[programs[3]]]


def test_little_strength_keeps_more_of_the_draft_than_much(pipe, prompts, programs):
    """Under the prompt of another program."""

    def kept(strength):
        arguments = {"strength": strength, "num_inference_steps": 20, "temperature": 1.0, "generator": seeded()}
        output = pipe([prompts[1]] * 20, code=programs[3], **arguments)
        draft = pipe.tokenizer(programs[3], return_tensors="pt").input_ids[0]
        length = min(len(draft), output.sequences.shape[-1])
        return (output.sequences[:, 0, :length] == draft[:length]).float().mean()

    assert kept(0.1) > kept(0.9) + 0.2


@pytest.mark.parametrize("has_prompt", [True, False])
def test_the_draft_stays_where_the_draws_do_not_agree(has_prompt, untrained, prompts, programs):
    texts = prompts if has_prompt else [""] * len(prompts)
    arguments = {"strength": 0.5, "num_return_sequences": 5, "num_candidates": 20}
    output = untrained(texts, programs, generator=seeded(), **arguments)
    assert [codes[0] for codes in output.codes] == programs
    assert all(len(set(codes)) == 5 for codes in output.codes)
    (token_ids,) = untrained.tokenizer(programs[:1]).input_ids
    assert output.sequences[0, 0, : len(token_ids)].tolist() == token_ids


def test_what_is_kept_of_the_draft_is_not_noised_away_for_reading(untrained, prompts, programs):
    arguments = {"strength": 0.3, "num_return_sequences": 5, "num_candidates": 5}
    expected = untrained(prompts, programs, readout_noise=0.3, generator=seeded(), **arguments)
    output = untrained(prompts, programs, readout_noise=0.9, generator=seeded(), **arguments)
    assert output.codes == expected.codes and output.scores == expected.scores
    output = untrained(prompts, programs, readout_noise=0.1, generator=seeded(), **arguments)
    assert output.scores != expected.scores


def test_the_share_of_the_steps_is_the_strength(untrained, prompts):
    for strength, steps in ((0.0, 0), (0.01, 1), (0.3, 3), (0.95, 9), (1.0, 10)):
        untrained(prompts[0], code="date", strength=strength, num_inference_steps=10, generator=seeded())
        assert untrained.num_timesteps == steps
        assert set(untrained.num_evaluations.tolist()) == {steps}


@pytest.mark.parametrize("strength", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("name", SCHEDULERS)
def test_the_noise_of_a_draft_is_that_of_the_step_it_begins_at(name, strength, make_pipeline):
    """As the model gets it: of unit variance, `alpha_bar` of the timestep of it the draft's."""
    scheduler = copy.deepcopy(swap(make_pipeline(), name).scheduler)
    timesteps, _ = start_scheduler(scheduler, 10, seeded())
    timesteps = skip_steps(scheduler, timesteps, 10, strength)
    original, noise = torch.randn(2, 3, 6, 16, generator=seeded())
    noisy = scheduler.add_noise(original, noise, timesteps[:1].expand(3))
    alpha_prod_t = interpolate_alphas_cumprod(scheduler.alphas_cumprod, timesteps[0])
    expected = alpha_prod_t.sqrt() * original + (1.0 - alpha_prod_t).sqrt() * noise
    torch.testing.assert_close(scheduler.scale_model_input(noisy, timesteps[0]), expected, atol=2e-3, rtol=1e-3)


def test_pndm_makes_its_second_step_twice_wherever_it_begins(make_pipeline):
    scheduler = swap(make_pipeline(), "PNDMScheduler").scheduler
    timesteps, _ = start_scheduler(scheduler, 10, None)
    once = timesteps.unique().flip(0)
    left = skip_steps(scheduler, timesteps, 10, 0.4)
    assert left.tolist() == [once[6], once[7], once[7], once[8], once[9]]


# --- Canvas


def test_the_canvas_is_the_drafts_and_for_some_a_step_more_or_less(untrained, programs):
    num_tokens = len(untrained.tokenizer(programs[1]).input_ids)
    length = -(-num_tokens // 4) * 4
    arguments = {"strength": 0.3, "num_inference_steps": 4, "num_candidates": 5, "generator": seeded()}
    untrained("count", code=programs[1], **arguments)
    assert untrained.lengths.tolist() == [length, length + 4, length, length - 4, length]
    untrained("count", code="a", **arguments)
    assert untrained.lengths.min() == 4
    longest = "a " * 11 + "a"
    assert len(untrained.tokenizer(longest).input_ids) == 24
    untrained("count", code=longest, **arguments)
    assert untrained.lengths.tolist() == [24, 24, 24, 20, 24]


def test_a_model_of_one_canvas_length_revises_on_that(make_pipeline):
    pipe = quiet(CodeFusionRevisePipeline.from_pipe(make_pipeline(predict_length=False)))
    pipe("count", code="wc", num_candidates=4, generator=seeded())
    assert pipe.lengths.tolist() == [24] * 4


# --- Prompts


def test_prompts_may_be_empty(pipe, prompts, programs):
    draft = programs[3].replace("tail", "head")
    outputs = [pipe("", code=draft, num_candidates=4, strength=0.5, generator=seeded(seed)) for seed in (0, 0, 1)]
    assert outputs[0].scores == outputs[1].scores != outputs[2].scores
    # A batch with one of them: the others read their prompts.
    output = pipe([prompts[3], "", " "], code=draft, strength=0.6, num_candidates=4, generator=seeded())
    assert output.codes[0] == [programs[3]] and len(output.codes) == 3
    # There is no length but the draft's to go by.
    pipe("", code=draft, strength=1.0, generator=seeded())
    assert pipe.lengths.tolist() == [-(-len(pipe.tokenizer(draft).input_ids) // 4) * 4]


@pytest.mark.parametrize("guidance_scale", [1.0, 2.0])
def test_the_noise_of_an_empty_prompt_is_each_candidates_own(guidance_scale, untrained):
    generators = [seeded(seed) for seed in (0, 1, 0)]
    arguments = {"guidance_scale": guidance_scale, "output_type": "latent", "num_return_sequences": 3}
    latents = untrained("", code="date", strength=1.0, generator=generators, **arguments).latents[0]
    torch.testing.assert_close(latents[0], latents[2])
    assert not torch.allclose(latents[0], latents[1])


def test_one_prompt_or_draft_goes_with_all_of_the_other(untrained, prompts, programs):
    assert len(untrained(prompts[0], code=programs, generator=seeded()).codes) == 4
    assert len(untrained(prompts, code=programs[0], generator=seeded()).codes) == 4
    assert untrained("", code=programs, strength=0.0).codes == [[program] for program in programs]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"strength": 1.1}, r"`strength` must be a number in \[0, 1\], got 1.1"),
        ({"strength": True}, "`strength` must be a number"),
        ({"strength": float("nan")}, "`strength` must be a number"),
        ({"code": ""}, "`code` must be a string that is not empty, got ''"),
        ({"code": None}, "`code` must be a string or a list"),
        ({"code": ["a", "b"], "prompt": ["x", "y", "z"]}, "`code` must be .* as many as `prompt` has, 3, got"),
        ({"code": "a " * 30}, "`code` must be at most 23 tokens long, got"),
        ({"code": "a\ud800"}, "`code` must be Unicode text"),
        ({"prompt": None}, "`prompt` must be a string or a list"),
        ({"prompt": ["x", 3]}, "`prompt` must be a string, got 3"),
        ({"num_inference_steps": 0}, "`num_inference_steps` must be an integer"),
        ({"output_type": "np"}, "`output_type` must be one of"),
        ({"num_candidates": 0}, "`num_candidates` must be an integer"),
    ],
)
def test_bad_input(kwargs, message, untrained):
    with pytest.raises(ValueError, match=message):
        untrained(**{"prompt": "show the date", "code": "date", **kwargs})


# --- As pipelines of diffusers


PIPELINES = [CodeFusionPipeline, CodeFusionRevisePipeline, CodeFusionInfillPipeline]


@pytest.mark.parametrize("target", PIPELINES)
@pytest.mark.parametrize("source", PIPELINES)
def test_from_pipe_shares_the_components(source, target, make_pipeline):
    first = source.from_pipe(make_pipeline())
    first.register_to_config(sampling_defaults={"num_inference_steps": 3})
    second = target.from_pipe(first)
    assert type(second) is target
    for name in ("model", "tokenizer", "scheduler"):
        assert getattr(second, name) is getattr(first, name)
    assert second.sampling_defaults["num_inference_steps"] == 3


@pytest.mark.parametrize("pipeline_class", PIPELINES[1:])
def test_save_and_load(pipeline_class, untrained, tmp_path):
    pipe = quiet(pipeline_class.from_pipe(untrained))
    pipe.save_pretrained(tmp_path)
    loaded = quiet(pipeline_class.from_pretrained(tmp_path))
    arguments = {"prompt": "count", "code": "wc -l <mask>", "num_inference_steps": 3}
    assert loaded(**arguments, generator=seeded()).scores == pipe(**arguments, generator=seeded()).scores
    # A checkpoint is one of all three.
    for other in PIPELINES:
        assert type(other.from_pretrained(tmp_path)) is other
