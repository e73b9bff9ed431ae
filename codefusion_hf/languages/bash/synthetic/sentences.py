# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What a command does, said step by step, and the commands that read what another one prints."""

import re
from dataclasses import dataclass, field
from typing import Any

from codefusion_hf.languages.bash.synthetic.phrases import Draw, Node, Value, compile_code, compile_phrase
from codefusion_hf.languages.bash.synthetic.queries import Weighted, order_values


# What a command may print, and so what may read it. "files" is one path a line, "lines" are things that a noun names,
# "text" are the lines of a text, "numbers" begin with a number, "sizes" with a size such as 4.0K.
OUTPUTS = ("files", "lines", "text", "numbers", "sizes", "value", "nothing")
PIPED = frozenset(("files", "lines", "text", "numbers", "sizes"))
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
    code: Node
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
        kinds (`set[str]`):
            The kinds of placeholders.
        phrases (`set[str]`):
            The names of phrases.

    Raises:
        ValueError: if an entry is malformed; the message has it.
    """

    def __init__(self, entries: list[dict[str, Any]], kinds: set[str], phrases: set[str]):
        kinds = kinds | {"in", "of_in"}
        by_input: dict[str, tuple[list[_Filter], list[float]]] = {name: ([], []) for name in PIPED}
        self.list_phrase = compile_phrase("<list>", kinds, phrases)
        self.names: list[str] = []
        for entry in entries:
            inputs = PIPED if entry["of"] == ["any"] else frozenset(entry["of"])
            if inputs - PIPED:
                raise ValueError(
                    f"`of` must be among {', '.join(sorted(PIPED))} or any, got {entry['of']} in {entry!r}."
                )
            if entry["out"] not in (*OUTPUTS, "same"):
                raise ValueError(
                    f"`out` must be same or one of {', '.join(OUTPUTS)}, got {entry['out']!r} in {entry!r}."
                )
            if not {"then", "vp"} & set(entry):
                raise ValueError(f"a filter needs `then` or `vp`: {entry!r}.")
            then, order, noun = (
                compile_phrase(entry[key], kinds, phrases) if key in entry else None for key in ("then", "vp", "is")
            )
            name = f"filter {entry['code']}"
            self.names.append(name)
            compiled = _Filter(
                name,
                compile_code(entry["code"], kinds),
                inputs,
                then,
                order,
                noun,
                entry["out"],
                tuple(entry.get("needs", ())),
                bool(_OF_COLUMNS.search(entry["code"])),
                bool(_CUTS.search(entry["code"])),
            )
            for kind in inputs:
                by_input[kind][0].append(compiled)
                by_input[kind][1].append(entry["w"])
        self.filters = {kind: Weighted(filters, weights) for kind, (filters, weights) in by_input.items() if filters}

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
        if sentence.output not in self.filters:
            return False
        chosen: _Filter = self.filters[sentence.output].draw(draw.random)
        if sentence.is_column and chosen.of_columns:
            return False
        inner = draw.nested()
        if chosen.needs:
            order_values(inner, chosen.needs)
        noun = sentence.noun
        can_nest = chosen.order is not None and noun and not sentence.steps
        if can_nest and (chosen.then is None or draw.random() < 0.6):
            inner.values["in"] = Value(noun, noun, noun, noun)
            # "the first ten files in /tmp", but "the first ten of the lines of x".
            is_plain = sentence.output == "files" and not noun.startswith(("the ", "all ", "a ", "those "))
            is_text = sentence.output in ("text", "numbers", "sizes") and "line" not in noun
            of_noun = noun if is_plain else f"lines of {noun}" if is_text else f"of {noun}"
            inner.values["of_in"] = Value(of_noun, of_noun, of_noun, of_noun)
            assert chosen.order is not None
            sentence.order = chosen.order(inner)
            sentence.noun = chosen.noun(inner) if chosen.noun is not None else ""
        elif chosen.then is not None and (sentence.order or noun):
            if not sentence.order:
                sentence.order = f"{self.list_phrase(draw)} {noun}"
            sentence.steps.append(chosen.then(inner))
            sentence.noun = ""
        else:
            return False
        sentence.code = f"{sentence.code} | {chosen.code(inner)}"
        if chosen.output != "same":
            sentence.output = chosen.output
        sentence.is_column = sentence.is_column or chosen.cuts
        draw.entries.append(chosen.name)
        return True


__all__ = ["OUTPUTS", "PIPED", "Filters", "Sentence"]
