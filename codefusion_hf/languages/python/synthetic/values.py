# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What fills a slot: one thing, as code writes it and as a sentence does."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any


ORDINALS = ("zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
# How the names of a sentence are marked, by the style of the row: as about 2,100 questions of Stack Overflow do.
STYLES = ("`", "'", '"', "")
STYLE_WEIGHTS = (78, 12, 5, 5)
# A bare name that is no word of the language is read as a name without quotes.
_PLAINLY_A_NAME = re.compile(r"(?=.*[a-z])(?=.*[_0-9]|.*[a-z][A-Z])\w{3,}")


@dataclass(frozen=True)
class Value:
    """
    What fills a slot.

    Args:
        code (`str`):
            The value in code.
        text (`str`):
            What stands in a sentence, without quotes.
        style (`str`):
            `"name"` for a name, `"string"`, `"number"`, `"literal"` for another literal, `"words"` for a phrase.
        data (`Any`, *optional*):
            The literal's value.
        fields (`Mapping[str, Value]`, *optional*):
            Further values that belong to this one.
    """

    code: str
    text: str
    style: str
    data: Any = None
    fields: Mapping[str, "Value"] = field(default_factory=dict)

    def get(self, name: str) -> "Value":
        """
        What follows from this value.

        Args:
            name (`str`):
                A key of `fields` or of `DERIVED`, or `""` for the value itself.

        Returns:
            `Value`: the other value.

        Raises:
            ValueError: if this value has no such field.
        """
        if not name:
            return self
        if name in self.fields:
            return self.fields[name]
        if name not in DERIVED or (self.data is None and name != "raw"):
            raise ValueError(
                f"`name` must be a field of {self.code} ({', '.join([*self.fields, *DERIVED])}), got {name!r}."
            )
        return DERIVED[name](self)

    def quoted(self, style: str, random: Random, may_be_both: bool = False) -> str:
        """
        The value in a sentence.

        Args:
            style (`str`):
                One of `STYLES`: how names are marked in this sentence.
            random (`Random`):
                Where chance comes from.
            may_be_both (`bool`, *optional*, defaults to `False`):
                Whether the same word could be a variable or a string, so that its quotes must tell which.

        Returns:
            `str`: the text, mostly in quotes.
        """
        text = self.text
        if self.style == "name":
            if may_be_both and style:
                return f"`{text}`"
            if style or _PLAINLY_A_NAME.fullmatch(text):
                return f"{style}{text}{style}"
            return f"`{text}`"
        chance = random.random()
        if self.style == "string":
            if "\\" in text and text == self.data and random.random() < 0.5:
                # People write a pattern as it is, or as code has it.
                text = text.replace("\\", "\\\\")
            if "'" in text:
                return f"`{text}`" if '"' in text or chance < 0.5 else f'"{text}"'
            if style == '"':
                return f'"{text}"' if '"' not in text else f"'{text}'"
            if chance < 0.18 and style == "`" and not (may_be_both and text.isidentifier()):
                return f"`{text}`"
            return f'"{text}"' if chance > 0.92 and '"' not in text else f"'{text}'"
        if self.style == "number":
            return f"`{text}`" if chance < 0.22 and style == "`" else text
        if self.style == "literal":
            return text if chance < 0.15 else f"`{text}`"
        return text


def literal(data: Any, **fields: Any) -> Value:
    """
    The value of a literal.

    Args:
        data (`Any`):
            A string, a number, or a container of them.
        **fields (`Any`):
            Literals that belong to it.

    Returns:
        `Value`: the value.
    """
    code = repr(data)
    members = {name: literal(value) for name, value in fields.items()}
    if isinstance(data, str):
        # As it stands between the quotes of the code.
        return Value(code, data if "\\" in data and data.isprintable() else code[1:-1], "string", data, members)
    is_number = isinstance(data, int | float) and not isinstance(data, bool)
    return Value(code, code, "number" if is_number else "literal", data, members)


def name(identifier: str) -> Value:
    """The value of a name in code."""
    return Value(identifier, identifier, "name")


def words(text: str) -> Value:
    """The value of a phrase that code does not have."""
    return Value(text, text, "words", text)


def _ordinal(value: int) -> Value:
    if 0 < value < len(ORDINALS):
        return words(ORDINALS[value])
    ending = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return words(f"{value}{ending}")


def _word(value: int) -> Value:
    return words(NUMBERS[value] if 0 <= value < len(NUMBERS) else str(value))


def _inside(value: str) -> Value:
    """A string that stands inside another string of the code."""
    return Value(repr(value)[1:-1], value, "string", value)


# What follows from a value by itself.
DERIVED: dict[str, Callable[[Value], Value]] = {
    "less": lambda value: literal(value.data - 1),
    "more": lambda value: literal(value.data + 1),
    "double": lambda value: literal(value.data * 2),
    "minus": lambda value: literal(-value.data),
    "ord": lambda value: _ordinal(value.data),
    "nth": lambda value: _ordinal(value.data + 1),
    "word": lambda value: _word(value.data),
    "raw": lambda value: value if value.style == "name" else _inside(str(value.data)),
    "esc": lambda value: _inside(re.escape(value.data)),
    "upper": lambda value: literal(value.data.upper()),
    "lower": lambda value: literal(value.data.lower()),
    "bare": lambda value: words(str(value.data)),
}


__all__ = ["DERIVED", "STYLES", "STYLE_WEIGHTS", "Value", "literal", "name", "words"]
