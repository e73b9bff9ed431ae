# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Kinds of slots: what a list, a file name, a column may be called, and which literals stand for them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from random import Random
from typing import Any

import yaml

from codefusion_hf.languages.python.synthetic.grammar import Node, draw, parse, slots
from codefusion_hf.languages.python.synthetic.literals import MAKERS, TEXT_MAKERS
from codefusion_hf.languages.python.synthetic.values import Value, literal, name


# Share of names where a kind has literals, too, and says nothing of it.
NAME_SHARE = 0.15
# How often a string that has a name of its own, such as a comma, is called by it.
SAID_SHARE = 0.45
# Draws until a value that is not in use yet; pools are far larger than the slots of an idiom.
MAX_DRAWS = 200

_KEYS = {
    "noun": str,
    "names": list,
    "name_share": float,
    "strings": list,
    "make": str,
    "said": dict,
    "bare": bool,
    "hidden": bool,
    "sure": bool,
    "marked": bool,
    "follows": str,
}


class Words:
    """
    The pools of words that names and literals are made of.

    Args:
        pools (`Mapping[str, Iterable[str]]`):
            Words by the name of their pool.
    """

    def __init__(self, pools: Mapping[str, Iterable[str]]) -> None:
        self.pools = {pool: tuple(entries) for pool, entries in pools.items()}

    def draw(self, node: Node, random: Random) -> str:
        """A text of a template whose slots are pools."""
        return draw(node, random, lambda slot: self.word(slot.name, random))

    def word(self, pool: str, random: Random) -> str:
        """A word of a pool."""
        entries = self.pools[pool]
        return entries[int(random.random() * len(entries))]


@dataclass(frozen=True)
class Kind:
    """
    What the slots of one kind may be filled with.

    Args:
        label (`str`):
            Name of the kind.
        pools (`Words`):
            What names and literals are made of.
        noun (`Node`, *optional*):
            What a sentence may put before a value.
        names (`tuple[Node, ...]`):
            Templates of names.
        name_share (`float`):
            How often a name is drawn, else a literal is.
        strings (`tuple[Node, ...]`):
            Templates of literal strings.
        make (`str`):
            Key of [`~codefusion_hf.languages.python.synthetic.literals.MAKERS`], or `""`.
        said (`Mapping[str, Node]`):
            What a string may be called.
        bare (`bool`):
            Whether names are no variables but, say, attributes.
        hidden (`bool`):
            Whether sentences say nothing of it, such as the variable of a loop.
        sure (`bool`):
            Whether its noun always stands before a value, which says what is in it.
        marked (`bool`):
            Whether its names are in backticks where names are in quotes at all, for they would look like strings.
        follows (`str`):
            The kind whose names go together with those of this one, or `""`.
    """

    label: str
    pools: Words
    noun: Node | None
    names: tuple[Node, ...]
    name_share: float
    strings: tuple[Node, ...]
    make: str
    said: Mapping[str, Node]
    bare: bool
    hidden: bool
    sure: bool
    marked: bool
    follows: str

    @property
    def is_variable(self) -> bool:
        """Whether a variable of a program may fill a slot of this kind, and a literal is the exception."""
        return bool(self.names) and not self.bare and not self.hidden and self.name_share >= 0.5

    @property
    def may_be_text(self) -> bool:
        """Whether its values may be names or strings."""
        has_strings = bool(self.strings) or self.make in TEXT_MAKERS
        return self.marked or (bool(self.names) and not self.bare and has_strings)

    def draw(
        self, random: Random, used: Collection[str], only_names: bool = False, only_literals: bool = False
    ) -> Value:
        """
        Draw a value.

        Args:
            random (`Random`):
                Where chance comes from.
            used (collection of `str`):
                Code that the value must not be the same as.
            only_names (`bool`, *optional*, defaults to `False`):
                Whether a variable may not be replaced by a literal.
            only_literals (`bool`, *optional*, defaults to `False`):
                Whether there must be a literal.

        Returns:
            `Value`: the value.
        """
        for _ in range(MAX_DRAWS):
            wants_name = not only_literals and (random.random() < self.name_share or (only_names and self.is_variable))
            if self.names and wants_name:
                drawn = self.pools.draw(self.names[int(random.random() * len(self.names))], random)
                value = name(drawn)
            elif self.make:
                value = MAKERS[self.make](random, lambda: self.pools.word("thing", random))
            else:
                value = literal(self.pools.draw(self.strings[int(random.random() * len(self.strings))], random))
            if value.code not in used:
                break
        return value

    def phrase(self, value: Value, random: Random, style: str) -> str:
        """The value in a sentence: quoted, or called by what it is."""
        if value.style == "string" and value.data in self.said and random.random() < SAID_SHARE:
            return self.pools.draw(self.said[value.data], random)
        return value.quoted(style, random, self.may_be_text)

    def given(self, data: Any) -> Value:
        """
        The value that a test gives.

        Args:
            data (`Any`):
                A literal, or of values that have fields a dictionary of them, whose first is the value itself.

        Returns:
            `Value`: the value.
        """
        if self.bare or self.hidden:
            return name(data)
        if isinstance(data, dict) and self.make in ("date", "moment", "time", "separated", "bounds", "span", "period"):
            first, *_ = data.values()
            return literal(first, **data)
        return literal(data)


def _kind(label: str, entry: Mapping[str, Any], pools: Words, where: str) -> Kind:
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: kind `{label}` must be a mapping, got {entry!r}.")
    for key, value in entry.items():
        if key not in _KEYS:
            raise ValueError(f"{where}: kind `{label}` may have {', '.join(_KEYS)}, got `{key}`.")
        if not isinstance(value, _KEYS[key]) and not (key == "name_share" and value in (0, 1)):
            raise ValueError(f"{where}: `{key}` of kind `{label}` must be a {_KEYS[key].__name__}, got {value!r}.")
    if not entry.keys() & {"names", "strings", "make"}:
        raise ValueError(f"{where}: kind `{label}` must have `names`, `strings` or `make`, got {sorted(entry)}.")
    if "make" in entry and entry["make"] not in MAKERS:
        raise ValueError(f"{where}: `make` of kind `{label}` must be one of {sorted(MAKERS)}, got {entry['make']!r}.")
    names = tuple(parse(template) for template in entry.get("names", ()))
    strings = tuple(parse(template) for template in entry.get("strings", ()))
    said = {text: parse(template) for text, template in entry.get("said", {}).items()}
    for slot in (slot for node in (*names, *strings) for slot in slots(node)):
        if slot.name not in pools.pools:
            raise ValueError(f"{where}: kind `{label}` must use pools that there are, got `${slot.name}`.")
    has_literals = bool(strings or entry.get("make"))
    return Kind(
        label=label,
        pools=pools,
        noun=parse(entry["noun"]) if "noun" in entry else None,
        names=names,
        name_share=float(entry.get("name_share", NAME_SHARE if has_literals else 1.0)) if names else 0.0,
        strings=strings,
        make=entry.get("make", ""),
        said=said,
        bare=bool(entry.get("bare", False)),
        hidden=bool(entry.get("hidden", False)),
        sure=bool(entry.get("sure", False)),
        marked=bool(entry.get("marked", False)),
        follows=entry.get("follows", ""),
    )


def parse_kinds(kinds_yaml: str, pools_yaml: str, where: str = "kinds.yaml") -> dict[str, Kind]:
    """
    Read kinds of slots.

    Args:
        kinds_yaml (`str`):
            YAML of the kinds, by their names.
        pools_yaml (`str`):
            YAML of the pools of words that they are made of.
        where (`str`, *optional*, defaults to `"kinds.yaml"`):
            What errors call the kinds' YAML.

    Returns:
        `dict[str, Kind]`: the kinds.

    Raises:
        ValueError: if a kind is malformed, or uses a pool that there is not.
    """
    raw_pools = yaml.safe_load(pools_yaml)
    for pool, entries in raw_pools.items():
        if not isinstance(entries, list) or not entries or not all(isinstance(entry, str) for entry in entries):
            raise ValueError(f"pools of words: `{pool}` must be a list of strings, got {entries!r}.")
    pools = Words(raw_pools)
    kinds = {label: _kind(label, entry, pools, where) for label, entry in yaml.safe_load(kinds_yaml).items()}
    for kind in kinds.values():
        if kind.follows and kind.follows not in kinds:
            raise ValueError(f"{where}: `follows` of kind `{kind.label}` must be a kind, got {kind.follows!r}.")
    return kinds


@lru_cache(maxsize=1)
def load_kinds() -> dict[str, Kind]:
    """The kinds of the package."""
    folder = files("codefusion_hf.languages.python.synthetic") / "words"
    texts = [(folder / file).read_text(encoding="utf-8") for file in ("kinds.yaml", "pools.yaml")]
    return parse_kinds(*texts)


__all__ = ["Kind", "Words", "load_kinds", "parse_kinds"]
