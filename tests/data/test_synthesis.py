# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Invented rows in a file: any number of different ones, the same for a seed, without what is excluded."""

import itertools
import json

import pytest


pytest.importorskip("sklearn")

from codefusion_hf.data import synthesis  # noqa: E402
from codefusion_hf.data.synthesis import write_rows  # noqa: E402
from codefusion_hf.languages import get_language  # noqa: E402


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_seed_decides(tmp_path):
    paths = [tmp_path / name for name in ("first.jsonl", "same.jsonl", "other.jsonl")]
    for path, seed in zip(paths, (3, 3, 4), strict=True):
        write_rows(path, "bash", 50, seed)
    first, same, other = (path.read_bytes() for path in paths)
    assert first == same != other


def test_rows_are_different_and_the_rest_is_counted(tmp_path, monkeypatch):
    rows = [{"text": f"say {number % 3}", "code": f"echo {number % 3}"} for number in range(30)]
    monkeypatch.setattr(type(get_language("bash")), "generate_rows", lambda language, seed: iter(rows))
    counts = write_rows(tmp_path / "rows.jsonl", "bash", 3)
    assert counts["written"] == 3
    assert [row["code"] for row in read(tmp_path / "rows.jsonl")] == ["echo 0", "echo 1", "echo 2"]


def test_a_generator_that_repeats_itself_is_told_from_one_that_works(tmp_path, monkeypatch):
    def generate(language, seed):
        while True:
            yield {"text": "say hello", "code": "echo hello"}

    monkeypatch.setattr(type(get_language("bash")), "generate_rows", generate)
    monkeypatch.setattr(synthesis, "MAX_REPEATED", 10)
    with pytest.raises(ValueError, match="`num_rows` is 2, but after 1 rows"):
        write_rows(tmp_path / "rows.jsonl", "bash", 2)
    assert list(tmp_path.iterdir()) == []


def test_prompts_near_ones_and_programs_of_excluded_files_are_left_out(tmp_path, monkeypatch):
    rows = [
        {"text": "Show the calendar of March 2020.", "code": "cal 3 2020"},
        {"text": "show the calendar of march 2020", "code": "cal march 2020"},
        {"text": "print all that there is about the third month", "code": "cal  3   2020"},
        {"text": "delete every empty folder below /tmp", "code": "find /tmp -empty -type d -delete"},
    ]
    monkeypatch.setattr(type(get_language("bash")), "generate_rows", lambda language, seed: iter(rows))
    excluded = tmp_path / "test.jsonl"
    excluded.write_text(json.dumps({"text": "show the calendar of March 2020", "code": "cal 3 2020"}) + "\n")
    counts = write_rows(tmp_path / "rows.jsonl", "bash", 1, exclude=[excluded])
    assert counts == {"written": 1, "excluded": 3, "repeated": 0}
    assert read(tmp_path / "rows.jsonl")[0]["code"] == rows[3]["code"]


def test_excluding_rows_of_the_generator_itself_leaves_none_of_them(tmp_path):
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    write_rows(first, "bash", 40)
    counts = write_rows(second, "bash", 40, exclude=[first])
    assert counts["excluded"] >= 40
    assert not {row["code"] for row in read(first)} & {row["code"] for row in read(second)}


def test_rules_are_excluded_by_their_prompts_alone_and_all_that_is_drawn_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(synthesis, "BLOCK_SIZE", 50)
    rules = get_language("cf")
    first = list(itertools.islice(rules.generate_rows(seed=3), 40))
    excluded = tmp_path / "test.jsonl"
    excluded.write_text(json.dumps({"text": first[7]["text"].upper(), "code": first[8]["code"]}) + "\n")
    counts = write_rows(tmp_path / "rows.jsonl", "cf", 30, seed=3, exclude=[excluded])
    rows = read(tmp_path / "rows.jsonl")
    assert len(rows) == 30 and len({(row["text"], row["code"]) for row in rows}) == 30
    assert first[7]["text"] not in [row["text"] for row in rows]
    assert first[8]["code"] in [row["code"] for row in rows]
    # Of the rows that were drawn until there were enough, all are written or counted.
    last = next(number for number, row in enumerate(rules.generate_rows(seed=3)) if row["text"] == rows[-1]["text"])
    assert counts["excluded"] >= 1 and last + 1 == 30 + counts["excluded"] + counts["repeated"]
    assert [row["id"] for row in rows] == list(range(30))
    assert all(row.keys() <= {"id", "text", "code", "data"} for row in rows)


def test_held_out_rows_are_others(tmp_path):
    for name, held_out in (("rows.jsonl", False), ("held_out.jsonl", True)):
        write_rows(tmp_path / name, "cf", 20, held_out=held_out)
    assert all("data" in row for row in read(tmp_path / "held_out.jsonl"))
    assert not {row["text"] for row in read(tmp_path / "rows.jsonl")} & {
        row["text"] for row in read(tmp_path / "held_out.jsonl")
    }


def test_bad_arguments_are_named(tmp_path):
    with pytest.raises(ValueError, match="`num_rows` must be 1 or more, got 0"):
        write_rows(tmp_path / "rows.jsonl", "cf", 0)
    with pytest.raises(ValueError, match="`language` must be one of bash, python, cf, got 'cobol'"):
        write_rows(tmp_path / "rows.jsonl", "cobol", 1)
