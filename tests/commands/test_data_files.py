# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion data pairs`, `rename` and `coverage`: what they write and print, and that bad input ends in one line."""

import json

import pytest

from codefusion_hf.cli import main
from codefusion_hf.data.pairs import load_pairs


SOURCE = '''\
import os


def read_lines(path):
    """Return the lines of *path*. Blank ones, too."""
    return open(path).read().splitlines()


def clear_old_items(items, limit):
    # keep what is young
    return [item for item in items if item.age < limit]
'''
ROWS = [
    {"text": "sort `names` by 'last name'", "code": "names.sort(key='last name', by=names['last name'])"},
    {"text": "sum of `values` where 'first name'", "code": "sum(values['first name'])"},
    {"text": "the time", "code": "now()"},
]


def run(capsys, *argv):
    """Exit code, standard output and standard error of a command."""
    try:
        code = main(["data", *map(str, argv)])
    except SystemExit as stop:
        code = stop.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_pairs_are_written_for_the_loaders_to_read(tmp_path, capsys):
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.py").write_text(SOURCE, encoding="utf-8")
    (folder / "b.py").write_text(SOURCE, encoding="utf-8")
    (folder / "old.py").write_text("print 'x'", encoding="utf-8")
    (folder / "latin.py").write_bytes(b"x = '\xe4'")
    output = tmp_path / "pairs.jsonl"
    code, out, err = run(capsys, "pairs", folder, "--output", output)
    assert (code, err) == (0, "")
    assert "3 pairs (docstring 1, comment 1, name 1, assignment 0); 3 duplicates and 2 files" in out
    assert load_pairs(output)[0] == {"text": "Return the lines of `path`", "code": "open(path).read().splitlines()"}
    code, _, _ = run(capsys, "pairs", folder, "--output", output, "--kinds", "comment")
    assert code == 0
    assert {json.loads(line)["kind"] for line in output.read_text(encoding="utf-8").splitlines()} == {"comment"}


def test_copies_by_other_names_are_the_same_each_time(tmp_path, capsys):
    pairs, output = write(tmp_path / "pairs.jsonl", ROWS), tmp_path / "more.jsonl"
    code, out, _ = run(capsys, "rename", pairs, "--augment", 2, "--output", output)
    assert code == 0 and "3 pairs and " in out
    written = output.read_bytes()
    rows = load_pairs(output)
    assert rows[:3] == load_pairs(pairs)
    # Copies that came out the same are there once.
    assert len({(row["text"], row["code"]) for row in rows}) == len(rows) > 3
    assert run(capsys, "rename", pairs, "--augment", 2, "--output", output)[0] == 0
    assert output.read_bytes() == written


def test_coverage_counts_what_invented_rows_have(tmp_path, capsys):
    pytest.importorskip("bashlex")
    rows = [{"text": "a", "code": "len(a) + frobnicate(b)"}, {"text": "b", "code": "len(b)"}]
    path = write(tmp_path / "python.jsonl", rows)
    code, out, _ = run(capsys, "coverage", "python", path, "--num-rows", 2000, "--show-missing", 3)
    assert code == 0
    assert out.splitlines() == [
        "2000 rows of seed 0 have 2 of 3 calls (66.7%), 1 of 2 different ones (50.0%).",
        "    1  frobnicate",
    ]
    rows = [{"text": "a", "code": "find . -name x"}, {"text": "b", "code": "frobnicate -v"}]
    path = write(tmp_path / "bash.jsonl", rows)
    code, out, _ = run(capsys, "coverage", "bash", path, "--num-rows", 2000)
    assert (code, out) == (0, "2000 rows of seed 0 have 1 of 2 templates (50.0%), 1 of 2 different ones (50.0%).\n")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["pairs", ".", "--output", "out.jsonl"], "no pairs in there"),
        (["pairs", "empty", "--output", "out.jsonl"], "got a folder without"),
        (["pairs", ".", "--output", "out.jsonl", "--kinds", "title"], "invalid choice: 'title'"),
        (["rename", "rows.jsonl", "--augment", 0, "--output", "out.jsonl"], "`num_copies` must be at least 1, got 0"),
        (["rename", "rows.jsonl", "--augment", 1, "--names-from", "no.jsonl", "--output", "out.jsonl"], "no.jsonl"),
        (["coverage", "python", "no.jsonl"], "no.jsonl"),
        (["coverage", "python", "rows.jsonl", "--num-rows", 0], "`num_rows` must be in [1, 100000000], got 0"),
        (["coverage", "cf", "rows.jsonl", "--num-rows", 1], "nothing to compare rules"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_file(argv, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.py").write_text("x = 1\n", encoding="utf-8")
    write(tmp_path / "rows.jsonl", ROWS)
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    assert message in err and err.count("\n") == 1
    assert not (tmp_path / "out.jsonl").exists()
