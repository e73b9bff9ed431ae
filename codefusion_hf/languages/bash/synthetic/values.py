# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The kinds of values that sentences and commands hold, from the pools of `catalogue/pools.yaml`.

A pool has one of

- `values`: a list of strings;
- `numbers`: a list of numbers, or `range`: the first and the last of them; `words: true` lets a sentence spell small
  ones;
- `make`: templates of strings made of other pools;
- `forms`: pairs of a command template and a sentence template, for what is written in one way and said in another;
- `any`: names of other kinds and how often each is drawn;

and may have `says`, ways to refer to the value with `{}` for its name; `quote`, the probability that the sentence puts
it between quotes; `shell`, how the command does: `auto` (where it must be, sometimes else), `always`, or `never`.
"""

import re
from collections.abc import Callable
from typing import Any

from codefusion_hf.languages.bash.synthetic.phrases import Draw, Node, Value, compile_code, compile_phrase


KEYS = {"values", "numbers", "range", "make", "forms", "any", "says", "quote", "shell", "words"}
SOURCES = ("values", "numbers", "range", "make", "forms", "any")
SHELL = ("auto", "always", "never")

WORDS = dict(enumerate("zero one two three four five six seven eight nine ten eleven twelve".split()))
# How often a sentence spells a number that it may spell.
SPELLED = 0.25
# How often a command quotes what it need not.
NEEDLESS_QUOTES = 0.2

_SAFE = re.compile(r"[A-Za-z0-9_./:@%+=,-]+|~(?:/[A-Za-z0-9_./-]*)?")


def shell_word(raw: str, quote: bool, single: bool) -> str:
    """
    A string as one word of a command.

    Args:
        raw (`str`):
            The string. `$name` in it is left to the shell.
        quote (`bool`):
            Whether to quote it where that is not needed.
        single (`bool`):
            Whether to prefer single quotes.

    Returns:
        `str`: the word.
    """
    if raw.startswith("~"):
        return raw if _SAFE.fullmatch(raw) else "~/" + shell_word(raw[2:], True, single)
    if raw.startswith("$"):
        return f'"{raw}"'
    if not quote and _SAFE.fullmatch(raw):
        return raw
    if single and "'" not in raw:
        return f"'{raw}'"
    # Between double quotes, these are not literal.
    return '"' + re.sub(r'(["\\$`])', r"\\\1", raw) + '"'


def _name_maker(quote: float) -> Callable[[Draw, str], str]:
    double, single = quote * 0.7, quote * 0.95

    def name(draw: Draw, raw: str) -> str:
        part = draw.random()
        if part < double:
            return f'"{raw}"'
        if part < single:
            return f"'{raw}'"
        if part < quote:
            return f"`{raw}`"
        return raw

    return name


class Pools:
    """
    The kinds of values.

    Args:
        specifications (`dict[str, dict[str, Any]]`):
            The pools by their names, as of `pools.yaml`.
        phrases (`set[str]`):
            Names of the phrases that the templates may refer to.
        others (`set[str]`, *optional*):
            Kinds that are drawn elsewhere, which the templates may refer to as well.

    Raises:
        ValueError: if a pool is malformed; the message names it.
    """

    def __init__(
        self,
        specifications: dict[str, dict[str, Any]],
        phrases: set[str],
        others: set[str] | frozenset[str] = frozenset(),
    ):
        self.names = set(specifications) | set(others)
        self.phrases = phrases
        self.kinds: dict[str, Callable[[Draw], Value]] = {}
        for name, specification in specifications.items():
            try:
                self.kinds[name] = self._compile(specification)
            except ValueError as error:
                raise ValueError(f"pool {name!r}: {error}") from error

    def _compile(self, specification: dict[str, Any]) -> Callable[[Draw], Value]:
        if not isinstance(specification, dict) or set(specification) - KEYS:
            raise ValueError(f"must be a mapping with some of {', '.join(sorted(KEYS))}, got {specification!r}.")
        sources = [key for key in SOURCES if key in specification]
        if len(sources) != 1:
            raise ValueError(f"must have one of {', '.join(SOURCES)}, got {', '.join(sources) or 'none'}.")
        (source,) = sources
        shell = specification.get("shell", "auto")
        if shell not in SHELL:
            raise ValueError(f"`shell` must be one of {', '.join(SHELL)}, got {shell!r}.")
        if source == "forms":
            return self._forms(specification["forms"])
        if source == "any":
            return self._any(specification["any"])
        draw_raw, draw_name = self._raw(source, specification)
        says = [text.split("{}") for text in specification.get("says", ["{}"])]
        if any(len(parts) != 2 for parts in says):
            raise ValueError(f"each of `says` must have {{}} once, got {specification['says']!r}.")
        always, never = shell == "always", shell == "never"

        def value(draw: Draw) -> Value:
            raw = draw_raw(draw)
            name = draw_name(draw, raw)
            before, after = draw.choice(says)
            if never:
                code = raw
            else:
                quote = always or draw.random() < NEEDLESS_QUOTES
                code = shell_word(raw, quote, draw.random() < 0.5)
            draw.written.append(raw)
            return Value(before + name + after, name, raw, code)

        return value

    def _raw(
        self, source: str, specification: dict[str, Any]
    ) -> tuple[Callable[[Draw], str], Callable[[Draw, str], str]]:
        """What draws the characters of a value, and what a sentence calls them."""
        name = _name_maker(specification.get("quote", 0.0))
        if source == "values":
            values = [str(value) for value in specification["values"]]
            return lambda draw: draw.choice(values), name
        if source == "make":
            nodes = [compile_phrase(template, self.names, self.phrases) for template in specification["make"]]

            def make(draw: Draw) -> str:
                inner = Draw(draw.generator, draw.kinds, draw.phrases)
                return draw.choice(nodes)(inner)

            return make, name
        if source == "numbers":
            numbers = [int(number) for number in specification["numbers"]]
        else:
            first, last = specification["range"]
            numbers = list(range(int(first), int(last) + 1))
        if specification.get("words", False):

            def spelled(draw: Draw, raw: str) -> str:
                number = int(raw)
                return WORDS[number] if number in WORDS and draw.random() < SPELLED else raw

            return lambda draw: str(draw.choice(numbers)), spelled
        return lambda draw: str(draw.choice(numbers)), name

    def _forms(self, forms: list[list[str]]) -> Callable[[Draw], Value]:
        compiled: list[tuple[Node, Node]] = []
        for form in forms:
            if not isinstance(form, list) or len(form) not in (2, 3):
                raise ValueError(
                    f"each of `forms` must be [command, sentence] or [command, sentence, weight]: {form!r}."
                )
            node = (
                compile_code(str(form[0]), self.names),
                compile_phrase(str(form[1]), self.names, self.phrases),
            )
            compiled += [node] * (int(form[2]) if len(form) == 3 else 1)

        def value(draw: Draw) -> Value:
            write, say = draw.choice(compiled)
            inner = draw.nested()
            text, code = say(inner), write(inner)
            return Value(text, text, code, code)

        return value

    def _any(self, kinds: dict[str, int]) -> Callable[[Draw], Value]:
        if unknown := sorted(set(kinds) - self.names):
            raise ValueError(f"unknown kinds {', '.join(unknown)}.")
        names = [name for name, weight in kinds.items() for _ in range(weight)]
        return lambda draw: draw.kinds[draw.choice(names)](draw)


__all__ = ["Pools", "shell_word"]
