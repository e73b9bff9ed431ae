# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Folders of pipelines that something is wrong with: one line that names the folder, never a traceback."""

import json
import shutil
from pathlib import Path

import pytest
from transformers import BertConfig, BertModel, T5Config, T5ForConditionalGeneration


CONFIG, WEIGHTS = "model/config.json", "model/model.safetensors"
INDEX, SCHEDULER = "model_index.json", "scheduler/scheduler_config.json"
TOKENIZER, TOKENIZER_CONFIG = "tokenizer/tokenizer.json", "tokenizer/tokenizer_config.json"
JSON_FILES = (CONFIG, INDEX, SCHEDULER, TOKENIZER, TOKENIZER_CONFIG)

# In place of a file.
CONTENTS = ("", "{", "[]", '"x"', "null", "3", "[" * 100_000, "\ud800")
# In place of the value of a key; `...` is no such key.
VALUES = {
    CONFIG: {
        "num_denoiser_layers": (-1, 0, "2", 1.5, None),
        "vocab_size": ("320", 319, -1, None),
        "hidden_act": ("evil", 3),
        "hidden_size": (31, -32),
        "num_attention_heads": (0, 5),
        "max_code_length": (7, "x"),
        "canvas_step": (0, "x"),
        "prediction_type": ("evil", []),
        "layer_norm_eps": ("evil",),
        "num_train_timesteps": (1, "x"),
        "schedule_offset": (-1, "x"),
        "noise_factor": (0, "x"),
        "latent_size": (0,),
        "model_type": ("bert", "evil", 3, ...),
        "encoder_config": (
            3,
            [],
            {"model_type": "evil"},
            {"model_type": "t5", "d_model": "x"},
            {"model_type": "t5", "d_model": -5},
            {"model_type": "t5", "num_heads": 0},
            {"model_type": "t5", "num_layers": None},
        ),
        "dtype": ("evil",),
        "pad_token_id": ("x",),
        "base_model": (3,),
    },
    INDEX: {
        "_class_name": (..., 3, [], None),
        "model": (..., 3, [], {}, ["os", "system"], [None, None], ["evil", "Evil"], ["transformers", "BertModel"]),
        "scheduler": (..., {}, ["diffusers", "Evil"], ["diffusers", "UNet2DModel"]),
        "tokenizer": (..., [1, 2], ["transformers", "Evil"], ["transformers", "BertModel"]),
    },
    SCHEDULER: {
        "trained_betas": ("evil", [], [0.1, "x"]),
        "prediction_type": ("evil", 3),
        "timestep_spacing": ("evil", 3),
        "_class_name": (3,),
    },
    TOKENIZER: {
        "model": (..., {}, 3, {"type": "Evil"}),
        "normalizer": (3,),
        "pre_tokenizer": ({"type": "Evil"},),
        "added_tokens": (3, [3]),
        "version": (3,),
        "decoder": (3,),
        "post_processor": ([],),
    },
    TOKENIZER_CONFIG: {
        "model_max_length": ("x", -3, 0),
        "added_tokens_decoder": (3, {"x": 3}),
        "pad_token": (3,),
    },
}
SHARDS = (
    {"embedding.weight": "../../evil.safetensors"},
    {"embedding.weight": "/etc/passwd"},
    {"embedding.weight": "missing.safetensors"},
    {"embedding.weight": 3},
    ["evil"],
)


@pytest.fixture
def folder(checkpoint, tmp_path):
    """A copy of a whole one."""
    return Path(shutil.copytree(checkpoint, tmp_path / "damaged"))


@pytest.fixture
def refuse_folder(folder, refuse):
    """A function that checks that the folder cannot be sampled from, and returns the error."""

    def check():
        error = refuse("generate", "show the date", "--checkpoint", folder, "--num-inference-steps", "2")
        assert str(folder) in error
        return error

    return check


def replace_by(model, folder):
    """A model of another architecture."""
    shutil.rmtree(folder / "model")
    model.save_pretrained(folder / "model")


def test_a_whole_one_is_sampled_from(folder, run):
    assert run("generate", "show the date", "--checkpoint", folder, "--num-inference-steps", "2")[0] == 0


@pytest.mark.parametrize("file", [*JSON_FILES, WEIGHTS])
def test_files_with_another_content(file, folder, refuse_folder):
    for content in CONTENTS:
        (folder / file).write_bytes(content.encode("utf-8", "surrogatepass"))
        refuse_folder()


@pytest.mark.parametrize("file", [CONFIG, WEIGHTS, INDEX, SCHEDULER, TOKENIZER])
def test_missing_files(file, folder, refuse_folder):
    (folder / file).unlink()
    refuse_folder()


@pytest.mark.parametrize(
    ("file", "name"), [(file, name) for file, values in VALUES.items() for name in values], ids=lambda value: value
)
def test_files_with_another_value(file, name, folder, refuse_folder):
    whole = json.loads((folder / file).read_text(encoding="utf-8"))
    for value in VALUES[file][name]:
        damaged = {**whole, name: value}
        if value is ...:
            del damaged[name]
        (folder / file).write_text(json.dumps(damaged), encoding="utf-8")
        refuse_folder()


def test_truncated_and_altered_weights(folder, refuse_folder):
    whole = (folder / WEIGHTS).read_bytes()
    for content in (whole[:100], whole[: len(whole) // 2], whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1])):
        (folder / WEIGHTS).write_bytes(content)
        refuse_folder()


@pytest.mark.parametrize("weight_map", SHARDS, ids=str)
def test_weights_in_several_files(weight_map, folder, refuse_folder):
    (folder / WEIGHTS).unlink()
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    (folder / f"{WEIGHTS}.index.json").write_text(json.dumps(index), encoding="utf-8")
    refuse_folder()


def test_models_of_another_architecture(folder, refuse_folder):
    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    replace_by(BertModel(BertConfig(vocab_size=16, **sizes)), folder)
    assert "`model_type` must be 'codefusion', got 'bert'" in refuse_folder()


def test_a_whole_model_that_is_no_pipeline(folder, refuse_folder):
    (folder / INDEX).unlink()
    assert "is no checkpoint: it has no model_index.json" in refuse_folder()


def test_baseline_and_encoder_that_cannot_be_loaded(checkpoint, tmp_path, refuse):
    pytest.importorskip("sacrebleu")
    data = tmp_path / "pairs.jsonl"
    data.write_text('{"text": "show the date", "code": "date"}\n', encoding="utf-8")
    sizes = {"d_model": 8, "d_kv": 4, "d_ff": 8, "num_layers": 1, "num_heads": 2}
    arguments = ("evaluate", "--data", data, "--checkpoint", checkpoint, "--num-inference-steps", "1")
    other = tmp_path / "other"
    T5ForConditionalGeneration(T5Config(vocab_size=16, **sizes)).save_pretrained(other)
    whole = json.loads((other / "config.json").read_text())
    for content in (json.dumps({**whole, "d_model": "x"}), "[" * 100_000):
        (other / "config.json").write_text(content, encoding="utf-8")
        for option in ("--baseline", "--encoder"):
            assert str(other) in refuse(*arguments, option, other)


@pytest.mark.parametrize("content", CONTENTS)
def test_pushing_one(content, folder, monkeypatch, refuse):
    (folder / CONFIG).write_bytes(content.encode("utf-8", "surrogatepass"))
    assert str(folder) in refuse("push", folder, "owner/model", "--token", "hf_x")


@pytest.mark.parametrize("content", CONTENTS)
def test_a_tokenizer_to_inspect_with(content, folder, tmp_path, refuse):
    (folder / TOKENIZER).write_bytes(content.encode("utf-8", "surrogatepass"))
    data = tmp_path / "pairs.jsonl"
    data.write_text('{"text": "show the date", "code": "date"}\n', encoding="utf-8")
    assert str(folder / "tokenizer") in refuse("data", "inspect", data, "--tokenizer", folder / "tokenizer")
