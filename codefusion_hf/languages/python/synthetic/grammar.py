# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The language that sentences and names are written in.

    (sort|order) [the elements of] @nums (in descending order|from (highest|largest) to (lowest|smallest))

`(a|b)` is one of several, `[a]` and `[a|b]` may be missing, `$slot` is a slot's value, `$slot~field` something that
follows from it, `@slot` its value after a noun for what it holds. A backslash takes a character for what it is.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random


# A slot in a sentence or in code: its name, and the field that is asked for.
SLOT = re.compile(r"[$@]([a-z]+[0-9]*)(?:~([a-z]+))?")
# How often what is optional is there.
OPTIONAL_SHARE = 0.4


@dataclass(frozen=True)
class Slot:
    """
    A place that a value fills.

    Args:
        name (`str`):
            Name of the slot; without its digits, the kind of its values.
        field (`str`):
            What of the value is wanted, `""` for the value itself.
        noun (`bool`):
            Whether a noun stands before the value.
    """

    name: str
    field: str
    noun: bool

    @property
    def kind(self) -> str:
        """The kind of the slot's values."""
        return self.name.rstrip("0123456789")


@dataclass(frozen=True)
class Joined:
    """Parts that follow each other."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Choice:
    """One of several parts; with `share` below 1, maybe none of them."""

    options: tuple["Node", ...]
    share: float


Node = str | Slot | Joined | Choice


def parse(template: str) -> Node:
    """
    Parse a template.

    Args:
        template (`str`):
            A sentence or a name in the language of this module.

    Returns:
        `Node`: the template's tree.

    Raises:
        ValueError: if brackets do not match or a slot has no name.
    """
    node, end = _parse_options(template, 0, 1.0)
    if end < len(template):
        raise ValueError(f"`template` closes a bracket at character {end} that none opens, got {template!r}.")
    return node


def _parse_options(template: str, position: int, share: float) -> tuple[Node, int]:
    options: list[Node] = []
    parts: list[Node] = []
    text = ""
    while True:
        character = template[position : position + 1]
        if character in ("", "|", ")", "]", "(", "[", "$", "@"):
            if text:
                parts.append(text)
                text = ""
            if character in ("", ")", "]", "|"):
                options.append(parts[0] if len(parts) == 1 else Joined(tuple(parts)))
                parts = []
                if character != "|":
                    break
                position += 1
            elif character in ("$", "@"):
                match = SLOT.match(template, position)
                if match is None:
                    raise ValueError(
                        f"`template` must have a slot's name, small letters and digits, after each {character!r}, "
                        f"got {template!r}."
                    )
                parts.append(Slot(match[1], match[2] or "", character == "@"))
                position = match.end()
            else:
                inner, position = _parse_options(template, position + 1, 1.0 if character == "(" else OPTIONAL_SHARE)
                closing = ")" if character == "(" else "]"
                if template[position : position + 1] != closing:
                    raise ValueError(f"`template` must close each {character!r} by {closing!r}, got {template!r}.")
                parts.append(inner)
                position += 1
            continue
        if character == "\\":
            position += 1
            character = template[position : position + 1]
        text += character
        position += 1
    if len(options) == 1 and share == 1.0:
        return options[0], position
    return Choice(tuple(options), share), position


def draw(node: Node, random: Random, fill: Callable[[Slot], str]) -> str:
    """
    Draw one of the texts that a template stands for.

    Args:
        node (`Node`):
            The template's tree, of [`parse`].
        random (`Random`):
            Where chance comes from.
        fill (`Callable[[Slot], str]`):
            Gives the text of a slot.

    Returns:
        `str`: the text; spaces around what is missing are still there.
    """
    if isinstance(node, str):
        return node
    if isinstance(node, Joined):
        return "".join([draw(part, random, fill) for part in node.parts])
    if isinstance(node, Slot):
        return fill(node)
    chance = random.random()
    if chance >= node.share:
        return ""
    options = node.options
    # What is left of the chance is as good as another draw.
    return draw(options[int(chance / node.share * len(options))], random, fill)


def slots(node: Node) -> Iterator[Slot]:
    """The slots of a template, each as often as it stands there."""
    if isinstance(node, Slot):
        yield node
    elif isinstance(node, Joined):
        for part in node.parts:
            yield from slots(part)
    elif isinstance(node, Choice):
        for option in node.options:
            yield from slots(option)


def certain_slots(node: Node) -> set[str]:
    """Names of the slots that every text of a template has."""
    if isinstance(node, Slot):
        return {node.name}
    if isinstance(node, Joined):
        return set().union(*(certain_slots(part) for part in node.parts))
    if isinstance(node, Choice) and node.share == 1.0:
        return set.intersection(*(certain_slots(option) for option in node.options))
    return set()


def count_texts(node: Node) -> int:
    """How many texts a template stands for, with each slot taken for one text."""
    if isinstance(node, Joined):
        product = 1
        for part in node.parts:
            product *= count_texts(part)
        return product
    if isinstance(node, Choice):
        return sum(count_texts(option) for option in node.options) + (node.share < 1.0)
    return 1


__all__ = ["Joined", "Node", "Slot", "certain_slots", "count_texts", "draw", "parse", "slots"]
