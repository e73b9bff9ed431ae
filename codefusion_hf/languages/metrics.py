# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What a metric of a language is: it gives each candidate of a prompt a number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Exercise(Protocol):
    """What candidates are compared with, as of [`~codefusion_hf.evaluation.examples.Example`]."""

    @property
    def prompt(self) -> str: ...

    @property
    def references(self) -> tuple[str, ...]: ...

    @property
    def table(self) -> Sequence[Sequence[Any]] | None: ...


@dataclass(frozen=True)
class CandidateMetric:
    """
    A metric that gives each candidate a number.

    Args:
        name (`str`):
            Its name in reports.
        title (`str`):
            Its name in tables.
        value (callable from `str` and [`Exercise`] to `float`):
            The number, in [0, 1] (the NLC2CMD score: from -1), of a candidate that is not blank.
        worst (`float`, *optional*, defaults to 0.0):
            That of a blank candidate, and of none.
        less_is_better (`bool`, *optional*, defaults to `False`):
            Whether the best candidate is the one with the lowest number.
        only_first (`bool`, *optional*, defaults to `False`):
            Whether the figure is given at top-1 alone.
        is_defined (callable from [`Exercise`] to `bool`, *optional*):
            Which prompts the metric is about; the figure is a mean over them. All if not given.
        program (`str`, *optional*):
            A program that it takes: where it is not installed, there is no figure.
    """

    name: str
    title: str
    value: Callable[[str, Exercise], float]
    worst: float = 0.0
    less_is_better: bool = False
    only_first: bool = False
    is_defined: Callable[[Exercise], bool] | None = None
    program: str | None = None


def syntax_metric(
    title: str, is_valid: Callable[[str], bool], name: str = "valid", program: str | None = None
) -> CandidateMetric:
    """
    The metric that says whether candidates are well-formed.

    Args:
        title (`str`):
            Its name in tables.
        is_valid (callable from `str` to `bool`):
            Whether a candidate is.
        name (`str`, *optional*, defaults to `"valid"`):
            Its name in reports.
        program (`str`, *optional*):
            A program that it takes.

    Returns:
        [`CandidateMetric`]: at top-1 alone.
    """
    return CandidateMetric(
        name, title, lambda candidate, example: float(is_valid(candidate)), only_first=True, program=program
    )


__all__ = ["CandidateMetric", "Exercise", "syntax_metric"]
