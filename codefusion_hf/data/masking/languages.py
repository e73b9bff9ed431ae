# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The languages whose snippets can be masked, by name."""

from collections.abc import Callable

from .bash import bash_maskable_spans
from .cf import cf_maskable_spans
from .python import python_maskable_spans
from .spans import MaskableSpans


# How to add a language: a function from a snippet to its `MaskableSpans`.
LANGUAGES: dict[str, Callable[[str], MaskableSpans]] = {
    "bash": bash_maskable_spans,
    "cf": cf_maskable_spans,
    "python": python_maskable_spans,
}


def maskable_spans(code: str, language: str = "bash") -> MaskableSpans:
    r"""
    Finds the identifiers and built-in keywords of a snippet, which are all that code-specific CPD masks
    (https://huggingface.co/papers/2310.17680, pre-training). The modules of the languages say what counts.

    Args:
        code (`str`):
            The snippet. Any text will do: what does not parse gets the spans of the language's lexical rule.
        language (`str`, *optional*, defaults to `"bash"`):
            A key of `LANGUAGES`: `"bash"`, `"cf"` or `"python"`.

    Returns:
        [`MaskableSpans`]: the spans in characters of `code`, and whether `code` could be parsed.

    Raises:
        ValueError: if `language` is not a key of `LANGUAGES`.

    Example:

    ```python
    >>> maskable_spans("ls $HOME | grep 'x'")
    MaskableSpans(spans=((0, 2), (4, 8), (11, 15)), parsed=True)
    ```
    """
    if language not in LANGUAGES:
        raise ValueError(f"`language` must be one of {sorted(LANGUAGES)}, got {language!r}.")
    return LANGUAGES[language](code)


__all__ = ["LANGUAGES", "maskable_spans"]
