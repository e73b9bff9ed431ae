# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Hashes of checkpoints, and the commit that the code is run from."""

import hashlib
import json
import os
import shutil
import subprocess

import pytest

from codefusion_hf.evaluation import provenance
from codefusion_hf.evaluation.provenance import checkpoint_hash, code_commit


@pytest.fixture
def pipeline_folder(tmp_path):
    folder = tmp_path / "pipeline"
    index = {
        "_class_name": ["pipeline", "CodeFusionPipeline"],
        "model": ["modeling_codefusion", "CodeFusionModel"],
        "tokenizer": ["transformers", "TokenizersBackend"],
    }
    files = {
        "model_index.json": json.dumps(index),
        "model/config.json": "{}",
        "model/model.safetensors": "weights" * 300_000,
        "tokenizer/merges.txt": "a b",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_checkpoint_hash_is_that_of_the_list_of_sha256sum(pipeline_folder):
    names = ["model/config.json", "model/model.safetensors", "model_index.json", "tokenizer/merges.txt"]
    lines = [f"{hashlib.sha256((pipeline_folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    assert checkpoint_hash(pipeline_folder) == hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


def test_checkpoint_hash_depends_on_what_predictions_depend_on_alone(pipeline_folder, tmp_path):
    before = checkpoint_hash(pipeline_folder)
    # A card, a report, copies of the code, the checkpoints of the training run.
    for name in ("README.md", "report.json", "model/modeling.py", "checkpoint-3/model.safetensors"):
        (pipeline_folder / name).parent.mkdir(exist_ok=True)
        (pipeline_folder / name).write_text("more")
    assert checkpoint_hash(pipeline_folder) == before
    assert checkpoint_hash(shutil.copytree(pipeline_folder, tmp_path / "copy")) == before

    hashes = {before}
    for name in ("model_index.json", "model/config.json", "model/model.safetensors", "tokenizer/merges.txt"):
        with open(pipeline_folder / name, "a") as file:
            file.write(" ")
        hashes.add(checkpoint_hash(pipeline_folder))
    (pipeline_folder / "tokenizer" / "merges.txt").rename(pipeline_folder / "tokenizer" / "more.txt")
    hashes.add(checkpoint_hash(pipeline_folder))
    assert len(hashes) == 6


def test_checkpoint_hash_of_a_model_without_a_pipeline(pipeline_folder):
    before = checkpoint_hash(pipeline_folder / "model")
    (pipeline_folder / "model" / "checkpoint-3").mkdir()
    (pipeline_folder / "model" / "checkpoint-3" / "config.json").write_text("{}")
    assert checkpoint_hash(pipeline_folder / "model") == before
    (pipeline_folder / "model" / "config.json").write_text("[]")
    assert checkpoint_hash(pipeline_folder / "model") != before
    with pytest.raises(ValueError, match="tokenizer has no model_index.json and no config.json"):
        checkpoint_hash(pipeline_folder / "tokenizer")


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository that takes the place of the package's, with a function that runs git in it."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "setup.py").write_text("")
    monkeypatch.setattr(provenance, "CHECKOUT", folder)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")

    def git(*arguments):
        command = ["git", "-C", str(folder), *identity, *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()

    return folder, git


def test_code_commit(checkout, monkeypatch):
    folder, git = checkout
    assert code_commit() is None  # no repository
    git("init")
    assert code_commit() is None  # no commit
    git("add", "setup.py")
    git("commit", "-m", "first")
    commit = git("rev-parse", "HEAD")
    assert len(commit) == 40
    assert code_commit() == commit

    (folder / "untracked").write_text("")
    assert code_commit() == commit
    (folder / "setup.py").write_text("changed")
    assert code_commit() == f"{commit}-dirty"
    # As in a hook of another repository.
    monkeypatch.setenv("GIT_DIR", str(folder / "nowhere"))
    assert code_commit() == f"{commit}-dirty"

    monkeypatch.setenv("PATH", str(folder))
    assert code_commit() is None  # no git


def test_code_commit_is_not_that_of_another_project(checkout):
    folder, git = checkout
    (folder / "setup.py").rename(folder / "other.py")
    git("init")
    git("add", ".")
    git("commit", "-m", "first")
    assert code_commit() is None
