# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion memory build | search`; pushing is tested beside the Hub's double."""

import json

import pytest

from codefusion_hf.cli import main
from codefusion_hf.memory import CodeFusionMemory


PAIRS = [
    {"text": "count the lines of notes.txt", "code": "wc -l notes.txt"},
    {"text": "print the current date", "code": "date"},
    {"text": "print the  current date", "code": "date"},
]


def run(capsys, *argv):
    """Exit code, standard output and standard error of a command."""
    try:
        code = main(["memory", *map(str, argv)])
    except SystemExit as stop:
        code = stop.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(pair) + "\n" for pair in [*PAIRS, PAIRS[0]]), encoding="utf-8")
    return path


def test_build_and_search(data, tmp_path, capsys):
    folder = tmp_path / "memory"
    code, out, err = run(capsys, "build", data, "--output-dir", folder, "--license", "mit")
    assert (code, err) == (0, "") and out == f"{folder}: 3 rows. Left out 1 that repeat others.\n"
    assert CodeFusionMemory.from_pretrained(folder) == CodeFusionMemory.from_pairs(PAIRS)
    assert "license: mit" in (folder / "README.md").read_text()

    code, out, _ = run(capsys, "search", folder, "count the lines of x.csv", "what date", "--num-neighbors", "1")
    assert code == 0
    assert [" ".join(line.split()[:1]) for line in out.splitlines()] == ["count", "1", "count", "what", "1", "print"]
    assert "wc -l notes.txt" in out.splitlines()[1] and out.splitlines()[2].strip() == PAIRS[0]["text"]

    code, out, _ = run(capsys, "search", folder, "lines of x.csv", "--json")
    found = json.loads(out)
    assert found["prompt"] == "lines of x.csv"
    assert set(found["neighbors"][0]) == {"id", "text", "code", "score"}


def test_build_with_the_cookbook_and_without_near_duplicates(data, tmp_path, capsys):
    code, out, _ = run(capsys, "build", data, "--cookbook", "--deduplicate", "--output-dir", tmp_path / "memory")
    memory = CodeFusionMemory.from_pretrained(tmp_path / "memory")
    wanted = CodeFusionMemory.from_cookbook("bash")
    wanted.add(PAIRS)
    wanted.deduplicate()
    assert code == 0 and memory == wanted and f"{len(wanted)} rows" in out


def test_other_columns_and_languages(tmp_path, capsys):
    path = tmp_path / "pairs.csv"
    path.write_text("nl,cmd\nsort x,x.sort()\n")
    options = (
        "--text-column",
        "nl",
        "--code-column",
        "cmd",
        "--language",
        "python",
        "--output-dir",
        tmp_path / "memory",
    )
    assert run(capsys, "build", path, *options)[0] == 0
    memory = CodeFusionMemory.from_pretrained(tmp_path / "memory")
    assert memory.language == "python" and [row["code"] for row in memory] == ["x.sort()"]
    code, out, _ = run(capsys, "search", "cookbook:python", "sort a list", "--num-neighbors", "2")
    assert code == 0 and len(out.splitlines()) == 5


def test_malformed_rows(data, tmp_path, capsys):
    with data.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"text": "ring", "code": "echo \x07"}) + "\n")
    code, out, err = run(capsys, "build", data, "--output-dir", tmp_path / "memory")
    assert (code, out) == (2, "") and not (tmp_path / "memory").exists()
    assert str(data) in err and "row 5, field `code`: expected no control characters" in err
    code, out, _ = run(capsys, "build", data, "--skip-malformed", "--output-dir", tmp_path / "memory")
    assert code == 0 and "3 rows. Left out 2" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("build", "--output-dir", "memory"), "there is nothing to build it from"),
        (("build", "nothing.jsonl", "--output-dir", "memory"), "nothing.jsonl"),
        (("search", "cookbook:perl", "x"), "`language` must be one of bash, python, cf, got 'perl'"),
        (("search", "cookbook:bash", "x", "--num-neighbors", "0"), "`num_neighbors` must be a number of at least 1"),
        (("search", "./nowhere", "x"), "neither the folder of a memory nor the id of a repository"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "") and err.count("\n") == 1 and message in err
    assert list(tmp_path.iterdir()) == []


def test_a_hostile_memory_does_not_control_the_terminal(tmp_path, capsys):
    CodeFusionMemory.from_pairs([{"text": "list\nfiles\u200b", "code": "ls\n# x"}]).save_pretrained(tmp_path)
    code, out, _ = run(capsys, "search", tmp_path, "list")
    assert code == 0 and len(out.splitlines()) == 3 and "ls\\n# x" in out and "\u200b" not in out
