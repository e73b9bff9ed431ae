# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Telling invented prompts that are, or nearly are, those of a test file."""

from collections.abc import Sequence

from codefusion_hf.data.pairs import normalize_prompt


try:
    from sklearn.feature_extraction.text import TfidfVectorizer
except ImportError as error:
    raise ImportError(
        "Excluding similar prompts needs scikit-learn, which is not installed: "
        "`pip install 'codefusion-hf[evaluation]'`."
    ) from error


class SimilarPrompts:
    """
    Compares prompts with those of files that must not be trained on: cosine of TF-IDF vectors over words, as the
    nearest-neighbour baseline ([`~codefusion_hf.evaluation.baselines.nearest_neighbour`]) does, so that it finds
    nothing either.

    Args:
        excluded (sequence of `str`):
            Prompts of those files, one or more.
        others (sequence of `str`):
            Prompts that tell, with the excluded ones, how rare a word is.
        max_similarity (`float`, *optional*, defaults to 0.9):
            The cosine from which prompts are too similar, in (0, 1].

    Raises:
        ValueError: if there are no excluded prompts, or `max_similarity` is out of range.
    """

    def __init__(self, excluded: Sequence[str], others: Sequence[str], max_similarity: float = 0.9):
        if len(excluded) == 0:
            raise ValueError("`excluded` must have one prompt or more, got none.")
        if not 0 < max_similarity <= 1:
            raise ValueError(f"`max_similarity` must be in (0, 1], got {max_similarity}.")
        self.max_similarity = max_similarity
        prompts = [normalize_prompt(prompt) for prompt in excluded]
        # Case and trailing marks make no other prompt.
        self.excluded = {self._key(prompt) for prompt in prompts}
        self.vectorizer = TfidfVectorizer().fit([*prompts, *map(normalize_prompt, others)])
        self.vectors = self.vectorizer.transform(prompts)

    @staticmethod
    def _key(prompt: str) -> str:
        return normalize_prompt(prompt).casefold().rstrip(" .?!")

    def find(self, prompts: Sequence[str]) -> list[bool]:
        """
        Compare prompts.

        Args:
            prompts (sequence of `str`):
                The prompts, one or more.

        Returns:
            `list[bool]`: whether each equals an excluded one, or is as similar to one as `max_similarity`.
        """
        similarities = self.vectorizer.transform(map(normalize_prompt, prompts)) @ self.vectors.T
        closest = similarities.max(axis=1).toarray().ravel()
        return [
            self._key(prompt) in self.excluded or bool(similarity >= self.max_similarity)
            for prompt, similarity in zip(prompts, closest, strict=True)
        ]


__all__ = ["SimilarPrompts"]
