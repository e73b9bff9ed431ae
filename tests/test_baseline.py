# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the auto-regressive baseline on a tiny T5: its size, its training, and how it is decoded."""

import copy
import json
import re
import shutil
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from training_data import data_of
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, T5ForConditionalGeneration

from codefusion_hf.cli import main
from codefusion_hf.data.collators import PairCollator
from codefusion_hf.data.datasets import build_pair_dataset
from codefusion_hf.data.tokenization import train_tokenizer
from codefusion_hf.evaluation.baselines.auto_regressive import AutoRegressiveBaseline, SlotLogitsProcessor
from codefusion_hf.modeling import CodeFusionModel
from codefusion_hf.training.baseline import (
    POSITION_BIAS_LEARNING_RATE,
    BaselineTrainer,
    export_baseline,
    t5_config,
    train_baseline,
)
from codefusion_hf.training.presets import available_presets, load_preset
from codefusion_hf.training.run import config_from_preset
from codefusion_hf.training.trainer import CodeFusionTrainer, CodeFusionTrainingArguments


PRESET = {
    "language": "bash",
    "tokenizer": {"vocab_size": 280, "model_max_length": 32},
    "model": {
        "encoder_config": {
            "model_type": "t5",
            "d_model": 32,
            "d_kv": 16,
            "d_ff": 64,
            "num_layers": 1,
            "num_heads": 2,
            "dropout_rate": 0.0,
        },
        "latent_size": 16,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_attention_heads": 2,
        "num_denoiser_layers": 1,
        "num_decoder_layers": 1,
        "max_code_length": 32,
    },
    "training": {
        "per_device_train_batch_size": 4,
        "train_sampling_strategy": "group_by_length",
        "learning_rate": 0.01,
        "ema_decay": 0.9,
        "max_steps": 2,
        "save_strategy": "no",
        "logging_steps": 1,
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": True,
        "seed": 3,
    },
    "lora": {},
    "pretrain": {},
    "finetune": {"label_smoothing_factor": 0.1, "prompt_mask_probability": 0.1},
}


def preset_with(**training):
    preset = copy.deepcopy(PRESET)
    preset["training"].update(training)
    return preset


def write_pairs(path, pairs):
    path.write_text("".join(json.dumps({"text": text, "code": code}) + "\n" for text, code in pairs))
    return path


@pytest.fixture
def pair_file(tmp_path):
    """24 pairs: six batches of four."""
    return write_pairs(
        tmp_path / "pairs.jsonl", [(f"show line {n} of notes", f"sed -n {n}p notes{'x' * (n % 5)}") for n in range(24)]
    )


@pytest.fixture(scope="module")
def checkpoint(make_pipeline, tmp_path_factory):
    """Folder of a CodeFusion model, with the tokenizer of the fixture."""
    folder = tmp_path_factory.mktemp("checkpoint")
    make_pipeline().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def learned(checkpoint, pairs, tmp_path_factory):
    """Folder of a baseline that knows the pairs by heart."""
    folder = tmp_path_factory.mktemp("learned")
    data = write_pairs(folder / "pairs.jsonl", pairs)
    train_baseline(preset_with(max_steps=60, learning_rate=0.02), data_of(data), folder, tokenizer=checkpoint)
    return folder


@pytest.fixture(scope="module")
def baseline(learned):
    return AutoRegressiveBaseline.from_pretrained(learned)


@pytest.fixture
def make_trainer(make_config, tokenizer, pairs, tmp_path):
    """A function that makes a trainer of one of the two models on the pairs, with the given training arguments."""

    def make(trainer_class=BaselineTrainer, **kwargs):
        torch.manual_seed(0)
        config = make_config()
        if trainer_class is BaselineTrainer:
            model = T5ForConditionalGeneration(t5_config(config, 60_000))
        else:
            model = CodeFusionModel(config)
        arguments = {"output_dir": str(tmp_path), "max_steps": 1, "save_strategy": "no", "report_to": "none"}
        arguments |= {"use_cpu": True, "disable_tqdm": True, "logging_steps": 1}
        rows = [{"text": text, "code": code} for text, code in pairs] * 3
        dataset = build_pair_dataset(rows, tokenizer, max_code_length=24)
        return trainer_class(
            model=model,
            args=CodeFusionTrainingArguments(**{**arguments, **kwargs}),
            data_collator=PairCollator(tokenizer),
            train_dataset=dataset,
            eval_dataset=dataset,
            processing_class=tokenizer,
        )

    return make


def exported_weights(folder):
    return load_file(folder / "model.safetensors")


def assert_same(weights, others):
    assert weights.keys() == others.keys()
    different = [name for name in weights if not torch.equal(weights[name], others[name])]
    assert not different


# Size


@pytest.mark.parametrize("name", available_presets())
def test_the_t5_is_as_large_as_the_model(name, tokenizer):
    config = config_from_preset(load_preset(name), tokenizer)
    with torch.device("meta"):
        num_parameters = CodeFusionModel(config).num_parameters()
        t5 = T5ForConditionalGeneration(t5_config(config, num_parameters))
    assert t5.num_parameters() == pytest.approx(num_parameters, rel=0.01)
    assert len(t5.encoder.block) == len(t5.decoder.block)
    layers = config.encoder_config.num_hidden_layers + config.num_denoiser_layers + config.num_decoder_layers
    assert len(t5.encoder.block) + len(t5.decoder.block) - layers in (0, 1)
    assert (t5.config.d_model, t5.config.num_heads) == (config.hidden_size, config.num_attention_heads)
    assert t5.config.vocab_size == config.vocab_size
    assert t5.config.decoder_start_token_id == t5.config.pad_token_id == config.pad_token_id
    assert t5.config.eos_token_id == config.eos_token_id
    assert t5.config.dropout_rate == 0.0


def test_fields_of_the_t5_can_be_chosen(make_config):
    config = t5_config(make_config(), 100_000, num_layers=1, num_decoder_layers=3, dropout_rate=0.1)
    assert (config.num_layers, config.num_decoder_layers, config.dropout_rate) == (1, 3, 0.1)
    assert T5ForConditionalGeneration(config).num_parameters() == pytest.approx(100_000, rel=0.02)


def test_a_size_that_no_t5_has_is_refused(make_config):
    with pytest.raises(ValueError, match=r"`num_parameters` must be at least \d+, .* 2 \+ 2 layers has, got 5000"):
        t5_config(make_config(), 5000)


# Training


def test_batches_are_those_of_codefusion(make_trainer):
    arguments = {"train_sampling_strategy": "group_by_length", "per_device_train_batch_size": 2, "seed": 5}
    ours, theirs = (
        list(make_trainer(trainer_class, **arguments).get_train_dataloader())
        for trainer_class in (BaselineTrainer, CodeFusionTrainer)
    )
    assert len(ours) == len(theirs) == 6
    for batch, other in zip(ours, theirs, strict=True):
        assert batch.keys() == other.keys()
        assert all(torch.equal(batch[name], other[name]) for name in batch)


def test_labels_are_smoothed_in_training_alone(make_trainer):
    batch_sizes = {"per_device_train_batch_size": 12, "per_device_eval_batch_size": 12}
    trainer = make_trainer(label_smoothing_factor=0.3, learning_rate=0.0, **batch_sizes)
    (batch,) = trainer.get_eval_dataloader()
    with torch.no_grad():
        logits = trainer.model(**batch).logits.flatten(0, 1)
    labels = batch["labels"].flatten()
    expected = F.cross_entropy(logits, labels).item()
    assert trainer.evaluate()["eval_loss"] == pytest.approx(expected, rel=1e-5)
    smoothed = F.cross_entropy(logits, labels, label_smoothing=0.3).item()
    assert trainer.train().training_loss == pytest.approx(smoothed, rel=1e-5)
    assert smoothed != pytest.approx(expected, rel=1e-3)
    assert trainer.evaluate()["eval_loss"] == pytest.approx(expected, rel=1e-5)


def test_position_biases_have_a_learning_rate_of_their_own(make_trainer):
    trainer = make_trainer(learning_rate=1e-3, lr_scheduler_type="constant")
    before = {name: parameter.detach().clone() for name, parameter in trainer.model.named_parameters()}
    trainer.train()
    # The first step of AdamW is a learning rate long in every parameter that has a gradient.
    after = trainer.model.named_parameters()
    steps = {name: (parameter - before[name]).abs().max().item() for name, parameter in after}
    biases = [name for name in steps if "relative_attention_bias" in name]
    assert len(biases) == 2
    for name, step in steps.items():
        assert step == pytest.approx(1e-3 * (POSITION_BIAS_LEARNING_RATE if name in biases else 1), rel=1e-2)


def test_a_large_batch_in_parts_gives_the_same_gradient(make_trainer):
    weights = []
    for rows, accumulation in ((4, 1), (2, 2)):
        trainer = make_trainer(
            per_device_train_batch_size=rows,
            gradient_accumulation_steps=accumulation,
            train_sampling_strategy="sequential",
            learning_rate=0.1,
            max_grad_norm=0.0,
            optim="sgd",
        )
        before = trainer.model.shared.weight.detach().clone()
        trainer.train()
        assert not torch.equal(trainer.model.shared.weight, before)
        weights.append(trainer.model.state_dict())
    for name, weight in weights[0].items():
        torch.testing.assert_close(weights[1][name], weight)


def test_the_result_loads_with_the_auto_classes(learned, tokenizer, pairs):
    model = AutoModelForSeq2SeqLM.from_pretrained(learned)
    assert isinstance(model, T5ForConditionalGeneration)
    assert model.generation_config.max_new_tokens == PRESET["model"]["max_code_length"]
    loaded = AutoTokenizer.from_pretrained(learned)
    for text in [text for pair in pairs for text in pair] + ["List <s> all </s>  Files"]:
        assert loaded(text).input_ids == tokenizer(text).input_ids
        assert loaded.decode(loaded(text).input_ids, skip_special_tokens=True) == text
    assert loaded.model_max_length == tokenizer.model_max_length
    config = config_from_preset(PRESET, tokenizer)
    assert model.num_parameters() == pytest.approx(CodeFusionModel(config).num_parameters(), rel=0.03)
    assert not list(learned.glob(".export-*"))


def test_the_tokenizer_is_trained_if_none_is_given(tmp_path, pair_file):
    model = train_baseline(PRESET, data_of(pair_file), tmp_path / "run")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "run")
    assert model.config.vocab_size == len(tokenizer) <= PRESET["tokenizer"]["vocab_size"]
    assert not model.training


def test_training_starts_from_the_given_weights(learned, tmp_path, pair_file):
    train_baseline(preset_with(learning_rate=0.0), data_of(pair_file), tmp_path / "end", init_from=learned)
    assert_same(exported_weights(tmp_path / "end"), exported_weights(learned))
    vocabularies = [AutoTokenizer.from_pretrained(folder).get_vocab() for folder in (learned, tmp_path / "end")]
    assert vocabularies[0] == vocabularies[1]


def test_pre_training_is_on_code_alone(tmp_path):
    code = tmp_path / "code.sh"
    code.write_text("".join(f"cat notes{n} | sort -u\n" for n in range(40)))
    preset = preset_with(max_steps=8, eval_strategy="steps", eval_steps=4, save_strategy="steps")
    model = train_baseline(preset, data_of(code, validation_data=[code]), tmp_path / "code", phase="pretrain")
    state = json.loads((tmp_path / "code" / "checkpoint-8" / "trainer_state.json").read_text())
    losses = [log["eval_loss"] for log in state["log_history"] if "eval_loss" in log]
    assert losses[1] < losses[0]
    assert torch.equal(exported_weights(tmp_path / "code")["shared.weight"], model.shared.weight)
    with pytest.raises(ValueError, match="`phase` must be one of pretrain, finetune, got 'train'."):
        train_baseline(preset, data_of(code), tmp_path / "code", phase="train")


def test_the_best_weights_are_kept(tmp_path, pair_file, checkpoint):
    """What is validated contradicts what is trained: it gets worse when the pairs are known."""
    validation = write_pairs(tmp_path / "validation.jsonl", [(f"show line {n} of notes", "cd ..") for n in range(4)])
    preset = preset_with(max_steps=12, eval_strategy="steps", eval_steps=4, save_steps=3, save_total_limit=2)
    preset["training"]["save_strategy"] = "steps"
    model = train_baseline(
        preset, data_of(pair_file, validation_data=[validation]), tmp_path / "run", tokenizer=checkpoint
    )
    state = json.loads((tmp_path / "run" / "checkpoint-12" / "trainer_state.json").read_text())
    losses = {log["step"]: log["eval_loss"] for log in state["log_history"] if "eval_loss" in log}
    assert list(losses) == [4, 8, 12]
    best = min(losses, key=losses.get)
    assert best < 12
    exported = exported_weights(tmp_path / "run")
    assert_same(exported, exported_weights(tmp_path / "run" / f"checkpoint-{best}"))
    assert torch.equal(exported["shared.weight"], model.shared.weight)
    # Without, the last weights are the result.
    preset["training"] |= {"load_best_model_at_end": False, "max_steps": 8}
    train_baseline(preset, data_of(pair_file, validation_data=[validation]), tmp_path / "last", tokenizer=checkpoint)
    assert_same(exported_weights(tmp_path / "last"), exported_weights(tmp_path / "last" / "checkpoint-8"))


def test_a_resumed_run_ends_as_the_whole_run(tmp_path, pair_file):
    # The second checkpoint is in the second epoch, whose order is another one.
    preset = preset_with(max_steps=8, save_strategy="steps", save_steps=7)
    train_baseline(preset, data_of(pair_file), tmp_path / "whole")
    for name in ("checkpoint-7", "tokenizer"):
        shutil.copytree(tmp_path / "whole" / name, tmp_path / "resumed" / name)
    with pytest.raises(ValueError, match=r"`output_dir` has later checkpoints of another run, up to .*checkpoint-7"):
        train_baseline(preset, data_of(pair_file), tmp_path / "resumed")
    torch.manual_seed(99)
    train_baseline(preset, data_of(pair_file), tmp_path / "resumed", resume=True)
    assert_same(exported_weights(tmp_path / "whole"), exported_weights(tmp_path / "resumed"))


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before_it(tmp_path, pair_file, monkeypatch):
    preset = {**PRESET, "training": {**PRESET["training"], "save_strategy": "steps", "save_steps": 1}}
    save = torch.save

    def write_half(value, path, *args, **kwargs):
        if "checkpoint-2" in str(path):
            raise RuntimeError("PytorchStreamWriter failed writing file")
        save(value, path, *args, **kwargs)

    monkeypatch.setattr("torch.save", write_half)
    with pytest.raises(OSError, match=r"Cannot write the checkpoint .*checkpoint-2 \(PytorchStreamWriter failed"):
        train_baseline(preset, data_of(pair_file), tmp_path / "run")
    monkeypatch.undo()
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["checkpoint-1", "tokenizer"]
    train_baseline(preset, data_of(pair_file), tmp_path / "run", resume=True)
    assert {"checkpoint-2", "model.safetensors"} <= {path.name for path in (tmp_path / "run").iterdir()}


def test_what_overlaps_with_a_test_file_is_not_trained_on(tmp_path, pair_file, caplog):
    caplog.set_level("INFO", "codefusion_hf")
    test_file = write_pairs(tmp_path / "test.jsonl", [("show line 3 of notes", "date")])
    train_baseline(PRESET, data_of(pair_file, exclude_overlap=[test_file]), tmp_path / "run")
    assert f"Took out 1 rows that overlap with {test_file}; 23 are left." in caplog.text


def test_an_export_that_fails_leaves_the_older_one(learned, baseline, tmp_path, monkeypatch):
    export_baseline(baseline.model, baseline.tokenizer, tmp_path)
    (tmp_path / ".export-rest").mkdir()  # of a process that was killed
    files = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert tmp_path / "config.json" in files

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(type(baseline.tokenizer), "save_pretrained", fail)
    with pytest.raises(OSError, match="disk full"):
        export_baseline(baseline.model, baseline.tokenizer, tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == files


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({}, {"tokenizer": "a", "init_from": "b"}, "`tokenizer` must not be given with `init_from`, .* 'a' and 'b'"),
        ({"lora": {"r": 2}}, {}, "`lora` is for CodeFusion .* got {'r': 2}"),
        ({"finetune": {"max_step": 2}}, {}, "`training` has unknown keys max_step"),
        ({}, {"resume": True}, "Cannot resume: no checkpoint in `output_dir`, .*run"),
    ],
)
def test_settings_that_cannot_work_are_refused(change, arguments, message, tmp_path, pair_file):
    with pytest.raises(ValueError, match=message):
        train_baseline({**PRESET, **change}, data_of(pair_file), tmp_path / "run", **arguments)


def test_a_folder_without_a_tokenizer_is_named(tmp_path, pair_file):
    with pytest.raises(
        ValueError, match=f"`tokenizer` must be the folder of a pipeline, but {tmp_path} has no folder"
    ):
        train_baseline(PRESET, data_of(pair_file), tmp_path / "run", tokenizer=tmp_path)


# Decoding


def test_beam_search_writes_what_was_learned(baseline, pairs):
    predictions = baseline.predict([prompt for prompt, _ in pairs], k=5)
    assert [len(candidates) for candidates in predictions] == [5] * len(pairs)
    assert [candidates[0] for candidates in predictions] == [code for _, code in pairs]
    assert all(len(set(candidates)) > 1 for candidates in predictions)
    # One beam is greedy search.
    assert baseline.predict([pairs[1][0]], k=1) == [[pairs[1][1]]]


def test_prompts_are_normalised_and_cut(baseline, pairs):
    prompt, code = pairs[1]
    long = prompt + " of" * 300
    predictions = baseline.predict([f"  {prompt[:1].upper()}{prompt[1:]}  ", long], k=2)
    assert predictions[0][0] == code
    assert len(predictions[1]) == 2


@pytest.mark.parametrize("method", ["beam", "sampling"])
def test_max_new_tokens_bounds_the_candidates(method, tokenizer, make_config):
    torch.manual_seed(0)
    model = T5ForConditionalGeneration(t5_config(make_config(), 60_000)).eval()
    model.generation_config.max_new_tokens = 1
    predictions = AutoRegressiveBaseline(model, tokenizer).predict(["show the date", "count"], 3, method)
    assert [len(candidates) for candidates in predictions] == [3, 3]
    tokens = {tokenizer.decode([token], skip_special_tokens=True).strip() for token in range(len(tokenizer))}
    assert tokens.issuperset(sum(predictions, []))


def test_samples_depend_on_the_seed_alone(baseline, pairs):
    prompts = [prompt for prompt, _ in pairs]
    arguments = {"k": 4, "method": "sampling", "temperature": 2.0, "top_p": 1.0}
    torch.manual_seed(5)
    expected_draw = torch.rand(3)
    torch.manual_seed(5)
    first = baseline.predict(prompts, **arguments, seed=1)
    assert torch.equal(torch.rand(3), expected_draw)
    assert [len(candidates) for candidates in first] == [4] * len(pairs)
    assert baseline.predict(prompts, **arguments, seed=1) == first
    assert baseline.predict(prompts, **arguments, seed=2) != first
    # Next to no probability is left to draw from.
    certain = baseline.predict(prompts, k=2, method="sampling", top_p=0.01)
    assert certain == [[code, code] for _, code in pairs]


def test_samples_are_ranked_by_their_mean_log_probability_and_empty_ones_are_last(baseline, monkeypatch):
    start, end = baseline.model.config.decoder_start_token_id, baseline.tokenizer.eos_token_id
    pad = baseline.tokenizer.pad_token_id
    one, two, three = baseline.tokenizer(["a", "b", "c"], add_special_tokens=False).input_ids
    sequences = torch.tensor(
        [
            [start, end, pad, pad],  # the likeliest, but empty
            [start, *one, *two, end],
            [start, *two, *three, end],
            [start, *three, end, pad],
        ]
    )
    probabilities = torch.tensor([[0.9, 0.9, 0.9], [0.4, 0.4, 0.4], [0.6, 0.6, 0.6], [0.5, 0.5, 0.01]])
    vocab_size = baseline.model.config.vocab_size
    rest = (1 - probabilities) / (vocab_size - 1)
    distribution = (
        rest[..., None].expand(-1, -1, vocab_size).scatter(2, sequences[:, 1:, None], probabilities[..., None])
    )
    output = SimpleNamespace(sequences=sequences, logits=tuple((distribution.log() + 3.0).unbind(dim=1)))
    monkeypatch.setattr(baseline.model, "generate", lambda **kwargs: output)
    # The means of "bc", "c" and "ab" are log 0.6, log 0.5 and log 0.4; the sum of "c" is the highest.
    assert baseline.predict(["show the date"], k=4, method="sampling") == [["bc", "c", "ab", ""]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"prompts": []}, "`prompts` must be one or more strings that are not empty, got \\[\\]"),
        ({"prompts": ["date", " "]}, "`prompts` must be one or more strings that are not empty, got"),
        ({"k": 0}, "`k` must be 1 or more, got 0"),
        ({"method": "greedy"}, "`method` must be one of beam, sampling, got 'greedy'"),
        ({"temperature": 0.0}, "`temperature` must be above 0, got 0.0"),
        ({"top_p": 1.5}, "`top_p` must be above 0 and at most 1, got 1.5"),
    ],
)
def test_arguments_out_of_range_are_refused(baseline, arguments, message):
    with pytest.raises(ValueError, match=message):
        baseline.predict(**{"prompts": ["show the date"], "k": 2, **arguments})


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises((OSError, ValueError), match=tmp_path.name):
        AutoRegressiveBaseline.from_pretrained(tmp_path)


# Slots


SLOT_TEXTS = ["copy /a to /b", "show 'x' and 5", "cp /a /b", "echo x 5", "show the date"] * 9


@pytest.fixture(scope="module")
def slot_baseline(tmp_path_factory):
    """A baseline that knows four pairs by heart, three of which are one with slots."""
    folder = tmp_path_factory.mktemp("slots")
    pairs = [(f"copy /{x} to /{y}", f"cp /{x} /{y}") for x, y in ("ab", "cd", "ef")]
    data = write_pairs(folder / "pairs.jsonl", [*pairs, ("show the date", "date")])
    preset = preset_with(max_steps=60, learning_rate=0.02)
    preset |= {"tokenizer": {"vocab_size": 340, "slots": True}, "finetune": {}}
    train_baseline(preset, data_of(data), folder)
    return AutoRegressiveBaseline.from_pretrained(folder)


def test_values_that_were_never_seen_are_copied_to_the_letter(slot_baseline):
    prompts = ["copy /Long/paTh.txt to ~/Ünï", "Copy  /a to /b", "show the date"]
    predictions = slot_baseline.predict(prompts, k=2)
    assert [candidates[0] for candidates in predictions] == [
        "cp /Long/paTh.txt ~/Ünï",
        "cp /a /b",
        "date",
    ]


@pytest.mark.parametrize("method", ["beam", "sampling"])
def test_no_slot_is_written_that_the_prompt_does_not_have(make_config, method):
    tokenizer = train_tokenizer(SLOT_TEXTS, 340, slots=True)
    torch.manual_seed(0)
    # A model that has learned nothing gives every token about the same probability.
    model = T5ForConditionalGeneration(t5_config(make_config(vocab_size=352), 60_000)).eval()
    model.generation_config.max_new_tokens = 24
    prompts = ["show the date", "copy /a to $b", r"echo <str_0> <\num_0>"]
    baseline = AutoRegressiveBaseline(model, tokenizer)
    predictions = baseline.predict(prompts, 6, method, temperature=2.0, top_p=1.0)
    slots = re.compile(r"<[a-z]+_[0-9]>")
    assert [len(candidates) for candidates in predictions] == [6, 6, 6]
    assert not slots.search(" ".join(sum(predictions, [])))
    # Without the mask there would be many.
    sampled = model.generate(**tokenizer(prompts, padding=True, return_tensors="pt"), do_sample=True)
    assert slots.search(" ".join(tokenizer.batch_decode(sampled)))


def test_missing_slots_are_masked_for_all_beams_of_a_prompt():
    slot_ids = {"<path_0>": (2, 3), "<num_0>": (4,)}
    processor = SlotLogitsProcessor([{"<path_0>": "/a"}, {}], slot_ids, 6)
    scores = processor(torch.zeros(4, 1), torch.zeros(4, 6))
    assert torch.isinf(scores).int().tolist() == [[0, 0, 0, 0, 1, 0]] * 2 + [[0, 0, 1, 1, 1, 0]] * 2


# Command line


def test_the_command_trains_a_baseline(tmp_path, pair_file, checkpoint, tokenizer, capsys):
    (tmp_path / "preset.yaml").write_text(json.dumps(PRESET))
    arguments = ["train-baseline", "--preset", str(tmp_path / "preset.yaml"), "--train-data", str(pair_file)]
    arguments += ["--validation-data", str(pair_file), "--output-dir", str(tmp_path / "run"), "--language", "bash"]
    code = main([*arguments, "--tokenizer", str(checkpoint), "--drop-duplicates", "--set", "training.max_steps=1"])
    assert code == 0
    baseline = AutoRegressiveBaseline.from_pretrained(tmp_path / "run")
    assert baseline.tokenizer.get_vocab() == tokenizer.get_vocab()
    assert len(baseline.predict(["show line 3"], k=2)[0]) == 2
    capsys.readouterr()
    assert main([*arguments, "--tokenizer", str(tmp_path / "nothing")]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1 and "nothing" in error
