# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion data inspect`, `pairs`, `rename`, `overlap` and `coverage`: what is in data files, and more of it."""

import argparse
import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from codefusion_hf.languages import LANGUAGES, get_language
from codefusion_hf.languages.python.source_pairs import KINDS
from codefusion_hf.terminal import printable


@contextmanager
def _printable_errors() -> Iterator[None]:
    """Messages show what is in a file, which is not to control the terminal."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise ValueError(printable(" ".join(str(error).split()))) from error


def inspect_command(args: argparse.Namespace) -> None:
    """`codefusion data inspect`: show what is in a data file."""
    import transformers

    from codefusion_hf.data.inspection import load_tokenizer, print_report
    from codefusion_hf.data.pairs import load_rows

    transformers.utils.logging.set_verbosity_error()
    with _printable_errors():
        loaded = load_rows(
            args.path,
            args.text_column,
            args.code_column,
            format=args.format,
            split=args.split,
            name=args.name,
            streaming=args.streaming,
            limit=args.limit,
            on_malformed="skip",
        )
        print_report(loaded, load_tokenizer(args.tokenizer), args.language)


def _write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    from codefusion_hf.files import write_text

    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def pairs_command(args: argparse.Namespace) -> None:
    """`codefusion data pairs`: cut pairs of a prompt and code out of Python source."""
    from codefusion_hf.data.augmentation import read_source_pairs

    rows, num_duplicates, num_skipped = read_source_pairs(args.paths, args.kinds)
    _write_rows(args.output, rows)
    counts = Counter(row["kind"] for row in rows)
    print(
        f"{args.output}: {len(rows):,} pairs ({', '.join(f'{kind} {counts[kind]:,}' for kind in args.kinds)}); "
        f"{num_duplicates:,} duplicates and {num_skipped:,} files that do not parse left out"
    )


def rename_command(args: argparse.Namespace) -> None:
    """`codefusion data rename`: add copies by other names to Python pairs."""
    from codefusion_hf.data.augmentation import augment_pairs
    from codefusion_hf.data.pairs import load_pairs

    rows = load_pairs(args.path)
    name_rows = [row for path in args.names_from for row in load_pairs(path)]
    augmented = augment_pairs(rows, args.augment, args.seed, name_rows)
    _write_rows(args.output, augmented)
    print(f"{args.output}: {len(rows):,} pairs and {len(augmented) - len(rows):,} copies by other names")


def overlap_command(args: argparse.Namespace) -> None:
    """`codefusion data overlap`: list the rows that other files have too; the exit code is 1 if there are any."""
    from codefusion_hf.data.overlap import KINDS as OVERLAPS
    from codefusion_hf.data.overlap import find_overlap

    with _printable_errors():
        overlap = find_overlap(args.paths, args.against, args.max_similarity)
    for row in overlap.rows:
        print(f"{printable(row.location)}: {', '.join(row.kinds)}")
    counts = ", ".join(f"{overlap.count(kind)} by {kind}" for kind in OVERLAPS)
    print(
        f"{len(overlap.rows)} of {overlap.num_rows} rows overlap with the {overlap.num_other_rows} rows of "
        f"{len(args.against)} files: {counts}."
    )
    if overlap.rows:
        sys.exit(1)


def coverage_command(args: argparse.Namespace) -> None:
    """`codefusion data coverage`: say how much of what people's code has is in invented rows, too."""
    from codefusion_hf.data.pairs import load_pairs

    if args.num_rows < 1:
        raise ValueError(f"--num-rows must be 1 or more, got {args.num_rows}.")
    language = get_language(args.language)
    references = [pair["code"] for pair in load_pairs(args.data)]
    rows = itertools.islice(language.generate_rows(args.seed), args.num_rows)
    found = language.coverage(references, (row["code"] for row in rows))
    print(
        f"{args.num_rows} rows of seed {args.seed} have {found.covered} of {found.total} {found.noun} "
        f"({found.covered / found.total:.1%}), {found.covered_kinds} of {found.kinds} different ones "
        f"({found.covered_kinds / found.kinds:.1%})."
    )
    for name, count in found.missing[: args.show_missing]:
        print(f"{count:>5}  {printable(name)}")


def add_file_parsers(kinds: "argparse._SubParsersAction[Any]") -> None:
    """
    Add these commands to those of `codefusion data`.

    Args:
        kinds (`argparse._SubParsersAction`):
            Where to, as of [`argparse.ArgumentParser.add_subparsers`].
    """
    inspect = kinds.add_parser("inspect", help="show what is in a data file")
    inspect.add_argument("path", metavar="FILE", help="file or folder, or hf://datasets/OWNER/NAME")
    inspect.add_argument("--format", help="format of the file (told from its name and content)")
    inspect.add_argument("--text-column", metavar="NAME", help="column of the prompt (text, or that of the format)")
    inspect.add_argument("--code-column", metavar="NAME", help="column of the code (code, or that of the format)")
    inspect.add_argument("--split", help="split of a codefusion file or Hub data set (train)")
    inspect.add_argument("--name", help="configuration of a Hub data set")
    inspect.add_argument("--streaming", action="store_true", help="fetch no more of a Hub data set than --limit rows")
    inspect.add_argument("--limit", type=int, metavar="N", help="look at the first N rows (all)")
    inspect.add_argument("--tokenizer", metavar="PATH", help="folder or Hub id (that of the bundled bash-tiny)")
    inspect.add_argument("--language", choices=LANGUAGES, help="what to mask the example as (the guess)")
    inspect.set_defaults(command=inspect_command)

    pairs = kinds.add_parser("pairs", help="cut pairs of a prompt and code out of Python source")
    pairs.add_argument("paths", nargs="+", type=Path, metavar="SOURCE", help="Python files, or folders with some")
    pairs.add_argument("--output", required=True, type=Path, metavar="FILE", help="JSON Lines to write the pairs to")
    pairs.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="which pairs to cut (all)")
    pairs.set_defaults(command=pairs_command)

    rename = kinds.add_parser("rename", help="add copies by other names to Python pairs")
    rename.add_argument("path", metavar="FILE", help="file of pairs, in any format that has prompts")
    rename.add_argument("--augment", required=True, type=int, metavar="N", help="copies of each pair")
    rename.add_argument("--names-from", nargs="+", default=[], metavar="FILE", help="pairs whose names are drawn, too")
    rename.add_argument("--seed", type=int, default=0, help="seed of the draws (%(default)s)")
    rename.add_argument("--output", required=True, type=Path, metavar="FILE", help="JSON Lines to write all pairs to")
    rename.set_defaults(command=rename_command)

    overlap = kinds.add_parser("overlap", help="list the rows of data files that others have too")
    overlap.add_argument(
        "paths", nargs="+", metavar="FILE_OR_FOLDER", help="data files, or folders with .jsonl files, to be listed"
    )
    overlap.add_argument(
        "--against", nargs="+", required=True, metavar="FILE", help="files to compare with, of which nothing is shown"
    )
    overlap.add_argument(
        "--max-similarity",
        type=float,
        default=0.9,
        metavar="COSINE",
        help="cosine of TF-IDF vectors from which two texts are similar (%(default)s)",
    )
    overlap.set_defaults(command=overlap_command)

    coverage = kinds.add_parser("coverage", help="say how much of what people's code has is in invented rows")
    coverage.add_argument("language", choices=LANGUAGES, help="language of the code")
    coverage.add_argument("data", metavar="FILE", help="people's pairs")
    coverage.add_argument("--num-rows", type=int, default=200_000, metavar="N", help="rows to invent (%(default)s)")
    coverage.add_argument("--seed", type=int, default=0, help="their seed (%(default)s)")
    coverage.add_argument(
        "--show-missing", type=int, default=0, metavar="N", help="print the N most frequent missing ones"
    )
    coverage.set_defaults(command=coverage_command)


__all__ = [
    "add_file_parsers",
    "coverage_command",
    "inspect_command",
    "overlap_command",
    "pairs_command",
    "rename_command",
]
