# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Similarity of programs as text, in any language: normalised edit distance, BLEU and chrF.

**BLEU** (Papineni et al., 2002, https://aclanthology.org/P02-1040) and **chrF** (Popović, 2015,
https://aclanthology.org/W15-3049) are sacrebleu's (Post, 2018, https://aclanthology.org/W18-6319) with its defaults,
so that the figures compare with others: BLEU over 13a tokens, which separate punctuation, orders 1 to 4, exponential
smoothing; chrF over characters without whitespace, orders 1 to 6, recall counted twice as much as precision. Both are
figures of a corpus, not means over prompts: n-grams are added up over all prompts first.

With several candidates a prompt, the best of the first k is looked at: the one with the highest sentence score against
the references of its prompt. That is an upper bound, as exact match at k is.
"""

import json
from collections.abc import Sequence
from itertools import zip_longest

from codefusion_hf.evaluation.metrics.confidence import Estimate
from codefusion_hf.evaluation.metrics.exact_match import normalize_whitespace


try:
    from rapidfuzz.distance import Levenshtein
    from sacrebleu.metrics import BLEU, CHRF
    from sacrebleu.metrics.chrf import CHRFScore
except ImportError as error:
    raise ImportError(
        f"Text similarity needs {error.name}, which is not installed: `pip install 'codefusion-hf[evaluation]'`."
    ) from error


NUM_RESAMPLES = 1000


def edit_distance(a: str, b: str) -> float:
    """
    Levenshtein distance in characters, as a share of the longer text; whitespace is normalised first.

    Args:
        a (`str`), b (`str`):
            The two programs.

    Returns:
        `float`: From 0 (equal, or both blank) to 1 (nothing in common).
    """
    return Levenshtein.normalized_distance(normalize_whitespace(a), normalize_whitespace(b))


def corpus_bleu(candidates: Sequence[Sequence[str]], references: Sequence[Sequence[str]], k: int) -> Estimate:
    """
    BLEU of the best of the first `k` candidates of every prompt.

    Args:
        candidates (sequence of sequences of `str`):
            Ranked candidates of every prompt, best first. A prompt without candidates counts as the empty string.
        references (sequence of sequences of `str`):
            The right answers of every prompt, at least one each; their number may vary.
        k (`int`):
            Number of candidates to look at, 1 or more.

    Returns:
        [`Estimate`]: BLEU from 0 to 100. The interval is the value plus and minus half the width of sacrebleu's 95 %
        bootstrap interval over prompts, cut at 0 and 100. sacrebleu seeds it with 12345, or with `SACREBLEU_SEED` from
        the environment.

    Raises:
        `ValueError`: If there are no prompts, the two lengths differ, a prompt has no reference, or `k` is below 1.
    """
    # `effective_order` changes sentences, and corpora in which no candidate has four tokens: there, standard BLEU is 0
    # for candidates that equal their references. `force` says that a command may end in " ." as `find .` does.
    return _corpus_score(BLEU(effective_order=True, force=True), candidates, references, k)


def corpus_chrf(candidates: Sequence[Sequence[str]], references: Sequence[Sequence[str]], k: int) -> Estimate:
    """
    chrF of the best of the first `k` candidates of every prompt.

    Args:
        candidates (sequence of sequences of `str`):
            Ranked candidates of every prompt, best first. A prompt without candidates counts as the empty string.
        references (sequence of sequences of `str`):
            The right answers of every prompt, at least one each; the nearest one counts.
        k (`int`):
            Number of candidates to look at, 1 or more.

    Returns:
        [`Estimate`]: chrF from 0 to 100, with an interval as that of [`corpus_bleu`].

    Raises:
        `ValueError`: If there are no prompts, the two lengths differ, a prompt has no reference, or `k` is below 1.
    """
    return _corpus_score(_CHRF(), candidates, references, k)


def sentence_chrf(candidate: str, reference: str) -> float:
    """
    chrF of one program, also to rank candidates by: `pipe(..., num_candidates=20, ranking=sentence_chrf)`.

    Args:
        candidate (`str`):
            The program.
        reference (`str`):
            What it is compared with.

    Returns:
        `float`: From 0 to 100.
    """
    return CHRF().sentence_score(candidate, [reference]).score


class _CHRF(CHRF):
    """
    chrF whose bootstrap takes resamples that score 0: sacrebleu 2.6 gives a Python float for these and numpy's for
    others, and its `statistics.mean` refuses the mixture.
    """

    def _compute_score_from_stats(self, stats: list[int]) -> CHRFScore:
        return super()._compute_score_from_stats([int(count) for count in stats])


def _corpus_score(
    metric: BLEU | CHRF, candidates: Sequence[Sequence[str]], references: Sequence[Sequence[str]], k: int
) -> Estimate:
    if len(candidates) == 0 or len(candidates) != len(references):
        raise ValueError(
            "`candidates` and `references` must have one entry for each of one or more prompts, "
            f"got {len(candidates)} and {len(references)}."
        )
    for index, right in enumerate(references):
        if len(right) == 0:
            raise ValueError(f"`references` must have at least one code for each prompt, got none at index {index}.")
    if k < 1:
        raise ValueError(f"`k` must be 1 or more, got {k}.")

    chosen = []
    for ranked, right in zip(candidates, references, strict=True):
        first = list(ranked[:k]) or [""]
        is_choice = len(first) > 1
        chosen.append(max(first, key=lambda code: metric.sentence_score(code, right).score) if is_choice else first[0])
    # sacrebleu wants the first references of all prompts, then the second ones, with None where a prompt has no more.
    score = metric.corpus_score(chosen, list(zip_longest(*references)), n_bootstrap=NUM_RESAMPLES)
    # The JSON is sacrebleu's public way to the interval; it is left out where all resamples score 0.
    interval = json.loads(score.format(width=6, signature=str(metric.get_signature()), is_json=True))
    half_width = interval.get("confidence_var", 0.0)
    value = min(100.0, score.score)  # BLEU of equal texts is 100 plus a rounding error
    return Estimate(value, max(0.0, value - half_width), min(100.0, value + half_width))
