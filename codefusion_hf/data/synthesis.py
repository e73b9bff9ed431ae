# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Writing invented rows to a file, without those that a test file has."""

import itertools
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from codefusion_hf.data.pairs import load_pairs
from codefusion_hf.languages import Language, get_language


# Which cosine similarity of TF-IDF vectors to a prompt of an excluded file is too much.
MAX_SIMILARITY = 0.9
# Rows that are compared with excluded ones at once.
BLOCK_SIZE = 4096
# Rows after which it is no use to go on if none of them was new.
MAX_REPEATED = 200_000


class _Excluded:
    """What must not be trained on: prompts, what is near them, and programs where these tell the prompt."""

    def __init__(self, files: Sequence[str | Path], others: Sequence[str], language: Language):
        from codefusion_hf.data.similarity import SimilarPrompts  # needs scikit-learn

        pairs = [pair for file in files for pair in load_pairs(file)]
        self.codes = {_program(pair["code"]) for pair in pairs} if language.is_code_telling else set()
        self.prompts = SimilarPrompts([pair["text"] for pair in pairs], others, MAX_SIMILARITY)

    def find(self, rows: Sequence[dict[str, Any]]) -> list[bool]:
        similar = self.prompts.find([row["text"] for row in rows])
        return [
            is_similar or _program(row["code"]) in self.codes for is_similar, row in zip(similar, rows, strict=True)
        ]


def _program(code: str) -> str:
    return "\n".join(" ".join(line.split()) for line in code.strip().splitlines())


def write_rows(
    path: str | Path,
    language: str,
    num_rows: int,
    seed: int = 0,
    exclude: Sequence[str | Path] = (),
    held_out: bool = False,
) -> dict[str, int]:
    """
    Write invented rows, all of them different, to a JSON Lines file, while they are invented.

    Args:
        path (`str` or `Path`):
            The file to write; an older one is replaced when the new one is whole.
        language (`str`):
            One of [`~codefusion_hf.languages.LANGUAGES`].
        num_rows (`int`):
            How many rows, 1 or more.
        seed (`int`, *optional*, defaults to 0):
            The same seed gives the same rows.
        exclude (sequence of `str` or `Path`, *optional*):
            Files whose prompts, prompts within a TF-IDF cosine of `MAX_SIMILARITY` of them and, of Bash and Python,
            programs are left out.
        held_out (`bool`, *optional*, defaults to `False`):
            Whether to write rows to measure with, see
            [`~codefusion_hf.languages.language.Language.generate_held_out_rows`].

    Returns:
        `dict[str, int]`: how many rows were `written`, left out as `excluded`, and as `repeated`.

    Raises:
        OSError: if a file cannot be read or written.
        ValueError: if a file is malformed, an argument is out of range, or no new rows come any more.
    """
    if num_rows < 1:
        raise ValueError(f"`num_rows` must be 1 or more, got {num_rows}.")
    chosen = get_language(language)
    rows = chosen.generate_held_out_rows(seed) if held_out else chosen.generate_rows(seed)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            counts = _write_rows(file, rows, chosen, num_rows, exclude)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return counts


def _write_rows(
    file: Any, rows: Iterator[dict[str, Any]], language: Language, num_rows: int, exclude: Sequence[str | Path]
) -> dict[str, int]:
    counts = {"written": 0, "excluded": 0, "repeated": 0}
    # Of millions of rows, the keys themselves would not fit.
    seen: set[int] = set()
    excluded: _Excluded | None = None
    repeated_since = 0
    while counts["written"] < num_rows:
        block = list(itertools.islice(rows, BLOCK_SIZE))
        if exclude and excluded is None:
            excluded = _Excluded(exclude, [row["text"] for row in block], language)
        is_excluded = excluded.find(block) if excluded is not None else [False] * len(block)
        for row, is_out in zip(block, is_excluded, strict=True):
            if counts["written"] == num_rows:
                break
            if is_out:
                counts["excluded"] += 1
                continue
            key = hash(language.row_key(row))
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


__all__ = ["MAX_SIMILARITY", "write_rows"]
