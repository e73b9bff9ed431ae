# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Invented training rows for CF rules: a table, a sentence about it, and the rule that the sentence asks for.

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

import random
from collections.abc import Iterator
from typing import Any

from codefusion_hf.languages.cf.rules import format_rule, unify_equalities
from codefusion_hf.languages.cf.synthetic.domains import NUMERIC_KINDS, TEXT_KINDS
from codefusion_hf.languages.cf.synthetic.sentences import Sentence
from codefusion_hf.languages.cf.synthetic.tables import invent_table


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


__all__ = ["FAMILIES", "generate_rows"]
