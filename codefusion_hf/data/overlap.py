# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Which rows of some data files are, or nearly are, rows of others.

    codefusion data overlap codefusion_hf/cookbook --against validation.jsonl test.jsonl

It lists the rows of the first files by file and line, and shows nothing of the others, so that a test file can be
compared with by those who must not read it. The exit code is 1 if there are any such rows, 2 if a file cannot be read.

Texts are compared as the model reads them ([`~codefusion_hf.pipelines.pipeline_codefusion.normalize_prompt`]) and by
[`~codefusion_hf.data.similarity.SimilarPrompts`], which passes over case and trailing marks; code with white space
collapsed, that of a rule without its table. Equal code is no leak by itself: many requests ask for `git status`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codefusion_hf.data.pairs import load_rows, normalize_prompt
from codefusion_hf.data.similarity import SimilarPrompts
from codefusion_hf.data.sources import HUB_PREFIX, detect_format, read_records


# What a row can share with the other files, in the order in which it is printed.
KINDS = ("text", "similar text", "code")
# The cosine of TF-IDF vectors from which two texts are similar.
MAX_SIMILARITY = 0.9
# Texts that are compared with all others at once.
BLOCK_SIZE = 4096

_LINE = re.compile(r", line (\d+)\Z")


@dataclass(frozen=True)
class OverlappingRow:
    """
    A row that other files have too.

    Args:
        location (`str`):
            Its file and line, such as `git.jsonl:12`; in formats that have no lines, what they count by.
        kinds (`tuple[str, ...]`):
            What is in the other files: some of `KINDS`. A text that is equal is not named as similar again.
    """

    location: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Overlap:
    """
    What some files have in common with others.

    Args:
        rows (`list[OverlappingRow]`):
            The rows, in the order of the files.
        num_rows (`int`):
            How many rows were compared.
        num_other_rows (`int`):
            How many rows they were compared with.
    """

    rows: list[OverlappingRow]
    num_rows: int
    num_other_rows: int

    def count(self, kind: str) -> int:
        """
        How many rows share something.

        Args:
            kind (`str`):
                What, one of `KINDS`.

        Returns:
            `int`: the number of rows.
        """
        return sum(kind in row.kinds for row in self.rows)


def find_overlap(
    paths: Sequence[str | Path], against: Sequence[str | Path], max_similarity: float = MAX_SIMILARITY
) -> Overlap:
    """
    Find the rows that other files have too.

    Args:
        paths (sequence of `str` or `Path`):
            Data files in any format that [`~codefusion_hf.data.pairs.load_rows`] takes, and folders, of which every
            `.jsonl` file below is read.
        against (sequence of `str` or `Path`):
            The files to compare with.
        max_similarity (`float`, *optional*, defaults to 0.9):
            The cosine of TF-IDF vectors from which two texts are similar, in (0, 1].

    Returns:
        [`Overlap`]: the rows of `paths`, and how many there were.

    Raises:
        OSError: if a file cannot be read.
        ValueError: if a file is malformed or is a folder without `.jsonl` files, or an argument is out of range. Of
            `against`, the message names the file and never shows what is in it.
    """
    if not paths or not against:
        raise ValueError(
            f"`paths` and `against` must name one file or more each, got {len(paths)} and {len(against)}."
        )
    if not 0 < max_similarity <= 1:
        raise ValueError(f"`max_similarity` must be in (0, 1], got {max_similarity}.")
    others = [row for path in against for row in _load_silently(path)]
    other_prompts = [row["text"] for row in others if "text" in row]
    normalized_prompts = set(map(normalize_prompt, other_prompts))
    codes = {_program(row["code"]) for row in others}

    rows, locations = [], []
    for file in _files(paths):
        loaded = load_rows(file).rows
        rows += loaded
        locations += [_LINE.sub(r":\1", record.location) for record in read_records(file, detect_format(file))]
    prompts = [row["text"] for row in rows if "text" in row]
    are_similar = iter(_are_similar(prompts, other_prompts, max_similarity))
    found = []
    for row, location in zip(rows, locations, strict=True):
        is_similar = "text" in row and next(are_similar)
        is_equal = "text" in row and normalize_prompt(row["text"]) in normalized_prompts
        is_shared = (is_equal, is_similar and not is_equal, _program(row["code"]) in codes)
        if any(is_shared):
            found.append(
                OverlappingRow(location, tuple(kind for kind, is_one in zip(KINDS, is_shared, strict=True) if is_one))
            )
    return Overlap(found, len(rows), len(others))


def _program(code: str) -> str:
    return " ".join(code.split())


def _files(paths: Sequence[str | Path]) -> list[str | Path]:
    files: list[str | Path] = []
    for path in paths:
        if str(path).startswith(HUB_PREFIX) or not Path(path).is_dir():
            files.append(path)
            continue
        below = sorted(Path(path).rglob("*.jsonl"))
        if not below:
            raise ValueError(f"{path}: expected a folder with .jsonl files, got one without.")
        files += below
    return files


def _load_silently(path: str | Path) -> list[dict[str, str]]:
    """The rows of a file that nobody here is to see: messages of the loader show the values that they complain of."""
    try:
        return load_rows(path).rows
    except ValueError:
        problem = f"{path}: expected a data file without malformed rows; `codefusion data inspect` shows why"
    raise ValueError(f"{problem} it is none.")


def _are_similar(prompts: Sequence[str], other_prompts: Sequence[str], max_similarity: float) -> list[bool]:
    if not prompts or not other_prompts:
        return [False] * len(prompts)
    similar_prompts = SimilarPrompts(other_prompts, prompts, max_similarity)
    blocks = (prompts[start : start + BLOCK_SIZE] for start in range(0, len(prompts), BLOCK_SIZE))
    return [is_similar for block in blocks for is_similar in similar_prompts.find(block)]


__all__ = ["Overlap", "OverlappingRow", "find_overlap"]
