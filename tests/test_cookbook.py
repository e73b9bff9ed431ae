# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The cookbook: every row is well-formed, its code is of its language, and its card says what is there."""

import ast
import functools
import json
import os
import re
import shutil
import subprocess
import warnings
from pathlib import Path

import bashlex
import bashlex.errors
import pytest
import yaml
from card_rules import metadata_errors

from codefusion_hf.data.pairs import load_pairs, normalize_prompt
from codefusion_hf.evaluation.metrics.exact_match import normalize_whitespace
from codefusion_hf.languages.cf.interpreter import marked_cells
from codefusion_hf.languages.cf.rules import (
    FUNCTIONS,
    VISUAL_RULES,
    compared_columns,
    format_rule,
    parse_rule,
    rule_tests,
    unify_equalities,
)


FOLDER = Path(__file__).resolve().parents[1] / "codefusion_hf" / "cookbook"
LANGUAGES = ("bash", "python", "cf")
FILES = sorted(FOLDER.glob("*/*.jsonl"))
MAX_TEXT, MAX_CODE = 300, 400
# Two statements that belong together, such as a label for each axis.
MAX_PYTHON_LINES = 2


def name_of(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


@functools.cache
def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def rows_in(language: str) -> list[tuple[str, dict]]:
    """Where each row of a language stands, and the row."""
    return [
        (f"{name_of(path)}:{number}", row)
        for path in FILES
        if path.parent.name == language
        for number, row in enumerate(rows_of(path), 1)
    ]


def counted(language: str) -> tuple[int, int, int]:
    """Rows, different programs and files of a language."""
    rows = [row for _, row in rows_in(language)]
    return len(rows), len({row["code"] for row in rows}), sum(path.parent.name == language for path in FILES)


def test_the_folder_holds_its_languages_and_nothing_else():
    assert {path.parent.name for path in FILES} == set(LANGUAGES)
    assert {path for path in FOLDER.rglob("*") if path.is_file()} == {FOLDER / "README.md", *FILES}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_rows_are_well_formed(path):
    language = path.parent.name
    assert re.fullmatch(r"[a-z][a-z0-9_]*\.jsonl", path.name)
    assert path.read_bytes().endswith(b"}\n")
    rows = rows_of(path)
    assert load_pairs(path) == rows
    for number, row in enumerate(rows, 1):
        where = f"{name_of(path)}:{number}"
        assert list(row) == ["text", "code", *(["data"] if language == "cf" else [])], where
        text, code = row["text"], row["code"]
        assert text and text == text.strip() and text.isprintable() and len(text) <= MAX_TEXT, where
        assert code and code == code.strip() and len(code) <= MAX_CODE, where
        lines = code.split("\n")
        assert all(line.isprintable() for line in lines), where
        assert len(lines) <= (MAX_PYTHON_LINES if language == "python" else 1), where


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_pair_is_there_twice(language):
    seen: dict[tuple[str, str], str] = {}
    repeats = []
    for where, row in rows_in(language):
        first = seen.setdefault((normalize_prompt(row["text"]), normalize_whitespace(row["code"])), where)
        if first != where:
            repeats.append(f"{where} repeats {first}")
    assert repeats == []


def test_bash_is_parsed_by_bashlex():
    for where, row in rows_in("bash"):
        try:
            # Not by `parse_bash`, which refuses `${name// /_}` as well: bashlex only hangs on some of its like.
            assert bashlex.parse(row["code"]), where
        except (bashlex.errors.ParsingError, NotImplementedError) as error:
            pytest.fail(f"{where}: {error}")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_itself_takes_the_syntax():
    rows = rows_in("bash")
    # One process for all: each line is a program of its own, and -n reads without running.
    script = "".join(row["code"] + "\n" for _, row in rows)
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
    command = ["bash", "-n", "-O", "extglob"]
    check = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60, env=environment)
    lines = [int(number) for number in re.findall(r"line (\d+):", check.stderr)]
    assert (check.returncode, check.stderr) == (0, ""), [rows[line - 1][0] for line in lines if line <= len(rows)]


def test_python_is_parsed():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for where, row in rows_in("python"):
            try:
                assert ast.parse(row["code"]).body, where
            except (SyntaxError, SyntaxWarning) as error:
                pytest.fail(f"{where}: {error}")


def test_rules_are_canonical_and_their_tables_whole():
    for where, row in rows_in("cf"):
        rule, table = parse_rule(row["code"]), row["data"]
        # One meaning in one form, as of the generator.
        assert row["code"] == format_rule(unify_equalities(rule)), where
        width = len(table[0])
        assert 2 <= width <= 5 and 4 <= len(table) <= 12, where
        assert all(len(cells) == width and all(isinstance(cell, str) for cell in cells) for cells in table), where
        assert all(header.strip() for header in table[0]) and len(set(table[0])) == width, where
        for test in rule_tests(rule):
            assert test.column is not None, where
            assert all(column < width for column in (test.column, *compared_columns(test))), where


def test_rules_mark_some_rows_of_their_tables_and_leave_others():
    for where, row in rows_in("cf"):
        rule = parse_rule(row["code"])
        marked = {mark.row for mark in marked_cells(rule, row["data"])}
        assert marked, where
        if not VISUAL_RULES & {test.name for test in rule_tests(rule)}:
            assert len(marked) < len(row["data"]) - 1, where


def test_all_kinds_of_rules_are_there():
    codes = [row["code"] for _, row in rows_in("cf")]
    names = {name for code in codes for name in re.findall(r"[A-Za-z]+(?=\()", code)}
    assert names == {"AND", "OR", "NOT", *FUNCTIONS}


@pytest.mark.parametrize("language", LANGUAGES)
def test_datasets_loads_the_folder(language, tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    loaded = datasets.load_dataset(str(FOLDER), language, cache_dir=str(tmp_path))
    assert list(loaded) == ["train"]
    assert [dict(row) for row in loaded["train"]] == [row for _, row in rows_in(language)]


def test_the_card_counts_what_is_there():
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    lines = [
        f"| `{language}` | {rows:,} | {codes:,} | {files} |"
        for language in LANGUAGES
        for rows, codes, files in [counted(language)]
    ]
    total = sum(counted(language)[0] for language in LANGUAGES)
    lines.append(f"| all | {total:,} | {sum(counted(language)[1] for language in LANGUAGES):,} | {len(FILES)} |")
    missing = [line for line in lines if line not in card.splitlines()]
    assert missing == [], "These lines belong into the card's table:\n" + "\n".join(missing)
    tables = {json.dumps(row["data"]) for _, row in rows_in("cf")}
    assert f"{len(tables)} different tables" in card


def test_the_metadata_of_the_card_is_what_the_hub_reads():
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert metadata_errors(card) == []
    data = yaml.safe_load(card.split("---\n")[1])
    assert data["license"] == "apache-2.0" and data["language"] == ["en"]
    assert data["configs"] == [
        {"config_name": language, "data_files": [{"split": "train", "path": f"{language}/*.jsonl"}]}
        for language in LANGUAGES
    ]
    total = sum(counted(language)[0] for language in LANGUAGES)
    assert data["size_categories"] == ["1K<n<10K" if total < 10_000 else "10K<n<100K"]
