# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Look-up by meaning: cosine of the vectors that a sentence encoder gives, in an index of FAISS."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np

from codefusion_hf.pipelines import normalize_prompt
from codefusion_hf.pipelines.slots import SlottedPrompt


Encoder = Callable[[list[str]], Any]

# Prompts that are encoded at once.
_BATCH_SIZE = 1024


def load_encoder(encoder: Any) -> Encoder:
    """
    Get the function of an encoder.

    Args:
        encoder (`str`, a function, or an object with a method `encode`):
            Name or folder of a model of sentence-transformers; or what makes an array of shape
            `(num_sentences, size)` from a list of sentences.

    Returns:
        the function.

    Raises:
        ImportError: if it is a name, and sentence-transformers is not installed.
        ValueError: if it is something else.
    """
    if isinstance(encoder, str):
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ImportError(
                f"The encoder {encoder!r} needs sentence-transformers, which is not installed: `pip install "
                "sentence-transformers`. A function that makes an array of sentences does without."
            ) from error
        encoder = SentenceTransformer(encoder)
    function = getattr(encoder, "encode", encoder)
    if not callable(function):
        raise ValueError(
            "`encoder` must be the name of a sentence-transformers model, a function from a list of sentences to an "
            f"array, or an object with a method `encode`, got {type(encoder).__name__}."
        )
    return function


class DenseIndex:
    """
    Look-up by the vectors of prompts with slots, over all of them: exact.

    Args:
        prompts (iterable of [`~codefusion_hf.pipelines.SlottedPrompt`]):
            The prompts of the rows, in order.
        encoder (`Callable`):
            From [`load_encoder`].

    Raises:
        ImportError: if FAISS is not installed.
        ValueError: if the encoder does not give one finite vector a sentence, all of one size.
    """

    def __init__(self, prompts: Iterable[SlottedPrompt], encoder: Encoder):
        try:
            import faiss
        except ImportError as error:
            raise ImportError(
                "`encoder` needs FAISS, which is not installed: `pip install 'codefusion-hf[dense]'`."
            ) from error
        self._encoder = encoder
        self._index: Any = None
        remaining = iter(prompts)
        while batch := list(islice(remaining, _BATCH_SIZE)):
            vectors = self._encode(batch)
            if self._index is None:
                self._index = faiss.IndexFlatIP(vectors.shape[1])
            self._index.add(vectors)

    def _encode(self, prompts: Sequence[SlottedPrompt]) -> np.ndarray:
        sentences = [normalize_prompt(slotted.text) for slotted in prompts]
        vectors = np.asarray(self._encoder(sentences), dtype=np.float32)
        size = vectors.shape[-1] if self._index is None else self._index.d
        if vectors.shape != (len(sentences), size) or size == 0 or not np.isfinite(vectors).all():
            raise ValueError(
                f"`encoder` must give an array of {len(sentences)} finite vectors for as many sentences, all of one "
                f"size, got one of shape {vectors.shape}."
            )
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)

    def nearest(self, slotted: SlottedPrompt, count: int, excluded: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See [`~codefusion_hf.memory.index.MemoryIndex`]. Scores are cosines, from -1 to 1."""
        if self._index is None:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        # At worst, the nearest are those that are left out.
        asked = min(count + len(excluded), self._index.ntotal)
        scores, positions = (array[0] for array in self._index.search(self._encode([slotted]), asked))
        kept = np.flatnonzero(~np.isin(positions, excluded))
        scores, positions = scores[kept], positions[kept]
        order = np.lexsort((positions, -scores))[:count]
        return positions[order], scores[order]


__all__ = ["DenseIndex", "Encoder", "load_encoder"]
