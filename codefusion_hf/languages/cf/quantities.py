# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Quantities of a sentence as a rule writes them, beside what people write:

```python
>>> state_quantities("more than 20 % or fifteen, 1,200 or $50k")
'more than 20 % (=0.2) or fifteen (=15), 1,200 (=1200) or $50k (=50000)'
>>> write_dates("since 3 May 2020")
'since 2020-05-03'
```

A model copies what stands in the sentence, and cannot reckon what it has not learned by heart. Per cent are a fraction
in most rules and not in others (`TopPercent(c[1], 20)`), so both stay; a date has one form in a rule. What is in
quotes is left alone, as it is a cell's text.
"""

import datetime
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from .rules import Number, format_number


_MONTHS = "january february march april may june july august september october november december".split()
_ONES = dict(zip("one two three four five six seven eight nine".split(), range(1, 10), strict=True))
_TEENS = dict(
    zip(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(),
        range(10, 20),
        strict=True,
    )
)
_TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
_WORDS = _ONES | _TEENS | _TENS
_SCALES = {
    **dict.fromkeys(("k", "thousand"), 1_000),
    **dict.fromkeys(("lakh", "lakhs", "lac", "lacs"), 100_000),
    **dict.fromkeys(("m", "mn", "million"), 1_000_000),
    **dict.fromkeys(("crore", "crores"), 10_000_000),
    **dict.fromkeys(("bn", "billion"), 1_000_000_000),
}

_QUOTED = r""" "[^"]*" | (?<!\w)'[^']*'(?!\w) | `[^`]*` | “[^“”]*” | ‘[^‘’]*’ """
_DAY = r"[0-9]{1,2}(?:st|nd|rd|th)?"
_MONTH = "(?:" + "|".join(f"{month}|{month[:3]}" for month in [*_MONTHS, "sept"]) + r")\.?"
_DATE = rf"""
    (?<![\w.,]) (?P<american> {_MONTH} \s {_DAY} ,? \s [0-9]{{4}} ) (?!\w)
    | (?<![\w.,]) (?P<european> {_DAY} (?:\s of)? [\s-] {_MONTH} ,? [\s-] [0-9]{{4}} ) (?!\w)
"""
_NUMBER = r"(?: [1-9][0-9]{,2}(?:,[0-9]{3})+(?:\.[0-9]+)? | (?:0|[1-9][0-9]{,14})(?:\.[0-9]{1,9})? )"
# `5 m` may be metres; behind a number without a blank, a slot would not part a unit from it.
_LONG_SCALES = "|".join(sorted((name for name in _SCALES if len(name) > 1), key=len, reverse=True))
_SCALE = rf"""
    \s? (?P<percent> % | per\s?cent\b | pct\b )
    | (?P<scale> (?a:[km]) | \s? (?a:{_LONG_SCALES}) ) \b
    | (?P<unit> rs | usd | eur | inr | kg | km | cm | mm | lbs? | hrs? | pcs ) \b
"""
_END = r"(?! [\w%/:] | [.,][0-9] | [–-][0-9] | \s\(= )"
# Of ASCII letters: of others, `ſ` is an s to a regular expression that takes capitals for small letters.
_WORD = rf"""
    (?: (?a:{"|".join(_TENS)}) (?: [\s-] (?a:{"|".join(_ONES)}) )?
    | (?a:{"|".join([*_TEENS, *list(_ONES)[1:]])}) )
"""
_ANY_WORD = "|".join([*_WORDS, "hundred"])

_FLAGS = re.VERBOSE | re.IGNORECASE
_DATES = re.compile(rf"{_QUOTED} | {_DATE}", _FLAGS)
_QUANTITIES = re.compile(
    rf"""
    {_QUOTED}
    | (?<![\w.,/:%–-]) (?: (?P<least> {_NUMBER} ) (?P<of_least> \s?% )? [-–] )?
      (?P<number> -? {_NUMBER} ) (?: {_SCALE} )? {_END}
    | (?<![\w-]) (?P<word> {_WORD} ) (?: {_SCALE.replace("(?P<", "(?P<word_")} )? (?! [\w-] | \s (?: {_ANY_WORD} )\b )
    """,
    _FLAGS,
)
_STATED = re.compile(r" \(=-?[0-9.]+(?:, =-?[0-9.]+)?\)")


def state_quantities(sentence: str, kept: Iterable[str] = ()) -> str:
    """
    A sentence with its numbers as a rule writes them.

    Args:
        sentence (`str`):
            What is to be formatted.
        kept (`Iterable[str]`, *optional*):
            Texts such as headers, in which nothing is a quantity.

    Returns:
        `str`: the sentence; behind a number that a rule writes otherwise, ` (=` and what it writes.
    """
    whole = [span for text in kept for span in _places(text, sentence)]

    def state(match: re.Match[str]) -> str:
        if any(start < match.end() and match.start() < end for start, end in whole):
            return match[0]
        return match[0] + _stated(match)

    return _QUANTITIES.sub(state, sentence)


def write_dates(sentence: str) -> str:
    """A sentence with the dates whose month is a word as a rule writes them: `2020-05-03` for "3 May 2020"."""
    return _DATES.sub(_date, sentence)


def without_quantities(sentence: str) -> str:
    """A sentence without what [`state_quantities`] adds."""
    return _STATED.sub("", sentence)


def _places(text: str, sentence: str) -> Iterator[tuple[int, int]]:
    start = sentence.find(text) if text else -1
    while start >= 0:
        yield start, start + len(text)
        start = sentence.find(text, start + len(text))


def _date(match: re.Match[str]) -> str:
    date = match["american"] or match["european"]
    if date is None:
        return match[0]
    month = next(number for number, name in enumerate(_MONTHS, 1) if re.search(rf"(?i)(?<![a-z]){name[:3]}", date))
    numbers = [int(number) for number in re.findall("[0-9]+", date)]
    try:
        return datetime.date(numbers[1], month, numbers[0]).isoformat()
    except ValueError:  # no such day
        return date


def _stated(match: re.Match[str]) -> str:
    """What stands behind a number, or nothing."""
    number, word = match["number"], match["word"]
    if word:
        value = Decimal(sum(_WORDS[part] for part in re.split(r"[\s-]", word.lower())))
        percent, scale = match["word_percent"], match["word_scale"]
    elif number:
        value, percent, scale = Decimal(number.replace(",", "")), match["percent"], match["scale"]
    else:
        return ""
    factor = Decimal("0.01") if percent else Decimal(_SCALES[scale.strip().lower()] if scale else 1)
    written = [format_number(Number(float(value * factor)))]
    if least := match["least"]:
        first = Decimal(least.replace(",", ""))
        if first >= value or match["of_least"] and not percent:
            return ""
        written.insert(0, format_number(Number(float(first * factor))))
    elif written == [number] and not match["unit"]:
        return ""
    return "" if any("e" in number for number in written) else f" ({', '.join(f'={number}' for number in written)})"


__all__ = ["state_quantities", "without_quantities", "write_dates"]
