# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The floor that a trained model has to beat: answer with the code of the most similar training prompt."""

from collections.abc import Sequence

from codefusion_hf.data.pairs import normalize_prompt
from codefusion_hf.evaluation.metrics.exact_match import normalize_whitespace
from codefusion_hf.pipelines import SlottedPrompt, fill_slots, slot_code, slot_prompt


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

    With a `language`, prompts are compared with slots for their values (see [`~codefusion_hf.pipelines.slots`]), and
    what a code has from its own prompt is replaced by what the prompt has in its place: the first path by the first
    path, and so on. What the prompt has nothing for stays.

    Args:
        train_prompts (sequence of `str`):
            Training prompts, one or more; they are normalised with [`~codefusion_hf.data.pairs.normalize_prompt`].
        train_codes (sequence of `str`):
            Their codes, as many.
        language (`str`, *optional*):
            Language of the codes: `"bash"`, `"cf"` or `"python"`. By default a code is given as it is.

    Raises:
        `ValueError`: If there are no prompts, the lengths differ, or the language is unknown.
    """

    def __init__(self, train_prompts: Sequence[str], train_codes: Sequence[str], language: str | None = None) -> None:
        if len(train_prompts) == 0 or len(train_prompts) != len(train_codes):
            raise ValueError(
                "`train_prompts` and `train_codes` must have the same length of 1 or more, "
                f"got {len(train_prompts)} and {len(train_codes)}."
            )
        if language is not None:
            slot_code("", {}, language)  # refuses a language that it does not know
        self.language = language
        self.train_codes = list(train_codes)
        slotted = [self._slotted(prompt) for prompt in train_prompts]
        self.train_values = [prompt.values for prompt in slotted]
        self.vectorizer = TfidfVectorizer()
        self.train_vectors = self.vectorizer.fit_transform(prompt.text for prompt in slotted)

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
            chunk = [self._slotted(prompt) for prompt in prompts[start : start + CHUNK_SIZE]]
            similarities = linear_kernel(
                self.vectorizer.transform(prompt.text for prompt in chunk), self.train_vectors
            )
            for prompt, order in zip(chunk, (-similarities).argsort(axis=1, kind="stable"), strict=True):
                distinct: dict[str, str] = {}
                for index in order:
                    code = self._code_for(prompt, index)
                    distinct.setdefault(normalize_whitespace(code), code)
                    if len(distinct) == k:
                        break
                predictions.append(list(distinct.values()))
        return predictions

    def _slotted(self, prompt: str) -> SlottedPrompt:
        slotted = SlottedPrompt(prompt, {}) if self.language is None else slot_prompt(prompt)
        return SlottedPrompt(normalize_prompt(slotted.text), slotted.values)

    def _code_for(self, prompt: SlottedPrompt, index: int) -> str:
        """The code of a training prompt, with the values of another one."""
        code, own_values = self.train_codes[index], self.train_values[index]
        if self.language is None:
            return code
        return fill_slots(slot_code(code, own_values, self.language), {**own_values, **prompt.values})
