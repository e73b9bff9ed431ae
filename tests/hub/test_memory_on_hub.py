# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Memories on the Hub: data sets that are pushed, loaded and read by others."""

import json

import pytest
from card_rules import metadata_errors
from clients.settings import TOKEN


FILES = {"README.md", "memory_config.json", "pairs.parquet"}


@pytest.fixture(scope="module")
def memories(run_client, hub, workspace):
    """The report of who pushes memories."""
    return run_client("memory", workspace / "memory", home=workspace / "memory_home", token=TOKEN)


def test_pushed_memory_is_loaded_as_it_was(hub, memories):
    assert memories["equal"]
    assert memories["url"] == f"{hub.url}/datasets/alice/snippets"
    assert {row["text"]: row["code"] for row in memories["rows"]} == {
        row["text"]: row["code"] for row in memories["given"]
    }


def test_repository_is_a_private_data_set_without_code(hub, memories):
    assert "alice/snippets" not in hub.repositories
    repository = hub.repositories["datasets/alice/snippets"]
    assert repository.private
    assert set(repository.trees[repository.refs["v1"]]) == FILES


def test_revisions(memories):
    assert memories["revisions"] == {"v1": 3, "main": 4, "next": 4}


def test_others_can_read_it_as_a_data_set(memories):
    for rows in (memories["dataset"], memories["pairs"]):
        assert sorted((row["text"], row["code"]) for row in rows) == sorted(
            (row["text"], row["code"]) for row in [*memories["given"], memories["added"]]
        )


def test_tables_come_back(memories):
    assert memories["rules"] == [["Name", "Age"], ["Ann", 11.5], ["", None]]


def test_card_is_accepted_says_what_is_there_and_its_program_runs(memories):
    assert metadata_errors(memories["card"]) == []
    assert "license: mit" in memories["card"] and "n<1K" in memories["card"] and "3 pairs" in memories["card"]
    (printed,) = memories["snippets"]
    assert "wc -l a.txt" in printed
    assert "license: mit" in memories["card_again"] and "4 pairs" in memories["card_again"]


def test_card_that_somebody_wrote_is_kept(memories):
    assert "A text." in memories["card_in_repository"] and "pairs.parquet" in memories["card_in_repository"]
    assert "Another text." in memories["card_in_folder"]


def test_commands(hub, memories):
    commands = memories["commands"]
    assert commands["build"][0] == 0 and commands["build"][1].endswith("built: 3 rows.\n")
    assert commands["push"] == [0, f"{hub.url}/datasets/alice/built\n", ""]
    code, out, _ = commands["search"]
    (neighbor,) = json.loads(out)["neighbors"]
    assert code == 0 and neighbor["code"] == "wc -l a.txt"
    code, out, err = commands["missing"]
    assert (code, out) == (2, "") and "alice/nothing" in err and err.count("\n") == 1
    assert memories["built_equal"]


@pytest.mark.parametrize(
    ("case", "kind", "named"),
    [
        ("token", "HfHubHTTPError", "Invalid username"),
        ("licence", "ValueError", "license"),
        ("name", "HFValidationError", "alice//snippets"),
        ("missing", "RepositoryNotFoundError", "alice/nothing"),
        ("stranger", "RepositoryNotFoundError", "alice/secret"),
        ("revision", "RevisionNotFoundError", "nowhere"),
        ("no_memory", "ValueError", "memory_config.json"),
    ],
)
def test_refusals_say_why(memories, case, kind, named):
    assert memories["refused"][case]["type"] == kind
    assert named in memories["refused"][case]["message"]


def test_nothing_is_left_behind_where_a_push_is_refused(hub, memories):
    assert "datasets/alice/stolen" not in hub.repositories
    assert hub.repositories["datasets/alice/refused"].files == {}


def test_only_the_memory_is_downloaded(hub, memories):
    assert b"harm" in hub.repositories["datasets/alice/snippets"].files.values()
    assert not any("harm.py" in path for _, path, _ in hub.requests)
