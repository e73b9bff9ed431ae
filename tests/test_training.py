# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the presets, the trainer, the moving average and the two training phases, on tiny models."""

import copy
import functools
import json
import logging
import re
import shutil
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from training_data import data_of
from transformers import T5Config, TrainerCallback
from transformers.trainer_utils import get_last_checkpoint

from codefusion_hf.data.collators import PairCollator, PretrainingCollator
from codefusion_hf.data.datasets import BUCKET_STEP, build_code_dataset, build_pair_dataset
from codefusion_hf.memory import CodeFusionMemory
from codefusion_hf.modeling import CodeFusionConfig, CodeFusionModel
from codefusion_hf.pipelines import CodeFusionPipeline
from codefusion_hf.training.base_trainer import INCOMPLETE_DIR
from codefusion_hf.training.diagnostics import collapse_warnings, embedding_metrics
from codefusion_hf.training.ema import EMA_FILE, EMACallback
from codefusion_hf.training.export import export_pipeline
from codefusion_hf.training.lora import DEFAULT_TARGET_MODULES, merged_model
from codefusion_hf.training.presets import SECTIONS, available_presets, load_preset
from codefusion_hf.training.randomness import StepRandomness
from codefusion_hf.training.run import config_from_preset, run_training
from codefusion_hf.training.samples import SAMPLES_FILE
from codefusion_hf.training.trainer import CodeFusionTrainer, CodeFusionTrainingArguments


PRESET = {
    "language": "bash",
    "tokenizer": {"vocab_size": 280, "model_max_length": 16},
    "model": {
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
    },
    "training": {
        "per_device_train_batch_size": 4,
        "train_sampling_strategy": "group_by_length",
        "learning_rate": 0.01,
        "ema_decay": 0.9,
        "max_steps": 2,
        "save_strategy": "no",
        "logging_steps": 1,
        "disable_tqdm": True,
        "use_cpu": True,
        "seed": 3,
    },
    "lora": {},
    "pretrain": {},
    "finetune": {},
    "sampling": {},
}
SNIPPETS = [f"for file in *.{letter}; do wc -l $file; done" for letter in "abcd"] + ["pwd", "ls -a | sort"]


def preset_with(**training):
    preset = copy.deepcopy(PRESET)
    preset["training"].update(training)
    return preset


@pytest.fixture
def pair_file(tmp_path):
    """24 pairs: six batches of four."""
    path = tmp_path / "pairs.jsonl"
    rows = [{"text": f"show line {n} of notes", "code": f"sed -n {n}p notes{'x' * (n % 5)}"} for n in range(24)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def snippet_file(tmp_path):
    path = tmp_path / "snippets.txt"
    path.write_text("\n".join(SNIPPETS))
    return path


@pytest.fixture
def make_trainer(make_model, tokenizer, pairs, tmp_path):
    """A function that makes a trainer of a tiny model on the pairs, with the given training arguments."""

    def make(model=None, **kwargs):
        arguments = {
            "output_dir": str(tmp_path / "trainer"),
            "per_device_train_batch_size": 2,
            "max_steps": 2,
            "logging_steps": 1,
            "learning_rate": 0.01,
            "save_strategy": "no",
            "disable_tqdm": True,
            "use_cpu": True,
        }
        rows = [{"text": text, "code": code} for text, code in pairs]
        dataset = build_pair_dataset(rows, tokenizer, max_code_length=24)
        return CodeFusionTrainer(
            model=make_model() if model is None else model,
            args=CodeFusionTrainingArguments(**{**arguments, **kwargs}),
            data_collator=PairCollator(tokenizer),
            train_dataset=dataset,
            eval_dataset=dataset,
            processing_class=tokenizer,
        )

    return make


def weights_of(model):
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def exported_weights(folder):
    return load_file(folder / "model" / "model.safetensors")


def assert_same(weights, others):
    assert weights.keys() == others.keys()
    different = [name for name in weights if not torch.equal(weights[name], others[name])]
    assert not different


# Presets


@pytest.mark.parametrize("name", available_presets())
def test_bundled_presets_make_valid_configurations_and_arguments(name, tokenizer, tmp_path):
    preset = load_preset(name)
    assert preset.keys() == SECTIONS.keys()
    config = config_from_preset(preset, tokenizer)
    assert isinstance(config, CodeFusionConfig)
    vocab_size = max(preset["model"].get("vocab_size", 0), len(tokenizer))
    assert config.vocab_size == config.encoder_config.vocab_size == vocab_size
    assert config.encoder_config.eos_token_id == config.eos_token_id == tokenizer.eos_token_id
    known = CodeFusionConfig().to_dict()
    assert set(preset["model"]) <= set(known)
    assert set(preset["model"]["encoder_config"]) <= set(config.encoder_config.to_dict())
    for phase in ("pretrain", "finetune"):
        args = CodeFusionTrainingArguments(
            output_dir=str(tmp_path), use_cpu=True, **{**preset["training"], **preset[phase]}
        )
        assert args.train_sampling_strategy == "group_by_length"
        assert args.label_smoothing_factor == 0.0  # which CodeFusionTrainer refuses otherwise


def test_there_is_a_bundled_preset():
    assert "bash-tiny" in available_presets()


def test_overrides_change_what_they_name_and_nothing_else():
    overrides = [
        "training.logging_steps=7",
        "training.learning_rate=5e-4",
        "model.encoder_config.num_layers=2",
        "finetune.lr_scheduler_type=cosine",
    ]
    preset, changed = load_preset("bash-tiny"), load_preset("bash-tiny", overrides)
    assert changed["training"] == {**preset["training"], "logging_steps": 7, "learning_rate": 5e-4}
    assert changed["model"]["encoder_config"] == {**preset["model"]["encoder_config"], "num_layers": 2}
    assert changed["finetune"] == {**preset["finetune"], "lr_scheduler_type": "cosine"}
    assert load_preset("bash-tiny") == preset


def test_a_preset_is_read_from_a_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("training:\n  learning_rate: 1e-3\npretrain:\n")
    preset = load_preset(str(path), ["pretrain.max_steps=5"])
    assert preset["training"] == {"learning_rate": 0.001}
    assert preset["pretrain"] == {"max_steps": 5}
    assert preset["finetune"] == preset["model"] == {}
    assert preset["language"] == ""
    assert preset["lora"] == {}


@pytest.mark.parametrize(
    ("text", "overrides", "message"),
    [
        ("- a\n- b\n", [], "expected a mapping of language, tokenizer"),
        ("language: bash\nmodle: {}\n", [], "unknown sections modle; allowed are language, tokenizer"),
        ("language: bash\ntraining: fast\n", [], "`training` must be a mapping, got 'fast'"),
        ("language: {name: bash}\n", [], "`language` must be a string, got {'name': 'bash'}"),
        ("language: bash\n", ["max_steps=5"], r"form section.key=value, got 'max_steps=5'"),
        ("language: bash\n", ["training.max_steps"], r"form section.key=value, got 'training.max_steps'"),
        ("language: bash\n", ["trianing.max_steps=5"], "unknown sections trianing"),
        ("language: bash\n", ["language.name=5"], r"got 'language.name=5'.* `language` .* 'bash'"),
        ("language: bash\ntraining: {seed: 1}\n", ["training.seed.x=5"], r"got 'training.seed.x=5'.* `seed` .* 1"),
    ],
)
def test_errors_in_presets_are_named(tmp_path, text, overrides, message):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        load_preset(str(path), overrides)


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"`preset` must be one of .*bash-tiny.*, got 'zsh-huge'"):
        load_preset("zsh-huge")


def test_an_override_of_training_holds_in_both_phases():
    preset = load_preset("bash-tiny", ["training.max_steps=7"])
    for phase in ("pretrain", "finetune"):
        assert {**preset["training"], **preset[phase]}["max_steps"] == 7
    # The preset's phases say it for themselves; what is said later counts.
    assert "max_steps" in load_preset("bash-tiny")["finetune"]
    preset = load_preset("bash-tiny", ["training.max_steps=7", "finetune.max_steps=9"])
    assert {**preset["training"], **preset["pretrain"]}["max_steps"] == 7
    assert {**preset["training"], **preset["finetune"]}["max_steps"] == 9


def test_a_preset_without_an_encoder_gets_the_default_one(tokenizer):
    settings = {key: value for key, value in PRESET["model"].items() if key != "encoder_config"}
    config = config_from_preset({**PRESET, "model": settings}, tokenizer)
    assert config.encoder_config.d_model == CodeFusionConfig().encoder_config.d_model
    assert config.encoder_config.vocab_size == len(tokenizer)


# Bucketing


@pytest.mark.parametrize("phase", ["pretrain", "finetune"])
def test_batches_have_little_padding_in_the_code(phase, make_model, tokenizer, tmp_path):
    programs = [f"echo {'x' * (n % 50)} {n}" for n in range(400)]
    if phase == "pretrain":
        dataset = build_code_dataset(programs, tokenizer, 64, "bash")
        collator = PretrainingCollator(tokenizer)
    else:
        rows = [{"text": f"print {'y ' * (n % 7)}", "code": program} for n, program in enumerate(programs)]
        dataset = build_pair_dataset(rows, tokenizer, 64)
        collator = PairCollator(tokenizer)
    args = CodeFusionTrainingArguments(
        output_dir=str(tmp_path),
        per_device_train_batch_size=8,
        train_sampling_strategy="group_by_length",
        use_cpu=True,
    )
    trainer = CodeFusionTrainer(
        model=make_model(), args=args, data_collator=collator, train_dataset=dataset, processing_class=tokenizer
    )
    labels = [batch["labels"] for batch in trainer.get_train_dataloader()]
    lengths = [(batch != -100).sum(dim=1) for batch in labels]
    assert sum(map(len, lengths)) == len(dataset)
    assert len({length // BUCKET_STEP for length in map(len, dataset["labels"])}) > 2
    # A batch mixes buckets where two of them meet.
    in_one_bucket = [(length.max() - length.min()).item() < BUCKET_STEP for length in lengths]
    assert sum(in_one_bucket) / len(in_one_bucket) > 0.25
    code_share = sum(length.sum().item() for length in lengths) / sum(batch.numel() for batch in labels)
    assert code_share > 0.8


# Trainer


def test_the_terms_of_the_loss_are_logged(make_trainer):
    trainer = make_trainer(logging_steps=2, max_steps=4)
    trainer.train()
    logs = [log for log in trainer.state.log_history if "loss" in log]
    assert [log["step"] for log in logs] == [2, 4]
    for log in logs:
        assert "embedding_loss" not in log
        terms = log["denoising_loss"] + log["cross_entropy_loss"]
        assert log["loss"] == pytest.approx(terms + 0.1 * log["length_loss"], rel=1e-3)
    assert logs[0]["denoising_loss"] != logs[1]["denoising_loss"]


def test_the_encoder_is_trained_or_frozen(make_trainer, make_model):
    for train_encoder in (True, False):
        model = make_model()
        before = weights_of(model)
        trainer = make_trainer(model=model, train_encoder=train_encoder)
        trainer.train()
        changed = {name for name, weight in weights_of(model).items() if not torch.equal(weight, before[name])}
        assert any(name.startswith("denoiser.") for name in changed)
        assert any(name.startswith("encoder.") for name in changed) == train_encoder
        shadow = dict(zip(before, trainer.ema_callback.ema.shadow_params, strict=True))
        assert_same(shadow, {name: shadow[name] if name in changed else before[name] for name in before})


def test_evaluation_repeats_its_noise_and_leaves_the_generator_alone(make_trainer):
    trainer = make_trainer()
    trainer.train()
    torch.manual_seed(11)
    state = torch.get_rng_state()
    first = trainer.evaluate()
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(12)
    second = trainer.evaluate()
    timing = {"eval_runtime", "eval_samples_per_second", "eval_steps_per_second"}
    assert {name: first[name] for name in first.keys() - timing} == {
        name: second[name] for name in second.keys() - timing
    }


def test_evaluation_is_reported_by_quartile(make_trainer, make_model, tokenizer):
    trainer = make_trainer(model=make_model())
    metrics = trainer.evaluate()
    names = [f"eval_{name}_q{quartile}" for name in ("cross_entropy", "accuracy") for quartile in range(1, 5)]
    assert set(names) | {"eval_loss"} <= metrics.keys()
    # One of the four rows is in each quartile.
    batch = next(iter(trainer.get_eval_dataloader()))
    with torch.no_grad():
        output = trainer.model.eval()(**trainer.randomness(batch, (0,), is_training=False))
    is_code = batch["labels"] != -100
    # The canvas may be wider than the labels.
    correct = (output.logits[:, : is_code.shape[1]].argmax(dim=-1) == batch["labels"]) & is_code
    quartiles = (output.timesteps * 4 // trainer.model.config.num_train_timesteps).tolist()
    assert sorted(quartiles) == [0, 1, 2, 3]
    for row, quartile in enumerate(quartiles):
        assert metrics[f"eval_cross_entropy_q{quartile + 1}"] == pytest.approx(output.token_loss[row].item(), rel=1e-4)
        accuracy = correct[row].sum() / is_code[row].sum()
        assert metrics[f"eval_accuracy_q{quartile + 1}"] == pytest.approx(accuracy.item(), rel=1e-4)


def test_evaluation_uses_the_average_and_gives_the_raw_weights_back(make_trainer, make_model):
    trainer = make_trainer(ema_decay=0.5)
    trainer.train()
    raw = weights_of(trainer.model)
    with trainer.ema_callback.average_weights(trainer.model):
        average = weights_of(trainer.model)
    assert any(not torch.equal(raw[name], average[name]) for name in raw)
    metrics = trainer.evaluate()
    assert_same(weights_of(trainer.model), raw)

    trainer.model.load_state_dict(average, strict=False)
    assert make_trainer(model=trainer.model).evaluate()["eval_loss"] == metrics["eval_loss"]
    trainer.model.load_state_dict(raw, strict=False)
    assert make_trainer(model=trainer.model).evaluate()["eval_loss"] != metrics["eval_loss"]


def test_several_evaluation_sets_are_each_evaluated_with_the_average(make_trainer):
    trainer = make_trainer()
    trainer.train()
    raw = weights_of(trainer.model)
    alone = trainer.evaluate()
    both = trainer.evaluate({"a": trainer.eval_dataset, "b": trainer.eval_dataset.select([0])})
    assert both["eval_a_loss"] == alone["eval_loss"]
    assert both["eval_a_accuracy_q4"] == alone["eval_accuracy_q4"]
    assert both["eval_b_loss"] != alone["eval_loss"]
    assert_same(weights_of(trainer.model), raw)


def test_predict_reports_its_own_rows_only(make_trainer):
    trainer = make_trainer()
    trainer.train()
    alone = trainer.predict(trainer.eval_dataset.select([0])).metrics
    trainer.evaluate()
    after = trainer.predict(trainer.eval_dataset.select([0])).metrics
    assert {name for name in after if name.endswith(("q1", "q2", "q3", "q4"))} == {
        name for name in alone if name.endswith(("q1", "q2", "q3", "q4"))
    }
    assert after["test_loss"] == alone["test_loss"]


# Moving average


@pytest.mark.parametrize("decay", [-0.1, 1.0])
def test_a_decay_out_of_range_is_refused(decay, make_trainer):
    with pytest.raises(ValueError, match=rf"decay` must be .*in \[0, 1\), got {decay}"):
        EMACallback(decay)
    with pytest.raises(ValueError, match=r"must be in \[0, 1\)"):
        make_trainer(ema_decay=decay)


def test_the_average_follows_the_weights_with_its_decay(make_trainer):
    class WeightsOfSteps(TrainerCallback):
        def __init__(self):
            self.weights = []

        def on_train_begin(self, args, state, control, model, **kwargs):
            self.weights.append(model.head.weight.detach().clone())

        def on_step_end(self, args, state, control, model, **kwargs):
            self.weights.append(model.head.weight.detach().clone())

    trainer = make_trainer(max_steps=4, ema_decay=0.2)
    recorder = WeightsOfSteps()
    trainer.add_callback(recorder)
    trainer.train()
    expected = recorder.weights[0]
    # diffusers' EMAModel keeps nothing of the initial weights at the first step.
    for step, weight in enumerate(recorder.weights[1:]):
        decay = 0.0 if step == 0 else min(0.2, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * weight
    with trainer.ema_callback.average_weights(trainer.model):
        torch.testing.assert_close(trainer.model.head.weight.detach(), expected)
    assert not torch.allclose(trainer.model.head.weight, expected)


def test_before_training_there_is_no_average_to_put_in(make_model):
    model = make_model()
    before = weights_of(model)
    with EMACallback(0.9).average_weights(model):
        assert_same(weights_of(model), before)
    with pytest.raises(RuntimeError, match="training has not begun"):
        EMACallback(0.9).copy_to(model)


def test_the_average_is_saved_in_a_checkpoint_and_restored(make_trainer, make_model):
    trainer = make_trainer(max_steps=3, save_strategy="steps", save_steps=2)
    trainer.train()
    checkpoint = f"{trainer.args.output_dir}/checkpoint-2"

    class State(TrainerCallback):
        def on_train_begin(self, args, state, control, model, **kwargs):
            self.step = resumed.ema_callback.ema.optimization_step
            shadows = resumed.ema_callback.ema.shadow_params
            self.average = {
                name: shadow.clone() for (name, _), shadow in zip(model.named_parameters(), shadows, strict=True)
            }

    resumed, state = make_trainer(max_steps=3), State()
    resumed.add_callback(state)
    resumed.train(resume_from_checkpoint=checkpoint)
    saved = load_file(f"{checkpoint}/{EMA_FILE}")
    assert state.step == 2
    assert_same(state.average, saved)
    assert any(not torch.equal(saved[name], load_file(f"{checkpoint}/model.safetensors")[name]) for name in saved)
    assert resumed.ema_callback.ema.optimization_step == 3


def test_a_checkpoint_without_the_average_is_refused(make_trainer, tmp_path):
    trainer = make_trainer(save_strategy="steps", save_steps=1)
    trainer.train()
    checkpoint = tmp_path / "trainer" / "checkpoint-1"
    (checkpoint / EMA_FILE).unlink()
    with pytest.raises(ValueError, match=rf"Cannot resume: .*checkpoint-1/{EMA_FILE} is missing"):
        make_trainer().train(resume_from_checkpoint=str(checkpoint))


# Checkpoints


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("codefusion_hf.training.ema.save_file", OSError("disk full")),
        ("torch.save", RuntimeError("PytorchStreamWriter failed writing file")),
        ("transformers.trainer_callback.TrainerState.save_to_json", OSError("disk full")),
        ("codefusion_hf.manifest.write_text", OSError("disk full")),
    ],
)
def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before_it(
    make_trainer, tmp_path, monkeypatch, what, error
):
    folder = tmp_path / "trainer"
    trainer = make_trainer(save_strategy="steps", save_steps=1, save_total_limit=1, max_steps=3)

    class FullDisk(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            if state.global_step == 2:

                def write_half(tensors, path, *args, **kwargs):
                    raise error

                monkeypatch.setattr(what, write_half)

    trainer.add_callback(FullDisk())
    with pytest.raises(OSError, match=r"Cannot write the checkpoint .*checkpoint-2 \(.*(disk full|failed writing)"):
        trainer.train()
    monkeypatch.undo()
    assert [path.name for path in folder.iterdir()] == ["checkpoint-1"]
    resumed = make_trainer(max_steps=3)
    resumed.train(resume_from_checkpoint=True)
    assert resumed.state.global_step == 3


def test_a_checkpoint_is_not_visible_before_it_is_complete(make_trainer, tmp_path, monkeypatch):
    folder = tmp_path / "trainer"
    seen = []

    def look(*args, **kwargs):
        seen.append((get_last_checkpoint(folder), (folder / INCOMPLETE_DIR).exists()))
        return save_file(*args, **kwargs)

    monkeypatch.setattr("codefusion_hf.training.ema.save_file", look)
    make_trainer(save_strategy="steps", save_steps=1, save_total_limit=1).train()
    assert seen == [(None, True), (str(folder / "checkpoint-1"), True)]
    assert [path.name for path in folder.iterdir()] == ["checkpoint-2"]


def test_what_a_killed_run_left_is_cleared(make_trainer, tmp_path):
    folder = tmp_path / "trainer"
    rest = folder / INCOMPLETE_DIR / "checkpoint-1" / "rest"
    rest.parent.mkdir(parents=True)
    rest.touch()
    make_trainer(save_strategy="steps", save_steps=1).train()
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint-1", "checkpoint-2"]
    assert not list(folder.rglob("rest"))


def test_later_checkpoints_of_another_run_are_not_mixed_in(make_trainer, tmp_path):
    make_trainer(save_strategy="steps", save_steps=1).train()
    first = str(tmp_path / "trainer" / "checkpoint-1")
    for checkpoint in (None, first):
        with pytest.raises(
            ValueError, match=r"`output_dir` has later checkpoints of another run, up to .*checkpoint-2"
        ):
            make_trainer(save_strategy="steps", save_steps=1).train(resume_from_checkpoint=checkpoint)


def test_resuming_a_finished_run_changes_nothing(tmp_path, pair_file):
    preset = preset_with(save_strategy="steps", save_steps=2)
    run_training(preset, "finetune", data_of(pair_file), tmp_path / "run")
    exported = exported_weights(tmp_path / "run")
    (tmp_path / "run" / "model_index.json").unlink()
    run_training(preset, "finetune", data_of(pair_file), tmp_path / "run", resume=True)
    assert [path.name for path in (tmp_path / "run").glob("checkpoint-*")] == ["checkpoint-2"]
    assert_same(exported_weights(tmp_path / "run"), exported)
    assert (tmp_path / "run" / "model_index.json").is_file()


def test_an_average_of_half_precision_weights_moves_in_small_steps():
    model = torch.nn.Linear(1, 1, bias=False).bfloat16()
    callback = EMACallback(0.999)
    torch.nn.init.ones_(model.weight)
    callback.on_train_begin(SimpleNamespace(device=torch.device("cpu")), None, None, model)
    callback.ema.optimization_step = 100_000  # behind the steps in which it follows faster
    for _ in range(300):
        callback.on_step_end(None, None, None, model)
        torch.nn.init.constant_(model.weight, 1.25)
    assert callback.state_dict(model)["weight"].dtype == torch.float32
    assert callback.state_dict(model)["weight"].item() == pytest.approx(1.25 - 0.25 * 0.999**299, abs=1e-3)
    with callback.average_weights(model):
        assert model.weight.dtype == torch.bfloat16
        with callback.average_weights(model):
            pass
        assert model.weight.item() != 1.25
    assert model.weight.item() == 1.25


def test_a_model_that_is_pushed_is_the_average(make_trainer, tmp_path, monkeypatch):
    trainer = make_trainer(ema_decay=0.5)
    trainer.train()
    # What `Trainer.push_to_hub` calls before it uploads.
    trainer.save_model(str(tmp_path / "pushed"), _internal_call=True)
    pushed = load_file(tmp_path / "pushed" / "model.safetensors")
    average = trainer.ema_callback.state_dict(trainer.model)
    assert_same({name: pushed[name] for name in average}, average)


def test_a_frozen_encoder_has_no_dropout(make_trainer, make_config):
    config = make_config(
        encoder_config=T5Config(vocab_size=320, d_model=24, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    )
    trainer = make_trainer(model=CodeFusionModel(config), train_encoder=False)
    trainer.train()
    assert trainer.model.training
    assert not trainer.model.encoder.training


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lora": {"r": 2}}, "`lora` needs `init_from`"),
        ({"tokenizer": {"vocabsize": 280}}, "`tokenizer` must have `name_or_path`, or `vocab_size` .*; got vocabsize"),
        ({"tokenizer": {}}, "`tokenizer` must have `name_or_path`, or `vocab_size` .*; got nothing"),
        ({"finetune": {"label_smoothing_factor": 1.0}}, r"`label_smoothing_factor` must be in \[0, 1\), got 1.0"),
        ({"finetune": {"num_sample_prompts": -1}}, "`num_sample_prompts` must be at least 0, got -1"),
    ],
)
def test_settings_that_cannot_work_are_refused(change, message, tmp_path, pair_file):
    with pytest.raises(ValueError, match=message):
        run_training({**PRESET, **change}, "finetune", data_of(pair_file), tmp_path / "run")


def test_half_precision_weights_are_trained_in_single(tmp_path, pair_file):
    run_training(PRESET, "finetune", data_of(pair_file), tmp_path / "start")
    CodeFusionPipeline.from_pretrained(tmp_path / "start", dtype=torch.float16).save_pretrained(tmp_path / "half")
    run_training(PRESET, "finetune", data_of(pair_file), tmp_path / "end", init_from=tmp_path / "half")
    assert {weight.dtype for weight in exported_weights(tmp_path / "end").values()} == {torch.float32}


def test_weights_of_another_model_are_not_exported(make_model):
    weights = weights_of(make_model())
    assert_same(weights_of(merged_model(make_model(), weights)), weights)
    with pytest.raises(RuntimeError, match=r"not the model's weights: \['decoder"):
        merged_model(make_model(num_decoder_layers=2), weights)


def test_the_best_checkpoint_is_kept_and_its_average_restored(make_trainer, tmp_path):
    trainer = make_trainer(
        max_steps=4,
        save_strategy="steps",
        save_steps=1,
        eval_strategy="steps",
        eval_steps=1,
        save_total_limit=1,
        load_best_model_at_end=True,
        # The average falls behind: the last one is the worst.
        metric_for_best_model="eval_embedding_norm",
        greater_is_better=False,
        learning_rate=0.1,
    )
    trainer.train()
    norms = [log["eval_embedding_norm"] for log in trainer.state.log_history if "eval_embedding_norm" in log]
    best = tmp_path / "trainer" / f"checkpoint-{norms.index(min(norms)) + 1}"
    assert trainer.state.best_model_checkpoint == str(best)
    assert json.loads((best / "trainer_state.json").read_text())["best_model_checkpoint"] == str(best)
    assert_same(trainer.ema_callback.state_dict(trainer.model), load_file(best / EMA_FILE))
    trainer.save_model(str(tmp_path / "saved"))
    saved = load_file(tmp_path / "saved" / "model.safetensors")
    average = load_file(best / EMA_FILE)
    assert_same({name: saved[name] for name in average}, average)


# What is random in a step


def randomness_of(make_model, tokenizer, **kwargs):
    return StepRandomness(make_model(), tokenizer, seed=3, **kwargs)


@pytest.fixture
def batches(tokenizer, pairs):
    """A batch of each phase."""
    rows = [{"text": text, "code": code} for text, code in pairs]
    return {
        "finetune": PairCollator(tokenizer)(list(build_pair_dataset(rows, tokenizer, 24))),
        "pretrain": PretrainingCollator(tokenizer)(
            list(build_code_dataset(["cat a | sort", "cd b; ls; pwd", "ls & date", "wc b; ls"], tokenizer, 24, "bash"))
        ),
    }


def assert_same_inputs(inputs, others):
    assert inputs.keys() == others.keys()
    for name, value in inputs.items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(value, others[name]), name
        else:
            assert value == others[name], name


@pytest.mark.parametrize("phase", ["finetune", "pretrain"])
def test_a_step_draws_the_same_whatever_was_drawn_before(phase, make_model, tokenizer, batches):
    randomness = randomness_of(make_model, tokenizer, prompt_dropout_probability=0.5, prompt_mask_probability=0.3)
    first = randomness(batches[phase], (7, 0))
    torch.rand(5)
    randomness(batches[phase], (8, 0))
    assert_same_inputs(randomness(batches[phase], (7, 0)), first)
    for other in (randomness(batches[phase], (8, 0)), randomness(batches[phase], (7, 1))):
        for name in ("timesteps", "noise", "input_ids", "prompt_noise"):
            assert not torch.equal(other[name], first[name]), name


@pytest.mark.parametrize("phase", ["finetune", "pretrain"])
def test_two_processes_draw_what_one_does(phase, make_model, tokenizer, batches):
    shares = {"prompt_dropout_probability": 0.5, "prompt_mask_probability": 0.3}
    make_model = functools.partial(make_model, clean_position_probability=0.5)
    whole = randomness_of(make_model, tokenizer, **shares)(batches[phase], (7, 0))
    for process in range(2):
        rows = slice(2 * process, 2 * process + 2)
        own = {name: value[rows] for name, value in batches[phase].items()}
        # Padded less far than the whole batch is.
        width = int(own["attention_mask"].sum(dim=1).max())
        for name in ("input_ids", "attention_mask", "span_ids"):
            if name in own:
                own[name] = own[name][:, :width]
        part = randomness_of(make_model, tokenizer, process_index=process, num_processes=2, **shares)(own, (7, 0))
        for name, value in whole.items():
            expected = value
            if isinstance(value, torch.Tensor):
                expected = value[rows]
                if name in ("input_ids", "attention_mask", "prompt_noise"):
                    expected = expected[:, :width]
                assert torch.equal(part[name], expected), name
            else:
                assert part[name] == expected


def test_fine_tuning_drops_and_masks_its_share_of_the_prompts(make_model, tokenizer, batches):
    randomness = randomness_of(make_model, tokenizer, prompt_dropout_probability=0.25, prompt_mask_probability=0.4)
    batch = {name: value.repeat(100, 1) for name, value in batches["finetune"].items()}
    drawn = randomness(batch, (0, 0))
    assert drawn["noise_prompt"].float().mean().item() == pytest.approx(0.25, abs=0.06)
    is_masked = drawn["input_ids"] == tokenizer.mask_token_id
    is_word = batch["attention_mask"].bool() & (batch["input_ids"] != tokenizer.eos_token_id)
    assert not is_masked[~is_word].any()
    assert is_masked[is_word].float().mean().item() == pytest.approx(0.4, abs=0.03)
    assert torch.equal(drawn["input_ids"][~is_masked], batch["input_ids"][~is_masked])
    # An evaluation sees all prompts whole, and other noise.
    evaluated = randomness(batch, (0, 0), is_training=False)
    assert torch.equal(evaluated["input_ids"], batch["input_ids"])
    assert "noise_prompt" not in evaluated
    assert not torch.equal(evaluated["noise"], drawn["noise"])
    assert "noise_prompt" not in randomness_of(make_model, tokenizer)(batch, (0, 0))


@pytest.mark.parametrize("phase", ["finetune", "pretrain"])
def test_its_share_of_the_rows_has_clean_positions(phase, make_model, tokenizer, batches):
    model = make_model(clean_position_probability=0.25)
    batch = {name: value.repeat(200, 1) for name, value in batches[phase].items()}
    drawn = StepRandomness(model, tokenizer, seed=3)(batch, (0, 0))
    timesteps = drawn["timesteps"]
    assert timesteps.shape == (800, model.config.max_code_length)
    # Beside the clean positions of a row there is one timestep, the one that it has without them.
    without = randomness_of(make_model, tokenizer)(batch, (0, 0))["timesteps"]
    is_clean = timesteps != without[:, None]
    assert (timesteps[is_clean] == 0).all()
    share = is_clean.float().mean(dim=1)
    assert (share > 0.0).float().mean().item() == pytest.approx(0.25, abs=0.05)
    # Any share of them: few, half and nearly all.
    shares = torch.histc(share[share > 0.0], 3, 0.0, 1.0) / (share > 0.0).sum()
    assert (shares > 0.2).all()
    # Clean positions of a row are anywhere, and not the same in all rows.
    assert is_clean.float().mean(dim=0).std() < 0.03

    # Evaluation knows none, and its figures by quarter of the timestep need one timestep a row.
    assert StepRandomness(model, tokenizer, seed=3)(batch, (0, 0), is_training=False)["timesteps"].shape == (800,)
    assert without.shape == (800,)


def test_training_counts_no_clean_position(make_trainer, make_model):
    model = make_model(clean_position_probability=1.0, canvas_step=1)  # no padding is counted
    trainer = make_trainer(model=model, max_steps=2)
    seen = []
    hook = model.register_forward_hook(
        lambda module, args, kwargs, output: seen.append((module.training, kwargs["labels"], output)), with_kwargs=True
    )
    trainer.train()
    trainer.evaluate()
    hook.remove()
    assert [is_training for is_training, *_ in seen[:3]] == [True, True, False]
    for is_training, labels, output in seen:
        if not is_training:
            assert output["timesteps"].ndim == 1
            continue
        is_clean = output["timesteps"][:, : labels.shape[1]] == 0
        assert is_clean.any() and not is_clean.all()
        losses = F.cross_entropy(output["logits"][:, : labels.shape[1]].transpose(1, 2), labels, reduction="none")
        counts = ((labels != -100) & ~is_clean).float()
        expected = (losses * counts).sum(dim=1) / counts.sum(dim=1).clamp(min=1.0)
        torch.testing.assert_close(output["token_loss"], expected.detach())


def test_pre_training_gives_each_row_one_of_two_tasks(make_model, tokenizer, batches):
    batch = {name: value.repeat(100, 1) for name, value in batches["pretrain"].items()}
    drawn = randomness_of(make_model, tokenizer, cpd_probability=0.25)(batch, (0, 0))
    assert drawn["noise_prompt"].float().mean().item() == pytest.approx(0.75, abs=0.06)
    assert "span_ids" not in drawn
    is_masked = drawn["input_ids"] == tokenizer.mask_token_id
    assert not is_masked[batch["span_ids"] == 0].any()
    assert is_masked.any(dim=1).all()
    assert 0.3 < is_masked[batch["span_ids"] > 0].float().mean() < 0.9
    assert torch.equal(drawn["input_ids"][~is_masked], batch["input_ids"][~is_masked])
    assert drawn["prompt_noise"].shape == (*batch["input_ids"].shape, 24)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cpd_probability": -0.1}, "`cpd_probability` must be in [0, 1], got -0.1"),
        ({"prompt_dropout_probability": 1.5}, "`prompt_dropout_probability` must be in [0, 1], got 1.5"),
        ({"prompt_mask_probability": 1.5}, "`prompt_mask_probability` must be in [0, 1], got 1.5"),
        ({"cpd_mask_probability": 0.0}, "`cpd_mask_probability` must be above 0 and at most 1, got 0.0"),
    ],
)
def test_shares_out_of_range_are_refused(make_trainer, arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make_trainer(**arguments)


def test_labels_are_not_smoothed(make_trainer, tmp_path, pair_file):
    message = "`label_smoothing_factor` must be 0 for CodeFusion, which makes its losses itself, got 0.1"
    with pytest.raises(ValueError, match=message):
        make_trainer(label_smoothing_factor=0.1)
    with pytest.raises(ValueError, match=message):
        run_training(preset_with(label_smoothing_factor=0.1), "finetune", data_of(pair_file), tmp_path / "run")
    # The baseline, of the same arguments, takes it.
    assert CodeFusionTrainingArguments(str(tmp_path), label_smoothing_factor=0.1).label_smoothing_factor == 0.1


def test_a_large_batch_in_parts_gives_the_same_gradient(make_trainer, make_model, monkeypatch):
    """Gradient accumulation: the noise differs, so that of one part is given to both."""
    weights = []
    for rows, accumulation in ((4, 1), (2, 2)):
        trainer = make_trainer(
            model=make_model(),
            per_device_train_batch_size=rows,
            gradient_accumulation_steps=accumulation,
            max_steps=1,
            max_grad_norm=0.0,
            optim="sgd",
        )
        randomness = trainer.randomness
        fixed = {
            "timesteps": torch.tensor([100, 500]),
            "noise": torch.randn(2, 24, 16, generator=torch.Generator().manual_seed(0)),
        }

        def draw(inputs, step, is_training=True, rows=rows, fixed=fixed, randomness=randomness):
            inputs = {**randomness(inputs, step, is_training), "self_conditioning": False}
            return {**inputs, **{name: torch.cat([value] * (rows // 2)) for name, value in fixed.items()}}

        trainer.randomness = draw
        trainer.train()
        weights.append(weights_of(trainer.model))
    for name, weight in weights[0].items():
        torch.testing.assert_close(weights[1][name], weight)


# Diagnostics


def test_a_healthy_model_gets_no_warning_and_collapses_get_theirs(make_model):
    metrics = embedding_metrics(make_model())
    assert metrics["embedding_norm"] == pytest.approx(1.0, abs=0.1)
    assert abs(metrics["embedding_similarity"]) < 0.01
    healthy = {"pad_share": 0.1, "empty_share": 0.0, "rounding_accuracy_q1": 0.9, "rounding_accuracy_q4": 0.3}
    assert not list(collapse_warnings({**metrics, **healthy}))
    collapses = {
        "embedding_similarity": (0.9, "noise_factor"),
        "embedding_norm": (20.0, "learning_rate"),
        "pad_share": (0.8, "-100"),
        "empty_share": (0.7, "canvas_step"),
        "rounding_accuracy_q1": (0.01, "lower `noise_factor`"),
        "rounding_accuracy_q4": (0.99, "Raise `noise_factor`"),
    }
    for name, (value, advice) in collapses.items():
        (warning,) = collapse_warnings({**metrics, **healthy, name: value})
        assert advice in warning


def test_similar_embeddings_are_measured(make_model):
    model = make_model()
    with torch.no_grad():
        weight = model.embedding.embedding.weight
        weight.copy_(weight[:1] + 0.5 * weight)
    directions = torch.nn.functional.normalize(weight, dim=-1)
    products = directions @ directions.T
    expected = (products.sum() - len(products)) / (len(products) * (len(products) - 1))
    assert embedding_metrics(model)["embedding_similarity"] == pytest.approx(expected.item(), abs=1e-4)


def test_collapses_are_counted_and_warned_of(make_trainer, make_model, caplog):
    model = make_model()
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias[model.config.pad_token_id] = 1000.0  # more than the latents can say
    metrics = make_trainer(model=model).evaluate()
    assert metrics["eval_pad_share"] == metrics["eval_empty_share"] == 1.0
    assert metrics["eval_accuracy_q1"] == 0.0
    assert "padding for 100% of the code's tokens" in caplog.text
    assert "100% of the programs end before their first token" in caplog.text


# Phases


def test_pretraining_and_finetuning_end_as_pipelines_with_the_averaged_weights(
    tmp_path, snippet_file, pair_file, monkeypatch
):
    raw = []
    train = CodeFusionTrainer.train

    def train_and_remember(self, *args, **kwargs):
        result = train(self, *args, **kwargs)
        with self.ema_callback.average_weights(self.model):
            average = weights_of(self.model)
        raw.append((weights_of(self.model), average))
        return result

    monkeypatch.setattr(CodeFusionTrainer, "train", train_and_remember)
    pretrained = run_training(PRESET, "pretrain", data_of(snippet_file, pair_file), tmp_path / "pretrained")
    finetuned = run_training(
        PRESET, "finetune", data_of(pair_file), tmp_path / "finetuned", init_from=tmp_path / "pretrained"
    )
    assert finetuned.tokenizer.get_vocab() == pretrained.tokenizer.get_vocab()
    for name, returned, (raw_weights, average) in zip(
        ("pretrained", "finetuned"), (pretrained, finetuned), raw, strict=True
    ):
        exported = exported_weights(tmp_path / name)
        assert_same({key: exported[key] for key in average}, average)
        assert any(not torch.equal(exported[key], raw_weights[key]) for key in average)

        loaded = CodeFusionPipeline.from_pretrained(tmp_path / name)
        assert_same(weights_of(loaded.model), average)
        assert_same(weights_of(returned.model), average)
        codes = []
        for pipeline in (loaded, returned):
            pipeline.set_progress_bar_config(disable=True)
            generator = torch.Generator().manual_seed(0)
            codes.append(pipeline("show line 3", num_inference_steps=2, generator=generator).codes)
        assert codes[0] == codes[1]
        assert isinstance(codes[0][0][0], str)


def test_finetuning_starts_from_the_given_weights(tmp_path, pair_file):
    start = run_training(PRESET, "finetune", data_of(pair_file), tmp_path / "start")
    settled = preset_with(learning_rate=0.0)
    run_training(settled, "finetune", data_of(pair_file), tmp_path / "end", init_from=tmp_path / "start")
    exported = exported_weights(tmp_path / "end")
    for name, weight in weights_of(start.model).items():
        torch.testing.assert_close(exported[name], weight)


def test_the_same_seed_gives_the_same_model(tmp_path, pair_file):
    for name, state_before in (("first", 1), ("second", 2)):
        torch.manual_seed(state_before)
        run_training(PRESET, "finetune", data_of(pair_file), tmp_path / name)
    run_training(preset_with(seed=4), "finetune", data_of(pair_file), tmp_path / "other")
    first = exported_weights(tmp_path / "first")
    assert_same(first, exported_weights(tmp_path / "second"))
    assert not torch.equal(first["head.weight"], exported_weights(tmp_path / "other")["head.weight"])


def test_validation_data_is_evaluated_during_training(tmp_path, snippet_file):
    preset = preset_with(eval_strategy="steps", eval_steps=1, save_strategy="steps", save_steps=2)
    run_training(preset, "pretrain", data_of(snippet_file, validation_data=[snippet_file]), tmp_path / "with")
    history = json.loads((tmp_path / "with" / "checkpoint-2" / "trainer_state.json").read_text())["log_history"]
    assert [log["step"] for log in history if "eval_loss" in log] == [1, 2]
    run_training(preset, "pretrain", data_of(snippet_file), tmp_path / "without")
    history = json.loads((tmp_path / "without" / "checkpoint-2" / "trainer_state.json").read_text())["log_history"]
    assert not [log for log in history if "eval_loss" in log]
    # Evaluating draws nothing from the generator of the training.
    assert_same(exported_weights(tmp_path / "with"), exported_weights(tmp_path / "without"))


def test_a_few_prompts_are_sampled_at_each_evaluation(tmp_path, pair_file, caplog):
    preset = preset_with(eval_strategy="steps", eval_steps=1, num_sample_prompts=2)
    caplog.set_level(logging.INFO, "codefusion_hf")
    run_training(preset, "finetune", data_of(pair_file, validation_data=[pair_file]), tmp_path / "with")
    rows = [json.loads(line) for line in (tmp_path / "with" / SAMPLES_FILE).read_text().splitlines()]
    assert [(row["step"], row["prompt"]) for row in rows] == [
        (step, f"show line {n} of notes") for step in (1, 2) for n in (0, 1)
    ]
    assert rows[1]["expected"] == "sed -n 1p notesx"
    assert all(row["score"] <= 0.0 and isinstance(row["code"], str) for row in rows)
    assert "Step 2: show line 1 of notes -> " in caplog.text
    # The average was only lent, and nothing was drawn.
    run_training(
        {**preset, "finetune": {"num_sample_prompts": 0}}, "finetune", data_of(pair_file), tmp_path / "without"
    )
    assert not (tmp_path / "without" / SAMPLES_FILE).exists()
    assert_same(exported_weights(tmp_path / "with"), exported_weights(tmp_path / "without"))


def test_what_overlaps_with_a_test_file_is_not_trained_on(tmp_path, pair_file, caplog):
    rows = [json.loads(line) for line in pair_file.read_text().splitlines()]
    test_file = tmp_path / "test.jsonl"
    test_file.write_text(
        "".join(json.dumps({**row, "text": row["text"].upper()[:1] + row["text"][1:]}) + "\n" for row in rows[:5])
    )
    caplog.set_level(logging.INFO, "codefusion_hf")
    run_training(
        PRESET,
        "finetune",
        data_of(pair_file, pair_file, exclude_overlap=[test_file], drop_duplicates=True),
        tmp_path / "run",
    )
    assert f"Took out 10 rows that overlap with {test_file}; 38 are left." in caplog.text
    assert "Took out 19 duplicates; 19 rows are left." in caplog.text


def test_data_of_other_formats_is_trained_on(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text(
        "question,answer\n" + "".join(f"show line {n},sed -n {n}p notes\n" for n in range(8)) + "no answer,\n"
    )
    options = {"text_column": "question", "code_column": "answer"}
    with pytest.raises(ValueError, match="answer"):
        run_training(PRESET, "finetune", data_of(path, **options), tmp_path / "run")
    options["skip_malformed"] = True
    run_training(PRESET, "finetune", data_of(path, **options), tmp_path / "run")
    assert (tmp_path / "run" / "model_index.json").is_file()


def test_the_tokenizer_of_pre_training_knows_the_words_of_prompts(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps({"text": f"enumerate {n}", "code": f"ls {n}"}) + "\n" for n in range(8)))
    run_training(preset_with(), "pretrain", data_of(path), tmp_path / "run")
    tokenizer = CodeFusionPipeline.from_pretrained(tmp_path / "run").tokenizer
    assert tokenizer.tokenize("enumerate") == ["enumerate"]


@pytest.mark.parametrize("language", ["python", "cf"])
def test_other_languages_train_in_both_phases(language, tmp_path):
    programs = {
        "python": [f"sorted(x{n}, key=len)" for n in range(8)],
        "cf": [f"OR(TextEquals(Y{n}), GreaterThan({n}))" for n in range(8)],
    }[language]
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps({"text": f"do {code}", "code": code}) + "\n" for code in programs))
    preset = {**preset_with(), "language": language}
    preset["model"]["max_code_length"] = 64
    run_training(preset, "pretrain", data_of(path), tmp_path / "pretrained")
    run_training(preset, "finetune", data_of(path), tmp_path / "finetuned", init_from=tmp_path / "pretrained")
    assert CodeFusionPipeline.from_pretrained(tmp_path / "finetuned").model.config.max_code_length == 64


def test_adapters_are_trained_alone_and_merged(tmp_path, pair_file):
    pytest.importorskip("peft")
    start = run_training(PRESET, "finetune", data_of(pair_file), tmp_path / "start")
    preset = {**PRESET, "lora": {"r": 2}}
    run_training(preset, "finetune", data_of(pair_file), tmp_path / "end", init_from=tmp_path / "start")
    before, after = weights_of(start.model), exported_weights(tmp_path / "end")
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert {name.rsplit(".", 2)[-2] for name in changed} <= set(DEFAULT_TARGET_MODULES)
    loaded = CodeFusionPipeline.from_pretrained(tmp_path / "end")
    assert type(loaded.model).__name__ == "CodeFusionModel"
    with pytest.raises(ValueError, match="The preset's `lora` is malformed: .*rank"):
        run_training(
            {**PRESET, "lora": {"rank": 2}},
            "finetune",
            data_of(pair_file),
            tmp_path / "x",
            init_from=tmp_path / "start",
        )


@pytest.mark.parametrize(
    "settings",
    [
        {"gradient_checkpointing": True},
        {"gradient_accumulation_steps": 2},
        {"bf16": True, "attn_implementation": "eager", "muon": True},
    ],
)
def test_trains_with_the_options_of_trainer(settings, tmp_path, pair_file):
    run_training(preset_with(**settings), "finetune", data_of(pair_file), tmp_path / "run")
    assert all(weight.isfinite().all() for weight in exported_weights(tmp_path / "run").values())


def test_an_export_replaces_an_older_one_and_leaves_the_rest(make_pipeline, tmp_path):
    (tmp_path / "notes.txt").touch()
    export_pipeline(make_pipeline(), tmp_path)
    files = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    other = make_pipeline(num_denoiser_layers=1)
    export_pipeline(other, tmp_path)
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == files
    assert CodeFusionPipeline.from_pretrained(tmp_path).model.config.num_denoiser_layers == 1


def test_an_export_that_fails_leaves_the_older_one(make_pipeline, tmp_path, monkeypatch):
    export_pipeline(make_pipeline(), tmp_path)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    pipeline = make_pipeline(num_denoiser_layers=1)

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(type(pipeline.scheduler), "save_pretrained", fail)
    with pytest.raises(OSError, match="disk full"):
        export_pipeline(pipeline, tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == files


def interrupt(folder, copy_to, step):
    """What is left of a run in `folder` that was killed behind the checkpoint of `step`."""
    shutil.copytree(folder / f"checkpoint-{step}", copy_to / f"checkpoint-{step}")
    shutil.copytree(folder / "tokenizer", copy_to / "tokenizer")


@pytest.mark.parametrize("with_memory", [False, True])
def test_a_resumed_run_ends_as_the_whole_run(with_memory, tmp_path, pair_file):
    preset, memory = preset_with(max_steps=6, save_strategy="steps", save_steps=3), None
    if with_memory:
        preset["training"] |= {"muon": True, "neighbor_copy_steps": 4}
        preset["tokenizer"]["neighbors"] = True
        memory = tmp_path / "memory"
        CodeFusionMemory.from_pairs(pair_file).save_pretrained(memory)
    run_training(preset, "finetune", data_of(pair_file, memory=memory), tmp_path / "whole")
    interrupt(tmp_path / "whole", tmp_path / "resumed", step=3)
    torch.manual_seed(99)
    run_training(preset, "finetune", data_of(pair_file, memory=memory), tmp_path / "resumed", resume=True)
    checkpoints = [tmp_path / name / "checkpoint-6" for name in ("whole", "resumed")]
    states = [json.loads((checkpoint / "trainer_state.json").read_text()) for checkpoint in checkpoints]
    assert [state["global_step"] for state in states] == [6, 6]
    for checkpoint in checkpoints:
        with safe_open(checkpoint / EMA_FILE, framework="pt") as file:
            assert file.metadata()["optimization_step"] == "6"
    assert [log["loss"] for log in states[0]["log_history"]] == [log["loss"] for log in states[1]["log_history"]]
    for name in ("model.safetensors", EMA_FILE):
        assert_same(*(load_file(checkpoint / name) for checkpoint in checkpoints))
    assert_same(exported_weights(tmp_path / "whole"), exported_weights(tmp_path / "resumed"))


def test_a_memory_that_cannot_be_read_is_refused(tmp_path, pair_file):
    memory = tmp_path / "memory"
    CodeFusionMemory.from_pairs(pair_file).save_pretrained(memory)
    with pytest.raises(ValueError, match="`memory` needs a tokenizer with tokens for neighbours"):
        run_training(preset_with(), "finetune", data_of(pair_file, memory=memory), tmp_path / "run")
    with pytest.raises(ValueError, match="`memory` is for fine-tuning"):
        run_training(preset_with(), "pretrain", data_of(pair_file, memory=memory), tmp_path / "run")
    CodeFusionMemory.from_pairs(pair_file, "python").save_pretrained(memory)
    with pytest.raises(ValueError, match="`memory` must be one of bash"):
        run_training(preset_with(), "finetune", data_of(pair_file, memory=memory), tmp_path / "run")


def test_a_run_resumed_in_a_later_epoch_ends_as_the_whole_run(tmp_path, pair_file):
    preset = preset_with(max_steps=9, save_strategy="steps", save_steps=8)
    run_training(preset, "finetune", data_of(pair_file), tmp_path / "whole")
    interrupt(tmp_path / "whole", tmp_path / "resumed", step=8)
    run_training(preset, "finetune", data_of(pair_file), tmp_path / "resumed", resume=True)
    assert_same(exported_weights(tmp_path / "whole"), exported_weights(tmp_path / "resumed"))


def test_there_has_to_be_a_checkpoint_to_resume(tmp_path, pair_file, make_trainer):
    with pytest.raises(ValueError, match="Cannot resume: no checkpoint in `output_dir`, .*trainer"):
        make_trainer().train(resume_from_checkpoint=True)
    with pytest.raises(ValueError, match="Cannot resume: no checkpoint in `output_dir`, .*nothing_here"):
        run_training(PRESET, "finetune", data_of(pair_file), tmp_path / "nothing_here", resume=True)
    assert not (tmp_path / "nothing_here").exists()
    (tmp_path / "empty" / "checkpoint-1").mkdir(parents=True)
    with pytest.raises(ValueError, match="Cannot resume: .*checkpoint-1/manifest.json is missing"):
        run_training(PRESET, "finetune", data_of(pair_file), tmp_path / "empty", resume=True)


def test_a_run_that_is_refused_leaves_the_tokenizer_of_the_other(tmp_path, pair_file):
    run_training(preset_with(save_strategy="steps", save_steps=1), "finetune", data_of(pair_file), tmp_path)
    tokenizer = (tmp_path / "tokenizer" / "tokenizer.json").read_bytes()
    other = tmp_path / "other.jsonl"
    other.write_text(pair_file.read_text().replace("notes", "other words"))
    with pytest.raises(ValueError, match="`output_dir` has later checkpoints of another run"):
        run_training(PRESET, "finetune", data_of(other), tmp_path)
    assert (tmp_path / "tokenizer" / "tokenizer.json").read_bytes() == tokenizer


def test_an_unknown_phase_is_refused(tmp_path, pair_file):
    with pytest.raises(ValueError, match="`phase` must be one of pretrain, finetune, got 'distil'"):
        run_training(PRESET, "distil", data_of(pair_file), tmp_path)
