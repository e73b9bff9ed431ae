# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
What is drawn by chance, and how to narrow it to what a certain command can be made of.

Each choice knows what its options put into a command. [`Choices.narrow`] leaves those that a given template has room
for, so that a generator which has a million ways to go on finds in some hundred draws whether it can make a command
of that template at all (see `derivation.py`). It takes options away and changes how often the others are drawn, but
adds none: what a narrowed generator draws, the generator draws too.
"""

import itertools
import re
from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from codefusion_hf.languages.bash.templates import bash_template


# In narrowed choices, weights are raised to this power, so that what is rare is tried as well.
FLATTENED = 0.4
# How much more often an option is tried there for each token that it puts into the command.
FAVOURED = 3.0
# Where a value stands in the code of an option; it is no word of a template.
BLANK = "BLANK"

# What an option puts into a command.
Code = str | frozenset[str] | tuple[str, ...]

_PLACEHOLDER = re.compile(r"@\{([^{}]*)\}")
# A value that is written onto an option, as in `-n@{few}`, where letters would be taken for more options.
_JOINED = re.compile(r"(?<=[A-Za-z0-9-])@\{(?!\+\})[^{}]*\}")
# A dummy for any utility is `x` or `:`.
_OF_VALUES = frozenset(("ARG", BLANK, "ARG=ARG", "x", ":"))


class NothingFits(LookupError):
    """A narrowed choice has no option left."""


@lru_cache(maxsize=2**16)
def words_of(code: str) -> tuple[str, ...]:
    """
    The template of code that has placeholders.

    Args:
        code (`str`):
            A command, with placeholders where values stand.

    Returns:
        `tuple[str, ...]`: its words, without those that stand for values. Empty where the code is no command.
    """
    command = _PLACEHOLDER.sub(lambda match: "" if match[1] == "+" else BLANK, _JOINED.sub("7", code))
    return tuple(word for word in bash_template(command).split() if word not in _OF_VALUES)


def _alternatives(code: Code) -> Iterable[frozenset[str]]:
    if isinstance(code, frozenset):
        return (code,)
    return [frozenset(words_of(one)) for one in (code if isinstance(code, tuple) else (code,))]


def _heads(code: Code) -> Iterable[str]:
    if isinstance(code, frozenset):
        return ("",)
    return [(words_of(one) or ("",))[0] for one in (code if isinstance(code, tuple) else (code,))]


class Weighted:
    """
    Draws one of several by their weights.

    Args:
        options (sequence):
            What there is.
        weights (sequence of `float`):
            How often each is drawn.
        codes (sequence of `str`, `frozenset[str]` or `tuple[str, ...]`, *optional*):
            What each puts into a command: a command with it, several of which it makes one, or tokens of the
            template. Empty where that depends on other choices.
        are_heads (`bool`, *optional*, defaults to `False`):
            Whether a command begins with them, if nothing is put around it.

    Raises:
        ValueError: if no weight is positive.
    """

    __slots__ = ("options", "bounds", "total", "_all", "_weights", "_codes", "_tokens", "_are_heads")

    def __init__(
        self,
        options: Sequence[Any],
        weights: Sequence[float],
        codes: Sequence[Code] | None = None,
        are_heads: bool = False,
    ):
        self._are_heads = are_heads
        self._all = list(options)
        self._weights = list(weights)
        self._codes = list(codes) if codes is not None else [""] * len(self._all)
        # The tokens and the first word of each way to write an option.
        self._tokens: list[list[tuple[frozenset[str], str]]] | None = None
        if not self._weights or sum(self._weights) <= 0:
            raise ValueError(f"weights must be positive and at least one, got {self._weights}.")
        self.widen()

    def __bool__(self) -> bool:
        return bool(self.options)

    def draw(self, random: Callable[[], float]) -> Any:
        """One of them."""
        if not self.options:
            raise NothingFits
        return self.options[bisect(self.bounds, random() * self.total)]

    def narrow(self, tokens: frozenset[str], head: str = "") -> None:
        """
        Keep those options alone that a template has room for.

        Args:
            tokens (`frozenset[str]`):
                The words of the template.
            head (`str`, *optional*, defaults to `""`):
                What the command begins with; empty if something may be put around it.
        """
        if self._tokens is None:
            self._tokens = [list(zip(_alternatives(code), _heads(code), strict=True)) for code in self._codes]
        head = head if self._are_heads else ""
        kept = []
        for option, weight, alternatives in zip(self._all, self._weights, self._tokens, strict=True):
            sizes = [len(own) for own, first in alternatives if own <= tokens and (not head or first in ("", head))]
            if weight > 0 and sizes:
                kept.append((option, weight**FLATTENED * (1 + FAVOURED * max(sizes))))
        self._use([option for option, _ in kept], [weight for _, weight in kept])

    def flatten(self, power: float) -> None:
        """
        Draw what is rare more often; no option is added or taken away.

        Args:
            power (`float`):
                What the weights are raised to, from 0 (all alike) to 1 (as they are).
        """
        self._use(self._all, [weight**power if weight > 0 else 0.0 for weight in self._weights])

    def widen(self) -> None:
        """Take all options back in."""
        self._use(self._all, self._weights)

    def _use(self, options: Sequence[Any], weights: Sequence[float]) -> None:
        self.options = list(options)
        self.bounds = list(itertools.accumulate(weights))
        self.total = self.bounds[-1] if self.bounds else 0.0


class Choices:
    """All the choices of a catalogue, to narrow them together."""

    def __init__(self) -> None:
        self._all: list[Weighted] = []

    def weighted_pairs(self, pairs: Sequence[tuple[Any, ...]]) -> Weighted:
        """
        A choice that can be narrowed, as of [`~Choices.weighted`].

        Args:
            pairs (`Sequence[tuple]`):
                Options, their weights and, if there are any, their codes.

        Returns:
            [`Weighted`]
        """
        options, weights, *codes = (list(column) for column in zip(*pairs, strict=True))
        return self.weighted(options, weights, codes[0] if codes else None)

    def weighted(
        self,
        options: Sequence[Any],
        weights: Sequence[float],
        codes: Sequence[Code] | None = None,
        are_heads: bool = False,
    ) -> Weighted:
        """
        A choice that can be narrowed.

        Args:
            options (sequence):
                As of [`Weighted`].
            weights (sequence of `float`):
                As of [`Weighted`].
            codes (sequence of `str`, `frozenset[str]` or `tuple[str, ...]`, *optional*):
                As of [`Weighted`].
            are_heads (`bool`, *optional*, defaults to `False`):
                As of [`Weighted`].

        Returns:
            [`Weighted`]: the choice.
        """
        choice = Weighted(options, weights, codes, are_heads)
        self._all.append(choice)
        return choice

    def chance(self, probability: float, code: Code = "") -> Weighted:
        """
        Whether something happens.

        Args:
            probability (`float`):
                How often, from 0 to 1.
            code (`str` or `frozenset[str]`, *optional*, defaults to `""`):
                What it puts into a command, as of [`Weighted`].

        Returns:
            [`Weighted`]: a choice of `True` and `False`.
        """
        return self.weighted((True, False), (probability, 1 - probability), (code, ""))

    def narrow(self, tokens: frozenset[str], head: str = "") -> None:
        """
        Leave only options that a template has room for.

        Args:
            tokens (`frozenset[str]`):
                The words of the template.
            head (`str`, *optional*, defaults to `""`):
                What the command begins with; empty if something may be put around it.
        """
        for choice in self._all:
            choice.narrow(tokens, head)

    def flatten(self, power: float) -> None:
        """
        Draw what is rare more often; no option is added or taken away.

        Args:
            power (`float`):
                What all weights are raised to, from 0 (all alike) to 1 (as they are).
        """
        for choice in self._all:
            choice.flatten(power)

    def widen(self) -> None:
        """Undo [`narrow`] and [`flatten`]."""
        for choice in self._all:
            choice.widen()


__all__ = ["BLANK", "Choices", "NothingFits", "Weighted", "words_of"]
