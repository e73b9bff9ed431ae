# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion data synthesize`: any number of different rows, the same for a seed, without what is excluded."""

import json

import pytest

from codefusion_hf.cli import main
from codefusion_hf.data import synthesis
from codefusion_hf.data.synthesis import load_generator, write_pairs
from codefusion_hf.languages import LANGUAGES


def run(capsys, *argv):
    """Exit code, standard output and standard error of a command."""
    try:
        code = main(["data", "synthesize", *map(str, argv)])
    except SystemExit as stop:
        code = stop.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_gives_as_many_rows_as_asked_for(language, tmp_path, capsys):
    path = tmp_path / "rows.jsonl"
    code, out, err = run(capsys, language, "--num-rows", 30, "--output", path)
    rows = read(path)
    assert (code, err) == (0, "")
    assert f"{path}: 30 rows." in out
    assert [row["id"] for row in rows] == list(range(30))
    assert all(row["text"].strip() and row["code"].strip() for row in rows)
    assert ("data" in {key for row in rows for key in row}) == (language == "cf")


def test_seed_decides(tmp_path):
    paths = [tmp_path / name for name in ("first.jsonl", "same.jsonl", "other.jsonl")]
    for path, seed in zip(paths, (3, 3, 4), strict=True):
        write_pairs(path, "bash", 50, seed)
    first, same, other = (path.read_bytes() for path in paths)
    assert first == same != other


def test_rows_are_different_and_the_rest_is_counted(tmp_path, monkeypatch):
    rows = [{"text": f"say {number % 3}", "code": f"echo {number % 3}"} for number in range(30)]
    monkeypatch.setattr(synthesis, "load_generator", lambda language: lambda seed: iter(rows))
    counts = write_pairs(tmp_path / "rows.jsonl", "bash", 3)
    assert counts["written"] == 3
    assert [row["code"] for row in read(tmp_path / "rows.jsonl")] == ["echo 0", "echo 1", "echo 2"]


def test_a_generator_that_repeats_itself_is_told_from_one_that_works(tmp_path, monkeypatch):
    def generate(seed):
        while True:
            yield {"text": "say hello", "code": "echo hello"}

    monkeypatch.setattr(synthesis, "load_generator", lambda language: generate)
    monkeypatch.setattr(synthesis, "MAX_REPEATED", 10)
    with pytest.raises(ValueError, match="`num_rows` is 2, but after 1 rows"):
        write_pairs(tmp_path / "rows.jsonl", "bash", 2)
    assert list(tmp_path.iterdir()) == []


def test_prompts_near_ones_and_programs_of_excluded_files_are_left_out(tmp_path, monkeypatch):
    rows = [
        {"text": "Show the calendar of March 2020.", "code": "cal 3 2020"},
        {"text": "show the calendar of march 2020", "code": "cal march 2020"},
        {"text": "print all that there is about the third month", "code": "cal  3   2020"},
        {"text": "delete every empty folder below /tmp", "code": "find /tmp -empty -type d -delete"},
    ]
    monkeypatch.setattr(synthesis, "load_generator", lambda language: lambda seed: iter(rows))
    excluded = tmp_path / "test.jsonl"
    excluded.write_text(json.dumps({"text": "show the calendar of March 2020", "code": "cal 3 2020"}) + "\n")
    counts = write_pairs(tmp_path / "rows.jsonl", "bash", 1, exclude=[excluded])
    assert counts == {"written": 1, "excluded": 3, "repeated": 0}
    assert read(tmp_path / "rows.jsonl")[0]["code"] == rows[3]["code"]


def test_excluding_rows_of_the_generator_itself_leaves_none_of_them(tmp_path):
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    write_pairs(first, "bash", 40)
    counts = write_pairs(second, "bash", 40, exclude=[first])
    assert counts["excluded"] >= 40
    assert not {row["code"] for row in read(first)} & {row["code"] for row in read(second)}


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["bash", "--num-rows", 0], "`num_rows` must be 1 or more, got 0"),
        (["bash", "--num-rows", 1, "--exclude", "missing.jsonl"], "missing.jsonl"),
        (["cobol", "--num-rows", 1], "invalid choice: 'cobol'"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_file(argv, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *argv, "--output", tmp_path / "rows.jsonl")
    assert (code, out) == (2, "")
    assert message in err and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_unknown_language():
    with pytest.raises(ValueError, match="`language` must be one of bash, python, got 'cf'"):
        load_generator("cf")
