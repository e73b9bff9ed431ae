# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The small language in which the catalogue says what a command does, and the draws that turn it into text.

A sentence is a template with

- `(list|show|get)`: one of several, which may be empty;
- `[all]`: there or not;
- `<show>`: a phrase of `phrases.yaml` by name;
- `{file}`, `{file2}`: a value of that kind (digits at the end make another one), `{from:file}` one with a name of its
  own; `{file.n}` is the bare name without a noun, `{file.raw}` the characters alone;
- a backslash before any of these marks takes it literally.

Code has `@{file}` for the value as the shell needs it (quoted where it must be) and `@{file.raw}` for its characters;
everything else in it is literal. A value is drawn once for a sentence and its command, so that both have the same.
"""

import random
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Value(NamedTuple):
    """
    A value that a sentence names and a command holds.

    Args:
        say (`str`):
            How the sentence refers to it, for instance `the file "notes.txt"`.
        name (`str`):
            The same without a noun, for instance `"notes.txt"`.
        raw (`str`):
            Its characters, for instance `notes.txt`.
        code (`str`):
            How it stands in a command.
    """

    say: str
    name: str
    raw: str
    code: str


class Draw:
    """
    What is drawn for one pair: the values of its placeholders.

    Args:
        generator (`random.Random`):
            The source of randomness.
        kinds (`dict[str, Callable[[Draw], Value]]`):
            What draws a value, by the kind of the placeholder.
        phrases (`dict[str, Node]`):
            The named phrases.
    """

    __slots__ = ("generator", "random", "kinds", "phrases", "values", "written", "entries", "added")

    def __init__(
        self, generator: random.Random, kinds: dict[str, Callable[["Draw"], Value]], phrases: dict[str, "Node"]
    ):
        self.generator = generator
        self.random = generator.random
        self.kinds = kinds
        self.phrases = phrases
        self.values: dict[str, Value] = {}
        # Characters of the values that both the sentence and the command name, for the tests.
        self.written: list[str] = []
        # Names of the entries of the catalogue that were used, for the tests.
        self.entries: list[str] = []
        # What the optional flags add to the sentence and to the command.
        self.added: tuple[str, str] = ("", "")

    def nested(self) -> "Draw":
        """A draw with values of its own, for a command inside a command."""
        draw = Draw(self.generator, self.kinds, self.phrases)
        draw.written = self.written
        draw.entries = self.entries
        return draw

    def value(self, name: str, kind: str) -> Value:
        """The value of a placeholder, drawn where it is first needed and different from others of its kind."""
        value = self.values.get(name)
        if value is None:
            draw_value = self.kinds[kind]
            value = draw_value(self)
            taken = [other.raw for other_name, other in self.values.items() if other_name.rstrip("0123456789") == kind]
            attempts = 0
            while value.raw in taken and attempts < 8:
                value = draw_value(self)
                attempts += 1
            self.values[name] = value
        return value

    def chance(self, probability: float) -> bool:
        """Whether something that has this probability happens."""
        return self.random() < probability

    def choice(self, options: Sequence):
        """One of several, all as likely."""
        return options[int(self.random() * len(options))]


Node = Callable[[Draw], str]

_MARKS = re.compile(r"\\(.)|([(\[|)\]])|<([a-z_]+)>|\{([^{}]*)\}", flags=re.DOTALL)
_SLOT = re.compile(r"(?:([a-z_]+\d*):)?([a-z_]+)(\d*)(?:\.(n|raw|code))?")
_CODE_SLOT = re.compile(r"@\{([^{}]*)\}")
_ATTRIBUTES = {"n": 1, "raw": 2, "code": 3}


def _literal(text: str) -> Node:
    return lambda draw: text


def _sequence(nodes: list[Node]) -> Node:
    if len(nodes) == 1:
        return nodes[0]
    if len(nodes) == 2:
        first, second = nodes
        return lambda draw: first(draw) + second(draw)
    parts = tuple(nodes)
    return lambda draw: "".join([part(draw) for part in parts])


def _alternatives(options: list[Node]) -> Node:
    number = len(options)
    if number == 1:
        return options[0]
    parts = tuple(options)
    return lambda draw: parts[int(draw.random() * number)](draw)


def _optional(node: Node) -> Node:
    return lambda draw: node(draw) if draw.random() < 0.5 else ""


def _phrase(name: str) -> Node:
    return lambda draw: draw.phrases[name](draw)


def _slot(text: str, default: int, kinds: set[str], source: str) -> Node:
    match = _SLOT.fullmatch(text)
    if match is None:
        raise ValueError(
            f"placeholder {text!r} of {source!r} must be like `file`, `file2`, `from:file` or `file.raw`."
        )
    alias, kind, digits, attribute = match.groups()
    if kind not in kinds:
        raise ValueError(f"unknown placeholder {kind!r} in {source!r}; known are {', '.join(sorted(kinds))}.")
    name = alias or kind + digits
    index = _ATTRIBUTES[attribute] if attribute else default
    return lambda draw: draw.value(name, kind)[index]


def compile_phrase(source: str, kinds: set[str], phrases: set[str]) -> Node:
    """
    Compile the template of a sentence.

    Args:
        source (`str`):
            The template, in the language of this module.
        kinds (`set[str]`):
            The kinds of values that placeholders may have.
        phrases (`set[str]`):
            The names of the phrases that may be referred to.

    Returns:
        `Node`: a function of a [`Draw`] that gives the text.

    Raises:
        ValueError: if a mark is not closed, or a placeholder or phrase is unknown.
    """
    # One level for each open bracket: its mark, the finished alternatives, and the nodes of the current one.
    levels: list[tuple[str, list[Node], list[Node]]] = [("", [], [])]
    position = 0

    def add(node: Node) -> None:
        levels[-1][2].append(node)

    def close_alternative() -> None:
        _, options, nodes = levels[-1]
        options.append(_sequence(list(nodes)) if nodes else _literal(""))
        nodes.clear()

    for match in _MARKS.finditer(source):
        if match.start() > position:
            add(_literal(source[position : match.start()]))
        position = match.end()
        escaped, mark, phrase, slot = match.groups()
        if escaped is not None:
            add(_literal(escaped))
        elif phrase is not None:
            if phrase not in phrases:
                raise ValueError(f"unknown phrase <{phrase}> in {source!r}; known are {', '.join(sorted(phrases))}.")
            add(_phrase(phrase))
        elif slot is not None:
            add(_added(0) if slot == "+" else _slot(slot, 0, kinds, source))
        elif mark in "([":
            levels.append((mark, [], []))
        elif mark == "|":
            if len(levels) == 1:
                raise ValueError(f"`|` outside of brackets in {source!r}: put the alternatives between ( and ).")
            close_alternative()
        else:
            opening = {")": "(", "]": "["}[mark]
            if levels[-1][0] != opening:
                raise ValueError(f"`{mark}` closes nothing in {source!r}.")
            close_alternative()
            node = _alternatives(levels.pop()[1])
            add(_optional(node) if mark == "]" else node)
    if len(levels) > 1:
        raise ValueError(f"`{levels[-1][0]}` is not closed in {source!r}.")
    if position < len(source):
        add(_literal(source[position:]))
    close_alternative()
    return levels[0][1][0]


def compile_code(source: str, kinds: set[str]) -> Node:
    """
    Compile the template of a command, in which `@{kind}` is a value and all else is literal.

    Args:
        source (`str`):
            The template.
        kinds (`set[str]`):
            The kinds of values that placeholders may have.

    Returns:
        `Node`: a function of a [`Draw`] that gives the command.

    Raises:
        ValueError: if a placeholder is unknown.
    """
    nodes: list[Node] = []
    position = 0
    for match in _CODE_SLOT.finditer(source):
        if match.start() > position:
            nodes.append(_literal(source[position : match.start()]))
        position = match.end()
        nodes.append(_added(1) if match[1] == "+" else _slot(match[1], 3, kinds, source))
    if position < len(source):
        nodes.append(_literal(source[position:]))
    return _sequence(nodes) if nodes else _literal("")


def _added(index: int) -> Node:
    return lambda draw: draw.added[index]


def order_values(draw: Draw, names: tuple[str, ...]) -> None:
    """
    Draw numbers or dates so that each is more than the one before.

    Args:
        draw ([`Draw`]):
            What the values are for.
        names (`tuple[str, ...]`):
            The placeholders; digits at the end are dropped for the kind.
    """
    while True:
        values = [draw.kinds[name.rstrip("0123456789")](draw) for name in names]
        keys = [(len(value.raw), value.raw) if value.raw.isdigit() else (0, value.raw) for value in values]
        if len(set(keys)) == len(keys):
            break
    for name, (_, value) in zip(names, sorted(zip(keys, values, strict=True)), strict=True):
        draw.values[name] = value


def tidy(text: str) -> str:
    """
    Put the blanks of a sentence right.

    Args:
        text (`str`):
            What a template gave: optional parts that are not there leave blanks behind.

    Returns:
        `str`: the sentence with single blanks, and none before a comma or full stop.
    """
    return " ".join(text.split()).replace(" ,", ",").replace(",,", ",")


__all__ = ["Draw", "Node", "Value", "compile_code", "compile_phrase", "order_values", "tidy"]
