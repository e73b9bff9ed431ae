# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""More pairs to train on, of Python: those that source has in it, and those there are, by other names."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from codefusion_hf.languages.python.renaming import renamed_copies
from codefusion_hf.languages.python.source_pairs import KINDS, check_kinds, cut_python_pairs

from .deduplication import deduplicate
from .sources import Record, read_source_files


def read_source_pairs(
    paths: Sequence[str | Path], kinds: Collection[str] = KINDS
) -> tuple[list[dict[str, str]], int, int]:
    """
    Cut the pairs out of Python files, each once, by the rules of [`~codefusion_hf.languages.python.source_pairs`].

    Args:
        paths (`Sequence[str | Path]`):
            Python files, or folders with some.
        kinds (collection of `str`, *optional*):
            Which pairs to cut, of `KINDS`. Defaults to all.

    Returns:
        `tuple`: rows with `text`, `code` and `kind`; how many repeated another one; and how many files do not parse.

    Raises:
        OSError: if a file cannot be read.
        ValueError: if a kind is unknown, or there are no pairs.
    """
    check_kinds(kinds)
    rows: list[dict[str, str]] = []
    num_skipped = 0
    for path in paths:
        for _, source in read_source_files(Path(path), "python"):
            try:
                if isinstance(source, Record):
                    raise ValueError(source.problem)
                pairs = cut_python_pairs(source, kinds)
            except ValueError:
                # A standard library has files that are broken on purpose, to test with.
                num_skipped += 1
                continue
            rows += [{"text": pair.text, "code": pair.code, "kind": pair.kind} for pair in pairs]
    rows, num_duplicates = deduplicate(rows)
    if not rows:
        raise ValueError(f"{', '.join(map(str, paths))}: no pairs in there.")
    return rows, num_duplicates, num_skipped


def augment_pairs(
    rows: Sequence[dict[str, Any]], num_copies: int, seed: int = 0, name_rows: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """
    Add copies of pairs by other names, as [`~codefusion_hf.languages.python.renaming.renamed_copies`] makes them.

    Args:
        rows, num_copies, seed, name_rows:
            As for [`~codefusion_hf.languages.python.renaming.renamed_copies`].

    Returns:
        `list[dict[str, Any]]`: the rows as they are, then the copies, without those that came out equal.

    Raises:
        ValueError: if `num_copies` is below 1.
    """
    return [*rows, *deduplicate(renamed_copies(rows, num_copies, seed, name_rows))[0]]


__all__ = ["augment_pairs", "read_source_pairs"]
