# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Tokens that are committed in the order of confidence: how many, when, under every scheduler, and what is refused."""

import math
from types import SimpleNamespace

import diffusers
import pytest
import torch

from codefusion_hf.pipelines import (
    SUPPORTED_SCHEDULERS,
    CodeFusionInfillPipeline,
    CodeFusionPipeline,
    CodeFusionRevisePipeline,
)
from codefusion_hf.pipelines.committing import _draw


# diffusers hands torch tensors to numpy functions, in every `set_timesteps`
pytestmark = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def model(train_with_clean_positions):
    """A model that gives back four programs for their prompts, half of the time with some positions clean."""
    return train_with_clean_positions(160, clean_rows=0.5)


@pytest.fixture
def pipe(model, make_pipeline):
    pipe = make_pipeline(model)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture
def untrained(make_pipeline):
    pipe = make_pipeline()
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.mark.parametrize("name", ["CodeFusionScheduler", *SUPPORTED_SCHEDULERS])
def test_what_was_learned_is_written_under_every_scheduler(name, pipe, pairs):
    if name != "CodeFusionScheduler":
        pipe.scheduler = getattr(diffusers, name).from_config(pipe.scheduler.config)
    prompts, programs = map(list, zip(*pairs, strict=True))
    output = pipe(prompts, commit_tokens=True, num_candidates=4, temperature=0.3, generator=seeded())
    assert output.codes == [[program] for program in programs]
    assert all(-1.0 < score <= 0.0 for (score,) in output.scores)


@pytest.mark.parametrize("num_steps", [1, 3, 10])
def test_each_step_commits_its_share_or_one_and_changes_nothing_before(num_steps, untrained):
    call, last = prepare_and_keep(untrained, {"num_inference_steps": num_steps, "num_candidates": 3}), None
    for index, _ in enumerate(untrained._denoise(call)):
        numbers = [
            min(max(math.ceil(length * (index + 1) / num_steps), index + 1), length)
            for length in call.lengths.tolist()
        ]
        assert call.held.mask.sum(dim=1).tolist() == numbers
        if last is not None:
            mask, token_ids = last
            assert (call.held.mask | ~mask).all() and (call.held.token_ids[mask] == token_ids[mask]).all()
        last = call.held.mask, call.held.token_ids
    mask, token_ids = last
    length = call.committed.token_ids.shape[1]
    is_behind = call.committed.token_ids != token_ids[:, :length]
    assert (call.committed.token_ids[is_behind] == untrained.model.config.pad_token_id).all()
    assert (call.committed.log_probabilities <= 0.0).all()
    assert (call.committed.log_probabilities[~mask] == 0.0).all()


def test_what_the_model_is_sure_of_is_committed_at_once(pipe, pairs):
    prompts, programs = map(list, zip(*pairs, strict=True))
    arguments = {"num_inference_steps": 10, "num_candidates": 4, "temperature": 0.3, "commit_tokens": True}
    output = pipe(prompts, early_exit_confidence=0.8, generator=seeded(), **arguments)
    sure = pipe.num_evaluations
    assert output.codes == [[program] for program in programs]
    assert sure.min() < 10 and len(sure) == 16
    pipe(prompts, early_exit_confidence=1.0, generator=seeded(), **arguments)
    assert (pipe.num_evaluations >= sure).all() and pipe.num_evaluations.min() > sure.min()


def test_a_call_ends_with_its_last_candidate(untrained):
    arguments = {"commit_tokens": True, "num_candidates": 3, "generator": seeded()}
    steps = list(untrained.stream("show the date", early_exit_confidence=0.0, **arguments))
    assert untrained.num_evaluations.tolist() == [1, 1, 1] and untrained.num_timesteps == 10
    assert len(steps) == len(list(untrained.stream("show the date", num_inference_steps=1, **arguments)))


def test_who_leaves_early_changes_nothing_for_others(pipe):
    prompts = ["count the lines of notes.txt", "count words backwards"]
    arguments = {"commit_tokens": True, "target_length": 8, "temperature": 0.3, "early_exit_confidence": 0.6}
    both = pipe(prompts, generator=[seeded(1), seeded(2)], **arguments)
    assert len(set(pipe.num_evaluations.tolist())) == 2
    for row, prompt in enumerate(prompts):
        alone = pipe(prompt, generator=[seeded(row + 1)], **arguments)
        assert both.codes[row] == alone.codes[0] and both.scores[row] == pytest.approx(alone.scores[0], abs=1e-4)


@pytest.mark.parametrize("filled", [False, True])
def test_weights_that_are_not_finite_are_refused(filled, make_model, make_pipeline):
    pipe = make_pipeline(make_model())
    for parameter in pipe.model.denoiser.parameters():
        parameter.data.fill_(math.nan)
    arguments = {"code": "wc <mask>"} if filled else {}
    pipe = CodeFusionInfillPipeline.from_pipe(pipe) if filled else pipe
    with pytest.raises(ValueError, match="`model`: its weights gave latents that are not finite"):
        pipe("count lines", commit_tokens=True, **arguments)


def test_revising_may_leave_early_where_the_checkpoint_commits(untrained):
    defaults = {**untrained.config.sampling_defaults, "commit_tokens": True}
    pipe = CodeFusionRevisePipeline(**untrained.components, sampling_defaults=defaults)
    pipe("count lines", code="wc -l", strength=0.5, early_exit_patience=1, early_exit_confidence=0.0)
    with pytest.raises(ValueError, match="`early_exit_patience` must be 0 with `commit_tokens`"):
        pipe("count lines", code="wc -l", strength=1.0, early_exit_patience=1)


def test_no_draw_is_a_token_that_cannot_be():
    logits = torch.tensor([[[0.0, 0.0, -math.inf]]])
    drawn, confidences = torch.zeros((1, 1), dtype=torch.long), torch.zeros((1, 1))
    batch = SimpleNamespace(rows=torch.tensor([0]), canvas_length=1)
    _draw(logits, batch, torch.ones((1, 1), dtype=torch.bool), 1.0, torch.ones((1, 1)), drawn, confidences)
    assert drawn.item() == 1 and confidences.item() == 0.5


def prepare_and_keep(pipe, arguments):
    """A call that is about to make its first step."""
    given = {"prompt": ["show the date", "count lines"], "generator": seeded(), "commit_tokens": True, **arguments}
    calls = []
    prepare = pipe._prepare
    pipe._prepare = lambda given: calls.append(prepare(given)) or calls[-1]
    pipe.stream(**given)
    pipe._prepare = prepare
    return calls[-1]


def test_the_streams_last_draft_is_what_the_call_returns(untrained):
    arguments = {"num_return_sequences": 5, "num_candidates": 6, "commit_tokens": True}
    *_, last = untrained.stream("show the date", generator=seeded(), **arguments)
    output = untrained("show the date", generator=seeded(), **arguments)
    assert last.output.codes == output.codes and last.output.scores == output.scores
    assert len(set(output.codes[0])) == 5


def test_a_single_draw_has_second_guesses(untrained):
    output = untrained("show the date", num_return_sequences=5, num_candidates=5, commit_tokens=True, temperature=0.01)
    assert len(set(output.codes[0])) == 5


def test_a_score_is_the_mean_log_probability_of_the_canvas(untrained):
    arguments = {"commit_tokens": True, "num_inference_steps": 4}
    call = prepare_and_keep(untrained, arguments)
    for _ in untrained._denoise(call):
        pass
    output = untrained(["show the date", "count lines"], generator=seeded(), **arguments)
    expected = call.committed.log_probabilities.sum(dim=1) / call.lengths
    assert [score for (score,) in output.scores] == pytest.approx(expected.tolist())


def test_temperature_is_that_of_the_draws(untrained):
    def draw(temperature, seed):
        arguments = {"commit_tokens": True, "num_candidates": 1, "temperature": temperature}
        return untrained("show the date", target_length=8, generator=seeded(seed), **arguments).codes[0][0]

    assert len({draw(100.0, seed) for seed in range(4)}) == 4
    lists = untrained(
        "show the date", commit_tokens=True, temperature=[0.5, 100.0], num_candidates=4, generator=seeded()
    )
    assert lists.codes


def test_a_checkpoint_can_say_so(untrained, tmp_path):
    defaults = {**untrained.config.sampling_defaults, "commit_tokens": True, "num_candidates": 3}
    CodeFusionPipeline(**untrained.components, sampling_defaults=defaults).save_pretrained(tmp_path)
    loaded = CodeFusionPipeline.from_pretrained(tmp_path)
    loaded.set_progress_bar_config(disable=True)
    expected = untrained("show the date", commit_tokens=True, num_candidates=3, generator=seeded())
    assert loaded("show the date", generator=seeded()).scores == expected.scores
    other = loaded("show the date", commit_tokens=False, generator=seeded())
    assert other.scores != expected.scores
    # Who swaps the scheduler wants its steps.
    loaded.scheduler = diffusers.DDIMScheduler.from_config(loaded.scheduler.config)
    swapped = loaded("show the date", generator=seeded())
    assert swapped.scores == loaded("show the date", commit_tokens=False, generator=seeded()).scores
    assert swapped.scores != loaded("show the date", commit_tokens=True, generator=seeded()).scores


def test_one_generator_for_each_candidate(untrained):
    prompts, arguments = ["show the date", "count lines"], {"commit_tokens": True, "target_length": 8}
    both = untrained(prompts, generator=[seeded(1), seeded(2)], **arguments)
    alone = [untrained(prompt, generator=[seeded(row)], **arguments) for row, prompt in enumerate(prompts, 1)]
    assert both.codes == [output.codes[0] for output in alone]


def test_a_callback_can_replace_the_noise(untrained):
    arguments = {"commit_tokens": True, "target_length": 8, "num_inference_steps": 4}

    def silence(pipe, step, timestep, values):
        return {"latents": torch.zeros_like(values["latents"])}

    kept = untrained("show the date", generator=seeded(), **arguments).scores
    same = untrained("show the date", generator=seeded(), callback_on_step_end=lambda *args: {}, **arguments).scores
    other = untrained("show the date", generator=seeded(), callback_on_step_end=silence, **arguments).scores
    assert kept == same and kept != other


def test_latents_are_the_embeddings_of_the_tokens(untrained):
    arguments = {"commit_tokens": True, "target_length": 8, "num_inference_steps": 2}
    latents = untrained("show the date", output_type="latent", generator=seeded(), **arguments).latents
    token_ids = untrained("show the date", output_type="token_ids", generator=seeded(), **arguments).sequences
    embeds = untrained.model.embed(token_ids)
    assert torch.allclose(latents[0, 0, : token_ids.shape[-1]], embeds[0, 0])


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"commit_tokens": "yes"}, "`commit_tokens` must be True or False, got 'yes'"),
        ({"commit_tokens": True, "early_exit_patience": 2}, "`early_exit_patience` must be 0 with `commit_tokens`"),
    ],
)
def test_bad_input(arguments, message, untrained):
    with pytest.raises(ValueError, match=message):
        untrained("show the date", **arguments)


def test_a_model_of_the_noise_cannot(make_model, make_pipeline):
    pipe = make_pipeline(make_model(prediction_type="epsilon"))
    with pytest.raises(ValueError, match="`commit_tokens` must be False, as the model does not predict x_0"):
        pipe("show the date", commit_tokens=True)
