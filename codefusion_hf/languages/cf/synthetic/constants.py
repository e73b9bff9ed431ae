# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Constants as sentences write them and as rules do: `$1,200`, `50k`, `ten`, `7 percent`, `March 5, 2021`, `"on hold"`.
"""

import datetime
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from codefusion_hf.languages.cf.rules import Number, Text
from codefusion_hf.languages.cf.synthetic.phrases import PHRASES, TENS
from codefusion_hf.languages.cf.synthetic.tables import TableColumn, invent_word


# Constants stand as characters for private use until a sentence is done, so that nothing misspells them.
FIRST_PLACEHOLDER = 0xE000


class ConstantWriter:
    """
    Draws constants that could be in a column.

    Args:
        generator (`random.Random`):
            Where the choices come from.
        small_letters (`bool`):
            Whether the sentence is written in small letters throughout, most texts in it too.
        has_table (`bool`):
            Whether the reader of the sentence sees what kind of cells there are.
    """

    def __init__(self, generator: random.Random, small_letters: bool, has_table: bool):
        self.generator = generator
        self.small_letters = small_letters
        self.has_table = has_table
        self.constants: list[str] = []
        # A sentence quotes all its texts in the same way.
        self.quotes = generator.choice(("", "", "", '"', '"', "'"))

    def chance(self, probability: float) -> bool:
        return self.generator.random() < probability

    def pick(self, options: Sequence[Any]) -> Any:
        return self.generator.choice(options)

    def constant(self, text: str) -> str:
        self.constants.append(text)
        return chr(FIRST_PLACEHOLDER + len(self.constants) - 1)

    def with_constants(self, text: str) -> str:
        """The text with its constants in their places."""
        for number, constant in enumerate(self.constants):
            text = text.replace(chr(FIRST_PLACEHOLDER + number), constant)
        return text

    def number(self, column: TableColumn) -> tuple[str, Number]:
        """A number that could be in the column, as the sentence writes it and as the rule does."""
        numbers = [value for value in column.values if isinstance(value, int | float)]
        value: Decimal = Decimal(str(self.pick(numbers)))
        kind = column.field.kind
        if kind == "percent":
            return self.percent(value)
        magnitude = max(1, abs(int(value)))
        if self.chance(0.6):
            # People ask for round numbers.
            step = Decimal(10 ** max(0, len(str(magnitude)) - self.pick((1, 2, 2))))
            value = (value / step).to_integral_value() * step if abs(value) >= 1 else round(value, 1)
        if kind in ("integer", "year") and self.chance(0.03):
            value = Decimal(self.pick((0, 1, 100, -1, 5, 10)))
        if kind != "year" and self.chance(0.04):
            value = -abs(value)
        plain = f"{value:f}"
        if "." in plain:
            plain = plain.rstrip("0").rstrip(".")
        written = Number(float(Decimal(plain)))
        text = plain
        whole = "." not in plain
        style = self.generator.random()
        if kind != "year":
            if abs(value) >= 1000 and style < 0.35:
                text = f"{Decimal(plain):,}"
            elif abs(value) >= 1000 and whole and value % 100 == 0 and style < 0.5:
                text, written = self.scaled(Decimal(plain))
            elif whole and 0 <= value <= 15 and style < 0.12:
                text = PHRASES["small_numbers"][int(value)]
            elif whole and int(value) in TENS and style < 0.1:
                text = TENS[int(value)]
            elif whole and style > 0.98 and abs(value) < 1000:
                text = f"{plain}.0"
        if kind == "money" and self.chance(0.45):
            text = self.pick(PHRASES["money"]).format(text).replace("$-", "-$")
        elif kind in ("integer", "decimal") and self.chance(0.05):
            text = self.pick(PHRASES["units"]).format(text)
        elif kind in ("integer", "decimal") and self.has_table and 0 <= value <= 100 and self.chance(0.05):
            # Cells that show no per cent, of something that is: the number stays.
            text = f"{plain}%"
        return self.constant(text), written

    def two_numbers(self, column: TableColumn) -> tuple[tuple[str, Number], tuple[str, Number]]:
        """Two numbers, different if the column has different ones."""
        first = second = self.number(column)
        for _ in range(5):
            if first[1] != second[1]:
                break
            second = self.number(column)
        return first, second

    def scaled(self, value: Decimal) -> tuple[str, Number]:
        """A large number as people abbreviate it."""
        scales: list[tuple[int, tuple[str, ...]]] = [(1_000, ("{}k", "{}K", "{} thousand"))]
        if abs(value) >= 100_000:
            scales += [(100_000, ("{} lakh", "{} lakhs"))]
        if abs(value) >= 1_000_000:
            scales += [(1_000_000, ("{}m", "{}M", "{} million", "{} mn"))] * 4
        factor, forms = self.pick(scales)
        short = f"{(value / factor).normalize():f}"
        return self.pick(forms).format(short), Number(float(value))

    def percent(self, value: Decimal) -> tuple[str, Number]:
        if self.chance(0.6):
            value = round(value / 5) * Decimal(5)
        plain = f"{value.normalize():f}"
        number = Number(float(value / 100))
        text = self.pick(PHRASES["percent_constants"]).format(plain)
        if self.chance(0.08):
            text = f"{(value / 100).normalize():f}"
        return self.constant(text), number

    def date(self, day: datetime.date) -> tuple[str, Text]:
        iso = day.isoformat()
        style = self.generator.random()
        if style < 0.35:
            return self.constant(iso), Text(iso)
        if style < 0.65:
            american = self.pick((f"{day.month}/{day.day}/{day.year}", f"{day.month:02}/{day.day:02}/{day.year}"))
            return self.constant(american), Text(american)
        month = PHRASES["months"][day.month - 1]
        text = self.pick(
            (
                f"{month} {day.day}, {day.year}",
                f"{day.day} {month} {day.year}",
                f"{month[:3]} {day.day} {day.year}",
                f"{day.day}-{month[:3]}-{day.year}",
                f"{month} {day.day} {day.year}",
                f"{day.day}th of {month} {day.year}" if 3 < day.day < 21 else f"{day.day} {month[:3]} {day.year}",
            )
        )
        return self.constant(text.lower() if self.small_letters else text), Text(iso)

    def text(self, column: TableColumn, part: str = "") -> tuple[str, Text]:
        """A text that could be in the column: whole, or its `start`, `end` or something `within`."""
        whole = self.pick(column.values) if not self.chance(0.12) else invent_word(self.generator)
        value = str(whole)
        if part == "start":
            value = self.pick((value[:1], value[:2], value[:3], value[:4], value.split()[0]))
        elif part == "end":
            value = self.pick((value[-1:], value[-2:], value[-3:], value[-4:], value.split()[-1]))
        elif part == "within":
            at = self.generator.randrange(max(1, len(value) - 3))
            value = self.pick(
                (
                    value,
                    value,
                    self.pick(value.split()),
                    self.pick(value.split()),
                    value[at : at + self.generator.randint(2, 4)],
                )
            )
        value = value.strip() or str(whole)
        if self.small_letters and self.chance(0.7) or self.chance(0.05):
            value = value.lower()
        elif self.chance(0.03):
            value = value.upper()
        quotes = self.quotes or ("'" if len(value) < 2 and not value.isalnum() else "")
        if "'" in value and quotes == "'":
            quotes = '"'
        if len(value.split()) > 1 and not quotes and self.chance(0.4):
            quotes = '"'
        return self.constant(f"{quotes}{value}{quotes}"), Text(value)


__all__ = ["ConstantWriter", "FIRST_PLACEHOLDER"]
