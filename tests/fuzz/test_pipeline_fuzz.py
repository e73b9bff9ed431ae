# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Calls of the pipelines with any values: programs and scores that are numbers, or an error that names an argument."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from codefusion_hf.pipelines import CodeFusionInfillPipeline, CodeFusionPipeline, CodeFusionRevisePipeline

from .values import ANYTHING, FLOATS, TEXTS, budget, result_or_clear_error


def mostly(*valid):
    """A value that a caller may mean, and sometimes any other one."""
    return st.sampled_from([*valid * 12, ANYTHING]).flatmap(lambda strategy: strategy)


PROMPTS = mostly(
    st.just("show the date"),
    st.lists(st.sampled_from(("show the date", "count the lines of '/tmp/a'")), min_size=1, max_size=2),
    st.text(min_size=1, max_size=9),
)
GAPS = mostly(st.sampled_from(("date <mask>", "<mask>", "find . -name <mask> | xargs <mask>")))
DRAFTS = mostly(st.sampled_from(("date", "wc -l '/tmp/a'")), TEXTS)
# A thousand candidates are allowed, and take their time.
COUNTS = mostly(st.integers(1, 3)).filter(lambda value: not isinstance(value, int) or not 8 < value < 20_000)
SHARES = mostly(st.floats(0, 1))
LATENTS = mostly(
    st.none(),
    st.builds(lambda length: torch.zeros(1, length, 16), st.integers(1, 24)),
    st.builds(lambda value: torch.full((1, 8, 16), value), st.floats(width=32)),
)
CALLBACKS = mostly(
    st.sampled_from(
        (None, lambda pipe, step, timestep, values: values, lambda pipe, step, timestep, values: None, print)
    )
)
GENERATORS = mostly(st.none(), st.builds(torch.Generator), st.lists(st.builds(torch.Generator), max_size=3))
# Most calls have few of them, so that what one of them does is seen.
SAMPLING = {
    "num_inference_steps": mostly(st.integers(1, 4)),
    "num_return_sequences": COUNTS,
    "num_candidates": COUNTS,
    "temperature": mostly(st.floats(0.01, 100), st.lists(st.floats(0.01, 100), min_size=1, max_size=3), FLOATS),
    "guidance_scale": mostly(st.floats(1, 100), FLOATS),
    "rounding": mostly(st.sampled_from(("decoder", "grounding", "clamping"))),
    "generator": GENERATORS,
    "output_type": mostly(st.sampled_from(("text", "token_ids", "latent"))),
    "return_dict": mostly(st.booleans()),
    "callback_on_step_end": CALLBACKS,
    "callback_on_step_end_tensor_inputs": mostly(
        st.lists(st.sampled_from(("latents", "pred_original_sample", "drafts", "evil")), max_size=3)
    ),
    "early_exit_patience": mostly(st.integers(0, 3)),
    "early_exit_confidence": SHARES,
    "readout_noise": SHARES,
    "ranking": mostly(st.sampled_from(("votes", lambda text, other: 1.0, "chrf"))),
    "is_valid": mostly(st.sampled_from((None, lambda code: False))),
    "memory": mostly(st.none()),
    "num_neighbors": COUNTS,
    "streamer": mostly(st.none()),
}


def calls(needed, **optional):
    some = st.sets(st.sampled_from(sorted(SAMPLING)), max_size=4).flatmap(
        lambda names: st.fixed_dictionaries({name: SAMPLING[name] for name in sorted(names)})
    )
    return given(prompt=PROMPTS, some=some, own=st.fixed_dictionaries(needed, optional=optional))


@pytest.fixture(scope="module")
def pipes(make_pipeline):
    pipe = make_pipeline()
    pipe.set_progress_bar_config(disable=True)
    made = {CodeFusionPipeline: pipe}
    for pipeline_class in (CodeFusionRevisePipeline, CodeFusionInfillPipeline):
        made[pipeline_class] = pipeline_class.from_pipe(pipe)
        made[pipeline_class].set_progress_bar_config(disable=True)
    return made


def check(pipe, prompt, some, own):
    arguments = {"num_inference_steps": 2, **some, **own}
    outcome = result_or_clear_error(lambda: pipe(prompt, **arguments))
    if isinstance(outcome, Exception):
        return
    if isinstance(outcome, tuple):
        assert not arguments["return_dict"]
        return
    if outcome.latents is not None:
        assert outcome.latents.isfinite().all()
        return
    num_prompts = 1 if isinstance(prompt, str) else len(prompt)
    assert len(outcome.scores) == len(outcome.sequences) == num_prompts or isinstance(own.get("code"), list)
    assert all(math.isfinite(score) and score <= 0.0 for of_prompt in outcome.scores for score in of_prompt)
    if outcome.codes is not None:
        assert all(isinstance(code, str) for codes in outcome.codes for code in codes)


writing = calls({}, target_length=mostly(st.integers(1, 24)), latents=LATENTS)
revising = calls({"code": DRAFTS}, strength=SHARES)
filling = calls({"code": GAPS}, max_mask_length=mostly(st.integers(1, 9)))


@budget(0.2)
@writing
def test_any_call(pipes, **arguments):
    check(pipes[CodeFusionPipeline], **arguments)


@budget(0.1)
@revising
def test_any_revision(pipes, **arguments):
    check(pipes[CodeFusionRevisePipeline], **arguments)


@budget(0.1)
@filling
def test_any_gap(pipes, **arguments):
    check(pipes[CodeFusionInfillPipeline], **arguments)


@pytest.mark.slow
@budget(0.4, slow=True)
@writing
def test_any_call_at_length(pipes, **arguments):
    check(pipes[CodeFusionPipeline], **arguments)


@pytest.mark.slow
@budget(0.15, slow=True)
@revising
def test_any_revision_at_length(pipes, **arguments):
    check(pipes[CodeFusionRevisePipeline], **arguments)


@pytest.mark.slow
@budget(0.15, slow=True)
@filling
def test_any_gap_at_length(pipes, **arguments):
    check(pipes[CodeFusionInfillPipeline], **arguments)
