# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion data`: rows to train on, invented, looked at and changed."""

import argparse
from typing import Any

from codefusion_hf.languages import LANGUAGES

from .data_files import add_file_parsers


def synthesize_command(args: argparse.Namespace) -> None:
    """`codefusion data synthesize`: write invented rows of a language to a file."""
    from codefusion_hf.data.synthesis import MAX_SIMILARITY, write_rows

    counts = write_rows(args.output, args.language, args.num_rows, args.seed, args.exclude, args.held_out_tables)
    print(
        f"{args.output}: {counts['written']} rows. Left out {counts['excluded']} that are in {len(args.exclude)} "
        f"excluded files or within {MAX_SIMILARITY} TF-IDF cosine of a prompt there, and {counts['repeated']} that "
        "repeat another one."
    )


def add_data_parser(commands: "argparse._SubParsersAction[Any]") -> None:
    """
    Add `data` and its commands to a command line.

    Args:
        commands (`argparse._SubParsersAction`):
            Where to, as of [`argparse.ArgumentParser.add_subparsers`].
    """
    data = commands.add_parser("data", help="make data to train on, and look at it")
    kinds = data.add_subparsers(required=True, metavar="COMMAND")
    synthesize = kinds.add_parser("synthesize", help="invent pairs of a prompt and code")
    synthesize.add_argument("language", choices=LANGUAGES, help="language of the code")
    synthesize.add_argument("--num-rows", type=int, required=True, metavar="N", help="how many rows")
    synthesize.add_argument(
        "--seed", type=int, default=0, metavar="S", help="the same seed gives the same rows (%(default)s)"
    )
    synthesize.add_argument(
        "--exclude",
        nargs="+",
        default=[],
        metavar="FILE",
        help="data files whose prompts, similar ones, and (of Bash and Python) programs are left out",
    )
    synthesize.add_argument("--output", required=True, metavar="FILE", help="JSON Lines file to write")
    synthesize.add_argument(
        "--held-out-tables",
        action="store_true",
        help="of rules, tables of subjects that no other rows are about, to measure with",
    )
    synthesize.set_defaults(command=synthesize_command)
    add_file_parsers(kinds)


__all__ = ["add_data_parser", "synthesize_command"]
