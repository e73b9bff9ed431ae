# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Each file of a training checkpoint x missing, empty, truncated, a bit flipped: refused by its name, cell by cell."""

import json
import re
import shutil
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file
from training_data import data_of
from transformers.trainer_utils import get_last_checkpoint

from codefusion_hf.manifest import MANIFEST_FILE, find_damages
from codefusion_hf.training.base_trainer import checkpoint_to_resume
from codefusion_hf.training.checkpoints import check_resumable, last_whole_checkpoint, write_checkpoint_manifest
from codefusion_hf.training.ema import EMA_FILE
from codefusion_hf.training.trainer import CodeFusionTrainingArguments

from .conftest import make_preset
from .damage import DAMAGES, damage_everywhere, damage_file


FILES = (
    "config.json",
    EMA_FILE,
    MANIFEST_FILE,
    "model.safetensors",
    "modeling_codefusion.py",
    "optimizer.pt",
    "rng_state.pth",
    "scheduler.pt",
    "tokenizer.json",
    "tokenizer_config.json",
    "trainer_state.json",
    "training_args.bin",
)


@pytest.fixture
def run(finished_run, tmp_path):
    """Folder of a training that was killed behind its third checkpoint."""
    for step in (1, 2, 3):
        shutil.copytree(finished_run / f"checkpoint-{step}", tmp_path / "run" / f"checkpoint-{step}")
    shutil.copytree(finished_run / "tokenizer", tmp_path / "run" / "tokenizer")
    return tmp_path / "run"


def content_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(folder, name, whole=2):
    """What a training says that is to go on in a folder, and does not touch it."""
    before = content_of(folder)
    with pytest.raises(ValueError, match="^Cannot resume: ") as error:
        checkpoint_to_resume(CodeFusionTrainingArguments(str(folder), use_cpu=True), True)
    message = str(error.value)
    assert f"{folder / 'checkpoint-3' / name} " in message
    if whole is None:
        assert "No checkpoint before it is whole." in message
    else:
        assert f"The last whole checkpoint before it is {folder / f'checkpoint-{whole}'}: delete" in message
    assert content_of(folder) == before
    return message


def test_the_matrix_has_all_files(finished_run):
    assert sorted(path.name for path in (finished_run / "checkpoint-3").rglob("*")) == sorted(FILES)
    assert find_damages(finished_run / "checkpoint-3") == []


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_refused_by_its_name(name, damage, run):
    damage_file(run / "checkpoint-3" / name, damage)
    refused(run, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_damaged_anywhere_is_refused_by_its_name(name, run):
    path = run / "checkpoint-3" / name
    for _ in damage_everywhere(path):
        refused(run, name)
    path.write_bytes(path.read_bytes() + b"\n")
    refused(run, name)
    path.unlink()
    path.mkdir()
    refused(run, name)


def test_training_refuses_it_before_it_reads_data(run, train):
    (run / "checkpoint-3" / "optimizer.pt").unlink()
    with pytest.raises(
        ValueError, match="Cannot resume: .*optimizer.pt is missing. The last whole .*checkpoint-2: del"
    ):
        train(run, resume=True)


def test_the_advice_leads_to_what_the_whole_run_made(run, train, finished_run):
    damage_file(run / "checkpoint-3" / "model.safetensors", "flipped")
    refused(run, "model.safetensors")
    shutil.rmtree(run / "checkpoint-3")
    train(run, resume=True)
    for name in ("checkpoint-3/model.safetensors", f"checkpoint-3/{EMA_FILE}", "model/model.safetensors"):
        expected, found = load_file(finished_run / name), load_file(run / name)
        assert all(torch.equal(expected[key], found[key]) for key in expected | found)


def test_what_else_is_damaged_is_no_advice(run):
    for step, name in ((3, "rng_state.pth"), (2, "scheduler.pt")):
        (run / f"checkpoint-{step}" / name).unlink()
    refused(run, "rng_state.pth", whole=1)
    (run / "checkpoint-1" / MANIFEST_FILE).unlink()
    refused(run, "rng_state.pth", whole=None)
    assert last_whole_checkpoint(run) is None


def test_several_damages_are_named_together(run):
    for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth", EMA_FILE, "trainer_state.json"):
        damage_file(run / "checkpoint-3" / name, "empty")
    message = refused(run, "optimizer.pt")
    assert message.count("is empty") == 3 and "and 2 more" in message


def test_a_checkpoint_without_a_manifest_can_be_vouched_for(run, train):
    checkpoint = run / "checkpoint-3"
    (checkpoint / MANIFEST_FILE).unlink()
    message = refused(run, MANIFEST_FILE)
    assert f"write_checkpoint_manifest({str(checkpoint)!r})" in message
    write_checkpoint_manifest(checkpoint)
    check_resumable(checkpoint)
    train(run, resume=True)


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "3",
        '{"files": {}}',
        '{"files": [], "sha256": ""}',
        '{"sha256": null, "files": null}',
        "[" * 100_000,
        '{"files": {"model.safetensors": 3}, "sha256": "x"}',
        "\ud800",
    ],
)
def test_any_other_manifest_is_refused_by_its_name(content, run):
    path = run / "checkpoint-3" / MANIFEST_FILE
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    assert find_damages(run / "checkpoint-3") == [f"{path} is truncated or altered"]
    refused(run, MANIFEST_FILE)


def test_a_checkpoint_of_weights_alone_is_not_gone_on_from(train, tmp_path):
    train(tmp_path / "run", save_only_model=True, max_steps=2)
    with pytest.raises(ValueError, match="Cannot resume: .*checkpoint-2 was saved with `save_only_model`"):
        train(tmp_path / "run", resume=True)
    assert last_whole_checkpoint(tmp_path / "run") is None


def test_a_checkpoint_that_is_not_there(tmp_path):
    args = CodeFusionTrainingArguments(str(tmp_path), use_cpu=True)
    with pytest.raises(ValueError, match="Cannot resume: there is no checkpoint .*nowhere"):
        checkpoint_to_resume(args, str(tmp_path / "nowhere"))


# What is whole and of another training


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"hidden_size": 24}, "checkpoint-3 does not fit this training: .*size mismatch"),
        ({"num_denoiser_layers": 2}, "checkpoint-3 does not fit this training: .*size mismatch"),
        ({"predict_length": False}, "checkpoint-3 does not fit .* it has other weights than the model: length_head"),
    ],
)
def test_a_checkpoint_of_another_model_is_refused(model, message, run, train):
    with pytest.raises(ValueError, match=f"Cannot resume: .*{message}"):
        train(run, resume=True, model=model, max_steps=4)


def test_weights_that_the_checkpoint_lacks_do_not_stay_random(train, tmp_path):
    train(tmp_path / "run", model={"predict_length": False}, max_steps=1)
    with pytest.raises(ValueError, match="it has other weights than the model: length_head"):
        train(tmp_path / "run", resume=True, max_steps=2)


def test_weights_that_are_tied_are_not_missed(make_trainer_of_t5, tmp_path):
    make_trainer_of_t5(tmp_path, max_steps=1).train()
    trainer = make_trainer_of_t5(tmp_path, max_steps=2)
    trainer.train(resume_from_checkpoint=True)
    assert trainer.state.global_step == 2


@pytest.fixture
def make_trainer_of_t5(tokenizer, pairs):
    from transformers import T5Config, T5ForConditionalGeneration

    from codefusion_hf.data.collators import PairCollator
    from codefusion_hf.data.datasets import build_pair_dataset
    from codefusion_hf.training.baseline import BaselineTrainer

    def make(folder, **arguments):
        config = T5Config(vocab_size=320, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, pad_token_id=0)
        config.decoder_start_token_id = 0
        rows = [{"text": text, "code": code} for text, code in pairs]
        return BaselineTrainer(
            model=T5ForConditionalGeneration(config),
            args=CodeFusionTrainingArguments(
                str(folder), use_cpu=True, save_steps=1, disable_tqdm=True, report_to="none", **arguments
            ),
            data_collator=PairCollator(tokenizer),
            train_dataset=build_pair_dataset(rows, tokenizer, max_code_length=24),
            processing_class=tokenizer,
        )

    return make


def test_the_baseline_refuses_a_damaged_checkpoint_too(make_trainer_of_t5, tmp_path):
    make_trainer_of_t5(tmp_path, max_steps=2).train()
    damage_file(tmp_path / "checkpoint-2" / "optimizer.pt", "truncated")
    with pytest.raises(ValueError, match="Cannot resume: .*optimizer.pt has .* bytes and had .*checkpoint-1: delete"):
        make_trainer_of_t5(tmp_path, max_steps=3).train(resume_from_checkpoint=True)


def test_averages_of_another_model_are_refused_by_their_name(run, train):
    checkpoint = run / "checkpoint-3"
    averages = load_file(checkpoint / EMA_FILE)
    for tensors, metadata, message in (
        (averages, {}, "holds no averaged weights"),
        (dict(list(averages.items())[1:]), {"optimization_step": "3"}, "holds the averaged weights of another model"),
    ):
        save_file(tensors, checkpoint / EMA_FILE, metadata=metadata)
        write_checkpoint_manifest(checkpoint)
        with pytest.raises(ValueError, match=f"Cannot resume: .*{EMA_FILE} {message}"):
            train(run, resume=True, max_steps=4)


def test_the_tokenizer_is_the_checkpoint_s(run, train, finished_run):
    """The one beside it, which a kill or a full disk may have damaged, is not asked."""
    damage_file(run / "tokenizer" / "tokenizer.json", "truncated")
    train(run, resume=True)
    for path in (finished_run / "tokenizer").iterdir():
        assert (run / "tokenizer" / path.name).read_bytes() == path.read_bytes()


def test_another_tokenizer_than_the_checkpoint_s_is_refused(run, train, data_file):
    from codefusion_hf.training.run import run_training

    checkpoint = run / "checkpoint-3"
    path = checkpoint / "tokenizer_config.json"
    other = run.parent / "other"
    shutil.copytree(run / "tokenizer", other)
    config = json.loads((other / "tokenizer_config.json").read_text())
    (other / "tokenizer_config.json").write_text(json.dumps({**config, "model_max_length": 12}))
    preset = make_preset(max_steps=4)
    with pytest.raises(ValueError, match="Cannot resume: the tokenizer of this training is not the one of .*point-3"):
        run_training(
            {**preset, "tokenizer": {"name_or_path": str(other)}}, "finetune", data_of(data_file), run, resume=True
        )
    # The same one may come from elsewhere.
    same = {**preset, "tokenizer": {"name_or_path": str(run / "tokenizer")}}
    run_training(same, "finetune", data_of(data_file), run, resume=True)
    assert path.is_file()


def test_the_best_checkpoint_is_checked_before_it_is_the_result(make_trainer_of_t5, tmp_path, monkeypatch):
    trainer = make_trainer_of_t5(tmp_path, max_steps=2)
    trainer.train()
    trainer.state.best_model_checkpoint = str(tmp_path / "checkpoint-1")
    damage_file(tmp_path / "checkpoint-1" / "model.safetensors", "flipped")
    with pytest.raises(ValueError, match="Cannot load the best checkpoint: .*model.safetensors is altered"):
        trainer._load_best_model()


def test_the_command_says_it_in_one_line(run, data_file, tmp_path):
    damage_file(run / "checkpoint-3" / "optimizer.pt", "truncated")
    command = [sys.executable, "-m", "codefusion_hf.cli", "train", "--preset", "bash-tiny", "--phase", "finetune"]
    command += ["--train-data", str(data_file), "--output-dir", str(run), "--resume"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 2
    lines = result.stderr.splitlines()
    assert re.fullmatch(r"codefusion: error: Cannot resume: .*optimizer.pt has \d+ bytes and had \d+\. .*", lines[-1])
    assert "Traceback" not in result.stderr
    assert get_last_checkpoint(str(run)) == str(run / "checkpoint-3")
