# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What a system is asked, and all the right answers."""

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codefusion_hf.data.pairs import normalize_prompt
from codefusion_hf.evaluation.metrics.exact_match import normalize_whitespace


# Which examples `limit` draws does not depend on the seed of the generation, so that runs stay comparable.
SELECTION_SEED = 0

Table = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Example:
    """
    A prompt with its right answers.

    Args:
        prompt (`str`):
            The prompt as it was first written: what is in quotes may begin with a capital.
        references (`tuple[str, ...]`):
            All codes that the data gives for it, at least one: a candidate is right if it matches any of them.
        table (`tuple[tuple, ...]`, *optional*):
            For a CF rule, the table that it is about: rows of cells, the first of them the header.
    """

    prompt: str
    references: tuple[str, ...]
    table: Table | None = None

    def is_novel(self, codes: Collection[str]) -> bool:
        """
        Whether none of the references is among codes.

        Args:
            codes (collection of `str`):
                Codes with normalised white space, those trained on. A `set` makes this fast.

        Returns:
            `bool`
        """
        return not any(normalize_whitespace(reference) in codes for reference in self.references)


def group_examples(rows: Iterable[Mapping[str, Any]]) -> list[Example]:
    """
    Gather the right answers of every prompt: data sets such as NL2Bash repeat a prompt with several.

    Args:
        rows (iterable of mappings with `text`, `code` and, optionally, `data`):
            The rows, as [`~codefusion_hf.data.preparation.prepare_rows`] makes them. Prompts are equal when their
            normalised forms are ([`~codefusion_hf.data.pairs.normalize_prompt`]) and they are about equal tables.

    Returns:
        `list[Example]`: in the order of first occurrence; references are distinct and in that order, too.
    """
    prompts: dict[tuple[str, Table | None], str] = {}
    references: dict[tuple[str, Table | None], dict[str, None]] = {}
    for row in rows:
        table = tuple(map(tuple, row["data"])) if row.get("data") else None
        key = (normalize_prompt(row["text"]), table)
        prompts.setdefault(key, row["text"])
        references.setdefault(key, {})[row["code"]] = None
    return [Example(prompts[key], tuple(codes), key[1]) for key, codes in references.items()]


def select_examples(examples: Sequence[Example], limit: int | None = None) -> list[Example]:
    """
    Draw examples with a fixed seed: the same data and limit always give the same ones, in any order of the rows.

    Args:
        examples (sequence of [`Example`]):
            From [`group_examples`].
        limit (`int`, *optional*):
            Number of examples, 1 or more. All if not given or if there are no more than that.

    Returns:
        `list[Example]`: the examples.

    Raises:
        `ValueError`: If `limit` is below 1.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"`limit` must be 1 or more, or `None` for all prompts, got {limit}.")
    ordered = sorted(examples, key=lambda example: (normalize_prompt(example.prompt), sorted(example.references)))
    if limit is None or limit >= len(ordered):
        return ordered
    return random.Random(SELECTION_SEED).sample(ordered, limit)
