# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Diversity of the candidates of a prompt, as the CodeFusion paper reports it.

- *Distinct n-grams* (Li et al., 2016, https://aclanthology.org/N16-1014): among the n-grams of all candidates of the
  prompt, the share of different ones. The paper counts n-grams of code tokens and does not say which; here a token is
  a word (letters, digits and underscores), a number or one other character, in every language.
- *Edit distance*: normalised Levenshtein distance
  ([`~codefusion_hf.evaluation.metrics.text_similarity.edit_distance`]), the mean and the smallest over all pairs
  of candidates.
- *Embedding similarity*: the cosine of the candidates' embeddings, the mean over all pairs; lower is more diverse.
- *Distinct candidates*: the share of different strings among the candidates, whitespace normalised.

These figures know nothing of right or wrong: noise is diverse. And candidates that were made different by dropping
duplicates have 1 distinct string in 1; compare systems that were sampled alike.
"""

import re
from collections.abc import Sequence
from itertools import combinations
from typing import Protocol

import torch
from torch.nn import functional

from codefusion_hf.evaluation.metrics.exact_match import normalize_whitespace
from codefusion_hf.evaluation.metrics.text_similarity import edit_distance


NGRAM_ORDERS = (1, 2, 3, 4)

TOKEN = re.compile(r"[^\W\d]\w*|\d+(?:\.\d+)?|[^\w\s]")

UNDEFINED = float("nan")


class CodeEncoder(Protocol):
    """Anything that embeds programs, such as [`~codefusion_hf.evaluation.metrics.code_bert_score.CodeBERTScore`]."""

    def embed(self, codes: Sequence[str]) -> torch.Tensor:
        """One vector for each program: a tensor of shape `(number of programs, size)`."""
        ...


def diversity(candidates: Sequence[Sequence[str]], encoder: CodeEncoder | None = None) -> dict[str, list[float]]:
    """
    How different the candidates of every prompt are; the module's docstring has the definitions.

    Args:
        candidates (sequence of sequences of `str`):
            The candidates of every prompt, all of which are looked at: cut them to the k that are to be compared.
        encoder ([`CodeEncoder`], *optional*):
            Embeds the candidates for `embedding_similarity`, which is left out without it.

    Returns:
        `dict[str, list[float]]`: One value a prompt, in the order of the prompts, from 0 to 1 (cosines from -1):
        `distinct_{n}_grams` for n = 1 to 4, `mean_edit_distance`, `min_edit_distance`, `distinct_candidates`, and
        `embedding_similarity`. The value is NaN for a prompt with fewer than two candidates, and for n-grams where no
        candidate has n tokens; [`~codefusion_hf.evaluation.metrics.confidence.bootstrap_mean`] leaves these out.
    """
    values: dict[str, list[float]] = {f"distinct_{n}_grams": [] for n in NGRAM_ORDERS}
    values |= {"mean_edit_distance": [], "min_edit_distance": [], "distinct_candidates": []}
    for codes in candidates:
        if len(codes) < 2:
            for column in values.values():
                column.append(UNDEFINED)
            continue
        tokens = [TOKEN.findall(code) for code in codes]
        for n in NGRAM_ORDERS:
            values[f"distinct_{n}_grams"].append(_distinct_ngrams(tokens, n))
        distances = [edit_distance(one, other) for one, other in combinations(codes, 2)]
        values["mean_edit_distance"].append(sum(distances) / len(distances))
        values["min_edit_distance"].append(min(distances))
        values["distinct_candidates"].append(len({normalize_whitespace(code) for code in codes}) / len(codes))
    if encoder is not None:
        values["embedding_similarity"] = _embedding_similarity(candidates, encoder)
    return values


def _distinct_ngrams(tokens: Sequence[Sequence[str]], n: int) -> float:
    ngrams = [tuple(sequence[start : start + n]) for sequence in tokens for start in range(len(sequence) - n + 1)]
    return len(set(ngrams)) / len(ngrams) if ngrams else UNDEFINED


def _embedding_similarity(candidates: Sequence[Sequence[str]], encoder: CodeEncoder) -> list[float]:
    values = [UNDEFINED] * len(candidates)
    places = [place for place, codes in enumerate(candidates) if len(codes) > 1]
    if not places:
        return values
    embeddings = functional.normalize(encoder.embed([code for place in places for code in candidates[place]]), dim=-1)
    for place, vectors in zip(places, embeddings.split([len(candidates[place]) for place in places]), strict=True):
        one, other = torch.combinations(torch.arange(len(vectors), device=vectors.device)).unbind(dim=1)
        values[place] = (vectors[one] * vectors[other]).sum(dim=-1).mean().item()
    return values
