# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Prompts of files, of standard input and of the command line."""

import codecs
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any


JSON_LINES_SUFFIXES = frozenset({".json", ".jsonl", ".ndjson"})

# The keys of an input row that may hold the prompt. The first that is not null counts.
PROMPT_KEYS = ("prompt", "text")

# Longest part of a malformed line that a message shows.
_SHOWN_CHARACTERS = 60


def read_prompts(path: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """
    Read the prompts of a file, one after the other.

    Args:
        path (`str` or `os.PathLike`):
            JSON Lines if it ends in `.jsonl`, `.ndjson` or `.json`: objects with a string `prompt` or, where that is
            missing or null, `text`. Otherwise a prompt a line. Blank lines are passed over. Text is UTF-8.

    Returns:
        `Iterator[dict]`: for each prompt the keys of its object, with `prompt` among them.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if a line is malformed; the message names it.
    """
    path = Path(path)
    with path.open("rb") as file:
        yield from _parse(file, str(path), path.suffix.lower() in JSON_LINES_SUFFIXES)


def collect_prompts(prompts: Sequence[str], input: str | None) -> list[dict[str, Any]]:
    """
    The prompts that a command is given.

    Args:
        prompts (sequence of `str`):
            Those among its arguments.
        input (`str`, *optional*):
            A file for [`read_prompts`], or `-` for standard input, a prompt a line, which is also read if there are
            neither prompts nor a file and it is no terminal.

    Returns:
        `list[dict]`: rows with `prompt`, one or more.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if there are no prompts, one of them is blank or no Unicode text, there are both prompts and a
            file, or a line of the file is malformed.
    """
    if prompts and input:
        raise ValueError("give prompts either as arguments or with --input, not both.")
    if prompts:
        rows = [{"prompt": prompt} for prompt in prompts]
        for row in rows:
            _check_unicode(row, "the prompt")
    elif input and input != "-":
        rows = list(read_prompts(input))
    elif sys.stdin is None:  # it was closed
        raise ValueError("no prompt: give one as an argument or with --input FILE; standard input is closed.")
    elif input or not sys.stdin.isatty():
        rows = list(_parse(sys.stdin.buffer, "standard input", is_json=False))
    else:
        raise ValueError("no prompt: give one as an argument, with --input FILE, or on standard input.")
    if not rows or not all(row["prompt"].strip() for row in rows):
        raise ValueError("the prompt is empty.")
    return rows


def _parse(lines: Iterable[bytes], name: str, is_json: bool) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, 1):
        location = f"{name}, line {number}"
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        try:
            text = line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise ValueError(f"{location}: expected UTF-8, got the byte 0x{line[error.start]:02x}.") from error
        if text.strip():
            yield _json_row(text, location) if is_json else {"prompt": text}


def _json_row(text: str, location: str) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:  # a ValueError that is no JSONDecodeError: a number of many digits
        raise ValueError(f"{location}: expected a JSON object, got {text[:_SHOWN_CHARACTERS]!r}.") from error
    if not isinstance(row, dict):
        raise ValueError(f"{location}: expected a JSON object, got {type(row).__name__}.")
    if "candidates" in row:
        raise ValueError(f"{location}: the field `candidates` is what the output has the programs in; rename it.")
    key = next((key for key in PROMPT_KEYS if row.get(key) is not None), None)
    if key is None:
        raise ValueError(f"{location}: expected a field `prompt` or `text`, got {', '.join(row) or 'no fields'}.")
    prompt = row[key]
    if not isinstance(prompt, str) or not prompt.strip():
        raise ValueError(
            f"{location}, field `{key}`: expected a string that is not empty, got {repr(prompt)[:_SHOWN_CHARACTERS]}."
        )
    _check_unicode(row, location)
    return {**row, "prompt": prompt}


def _check_unicode(row: dict[str, Any], location: str) -> None:
    # JSON can say "\ud800", and Python says it for bytes among the arguments of a process; neither a tokenizer nor a
    # file takes it.
    try:
        json.dumps(row, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        surrogate = error.object[error.start]
        raise ValueError(f"{location}: expected Unicode text, got the lone surrogate {surrogate!r}.") from error


__all__ = ["collect_prompts", "read_prompts"]
