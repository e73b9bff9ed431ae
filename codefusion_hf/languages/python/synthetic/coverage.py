# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""How much of the functions that people's code calls generated code shows."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from codefusion_hf.languages.coverage import Coverage, count_coverage
from codefusion_hf.languages.python.syntax import parse_python


# How often generated code must call a name for it to count as shown.
MIN_OCCURRENCES = 5


def called_names(code: str) -> Iterator[str]:
    """
    Names of the functions and methods that code calls.

    Args:
        code (`str`):
            Python code.

    Yields:
        `str`: `join` for `", ".join(words)`, `len` for `len(words)`; nothing if the code does not parse.
    """
    try:
        tree, _ = parse_python(code)
    except ValueError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr
            elif isinstance(node.func, ast.Name):
                yield node.func.id


def measure_coverage(references: Sequence[str], codes: Iterable[str]) -> Coverage:
    """
    Measure which calls of people's code are of names that generated code calls `MIN_OCCURRENCES` times or more.

    Args:
        references (`Sequence[str]`):
            People's code.
        codes (`Iterable[str]`):
            Generated code.

    Returns:
        [`~codefusion_hf.languages.coverage.Coverage`]: the calls.

    Raises:
        ValueError: if people's code calls nothing.
    """
    calls = Counter(name for code in references for name in called_names(code))
    shown = Counter(name for code in codes for name in called_names(code))
    return count_coverage("calls", calls, {name for name, count in shown.items() if count >= MIN_OCCURRENCES})


__all__ = ["MIN_OCCURRENCES", "called_names", "measure_coverage"]
