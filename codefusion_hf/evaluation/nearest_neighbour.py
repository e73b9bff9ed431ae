# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The floor that a trained model has to beat: answer with the code of the most similar training prompt."""

from collections.abc import Sequence

from codefusion_hf.data.pairs import normalize_prompt
from codefusion_hf.evaluation.exact_match import normalize_whitespace


try:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics.pairwise import linear_kernel
except ImportError as error:
    raise ImportError(
        "The nearest-neighbour baseline needs scikit-learn, which is not installed: "
        "`pip install 'codefusion-hf[evaluation]'`."
    ) from error


# Prompts compared with the whole training set at once; 256 against 100,000 prompts are 200 MB of similarities.
CHUNK_SIZE = 256


class NearestNeighbourBaseline:
    """
    Codes of the training prompts that are most similar to a prompt: cosine of TF-IDF vectors over words, with
    scikit-learn's defaults (https://scikit-learn.org/stable/modules/feature_extraction.html#tfidf-term-weighting).

    Args:
        train_prompts (sequence of `str`):
            Training prompts, one or more; they are normalised with [`~codefusion_hf.data.pairs.normalize_prompt`].
        train_codes (sequence of `str`):
            Their codes, as many.

    Raises:
        `ValueError`: If there are no prompts or the lengths differ.
    """

    def __init__(self, train_prompts: Sequence[str], train_codes: Sequence[str]) -> None:
        if len(train_prompts) == 0 or len(train_prompts) != len(train_codes):
            raise ValueError(
                "`train_prompts` and `train_codes` must have the same length of 1 or more, "
                f"got {len(train_prompts)} and {len(train_codes)}."
            )
        self.train_codes = list(train_codes)
        self.vectorizer = TfidfVectorizer()
        self.train_vectors = self.vectorizer.fit_transform(normalize_prompt(prompt) for prompt in train_prompts)

    def predict(self, prompts: Sequence[str], k: int) -> list[list[str]]:
        """
        Retrieve codes.

        Args:
            prompts (sequence of `str`):
                The prompts, one or more.
            k (`int`):
                Codes for each prompt, 1 or more.

        Returns:
            `list[list[str]]`: For each prompt `k` codes, most similar first, ties in training order, all different
            after normalising whitespace; fewer only if the training set has fewer.

        Raises:
            `ValueError`: If `k` is below 1.
        """
        if k < 1:
            raise ValueError(f"`k` must be 1 or more, got {k}.")
        predictions = []
        for start in range(0, len(prompts), CHUNK_SIZE):
            chunk = [normalize_prompt(prompt) for prompt in prompts[start : start + CHUNK_SIZE]]
            similarities = linear_kernel(self.vectorizer.transform(chunk), self.train_vectors)
            for order in (-similarities).argsort(axis=1, kind="stable"):
                distinct: dict[str, str] = {}
                for index in order:
                    code = self.train_codes[index]
                    distinct.setdefault(normalize_whitespace(code), code)
                    if len(distinct) == k:
                        break
                predictions.append(list(distinct.values()))
        return predictions
