# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Invented training rows for CF rules: a table, a sentence about it, and the rule that the sentence asks for.

    python -m codefusion_hf.languages.cf.synthetic.generator --num-rows 200000 --exclude test.jsonl --output rows.jsonl

The published training split (https://github.com/microsoft/prose-benchmarks, of
https://huggingface.co/papers/2310.17680) has about 620 rows, with tables that say nothing. Here tables are of
[`~codefusion_hf.languages.cf.synthetic.tables`], wording of [`~codefusion_hf.languages.cf.synthetic.phrases`], and the
rules are those of Excel's menu, in the shares of `FAMILIES`.

Every rule is canonical ([`~codefusion_hf.languages.cf.rules.format_rule`]), and one meaning is written in one way:

- with a table, each test names its column; without one, none does;
- numbers are compared by `Equals` and `NotEquals`, texts and dates by `TextEquals` and `NOT(TextEquals(...))`;
- a text is as the sentence writes it; a date is too where the sentence writes it as a cell may show it, and is ISO's
  form else; a number is the number, also where the sentence writes `50k`, `$1,200` or `ten`; of per cent, the number
  of a cell that shows it, 0.5 for `50%`;
- "top" without a number is 10 (Excel's own), "highest", "maximum" and their like are 1;
- "between" is `Between`; two comparisons are an `AND` in the order of the sentence;
- what is only named ("highlight Harry") is `TextContains`, what "is" something `TextEquals`;
- a sentence that names no column is about the column of the right kind if there is only one, else about the second
  ([`~codefusion_hf.languages.cf.rules.default_column`]).
"""

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from codefusion_hf.data.pairs import load_pairs, normalize_prompt
from codefusion_hf.data.similarity import SimilarPrompts
from codefusion_hf.files import write_text
from codefusion_hf.languages.cf.rules import format_rule, unify_equalities
from codefusion_hf.languages.cf.synthetic.domains import NUMERIC_KINDS, TEXT_KINDS
from codefusion_hf.languages.cf.synthetic.sentences import Sentence
from codefusion_hf.languages.cf.synthetic.tables import invent_table
from codefusion_hf.terminal import OneLineErrorParser


# How often each family of rules is drawn, and the kinds of columns that it is about.
_NUMBERS = NUMERIC_KINDS
_RANKED = NUMERIC_KINDS | {"date"}
_ALL = NUMERIC_KINDS | TEXT_KINDS | {"date"}
FAMILIES: dict[str, tuple[float, frozenset[str]]] = {
    "GreaterThan": (9, _NUMBERS),
    "LessThan": (8, _NUMBERS),
    "GreaterThanEqual": (4, _NUMBERS),
    "LessThanEqual": (4, _NUMBERS),
    "Equals": (4, _NUMBERS),
    "NotEquals": (1.5, _NUMBERS),
    "Between": (5, _NUMBERS),
    "NotBetween": (0.7, _NUMBERS),
    "date": (5, frozenset({"date"})),
    "columns": (1.5, _NUMBERS),
    "TextEquals": (10, TEXT_KINDS),
    "NotTextEquals": (2.5, TEXT_KINDS),
    "boolean": (2, frozenset({"boolean"})),
    "TextContains": (8, TEXT_KINDS),
    "bare text": (3, TEXT_KINDS - {"boolean"}),
    "NotTextContains": (2, TEXT_KINDS),
    "TextStartsWith": (3.5, TEXT_KINDS - {"boolean"}),
    "NotTextStartsWith": (0.5, TEXT_KINDS - {"boolean"}),
    "TextEndsWith": (2.5, TEXT_KINDS - {"boolean"}),
    "NotTextEndsWith": (0.5, TEXT_KINDS - {"boolean"}),
    "Top": (8, _RANKED),
    "Bottom": (7, _RANKED),
    "TopPercent": (4, _NUMBERS),
    "BottomPercent": (3, _NUMBERS),
    "AboveAverage": (3.5, _NUMBERS),
    "BelowAverage": (3, _NUMBERS),
    "Duplicates": (4, _ALL),
    "Unique": (2, _ALL),
    "Blanks": (1.5, _ALL),
    "NotBlanks": (1.5, _ALL),
    "Errors": (1.2, _ALL),
    "NotErrors": (0.4, _ALL),
    "ColorScale": (5, _NUMBERS),
    "DataBar": (2.5, _NUMBERS),
    "IconSet": (3, _NUMBERS),
    "range": (3, _NUMBERS),
    "outside": (2, _NUMBERS),
    "either text": (3, TEXT_KINDS - {"boolean"}),
    "AND": (7, _ALL),
    "OR": (4, _ALL),
}
# Families that make no sense without a table: their rules have several columns, or texts that only its cells tell.
NEED_TABLE = frozenset({"AND", "OR", "columns", "boolean"})
# Share of the others that have no table.
NO_TABLE = 0.15
# What cosine similarity of TF-IDF vectors to a prompt of an excluded file is too much.
MAX_SIMILARITY = 0.9
# Rows that are compared with excluded ones at once.
BLOCK_SIZE = 4096


def generate_rows(seed: int = 0, held_out_tables: bool = False) -> Iterator[dict[str, Any]]:
    """
    Invents rows without end.

    Args:
        seed (`int`, *optional*, defaults to 0):
            The same seed gives the same rows.
        held_out_tables (`bool`, *optional*, defaults to `False`):
            Whether the tables are of subjects that no other rows are about, and every row has one.

    Returns:
        `Iterator[dict[str, Any]]`: rows with `text`, `code` and, where there is a table, `data`, as of
        [`~codefusion_hf.data.pairs.load_rows`]. Some are the same.
    """
    generator = random.Random(f"{seed} {held_out_tables}")
    names, weights = list(FAMILIES), [weight for weight, _ in FAMILIES.values()]
    while True:
        (family,) = generator.choices(names, weights)
        has_table = held_out_tables or family in NEED_TABLE or generator.random() >= NO_TABLE
        drawn = None
        # A family keeps its share if tables that have nothing for it are thrown away.
        while drawn is None:
            table = invent_table(generator, held_out_tables)
            sentence = Sentence(generator, table, has_table)
            drawn = sentence.draw(family, FAMILIES[family][1])
        text, node = drawn
        row: dict[str, Any] = {"text": sentence.finish(text), "code": format_rule(unify_equalities(node))}
        if has_table:
            row["data"] = table.rows()
        yield row


def write_rows(
    path: str | Path, num_rows: int, seed: int = 0, exclude: Sequence[str | Path] = (), held_out_tables: bool = False
) -> dict[str, int]:
    """
    Writes invented rows, all of them different, to a JSON Lines file.

    Args:
        path (`str` or `Path`):
            The file to write.
        num_rows (`int`):
            How many rows, 1 or more.
        seed (`int`, *optional*, defaults to 0):
            See [`generate_rows`].
        exclude (sequence of `str` or `Path`, *optional*):
            Files whose prompts, and prompts within a TF-IDF cosine of `MAX_SIMILARITY` of them, are left out.
        held_out_tables (`bool`, *optional*, defaults to `False`):
            See [`generate_rows`].

    Returns:
        `dict[str, int]`: how many rows were `written`, left out as `similar` to excluded ones, and as `repeated`.

    Raises:
        OSError: if a file cannot be read or written.
        ValueError: if a file is malformed or an argument is out of range.
    """
    if num_rows < 1:
        raise ValueError(f"`num_rows` must be 1 or more, got {num_rows}.")
    excluded = [pair["text"] for file in exclude for pair in load_pairs(file)]
    counts = {"written": 0, "similar": 0, "repeated": 0}
    rows = generate_rows(seed, held_out_tables)
    seen: set[tuple[str, str]] = set()
    lines: list[str] = []
    similar_prompts: SimilarPrompts | None = None
    while len(lines) < num_rows:
        block = list(itertools.islice(rows, BLOCK_SIZE))
        prompts = [row["text"] for row in block]
        if excluded and similar_prompts is None:
            similar_prompts = SimilarPrompts(excluded, prompts, MAX_SIMILARITY)
        similar = similar_prompts.find(prompts) if similar_prompts else [False] * len(block)
        for row, is_similar in zip(block, similar, strict=True):
            if len(lines) == num_rows:
                break
            key = (normalize_prompt(row["text"]), row["code"])
            counts["similar"] += is_similar
            counts["repeated"] += not is_similar and key in seen
            if not is_similar and key not in seen:
                seen.add(key)
                lines.append(json.dumps({"id": len(lines), **row}, ensure_ascii=False))
    write_text(Path(path), "\n".join(lines) + "\n")
    return {**counts, "written": len(lines)}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; see the documentation of this module."""
    parser = OneLineErrorParser(
        prog="python -m codefusion_hf.languages.cf.synthetic.generator",
        description="Invent training rows for CF rules.",
    )
    parser.add_argument("--num-rows", type=int, required=True, help="how many rows")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same rows (%(default)s)")
    parser.add_argument(
        "--exclude",
        nargs="+",
        default=[],
        metavar="FILE",
        help="data files whose prompts, and similar ones, are left out",
    )
    parser.add_argument("--output", required=True, metavar="FILE", help="JSON Lines file to write")
    parser.add_argument(
        "--held-out-tables",
        action="store_true",
        help="tables of subjects that no other rows are about, to measure with",
    )
    args = parser.parse_args(arguments)
    try:
        counts = write_rows(args.output, args.num_rows, args.seed, args.exclude, args.held_out_tables)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    print(
        f"{args.output}: {counts['written']} rows. Left out {counts['similar']} within {MAX_SIMILARITY} TF-IDF cosine "
        f"of a prompt of {len(args.exclude)} excluded files, and {counts['repeated']} that repeat another one."
    )


if __name__ == "__main__":
    main()


__all__ = ["FAMILIES", "generate_rows", "write_rows"]
