# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
What tables of many subjects have for columns, and what people call those: the content of `domains.yaml`, and the
material of [`~codefusion_hf.languages.cf.synthetic.tables`].

A [`Field`] describes a column in all the ways that matter to a sentence: the names that a header may give it, other
words for it, the kind of its cells, and phrases that imply it without naming it ("older than", "born before"). A
[`Domain`] is a subject with its fields. `HELD_OUT_DOMAINS` share no field and no list of texts with `DOMAINS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codefusion_hf.languages.resources import load_yaml, split_texts


KINDS = ("integer", "decimal", "money", "percent", "date", "year", "text", "name", "code", "boolean")
NUMERIC_KINDS = frozenset({"integer", "decimal", "money", "percent", "year"})
TEXT_KINDS = frozenset({"text", "name", "code", "boolean"})
# Names of sheets that tell nothing of a subject.
SHEETS = ("Sheet1", "sheet1", "Data")

Texts = tuple[str, ...]


@dataclass(frozen=True)
class Field:
    """
    A column that tables of some subject may have.

    Args:
        names (`tuple[str, ...]`):
            What a header may call it.
        kind (`str`):
            What its cells hold, one of `KINDS`.
        low (`float`, *optional*, defaults to 0):
            Smallest number; of dates and years, the first year.
        high (`float`, *optional*, defaults to 100):
            Largest number; of dates, the last year.
        texts (`tuple[str, ...]`, *optional*):
            Its texts, for the kind `text`; the patterns of codes (`A` a capital, `a` a small letter, `0` a digit) for
            `code`; the two values for `boolean`.
        words (`tuple[str, ...]`, *optional*):
            Other words that sentences use for it.
        more (`tuple[str, ...]`, *optional*):
            Phrases for "greater than a value", which stands for `{v}`.
        less (`tuple[str, ...]`, *optional*):
            Phrases for "less than a value".
        most (`tuple[str, ...]`, *optional*):
            Words that make a `Top` of it, such as `oldest`.
        least (`tuple[str, ...]`, *optional*):
            Words that make a `Bottom` of it.
        equal (`tuple[str, ...]`, *optional*):
            Phrases for "equal to a value", such as `from {v}`.
    """

    names: Texts
    kind: str
    low: float = 0
    high: float = 100
    texts: Texts = ()
    words: Texts = ()
    more: Texts = ()
    less: Texts = ()
    most: Texts = ()
    least: Texts = ()
    equal: Texts = ()


@dataclass(frozen=True)
class Domain:
    """
    A subject that tables are about.

    Args:
        entities (`tuple[str, ...]`):
            What a row is, in the plural.
        fields (`tuple[Field, ...]`):
            Columns to choose from.
        sheets (`tuple[str, ...]`, *optional*):
            Names of sheets.
    """

    entities: Texts
    fields: tuple[Field, ...]
    sheets: Texts = SHEETS


def _field(raw: Mapping[str, Any]) -> Field:
    texts = {name: split_texts(value) for name, value in raw.items() if name not in ("kind", "range")}
    low, high = raw.get("range", (Field.low, Field.high))
    return Field(kind=raw["kind"], low=low, high=high, **texts)


def _domain(raw: Mapping[str, Any], shared: Mapping[str, Field]) -> Domain:
    fields = tuple(shared[field] if isinstance(field, str) else _field(field) for field in raw["fields"])
    sheets = split_texts(raw["sheets"]) if "sheets" in raw else SHEETS
    return Domain(split_texts(raw["entities"]), fields, sheets)


def _load(name: str) -> tuple[tuple[Domain, ...], tuple[Domain, ...]]:
    content = load_yaml(__package__, name)
    shared = {field: _field(raw) for field, raw in content["fields"].items()}
    domains, held_out = (
        tuple(_domain(raw, shared) for raw in content[key]) for key in ("domains", "held_out_domains")
    )
    return domains, held_out


DOMAINS, HELD_OUT_DOMAINS = _load("domains.yaml")


__all__ = ["DOMAINS", "HELD_OUT_DOMAINS", "KINDS", "NUMERIC_KINDS", "TEXT_KINDS", "Domain", "Field"]
