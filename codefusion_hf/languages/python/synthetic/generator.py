# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Draws pairs of a sentence and Python code from the catalogue, without end."""

from bisect import bisect
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import TypeVar

from codefusion_hf.languages.python.synthetic import sentences
from codefusion_hf.languages.python.synthetic.catalogue import Entry, Form, Subject, load_catalogue, load_phrases
from codefusion_hf.languages.python.synthetic.grammar import Node, Slot, draw, slots
from codefusion_hf.languages.python.synthetic.kinds import Kind, load_kinds
from codefusion_hf.languages.python.synthetic.values import STYLE_WEIGHTS, STYLES, Value


# How often a noun stands before a value where it may.
NOUN_SHARE = 0.82
# How often a phrase ("the lines of file `a.txt`") stands for a list, a string ... where it may.
PHRASE_SHARE = 0.06
# How often the value of an expression is printed or assigned, and a list of it is put to another use.
PRINT_SHARE = 0.04
ASSIGN_SHARE = 0.06
USE_SHARE = 0.05
_TARGETS = {"list": "newlist", "dict": "newdict", "str": "newstr"}
# What becomes of a list: a sentence's end, its code, and whether its elements must be of one type.
_USES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    ((" and sort the result", " and sort them", ", sorted", " in sorted order"), "sorted({})", "ordered"),
    ((" and count them", " and count the results", " and get their number"), "len({})", ""),
    (
        (" without duplicates", " and remove duplicates", " as a set", " and keep only unique values"),
        "set({})",
        "ordered",
    ),
    ((" and sum them", " and get their sum", " and add them up"), "sum({})", "numbers"),
    ((" and get the largest", " and take the maximum"), "max({})", "numbers"),
    ((" and join them with ',' into a string", " and join them by ','"), "','.join({})", "strings"),
    ((" and join them with spaces", " and join the results by spaces"), "' '.join({})", "strings"),
    ((" and print each on its own line", " and print them one per line"), "print('\\n'.join({}))", "strings"),
)

Drawn = TypeVar("Drawn")


class _Weighted:
    """Draws items as often as their weights say."""

    def __init__(self, items: Sequence[Drawn], weights: Sequence[float]) -> None:
        self.items: Sequence = items
        self.bounds = list(accumulate(weights))

    def draw(self, random: Random) -> Drawn:  # type: ignore[type-var]
        return self.items[bisect(self.bounds, random.random() * self.bounds[-1], 0, len(self.items) - 1)]


class _Idiom:
    """An entry, made ready for drawing."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.forms = _Weighted(entry.forms, [form.weight for form in entry.forms])
        self.texts = entry.texts
        # Slots that a phrase may fill: they always stand after a noun.
        self.after_noun = [
            {slot.name for slot in slots(text) if slot.noun} - {slot.name for slot in slots(text) if not slot.noun}
            for text in entry.texts
        ]
        self.elements = _elements(entry.fields.get("expect"))


def _elements(expected: object) -> str:
    """What a list's elements are: `"numbers"`, `"strings"` or, where they may not be compared, `""`."""
    if isinstance(expected, list) and expected:
        if all(isinstance(element, str) for element in expected):
            return "strings"
        if all(isinstance(element, int | float) and not isinstance(element, bool) for element in expected):
            return "numbers"
    return ""


class PairGenerator:
    """
    Draws pairs from subjects.

    Args:
        subjects (sequence of `Subject`):
            What is drawn from.
        phrases (sequence of `Subject`, *optional*):
            What may stand for a value, by the kind of slots that is their subject's name.
        kinds (`dict[str, Kind]`, *optional*):
            Kinds of slots; those of the package if not given.
    """

    def __init__(
        self, subjects: Sequence[Subject], phrases: Sequence[Subject] = (), kinds: dict[str, Kind] | None = None
    ) -> None:
        self.kinds = load_kinds() if kinds is None else kinds
        idioms: list[_Idiom] = []
        weights: list[float] = []
        for subject in subjects:
            total = sum(entry.weight for entry in subject.entries)
            for entry in subject.entries:
                idioms.append(_Idiom(entry))
                weights.append(subject.share * entry.weight / total)
        self.idioms = _Weighted(idioms, weights)
        self.phrases = {
            subject.name: _Weighted(
                [_Idiom(entry) for entry in subject.entries], [entry.weight for entry in subject.entries]
            )
            for subject in phrases
        }
        self.styles = _Weighted(STYLES, STYLE_WEIGHTS)

    def pairs(self, seed: int) -> Iterator[dict[str, str]]:
        """See [`generate_pairs`]."""
        random = Random(f"python {seed}")
        while True:
            _, text, code = self.draw(random)
            yield {"text": text, "code": code}

    def draw(self, random: Random) -> tuple[Entry, str, str]:
        """
        Draw a pair.

        Args:
            random (`Random`):
                Where chance comes from.

        Returns:
            `tuple[Entry, str, str]`: the idiom, a sentence and its code.
        """
        idiom: _Idiom = self.idioms.draw(random)
        form: Form = idiom.forms.draw(random)
        style: str = self.styles.draw(random)
        used = set(form.names)
        text, code = self._fill(idiom, form, style, used, random, PHRASE_SHARE if form.role == "code" else 0.0)
        text = " ".join(text.split())
        if form.role == "code":
            text, code = self._put_to_use(idiom, form, style, used, text, code, random)
        return idiom.entry, sentences.finish(text, random), code

    def _fill(
        self, idiom: _Idiom, form: Form, style: str, used: set[str], random: Random, phrase_share: float
    ) -> tuple[str, str]:
        number = int(random.random() * len(idiom.texts))
        values: dict[str, Value] = {}
        for slot in form.uses:
            if slot not in values:
                self._draw_value(slot, idiom, form, number, style, used, values, random, phrase_share)
        if style in ("'", '"') and any(value.style == "string" for value in values.values()):
            # Else a name would look like a string.
            style = "`"
        text = self._sentence(idiom.texts[number], values, style, random)
        parts = []
        for piece in form.pieces:
            if isinstance(piece, str):
                parts.append(piece)
                continue
            value = values[piece.name].get(piece.field)
            if value.style == "number" and piece.name in form.with_attribute:
                parts.append(f"({value.code})")
            else:
                parts.append(value.code)
        return text, "".join(parts)

    def _draw_value(
        self,
        slot: str,
        idiom: _Idiom,
        form: Form,
        number: int,
        style: str,
        used: set[str],
        values: dict[str, Value],
        random: Random,
        phrase_share: float,
    ) -> None:
        label = slot.rstrip("0123456789")
        kind = self.kinds[label]
        if kind.follows:
            leader = kind.follows + slot[len(label) :]
            if leader in form.uses:
                if leader not in values:
                    self._draw_value(leader, idiom, form, number, style, used, values, random, phrase_share)
                place = self.kinds[kind.follows].names.index(values[leader].code)
                values[slot] = Value(str(kind.names[place]), str(kind.names[place]), "name")
                used.add(values[slot].code)
                return
        once = form.uses[slot] == 1
        may_be_phrase = once and label in self.phrases and slot in idiom.after_noun[number] - idiom.entry.named
        if may_be_phrase and random.random() < phrase_share:
            phrase: _Idiom = self.phrases[label].draw(random)
            inner: Form = phrase.forms.draw(random)
            # Names of the phrase's code must not be names of the idiom's variables, which are drawn already.
            if not any(value.code in inner.names for value in values.values()):
                used |= inner.names
                text, code = self._fill(phrase, inner, style, used, random, 0.0)
                values[slot] = Value(code, text, "phrase")
                return
        only_names = form.role != "code" or not once or slot in idiom.entry.named
        value = kind.draw(random, used, only_names, slot in idiom.entry.literals)
        used.add(value.code)
        values[slot] = value

    def _sentence(self, node: Node, values: dict[str, Value], style: str, random: Random) -> str:
        def fill(slot: Slot) -> str:
            value = values[slot.name]
            if value.style == "phrase":
                return value.text
            kind = self.kinds[slot.kind]
            phrase = kind.phrase(value.get(slot.field), random, style)
            if slot.noun and kind.noun is not None and (kind.sure or random.random() < NOUN_SHARE):
                return f"{kind.pools.draw(kind.noun, random)} {phrase}"
            return phrase

        return draw(node, random, fill)

    def _put_to_use(
        self, idiom: _Idiom, form: Form, style: str, used: set[str], text: str, code: str, random: Random
    ) -> tuple[str, str]:
        chance = random.random()
        if chance < USE_SHARE and form.gives == "list" and idiom.elements:
            endings, use, wanted = random.choice(_USES)
            if wanted in ("", "ordered", idiom.elements) and not code.startswith(use.split("(")[0] + "("):
                return text + random.choice(endings), use.format(code)
            return text, code
        if chance < USE_SHARE + PRINT_SHARE:
            return sentences.printed(text, random), f"print({code})"
        if chance < USE_SHARE + PRINT_SHARE + ASSIGN_SHARE:
            target = self.kinds[_TARGETS.get(form.gives, "result")].draw(random, used)
            return sentences.assigned(text, target.quoted(style, random), random), f"{target.code} = {code}"
        return text, code


@lru_cache(maxsize=1)
def package_generator() -> PairGenerator:
    """The generator of the package's catalogue."""
    return PairGenerator(load_catalogue(), load_phrases())


def generate_pairs(seed: int = 0) -> Iterator[dict[str, str]]:
    """
    Invents pairs of a sentence and Python code without end.

    Args:
        seed (`int`, *optional*, defaults to 0):
            The same seed gives the same pairs, in any process.

    Returns:
        `Iterator[dict[str, str]]`: rows with `text` and `code`. Some are the same.
    """
    return package_generator().pairs(seed)


__all__ = ["PairGenerator", "generate_pairs", "package_generator"]
