# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
How much of the functions that people's code calls generated pairs show.

    python -m codefusion_hf.languages.python.synthetic.coverage train.jsonl --num-pairs 200000
"""

import argparse
import ast
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from codefusion_hf.data.pairs import load_pairs
from codefusion_hf.languages.python.synthetic.generator import generate_pairs
from codefusion_hf.terminal import OneLineErrorParser


# How often a name must be called in generated pairs to count as shown.
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
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr
            elif isinstance(node.func, ast.Name):
                yield node.func.id


def measure_coverage(
    gold: Iterable[str], generated: Iterable[str], min_occurrences: int = MIN_OCCURRENCES
) -> tuple[float, float, Counter[str]]:
    """
    Share of what people's code calls that generated code calls often enough.

    Args:
        gold (iterable of `str`):
            People's code.
        generated (iterable of `str`):
            Generated code.
        min_occurrences (`int`, *optional*, defaults to 5):
            How often generated code must call a name, 1 or more.

    Returns:
        `tuple[float, float, Counter[str]]`: shares, between 0 and 1, of calls and of different names that are shown,
        and the calls that are not, by name.

    Raises:
        ValueError: if `min_occurrences` is below 1, or people's code calls nothing.
    """
    if min_occurrences < 1:
        raise ValueError(f"`min_occurrences` must be 1 or more, got {min_occurrences}.")
    calls = Counter(name for code in gold for name in called_names(code))
    if not calls:
        raise ValueError("`gold` must have code that calls functions, got none.")
    shown = Counter(name for code in generated for name in called_names(code))
    missing = Counter({name: count for name, count in calls.items() if shown[name] < min_occurrences})
    share_of_calls = 1 - missing.total() / calls.total()
    return share_of_calls, 1 - len(missing) / len(calls), missing


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; see the documentation of this module."""
    parser: argparse.ArgumentParser = OneLineErrorParser(
        prog="python -m codefusion_hf.languages.python.synthetic.coverage",
        description="Measure how much of the functions that people's code calls generated pairs show.",
    )
    parser.add_argument("gold", help="JSON Lines file of people's pairs")
    parser.add_argument("--num-pairs", type=int, default=200000, help="pairs to generate (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the generator (%(default)s)")
    args = parser.parse_args(arguments)
    try:
        gold = [pair["code"] for pair in load_pairs(args.gold)]
        generated = (pair["code"] for pair in itertools.islice(generate_pairs(args.seed), args.num_pairs))
        of_calls, of_names, missing = measure_coverage(gold, generated)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    print(f"{args.gold}: of the calls, {of_calls:.1%} are of names that {args.num_pairs} generated pairs call")
    print(f"{MIN_OCCURRENCES} times or more; of the names, {of_names:.1%}. Missing most often:")
    print(", ".join(f"{name} {count}" for name, count in missing.most_common(60)))


if __name__ == "__main__":
    main()


__all__ = ["MIN_OCCURRENCES", "called_names", "measure_coverage"]
