# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Reading the formats that data comes in: rows, malformed rows, source files, duplicates and leaks."""

import json
import logging
import re

import pyarrow
import pyarrow.parquet
import pytest

from codefusion_hf.data.deduplication import deduplicate, exclude_overlap
from codefusion_hf.data.pairs import load_pairs, load_rows, load_snippets
from codefusion_hf.data.sources import FORMATS, detect_format


PAIRS = [
    {"text": "show the date", "code": "date"},
    {"text": "print the größte number", "code": 'echo "ü" |\n  wc'},
]
TABLE = [["Index", "Colour"], [0, "red"], [1, "blue"]]


def write(path, content):
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8", newline="")
    return path


def write_parquet(path, rows):
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return path


def write_codefusion(folder, **lists):
    return write(folder / "Benchmarks.json", lists)


def published(text, code, **more):
    return {"ID": 1, "NL Utterance": text, "Code": code, **more}


# Each format


def test_published_file_of_the_paper(tmp_path):
    path = write_codefusion(
        tmp_path,
        train=[published("mark red", "TextEquals(red)", Data=TABLE, Labels=[0]), published("add", "a + b")],
        test=[published("mark blue", "TextEquals(blue)")],
    )
    assert detect_format(path) == "codefusion"
    assert load_pairs(path) == [
        {"text": "mark red", "code": "TextEquals(red)", "data": TABLE},
        {"text": "add", "code": "a + b"},
    ]
    assert load_pairs(path, split="test") == [{"text": "mark blue", "code": "TextEquals(blue)"}]
    with pytest.raises(ValueError, match="`split` must be one of train, test for a codefusion file, got 'dev'"):
        load_pairs(path, split="dev")


def test_null_utterances_are_malformed_pairs_and_good_snippets(tmp_path):
    path = write_codefusion(tmp_path, train=[published("add", "a + b"), published(None, "a - b")])
    message = f"{path}, `train`, row 2, field `NL Utterance`: expected a string that is not empty, got None."
    with pytest.raises(ValueError, match=re.escape(message)):
        load_pairs(path)
    assert load_snippets(path) == ["a + b", "a - b"]
    assert load_rows(path).rows == [{"text": "add", "code": "a + b"}, {"code": "a - b"}]


@pytest.mark.parametrize("name", [".", "all.nl", "all.cm"])
def test_nl2bash_by_its_folder_or_either_file(tmp_path, name):
    write(tmp_path / "all.nl", "show the date\r\nlist  files\r\n")
    write(tmp_path / "all.cm", "date\nls -a")
    assert load_pairs(tmp_path / name) == [
        {"text": "show the date", "code": "date"},
        {"text": "list  files", "code": "ls -a"},
    ]


def test_nl2bash_files_of_two_lengths_are_refused(tmp_path):
    write(tmp_path / "all.nl", "show the date\nlist files\n")
    write(tmp_path / "all.cm", "date\nls\npwd\n")
    message = f"{tmp_path / 'all.nl'}: expected as many lines as {tmp_path / 'all.cm'} has, which is 3, got 2."
    for on_malformed in ("raise", "skip"):
        with pytest.raises(ValueError, match=re.escape(message)):
            load_pairs(tmp_path, on_malformed=on_malformed)


def test_nl2bash_stays_aligned_over_malformed_lines(tmp_path):
    write(tmp_path / "all.nl", b"one\n\nthree\n\xff\nfive\n")
    write(tmp_path / "all.cm", b"1\n2\n\n4\n5\n")
    loaded = load_rows(tmp_path, prompts="required", on_malformed="skip")
    assert loaded.rows == [{"text": "one", "code": "1"}, {"text": "five", "code": "5"}]
    assert loaded.num_malformed == 3
    assert [re.search(r"all\.\w+, line \d(, field `\w+`)?", message)[0] for message in loaded.messages] == [
        "all.cm, line 2, field `text`",
        "all.cm, line 3, field `code`",
        "all.nl, line 4",
    ]


CONALA = [
    {"intent": "How to add?", "rewritten_intent": "add `a` and `b`", "snippet": "a + b", "question_id": 1},
    {"intent": "subtract", "rewritten_intent": None, "snippet": "a - b"},
    {"intent": "multiply", "snippet": "a * b"},
]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("conala-train.json", json.dumps(CONALA, indent=1)),
        ("conala-mined.jsonl", "\n".join(map(json.dumps, CONALA))),
        ("conala-mined.json", "\n".join(map(json.dumps, CONALA))),
    ],
)
def test_conala_falls_back_to_the_intent(tmp_path, name, content):
    path = write(tmp_path / name, content)
    assert detect_format(path) == "conala"
    assert [pair["text"] for pair in load_pairs(path)] == ["add `a` and `b`", "subtract", "multiply"]
    assert load_snippets(path) == ["a + b", "a - b", "a * b"]
    assert load_pairs(path, "intent")[0]["text"] == "How to add?"
    assert load_rows(path, format="conala").rows == load_rows(path).rows


@pytest.mark.parametrize("columns", [("text", "code"), ("nl", "cmd")])
@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl", "ndjson", "parquet", "tsv"])
def test_tables_and_lists_with_the_columns_that_are_named(tmp_path, suffix, columns):
    rows = [{"id": "7", columns[0]: pair["text"], columns[1]: pair["code"]} for pair in PAIRS]
    path = tmp_path / f"pairs.{suffix}"
    if suffix == "json":
        write(path, rows)
    elif suffix in ("jsonl", "ndjson"):
        write(path, "\n".join(map(json.dumps, rows)))
    elif suffix == "parquet":
        write_parquet(path, rows)
    else:
        delimiter = {"csv": ",", "tsv": "\t"}[suffix]
        cells = [list(rows[0]), *(['"' + cell.replace('"', '""') + '"' for cell in row.values()] for row in rows)]
        # The way Excel writes it: a byte order mark, CRLF between the rows and LF inside a cell.
        write(path, "\ufeff" + "".join(delimiter.join(row) + "\r\n" for row in cells))
    assert detect_format(path) == suffix.replace("ndjson", "jsonl")
    names = {} if columns == ("text", "code") else {"text_column": "nl", "code_column": "cmd"}
    assert load_pairs(path, **names) == PAIRS
    names.pop("text_column", None)
    assert load_snippets(path, **names) == [pair["code"] for pair in PAIRS]


def test_tables_of_cf_rules_are_kept(tmp_path):
    row = {"text": "mark red", "code": "TextEquals(red)", "data": TABLE}
    assert load_pairs(write(tmp_path / "cf.jsonl", row)) == [row]
    assert load_pairs(write(tmp_path / "cf.json", [row])) == [row]
    text_table = [["Index", "Colour"], ["0", "red"]]
    path = write_parquet(tmp_path / "cf.parquet", [{**row, "data": text_table}])
    assert load_pairs(path) == [{**row, "data": text_table}]


def test_counts_and_text(tmp_path):
    counts = write(tmp_path / "rules.tsv", "12\ttop(1)\r\n3\tTextEquals(a\tb)\n")
    assert load_snippets(counts) == ["top(1)", "TextEquals(a\tb)"]
    text = write(tmp_path / "snippets", "\ufeffls\r\n \n\tpwd \n")
    assert load_snippets(text) == ["ls", "\tpwd "]
    with pytest.raises(ValueError, match="has no prompts, as its format is counts. Formats with prompts are codefus"):
        load_pairs(counts)


def test_format_can_be_given(tmp_path):
    path = write(tmp_path / "pairs.dat", "\n".join(map(json.dumps, PAIRS)))
    assert load_pairs(path, format="jsonl") == PAIRS
    with pytest.raises(
        ValueError, match=re.escape(f"{path}: cannot tell the format from the name. Give `format`, one")
    ):
        load_pairs(path)
    with pytest.raises(ValueError, match=f"`format` must be one of {', '.join(FORMATS)}, got 'excel'"):
        load_pairs(path, format="excel")


@pytest.mark.parametrize("streaming", [False, True])
def test_data_sets_that_load_dataset_reads(tmp_path, monkeypatch, streaming):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / "dataset"
    folder.mkdir()
    write_parquet(folder / "train.parquet", [{"nl": pair["text"], "code": pair["code"]} for pair in PAIRS])
    write_parquet(folder / "test.parquet", [{"nl": "go home", "code": "cd"}, {"nl": None, "code": "pwd"}])
    arguments = {"format": "hub", "streaming": streaming}
    assert load_pairs(folder, "nl", **arguments) == PAIRS
    assert load_pairs(folder, "nl", limit=1, **arguments) == PAIRS[:1]
    assert load_snippets(folder, split="test", **arguments) == ["cd", "pwd"]
    message = f"{folder}, split test, row 2, field `nl`: expected a string that is not empty, got None."
    with pytest.raises(ValueError, match=re.escape(message)):
        load_pairs(folder, "nl", split="test", **arguments)


def test_data_sets_of_the_hub_are_named_by_an_address(tmp_path, monkeypatch):
    calls = []

    def load_dataset(path, **kwargs):
        calls.append((path, kwargs))
        return PAIRS

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    assert load_pairs("hf://datasets/someone/some-pairs", name="bash", split="train[:2]", streaming=True) == PAIRS
    assert calls == [("someone/some-pairs", {"name": "bash", "split": "train[:2]", "streaming": True})]
    with pytest.raises(ValueError, match="`path` must be hf://datasets/OWNER/NAME, got hf://datasets/a/b/c.csv"):
        load_pairs("hf://datasets/a/b/c.csv")


def test_data_sets_that_do_not_load_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / "dataset"
    folder.mkdir()
    with pytest.raises(FileNotFoundError, match=str(folder)):
        load_pairs(folder, format="hub")
    write(folder / "train.parquet", "text,code")
    with pytest.raises(ValueError, match=re.escape(f"{folder}: `datasets` cannot load it: ")):
        load_pairs(folder, format="hub")


# Malformed rows and files


GOOD_ROW = {"text": "show the date", "code": "date"}
MALFORMED_ROWS = [
    ({"text": "a"}, "field `code`: expected a string that is not empty, got None; the fields are ['text']."),
    ({"text": "a", "code": None}, "field `code`: expected a string that is not empty, got None."),
    ({"text": None, "code": "b"}, "field `text`: expected a string that is not empty, got None."),
    ({"text": "a", "code": ["b"]}, "field `code`: expected a string that is not empty, got ['b']."),
    ({"text": 3, "code": "b"}, "field `text`: expected a string that is not empty, got 3."),
    ({"text": "a", "code": " \n"}, r"field `code`: expected a string that is not empty, got ' \n'."),
    ({"text": "a", "code": "b\ud800"}, r"field `code`: expected Unicode text, got the lone surrogate '\ud800'."),
    (
        {**GOOD_ROW, "data": "a,b"},
        "field `data`: expected a table, which is a list of rows, each a list of cells, got",
    ),
    ({**GOOD_ROW, "data": ["a", "b"]}, "field `data`: expected a table, which is a list of rows, each a list of"),
]


@pytest.mark.parametrize(("row", "problem"), MALFORMED_ROWS, ids=range(len(MALFORMED_ROWS)))
def test_malformed_objects_are_named_or_skipped_and_counted(tmp_path, row, problem):
    rows = [GOOD_ROW, row, GOOD_ROW, row]
    lines = write(tmp_path / "pairs.jsonl", "\n".join(map(json.dumps, rows)))
    for path, place in ((lines, "line 2"), (write(tmp_path / "pairs.json", rows), "row 2")):
        with pytest.raises(ValueError, match=re.escape(f"{path}, {place}, {problem}")):
            load_pairs(path)
        loaded = load_rows(path, prompts="required", on_malformed="skip")
        assert loaded.rows == [GOOD_ROW, GOOD_ROW]
        assert loaded.num_malformed == len(loaded.messages) == 2


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        (
            "a.jsonl",
            b'{"text": "a", "code": "b"}\n{"text": \n',
            """line 2: expected a JSON object, got '{"text": '.""",
        ),
        ("a.jsonl", b'{"text": "a", "code": "b"}\n' + b"[" * 100_000, "line 2: expected a JSON object, got '[[["),
        ("a.jsonl", b'{"text": "a", "code": "b"}\n' + b"1" * 5000, "line 2: expected a JSON object, got '111"),
        ("a.jsonl", b'{"text": "a", "code": "b"}\nnull', "line 2: expected a JSON object, got NoneType."),
        ("a.json", b'[{"text": "a", "code": "b"}, 5]', "row 2: expected a JSON object, got int."),
        ("a.csv", b"text,code\na,b\na,b,c\n", "line 3: expected 2 cells as in the header, got 3."),
        (
            "a.csv",
            b'text,code\na,b\n\n"\n",\n',
            r"line 4, field `text`: expected a string that is not empty, got '\n'.",
        ),
        ("a.tsv", b"text\tcode\na\tb\na\n", "line 3: expected 2 cells as in the header, got 1."),
        ("a.jsonl", b'{"text": "a", "code": "b"}\r\n"\xc3', "line 2: expected UTF-8, got the byte 0xc3 at offset 29"),
        ("a.jsonl", b'\xef\xbb\xbf{"text": "a", "code": "b"}\n"\xff', "line 2: expected UTF-8, got the byte 0xff at"),
    ],
)
def test_malformed_lines_are_named_or_skipped_and_counted(tmp_path, name, content, problem):
    path = write(tmp_path / name, content)
    with pytest.raises(ValueError, match=re.escape(f"{path}, {problem}")):
        load_pairs(path)
    loaded = load_rows(path, prompts="required", on_malformed="skip")
    assert loaded.rows == [{"text": "a", "code": "b"}]
    assert loaded.num_malformed == 1


def test_malformed_snippets_are_named_or_skipped_and_counted(tmp_path):
    text = write(tmp_path / "snippets.txt", b"\xef\xbb\xbfls\n\xe9\xff\npwd\n")
    with pytest.raises(ValueError, match="snippets.txt, line 2: expected UTF-8, got the byte 0xe9 at offset 6 of the"):
        load_snippets(text)
    assert load_snippets(text, on_malformed="skip") == ["ls", "pwd"]
    counts = write(tmp_path / "rules.tsv", "2\ttop(1)\ntop(2)\n3 top(3)\n4\ttop(4)\n")
    with pytest.raises(ValueError, match=r"rules.tsv, line 2: expected a count, a tab and a snippet, got 'top\(2\)'"):
        load_snippets(counts)
    assert load_rows(counts, on_malformed="skip").num_malformed == 2


def test_malformed_parquet_rows_are_numbered(tmp_path):
    path = write_parquet(tmp_path / "a.parquet", [GOOD_ROW, {"text": "a", "code": None}])
    with pytest.raises(ValueError, match=re.escape(f"{path}, row 2, field `code`: expected a string that is not em")):
        load_pairs(path)
    assert load_pairs(path, on_malformed="skip") == [GOOD_ROW]


def test_a_column_of_parquet_that_is_no_table_is_left_out(tmp_path):
    path = write_parquet(tmp_path / "a.parquet", [{**GOOD_ROW, "data": "2020-01-01"}])
    assert load_pairs(path) == [GOOD_ROW]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.json", b"", ", line 1, column 1: expected JSON, got ''"),
        ("a.json", b'[{"text": "a",\n "code": }]', ", line 2, column 10: expected JSON, got '}]'"),
        ("a.json", b"[" * 100_000, ": expected JSON, got"),
        ("a.json", b'[{"text": "a\xff"}]', ", line 1: expected UTF-8, got the byte 0xff at offset 12 of the file."),
        ("a.json", b'\xef\xbb\xbf[\n"\xff"]', ", line 2: expected UTF-8, got the byte 0xff at offset 6 of the file."),
        (
            "a.csv",
            b'text,code\na,"b\n',
            ", line 2: expected a row of cells, got an error of the csv module: unexpected",
        ),
        ("a.parquet", b"text,code\n", ": expected Parquet, got an error of pyarrow"),
        ("a.parquet", b"", ": expected Parquet, got an error of pyarrow"),
        ("a.jsonl", b"", ": expected at least one row, got a jsonl file with none."),
        ("a.jsonl", b"\n \n", ": expected at least one row, got a jsonl file with none."),
        ("a.json", b"[]", ": expected at least one row, got a json file with none."),
        ("a.csv", b"", ": expected at least one row, got a csv file with none."),
        ("a.csv", b"text,code\n", ": expected at least one row, got a csv file with none."),
        ("a.json", b'{"train": []}', ": expected at least one row, got a codefusion file with none."),
        ("a.json", b'{"test": []}', ": expected a JSON object with a list `train`, got one with ['test']."),
        ("all.nl", b"", ": expected at least one row, got a nl2bash file with none."),
    ],
)
def test_malformed_files_are_refused_even_when_rows_are_skipped(tmp_path, name, content, problem):
    write(tmp_path / "all.cm", "")
    path = write(tmp_path / name, content)
    for on_malformed in ("raise", "skip"):
        with pytest.raises(ValueError, match=re.escape(f"{path}{problem}")):
            load_pairs(path, on_malformed=on_malformed)


def test_a_file_without_one_good_row_is_refused(tmp_path):
    path = write(tmp_path / "pairs.csv", "nl,cmd\na,b\nc,d\n")
    message = f"all of its rows are malformed (2). The first: {path}, line 2, field `text`: expected a string"
    with pytest.raises(ValueError, match=re.escape(message)):
        load_pairs(path, on_malformed="skip")


def test_skipped_rows_are_counted_and_the_first_described(tmp_path, caplog):
    path = write(tmp_path / "pairs.jsonl", "\n".join([json.dumps(GOOD_ROW), *["{}"] * 8]))
    loaded = load_rows(path, on_malformed="skip")
    assert loaded.num_malformed == 8
    assert len(loaded.messages) == 5
    with caplog.at_level(logging.WARNING, logger="codefusion_hf.data.pairs"):
        load_pairs(path, on_malformed="skip")
    assert f"{path}: skipped 8 malformed rows, kept 1. The first: {path}, line 2, field `text`" in caplog.text


def test_limit_counts_good_rows_and_reads_no_further(tmp_path):
    path = write(tmp_path / "pairs.jsonl", "\n".join(map(json.dumps, [{}, *PAIRS, {}])))
    assert load_pairs(path, limit=2, on_malformed="skip") == PAIRS
    assert load_rows(path, limit=2, on_malformed="skip").num_malformed == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"on_malformed": "ignore"}, "`on_malformed` must be one of raise, skip, got 'ignore'"),
        ({"prompts": "maybe"}, "`prompts` must be one of required, optional, ignored, got 'maybe'"),
        ({"limit": 0}, "`limit` must be at least 1, got 0"),
        ({"split": "test"}, "`split` is for the formats codefusion and hub, got 'test' for"),
        ({"streaming": True}, "`name` and `streaming` are for the format hub, got them for"),
        ({"name": "bash"}, "`name` and `streaming` are for the format hub, got them for"),
    ],
)
def test_arguments_out_of_range_are_refused(tmp_path, arguments, message):
    path = write(tmp_path / "pairs.jsonl", GOOD_ROW)
    with pytest.raises(ValueError, match=message):
        load_rows(path, **arguments)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="pairs.jsonl: no such file. A data set of the Hub is written hf://"):
        load_pairs(tmp_path / "pairs.jsonl")
    write(tmp_path / "all.nl", "show the date\n")
    with pytest.raises(FileNotFoundError, match="all.cm"):
        load_pairs(tmp_path / "all.nl")


# Source files


def test_source_files_below_a_folder(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / ".venv").mkdir()
    write(tmp_path / "package" / "b.py", "b = 2\n")
    write(tmp_path / "a.py", "\ufeffa = 1\n")
    write(tmp_path / ".venv" / "hidden.py", "hidden = 1\n")
    write(tmp_path / "notes.txt", "no code")
    assert detect_format(tmp_path) == "python"
    assert load_snippets(tmp_path) == ["a = 1", "b = 2"]
    assert load_snippets(tmp_path / "a.py") == ["a = 1"]
    write(tmp_path / "run.sh", "ls -a\n")
    with pytest.raises(ValueError, match=re.escape(f"{tmp_path}: has 1 files of Bash and 2 files of Python. Give `f")):
        load_snippets(tmp_path)
    assert load_snippets(tmp_path, format="bash") == ["ls -a"]
    assert load_snippets(tmp_path, format="python") == ["a = 1", "b = 2"]


def test_source_files_that_cannot_be_read_are_named_or_skipped_and_counted(tmp_path):
    write(tmp_path / "a.py", "a = 1\n")
    write(tmp_path / "b.py", "b = 2\nprint 'b'\n")
    write(tmp_path / "c.py", b"# \xe9\n")
    with pytest.raises(ValueError, match=r"b\.py: line 2: expected Python that `ast` parses, got Missing parentheses"):
        load_snippets(tmp_path)
    loaded = load_rows(tmp_path, on_malformed="skip")
    assert loaded.rows == [{"code": "a = 1"}]
    assert loaded.num_malformed == 2
    assert (
        loaded.messages[1]
        == f"{tmp_path / 'c.py'}: line 1: expected UTF-8, got the byte 0xe9 at offset 2 of the file."
    )


def test_commands_cut_by_the_fallback_rule_are_counted(tmp_path, caplog):
    path = write(tmp_path / "run.bash", "ls\n[[ -f x ]]\nx=(1 2)\n")
    with caplog.at_level(logging.INFO, logger="codefusion_hf.data.sources"):
        assert load_snippets(path) == ["ls", "[[ -f x ]]", "x=(1 2)"]
    assert "2 of 3 snippets are logical lines, as the parser refused them" in caplog.text


def test_folders_without_data_are_refused(tmp_path):
    with pytest.raises(ValueError, match="expected a folder with all.nl and all.cm, with Python files"):
        load_snippets(tmp_path)
    with pytest.raises(ValueError, match=re.escape(r"expected files *.bash or *.sh, got a folder without")):
        load_snippets(tmp_path, format="bash")


# Duplicates and leaks


def test_duplicates_are_equal_up_to_white_space():
    rows = [
        {"text": "List  files", "code": "ls  -a"},
        {"text": "list files", "code": "ls -a\n"},
        {"text": "list files", "code": "ls"},
        {"text": "list all files", "code": "ls -a"},
    ]
    assert deduplicate(rows) == ([rows[0], rows[2], rows[3]], 1)
    assert deduplicate(["ls", "pwd", " ls\n", "LS"]) == (["ls", "pwd", "LS"], 1)


def test_rules_on_other_tables_are_no_duplicates():
    row = {"text": "mark red", "code": "TextEquals(red)"}
    rows = [{**row, "data": TABLE}, {**row, "data": TABLE[:2]}, {**row, "data": TABLE}, row]
    assert deduplicate(rows) == ([rows[0], rows[1], rows[3]], 1)


def test_rows_that_share_a_prompt_with_the_test_file_are_taken_out():
    test_rows = [{"text": "Show the  date", "code": "date"}]
    rows = [
        {"text": "show the date", "code": "date"},
        {"text": "Show the date ", "code": "date +%s"},
        {"text": "what day is it?", "code": "date"},
        {"text": "show the Date", "code": "date"},
    ]
    assert exclude_overlap(rows, test_rows) == (rows[2:], 2)


def test_snippets_that_are_in_the_test_file_are_taken_out():
    snippets = ["date", "date  -u", "pwd"]
    assert exclude_overlap(snippets, [{"text": "time", "code": "date -u"}]) == (["date", "pwd"], 1)
    assert exclude_overlap(snippets, ["date -u", "pwd"]) == (["date"], 2)


def test_prompts_cannot_be_compared_with_snippets():
    with pytest.raises(ValueError, match="`test_rows` must have prompts, as `rows` have, got programs alone"):
        exclude_overlap(PAIRS, ["date"])
