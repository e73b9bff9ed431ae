# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Tiny trainings, from a file of pairs to a pipeline folder."""

import json

import pytest
from training_data import data_of

from codefusion_hf.training.run import run_training


MODEL = {
    "encoder_config": {
        "model_type": "t5",
        "d_model": 16,
        "d_kv": 8,
        "d_ff": 16,
        "num_layers": 1,
        "num_heads": 2,
        "dropout_rate": 0.1,
    },
    "latent_size": 8,
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_attention_heads": 2,
    "num_denoiser_layers": 1,
    "num_decoder_layers": 1,
    "max_code_length": 32,
    "num_train_timesteps": 20,
}
TRAINING = {
    "per_device_train_batch_size": 4,
    "train_sampling_strategy": "group_by_length",
    "learning_rate": 0.01,
    "lr_scheduler_type": "constant_with_warmup",
    "ema_decay": 0.9,
    "max_steps": 3,
    "save_strategy": "steps",
    "save_steps": 1,
    "logging_steps": 1,
    "disable_tqdm": True,
    "use_cpu": True,
    "report_to": "none",
    "seed": 3,
}


def make_preset(model=None, **training):
    sections = dict.fromkeys(("lora", "pretrain", "finetune", "sampling"), {})
    return sections | {
        "language": "bash",
        "tokenizer": {"vocab_size": 280, "model_max_length": 16},
        "model": MODEL | (model or {}),
        "training": TRAINING | training,
    }


@pytest.fixture(scope="session")
def data_file(tmp_path_factory):
    """24 pairs: six batches of four."""
    path = tmp_path_factory.mktemp("data") / "pairs.jsonl"
    rows = [{"text": f"show line {n} of notes", "code": f"sed -n {n}p notes{'x' * (n % 5)}"} for n in range(24)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="session")
def train(data_file):
    """A function that fine-tunes a tiny model in a folder, with the given training arguments."""

    def run(folder, resume=False, model=None, phase="finetune", **training):
        return run_training(make_preset(model, **training), phase, data_of(data_file), folder, resume=resume)

    return run


@pytest.fixture(scope="session")
def finished_run(train, tmp_path_factory):
    """Folder of a training of three steps, each with a checkpoint, that has ended. Not to be changed."""
    folder = tmp_path_factory.mktemp("runs") / "finished"
    train(folder)
    return folder
