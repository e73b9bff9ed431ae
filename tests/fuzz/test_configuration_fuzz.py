# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Configurations with any values in their fields: one that a model can be built of, or an error that names a field."""

import dataclasses
import json
import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from codefusion_hf.modeling import CodeFusionConfig, CodeFusionModel, square_root_alphas_cumprod

from .values import ANYTHING, FLOATS, INTEGERS, OTHERS, TEXTS, budget, result_or_clear_error


OWN_FIELDS = tuple(vars(CodeFusionConfig)["__annotations__"])
# A tiny model, of which an example changes a few fields.
SIZES = {
    "vocab_size": 32,
    "latent_size": 8,
    "hidden_size": 8,
    "intermediate_size": 8,
    "num_attention_heads": 2,
    "num_denoiser_layers": 1,
    "num_decoder_layers": 1,
    "max_code_length": 8,
    "canvas_step": 4,
    "num_train_timesteps": 20,
}
ENCODER = {"model_type": "t5", "vocab_size": 32, "d_model": 8, "d_kv": 4, "d_ff": 8, "num_layers": 1, "num_heads": 2}

# Of these, transformers makes something in all configurations.
OF_TRANSFORMERS = (
    "dtype",
    "torch_dtype",
    "num_labels",
    "id2label",
    "label2id",
    "problem_type",
    "num_hidden_layers",
    "output_attentions",
    "attn_implementation",
    "per_layer_config",
    "layer_types",
    "rope_parameters",
    "rope_scaling",
    "rope_theta",
    "auto_map",
    "architectures",
    "transformers_version",
)
NAMES = st.sampled_from((*OWN_FIELDS, *OF_TRANSFORMERS, "evil"))
SANE = st.one_of(st.integers(0, 40), st.floats(0, 2), st.sampled_from(("gelu", "relu", "sample", "epsilon")))
ENCODERS = st.one_of(
    ANYTHING,
    st.fixed_dictionaries(
        {"model_type": st.one_of(st.sampled_from(("t5", "bert", "roberta", "gpt2", "vit", "codefusion")), ANYTHING)}
    ),
    st.dictionaries(
        st.sampled_from((*ENCODER, "num_labels", "layer_norm_epsilon", "dropout_rate", "feed_forward_proj", "evil")),
        st.one_of(SANE, ANYTHING),
        max_size=3,
    ).map(lambda fields: {**ENCODER, **fields}),
)
FIELDS = st.lists(st.tuples(NAMES, st.one_of(SANE, ANYTHING)), max_size=3).map(dict)
# What a JSON file can hold.
IN_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), INTEGERS, FLOATS, TEXTS, SANE),
    lambda values: st.lists(values, max_size=2) | st.dictionaries(st.sampled_from(("a", "model_type")), values),
    max_leaves=3,
)
FILES = st.one_of(IN_JSON, st.dictionaries(NAMES, IN_JSON, max_size=3))


def is_small(config):
    sizes = [getattr(config, name) for name in SIZES] + [config.encoder_config.vocab_size]
    return max(sizes) <= 400 and config.num_denoiser_layers + config.num_decoder_layers <= 8


def check(config):
    if isinstance(config, Exception):
        return
    alphas_cumprod = config.alphas_cumprod()
    assert alphas_cumprod.isfinite().all() and 0.0 < alphas_cumprod.min() and alphas_cumprod.max() < 1.0
    if is_small(config):
        model = result_or_clear_error(lambda: CodeFusionModel(config))
        if not isinstance(model, Exception):
            assert all(weight.isfinite().all() for weight in model.parameters())


def check_fields(fields, encoder):
    check(result_or_clear_error(lambda: CodeFusionConfig(**{**SIZES, "encoder_config": encoder, **fields})))


def check_file(content):
    if isinstance(content, dict):
        content = {**SIZES, "model_type": "codefusion", "encoder_config": ENCODER, **content}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(content))
        check(result_or_clear_error(lambda: CodeFusionConfig.from_pretrained(folder)))


def check_assignment(name, value):
    config = CodeFusionConfig(**SIZES, encoder_config=dict(ENCODER))
    outcome = result_or_clear_error(lambda: setattr(config, name, value))
    if not isinstance(outcome, Exception):
        result_or_clear_error(config.validate)


def check_schedule(arguments):
    outcome = result_or_clear_error(lambda: square_root_alphas_cumprod(*arguments))
    if isinstance(outcome, torch.Tensor):
        assert outcome.isfinite().all() and (outcome.diff() < 0.0).all() and 0.0 < outcome[-1] and outcome[0] < 1.0


fields = given(fields=FIELDS, encoder=st.one_of(st.just(ENCODER), ENCODERS))
files = given(content=FILES)
assignments = given(name=st.sampled_from(OWN_FIELDS), value=ANYTHING)
schedules = given(
    arguments=st.tuples(
        st.one_of(st.integers(2, 40), ANYTHING),
        st.one_of(st.floats(0, 0.1), ANYTHING),
        st.one_of(st.floats(0, 200), ANYTHING),
    )
)


@budget(0.25)
@fields
def test_any_fields(fields, encoder):
    check_fields(fields, encoder)


@budget(0.1)
@files
def test_any_file(content):
    check_file(content)


@budget(0.1)
@assignments
def test_any_assignment(name, value):
    check_assignment(name, value)


@budget(0.1)
@schedules
def test_any_schedule(arguments):
    check_schedule(arguments)


@pytest.mark.slow
@budget(0.25, slow=True)
@fields
def test_any_fields_at_length(fields, encoder):
    check_fields(fields, encoder)


@pytest.mark.slow
@budget(0.1, slow=True)
@files
def test_any_file_at_length(content):
    check_file(content)


@pytest.mark.slow
@budget(0.1, slow=True)
@assignments
def test_any_assignment_at_length(name, value):
    check_assignment(name, value)


@pytest.mark.slow
@budget(0.1, slow=True)
@schedules
def test_any_schedule_at_length(arguments):
    check_schedule(arguments)


def test_every_field_is_fuzzed():
    assert set(OWN_FIELDS) >= {"encoder_config", "vocab_size", "hidden_act", "initializer_range", "base_model"}
    assert {field.name for field in dataclasses.fields(CodeFusionConfig)} >= set(OWN_FIELDS)
    assert OTHERS is not None
