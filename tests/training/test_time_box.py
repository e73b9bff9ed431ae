# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`max_minutes`: a training that stops in time goes on as if it never had, and is not taken for a finished one."""

import json

import pytest
import torch
from safetensors.torch import load_file
from training_data import data_of

from codefusion_hf.pipelines import CodeFusionPipeline
from codefusion_hf.training.baseline import train_baseline
from codefusion_hf.training.checkpoints import check_resumable
from codefusion_hf.training.ema import EMA_FILE

from .conftest import make_preset


# So short that it is over when the first step is.
AT_ONCE = 1e-9


def assert_same(path, other):
    weights, others = load_file(path), load_file(other)
    assert weights.keys() == others.keys()
    assert all(torch.equal(weights[name], others[name]) for name in weights)


def checkpoints(folder):
    return sorted(path.name for path in folder.glob("checkpoint-*"))


def test_a_training_in_boxes_ends_as_one_without(train, finished_run, tmp_path):
    folder = tmp_path / "run"
    for step in (1, 2):
        train(folder, max_minutes=AT_ONCE, resume=step > 1)
        assert checkpoints(folder)[-1] == f"checkpoint-{step}"
        check_resumable(folder / f"checkpoint-{step}")
        assert not (folder / "model_index.json").exists() and not (folder / "model").exists()
    # The last step is the end, not a stop before it.
    train(folder, max_minutes=AT_ONCE, resume=True)
    for name in ("model/model.safetensors", "checkpoint-3/model.safetensors", f"checkpoint-3/{EMA_FILE}"):
        assert_same(folder / name, finished_run / name)
    states = [json.loads((one / "checkpoint-3" / "trainer_state.json").read_text()) for one in (folder, finished_run)]
    losses = [[log["loss"] for log in state["log_history"] if "loss" in log] for state in states]
    assert losses[0] == losses[1] and len(losses[0]) == 3


@pytest.mark.parametrize("strategy", ["no", "epoch", "steps"])
def test_it_leaves_a_checkpoint_whatever_the_strategy(strategy, train, tmp_path):
    folder = tmp_path / "run"
    train(folder, max_minutes=AT_ONCE, save_strategy=strategy, save_steps=100)
    assert checkpoints(folder) == ["checkpoint-1"]
    train(folder, save_strategy=strategy, resume=True)
    assert CodeFusionPipeline.from_pretrained(folder).model.config.hidden_size == 16


def test_a_stop_at_the_end_of_an_epoch_saves_once(train, tmp_path):
    folder = tmp_path / "run"
    settings = {"per_device_train_batch_size": 24, "save_strategy": "epoch", "max_minutes": AT_ONCE}
    train(folder, **settings)
    train(folder, resume=True, **settings)
    assert checkpoints(folder) == ["checkpoint-1", "checkpoint-2"]


def test_it_is_exported_where_asked_for(train, tmp_path):
    train(tmp_path / "run", max_minutes=AT_ONCE, export_unfinished=True)
    assert checkpoints(tmp_path / "run") == ["checkpoint-1"]
    assert CodeFusionPipeline.from_pretrained(tmp_path / "run").model.config.hidden_size == 16
    train(tmp_path / "run", resume=True)
    assert checkpoints(tmp_path / "run") == ["checkpoint-1", "checkpoint-2", "checkpoint-3"]


def test_a_box_that_is_long_enough_changes_nothing(train, finished_run, tmp_path):
    train(tmp_path / "run", max_minutes=60)
    assert_same(tmp_path / "run" / "model" / "model.safetensors", finished_run / "model" / "model.safetensors")


def test_minutes_count_from_when_the_arguments_are_made(train, tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("codefusion_hf.training.trainer.time.monotonic", lambda: clock[0])
    seen = []

    class Clock:
        def __call__(self, trainer):
            seen.append(trainer.state.global_step)
            clock[0] = 60.0 * trainer.state.global_step

    from codefusion_hf.training.base_trainer import BaseTrainer

    original = BaseTrainer._time_is_up
    monkeypatch.setattr(BaseTrainer, "_time_is_up", lambda self: (Clock()(self), original(self))[1])
    train(tmp_path / "run", max_minutes=2)
    assert checkpoints(tmp_path / "run")[-1] == "checkpoint-2"
    assert seen == [1, 2]


def test_the_best_weights_wait_for_the_end(data_file, tmp_path):
    """Trainer puts them in the place of the last ones, and deletes the last checkpoint, as soon as training stops."""
    settings = {
        "eval_strategy": "steps",
        "eval_steps": 1,
        "save_total_limit": 1,
        # As the loss falls, the first checkpoint is the best.
        "metric_for_best_model": "eval_loss",
        "greater_is_better": True,
    }
    for step in (1, 2, 3):
        train_baseline(
            make_preset(max_minutes=AT_ONCE, **settings),
            data_of(data_file, validation_data=[data_file]),
            tmp_path,
            resume=step > 1,
        )
        # At the end, the last one goes.
        assert checkpoints(tmp_path) == [f"checkpoint-{number}" for number in ((1,) if step in (1, 3) else (1, 2))]
        assert (tmp_path / "config.json").exists() == (step == 3)
