# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion data inspect`: what it prints for each format, and that bad input ends in one line."""

import json

import pyarrow
import pyarrow.parquet
import pytest

from codefusion_hf.cli import main
from codefusion_hf.data.inspection import guess_language, mask_example


PAIRS = [
    {"text": "show the date", "code": "date -u"},
    {"text": "count the lines", "code": "wc -l notes.txt | sort"},
    {"text": "go home", "code": "cd $HOME && ls -a"},
]
JSON_LINES = "\n".join(map(json.dumps, PAIRS))


def inspect(capsys, path, *argv):
    """Exit code, standard output by cell of its tables, and standard error."""
    try:
        code = main(["data", "inspect", str(path), *argv])
    except SystemExit as stop:
        code = stop.code
    out, err = capsys.readouterr()
    cells = {}
    for line in out.splitlines():
        label, *values = [cell.strip() for cell in line.strip("│ ").split("│")]
        cells.setdefault(label, values)
    return code, out, err, cells


def write_parquet(path, rows):
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)


def write_codefusion(path, pairs):
    rows = [{"ID": 1, "NL Utterance": pair["text"], "Code": pair["code"]} for pair in pairs]
    path.write_text(json.dumps({"train": [], "test": rows}))


def write_conala(path, pairs):
    path.write_text(json.dumps([{"intent": pair["text"], "snippet": pair["code"]} for pair in pairs]))


def write_nl2bash(path, pairs):
    path.with_suffix(".nl").write_text("\n".join(pair["text"] for pair in pairs))
    path.with_suffix(".cm").write_text("\n".join(pair["code"] for pair in pairs))


def write_table(path, pairs):
    delimiter = "," if path.suffix == ".csv" else "\t"
    path.write_text("\n".join(delimiter.join(row.values()) for row in [{"t": "text", "c": "code"}, *pairs]))


def write_data_set(path, pairs):
    path.mkdir()
    write_parquet(path / "train.parquet", pairs)


@pytest.mark.parametrize(
    ("format", "name", "write", "argv"),
    [
        ("codefusion", "a.json", write_codefusion, ["--split", "test"]),
        ("nl2bash", "a.nl", write_nl2bash, []),
        ("conala", "a.json", write_conala, []),
        ("jsonl", "a.jsonl", lambda path, pairs: path.write_text(JSON_LINES), []),
        ("json", "a.json", lambda path, pairs: path.write_text(json.dumps(pairs)), []),
        ("csv", "a.csv", write_table, []),
        ("tsv", "a.tsv", write_table, []),
        ("parquet", "a.parquet", write_parquet, []),
        ("hub", "a", write_data_set, ["--format", "hub", "--streaming"]),
    ],
)
def test_every_format_of_pairs(tmp_path, capsys, format, name, write, argv):
    path = tmp_path / name
    write(path, PAIRS)
    code, out, err, cells = inspect(capsys, path, *argv)
    assert (code, err) == (0, "")
    assert cells["format"] == [format]
    assert cells["rows"] == cells["with a prompt"] == ["3"]
    assert cells["malformed, skipped"] == cells["duplicates"] == ["0"]
    assert cells["language, by its looks"] == ["bash"]
    assert len(cells["prompt"]) == len(cells["code"]) == 4
    for pair in PAIRS:
        assert f"prompt: {pair['text']}" in out and f"code: {pair['code']}" in out
    assert out.count("as CPD masks it (bash): ") == 1
    assert "<mask>" in out


@pytest.mark.parametrize(
    ("format", "name", "content", "rows", "language"),
    [
        ("text", "a.txt", "grep -r x . | wc\npwd\n", "2", "bash"),
        ("counts", "a.tsv", "4\ttop(3)\n1\tTextEquals(In Progress)\n", "2", "cf"),
        ("python", "a.py", "import os\ndef f(x):\n    return os.getcwd() + x\n", "5", "python"),
        ("bash", "a.sh", "#!/bin/sh\n# list\nls -a\nif true; then pwd; fi\n", "4", "bash"),
    ],
)
def test_every_format_of_code(tmp_path, capsys, format, name, content, rows, language):
    (tmp_path / name).write_text(content)
    code, out, err, cells = inspect(capsys, tmp_path / name)
    assert (code, err) == (0, "")
    assert cells["format"] == [format]
    assert cells["rows"] == [rows]
    assert cells["with a prompt"] == ["0"]
    assert cells["language, by its looks"] == [language]
    assert f"as CPD masks it ({language}):" in out and "<mask>" in out
    assert "prompt:" not in out


def test_lengths_are_those_of_training(tmp_path, capsys, tokenizer):
    codes = ["a" * length for length in range(1, 41)]
    rows = [{"text": f"Say  {code}", "code": code} for code in codes]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    *_, cells = inspect(capsys, tmp_path / "a.jsonl", "--tokenizer", str(tmp_path / "tokenizer"))
    assert cells["code"][:4] == [
        str(len(tokenizer(codes[index], add_special_tokens=False).input_ids) + 1) for index in (0, 19, 37, 39)
    ]
    assert cells["prompt"][:4] == [str(len(tokenizer(f"say {codes[index]}").input_ids)) for index in (0, 19, 37, 39)]


def test_malformed_and_duplicate_rows_are_counted(tmp_path, capsys):
    path = tmp_path / "a.jsonl"
    path.write_text(
        "\n".join([JSON_LINES, JSON_LINES, '{"text": "no prompt", "code": 5}', '{"code": "ls"}', *"[" * 6])
    )
    code, out, err, cells = inspect(capsys, path)
    assert (code, err) == (0, "")
    assert cells["rows"] == ["7"]
    assert cells["with a prompt"] == ["6"]
    assert cells["malformed, skipped"] == ["7"]
    assert cells["duplicates"] == ["3"]
    assert "line 7, field `code`: expected a string that is not empty, got 5." in " ".join(out.split())
    assert out.count("malformed: ") == 6 and "malformed: 2 more" in out


def test_columns_limit_and_language_can_be_given(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_text("nl,cmd\nadd,a + b\nsubtract,a - b\n")
    _, out, _, cells = inspect(
        capsys, path, "--text-column", "nl", "--code-column", "cmd", "--limit", "1", "--language", "bash"
    )
    assert cells["rows"] == cells["with a prompt"] == ["1"]
    assert "as CPD masks it (bash): <mask> + b" in out


def test_five_examples_are_spread_over_the_file(tmp_path, capsys):
    path = tmp_path / "a.txt"
    path.write_text("\n".join(f"echo {number}" for number in range(100)))
    _, out, _, _ = inspect(capsys, path)
    assert [line for line in out.splitlines() if line.startswith("code: ")] == [
        f"code: echo {number}" for number in (0, 20, 40, 60, 80)
    ]


def test_tables_are_shown_by_their_header(tmp_path, capsys):
    path = tmp_path / "a.jsonl"
    row = {"text": "mark red", "code": "TextEquals(red)", "data": [["Index", "Colour"], [0, "red"], [1, "blue"]]}
    path.write_text(json.dumps(row))
    _, out, _, cells = inspect(capsys, path)
    assert cells["with a table"] == ["1"]
    assert "table: Index, Colour (2 rows)" in out


def test_neither_control_characters_nor_markup_reach_the_terminal(tmp_path, capsys):
    path = tmp_path / "a.jsonl"
    rows = [{"text": "clear\x1b[2J [bold]x[/bold]", "code": "echo\t'\x07'\nls [/]"}, {"\x1b[1m": "a"}]
    path.write_text("\n".join(map(json.dumps, rows)))
    code, out, _, _ = inspect(capsys, path)
    assert code == 0
    assert not {"\x1b", "\x07", "\t"} & set(out)
    assert "prompt: clear\\x1b[2J [bold]x[/bold]" in out
    assert "code:\necho\\t'\\x07'\nls [/]" in out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["missing.jsonl"], "missing.jsonl: no such file"),
        (["a.jsonl", "--format", "excel"], "`format` must be one of codefusion, nl2bash, conala"),
        (
            ["a.jsonl", "--code-column", "cmd"],
            "all of its rows are malformed (3). The first: a.jsonl, line 1, field `cm",
        ),
        (["a.jsonl", "--limit", "0"], "`limit` must be at least 1, got 0"),
        (["a.jsonl", "--limit", "many"], "invalid int value: 'many'"),
        (["a.jsonl", "--language", "cobol"], "invalid choice: 'cobol'"),
        (["a.jsonl", "--tokenizer", "nowhere"], "cannot load the tokenizer 'nowhere': "),
        (["empty.csv"], "empty.csv: expected at least one row, got a csv file with none"),
        (["broken.json"], "broken.json, line 1, column 2: expected JSON"),
        ([], "the following arguments are required: FILE"),
    ],
)
def test_bad_input_ends_in_one_line(tmp_path, capsys, monkeypatch, argv, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jsonl").write_text(JSON_LINES)
    (tmp_path / "empty.csv").write_text("text,code\n")
    (tmp_path / "broken.json").write_text("[\x1b]")
    try:
        code = main(["data", "inspect", *argv])
    except SystemExit as stop:
        code = stop.code
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert err.startswith("codefusion") and ": error: " in err
    assert message in err and err.count("\n") == 1 and "\x1b" not in err


@pytest.mark.parametrize(
    ("snippets", "language"),
    [
        (["ls -a", "pwd", "grep x y | wc -l"], "bash"),
        (["x = [a for a in b]", "pwd", "f(x).y"], "python"),
        (["top(10)", "Duplicate()", "AND(LessThan(5),GreaterThan(2))"], "cf"),
    ],
)
def test_the_language_is_the_one_that_parses_most(snippets, language):
    shares = guess_language(snippets)
    assert next(iter(shares)) == language
    assert shares[language] == 1.0
    assert list(shares.values()) == sorted(shares.values(), reverse=True)


def test_masked_examples_keep_what_is_no_name(tokenizer):
    code = "find . -name '*.log' | wc -l"
    masked = mask_example(code, tokenizer, "bash")
    assert masked != code
    assert masked == mask_example(code, tokenizer, "bash")
    assert " . -name '*.log' |" in masked and masked.endswith(" -l")
    assert mask_example("5", tokenizer, "python") == "5"
