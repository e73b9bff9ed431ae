# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the presets, the trainer, the moving average and the two training phases, on tiny models."""

import copy
import json
import shutil

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from transformers import TrainerCallback

from codefusion_hf.data.collators import PairCollator, PretrainingCollator
from codefusion_hf.data.datasets import BUCKET_STEP, build_code_dataset, build_pair_dataset
from codefusion_hf.modeling import CodeFusionConfig
from codefusion_hf.pipelines import CodeFusionPipeline
from codefusion_hf.training.ema import EMA_FILE, EMACallback
from codefusion_hf.training.presets import SECTIONS, available_presets, load_preset
from codefusion_hf.training.run import _config, run_training
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
    "pretrain": {},
    "finetune": {},
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
    config = _config(preset["model"], tokenizer)
    assert isinstance(config, CodeFusionConfig)
    assert config.vocab_size == config.encoder_config.vocab_size == len(tokenizer)
    assert config.encoder_config.eos_token_id == config.eos_token_id == tokenizer.eos_token_id
    known = CodeFusionConfig().to_dict()
    assert set(preset["model"]) <= set(known)
    assert set(preset["model"]["encoder_config"]) <= set(config.encoder_config.to_dict())
    for phase in ("pretrain", "finetune"):
        args = CodeFusionTrainingArguments(
            output_dir=str(tmp_path), use_cpu=True, **{**preset["training"], **preset[phase]}
        )
        assert args.train_sampling_strategy == "group_by_length"


def test_there_is_a_bundled_preset():
    assert "bash-tiny" in available_presets()


def test_overrides_change_what_they_name_and_nothing_else():
    overrides = [
        "training.max_steps=7",
        "training.learning_rate=5e-4",
        "model.encoder_config.num_layers=2",
        "finetune.lr_scheduler_type=cosine",
    ]
    preset, changed = load_preset("bash-tiny"), load_preset("bash-tiny", overrides)
    assert changed["training"] == {**preset["training"], "max_steps": 7, "learning_rate": 5e-4}
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


def test_a_preset_without_an_encoder_gets_the_default_one(tokenizer):
    settings = {key: value for key, value in PRESET["model"].items() if key != "encoder_config"}
    config = _config(settings, tokenizer)
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
        terms = log["denoising_loss"] + log["embedding_loss"] + log["cross_entropy_loss"]
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
    torch.manual_seed(trainer.args.seed)
    batch = next(iter(trainer.get_eval_dataloader()))
    with torch.no_grad():
        output = trainer.model.eval()(**batch)
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
    with pytest.raises(ValueError, match=rf"`decay` must be in \[0, 1\), got {decay}"):
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
    with pytest.raises(ValueError, match=rf"no averaged weights, .*{EMA_FILE} is missing"):
        make_trainer().train(resume_from_checkpoint=str(checkpoint))


def test_an_interrupted_write_leaves_no_half_average_behind(make_trainer, tmp_path, monkeypatch):
    def save_half(tensors, path, metadata):
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr("codefusion_hf.training.ema.save_file", save_half)
    with pytest.raises(OSError, match="disk full"):
        make_trainer(save_strategy="steps", save_steps=1).train()
    assert (tmp_path / "trainer" / "checkpoint-1" / "model.safetensors").exists()
    assert not (tmp_path / "trainer" / "checkpoint-1" / EMA_FILE).exists()


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
    pretrained = run_training(PRESET, "pretrain", [snippet_file, pair_file], tmp_path / "pretrained")
    finetuned = run_training(
        PRESET, "finetune", [pair_file], tmp_path / "finetuned", init_from=tmp_path / "pretrained"
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
    start = run_training(PRESET, "finetune", [pair_file], tmp_path / "start")
    settled = preset_with(learning_rate=0.0)
    run_training(settled, "finetune", [pair_file], tmp_path / "end", init_from=tmp_path / "start")
    exported = exported_weights(tmp_path / "end")
    for name, weight in weights_of(start.model).items():
        torch.testing.assert_close(exported[name], weight)


def test_the_same_seed_gives_the_same_model(tmp_path, pair_file):
    for name, state_before in (("first", 1), ("second", 2)):
        torch.manual_seed(state_before)
        run_training(PRESET, "finetune", [pair_file], tmp_path / name)
    run_training(preset_with(seed=4), "finetune", [pair_file], tmp_path / "other")
    first = exported_weights(tmp_path / "first")
    assert_same(first, exported_weights(tmp_path / "second"))
    assert not torch.equal(first["head.weight"], exported_weights(tmp_path / "other")["head.weight"])


def test_validation_data_is_evaluated_during_training(tmp_path, snippet_file):
    preset = preset_with(eval_strategy="steps", eval_steps=1, save_strategy="steps", save_steps=2)
    run_training(preset, "pretrain", [snippet_file], tmp_path / "with", validation_data=[snippet_file])
    history = json.loads((tmp_path / "with" / "checkpoint-2" / "trainer_state.json").read_text())["log_history"]
    assert [log["step"] for log in history if "eval_loss" in log] == [1, 2]
    run_training(preset, "pretrain", [snippet_file], tmp_path / "without")
    history = json.loads((tmp_path / "without" / "checkpoint-2" / "trainer_state.json").read_text())["log_history"]
    assert not [log for log in history if "eval_loss" in log]
    # Evaluating draws nothing from the generator of the training.
    assert_same(exported_weights(tmp_path / "with"), exported_weights(tmp_path / "without"))


def interrupt(folder, copy_to, step):
    """What is left of a run in `folder` that was killed behind the checkpoint of `step`."""
    shutil.copytree(folder / f"checkpoint-{step}", copy_to / f"checkpoint-{step}")
    shutil.copytree(folder / "tokenizer", copy_to / "tokenizer")


def test_a_resumed_run_ends_as_the_whole_run(tmp_path, pair_file):
    preset = preset_with(max_steps=6, save_strategy="steps", save_steps=3)
    run_training(preset, "finetune", [pair_file], tmp_path / "whole")
    interrupt(tmp_path / "whole", tmp_path / "resumed", step=3)
    torch.manual_seed(99)
    run_training(preset, "finetune", [pair_file], tmp_path / "resumed", resume=True)
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


def test_a_run_resumed_in_a_later_epoch_ends_as_the_whole_run(tmp_path, pair_file):
    preset = preset_with(max_steps=9, save_strategy="steps", save_steps=8)
    run_training(preset, "finetune", [pair_file], tmp_path / "whole")
    interrupt(tmp_path / "whole", tmp_path / "resumed", step=8)
    run_training(preset, "finetune", [pair_file], tmp_path / "resumed", resume=True)
    assert_same(exported_weights(tmp_path / "whole"), exported_weights(tmp_path / "resumed"))


def test_there_has_to_be_a_checkpoint_to_resume(tmp_path, pair_file, make_trainer):
    with pytest.raises(ValueError, match="Cannot resume: no checkpoint in `output_dir`, .*trainer"):
        make_trainer().train(resume_from_checkpoint=True)
    # A new tokenizer would not be the checkpoint's.
    with pytest.raises(ValueError, match="Cannot resume: `output_dir` has no tokenizer, .*nothing_here"):
        run_training(PRESET, "finetune", [pair_file], tmp_path / "nothing_here", resume=True)
    assert not (tmp_path / "nothing_here" / "tokenizer").exists()


def test_an_unknown_phase_is_refused(tmp_path, pair_file):
    with pytest.raises(ValueError, match="`phase` must be one of pretrain, finetune, got 'distil'"):
        run_training(PRESET, "distil", [pair_file], tmp_path)
