# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
How many of the templates of people's commands generated ones have.

The template of a command is that of [`~codefusion_hf.languages.bash.templates.bash_template`]: utilities, flags and
operators.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from codefusion_hf.languages.bash.templates import bash_template
from codefusion_hf.languages.coverage import Coverage, count_coverage


# Parsing is slow, so commands that differ only in plain words between quotes, in paths and in numbers are parsed once.
_QUOTED = re.compile(r"""'[^'"$`{}\\;|&()<>]*'|"[^'"$`{}\\;|&()<>]*\"""")
_WORD = re.compile(r"(?<=[ =])(?:\.{0,2}/[A-Za-z0-9_./-]+|[a-z_]+\.[a-z0-9]+|\d+)(?=[ |;)]|$)")


def known_templates(codes: Iterable[str]) -> set[str]:
    """
    The templates of commands.

    Args:
        codes (`Iterable[str]`):
            The commands.

    Returns:
        `set[str]`: their templates.
    """
    # Most commands differ in names alone.
    different = {_WORD.sub("x", _QUOTED.sub("'x'", code)): code for code in codes}
    return {bash_template(code) for code in different.values()}


def measure_coverage(references: Sequence[str], codes: Iterable[str]) -> Coverage:
    """
    Measure which templates of some commands occur among others.

    Args:
        references (`Sequence[str]`):
            The commands to be known, one or more.
        codes (`Iterable[str]`):
            The commands that are known.

    Returns:
        [`~codefusion_hf.languages.coverage.Coverage`]: the templates.

    Raises:
        ValueError: if there are no references.
    """
    return count_coverage("templates", Counter(map(bash_template, references)), known_templates(codes))


__all__ = ["known_templates", "measure_coverage"]
