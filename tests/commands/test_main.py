# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What holds of all commands: bad input ends in one line of less than 400 characters, and exit code 2."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import codefusion_hf
from codefusion_hf.cli import make_parser
from codefusion_hf.terminal import error_line


ROOT = Path(codefusion_hf.__file__).parents[1]
LONG = "x" * 12_000


@pytest.mark.parametrize(
    "argv",
    [
        ("generate", "show the date", "--scheduler", LONG),
        ("generate", "show the date", "--ranking", LONG),
        ("generate", "show the date", f"--{LONG}"),
        ("generate", "show the date", "--checkpoint", LONG),
        ("generate", "show the date", "--checkpoint", "/".join(["long"] * 2000)),
        ("generate", "--input", LONG),
        ("generate", "--input", "x", "--output", LONG),
        ("generate", "show the date", "--num-inference-steps", "9" * 5000),
        ("generate", "show the date", "--seed", "9" * 4000),
        ("revise", "show the date", "--code", LONG),
        ("infill", "show the date", "--code", "date <mask>", "--checkpoint", LONG),
        ("evaluate", "--data", LONG),
        ("evaluate", "--data", "x", "--ks", *map(str, range(1, 4000)), "0"),
        ("train", "--preset", LONG, "--phase", "finetune", "--train-data", "x", "--output-dir", "x"),
        ("push", LONG, "owner/model"),
        ("push", "bash-tiny", LONG, "--token", "hf_x"),
        ("push", "bash-tiny", "owner/model", "--token", "hf_x", "--dataset", LONG),
        ("push", "bash-tiny", "owner/model", "--token", "hf_x", "--report", LONG),
        ("data", "inspect", LONG),
        ("data", "synthesize", LONG),
        ("memory", "search", LONG, "x"),
        (LONG,),
        ("\x1b[31m",),
        ("generate", "show the date", "--scheduler", "\x1b[31m\n\u2028\udcff"),
    ],
    ids=lambda argv: " ".join(argv)[:60].encode("unicode_escape").decode(),
)
def test_errors_are_short_whatever_is_given(argv, tmp_path, monkeypatch, refuse):
    monkeypatch.chdir(tmp_path)
    error = refuse(*argv)
    assert error[:-1].isprintable()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("generate", "x", "--num-candidates", 2**63), "`num_candidates` must be an integer in [5, 16384]"),
        (
            ("generate", "x", "--num-return-sequences", 2**31),
            "`num_return_sequences` must be an integer in [1,",
        ),
        (("generate", "x", "--seed", 2**63), "`seed` must be from -2**62 to 2**62"),
        (("generate", "x", "--guidance-scale", "1e300"), "`guidance_scale` must be a number in [1, 100]"),
        (("generate", "x", "--guidance-scale", "inf"), "`guidance_scale` must be a number in [1, 100]"),
        (("generate", "x", "--temperature", "nan"), "`temperature` must be a number in [0.01, 100], got nan"),
        (("data", "synthesize", "bash", "--num-rows", 2**63, "--output", "x"), "`num_rows` must be at most 100000000"),
        (("data", "rename", "x", "--augment", 2**63, "--output", "x"), "`augment` must be at most 1000"),
    ],
)
def test_numbers_that_nothing_can_be_done_with_are_refused_at_once(argv, message, refuse):
    assert message in refuse(*argv)


def test_a_long_message_loses_its_middle():
    message = f"`name` must be one of a, b, got {LONG!r}: see the documentation"
    line = error_line("codefusion", message)
    assert len(line) == 399
    assert line.startswith("codefusion: error: `name` must be one of a, b, got 'xxx")
    assert line.endswith("xxx': see the documentation\n")
    assert error_line("codefusion", "as it\nis\x1b") == "codefusion: error: as it is\\x1b\n"


def test_a_row_with_thousands_of_fields_is_named_in_short(tmp_path, refuse):
    path = tmp_path / "prompts.jsonl"
    path.write_text(json.dumps(dict.fromkeys(map(str, range(5000)), 1)) + "\n", encoding="utf-8")
    assert "prompts.jsonl, line 1: expected a field `prompt`" in refuse("generate", "--input", path)


def test_every_option_has_one_spelling():
    """And flags take no value: what stands behind one is a prompt."""
    help_ = make_parser().format_help()
    assert "generate" in help_ and "memory" in help_
    arguments = vars(make_parser().parse_args(["generate", "--json", "show the date", "--overwrite"]))
    assert (arguments["json"], arguments["overwrite"], arguments["prompts"]) == (True, True, ["show the date"])
    with pytest.raises(SystemExit):
        make_parser().parse_args(["generate", "show the date", "--batch_size", "3"])


# --- Standard input and output


def test_standard_input_that_is_closed(monkeypatch, refuse):
    monkeypatch.setattr("sys.stdin", None)
    assert "standard input is closed" in refuse("generate")
    assert "standard input is closed" in refuse("generate", "--input", "-")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the prompt is empty"),
        (b"\n \n", "the prompt is empty"),
        (b"show the date\nshow \xff", "standard input, line 2: expected UTF-8, got the byte 0xff"),
    ],
)
def test_standard_input_without_prompts(content, message, monkeypatch, refuse):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
    assert message in refuse("generate")


def test_bytes_that_are_no_text_among_the_arguments(refuse):
    """Python gives them as surrogates, which neither a tokenizer nor a terminal takes."""
    assert "the prompt: expected Unicode text, got the lone surrogate '\\udcff'" in refuse("generate", "show \udcff")


def run_process(*argv, **kwargs):
    """A command that does not wait for torch, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "codefusion_hf.cli", *map(str, argv)]
    return subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, timeout=300, **kwargs)


@pytest.fixture
def pairs(tmp_path):
    """A command that prints one line."""
    (tmp_path / "a.py").write_text("x = f(y)  # Compute the value of x.\n", encoding="utf-8")
    return ("data", "pairs", tmp_path / "a.py", "--output", tmp_path / "pairs.jsonl")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_an_output_that_cannot_be_written(pairs):
    with open("/dev/full", "w") as full:
        result = run_process(*pairs, stdout=full)
    assert result.returncode == 2
    assert result.stderr == "codefusion: error: [Errno 28] No space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes of POSIX")
def test_an_output_that_nobody_reads(pairs):
    reader, writer = os.pipe()
    os.close(reader)
    result = run_process(*pairs, stdout=writer)
    os.close(writer)
    assert (result.returncode, result.stderr) == (141, "")
