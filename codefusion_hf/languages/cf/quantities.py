# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Quantities of a sentence as a rule writes them, beside what people write:

```python
>>> state_quantities("more than 20 % or fifteen, 1,200 or $50k, since 3 May 2020")
'more than 20 % (=0.2) or fifteen (=15), 1,200 (=1200) or $50k (=50000), since 2020-05-03'
```

A model copies what stands in the sentence, and cannot reckon what it has not learned by heart. Per cent are a fraction
in most rules and not in others (`TopPercent(c[1], 20)`), so both stay; a date has one form only. What is in quotes is
left alone, as it is a cell's text.
"""

import datetime
import re
from decimal import Decimal

from .rules import Number, format_number


_MONTHS = "january february march april may june july august september october november december".split()
_WORDS = {
    word: number
    for number, word in enumerate(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty".split(),
        2,
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_SCALES = {
    **dict.fromkeys(("k", "thousand"), 1_000),
    **dict.fromkeys(("lakh", "lakhs", "lac", "lacs"), 100_000),
    **dict.fromkeys(("m", "mn", "million"), 1_000_000),
    **dict.fromkeys(("crore", "crores"), 10_000_000),
    **dict.fromkeys(("bn", "billion"), 1_000_000_000),
}
_MONTH = rf"(?P<{{}}>{'|'.join(f'{month}|{month[:3]}' for month in _MONTHS)}|sept)\.?"
_ORDINAL = r"(?:st|nd|rd|th)?"
_NUMBER = r"(?: [1-9][0-9]{,2}(?:,[0-9]{3})+(?:\.[0-9]+)? | (?:0|[1-9][0-9]{,14})(?:\.[0-9]{1,9})? )"
_SCALE = "|".join(sorted(_SCALES, key=len, reverse=True))
# Behind a number without a blank, where a slot would not part them.
_UNIT = "rs|usd|eur|inr|kg|km|cm|mm|lbs?|hrs?|pcs"
_QUANTITY = re.compile(
    rf"""
    "[^"]*" | (?<!\w)'[^']*'(?!\w) | `[^`]*` | “[^”]*” | ‘[^’]*’
    | \b {_MONTH.format("month")} \s (?P<day>[0-9]{{1,2}}) {_ORDINAL} ,? \s (?P<year>[0-9]{{4}}) \b
    | (?<![\w.,]) (?P<day_first>[0-9]{{1,2}}) {_ORDINAL} (?:\s of)? [\s-] {_MONTH.format("month_second")} ,? [\s-]
      (?P<year_last>[0-9]{{4}}) \b
    | (?<![\w.,/:-]) (?P<least> {_NUMBER} ) [-–] (?P<most> {_NUMBER} ) (?! [\w%-] | [.,][0-9] )
    | (?<![\w.,/:]) (?P<number> -? {_NUMBER} )
      (?: \s? (?P<percent> % | per\s?cent\b | pct\b ) | \s? (?P<scale> {_SCALE} ) \b | (?P<unit> {_UNIT} ) \b )?
      (?! [\w%] | [.,][0-9] )
    | (?<![\w-]) (?P<word> {"|".join(_WORDS)} ) (?![\w-])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_STATED = re.compile(r" \(=[0-9.e+-]+(?:, =[0-9.e+-]+)?\)")


def state_quantities(sentence: str) -> str:
    """
    A sentence with its quantities as a rule writes them.

    Args:
        sentence (`str`):
            What is to be formatted.

    Returns:
        `str`: the sentence; behind a number that a rule writes otherwise, ` (=` and what it writes; dates as
        `2020-05-03`.
    """
    return _QUANTITY.sub(_stated, sentence)


def without_quantities(sentence: str) -> str:
    """The sentence of [`state_quantities`] without what it has added; dates stay as they are."""
    return _STATED.sub("", sentence)


def _stated(quantity: re.Match[str]) -> str:
    month, word = quantity["month"] or quantity["month_second"], quantity["word"]
    if month:
        number = next(index for index, name in enumerate(_MONTHS, 1) if name.startswith(month[:3].lower()))
        day, year = quantity["day"] or quantity["day_first"], quantity["year"] or quantity["year_last"]
        try:
            return datetime.date(int(year), number, int(day)).isoformat()
        except ValueError:  # no such day
            return quantity[0]
    if word:
        return f"{quantity[0]} (={_WORDS[word.lower()]})"
    if quantity["least"]:
        least, most = _value(quantity["least"]), _value(quantity["most"])
        return f"{quantity[0]} (={_written(least)}, ={_written(most)})" if least < most else quantity[0]
    if not quantity["number"]:
        return quantity[0]
    value = _value(quantity["number"])
    if quantity["percent"]:
        value /= 100
    elif quantity["scale"]:
        value *= _SCALES[quantity["scale"].lower()]
    is_stated = _written(value) == quantity["number"] and not quantity["unit"]
    return quantity[0] if is_stated else f"{quantity[0]} (={_written(value)})"


def _value(number: str) -> Decimal:
    return Decimal(number.replace(",", ""))


def _written(value: Decimal) -> str:
    return format_number(Number(float(value)))


__all__ = ["state_quantities", "without_quantities"]
