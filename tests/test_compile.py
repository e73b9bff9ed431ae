# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A compiled denoiser: compiled once for all steps of a call, and saved like one that is not."""

import pytest
import torch

from codefusion_hf.pipelines import CodeFusionPipeline


PROMPT = "print the last 5 lines of server.log"


@pytest.fixture
def compile_denoiser():
    """A function that compiles the denoiser of a pipeline, and returns a list that grows with each compilation."""

    def compile(pipe, in_place=False):
        graphs = []

        def backend(graph, example_inputs):
            graphs.append(graph)
            return graph.forward

        if in_place:
            pipe.model.denoiser.compile(backend=backend, fullgraph=True)
        else:
            pipe.model.denoiser = torch.compile(pipe.model.denoiser, backend=backend, fullgraph=True)
        return graphs

    torch._dynamo.reset()
    yield compile
    torch._dynamo.reset()


def run(pipe, prompt=PROMPT, **kwargs):
    settings = {"num_inference_steps": 6, "generator": torch.Generator().manual_seed(0), "target_length": 8}
    return pipe(prompt, output_type="latent", **{**settings, **kwargs}).latents


@pytest.mark.parametrize(
    ("fields", "in_place"),
    [
        ({}, False),
        ({}, True),
        ({"self_conditioning_probability": 0.0}, False),
        ({"prediction_type": "epsilon"}, False),
    ],
    ids=["self_conditioned", "in_place", "not_self_conditioned", "epsilon"],
)
def test_is_compiled_once_for_all_steps(fields, in_place, make_pipeline, compile_denoiser):
    pipe = make_pipeline(num_denoiser_layers=1, **fields)
    expected = run(pipe)
    graphs = compile_denoiser(pipe, in_place)
    torch.testing.assert_close(run(pipe), expected)
    assert len(graphs) == 1
    run(pipe, num_inference_steps=9, temperature=0.5)
    assert len(graphs) == 1


def test_committing_is_compiled_once_for_all_steps(make_pipeline, compile_denoiser):
    pipe = make_pipeline(num_denoiser_layers=1)
    expected = run(pipe, commit_tokens=True)
    graphs = compile_denoiser(pipe)
    torch.testing.assert_close(run(pipe, commit_tokens=True), expected)
    assert len(graphs) == 1


def test_other_sizes_are_compiled_for_once(make_pipeline, compile_denoiser, pairs):
    """Torch takes a size for fixed until it changes: a second canvas, prompt or batch takes a graph, a third none."""
    pipe = make_pipeline(num_denoiser_layers=1)
    graphs = compile_denoiser(pipe)
    counts = []
    for prompt, target_length, candidates in (
        (PROMPT, 8, 1),
        (PROMPT, 12, 1),
        (PROMPT, 16, 1),
        (pairs[0][0], 8, 1),
        (pairs[1][0], 20, 1),
        (PROMPT, 12, 2),
        (pairs[1][0], 16, 5),
    ):
        run(pipe, prompt, target_length=target_length, num_return_sequences=candidates, num_inference_steps=2)
        counts.append(len(graphs))
    assert counts == [1, 2, 2, 3, 3, 4, 4]


@pytest.mark.parametrize("in_place", [False, True])
def test_weights_are_saved_by_their_names(in_place, make_pipeline, compile_denoiser, tmp_path):
    pipe = make_pipeline(num_denoiser_layers=1)
    pipe.save_pretrained(tmp_path / "before")
    graphs = compile_denoiser(pipe, in_place)
    expected = run(pipe)
    assert graphs
    pipe.save_pretrained(tmp_path / "compiled")
    before, compiled = ((tmp_path / name / "model/model.safetensors").read_bytes() for name in ("before", "compiled"))
    assert compiled == before
    loaded = CodeFusionPipeline.from_pretrained(tmp_path / "compiled")
    loaded.set_progress_bar_config(disable=True)
    torch.testing.assert_close(run(loaded), expected)
