# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A training that diverges stops, says where to go on from, and leaves nothing behind that is not finite."""

import math
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from transformers import TrainerCallback

from codefusion_hf.pipelines import CodeFusionPipeline
from codefusion_hf.training.diagnostics import LARGEST_WEIGHT, TrainingDivergedError, find_divergence
from codefusion_hf.training.ema import EMACallback
from codefusion_hf.training.export import export_pipeline
from codefusion_hf.training.trainer import CodeFusionTrainer, CodeFusionTrainingArguments

from .conftest import make_preset


NAN, INF = math.nan, math.inf


def weights_in(folder):
    return [(path, load_file(path)) for path in folder.rglob("*.safetensors")]


def assert_nothing_is_exported(folder):
    assert not list(folder.rglob("model_index.json"))
    for path, tensors in weights_in(folder):
        assert all(tensor.isfinite().all() for tensor in tensors.values()), path


@pytest.mark.parametrize(
    "settings",
    [
        {"learning_rate": 1e30},
        {"learning_rate": 1e30, "save_strategy": "no"},
        {"learning_rate": 1e30, "save_strategy": "no", "max_steps": 1},
        {"learning_rate": 1e30, "max_grad_norm": 0.0, "save_strategy": "no", "optim": "sgd"},
        {"learning_rate": 1e30, "gradient_accumulation_steps": 2, "save_strategy": "no"},
    ],
)
@pytest.mark.parametrize("phase", ["pretrain", "finetune"])
def test_a_learning_rate_beyond_reason(phase, settings, train, tmp_path):
    with pytest.raises(
        TrainingDivergedError, match=r"^Training diverged at step [12]: .* lower `learning_rate` than 1e"
    ):
        train(tmp_path / "run", phase=phase, **settings)
    assert_nothing_is_exported(tmp_path / "run")


def test_the_last_good_checkpoint_is_named_and_leads_on(train, tmp_path):
    folder = tmp_path / "run"
    # The first step is made with a learning rate of 0.
    with pytest.raises(
        TrainingDivergedError, match=rf"at step 2: .*the last good checkpoint is {folder}/checkpoint-1: "
    ):
        train(folder, learning_rate=1e30, warmup_steps=2)
    assert_nothing_is_exported(folder)
    assert [path.name for path in folder.glob("checkpoint-*")] == ["checkpoint-1"]
    # With the same learning rate it comes to the same end; a lower one counts, although the checkpoint has the other.
    with pytest.raises(TrainingDivergedError, match="at step 2: .*checkpoint-1"):
        train(folder, learning_rate=1e30, warmup_steps=2, resume=True)
    train(folder, learning_rate=0.01, warmup_steps=2, resume=True)
    assert CodeFusionPipeline.from_pretrained(folder).model.config.hidden_size == 16
    assert all(tensor.isfinite().all() for _, tensors in weights_in(folder) for tensor in tensors.values())


def test_a_lower_learning_rate_is_that_of_each_step_that_follows(train, tmp_path):
    rates = []

    class Rates(TrainerCallback):
        def on_step_end(self, args, state, control, optimizer, **kwargs):
            rates.append(optimizer.param_groups[0]["lr"])

    original = CodeFusionTrainer.__init__

    def with_rates(self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.add_callback(Rates())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CodeFusionTrainer, "__init__", with_rates)
        train(tmp_path / "run", lr_scheduler_type="linear", learning_rate=0.04, max_steps=2)
        train(tmp_path / "run", lr_scheduler_type="linear", learning_rate=0.01, max_steps=4, resume=True)
    # What a step leaves for the next one: of four steps, half of the rate is left behind the second.
    assert rates == pytest.approx([0.02, 0.0, 0.0025, 0.0])


def test_a_checkpoint_is_not_made_of_weights_that_are_none(train, tmp_path, monkeypatch):
    class Poison(TrainerCallback):
        """As where a gradient overflows: the loss of the step was finite."""

        def on_step_end(self, args, state, control, model, **kwargs):
            if state.global_step == 2:
                with torch.no_grad():
                    model.head.weight[5, 3] = NAN

    original = CodeFusionTrainer.__init__

    def poisoned(self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.add_callback(Poison())

    monkeypatch.setattr(CodeFusionTrainer, "__init__", poisoned)
    folder = tmp_path / "run"
    with pytest.raises(TrainingDivergedError, match=r"at step 2: `head.weight` has a weight of nan.*checkpoint-1"):
        train(folder)
    assert [path.name for path in folder.glob("checkpoint-*")] == ["checkpoint-1"]
    assert_nothing_is_exported(folder)


@pytest.mark.parametrize("value", [NAN, INF, -INF, 1e30, -2 * LARGEST_WEIGHT])
def test_a_pipeline_that_is_not_finite_is_not_exported(value, make_pipeline, make_model, tmp_path):
    export_pipeline(make_pipeline(), tmp_path / "run")
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    model = make_model()
    with torch.no_grad():
        model.embedding.embedding.weight[7, 1] = value
    with pytest.raises(
        TrainingDivergedError, match=r"not saved to .*run: `embedding\.embedding\.weight` has a weight"
    ):
        export_pipeline(make_pipeline(model), tmp_path / "run")
    assert {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()} == before


def test_what_is_finite_is_found_to_be_so():
    tensors = [
        ("a", torch.tensor([LARGEST_WEIGHT, -LARGEST_WEIGHT])),
        ("b", torch.zeros(0)),
        ("c", torch.tensor([2**40])),
        ("d", torch.ones(2, dtype=torch.bfloat16)),
    ]
    assert find_divergence(tensors) is None
    assert find_divergence([]) is None
    assert find_divergence([*tensors, ("e", torch.tensor([1.0, NAN]))]).startswith("`e` has a weight of nan")


def test_steps_that_half_precision_skips_are_no_divergence_at_first(make_model, tokenizer, tmp_path):
    trainer = SimpleNamespace(
        accelerator=SimpleNamespace(scaler=object()),
        state=SimpleNamespace(global_step=0),
        args=SimpleNamespace(output_dir=str(tmp_path), learning_rate=0.1),
        _skipped_steps=0,
    )
    trainer._divergence = lambda step, what: TrainingDivergedError(what)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("transformers.Trainer.training_step", lambda *args, **kwargs: torch.tensor(INF))
        step = CodeFusionTrainer.training_step
        # `super()` wants one of the class.
        trainer = _as_trainer(trainer)
        for _ in range(50):
            step(trainer, None)
        with pytest.raises(TrainingDivergedError, match="the loss is inf"):
            step(trainer, None)
        patch.setattr("transformers.Trainer.training_step", lambda *args, **kwargs: torch.tensor(1.0))
        step(trainer, None)
        assert trainer._skipped_steps == 0


def _as_trainer(attributes):
    trainer = object.__new__(CodeFusionTrainer)
    trainer.__dict__.update(vars(attributes))
    return trainer


# Arguments


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ema_decay", NAN),
        ("ema_decay", "nan"),
        ("ema_decay", "x"),
        ("ema_decay", 1.0),
        ("ema_decay", -0.1),
        ("ema_decay", True),
        ("learning_rate", NAN),
        ("learning_rate", INF),
        ("learning_rate", "x"),
        ("weight_decay", NAN),
        ("max_grad_norm", NAN),
        ("warmup_steps", NAN),
        ("adam_epsilon", INF),
        ("max_steps", "x"),
        ("max_steps", 2.5),
        ("seed", "x"),
        ("seed", True),
        ("cpd_probability", NAN),
        ("cpd_probability", "x"),
        ("cpd_mask_probability", NAN),
        ("prompt_dropout_probability", NAN),
        ("prompt_mask_probability", INF),
        ("label_smoothing_factor", NAN),
        ("num_sample_prompts", 1.5),
        ("num_sample_prompts", -1),
        ("max_minutes", NAN),
        ("max_minutes", INF),
        ("max_minutes", 0),
        ("max_minutes", -1),
        ("max_minutes", "9"),
        ("max_minutes", True),
        ("max_minutes", 10**400),
    ],
)
def test_arguments_that_are_no_numbers_are_refused(name, value, train, tmp_path):
    with pytest.raises(ValueError, match=f"`{name}` must be .*got"):
        CodeFusionTrainingArguments(str(tmp_path), **{name: value})
    with pytest.raises(ValueError, match=f"`{name}` must be .*got"):
        train(tmp_path / "run", **{name: value})
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("value", [NAN, INF, "x", None, True, 1.0, -1])
def test_a_decay_that_is_none_is_refused(value):
    with pytest.raises(ValueError, match=r"`decay` must be a number in \[0, 1\), got"):
        EMACallback(value)


def test_whole_numbers_are_numbers(tmp_path):
    preset = make_preset(learning_rate=1, ema_decay=0, warmup_steps=2, max_minutes=5)
    args = CodeFusionTrainingArguments(str(tmp_path), **preset["training"])
    assert (args.learning_rate, args.ema_decay, args.max_minutes) == (1, 0, 5)
