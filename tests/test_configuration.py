# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A configuration is one that a model can be built of and trained with, or is refused by the name of its field."""

import json
import math
import time

import pytest
import torch
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoConfig, BertConfig, T5Config

from codefusion_hf.modeling import CodeFusionConfig, CodeFusionModel, square_root_alphas_cumprod


NAN, INF = math.nan, math.inf
# What a field may hold, and does not: not numbers, not finite, out of range, of another type, too many to lay out.
REFUSED = {
    "vocab_size": ("4096", 0, -1, 2**63, 32.0, True, None, [8]),
    "latent_size": (0, -8, 10**9, "16"),
    "hidden_size": (0, -8, 10**9, 100),
    "intermediate_size": (0, -8, 10**9),
    "num_attention_heads": (0, -2, 7, 2**63),
    "num_denoiser_layers": (-1, 0, 10**7, 2**63, 1.5),
    "num_decoder_layers": (-1, 0, 10**7),
    "hidden_act": ("evil", "", "GELU", 3, None),
    "layer_norm_eps": (-1, 0, NAN, INF, 2, "1e-6", 10**400),
    "max_code_length": (0, -8, 2**63, "x"),
    "canvas_step": (0, -1, 7),
    "num_train_timesteps": (1, -3, 10**9, 2**63, 100.0),
    "schedule_offset": (0, -1e-4, 0.001, NAN, INF, 1e-300, "x"),
    "noise_factor": (0, -2, NAN, INF, 1e-30, 1e30, 10**400, "x"),
    "prediction_type": ("velocity", 3, None, []),
    "self_conditioning_probability": (-0.1, 1.1, NAN, "x"),
    "initializer_range": (-1, NAN, INF, 1e30, "x"),
    "pad_token_id": (-1, 32100, 2**63, None, "0"),
    "bos_token_id": (-1, 32100, 1.0),
    "eos_token_id": (-1, 32100),
    "base_model": (3, ["x"]),
    "dtype": ("evil", "nn", "float33"),
    "num_labels": (-1, 10**9, "x"),
}
REFUSED_ENCODERS = (
    3,
    "t5",
    [],
    {"model_type": "evil"},
    {"model_type": None},
    {"model_type": ["t5"]},
    {"model_type": "t5", "num_layers": 10**7},
    {"model_type": "t5", "num_layers": -1},
    {"model_type": "t5", "d_model": -5},
    {"model_type": "t5", "d_model": 10**9},
    {"model_type": "t5", "d_model": "x"},
    {"model_type": "t5", "d_ff": -5},
    {"model_type": "t5", "d_kv": 0},
    {"model_type": "t5", "num_heads": 0},
    {"model_type": "t5", "vocab_size": 2**63},
    {"model_type": "t5", "layer_norm_epsilon": -1.0},
    {"model_type": "t5", "dropout_rate": 2.0},
    {"model_type": "t5", "dropout_rate": NAN},
    {"model_type": "t5", "initializer_factor": -1.0},
    {"model_type": "t5", "feed_forward_proj": "evil"},
    {"model_type": "bert", "hidden_act": "evil"},
    {"model_type": "bert", "intermediate_size": -1},
    {"model_type": "bert", "num_hidden_layers": 10**7},
    {"model_type": "bert", "layer_norm_eps": NAN},
    {"model_type": "codefusion"},
    {"model_type": "gpt2"},
    {"model_type": "vit"},
)
CASES = [(name, value) for name, values in REFUSED.items() for value in values]
CASES += [("encoder_config", encoder) for encoder in REFUSED_ENCODERS]


def refused(name, value, **others):
    """The error of a field's value, which names it, is short and comes at once."""
    start = time.monotonic()
    with pytest.raises((StrictDataclassError, TypeError, ValueError), match=rf"\b{name}\b") as error:
        CodeFusionConfig(**{**others, name: value})
    assert time.monotonic() - start < 5.0
    assert len(str(error.value)) < 600
    return str(error.value)


@pytest.mark.parametrize(("name", "value"), CASES, ids=[f"{name}-{str(value)[:40]}" for name, value in CASES])
def test_a_value_that_no_model_can_have_is_refused_by_its_field(name, value):
    refused(name, value)


@pytest.mark.parametrize(
    ("name", "value", "given", "allowed"),
    [
        ("num_denoiser_layers", -1, "got -1", "in [1, 1000]"),
        ("num_denoiser_layers", 10**7, "got 10000000", "in [1, 1000]"),
        ("layer_norm_eps", -1, "got -1", "in [1e-20, 1]"),
        ("noise_factor", NAN, "got nan", "in [0.01, 100]"),
        ("initializer_range", -1, "got -1", "in [0, 1]"),
        ("hidden_act", "evil", "got 'evil'", "relu"),
        ("eos_token_id", 32100, "got 32100", "in [0, 32099]"),
        ("dtype", "evil", "got 'evil'", "float32"),
        ("encoder_config", {"model_type": "evil"}, "got 'evil'", "t5"),
    ],
)
def test_the_error_says_what_was_given_and_what_is_allowed(name, value, given, allowed):
    message = refused(name, value)
    assert given in message
    assert allowed in message


def test_many_layers_in_a_file_are_refused_before_any_is_laid_out(tmp_path, make_config):
    make_config().save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "num_denoiser_layers": 10**7}))
    start = time.monotonic()
    with pytest.raises(StrictDataclassError, match="num_denoiser_layers"):
        CodeFusionConfig.from_pretrained(tmp_path)
    assert time.monotonic() - start < 5.0


@pytest.mark.parametrize("name", ["attn_implementation", "experts_implementation"])
def test_a_file_does_not_choose_code_to_fetch_and_run(name, tmp_path, make_config, make_model):
    """transformers takes the kernel of that name from the Hub, without `trust_remote_code`."""
    make_model().save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    fields = json.loads(path.read_text())
    for load in (CodeFusionConfig.from_pretrained, AutoConfig.from_pretrained, CodeFusionModel.from_pretrained):
        for value in ("kernels-community/flash-attn3", "someone/kernel@main", {"": "someone/kernel"}):
            path.write_text(json.dumps({**fields, name: value}))
            with pytest.raises(ValueError, match=f"`{name}` must not be chosen by a file.*got"):
                load(tmp_path)
    path.write_text(json.dumps(fields))
    assert (
        CodeFusionModel.from_pretrained(tmp_path, attn_implementation="eager").config._attn_implementation == "eager"
    )
    # Whoever calls may choose.
    assert CodeFusionConfig.from_pretrained(tmp_path, **{name: "someone/kernel"}) is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"noise_factor": 0.01},
        {"noise_factor": 100, "num_train_timesteps": 2},
        {"num_train_timesteps": 2, "schedule_offset": 0.4999},
        {"schedule_offset": 1e-9},
        {"layer_norm_eps": 1},
        {"initializer_range": 0},
        {"self_conditioning_probability": 0, "bos_token_id": None, "eos_token_id": None},
        {"num_denoiser_layers": 1000},
        {"vocab_size": 3},
        {"dtype": "bfloat16"},
        {"encoder_config": BertConfig(hidden_size=32, intermediate_size=40, num_attention_heads=4)},
    ],
)
def test_what_is_at_the_edge_is_taken(fields):
    config = CodeFusionConfig(**fields)
    alphas_cumprod = config.alphas_cumprod()
    assert ((alphas_cumprod > 0.0) & (alphas_cumprod < 1.0)).all()
    assert (alphas_cumprod.diff() < 0.0).all()


def test_what_is_taken_can_be_built(make_config):
    config = make_config(layer_norm_eps=1, initializer_range=0, hidden_act="relu", num_train_timesteps=2)
    model = CodeFusionModel(config)
    assert all(weight.isfinite().all() for weight in model.parameters())


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((10, "x"), "schedule_offset"),
        ((10, NAN), "schedule_offset"),
        ((10, 1e-3, NAN), "noise_factor"),
        ((10, 1e-3, INF), "noise_factor"),
        ((10, 1e-3, None), "noise_factor"),
        ((10, 1e-3, True), "noise_factor"),
        (("10",), "num_train_timesteps"),
        ((2.5,), "num_train_timesteps"),
        ((True,), "num_train_timesteps"),
        ((10**9,), "num_train_timesteps"),
        ((2**70,), "num_train_timesteps"),
    ],
)
def test_the_schedule_names_what_it_refuses(arguments, name):
    with pytest.raises(ValueError, match=rf"`{name}` must be .*got"):
        square_root_alphas_cumprod(*arguments)


def test_a_t5_without_fields_of_its_own_is_taken():
    config = CodeFusionConfig(encoder_config=T5Config())
    assert config.encoder_config.vocab_size == 32128
    assert isinstance(config.alphas_cumprod(), torch.Tensor)
