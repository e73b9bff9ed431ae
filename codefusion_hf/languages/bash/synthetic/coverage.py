# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
How many of the templates of a file the generator knows.

    python -m codefusion_hf.languages.bash.synthetic.coverage train.jsonl --num-pairs 200000

The template of a command is that of [`~codefusion_hf.languages.bash.templates.bash_template`]: utilities, flags and
operators.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codefusion_hf.data.pairs import load_pairs
from codefusion_hf.languages.bash.synthetic.generator import generate_pairs
from codefusion_hf.languages.bash.templates import bash_template
from codefusion_hf.terminal import OneLineErrorParser


# Parsing is slow, so commands that differ only in plain words between quotes, in paths and in numbers are parsed once.
_QUOTED = re.compile(r"""'[^'"$`{}\\;|&()<>]*'|"[^'"$`{}\\;|&()<>]*\"""")
_WORD = re.compile(r"(?<=[ =])(?:\.{0,2}/[A-Za-z0-9_./-]+|[a-z_]+\.[a-z0-9]+|\d+)(?=[ |;)]|$)")


@dataclass(frozen=True)
class Coverage:
    """
    What was measured.

    Args:
        rows (`int`):
            Rows of the file.
        covered_rows (`int`):
            Those whose template occurs among the pairs.
        templates (`int`):
            Different templates of the file.
        covered_templates (`int`):
            Those that occur among the pairs.
        missing (`tuple[tuple[str, int], ...]`):
            The templates that do not, most frequent first, with their rows.
    """

    rows: int
    covered_rows: int
    templates: int
    covered_templates: int
    missing: tuple[tuple[str, int], ...]


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
            The commands to be known, one a row.
        codes (`Iterable[str]`):
            The commands that are known.

    Returns:
        [`Coverage`]: what was found.

    Raises:
        ValueError: if there are no references.
    """
    if not references:
        raise ValueError("`references` must have one command or more, got none.")
    known = known_templates(codes)
    counts = Counter(bash_template(code) for code in references)
    missing = [(template, count) for template, count in counts.most_common() if template not in known]
    return Coverage(
        len(references),
        len(references) - sum(count for _, count in missing),
        len(counts),
        len(counts) - len(missing),
        tuple(missing),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; see the documentation of this module."""
    parser = OneLineErrorParser(
        prog="python -m codefusion_hf.languages.bash.synthetic.coverage",
        description="How many of the templates of a file the generator of Bash pairs knows.",
    )
    parser.add_argument("data", help="data file with the commands to be known")
    parser.add_argument("--num-pairs", type=int, default=200000, metavar="N", help="pairs to generate (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="their seed (%(default)s)")
    parser.add_argument(
        "--show-missing", type=int, default=0, metavar="N", help="print the N most frequent missing ones"
    )
    args = parser.parse_args(arguments)
    if args.num_pairs < 1:
        parser.error(f"--num-pairs must be 1 or more, got {args.num_pairs}.")
    try:
        references = [pair["code"] for pair in load_pairs(args.data)]
    except (OSError, ValueError) as error:
        parser.error(str(error))
    pairs = itertools.islice(generate_pairs(args.seed), args.num_pairs)
    coverage = measure_coverage(references, (pair["code"] for pair in pairs))
    print(
        f"{args.num_pairs} pairs of seed {args.seed}: {coverage.covered_rows} of {coverage.rows} rows "
        f"({coverage.covered_rows / coverage.rows:.1%}), {coverage.covered_templates} of {coverage.templates} "
        f"templates ({coverage.covered_templates / coverage.templates:.1%})."
    )
    for template, count in coverage.missing[: args.show_missing]:
        print(f"{count:>5}  {template}")


if __name__ == "__main__":
    main()


__all__ = ["Coverage", "known_templates", "measure_coverage"]
