# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the benchmark of sampling on a tiny preset: that its figures follow from what ran, not how fast it ran."""

import json
import multiprocessing.dummy
import statistics

import pytest
import torch

from benchmarks import sampling
from codefusion_hf.modeling import CodeFusionModel


PRESET = """
language: bash
tokenizer: {slots: true, vocab_size: 400, model_max_length: 64}
model:
  encoder_config: {model_type: t5, d_model: 16, d_kv: 8, d_ff: 32, num_layers: 1, num_heads: 2, dropout_rate: 0.0}
  latent_size: 8
  hidden_size: 16
  intermediate_size: 32
  num_attention_heads: 2
  num_denoiser_layers: 1
  num_decoder_layers: 1
  max_code_length: 64
training:
  per_device_train_batch_size: 4
"""
STEPS, ROUNDS, PROMPTS = 2, 2, 3
OPTIONS = ["--steps", str(STEPS), "--rounds", str(ROUNDS), "--prompts", str(PROMPTS), "--matrix-size", "64"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark")
    (folder / "preset.yaml").write_text(PRESET)
    return folder


@pytest.fixture(scope="module")
def report(folder):
    """What the benchmark gives for the tiny preset; memory measured in a thread, as a process takes long to start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multiprocessing, "get_context", lambda method: multiprocessing.dummy)
        return sampling.main(
            [
                "--model",
                str(folder / "preset.yaml"),
                *OPTIONS,
                "--plain-steps",
                "2",
                "--output",
                str(folder / "a.json"),
            ]
        )


def test_the_file_has_what_was_measured(report, folder):
    assert json.loads((folder / "a.json").read_text()) == report
    (result,) = report["models"]
    assert (result["model"], result["steps"], result["batch_prompts"]) == ("preset", STEPS, PROMPTS)
    assert result["tokens"] == sampling.RANDOM_TARGET_LENGTH
    contenders = [sampling.OURS, sampling.BEAM, sampling.SAMPLES]
    names = {key: [row["contender"] for row in result[key]] for key in ("one_prompt", "batch", "canvas_length")}
    assert names == {
        "one_prompt": [*contenders, sampling.PLAIN],
        "batch": contenders,
        "canvas_length": ["16", "32", "64"],  # no longer than the model's
    }
    assert result["t5_parameters"] == pytest.approx(result["parameters"], rel=0.05)


def test_ratios_follow_from_the_seconds(report):
    (result,) = report["models"]
    for key in ("one_prompt", "batch", "canvas_length", "candidates"):
        first = result[key][0]
        assert first["ratio"] == 1.0
        for row in result[key]:
            assert len(row["seconds_of_rounds"]) == ROUNDS
            assert row["seconds"] == statistics.median(row["seconds_of_rounds"])
            assert row["ratio"] == pytest.approx(row["seconds"] / first["seconds"])
            assert row["ratio_of_rounds"][0] <= row["ratio_of_rounds"][1]
    ours = result["one_prompt"][0]
    assert result["share_of_matrix_rate"] == pytest.approx(result["gflop"] / ours["seconds"] / result["matrix_gflops"])


def test_memory_is_that_of_each_contender(report):
    rows = report["models"][0]["memory"]
    assert [(row["contender"], row["prompts"]) for row in rows] == [
        *((name, 1) for name in (sampling.OURS, sampling.BEAM, sampling.SAMPLES, sampling.PLAIN)),
        *((name, PROMPTS) for name in (sampling.OURS, sampling.BEAM, sampling.SAMPLES)),
    ]
    assert all(0.0 < row["before_mb"] <= row["peak_mb"] for row in rows)


def test_the_tables_have_a_row_for_each_figure(report):
    (result,) = report["models"]
    lines = sampling.report_tables(result).splitlines()
    rows = [
        line for line in lines if line.startswith("| ") and not line.startswith(("| |", "| canvas", "| candidates"))
    ]
    assert len(rows) == sum(len(result[key]) for key in ("one_prompt", "batch", "canvas_length", "candidates"))


def test_the_plain_loop_takes_its_steps_on_the_longest_canvas(make_pipeline, monkeypatch):
    pipe = make_pipeline()
    calls = []
    denoise = CodeFusionModel.denoise

    def count(model, latents, timesteps, *args, **kwargs):
        calls.append((tuple(latents.shape), int(timesteps)))
        return denoise(model, latents, timesteps, *args, **kwargs)

    monkeypatch.setattr(CodeFusionModel, "denoise", count)
    assert len(sampling.plain_loop(pipe, "show the date", candidates=2, steps=3)) == 2
    assert calls == [((2, 24, 16), 1199), ((2, 24, 16), 1198), ((2, 24, 16), 1197)]


def test_a_profile_has_the_largest_shares_first(folder):
    subject = sampling.load_subject(str(folder / "preset.yaml"), torch.device("cpu"), STEPS)
    rows = sampling.profile_subject(subject, calls=1, rows=5)
    shares = [row["share"] for row in rows]
    assert len(rows) == 5 and shares == sorted(shares, reverse=True) and 0.0 < sum(shares) <= 1.0
    assert len(sampling.report_profile("preset", rows).splitlines()) == 4 + 5


def test_the_plain_loop_is_scaled_but_for_what_runs_once():
    # Half a second for encoder and decoder, a tenth of a second a step.
    assert sampling.extrapolate(0.6, 0.5 + 6.0, 60) == pytest.approx(0.5 + 120.0)


def test_one_step_of_the_plain_loop_is_too_few(capsys):
    with pytest.raises(SystemExit):
        sampling.main(["--plain-steps", "1"])
    assert "--plain-steps: must be at least 2, got 1" in capsys.readouterr().err
