# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Options that people add to a command they know, and what a sentence says of them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from codefusion_hf.languages.bash.synthetic.choices import Choices, Weighted
from codefusion_hf.languages.bash.synthetic.phrases import Draw, Node, compile_code, compile_phrase


OPTION_KEYS = {"code", "say", "w", "class", "not", "with", "out", "arg", "file"}
# How often a command that the options of its utility go with has some, the same where it is a part of another one
# (what is done with files, what reads a pipe), and how many.
ADDED = 0.16
ADDED_TO_PARTS = 0.07
NUMBER_ADDED = ((1, 70), (2, 21), (3, 7), (4, 1.6), (5, 0.3), (6, 0.1))
# Names of one utility's options that others have too.
SAME = {"egrep": "grep", "fgrep": "grep", "zgrep": "grep", "zegrep": "grep", "gawk": "awk", "gunzip": "gzip"}
# Options that the name of a utility stands for.
IMPLIED = {"egrep": frozenset("E"), "zegrep": frozenset("E"), "fgrep": frozenset("F")}
# Before the utility.
PREFIX = re.compile(r"(?:(?:sudo|nohup|LC_ALL=C) )*([a-z0-9_.-]+)(?= |$)")

_LETTERS = re.compile(r"-([A-Za-z0-9]+)")
_LONG = re.compile(r"--[a-z-]+")


@dataclass(frozen=True)
class _Option:
    title: str
    name: str
    code: Node
    say: Node
    letter: str
    group: str
    excluded: frozenset[str]
    needed: frozenset[str]
    output: str
    needs_value: bool
    needs_file: bool


def options_in(code: str) -> set[str]:
    """
    The options that stand in the first command of some code.

    Args:
        code (`str`):
            The code, with placeholders.

    Returns:
        `set[str]`: letters, and the names of long options.
    """
    command = re.sub(r"'[^']*'|\"[^\"]*\"", "x", re.split(r" [|&;<>]| -- ", code)[0])
    found = set(_LONG.findall(command))
    for match in re.finditer(r"(?<= )-([A-Za-z0-9]+)", command):
        found |= set(match[1])
    if words := re.match(r"(?:tar|ps|ar) ([A-Za-z]+)", command):
        found |= set(words[1])
    return found


class Added:
    """
    The options that may be added to one command.

    Args:
        options (sequence):
            The options.
        weights (sequence of `float`):
            How often each is drawn.
        sources (sequence of `str`):
            Each as a command.
        present (iterable of `str`):
            The options that the command has already.
        choices ([`Choices`]):
            Where choices are made.
        happens ([`Weighted`]):
            Whether any is added.
        numbers ([`Weighted`]):
            How many are.
    """

    def __init__(
        self,
        options: Sequence[_Option],
        weights: Sequence[float],
        sources: Sequence[str],
        present: Iterable[str],
        choices: Choices,
        happens: Weighted,
        numbers: Weighted,
    ):
        self.options = choices.weighted(options, weights, sources)
        self.present = frozenset(present)
        self.happens = happens
        self.numbers = numbers

    def draw(self, draw: Draw) -> tuple[str, str, str]:
        """
        Draw options.

        Args:
            draw ([`Draw`]):
                What they are for.

        Returns:
            `tuple[str, str, str]`: what a sentence says of them, what they add to the command after the utility, and
            what the command prints then if that is something else. Empty strings if there are none.
        """
        if not self.happens.draw(draw.random) or not self.options:
            return "", "", ""
        wanted = self.numbers.draw(draw.random)
        chosen: list[_Option] = []
        names, groups = set(self.present), set[str]()
        for _ in range(wanted + 2):
            option: _Option = self.options.draw(draw.random)
            if option.name in names or (option.group and option.group in groups) or option.excluded & names:
                continue
            if any(option.name in other.excluded for other in chosen) or not option.needed <= names:
                continue
            chosen.append(option)
            names.add(option.name)
            groups.add(option.group)
            if len(chosen) == wanted:
                break
        if not chosen:
            return "", "", ""
        draw.entries += [option.title for option in chosen]
        draw = draw.nested()
        says = [option.say(draw) for option in chosen]
        is_joined = draw.chance(0.6)
        letters = "".join(option.letter for option in chosen if option.letter) if is_joined else ""
        words = [f"-{letters}"] if letters else []
        words += [option.code(draw) for option in chosen if not (is_joined and option.letter)]
        say = says[0] if len(says) == 1 else f"{', '.join(says[:-1])} and {says[-1]}"
        output = next((option.output for option in chosen if option.output), "")
        return f", {say}", "".join(f" {word}" for word in words), output


class Options:
    """
    The options of utilities.

    Args:
        specifications (`dict[str, Any]`):
            The content of `options.yaml`.
        kinds (`set[str]`):
            The kinds of placeholders.
        phrases (`set[str]`):
            The names of phrases.
        choices ([`Choices`]):
            Where choices are made, to narrow them.

    Raises:
        ValueError: if an option is malformed; the message has it.
    """

    def __init__(self, specifications: dict[str, Any], kinds: set[str], phrases: set[str], choices: Choices):
        self.choices = choices
        self.happens = choices.chance(ADDED)
        self.happens_to_parts = choices.chance(ADDED_TO_PARTS)
        self.numbers = choices.weighted_pairs(NUMBER_ADDED)
        self.by_utility: dict[str, list[tuple[_Option, float, str]]] = {}
        # Those that some command may have.
        self.names: set[str] = set()
        self.known: dict[tuple[str, frozenset[str], bool, bool, bool], Added] = {}
        for utility, entries in specifications.items():
            self.by_utility[utility] = [self._compile(utility, entry, kinds, phrases) for entry in entries]

    @staticmethod
    def _compile(
        utility: str, entry: dict[str, Any], kinds: set[str], phrases: set[str]
    ) -> tuple[_Option, float, str]:
        if unknown := set(entry) - OPTION_KEYS:
            raise ValueError(f"option {entry!r} of {utility} has unknown keys {', '.join(sorted(unknown))}.")
        if not {"code", "say"} <= set(entry):
            raise ValueError(f"option {entry!r} of {utility} needs `code` and `say`.")
        code = entry["code"]
        letter = code[1:] if len(code) == 2 else ""
        long = _LONG.match(code)
        name = long[0] if long else code.lstrip("-")[:1]
        option = _Option(
            f"option {utility} {code}",
            name,
            compile_code(code, kinds),
            compile_phrase(entry["say"], kinds, phrases),
            letter,
            entry.get("class", ""),
            frozenset(entry.get("not", ())),
            frozenset(entry.get("with", ())),
            entry.get("out", ""),
            entry.get("arg", False),
            entry.get("file", False),
        )
        return option, entry.get("w", 1), f"{utility} {code}"

    def of(self, code: str, is_filter: bool = False, is_part: bool = False) -> tuple[int, Added] | None:
        """
        What may be added to a command.

        Args:
            code (`str`):
                The command, with placeholders.
            is_filter (`bool`, *optional*, defaults to `False`):
                Whether it reads what another command prints.
            is_part (`bool`, *optional*, defaults to `False`):
                Whether it is what another command does with files.

        Returns:
            `tuple[int, Added]`: where in the code the options go, and what draws them; none if the utility is not
            known or the command is several.
        """
        match = PREFIX.match(code)
        if match is None or re.search(r" (?:\||\|\||&&|;) |; | -- ", code):
            return None
        utility = SAME.get(match[1], match[1])
        if utility not in self.by_utility:
            return None
        present = frozenset(options_in(code)) | IMPLIED.get(match[1], frozenset())
        has_value = "@{" in code
        key = match[1], present, has_value, is_filter, is_part
        if key not in self.known:
            groups = {option.group for option, _, _ in self.by_utility[utility] if option.name in present} - {""}
            fitting = [
                (option, weight, source.replace(utility, match[1], 1))
                for option, weight, source in self.by_utility[utility]
                if (has_value or not option.needs_value)
                and not (is_filter and option.needs_file)
                and option.name not in present
                and option.group not in groups
                and not option.excluded & present
            ]
            if not fitting:
                return None
            self.names |= {option.title for option, _, _ in fitting}
            happens = self.happens_to_parts if is_filter or is_part else self.happens
            options, weights, codes = zip(*fitting, strict=True)
            self.known[key] = Added(options, weights, codes, present, self.choices, happens, self.numbers)
        return match.end(), self.known[key]


__all__ = ["Added", "Options", "options_in"]
