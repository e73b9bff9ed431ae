# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Look-up by words: BM25, of which bm25s keeps the scores of all words and rows in a sparse matrix."""

import logging
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from codefusion_hf.pipelines.slots import SlottedPrompt

from .keys import sentence_words, value_words


try:
    import bm25s
except ImportError as error:
    raise ImportError(
        "Looking up a memory needs bm25s, which is not installed: `pip install 'codefusion-hf[memory]'`."
    ) from error


# It sets its own logger to DEBUG, which every handler of the program would then print.
logging.getLogger("bm25s").setLevel(logging.WARNING)

# Other values of `k1` (1 to 2) and `b` (0.6 to 0.9) change the figures in `keys.py` by at most 0.4.
K1 = 1.5
B = 0.75
# Rows of which only the best score is looked at, as long as it may be too low.
_BLOCK = 256


class MemoryIndex(Protocol):
    """What finds rows."""

    def nearest(self, slotted: SlottedPrompt, count: int, excluded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Find the rows whose prompts are most similar to another.

        Args:
            slotted ([`~codefusion_hf.pipelines.SlottedPrompt`]):
                The other prompt.
            count (`int`):
                How many, at least 1.
            excluded (`np.ndarray`):
                Positions of rows that are left out.

        Returns:
            `tuple[np.ndarray, np.ndarray]`: positions and scores, highest score first, equal ones in the order of the
            rows; fewer than `count` only if there are no more.
        """


class WordIndex:
    """
    Look-up by words. A row is found if it has a word of the prompt.

    Args:
        prompts (iterable of [`~codefusion_hf.pipelines.SlottedPrompt`]):
            The prompts of the rows, in order.
    """

    def __init__(self, prompts: Iterable[SlottedPrompt]):
        self._vocabulary: dict[str, int] = {}
        documents = [
            [self._vocabulary.setdefault(word, len(self._vocabulary)) for word in _words(slotted)]
            for slotted in prompts
        ]
        self._bm25 = None
        if self._vocabulary:
            self._bm25 = bm25s.BM25(k1=K1, b=B, method="lucene")
            self._bm25.index((documents, self._vocabulary), create_empty_token=False, show_progress=False)

    def nearest(self, slotted: SlottedPrompt, count: int, excluded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See [`MemoryIndex`]. Scores are above 0; what they can be at most depends on the prompt."""
        # A word counts once, however often the prompt has it: as good, and a long prompt costs no more than its words.
        known = [self._vocabulary[word] for word in dict.fromkeys(_words(slotted)) if word in self._vocabulary]
        if self._bm25 is None or not known:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        scores = self._bm25.get_scores_from_ids(known)
        scores[excluded] = 0
        return highest(scores, count)


def _words(slotted: SlottedPrompt) -> list[str]:
    return sentence_words(slotted) + value_words(slotted)


def highest(scores: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """
    The highest of many scores, as fast as they can be read.

    Args:
        scores (`np.ndarray` of shape `(num_rows,)`):
            The scores.
        count (`int`):
            How many, at least 1.

    Returns:
        `tuple[np.ndarray, np.ndarray]`: positions and scores of those above 0, as in [`MemoryIndex.nearest`].
    """
    best = scores[: len(scores) // _BLOCK * _BLOCK].reshape(-1, _BLOCK).max(axis=1)
    # `count` blocks have a score that is as high as this, so that nothing below it is among the highest.
    bound = np.partition(best, -count)[-count] if len(best) > count else 0
    positions = np.flatnonzero(scores >= bound if bound > 0 else scores > 0)
    order = np.argsort(-scores[positions], kind="stable")[:count]
    return positions[order], scores[positions[order]]


def positions_of(values: np.ndarray, wanted: Sequence[int]) -> np.ndarray:
    """
    Where some values stand.

    Args:
        values (`np.ndarray` of `uint64`):
            All values.
        wanted (sequence of `int`):
            Those to look for.

    Returns:
        `np.ndarray`: positions, in order.
    """
    if len(wanted) == 1:  # several times as fast
        return np.flatnonzero(values == np.uint64(wanted[0]))
    return np.flatnonzero(np.isin(values, np.array(wanted, dtype=np.uint64)))


__all__ = ["MemoryIndex", "WordIndex", "highest", "positions_of"]
