# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Reading (prompt, code) pairs and snippets of code."""

import json
from pathlib import Path

from codefusion_hf.pipelines.pipeline_codefusion import normalize_prompt


def load_pairs(path: str | Path, text_column: str = "text", code_column: str = "code") -> list[dict[str, str]]:
    """
    Pairs of a prompt and a program from a JSON Lines file.

    Args:
        path (`str` or `Path`):
            The file: one JSON object a line. Blank lines are passed over.
        text_column (`str`, *optional*, defaults to `"text"`):
            Key of the prompt.
        code_column (`str`, *optional*, defaults to `"code"`):
            Key of the program.

    Returns:
        `list[dict[str, str]]`: rows with `text` (as it is in the file) and `code`, in the order of the file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a row is malformed; the message names file, line, field and what was expected.
    """
    pairs = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"{path}, line {number}: expected a JSON object, got {line[:60]!r}.") from error
            if not isinstance(row, dict):
                raise ValueError(f"{path}, line {number}: expected a JSON object, got {type(row).__name__}.")
            for field in (text_column, code_column):
                if not isinstance(row.get(field), str) or not row[field].strip():
                    raise ValueError(
                        f"{path}, line {number}, field `{field}`: expected a string that is not empty, "
                        f"got {row.get(field)!r}."
                    )
            pairs.append({"text": row[text_column], "code": row[code_column]})
    return pairs


def load_snippets(path: str | Path, code_column: str = "code") -> list[str]:
    """
    Programs without prompts: from a text file, one a line, or the programs of a JSON Lines file of pairs.

    Args:
        path (`str` or `Path`):
            The file; `.jsonl` is read as JSON Lines, anything else as text. Blank lines are passed over.
        code_column (`str`, *optional*, defaults to `"code"`):
            Key of the program in JSON Lines.

    Returns:
        `list[str]`: the snippets, in the order of the file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a row is malformed.
    """
    if Path(path).suffix == ".jsonl":
        return [pair["code"] for pair in load_pairs(path, text_column=code_column, code_column=code_column)]
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file if line.strip()]


__all__ = ["load_pairs", "load_snippets", "normalize_prompt"]
