# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What a command does, said step by step, and the commands that read what another one prints."""

import re
from dataclasses import dataclass, field
from typing import Any

from codefusion_hf.languages.bash.synthetic.choices import Choices
from codefusion_hf.languages.bash.synthetic.options import Added, Options
from codefusion_hf.languages.bash.synthetic.phrases import (
    Draw,
    Node,
    Value,
    compile_code,
    compile_phrase,
    order_values,
)


# What a command may print, and so what may read it. "files" is one path a line, "nulls" are paths with null characters
# between them, "lines" are things that a noun names, "text" are the lines of a text, "numbers" begin with a number,
# "sizes" with a size such as 4.0K.
OUTPUTS = ("files", "nulls", "lines", "text", "numbers", "sizes", "value", "nothing")
PIPED = frozenset(("files", "lines", "text", "numbers", "sizes"))
READ = PIPED | {"nulls"}
# Commands that tell columns apart, which makes no sense after those that leave one, or one line.
_OF_COLUMNS = re.compile(r"\bprint \$|\bcut -|sort -\S*k|sort .*-[kt]|\$F\[|sum \+=|column|s \+= \$")
_CUTS = re.compile(r"\bprint \$\S*\}|\bcut -|\$F\[|tr '\\n'|paste -s|tr -d '\\n'|\| *xargs$|^xargs$|print length")


@dataclass
class Sentence:
    """
    A command and what to say about it.

    Args:
        code (`str`):
            The command.
        order (`str`):
            What to do, as an order (`list the files in /tmp`); empty if there is only the noun.
        noun (`str`):
            What it prints, as a noun phrase (`the files in /tmp`); empty if it has none.
        output (`str`):
            One of `OUTPUTS`.
        steps (`list[str]`):
            What is done after the order, as orders.
        is_column (`bool`):
            Whether what it prints has been cut down to one column.
    """

    code: str
    order: str = ""
    noun: str = ""
    output: str = "nothing"
    steps: list[str] = field(default_factory=list)
    is_column: bool = False

    def say(self, draw: Draw) -> str:
        """
        The whole as an order.

        Args:
            draw ([`Draw`]):
                Where variety comes from.

        Returns:
            `str`: for instance `list the files in /tmp, then sort them and show the first ten`.
        """
        steps = list(self.steps)
        if not steps:
            return self.order
        last = steps.pop()
        text = ", ".join([self.order, *steps])
        joined = draw.choice(
            (" and ", " and ", ", then ", " and then ", ", and ") if not steps else (" and ", ", and ", " and then ")
        )
        return text + joined + last


@dataclass(frozen=True)
class _Filter:
    name: str
    before: Node
    after: Node
    added: Added | None
    inputs: frozenset[str]
    then: Node | None
    order: Node | None
    noun: Node | None
    output: str
    needs: tuple[str, ...]
    of_columns: bool
    cuts: bool


class Filters:
    """
    Draws commands that read what another one prints.

    Args:
        entries (`list[dict[str, Any]]`):
            The content of `filters.yaml`.
        options ([`Options`]):
            The options of utilities.
        kinds (`set[str]`):
            The kinds of placeholders.
        phrases (`set[str]`):
            The names of phrases.
        choices ([`Choices`]):
            Where choices are made, to narrow them.

    Raises:
        ValueError: if an entry is malformed; the message has it.
    """

    def __init__(
        self, entries: list[dict[str, Any]], options: Options, kinds: set[str], phrases: set[str], choices: Choices
    ):
        kinds = kinds | {"in", "of_in"}
        by_input: dict[str, tuple[list[_Filter], list[float], list[str]]] = {name: ([], [], []) for name in READ}
        names_only: dict[str, tuple[list[_Filter], list[float], list[str]]] = {
            name: ([], [], []) for name in ("files", "nulls")
        }
        self.list_phrase = compile_phrase("<list>", kinds, phrases)
        self.names: list[str] = []
        for entry in entries:
            compiled = self._compile(entry, options, kinds, phrases)
            self.names.append(compiled.name)
            for kind in compiled.inputs:
                tables = [by_input[kind]]
                if kind in names_only and compiled.output in ("same", kind):
                    tables.append(names_only[kind])
                for filters, weights, codes in tables:
                    filters.append(compiled)
                    weights.append(entry["w"])
                    codes.append(f": | {entry['code']}")
        self.filters = {kind: choices.weighted(*table) for kind, table in by_input.items() if table[0]}
        self.of_names = {kind: choices.weighted(*table) for kind, table in names_only.items() if table[0]}

    @staticmethod
    def _compile(entry: dict[str, Any], options: Options, kinds: set[str], phrases: set[str]) -> _Filter:
        code = entry["code"]
        inputs = PIPED if entry["of"] == ["any"] else frozenset(entry["of"])
        if inputs - READ:
            raise ValueError(f"`of` must be among {', '.join(sorted(READ))} or any, got {entry['of']} in {entry!r}.")
        if entry["out"] not in (*OUTPUTS, "same"):
            raise ValueError(f"`out` must be same or one of {', '.join(OUTPUTS)}, got {entry['out']!r} in {entry!r}.")
        if not {"then", "vp"} & set(entry):
            raise ValueError(f"a filter needs `then` or `vp`: {entry!r}.")
        then, order, noun = (
            compile_phrase(entry[key], kinds, phrases) if key in entry else None for key in ("then", "vp", "is")
        )
        position, added = options.of(code, is_filter=True) or (0, None)
        return _Filter(
            f"filter {code}",
            compile_code(code[:position], kinds),
            compile_code(code[position:], kinds),
            added,
            inputs,
            then,
            order,
            noun,
            entry["out"],
            tuple(entry.get("needs", ())),
            bool(_OF_COLUMNS.search(code)),
            bool(_CUTS.search(code)),
        )

    def narrow_names(self, draw: Draw, sentence: Sentence) -> None:
        """
        Pipe names of files into commands that leave some of them, or put them in another order.

        Args:
            draw ([`Draw`]):
                Where variety comes from.
            sentence ([`Sentence`]):
                The command that prints them; changed in place.
        """
        for _ in range(1 if draw.chance(0.75) else 2):
            if not self.of_names.get(sentence.output):
                return
            for _ in range(4):
                if self._add(draw, sentence, self.of_names[sentence.output].draw(draw.random)):
                    break

    def apply(self, draw: Draw, sentence: Sentence) -> bool:
        """
        Pipe a command into another one.

        Args:
            draw ([`Draw`]):
                Where variety comes from.
            sentence ([`Sentence`]):
                The command; changed in place.

        Returns:
            `bool`: whether one was found.
        """
        if not self.filters.get(sentence.output):
            return False
        return self._add(draw, sentence, self.filters[sentence.output].draw(draw.random))

    def _add(self, draw: Draw, sentence: Sentence, chosen: _Filter) -> bool:
        if sentence.is_column and chosen.of_columns:
            return False
        inner = draw.nested()
        if chosen.needs:
            order_values(inner, chosen.needs)
        noun = sentence.noun
        if not (chosen.then is not None and (sentence.order or noun)) and not (
            chosen.order is not None and noun and not sentence.steps
        ):
            return False
        say, options, output = chosen.added.draw(draw) if chosen.added else ("", "", "")
        if chosen.order is not None and noun and not sentence.steps and (chosen.then is None or draw.random() < 0.6):
            inner.values["in"] = Value(noun, noun, noun, noun)
            # "the first ten files in /tmp", but "the first ten of the lines of x".
            is_plain = sentence.output == "files" and not noun.startswith(("the ", "all ", "a ", "those "))
            is_text = sentence.output in ("text", "numbers", "sizes") and "line" not in noun
            of_noun = noun if is_plain else f"lines of {noun}" if is_text else f"of {noun}"
            inner.values["of_in"] = Value(of_noun, of_noun, of_noun, of_noun)
            sentence.order = f"{chosen.order(inner)}{say}"
            sentence.noun = f"{chosen.noun(inner)}{say}" if chosen.noun is not None else ""
        elif chosen.then is not None:
            if not sentence.order:
                sentence.order = f"{self.list_phrase(draw)} {noun}"
            sentence.steps.append(f"{chosen.then(inner)}{say}")
            sentence.noun = ""
        else:
            return False
        sentence.code = f"{sentence.code} | {chosen.before(inner)}{options}{chosen.after(inner)}"
        if chosen.output != "same":
            sentence.output = chosen.output
        if output and sentence.output in PIPED:
            sentence.output = output
        sentence.is_column = sentence.is_column or chosen.cuts
        draw.entries.append(chosen.name)
        return True


__all__ = ["OUTPUTS", "PIPED", "Filters", "Sentence"]
