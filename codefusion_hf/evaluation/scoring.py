# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Scores of ranked candidates against several references, at top-1, top-3 and top-5 as in the CodeFusion paper."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from codefusion_hf.data.pairs import normalize_prompt
from codefusion_hf.evaluation.bash import bash_template, is_valid_bash
from codefusion_hf.evaluation.exact_match import normalize_whitespace


def group_references(pairs: Iterable[Mapping[str, str]]) -> dict[str, list[str]]:
    """
    Gather the right answers of every prompt: data sets such as NL2Bash repeat a prompt with several.

    Args:
        pairs (iterable of mappings with `text` and `code`):
            The pairs. Prompts are equal when their normalised forms are, see
            [`~codefusion_hf.data.pairs.normalize_prompt`].

    Returns:
        `dict[str, list[str]]`: Normalised prompt to its distinct codes, both in the order of their first occurrence.
    """
    references: dict[str, dict[str, None]] = {}
    for pair in pairs:
        references.setdefault(normalize_prompt(pair["text"]), {})[pair["code"]] = None
    return {prompt: list(codes) for prompt, codes in references.items()}


def match_at_k(
    candidates: Sequence[Sequence[str]],
    references: Sequence[Sequence[str]],
    k: int,
    normalize: Callable[[str], str],
) -> float:
    """
    Share of prompts with a right one among their first `k` candidates.

    Args:
        candidates (sequence of sequences of `str`):
            Ranked candidates of every prompt, best first. Blank ones match nothing; where there are fewer than `k`,
            all are looked at.
        references (sequence of sequences of `str`):
            The right answers of every prompt; matching any of them is enough.
        k (`int`):
            Number of candidates to look at, 1 or more.
        normalize (callable from `str` to `str`):
            Two codes match when their normalised forms are equal.

    Returns:
        `float`: Percentage from 0 to 100.
    """
    matched = 0
    for ranked, right in zip(candidates, references, strict=True):
        accepted = {normalize(code) for code in right}
        matched += any(code.strip() and normalize(code) in accepted for code in ranked[:k])
    return 100 * matched / len(candidates)


def score_candidates(
    candidates: Sequence[Sequence[str]],
    references: Sequence[Sequence[str]],
    ks: Sequence[int] = (1, 3, 5),
) -> dict[str, float]:
    """
    Score ranked Bash candidates.

    Args:
        candidates (sequence of sequences of `str`):
            Ranked candidates of every prompt, best first. A prompt without candidates counts as not answered.
        references (sequence of sequences of `str`):
            The right answers of every prompt, at least one each.
        ks (sequence of `int`, *optional*, defaults to `(1, 3, 5)`):
            How many candidates to look at, each 1 or more.

    Returns:
        `dict[str, float]`: Percentages of all prompts, from 0 to 100:

        - `non_empty_top1`: the first candidate is not blank.
        - `valid_top1`: `bash -n` accepts the first candidate, and it is not blank
          ([`~codefusion_hf.evaluation.bash.is_valid_bash`]).
        - `exact_match_top{k}`: one of the first `k` equals a reference, whitespace normalised.
        - `template_match_top{k}`: one of the first `k` has the template of a reference
          ([`~codefusion_hf.evaluation.bash.bash_template`]).

    Raises:
        `ValueError`: If there are no prompts, the two lengths differ, a prompt has no reference, or a `k` is below 1.
        `RuntimeError`: If `bash` is not installed.
    """
    if len(candidates) == 0 or len(candidates) != len(references):
        raise ValueError(
            "`candidates` and `references` must have one entry for each of one or more prompts, "
            f"got {len(candidates)} and {len(references)}."
        )
    for index, right in enumerate(references):
        if len(right) == 0:
            raise ValueError(f"`references` must have at least one code for each prompt, got none at index {index}.")
    if len(ks) == 0 or min(ks) < 1:
        raise ValueError(f"`ks` must be one or more integers from 1 up, got {ks!r}.")

    first = [ranked[0] if ranked else "" for ranked in candidates]
    scores = {
        "non_empty_top1": 100 * sum(bool(code.strip()) for code in first) / len(first),
        "valid_top1": 100 * sum(is_valid_bash(code) for code in first) / len(first),
    }
    for metric, normalize in (("exact_match", normalize_whitespace), ("template_match", bash_template)):
        for k in ks:
            scores[f"{metric}_top{k}"] = match_at_k(candidates, references, k, normalize)
    return scores
