# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Tiny real components that several test files share."""

import pytest
import torch
from transformers import BertConfig, BertModel, RobertaConfig, RobertaModel, T5Config

from codefusion_hf.data.tokenization import train_tokenizer
from codefusion_hf.modeling import CodeFusionConfig, CodeFusionModel
from codefusion_hf.pipelines import CodeFusionPipeline, CodeFusionScheduler


PAIRS = (
    ("show the date", "date"),
    ("count the lines of notes.txt", "wc -l notes.txt"),
    ("delete every empty folder below here", "find . -type d -empty -delete"),
    ("print the last 5 lines of server.log", "tail -n 5 server.log"),
)
MORE_TEXTS = (
    "copy the folder docs to backup",
    "cp -r docs backup",
    "find all python files changed today",
    'find . -name "*.py" -mtime 0',
    "sort names.csv by the second column",
    "sort -t , -k 2 names.csv",
)
VOCAB_SIZE = 320


@pytest.fixture(scope="session")
def pairs():
    """Prompts and their programs."""
    return PAIRS


@pytest.fixture(scope="session")
def tokenizer():
    return train_tokenizer([text for pair in PAIRS for text in pair] + list(MORE_TEXTS), VOCAB_SIZE)


@pytest.fixture(scope="session")
def batch(tokenizer):
    """The pairs, as arguments of the model."""
    inputs = tokenizer([prompt for prompt, _ in PAIRS], padding=True, return_tensors="pt")
    labels = tokenizer([code for _, code in PAIRS], padding=True, return_tensors="pt").input_ids
    return {"input_ids": inputs.input_ids, "attention_mask": inputs.attention_mask, "labels": labels}


@pytest.fixture(scope="session")
def make_config():
    """A function that makes a tiny configuration with the given fields."""

    def make(**kwargs):
        sizes = {
            "encoder_config": T5Config(
                vocab_size=VOCAB_SIZE,
                d_model=24,
                d_kv=8,
                d_ff=32,
                num_layers=1,
                num_heads=2,
                dropout_rate=0.0,
                pad_token_id=0,
                eos_token_id=2,
            ),
            "vocab_size": VOCAB_SIZE,
            "latent_size": 16,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_attention_heads": 2,
            "num_denoiser_layers": 2,
            "num_decoder_layers": 1,
            "max_code_length": 24,
            "canvas_step": 4,
        }
        return CodeFusionConfig(**{**sizes, **kwargs})

    return make


@pytest.fixture(scope="session")
def make_model(make_config):
    """A function that makes a tiny model, in evaluation mode, with the given fields of the configuration."""

    def make(**kwargs):
        torch.manual_seed(0)
        return CodeFusionModel(make_config(**kwargs)).eval()

    return make


@pytest.fixture(scope="session")
def train_with_clean_positions(make_model, batch):
    """A function that makes a model that gives back four programs, and has had some positions clean in training."""

    def train(num_steps, clean_rows, noise_prompts=0.0):
        model = make_model().train()
        large = {name: value.repeat(4, 1) for name, value in batch.items()}
        optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
        torch.manual_seed(0)
        for _ in range(num_steps):
            timesteps = model.draw_timesteps(16)[:, None]
            is_clean = (torch.rand(16, 24) < torch.rand(16, 1)) & (torch.rand(16, 1) < clean_rows)
            optimizer.zero_grad()
            noise = {"noise_prompt": torch.rand(16) < noise_prompts} if noise_prompts > 0.0 else {}
            model(**large, timesteps=torch.where(is_clean, 0, timesteps), **noise).loss.backward()
            optimizer.step()
        return model.eval()

    return train


@pytest.fixture(scope="session")
def make_pipeline(make_model, tokenizer):
    """A function that makes a tiny pipeline, of a given model or of one with the given fields."""

    def make(model=None, **kwargs):
        model = make_model(**kwargs) if model is None else model
        scheduler = CodeFusionScheduler(
            num_train_timesteps=model.config.num_train_timesteps,
            schedule_offset=model.config.schedule_offset,
            noise_factor=model.config.noise_factor,
            prediction_type=model.config.prediction_type,
        )
        pipe = CodeFusionPipeline(model=model, tokenizer=tokenizer, scheduler=scheduler)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    return make


@pytest.fixture(scope="session")
def save_encoder(tmp_path_factory):
    """A function that saves a tiny pre-trained encoder of a given type and returns its folder."""

    def save(model_type, dtype=torch.float32):
        sizes = {
            "vocab_size": VOCAB_SIZE,
            "hidden_size": 24,
            "intermediate_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "max_position_embeddings": 40,
            "bos_token_id": 1,
            "eos_token_id": 2,
        }
        torch.manual_seed(1)
        if model_type == "bert":
            model = BertModel(BertConfig(**sizes, pad_token_id=0))
        else:
            model = RobertaModel(RobertaConfig(**sizes, pad_token_id=0))
        folder = tmp_path_factory.mktemp(model_type)
        model.to(dtype).save_pretrained(folder)
        return folder

    return save
