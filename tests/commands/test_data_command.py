# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion data synthesize`: as many rows as are asked for, or one line about what is wrong."""

import json

import pytest

from codefusion_hf.cli import main
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


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["bash", "--num-rows", 0], "`num_rows` must be 1 or more, got 0"),
        (["bash", "--num-rows", 1, "--exclude", "missing.jsonl"], "missing.jsonl"),
        (["cobol", "--num-rows", 1], "invalid choice: 'cobol'"),
        (["bash", "--num-rows", 1, "--held-out-tables"], "of Bash, no rows are held out"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_file(argv, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *argv, "--output", tmp_path / "rows.jsonl")
    assert (code, out) == (2, "")
    assert message in err and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
