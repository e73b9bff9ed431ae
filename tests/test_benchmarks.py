# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the benchmarks on a tiny preset: that their figures follow from what ran, not how fast it ran."""

import json
import statistics

import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode
from transformers import TrainerControl, TrainerState

from benchmarks.training import (
    CONTENDERS,
    CPU_ATTENTION_FLOPS,
    StepClock,
    alternate_self_conditioning,
    main,
    make_pairs,
    make_t5,
    make_tokenizer,
    typical_seconds,
)


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
STEPS, ROUNDS = 2, 2


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """What the benchmark gives for the tiny preset, and the file that it writes."""
    folder = tmp_path_factory.mktemp("benchmark")
    (folder / "preset.yaml").write_text(PRESET)
    options = ["--steps", str(STEPS), "--warmup", "1", "--rounds", str(ROUNDS), "--matrix-size", "64"]
    output = folder / "figures.json"
    report = main(["--preset", str(folder / "preset.yaml"), *options, "--output", str(output)])
    return report, output


def test_the_file_has_what_was_measured(report):
    report, output = report
    assert json.loads(output.read_text()) == report
    assert [path.name for path in output.parent.iterdir() if path.name.endswith(".tmp")] == []
    (result,) = report["presets"]
    assert [row["contender"] for row in result["rows"]] == [contender.name for contender in CONTENDERS]


def test_rates_and_ratios_follow_from_the_seconds(report):
    (result,) = report[0]["presets"]
    ours = result["rows"][0]
    for row in result["rows"]:
        seconds = row["seconds_of_rounds"]
        assert [len(steps) for steps in seconds] == [STEPS] * ROUNDS
        total = sum(statistics.median(times) for times in zip(*seconds, strict=True))
        assert row["step_seconds"] == pytest.approx(total / STEPS)
        assert row["code_tokens_per_second"] == pytest.approx(row["code_tokens"] / total)
        assert row["tokens_per_second"] == pytest.approx((row["code_tokens"] + row["prompt_tokens"]) / total)
        assert row["gflop_per_step"] == pytest.approx(row["flops"] / STEPS / 1e9)
        assert row["share_of_matrix_rate"] == pytest.approx(row["flops"] / total / 1e9 / result["matrix_gflops"])
        assert row["codefusion_speed_ratio"] == pytest.approx(
            ours["code_tokens_per_second"] / row["code_tokens_per_second"]
        )
    assert ours["codefusion_speed_ratio"] == 1.0


def test_contenders_train_on_the_same_tokens_with_as_many_parameters(report):
    rows = {row["contender"]: row for row in report[0]["presets"][0]["rows"]}
    ours = rows["CodeFusion"]
    assert {row["code_tokens"] for row in rows.values()} == {ours["code_tokens"]}
    assert {row["prompt_tokens"] for row in rows.values()} == {ours["prompt_tokens"]}
    assert rows["T5"]["parameters"] == pytest.approx(ours["parameters"], rel=0.05)
    # Padding is work, dropout is none for the matrix products.
    assert rows["all padded to 128"]["flops"] > 2 * ours["flops"]
    assert rows["no buckets"]["flops"] >= ours["flops"]
    assert rows["dropout 0.1 in the encoder"]["flops"] == ours["flops"]


def test_operations_of_attention_are_counted_on_cpu():
    query, key = torch.randn(2, 3, 8, 16, requires_grad=True), torch.randn(2, 3, 24, 16, requires_grad=True)
    product = 2 * 2 * 3 * 8 * 24 * 16
    with FlopCounterMode(display=False, custom_mapping=CPU_ATTENTION_FLOPS) as counter:
        output = F.scaled_dot_product_attention(query, key, key)
    assert counter.get_total_flops() == 2 * product
    with FlopCounterMode(display=False, custom_mapping=CPU_ATTENTION_FLOPS) as counter:
        output.sum().backward()
    # Scores once more, and the gradients of query, key, value and weights.
    assert counter.get_total_flops() == 5 * product


@pytest.mark.parametrize(("probability", "expected"), [(0.5, [0, 1, 0, 1]), (0.25, [0, 0, 0, 1]), (1.0, [1] * 4)])
def test_self_conditioning_is_as_frequent_as_its_probability(make_model, probability, expected):
    model = make_model()
    drawn = []
    for step in range(4):
        alternate_self_conditioning(model, probability, step)
        drawn.append(model.config.self_conditioning_probability)
    assert drawn == expected


def test_the_clock_leaves_out_the_first_step(make_model):
    clock = StepClock(0.5)
    args, state, control = type("Args", (), {"device": torch.device("cpu")}), TrainerState(), TrainerControl()
    for _ in range(2):
        clock.on_train_begin(args, state, control)
        for _ in range(3):
            clock.on_step_end(args, state, control)
    assert len(clock.seconds) == 2


def test_the_median_is_that_of_each_step():
    # One slow step a round, each time another one: none of them counts.
    assert typical_seconds([[9.0, 2.0, 3.0], [1.0, 9.0, 3.0], [1.0, 2.0, 9.0]]) == 6.0


def test_pairs_have_the_lengths_of_nl2bash():
    tokenizer, words = make_tokenizer({"tokenizer": {"vocab_size": 1000}})
    assert len(tokenizer) == 1000
    pairs = make_pairs(1000, words)
    assert pairs == make_pairs(1000, words) != make_pairs(1000, words, seed=1)
    for column, median, percentile in (("text", 18, 36), ("code", 15, 39)):
        lengths = sorted(len(ids) for ids in tokenizer([pair[column] for pair in pairs]).input_ids)
        # The first word of a text has no space before it and is cut into more tokens.
        assert median - 2 <= lengths[500] <= median + 4
        assert percentile - 5 <= lengths[950] <= percentile + 8


def test_the_t5_has_the_layers_of_the_model(make_config):
    config = make_config(hidden_size=64, intermediate_size=256)
    t5 = make_t5(config, num_parameters=400_000, dropout=0.1)
    assert t5.num_parameters() == pytest.approx(400_000, rel=0.01)
    assert (t5.config.num_layers, t5.config.num_decoder_layers) == (1, 3)
    assert (t5.config.d_model, t5.config.vocab_size, t5.config.dropout_rate) == (64, config.vocab_size, 0.1)
