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


MAX_COLUMNS = 8
NUM_ROWS = (4, 14)

_FIRST_NAMES = (
    "Harry Emma Liam Olivia Noah Ava Lucas Mia Ethan Sofia James Amelia Daniel Grace Henry Chloe Jack Ella Oscar Ruby "
    "Carlos Priya Wei Fatima Yuki Ahmed Ingrid Pierre Anna Marek Giulia Tom Nina Peter Laura Raj Mei Omar Elena Jonas"
).split()
_LAST_NAMES = (
    "Smith Jones Brown Taylor Wilson Davies Evans Thomas Johnson Roberts Walker Wright Robinson Hughes Green Clark "
    "Patel Kim Chen Garcia Lopez Muller Novak Rossi Silva Dubois Tanaka Singh Khan Ali Berg Larsen Costa Moreau Weber"
).split()
_HELD_OUT_FIRST_NAMES = (
    "Arthur Beatrix Cyrus Delphine Edgar Freya Gaston Hilda Igor Juno Kofi Lupita Magnus Nadia".split()
)
_HELD_OUT_LAST_NAMES = (
    "Abbott Blackwood Castellan Dreyfus Eastman Fairchild Gupta Halloran Ibarra Jansen Kowal".split()
)


# Headers made of parts, as financial and statistical sheets have them.
_MEASURES = "Sales;Cost;Profit;Budget;Units;Hours;Tax;Income;Value;Amount;Rate;Volume;Demand;Output;Fees;Index"
_QUALIFIERS = "Total;Avg;Net;Gross;Max;Min;Est.;Actual;Planned;Other;Domestic;Foreign;Adjusted;Monthly;Annual;Mean"
_PERIODS = "2017;2018;2019;2020;2021;2022;Q1;Q2;Q3;Q4;Jan;Feb;Mar;Apr;May;FY21;H1;per capita;%;(k)"
_OPAQUE = "Column;Col;Field;Var;X;Y;Z;C;V;Series;Item;Data;Param"
_HELD_OUT_MEASURES = "Expenditure;Headcount;Royalties;Footfall;Emissions;Yield;Backlog;Throughput;Churn"

_ERRORS = ("#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?")
_SYLLABLES = "ba ko ri ta mu sen dor vel ix qua lo pin gar the zu mir os an fel tri yo ka nu shi".split()
_FOREIGN = ("適", "選必", "日", "Ärger", "niño", "façade", "Łódź", "Москва", "да", "SUFFICIENTE", "fertig", "terminé")


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


def _choice(generator: random.Random, options: str) -> str:
    return generator.choice(options.split(";"))


def invent_word(generator: random.Random) -> str:
    """A word that no model has seen, so that it has to be copied."""
    word = "".join(generator.choice(_SYLLABLES) for _ in range(generator.randint(1, 3)))
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
                f"{_choice(generator, _OPAQUE)}{generator.randint(1, 12)}",
                f"{_choice(generator, _OPAQUE)} {generator.randint(1, 12)}",
                invent_word(generator),
                invent_code(generator, generator.choice(("A0", "A0-AA", "AAA"))),
                f"{invent_word(generator)} {invent_word(generator)}",
            )
        )
    else:
        parts = [_choice(generator, _HELD_OUT_MEASURES if held_out else _MEASURES)]
        if generator.random() < 0.6:
            parts.insert(0, _choice(generator, _QUALIFIERS))
        if generator.random() < 0.5:
            parts.append(_choice(generator, _PERIODS))
        header = " ".join(parts)
    kind = generator.choice(("integer", "integer", "decimal", "money", "percent", "text"))
    size = 10 ** generator.randint(1, 6)
    if kind == "text":
        return Field(header, kind, texts=";".join(invent_word(generator) for _ in range(4)))
    if kind == "percent":
        return Field(header, kind)
    return Field(header, kind, generator.choice((0, 0, 1, -size / 10)), size)


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
        firsts, lasts = (_HELD_OUT_FIRST_NAMES, _HELD_OUT_LAST_NAMES) if held_out else (_FIRST_NAMES, _LAST_NAMES)
        whole = generator.random() < 0.5
        texts = [
            f"{generator.choice(firsts)} {generator.choice(lasts)}" if whole else generator.choice(firsts)
            for _ in range(num_rows)
        ]
        return texts, texts
    if field.kind == "code":
        pattern = _choice(generator, field.texts)
        texts = [invent_code(generator, pattern) for _ in range(num_rows)]
        return texts, texts
    options = field.texts.split(";")
    if field.kind == "text":
        options = generator.sample(options, min(len(options), generator.randint(2, 8)))
        if generator.random() < 0.15:
            options.append(generator.choice((invent_word(generator), generator.choice(_FOREIGN))))
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
            cells = [*cells[:row], generator.choice(("", "", *_ERRORS)), *cells[row + 1 :]]
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
        fields = [Field("Index", "integer", 0, 200), values, Field("Point;ID;Score;Count", "integer", 0, 5000)]
        fields = fields[: generator.choice((2, 3))]
        headers = ["Index", "Value", _choice(generator, fields[-1].names)][: len(fields)]
        columns = [
            _invent_column(generator, field, header, num_rows, held_out)
            for field, header in zip(fields, headers, strict=True)
        ]
        index = TableColumn("Index", fields[0], tuple(map(str, range(num_rows))), tuple(range(num_rows)))
        return InventedTable((index, *columns[1:]), (), _choice(generator, domain.sheets), is_anonymous=True)
    if kind < 0.3:
        fields = [_measure_field(generator, held_out) for _ in range(num_columns)]
        fields[0] = generator.choice((generator.choice(domain.fields), fields[0]))
        entities: tuple[str, ...] = ()
    else:
        fields = generator.sample(domain.fields, min(num_columns, len(domain.fields)))
        while len(fields) < num_columns:
            fields.append(_measure_field(generator, held_out))
        entities = tuple(domain.entities.split(";"))
        if generator.random() < 0.6:
            # Tables begin with what names their rows.
            fields.sort(key=lambda field: field.kind not in ("name", "code") and field not in domain.fields[:1])
    style = generator.choice(("", "", "", "", "lower", "upper", "snake", "camel"))
    columns, seen = [], set()
    for field in fields:
        header = _style_header(_choice(generator, field.names), style)
        if header.lower() not in seen:
            seen.add(header.lower())
            columns.append(_invent_column(generator, field, header, num_rows, held_out))
    return InventedTable(tuple(columns), entities, _choice(generator, domain.sheets))


__all__ = ["InventedTable", "MAX_COLUMNS", "TableColumn", "invent_code", "invent_table", "invent_word"]
