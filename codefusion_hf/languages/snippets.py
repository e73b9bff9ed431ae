# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What every language gives: the parts of a snippet that CPD may mask, and snippets of source files."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class MaskableSpans:
    r"""
    The parts of a snippet that CPD may mask.

    Args:
        spans (`tuple[tuple[int, int], ...]`):
            Start and end of every part, in characters of the snippet; sorted, disjoint and none empty.
        parsed (`bool`):
            Whether the language's parser found them. `False` means that it could not read the snippet and the
            language's lexical rule found them. Worth counting: the rule is an approximation, and a snippet that does
            not parse may not be code.
    """

    spans: tuple[tuple[int, int], ...]
    parsed: bool


class Snippet(NamedTuple):
    """
    A piece of a source file.

    Args:
        line (`int`):
            Line of the file where it starts, from 1.
        code (`str`):
            Its text.
        parsed (`bool`):
            Whether the parser of the language found it; `False` for a logical line of a shell script.
    """

    line: int
    code: str
    parsed: bool = True


__all__ = ["MaskableSpans", "Snippet"]
