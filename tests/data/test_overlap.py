# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Rows that data files share: found by text, near text and code, and told by file and line alone."""

import json

import pytest

from codefusion_hf.cli import main
from codefusion_hf.data import overlap as overlap_module
from codefusion_hf.data.overlap import OverlappingRow, find_overlap


OTHERS = [
    {"text": "Count the lines of notes.txt", "code": "wc -l  notes.txt"},
    {"text": "show the zebra crossing of oslo", "code": "cat zebra"},
    {"text": "who is logged in", "code": "who"},
]
ROWS = [
    {"text": "count  the lines of notes.txt", "code": "grep -c '' notes.txt"},
    {"text": "list users", "code": " who "},
    {"text": "sort names.csv by its second column", "code": "sort -t, -k2 names.csv"},
    {"text": "Oslo: show the zebra crossing!", "code": "less zebra"},
    {"text": "Who is logged in?", "code": "who"},
]


def write_rows(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def others(tmp_path):
    return write_rows(tmp_path / "others.jsonl", OTHERS)


def test_each_kind_of_overlap_is_found(tmp_path, others):
    file = write_rows(tmp_path / "rows.jsonl", ROWS)
    overlap = find_overlap([file], [others])
    assert overlap.rows == [
        OverlappingRow(f"{file}:1", ("text",)),
        OverlappingRow(f"{file}:2", ("code",)),
        # "of" is missing, so that the cosine is below 1.
        OverlappingRow(f"{file}:4", ("similar text",)),
        # Case and marks make no other text, but one that is not equal.
        OverlappingRow(f"{file}:5", ("similar text", "code")),
    ]
    assert (overlap.num_rows, overlap.num_other_rows) == (5, 3)
    assert [overlap.count(kind) for kind in overlap_module.KINDS] == [1, 2, 2]
    # All that is left of line 4 at 1 would be an equal text.
    assert f"{file}:4" not in {row.location for row in find_overlap([file], [others], max_similarity=1).rows}


def test_texts_are_compared_in_blocks_of_any_size(tmp_path, others, monkeypatch):
    file = write_rows(tmp_path / "rows.jsonl", ROWS)
    whole = find_overlap([file], [others])
    monkeypatch.setattr(overlap_module, "BLOCK_SIZE", 2)
    assert find_overlap([file], [others]) == whole


def test_folders_are_read_with_all_below_and_lines_are_of_the_file(tmp_path, others):
    first = tmp_path / "folder" / "b" / "x.jsonl"
    second = tmp_path / "folder" / "a.jsonl"
    write_rows(first, ROWS[:2])
    second.write_text("\n" + json.dumps(ROWS[4]) + "\n", encoding="utf-8")
    overlap = find_overlap([tmp_path / "folder"], [others])
    assert [row.location for row in overlap.rows] == [f"{second}:2", f"{first}:1", f"{first}:2"]


def test_rules_are_compared_without_their_tables_and_snippets_by_code_alone(tmp_path):
    table = [["Name", "Age"], ["Ann", "11"]]
    file = write_rows(
        tmp_path / "rules.jsonl", [{"text": "older than 12", "code": "GreaterThan(c[1], 12)", "data": table}]
    )
    snippets = tmp_path / "snippets.txt"
    snippets.write_text("GreaterThan(c[1],  12)\nls\n", encoding="utf-8")
    assert find_overlap([file], [snippets]).rows == [OverlappingRow(f"{file}:1", ("code",))]
    assert find_overlap([snippets], [file]).rows == [OverlappingRow(f"{snippets}:1", ("code",))]


def test_command_lists_places_only_and_exits_by_what_it_found(tmp_path, others, capsys):
    file = write_rows(tmp_path / "rows.jsonl", ROWS)
    assert main(["data", "overlap", str(file), "--against", str(others)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        f"{file}:1: text",
        f"{file}:2: code",
        f"{file}:4: similar text",
        f"{file}:5: similar text, code",
        "4 of 5 rows overlap with the 3 rows of 1 files: 1 by text, 2 by similar text, 2 by code.",
    ]
    clean = write_rows(tmp_path / "clean.jsonl", ROWS[2:3])
    assert main(["data", "overlap", str(clean), "--against", str(others)]) == 0
    assert capsys.readouterr().out.startswith("0 of 1 rows overlap")


def test_what_is_in_the_other_files_is_not_shown_even_if_malformed(tmp_path, capsys):
    file = write_rows(tmp_path / "rows.jsonl", ROWS)
    secret = tmp_path / "secret.jsonl"
    for content in ('{"text": "hush", "code": 5}\n', '{"text": "hush"\n', "hush\n"):
        secret.write_text(content, encoding="utf-8")
        assert main(["data", "overlap", str(file), "--against", str(secret)]) == 2
        output = capsys.readouterr()
        assert str(secret) in output.err and "hush" not in output.err + output.out
        with pytest.raises(ValueError, match="without malformed rows") as error:
            find_overlap([file], [secret])
        # Nor is it by a traceback that names causes.
        assert error.value.__cause__ is None and error.value.__context__ is None


def test_arguments_out_of_range_are_refused(tmp_path, others, capsys):
    with pytest.raises(ValueError, match="`paths` and `against`"):
        find_overlap([], [others])
    with pytest.raises(ValueError, match="`max_similarity` must be in"):
        find_overlap([others], [others], max_similarity=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="one without"):
        find_overlap([tmp_path / "empty"], [others])
    assert main(["data", "overlap", str(tmp_path / "no.jsonl"), "--against", str(others)]) == 2
    assert "no.jsonl" in capsys.readouterr().err
