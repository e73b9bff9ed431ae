# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Exact-name copy: how many of the names that a prompt quotes arrive in the code exactly.

CoNaLa's prompts (https://arxiv.org/abs/1805.08949) put variables, strings and numbers between backticks or quotes:
"sort list `mylist` by 'age'". A *name* is what stands between two backticks or two quotes of one kind and occurs in
the reference, case and blanks included, and not as a part of a longer word: `a` is not in `data`. The names of a
prompt that its reference does without are not asked for. A candidate's figure is the share of these names that occur
in it in the same way; of several references, that of the one which is best for the candidate counts. Quotes around a
name are not compared, and neither is how often or where it occurs.
"""

import re
from collections.abc import Iterable

from codefusion_hf.data.renaming import QUOTED


def quoted_names(prompt: str, reference: str) -> list[str]:
    """
    The names that a prompt quotes and its reference has.

    Args:
        prompt (`str`):
            The prompt.
        reference (`str`):
            A right answer.

    Returns:
        `list[str]`: different names, in the order of the prompt.
    """
    names = dict.fromkeys(match[0][1:-1].strip() for match in QUOTED.finditer(prompt))
    return [name for name in names if name and _occurs(name, reference)]


def has_quoted_names(prompt: str, references: Iterable[str]) -> bool:
    """
    Whether the figure is defined for a prompt.

    Args:
        prompt (`str`):
            The prompt.
        references (iterable of `str`):
            Its right answers.

    Returns:
        `bool`: whether the prompt quotes a name that one of the references has.
    """
    return any(quoted_names(prompt, reference) for reference in references)


def name_copy(candidate: str, prompt: str, references: Iterable[str]) -> float:
    """
    Share of the names quoted in a prompt that arrive in a candidate; this module's docstring has the definition.

    Args:
        candidate (`str`):
            The generated code.
        prompt (`str`):
            The prompt.
        references (iterable of `str`):
            Its right answers, at least one of which has a quoted name ([`has_quoted_names`]).

    Returns:
        `float`: in [0, 1].

    Raises:
        ValueError: if no reference has a quoted name.
    """
    required = [names for reference in references if (names := quoted_names(prompt, reference))]
    if not required:
        raise ValueError(f"`prompt` must quote a name that a reference has, got {prompt!r}.")
    return max(sum(_occurs(name, candidate) for name in names) / len(names) for names in required)


def _occurs(name: str, code: str) -> bool:
    before = r"(?<!\w)" if re.match(r"\w", name) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", name) else ""
    return re.search(before + re.escape(name) + after, code) is not None


__all__ = ["has_quoted_names", "name_copy", "quoted_names"]
