# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Invented literals: numbers, lists, dictionaries, dates."""

import datetime
from collections.abc import Callable
from random import Random

from codefusion_hf.languages.python.synthetic.values import Value, literal


# Formats that dates are written in.
DATE_FORMATS = (
    "%Y-%m-%d",
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%m/%d/%y",
    "%Y%m%d",
    "%b %d %Y",
    "%d %b %Y",
    "%d %B %Y",
    "%B %d, %Y",
)
TIME_FORMATS = ("%H:%M:%S", "%H:%M:%S", "%H:%M", "%I:%M %p", "%H:%M:%S.%f", "%I:%M%p", "%H%M%S")
MOMENT_FORMATS = (
    *(f"{day} {time}" for day in DATE_FORMATS for time in TIME_FORMATS[:4]),
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "%a %b %d %H:%M:%S %Y",
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y%m%d%H%M%S",
)


def _pick(random: Random, options: list[str] | tuple[str, ...]) -> str:
    return options[int(random.random() * len(options))]


def _integer(random: Random) -> int:
    scale = random.random()
    if scale < 0.5:
        return random.randrange(1, 21)
    if scale < 0.75:
        return random.randrange(20, 200)
    if scale < 0.9:
        return random.choice((10, 20, 50, 100, 200, 500, 1000, 5000, 10000, 255, 256, 1024))
    return random.randrange(200, 100000)


def _count(random: Random) -> int:
    return random.randrange(2, 8) if random.random() < 0.75 else random.choice((8, 9, 10, 10, 12, 15, 20, 50, 100))


def _places(random: Random) -> int:
    return random.choice((1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6))


def _index(random: Random) -> int:
    return random.choice((0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 7))


def _real(random: Random) -> float:
    whole = random.randrange(0, 1000) if random.random() < 0.3 else random.randrange(0, 20)
    return float(f"{whole}.{random.randrange(1, 10 ** random.randrange(1, 6))}")


def _integers(random: Random) -> list[int]:
    top = random.choice((6, 10, 10, 30, 100))
    return [random.randrange(0, top) for _ in range(random.randrange(3, 7))]


def _strings(random: Random, word: Callable[[], str]) -> list[str]:
    if random.random() < 0.3:
        start = random.randrange(0, 20)
        return list("abcdefghijklmnopqrstuvwxyz"[start : start + random.randrange(3, 6)])
    return [word() for _ in range(random.randrange(2, 6))]


def _items(random: Random, word: Callable[[], str]) -> list[int] | list[str]:
    return _integers(random) if random.random() < 0.6 else _strings(random, word)


def _pairs(random: Random) -> list[tuple[int, int]]:
    return [(random.randrange(0, 10), random.randrange(0, 30)) for _ in range(random.randrange(2, 5))]


def _lists(random: Random) -> list[list[int]]:
    width = random.randrange(2, 4)
    return [[random.randrange(0, 10) for _ in range(width)] for _ in range(random.randrange(2, 4))]


def _mapping(random: Random, word: Callable[[], str]) -> dict[str, int]:
    size = random.randrange(2, 5)
    keys = "abcdefg"[:size] if random.random() < 0.4 else [word() for _ in range(size)]
    return {key: random.randrange(1, 50) for key in keys}


def _records(random: Random, word: Callable[[], str]) -> list[dict[str, int]]:
    keys = list(dict.fromkeys((word(), word())))
    return [{key: random.randrange(1, 50) for key in keys} for _ in range(2)]


def _moment(random: Random) -> datetime.datetime:
    start = datetime.datetime(1990, 1, 1)
    return start + datetime.timedelta(
        days=random.randrange(0, 13000), seconds=random.randrange(0, 86400), microseconds=random.randrange(0, 10**6)
    )


def _dated(random: Random, formats: tuple[str, ...]) -> Value:
    """A date in a format: the date as a string, which has the format, and the date's parts, as its fields."""
    moment, pattern = _moment(random), _pick(random, formats)
    return literal(
        moment.strftime(pattern), fmt=pattern, year=moment.year, month=moment.month, day=moment.day, hour=moment.hour
    )


def _period(random: Random) -> Value:
    """A date, as a string in ISO's format, that has a later one as its field."""
    start = _moment(random).date()
    return literal(str(start), end=str(start + datetime.timedelta(days=random.randrange(1, 500))))


def _separated(random: Random, word: Callable[[], str], separators: str) -> Value:
    """Words with a separator between them, which is a field, as are the first and the last of the words."""
    separator = random.choice(separators)
    parts = (
        [str(random.randrange(0, 100)) for _ in range(random.randrange(3, 6))]
        if random.random() < 0.4
        else [word() for _ in range(random.randrange(2, 5))]
    )
    return literal(separator.join(parts), sep=separator, first=parts[0], last=parts[-1])


def _bounds(random: Random) -> Value:
    """A number that has a greater one as its field."""
    low = _integer(random)
    return literal(low, high=low + _integer(random))


def _span(random: Random) -> Value:
    """An index that has a later one as its field."""
    start = random.randrange(0, 8)
    return literal(start, end=start + random.randrange(1, 12))


def _version(random: Random) -> str:
    return ".".join(str(random.randrange(0, 20)) for _ in range(random.randrange(2, 4)))


def _colour(random: Random) -> str:
    return f"#{random.randrange(16**6):06x}"


def _sentence(random: Random, word: Callable[[], str]) -> str:
    return " ".join(word() for _ in range(random.randrange(2, 6)))


def _hexadecimal(random: Random) -> str:
    digits = f"{random.randrange(16, 16 ** random.randrange(2, 9)):x}"
    return random.choice(("", "0x")) + digits


def _binary(random: Random) -> str:
    return f"{random.randrange(2, 1024):b}"


def _address(random: Random) -> str:
    return ".".join(str(random.randrange(1, 255)) for _ in range(4))


# What a kind of slots may name as its maker. Each takes a source of chance and a function that gives a word.
MAKERS: dict[str, Callable[[Random, Callable[[], str]], Value]] = {
    "integer": lambda random, word: literal(_integer(random)),
    "count": lambda random, word: literal(_count(random)),
    "places": lambda random, word: literal(_places(random)),
    "index": lambda random, word: literal(_index(random)),
    "real": lambda random, word: literal(_real(random)),
    "share": lambda random, word: literal(random.randrange(1, 20) / 20),
    "year": lambda random, word: literal(random.randrange(1950, 2031)),
    "month": lambda random, word: literal(random.randrange(1, 13)),
    "width": lambda random, word: literal(random.choice((4, 5, 6, 8, 10, 12, 15, 16, 20, 30, 40))),
    "port": lambda random, word: literal(random.choice((80, 443, 5000, 8000, 8080, 3000, 9000, 5432, 6379, 12345))),
    "integers": lambda random, word: literal(_integers(random)),
    "strings": lambda random, word: literal(_strings(random, word)),
    "items": lambda random, word: literal(_items(random, word)),
    "pairs": lambda random, word: literal(_pairs(random)),
    "lists": lambda random, word: literal(_lists(random)),
    "mapping": lambda random, word: literal(_mapping(random, word)),
    "records": lambda random, word: literal(_records(random, word)),
    "tuple": lambda random, word: literal(tuple(_integers(random))),
    "set": lambda random, word: literal(set(_integers(random))),
    "sentence": lambda random, word: literal(_sentence(random, word)),
    "date": lambda random, word: _dated(random, DATE_FORMATS),
    "moment": lambda random, word: _dated(random, MOMENT_FORMATS),
    "time": lambda random, word: _dated(random, TIME_FORMATS),
    "period": lambda random, word: _period(random),
    "separated": lambda random, word: _separated(random, word, ",,,;-|:_/"),
    "bounds": lambda random, word: _bounds(random),
    "span": lambda random, word: _span(random),
    "version": lambda random, word: literal(_version(random)),
    "colour": lambda random, word: literal(_colour(random)),
    "hexadecimal": lambda random, word: literal(_hexadecimal(random)),
    "binary": lambda random, word: literal(_binary(random)),
    "address": lambda random, word: literal(_address(random)),
}
# Those whose literals are strings.
TEXT_MAKERS = frozenset(
    {"sentence", "separated", "hexadecimal", "binary", "address", "date", "moment", "time", "period"}
)


__all__ = ["DATE_FORMATS", "MAKERS", "MOMENT_FORMATS", "TEXT_MAKERS", "TIME_FORMATS"]
