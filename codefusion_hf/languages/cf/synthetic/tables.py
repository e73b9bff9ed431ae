# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Invented tables for invented rules ([`~codefusion_hf.languages.cf.synthetic.generator`]): the columns of
[`~codefusion_hf.languages.cf.synthetic.domains`] with cells, and others whose headers say little or nothing.
"""

import datetime
import random
import re
import string
from dataclasses import dataclass
from typing import Any

from codefusion_hf.languages.cf.synthetic.domains import DOMAINS, HELD_OUT_DOMAINS, Field
from codefusion_hf.languages.resources import load_yaml, split_texts


MAX_COLUMNS = 8
NUM_ROWS = (4, 14)

# The columns of the published training split beside the one that a rule is about.
_INDEX = Field(("Index",), "integer", 0, 200)
_POINT = Field(("Point", "ID", "Score", "Count"), "integer", 0, 5000)

_WORDS = {name: split_texts(texts) for name, texts in load_yaml(__package__, "tables.yaml").items()}


@dataclass(frozen=True)
class TableColumn:
    """
    A column of an invented table.

    Args:
        header (`str`):
            Its name.
        field (`Field`):
            What it is.
        cells (`tuple[str, ...]`):
            Its cells, as a table shows them.
        values (`tuple`):
            What these stand for, without blanks and errors: numbers, dates or texts.
    """

    header: str
    field: Field
    cells: tuple[str, ...]
    values: tuple


@dataclass(frozen=True)
class InventedTable:
    """
    An invented table.

    Args:
        columns (`tuple[TableColumn, ...]`):
            Its columns, 1 to `MAX_COLUMNS`.
        entities (`tuple[str, ...]`):
            What sentences may call its rows; empty if no word fits.
        sheet (`str`):
            Name of the sheet.
        is_anonymous (`bool`):
            Whether its header says nothing, as in the published training split (`Index`, `Value`): sentences speak of
            the second column.
    """

    columns: tuple[TableColumn, ...]
    entities: tuple[str, ...]
    sheet: str
    is_anonymous: bool = False

    def rows(self) -> list[list[str]]:
        """The rows of cells, the first of which is the header."""
        return [
            [column.header for column in self.columns],
            *map(list, zip(*(column.cells for column in self.columns), strict=True)),
        ]


def invent_word(generator: random.Random) -> str:
    """A word that no model has seen, so that it has to be copied."""
    word = "".join(generator.choice(_WORDS["syllables"]) for _ in range(generator.randint(1, 3)))
    return generator.choice((word, word.capitalize(), word.capitalize(), word.upper()))


def invent_code(generator: random.Random, pattern: str) -> str:
    """
    A code after a pattern: `A` stands for a capital letter, `a` for a small one, `0` for a digit, everything else for
    itself.
    """
    letters = {"A": string.ascii_uppercase, "a": string.ascii_lowercase, "0": string.digits}
    return "".join(
        generator.choice(letters[character]) if character in letters else character for character in pattern
    )


def _measure_field(generator: random.Random, held_out: bool) -> Field:
    style = generator.random()
    if style < 0.25:
        header = generator.choice(
            (
                f"{generator.choice(_WORDS['opaque'])}{generator.randint(1, 12)}",
                f"{generator.choice(_WORDS['opaque'])} {generator.randint(1, 12)}",
                invent_word(generator),
                invent_code(generator, generator.choice(("A0", "A0-AA", "AAA"))),
                f"{invent_word(generator)} {invent_word(generator)}",
            )
        )
    else:
        parts = [generator.choice(_WORDS["held_out_measures" if held_out else "measures"])]
        if generator.random() < 0.6:
            parts.insert(0, generator.choice(_WORDS["qualifiers"]))
        if generator.random() < 0.5:
            parts.append(generator.choice(_WORDS["periods"]))
        header = " ".join(parts)
    kind = generator.choice(("integer", "integer", "decimal", "money", "percent", "text"))
    size = 10 ** generator.randint(1, 6)
    if kind == "text":
        return Field((header,), kind, texts=tuple(invent_word(generator) for _ in range(4)))
    if kind == "percent":
        return Field((header,), kind)
    return Field((header,), kind, generator.choice((0, 0, 1, -size / 10)), size)


def _cells(generator: random.Random, field: Field, num_rows: int, held_out: bool) -> tuple[list[str], list]:
    """Cells of a column, and what they stand for."""
    values: list[Any]
    if field.kind in ("integer", "year"):
        values = [generator.randint(int(field.low), int(field.high)) for _ in range(num_rows)]
        grouped = field.kind == "integer" and field.high >= 5000 and generator.random() < 0.4
        return [f"{value:,}" if grouped else str(value) for value in values], values
    if field.kind == "decimal":
        digits = generator.choice((1, 1, 2, 2, 3))
        values = [round(generator.uniform(field.low, field.high), digits) for _ in range(num_rows)]
        return [str(value) for value in values], values
    if field.kind == "money":
        cents = field.high < 5000 and generator.random() < 0.5
        values = [round(generator.uniform(field.low, field.high), 2 if cents else 0) for _ in range(num_rows)]
        if not cents:
            values = [int(value) for value in values]
        style = generator.choice(("{}", "{}", "${:,}", "{:,}", "${}", "€{}"))
        return [style.format(value).replace("$-", "-$").replace("€-", "-€") for value in values], values
    if field.kind == "percent":
        digits = generator.choice((0, 0, 1))
        values = [round(generator.uniform(field.low, field.high), digits) for _ in range(num_rows)]
        return [f"{value:.{digits}f}%" for value in values], values
    if field.kind == "date":
        start = datetime.date(int(field.low), 1, 1).toordinal()
        end = datetime.date(int(field.high), 12, 31).toordinal()
        dates = [datetime.date.fromordinal(generator.randint(start, end)) for _ in range(num_rows)]
        american = generator.random() < 0.5
        return [f"{d.month}/{d.day}/{d.year}" if american else d.isoformat() for d in dates], dates
    if field.kind == "name":
        prefix = "held_out_" if held_out else ""
        firsts, lasts = _WORDS[f"{prefix}first_names"], _WORDS[f"{prefix}last_names"]
        whole = generator.random() < 0.5
        texts = [
            f"{generator.choice(firsts)} {generator.choice(lasts)}" if whole else generator.choice(firsts)
            for _ in range(num_rows)
        ]
        return texts, texts
    if field.kind == "code":
        pattern = generator.choice(field.texts)
        texts = [invent_code(generator, pattern) for _ in range(num_rows)]
        return texts, texts
    options = list(field.texts)
    if field.kind == "text":
        options = generator.sample(options, min(len(options), generator.randint(2, 8)))
        if generator.random() < 0.15:
            options.append(generator.choice((invent_word(generator), generator.choice(_WORDS["foreign"]))))
    texts = [generator.choice(options) for _ in range(num_rows)]
    return texts, texts


def _style_header(header: str, style: str) -> str:
    if style == "snake":
        return re.sub(r"\W+", "_", header.lower()).strip("_") or header
    if style == "camel":
        return "".join(word[:1].upper() + word[1:] for word in re.split(r"\W+", header)) or header
    return {"lower": header.lower(), "upper": header.upper()}.get(style, header)


def _invent_column(generator: random.Random, field: Field, header: str, num_rows: int, held_out: bool) -> TableColumn:
    cells, values = _cells(generator, field, num_rows, held_out)
    if generator.random() < 0.12:
        for row in generator.sample(range(num_rows), max(1, num_rows // 5)):
            cells = [*cells[:row], generator.choice(("", "", *_WORDS["errors"])), *cells[row + 1 :]]
    return TableColumn(header, field, tuple(cells), tuple(values))


def invent_table(generator: random.Random, held_out: bool = False) -> InventedTable:
    """
    Invents a table.

    Args:
        generator (`random.Random`):
            Where its choices come from.
        held_out (`bool`, *optional*, defaults to `False`):
            Whether it is one of `HELD_OUT_DOMAINS`.

    Returns:
        `InventedTable`: the table.
    """
    num_rows = generator.randint(*NUM_ROWS)
    domain = generator.choice(HELD_OUT_DOMAINS if held_out else DOMAINS)
    num_columns = generator.choice((1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 7, 8))
    kind = generator.random()
    if not held_out and kind < 0.15:
        # The tables of the published training split: an index, the column, and up to one that means nothing.
        values = generator.choice((_measure_field(generator, held_out), generator.choice(domain.fields)))
        fields = [_INDEX, values, _POINT]
        fields = fields[: generator.choice((2, 3))]
        headers = ["Index", "Value", generator.choice(fields[-1].names)][: len(fields)]
        columns = [
            _invent_column(generator, field, header, num_rows, held_out)
            for field, header in zip(fields, headers, strict=True)
        ]
        index = TableColumn("Index", fields[0], tuple(map(str, range(num_rows))), tuple(range(num_rows)))
        return InventedTable((index, *columns[1:]), (), generator.choice(domain.sheets), is_anonymous=True)
    if kind < 0.3:
        fields = [_measure_field(generator, held_out) for _ in range(num_columns)]
        fields[0] = generator.choice((generator.choice(domain.fields), fields[0]))
        entities: tuple[str, ...] = ()
    else:
        fields = generator.sample(domain.fields, min(num_columns, len(domain.fields)))
        while len(fields) < num_columns:
            fields.append(_measure_field(generator, held_out))
        entities = domain.entities
        if generator.random() < 0.6:
            # Tables begin with what names their rows.
            fields.sort(key=lambda field: field.kind not in ("name", "code") and field not in domain.fields[:1])
    style = generator.choice(("", "", "", "", "lower", "upper", "snake", "camel"))
    columns, seen = [], set()
    for field in fields:
        header = _style_header(generator.choice(field.names), style)
        if header.lower() not in seen:
            seen.add(header.lower())
            columns.append(_invent_column(generator, field, header, num_rows, held_out))
    return InventedTable(tuple(columns), entities, generator.choice(domain.sheets))


__all__ = ["InventedTable", "MAX_COLUMNS", "TableColumn", "invent_code", "invent_table", "invent_word"]
