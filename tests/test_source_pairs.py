# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Pairs cut out of Python source."""

import ast
import json

import pytest

from codefusion_hf.cli import main
from codefusion_hf.data.pairs import load_pairs
from codefusion_hf.data.source_pairs import KINDS, MAX_CODE_CHARACTERS, cut_python_pairs


SOURCE = '''\
import os

# the longest wait, in seconds.
LIMIT = 30


class Store:
    def full_path(self, name):
        """Return the path of *name* in the store.  Nothing is read.

        Never.
        """
        return os.path.join(self.folder, name, "data.txt")

    def clear_old_items(self, limit):
        self.items = [item for item in self.items if item.age < limit]

    def read(self, name):
        # Open the file, see :func:`open`. And
        # close it.
        with open(name) as file:
            text = file.read()  # all of it at once
        # text = text.strip()
        line_count = text.count("\\n")
        return line_count

    def todo_later_on(self):
        """Do this or that."""
        raise NotImplementedError
'''


def rows(source, *kinds):
    return [(pair.text, pair.code) for pair in cut_python_pairs(source, kinds or KINDS)]


def test_docstrings_say_what_a_body_does():
    assert rows(SOURCE, "docstring") == [
        (
            "Return the path of `name` in the store with `self.folder`, 'data.txt'",
            "os.path.join(self.folder, name, 'data.txt')",
        )
    ]


def test_comments_say_what_a_statement_does():
    assert rows(SOURCE, "comment") == [
        (
            "Open the `file`, see `open` with `name`, `text`",
            "with open(name) as file:\n    text = file.read()",
        ),
        ("all of it at once with `text`, `file`", "text = file.read()"),
    ]


def test_a_word_that_begins_like_a_marker_is_a_word():
    assert rows("# Notebook names, sorted\nnames.sort()\n# note the names\nnames.sort()") == [
        ("Notebook `names`, sorted", "names.sort()")
    ]


def test_names_say_what_a_function_does_and_what_a_variable_is():
    assert rows(SOURCE, "name") == [
        (
            "clear old items with `self.items`, `limit`",
            "self.items = [item for item in self.items if item.age < limit]",
        )
    ]
    assert rows(SOURCE, "assignment") == [("get line count with `text`", "text.count('\\n')")]


def test_pairs_know_their_kind_and_line():
    pairs = cut_python_pairs(SOURCE)
    assert [pair.line for pair in pairs] == sorted(pair.line for pair in pairs)
    assert {pair.kind for pair in pairs} == set(KINDS)
    for pair in pairs:
        ast.parse(pair.code)


@pytest.mark.parametrize(
    "source",
    [
        "# TODO: sort the names\nnames.sort()",
        "# names.sort()\nnames.sort()",
        "# ---- sorted names ----\nnames.sort()",
        "# größte Zahl zuerst\nnames.sort()",
        "# sort\nnames.sort()",
        "# sort all the names\n\nnames.sort()",
        "# the names that are known\nnames = []",
        '# say what it is about\n"a string"',
        "# no more of these names\npass",
        "def sort_the_names(names):\n    'The order is that of Python.'\n    return names",
        "# sort all the names\nsort(a, b, c, d, e, f)",
        f"# say it all at once\nprint({'x' * MAX_CODE_CHARACTERS})",
        f"# say it all at once\nprint({'-' * 400}1)",
    ],
)
def test_what_is_no_intent_or_no_answer_is_left_out(source):
    assert rows(source) == []


def test_words_of_the_sentence_are_quoted_where_they_are_names():
    source = (
        "# Add a key to the data, 'x y' by 'x y', not metadata\ndata[key] = a['x y'] + f'{b}: {sum(c for c in d)}'"
    )
    assert rows(source) == [
        (
            "Add a `key` to the `data`, 'x y' by 'x y', not metadata with `a`, `b`, `d`",
            "data[key] = a['x y'] + f'{b}: {sum((c for c in d))}'",
        )
    ]


def test_kinds_and_source_are_checked():
    with pytest.raises(ValueError, match="`kinds` must be of docstring, .*, got title"):
        cut_python_pairs("", ["title"])
    with pytest.raises(ValueError, match="line 1: expected Python"):
        cut_python_pairs("print x")


def test_command_writes_pairs_that_the_loaders_read(tmp_path, capsys):
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.py").write_text(SOURCE, encoding="utf-8")
    (folder / "b.py").write_text(SOURCE, encoding="utf-8")
    (folder / "old.py").write_text("print 'x'", encoding="utf-8")
    (folder / "latin.py").write_bytes(b"x = '\xe4'")
    output = tmp_path / "pairs.jsonl"
    assert main(["data", "pairs", str(folder), "--output", str(output)]) == 0
    report = capsys.readouterr().out
    assert "5 pairs (docstring 1, comment 2, name 1, assignment 1); 5 duplicates and 2 files" in report
    assert [(row["text"], row["code"]) for row in load_pairs(output)] == rows(SOURCE)
    assert main(["data", "pairs", str(folder), "--output", str(output), "--kinds", "comment"]) == 0
    assert {json.loads(line)["kind"] for line in output.read_text().splitlines()} == {"comment"}


def test_command_reports_what_is_wrong_in_one_line(tmp_path, capsys):
    assert main(["data", "pairs", str(tmp_path), "--output", str(tmp_path / "pairs.jsonl")]) == 2
    assert "got a folder without" in capsys.readouterr().err
    (tmp_path / "a.py").write_text("x = 1\n")
    assert main(["data", "pairs", str(tmp_path), "--output", str(tmp_path / "pairs.jsonl")]) == 2
    assert "no pairs in there" in capsys.readouterr().err
    assert not (tmp_path / "pairs.jsonl").exists()
