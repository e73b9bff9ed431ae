# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Files of invented rows to train on."""

import importlib
import itertools
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any


# Where the pairs of a language come from: a module with `generate_pairs(seed)`, which gives rows without end.
PAIRS = {
    "bash": "codefusion_hf.languages.bash.synthetic",
    "python": "codefusion_hf.languages.python.synthetic",
}
# Which cosine similarity of TF-IDF vectors to a prompt of an excluded file is too much.
MAX_SIMILARITY = 0.9
# Rows that are compared with excluded ones at once.
BLOCK_SIZE = 4096
# Rows after which it is no use to go on if none of them was new.
MAX_REPEATED = 200_000


def load_generator(language: str) -> Callable[[int], Iterator[dict[str, str]]]:
    """
    The generator of a language's pairs.

    Args:
        language (`str`):
            One of `PAIRS`.

    Returns:
        `Callable[[int], Iterator[dict[str, str]]]`: a function of the seed that gives rows with `text` and `code`.

    Raises:
        ValueError: if there is none for the language.
    """
    if language not in PAIRS:
        raise ValueError(f"`language` must be one of {', '.join(PAIRS)}, got {language!r}.")
    generator: Callable[[int], Iterator[dict[str, str]]] = importlib.import_module(PAIRS[language]).generate_pairs
    return generator


class _Excluded:
    """What must not be trained on: prompts, what is near them, and programs."""

    def __init__(self, files: Sequence[str | Path], others: Sequence[str]):
        from codefusion_hf.data.cf_exclusion import SimilarPrompts
        from codefusion_hf.data.pairs import load_pairs

        pairs = [pair for file in files for pair in load_pairs(file)]
        self.codes = {_program(pair["code"]) for pair in pairs}
        self.prompts = SimilarPrompts([pair["text"] for pair in pairs], others, MAX_SIMILARITY)

    def find(self, rows: Sequence[dict[str, str]]) -> list[bool]:
        similar = self.prompts.find([row["text"] for row in rows])
        return [
            is_similar or _program(row["code"]) in self.codes for is_similar, row in zip(similar, rows, strict=True)
        ]


def _program(code: str) -> str:
    return "\n".join(" ".join(line.split()) for line in code.strip().splitlines())


def write_pairs(
    path: str | Path, language: str, num_rows: int, seed: int = 0, exclude: Sequence[str | Path] = ()
) -> dict[str, int]:
    """
    Write invented pairs, all of them different, to a JSON Lines file, while they are invented.

    Args:
        path (`str` or `Path`):
            The file to write; an older one is replaced when the new one is whole.
        language (`str`):
            One of `PAIRS`.
        num_rows (`int`):
            How many rows, 1 or more.
        seed (`int`, *optional*, defaults to 0):
            The same seed gives the same rows.
        exclude (sequence of `str` or `Path`, *optional*):
            Files whose prompts, prompts within a TF-IDF cosine of `MAX_SIMILARITY` of them, and programs are left out.

    Returns:
        `dict[str, int]`: how many rows were `written`, left out as `excluded`, and as `repeated`.

    Raises:
        OSError: if a file cannot be read or written.
        ValueError: if a file is malformed, an argument is out of range, or no new rows come any more.
    """
    if num_rows < 1:
        raise ValueError(f"`num_rows` must be 1 or more, got {num_rows}.")
    rows = load_generator(language)(seed)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            counts = _write_rows(file, rows, num_rows, exclude)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return counts


def _write_rows(
    file: Any, rows: Iterator[dict[str, str]], num_rows: int, exclude: Sequence[str | Path]
) -> dict[str, int]:
    counts = {"written": 0, "excluded": 0, "repeated": 0}
    seen: set[int] = set()
    excluded: _Excluded | None = None
    repeated_since = 0
    while counts["written"] < num_rows:
        block = list(itertools.islice(rows, BLOCK_SIZE))
        if exclude and excluded is None:
            excluded = _Excluded(exclude, [row["text"] for row in block])
        is_excluded = excluded.find(block) if excluded is not None else [False] * len(block)
        for row, is_out in zip(block, is_excluded, strict=True):
            if counts["written"] == num_rows:
                break
            if is_out:
                counts["excluded"] += 1
                continue
            key = hash((row["text"], row["code"]))
            if key in seen:
                counts["repeated"] += 1
                repeated_since += 1
                continue
            seen.add(key)
            repeated_since = 0
            file.write(json.dumps({"id": counts["written"], **row}, ensure_ascii=False) + "\n")
            counts["written"] += 1
        if repeated_since >= MAX_REPEATED:
            raise ValueError(
                f"`num_rows` is {num_rows}, but after {counts['written']} rows no new one has come for {MAX_REPEATED}."
            )
    return counts


__all__ = ["MAX_SIMILARITY", "PAIRS", "load_generator", "write_pairs"]
