# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The catalogue of commands: the YAML files of `catalogue/`, checked and compiled."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from codefusion_hf.languages.bash.synthetic.choices import Choices, Weighted
from codefusion_hf.languages.bash.synthetic.find_actions import Actions
from codefusion_hf.languages.bash.synthetic.find_sentences import FindSentences
from codefusion_hf.languages.bash.synthetic.options import Added, Options
from codefusion_hf.languages.bash.synthetic.phrases import (
    Draw,
    Node,
    Value,
    compile_code,
    compile_phrase,
    order_values,
)
from codefusion_hf.languages.bash.synthetic.queries import Queries
from codefusion_hf.languages.bash.synthetic.sentences import OUTPUTS, PIPED, Filters, Sentence
from codefusion_hf.languages.bash.synthetic.values import Pools


FOLDER = Path(__file__).resolve().parent / "catalogue"
# Files that are not families of commands.
PARTS = frozenset("pools phrases filters find_actions find_listing find_places find_tests options wrappers".split())
ENTRY_KEYS = {"code", "do", "is", "out", "flags", "needs", "w", "pipe", "root", "src"}
# Kinds that are a `find` command, with the values of -type that it may have.
FOUND = {"found": "fd-", "foundf": "f-", "foundd": "d", "foundx": "-"}
# How many optional flags a command that has some gets, and how often.
NUMBER_OF_FLAGS = ((0, 30), (1, 38), (2, 22), (3, 10))


# The weights of commands that begin a pipeline, so that rare ones are seen with many others.
SOURCE_POWER = 0.7


@dataclass(frozen=True)
class _Flag:
    name: str
    code: Node
    say: Node
    letter: str


@dataclass(frozen=True)
class _Form:
    """One way to write a command, with the place where options may be added."""

    before: Node
    after: Node
    added: Added | None

    @staticmethod
    def compile(code: str, kinds: set[str], options: Options) -> "_Form":
        position, added = (options.of(code) if "@{+}" not in code else None) or (0, None)
        return _Form(compile_code(code[:position], kinds), compile_code(code[position:], kinds), added)


class Entry:
    """
    A command of the catalogue.

    Args:
        specification (`dict[str, Any]`):
            The entry of the YAML file: `code` (one or several that mean the same), `do` (an order), `is` (what it
            prints, as a noun phrase), `out` (one of [`~codefusion_hf.languages.bash.synthetic.sentences.OUTPUTS`]),
            `flags` (optional ones as [code, sentence]), `needs` (placeholders in ascending order), `w` (how often),
            `pipe` (whether others may read its output), `src` (how often it begins a pipeline; `w` to the power of
            `SOURCE_POWER` if not given), `root` (how often it is run by sudo).
        name (`str`):
            Where it is from, for messages.
        kinds (`set[str]`):
            The kinds of placeholders.
        phrases (`set[str]`):
            The names of phrases.
        options ([`Options`]):
            The options of utilities.

    Raises:
        ValueError: if it is malformed; the message has its name.
    """

    def __init__(self, specification: dict[str, Any], name: str, kinds: set[str], phrases: set[str], options: Options):
        self.name = name
        try:
            if unknown := set(specification) - ENTRY_KEYS:
                raise ValueError(
                    f"unknown keys {', '.join(sorted(unknown))}; known are {', '.join(sorted(ENTRY_KEYS))}."
                )
            if "code" not in specification or not {"do", "is"} & set(specification):
                raise ValueError("needs `code`, and `do` or `is`.")
            self.sources = sources = tuple(_listed(specification["code"]))
            self.codes = options.choices.weighted(
                [_Form.compile(code, kinds, options) for code in sources],
                [1.0] * len(sources),
                sources,
                are_heads=True,
            )
            self.orders = [compile_phrase(text, kinds, phrases) for text in _listed(specification.get("do", []))]
            self.nouns = [compile_phrase(text, kinds, phrases) for text in _listed(specification.get("is", []))]
            self.output = specification.get("out", "text" if self.nouns else "nothing")
            if self.output not in OUTPUTS:
                raise ValueError(f"`out` must be one of {', '.join(OUTPUTS)}, got {self.output!r}.")
            self.is_source = specification.get("pipe", self.output in PIPED)
            self.flags = [
                self._flag(f"flag {flag[0]} of {name}", flag, kinds, phrases)
                for flag in specification.get("flags", [])
            ]
            self.flag_choices: Weighted | None = None
            if self.flags:
                utility = sources[0].split("@{+}")[0].split(" ")[0]
                self.flag_choices = options.choices.weighted(
                    self.flags,
                    [1.0] * len(self.flags),
                    [f"{utility} {code}" for code, _ in specification["flags"]],
                )
            self.needs = tuple(specification.get("needs", ()))
            self.weight = specification.get("w", 1)
            self.source_weight = specification.get("src", self.weight**SOURCE_POWER)
            self.root = specification.get("root", 0.0)
            if self.flags and not any("@{+}" in code for code in sources):
                raise ValueError("`flags` need @{+} in `code`.")
            # Whether letters go onto a cluster that is there, as in `rsync -a@{+}`.
            self.is_attached = any(re.search(r" -[A-Za-z]+@\{\+\}", code) for code in sources)
            self._show = compile_phrase("<show>", kinds, phrases)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{name}: {error}") from error

    @staticmethod
    def _flag(name: str, flag: list[str], kinds: set[str], phrases: set[str]) -> _Flag:
        code, say = flag
        letter = code[1:] if len(code) == 2 and code[0] == "-" else ""
        return _Flag(name, compile_code(code, kinds), compile_phrase(say, kinds, phrases), letter)

    def draw(self, draw: Draw, numbers: Weighted) -> Sentence:
        """
        Draw a sentence and its command.

        Args:
            draw ([`Draw`]):
                Where variety comes from; new for each pair.
            numbers ([`Weighted`]):
                How many optional flags there are.

        Returns:
            [`Sentence`]: the command, what it does, and what it prints.
        """
        draw.entries.append(self.name)
        if self.needs:
            order_values(draw, self.needs)
        if self.flags:
            draw.added = self._draw_flags(draw, numbers.draw(draw.random))
        form: _Form = self.codes.draw(draw.random)
        say, options, printed = form.added.draw(draw) if form.added else ("", "", "")
        noun = f"{draw.choice(self.nouns)(draw)}{say}" if self.nouns else ""
        # With optional flags, only the order has a place for what they say.
        if self.orders and (not noun or draw.random() < 0.6):
            order = f"{draw.choice(self.orders)(draw)}{say}"
        else:
            order = f"{self._show(draw)} {noun}"
        output = printed if printed and self.output in PIPED else self.output
        return Sentence(f"{form.before(draw)}{options}{form.after(draw)}", order, noun, output)

    def _draw_flags(self, draw: Draw, number: int) -> tuple[str, str]:
        flags: list[_Flag] = []
        assert self.flag_choices is not None
        for _ in range(3 * number):
            flag = self.flag_choices.draw(draw.random)
            if len(flags) < number and flag not in flags:
                flags.append(flag)
        draw.entries += [flag.name for flag in flags]
        says = [flag.say(draw) for flag in flags]
        letters = "".join(flag.letter for flag in flags)
        words = [flag.code(draw) for flag in flags if not flag.letter]
        if letters and not self.is_attached:
            words.insert(0, f"-{letters}")
            letters = ""
        say = ""
        if says:
            say = " " + (says[0] if len(says) == 1 else ", ".join(says[:-1]) + " and " + says[-1])
        return say, letters + "".join(f" {word}" for word in words)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@dataclass
class Family:
    """
    Commands about one subject.

    Args:
        name (`str`):
            Its name, which is that of the file.
        weight (`float`):
            How often its commands are drawn.
        entries ([`Weighted`]):
            The commands.
    """

    name: str
    weight: float
    entries: Weighted


class Catalogue:
    """
    All that is known about commands.

    Args:
        files (`dict[str, Any]`):
            The content of the YAML files, by their names without the extension.

    Raises:
        ValueError: if something is malformed; the message names the file and the entry.
    """

    def __init__(self, files: dict[str, Any]):
        phrase_names = set(files["phrases"])
        pools = Pools(files["pools"], phrase_names, set(FOUND))
        self.kinds = dict(pools.kinds)
        names = pools.names
        self.phrases: dict[str, Node] = {
            name: compile_phrase(text, names, phrase_names) for name, text in files["phrases"].items()
        }
        self.wrapper_phrases: dict[str, str] = files["wrappers"]
        choices = self.choices = Choices()
        self.options = Options(files["options"], names, phrase_names, choices)
        self.filters = Filters(files["filters"]["filters"], self.options, names, phrase_names, choices)
        self.queries = Queries(files["find_tests"], files["find_places"], names, phrase_names, choices)
        self.actions = Actions(files["find_actions"]["actions"], self.options, names, phrase_names, choices)
        self.find = FindSentences(
            self.queries, self.actions, files["find_listing"], self.filters, names, phrase_names, choices
        )
        for name, types in FOUND.items():
            self.kinds[name] = self._found(types)
        self.families = [
            self._family(name, content, names, phrase_names)
            for name, content in sorted(files.items())
            if name not in PARTS
        ]
        sources = [entry for family in self.families for entry in family.entries.options if entry.is_source]
        self.sources = choices.weighted(
            sources, [entry.source_weight for entry in sources], [entry.sources for entry in sources], are_heads=True
        )
        self.numbers = choices.weighted_pairs(NUMBER_OF_FLAGS)

    def _found(self, types: str):
        def value(draw: Draw) -> Value:
            return self.find.found(draw.nested(), types)

        return value

    def _family(self, name: str, content: dict[str, Any], kinds: set[str], phrases: set[str]) -> Family:
        if set(content) != {"weight", "entries"}:
            raise ValueError(f"{name}.yaml must have `weight` and `entries`, got {', '.join(content)}.")
        entries = [
            Entry(specification, f"{name}.yaml, {specification.get('code')!r}", kinds, phrases, self.options)
            for specification in content["entries"]
        ]
        weights, sources = [entry.weight for entry in entries], [entry.sources for entry in entries]
        return Family(name, content["weight"], self.choices.weighted(entries, weights, sources, are_heads=True))

    def names(self) -> set[str]:
        """
        The names that [`Draw.entries`] may have, to tell what has been drawn.

        Returns:
            `set[str]`: the names of commands, their flags, options, tests, actions, checks, listings and filters.
        """
        entries = [entry for family in self.families for entry in family.entries.options]
        names = {entry.name for entry in entries} | {flag.name for entry in entries for flag in entry.flags}
        return names | self.options.names | set(self.queries.names) | set(self.find.names) | set(self.filters.names)


def load_files(folder: Path = FOLDER) -> dict[str, Any]:
    """
    Read the YAML files of a catalogue.

    Args:
        folder (`Path`, *optional*):
            Where they are. Defaults to the catalogue of this package.

    Returns:
        `dict[str, Any]`: their contents, by their names without the extension.

    Raises:
        OSError: if a file cannot be read.
        ValueError: if a file is no YAML.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    files = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            files[path.stem] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
        except yaml.YAMLError as error:
            raise ValueError(f"{path.name} is no YAML: {error}") from error
        _check_keys(files[path.stem], path.name)
    return files


def _check_keys(content: Any, name: str) -> None:
    """YAML takes `on`, `off`, `yes` and `no` for truth values; as keys they would be passed over."""
    if isinstance(content, dict):
        if wrong := [key for key in content if not isinstance(key, str)]:
            raise ValueError(f"{name}: the keys of a mapping must be strings, got {wrong[0]!r} in {content!r}.")
        content = list(content.values())
    if isinstance(content, list):
        for part in content:
            _check_keys(part, name)


@lru_cache(maxsize=1)
def load_catalogue() -> Catalogue:
    """
    The catalogue of this package, compiled once.

    Returns:
        [`Catalogue`]: the catalogue.
    """
    return Catalogue(load_files())


__all__ = ["Catalogue", "Entry", "Family", "load_catalogue", "load_files"]
