# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Each file that a pipeline is loaded from x missing, empty, truncated, a bit flipped: refused by its name."""

import shutil

import pytest
from training_data import data_of

from codefusion_hf.cli import main
from codefusion_hf.inference.loading import load_pipeline
from codefusion_hf.manifest import MANIFEST_FILE, check_pipeline, find_damages
from codefusion_hf.pipelines import CodeFusionPipeline

from .damage import DAMAGES, damage_everywhere, damage_file


FILES = (
    MANIFEST_FILE,
    "model/config.json",
    "model/model.safetensors",
    "model_index.json",
    "scheduler/scheduler_config.json",
    "tokenizer/tokenizer.json",
    "tokenizer/tokenizer_config.json",
)
# Beside them are copies of the code, for those who do not have this package: it does not read them, and they may go.


@pytest.fixture
def folder(finished_run, tmp_path):
    """A pipeline that a training has exported."""
    ignored = shutil.ignore_patterns("checkpoint-*")
    return shutil.copytree(finished_run, tmp_path / "pipeline", ignore=ignored)


def refused(folder, name):
    with pytest.raises(ValueError, match="delete its manifest.json") as error:
        check_pipeline(folder)
    assert f"{folder / name} " in str(error.value)
    with pytest.raises(ValueError, match="cannot load checkpoint") as error:
        load_pipeline(str(folder))
    assert f"{folder / name} " in str(error.value)


def test_the_matrix_has_all_files(folder):
    found = {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in (".json", ".safetensors")
    }
    assert found == set(FILES)
    assert find_damages(folder) == []
    assert load_pipeline(str(folder)).model.config.hidden_size == 16


# What is no folder of a pipeline at all, the command says otherwise.
CELLS = [
    (name, damage)
    for name in FILES
    for damage in DAMAGES
    if (name, damage) not in {(MANIFEST_FILE, "missing"), ("model_index.json", "missing")}
]


@pytest.mark.parametrize(("name", "damage"), CELLS)
def test_a_damaged_file_is_refused_by_its_name(name, damage, folder):
    damage_file(folder / name, damage)
    refused(folder, name)


def test_without_its_index_it_is_no_pipeline(folder, capsys):
    (folder / "model_index.json").unlink()
    with pytest.raises(ValueError, match="model_index.json is missing"):
        check_pipeline(folder)
    assert main(["generate", "--checkpoint", str(folder), "list files"]) == 2
    assert "it has no model_index.json" in capsys.readouterr().err


def test_without_a_manifest_it_is_as_good(folder):
    """As `save_pretrained` writes one, and as it comes from the Hub: the weights have a checksum of their own."""
    (folder / MANIFEST_FILE).unlink()
    check_pipeline(folder)
    assert load_pipeline(str(folder)).model.config.hidden_size == 16


def test_what_is_not_loaded_may_go_and_come(folder):
    (folder / "README.md").write_text("A card.")
    (folder / "report.json").write_text("{}")
    for path in [*folder.glob("*.py"), *folder.glob("*/*.py")]:
        path.unlink()
    assert load_pipeline(str(folder)).model.config.hidden_size == 16


@pytest.mark.parametrize("name", FILES[1:])
def test_training_does_not_start_from_it(name, folder, data_file, tmp_path):
    from codefusion_hf.training.run import run_training

    from .conftest import make_preset

    damage_file(folder / name, "flipped")
    with pytest.raises(ValueError, match=f"{name} is altered"):
        run_training(make_preset(), "finetune", data_of(data_file), tmp_path / "run", init_from=folder)
    assert not (tmp_path / "run").exists()


def test_a_hub_id_has_no_manifest_to_check():
    check_pipeline("alice/bash-tiny")


def test_the_manifest_of_an_older_export_goes_with_it(folder, train):
    before = (folder / MANIFEST_FILE).read_bytes()
    train(folder, max_steps=1, save_strategy="no")
    assert (folder / MANIFEST_FILE).read_bytes() != before
    check_pipeline(folder)
    assert CodeFusionPipeline.from_pretrained(folder).model.config.hidden_size == 16


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_damaged_anywhere_is_refused_by_its_name(name, folder):
    path = folder / name
    for _ in damage_everywhere(path):
        refused(folder, name)
