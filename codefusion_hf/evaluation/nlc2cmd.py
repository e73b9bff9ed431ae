# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Bash: the accuracy score of the NLC2CMD competition (Agarwal et al., NeurIPS 2020, https://arxiv.org/abs/2103.02523).

The utilities of candidate and reference are compared place by place, in the order in which they stand. A place gives
-1 if the utilities differ or one side has none there; if they are equal it gives, for the sets of flags F and G,

    1/2 · (1 + (2 · |F ∩ G| − |F ∪ G|) / max(|F|, |G|)),

which is 1 for equal sets (also for two empty ones) and 0 for flags that have nothing in common. The score is the mean
over all places of the longer side. Arguments, operators and the order of flags do not count.

Ours differs from the competition's in this:

- A candidate has no confidence (the competition multiplies by one that the system states): it is 1.
- With several references, the best score counts. The competition takes, over the candidates of a prompt, the best
  score if one is positive and their mean otherwise; here a candidate is scored alone.
- Commands are parsed by bashlex, not bashlint: see [`~codefusion_hf.evaluation.bash.utilities_and_flags`] for what is
  a utility and a flag. The flags of a command that `find -exec` or a wrapper such as `xargs` runs belong to that
  command only. Names of utilities are case-sensitive.
- What does not parse, or has no utility (`x=1`), gives 1 if it equals the reference as a string with normalised
  whitespace, and -1 otherwise; the competition gives -1 for such candidates and 0 for such references.
"""

from collections.abc import Sequence
from itertools import zip_longest

from codefusion_hf.evaluation.bash import BashSyntaxError, utilities_and_flags
from codefusion_hf.evaluation.metrics.exact_match import normalize_whitespace


def nlc2cmd_score(candidate: str, references: Sequence[str]) -> float:
    """
    The NLC2CMD score of one candidate; the module's docstring has the definition.

    Args:
        candidate (`str`):
            The command to score. A blank one scores -1.
        references (sequence of `str`):
            The right answers of its prompt, one or more.

    Returns:
        `float`: From -1 (no utility in its place) to 1 (all utilities and flags), the best over the references.

    Raises:
        `ValueError`: If there are no references.
    """
    if len(references) == 0:
        raise ValueError("`references` must have at least one code, got none.")
    return max(_score(candidate, reference) for reference in references)


def _score(candidate: str, reference: str) -> float:
    if candidate.strip() and normalize_whitespace(candidate) == normalize_whitespace(reference):
        return 1.0
    try:
        places = list(zip_longest(utilities_and_flags(candidate), utilities_and_flags(reference)))
    except BashSyntaxError:
        return -1.0
    if not places:
        return -1.0
    return sum(_place_score(predicted, right) for predicted, right in places) / len(places)


def _place_score(predicted: tuple[str, frozenset[str]] | None, right: tuple[str, frozenset[str]] | None) -> float:
    if predicted is None or right is None or predicted[0] != right[0]:
        return -1.0
    flags, right_flags = predicted[1], right[1]
    if flags == right_flags:
        return 1.0
    overlap = 2 * len(flags & right_flags) - len(flags | right_flags)
    return (1 + overlap / max(len(flags), len(right_flags))) / 2
