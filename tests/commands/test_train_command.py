# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion train`: from data files to a pipeline folder."""

import json
import shutil

import pytest
import yaml

from codefusion_hf.cli import main
from codefusion_hf.training.presets import load_preset


@pytest.fixture
def preset(tmp_path):
    """The file of a tiny preset."""
    preset = {
        "language": "bash",
        "tokenizer": {"vocab_size": 280},
        "model": {
            "encoder_config": {
                "model_type": "t5",
                "d_model": 16,
                "d_kv": 8,
                "d_ff": 16,
                "num_layers": 1,
                "num_heads": 2,
            },
            "latent_size": 8,
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_attention_heads": 2,
            "num_denoiser_layers": 1,
            "num_decoder_layers": 1,
            "max_code_length": 32,
        },
        "training": {"max_steps": 1, "use_cpu": True, "report_to": "none"},
    }
    (tmp_path / "preset.yaml").write_text(yaml.safe_dump(preset))
    return tmp_path / "preset.yaml"


def test_trains_in_both_phases(preset, capsys, tmp_path):
    data = tmp_path / "data.csv"
    data.write_text("question,code\nshow the date,date\nlist files,ls -l\n,\n")
    common = ["train", "--preset", str(preset), "--language", "bash", "--train-data", str(data)]
    common += ["--skip-malformed", "--text-column", "question", "--set", "model.max_code_length=16"]
    pretrained, finetuned = str(tmp_path / "pretrained"), str(tmp_path / "finetuned")
    assert main([*common, "--phase", "pretrain", "--output-dir", pretrained]) == 0
    assert main([*common, "--phase", "finetune", "--output-dir", finetuned, "--init-from", pretrained]) == 0
    capsys.readouterr()
    assert main(["generate", "show the date", "--checkpoint", finetuned, "--num-inference-steps", "2", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["candidates"]) == 5


def test_bad_training_data_is_one_line_and_exit_code_2(tmp_path, run):
    data = tmp_path / "train.jsonl"
    data.write_text('{"text": "show the date"}\n', encoding="utf-8")
    code, _, err = run(
        *("train", "--preset", "bash-tiny", "--phase", "finetune"),
        *("--train-data", str(data), "--output-dir", str(tmp_path / "out")),
    )
    assert code == 2
    assert len(err.splitlines()) == 1 and "line 1" in err and "`code`" in err


@pytest.fixture
def refuse_preset(preset, tmp_path, refuse):
    """A function that checks that a change of the preset is refused before data is read, and returns the error."""

    def check(change=None, command="train"):
        arguments = (
            "--phase",
            "finetune",
            "--train-data",
            tmp_path / "missing.jsonl",
            "--output-dir",
            tmp_path / "out",
        )
        error = refuse(command, "--preset", preset, *arguments, *(() if change is None else ("--set", change)))
        assert "missing.jsonl" not in error and not (tmp_path / "out").exists()
        return error

    return check


@pytest.mark.parametrize("command", ["train", "train-baseline"])
def test_what_is_wrong_with_a_preset_is_said_before_the_data_is_read(command, refuse_preset, preset, refuse, tmp_path):
    assert "`training.seed` must be of the type int, got 'x'" in refuse_preset("training.seed=x", command)
    arguments = ("--phase", "finetune", "--train-data", tmp_path / "missing.jsonl", "--output-dir", tmp_path / "out")
    assert "missing.jsonl" in refuse(command, "--preset", preset, *arguments)


@pytest.mark.parametrize(
    ("name", "values"),
    {
        "training.learning_rate": ("x", ".nan", ".inf", "-1", "[1]", "true"),
        "training.max_steps": ("x", "1.5", "[1]"),
        "training.seed": ("x", "-1", "99999999999"),
        "training.output_dir": ("elsewhere",),
        "training.resume_from_checkpoint": ("elsewhere",),
        "training.length_column_name": ("evil",),
        "training.gradient_accumulation_steps": ("0", "-3", "x"),
        "training.ema_decay": (".nan", "1", "-0.1", "x"),
        "training.per_device_train_batch_size": ("0", "x"),
        "training.train_sampling_strategy": ("evil",),
        "training.log_level": ("evil",),
        "training.report_to": ("[1]",),
        "training.fp16": ("x",),
        "training.save_steps": ("0", "x"),
        "training.warmup_steps": ("-5",),
        "finetune.max_steps": ("x",),
        "model.vocab_size": ("x", "-1"),
        "model.encoder_config": ("3", "[]"),
        "model.encoder_config.d_model": ("-16",),
        "model.encoder_config.num_heads": ("0",),
        "model.initializer_range": ("-1", ".nan", "x"),
        "model.prediction_type": ("evil",),
        "tokenizer.vocab_size": ("x", "-3", ".inf"),
        "tokenizer.model_max_length": ("-3", "0", "x"),
        "tokenizer.split_pattern": ("(", "3"),
        "tokenizer.added_tokens": ("3", "[1]"),
        "tokenizer.slots": ("x",),
        "lora.r": ("x", "0"),
        "lora.lora_alpha": ("x",),
    }.items(),
)
def test_values_of_a_preset_are_refused_by_their_names(name, values, refuse_preset):
    if name.startswith("lora."):
        pytest.importorskip("peft")
    for value in values:
        assert name in refuse_preset(f"{name}={value}")


def test_no_strategy_may_be_written_as_it_is_called(preset):
    loaded = load_preset(str(preset), ["training.eval_strategy=no", "finetune.save_strategy=no", "training.fp16=no"])
    assert (loaded["training"]["eval_strategy"], loaded["finetune"]["save_strategy"]) == ("no", "no")
    assert loaded["training"]["fp16"] is False


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("training.optim=evil", "evil is not a valid OptimizerNames"),
        ("training.optim_args=evil", "`training` and `finetune`"),
        ("training.lr_scheduler_type=evil", "evil is not a valid SchedulerType"),
        ("training.lr_scheduler_kwargs={evil: 1}", "`training` and `finetune`"),
        ("training.lr_scheduler_kwargs={a: &x [1, *x]}", "`training` and `finetune`"),
        ("training.accelerator_config={evil: 1}", "`training` and `finetune`"),
        ("training.report_to=evil", "evil is not supported"),
        ("training.torch_compile_backend=evil", "`torch_compile_backend` is none that torch has, got 'evil'"),
        ("language=perl", "`language` must be one of bash, python, cf, got 'perl'"),
        ("sampling.temperature=x", "`temperature` must be a number"),
        ("sampling.evil=1", "`sampling_defaults` must be a dict with names of"),
        ("training.evil=1", "`training` has unknown keys evil"),
        ("model.hidden_act=evil", "`hidden_act` must be one of"),
        ("model.encoder_config.d_model=x", "'d_model' expected int, got str"),
        ("model.encoder_config={model_type: evil}", "`encoder_config` must have a `model_type`"),
        ("model.encoder_config={1: 2}", "expected keys that are strings, got 1"),
        ("tokenizer.name_or_path=./nowhere", "tokenizer './nowhere'"),
        ("training.max_steps=[1", "'training.max_steps=[1': expected YAML"),
        ("training.max_steps={[1]: 2}", "expected YAML"),
        ("training.max_steps=2024-13-45", "expected YAML, got month must be in 1..12"),
        (f"training.max_steps={'[' * 3000}", "expected at most 64 brackets within each other"),
        (f"training.max_steps={'- ' * 3000}", "expected YAML, got maximum recursion depth"),
        (f"training.max_steps={'9' * 5000}", "value has 5000 digits"),
        ("training.max_steps=!!python/object/apply:os.system [ls]", "expected YAML"),
        ("training.max_steps=\0", "expected YAML"),
        ("training=3", "section.key=value"),
        ("evil.x=3", "unknown sections evil"),
    ],
)
def test_changes_of_a_preset_that_do_not_work_are_refused(change, message, refuse_preset):
    assert message in refuse_preset(change)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a mapping"),
        (b"[]", "expected a mapping"),
        (b"{", "expected YAML"),
        (b"1: 2\nlanguage: bash", "expected keys that are strings, got 1"),
        (b"\xff", "expected UTF-8"),
        (b"a: \0", "expected YAML"),
        (b"[" * 100_000, "expected at most 64 brackets"),
        (b"training: 3", "`training` must be a mapping, got 3"),
        (b"training: &a {x: *a}", "unknown keys x"),
        (b"training: !!python/name:os.system ''", "expected YAML"),
        # Nine times as much at each line.
        (
            b"a0: &a0 [1]\n" + b"".join(b"a%d: &a%d [%s]\n" % (i, i, b"*a%d," % (i - 1) * 9) for i in range(1, 30)),
            "a29",
        ),
    ],
)
def test_files_that_are_no_presets_are_refused(content, message, preset, refuse_preset):
    preset.write_bytes(content)
    assert message in refuse_preset()


def test_a_checkpoint_to_start_from_that_cannot_be_loaded_is_named(preset, checkpoint, tmp_path, refuse):
    folder = shutil.copytree(checkpoint, tmp_path / "damaged")
    (folder / "model" / "config.json").write_text("[]", encoding="utf-8")
    arguments = ("--preset", preset, "--train-data", tmp_path / "missing.jsonl", "--output-dir", tmp_path / "out")
    for command in (("train", "--phase", "finetune"), ("train-baseline",)):
        assert str(folder) in refuse(*command, *arguments, "--init-from", folder)
