# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What a language can do. Each folder beside this file has one, and the registry of this package has them all."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar


if TYPE_CHECKING:
    from .coverage import Coverage
    from .metrics import CandidateMetric
    from .snippets import MaskableSpans, Snippet

Row = TypeVar("Row", str, dict[str, Any])


class Language(ABC):
    """
    A language that models write, and all that there is to do with its code. Code is parsed and compared, never run.

    To add a language, subclass this in a folder of its own, name it in the registry and, since slots travel with the
    checkpoints, in [`~codefusion_hf.pipelines.slots`]. Methods import what they need when they are called: who
    generates needs no parser, who masks no metrics.

    Attributes:
        name (`str`):
            What it is called in arguments and files.
        title (`str`):
            What it is called in sentences.
        main_metric (`str`):
            Name of the metric that the paper reports for it.
        source_suffixes (`tuple[str, ...]`):
            Suffixes of source files that [`cut`] takes; none if it has no such files.
        is_code_telling (`bool`):
            Whether rows with the same code are likely to ask for the same in other words, so that none is invented
            with code of a test file.
    """

    name: str
    title: str
    main_metric: str
    source_suffixes: tuple[str, ...] = ()
    is_code_telling = True

    @abstractmethod
    def is_valid(self, code: str) -> bool:
        """Whether code is well-formed, blank code is not."""

    def find_error(self, code: str) -> int | None:
        """Where code is not well-formed, in characters, or its end where nobody can say; `None` if it is."""
        if self.is_valid(code):
            return None
        place = self.error_place(code)
        return len(code) if place is None else min(place, len(code))

    def error_place(self, code: str) -> int | None:
        """Where a parser fails in code that is not well-formed, in characters; `None` if it does not say."""
        return None

    def is_parsable(self, code: str) -> bool:
        """Whether metrics see more than a string in code, which may be less than is valid, or more."""
        return self.is_valid(code)

    def is_same(self, code: str, other: str) -> bool:
        """Whether two programs do the same as far as their text tells: here, if they are equal up to white space."""
        return code.split() == other.split()

    @abstractmethod
    def maskable_spans(self, code: str) -> "MaskableSpans":
        """
        Finds the identifiers and built-in keywords of a snippet, which are all that code-specific continuous paragraph
        denoising masks (https://huggingface.co/papers/2310.17680, pre-training). The module `masking` of each language
        says what counts.

        Args:
            code (`str`):
                The snippet. Any text will do: what does not parse gets the spans of the language's lexical rule.

        Returns:
            [`~codefusion_hf.languages.snippets.MaskableSpans`]: the spans in characters of `code`, and whether `code`
            could be parsed.
        """

    @abstractmethod
    def metrics(self) -> "tuple[CandidateMetric, ...]":
        """The metrics of this language alone, in the order of reports."""

    @abstractmethod
    def generate_rows(self, seed: int = 0) -> Iterator[dict[str, Any]]:
        """
        Invents rows to train on, without end.

        Args:
            seed (`int`, *optional*, defaults to 0):
                The same seed gives the same rows.

        Returns:
            `Iterator[dict[str, Any]]`: rows with `text`, `code` and, where there is a table, `data`. Some are the
            same.
        """

    def generate_held_out_rows(self, seed: int = 0) -> Iterator[dict[str, Any]]:
        """
        Invents rows to measure with, about what no rows of [`generate_rows`] are about.

        Args:
            seed (`int`, *optional*, defaults to 0):
                The same seed gives the same rows.

        Returns:
            `Iterator[dict[str, Any]]`: rows as of [`generate_rows`].

        Raises:
            ValueError: if the language has none.
        """
        raise ValueError(f"of {self.title}, no rows are held out.")

    def row_key(self, row: dict[str, Any]) -> Hashable:
        """What is equal for invented rows that are the same."""
        return row["text"], row["code"]

    def cut(self, source: str) -> "list[Snippet]":
        """
        Cuts the text of a source file into snippets for pre-training; the module `source` of each language says how.

        Args:
            source (`str`):
                The text.

        Returns:
            `list[Snippet]`: the snippets.

        Raises:
            ValueError: if the text cannot be parsed, or the language has no source files.
        """
        raise ValueError(f"{self.title} has no source files to cut.")

    def prepare_row(self, row: Row) -> Row:
        """A row (`code`, `text` if there is a prompt, `data` if there is a table) or snippet as models see it."""
        return row

    def bare_prompt(self, prompt: str) -> str:
        """A prompt without what [`prepare_row`] has added to it."""
        return prompt

    def coverage(self, references: Sequence[str], codes: Iterable[str]) -> "Coverage":
        """
        Measures how much of what people's code has is in generated code, too.

        Args:
            references (`Sequence[str]`):
                People's code.
            codes (`Iterable[str]`):
                Generated code.

        Returns:
            [`~codefusion_hf.languages.coverage.Coverage`]: what was found.

        Raises:
            ValueError: if there is nothing to look for, or nothing of this language is.
        """
        raise ValueError(f"there is nothing to compare {self.title} by.")


__all__ = ["Language"]
