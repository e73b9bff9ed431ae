# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Command lines with any options and values, and changes of presets: exit code 0, or 2 and one short line."""

import argparse
import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codefusion_hf.cli import main, make_parser
from codefusion_hf.training.presets import available_presets, load_preset

from .values import FLOATS, INTEGERS, TEXTS, budget, result_or_clear_error


def leaf_commands(parser, path=()):
    """The commands that do something, by what is typed for them, with their options."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                yield from leaf_commands(child, (*path, name))
            return
    yield path, [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]


COMMANDS = dict(leaf_commands(make_parser()))
# No signals within a text: the operating system takes no such arguments.
WORDS = TEXTS.filter(lambda text: "\0" not in text and "\ud800" not in text)
VALUES = st.one_of(
    st.sampled_from(("checkpoint", "pairs.jsonl", "memory", "out", "-", "bash", "votes", "none", "2", "1", "0.5")),
    st.one_of(INTEGERS, FLOATS).map(str).filter(lambda text: len(text) < 1000),
    WORDS,
)
# How many rows, steps and programs there are to make says how long a command takes.
COUNTS = ("--num-rows", "--num-inference-steps", "--num-candidates", "--num-return-sequences", "--augment", "--limit")


def value_of(action):
    if action.choices is not None:
        return st.one_of(st.sampled_from(tuple(map(str, action.choices))), WORDS)
    if any(name in COUNTS for name in action.option_strings):
        return st.one_of(st.integers(-1, 4).map(str), st.sampled_from(("99999999999999999999", "nan", "x")))
    return VALUES


def words_of(action):
    name = st.just([action.option_strings[0]]) if action.option_strings else st.just([])
    if action.nargs == 0:
        return name
    many = action.nargs in ("+", "*")
    values = st.lists(value_of(action), min_size=1, max_size=2 if many else 1)
    return st.tuples(name, values).map(lambda parts: [*parts[0], *parts[1]])


def command_lines(command):
    actions = COMMANDS[command]
    needed = [action for action in actions if action.required and action.option_strings]
    optional = [action for action in actions if action not in needed]
    chosen = st.sets(st.sampled_from(range(len(optional))), max_size=4)
    return st.tuples(
        st.tuples(*map(words_of, needed)),
        chosen.flatmap(lambda numbers: st.tuples(*(words_of(optional[number]) for number in sorted(numbers)))),
    ).map(lambda parts: [*command, *(word for group in (*parts[0], *parts[1]) for word in group)])


# Trainings are fuzzed below; a push goes to the network.
LINES = st.sampled_from(
    sorted(set(COMMANDS) - {("train",), ("train-baseline",), ("push",), ("memory", "push")})
).flatmap(command_lines)


def keys_of(fields, name=""):
    if not isinstance(fields, dict):
        return [name]
    return [key for child, value in fields.items() for key in keys_of(value, f"{name}.{child}" if name else child)]


KEYS = keys_of(load_preset("bash-tiny")) + keys_of(load_preset("paper"))
CHANGES = st.lists(
    st.tuples(
        st.one_of(st.sampled_from(KEYS), st.sampled_from(("training.evil", "evil", "model.evil.x", ""))),
        st.one_of(VALUES, st.sampled_from(("[1", "{a: 1}", "null", "true", "!!python/object:os.system x", "&a [*a]"))),
    ).map("=".join),
    min_size=1,
    max_size=3,
)


@pytest.fixture(scope="module")
def folder(make_pipeline, tmp_path_factory):
    """Where the commands run: with a checkpoint and pairs."""
    folder = tmp_path_factory.mktemp("commands")
    make_pipeline().save_pretrained(folder / "checkpoint")
    (folder / "pairs.jsonl").write_text('{"text": "show the date", "code": "date"}\n', encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        # Some values are ids on the Hub, which huggingface_hub would ask for again and again.
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        yield folder


def run(argv, folder):
    """Exit code and standard error of a command."""
    before, stdin = Path.cwd(), sys.stdin
    os.chdir(folder)
    sys.stdin = io.TextIOWrapper(io.BytesIO())
    err = io.StringIO()
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(err):
            try:
                code = main(argv)
            except SystemExit as stop:
                code = stop.code
    finally:
        os.chdir(before)
        sys.stdin = stdin
    return code, err.getvalue()


def check_line(argv, folder):
    outcome = result_or_clear_error(lambda: run(argv, folder))
    assert not isinstance(outcome, Exception), (argv, outcome)
    code, err = outcome
    assert code in (0, 1, 2), (argv, code, err)
    if code == 2:
        line = err.rstrip("\n").rpartition("\n")[2]
        assert ": error: " in line and len(line) < 400 and line.isprintable(), (argv, err)
        assert "Traceback" not in err, (argv, err)


def check_changes(preset, phase, changes, folder):
    sets = [word for change in changes for word in ("--set", change)]
    argv = ["train", "--preset", preset, "--phase", phase, "--train-data", "no.jsonl", "--output-dir", "new", *sets]
    check_line(argv, folder)
    assert not (folder / "new").exists()


lines = given(argv=LINES)
changed_presets = given(
    preset=st.sampled_from(sorted(available_presets())),
    phase=st.sampled_from(("pretrain", "finetune")),
    changes=CHANGES,
)


@budget(0.15)
@lines
def test_any_command_line(argv, folder):
    check_line(argv, folder)


@budget(0.1)
@changed_presets
def test_any_change_of_a_preset(folder, **arguments):
    check_changes(folder=folder, **arguments)


@pytest.mark.slow
@budget(0.1, slow=True)
@lines
def test_any_command_line_at_length(argv, folder):
    check_line(argv, folder)


@pytest.mark.slow
@budget(0.1, slow=True)
@changed_presets
def test_any_change_of_a_preset_at_length(folder, **arguments):
    check_changes(folder=folder, **arguments)
