# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The wording of invented sentences ([`~codefusion_hf.languages.cf.synthetic.sentences`]), which is the content of
`phrases.yaml`, ranges and typos. The kinds of wording are those of the published training split of CF rules.
"""

import random
import re

from codefusion_hf.languages.resources import load_yaml, split_texts


Phrases = tuple[str, ...]
# Each with its forms.
Forms = tuple[Phrases, ...]

_CONTENT = load_yaml(__package__, "phrases.yaml")


def _forms(texts: str) -> Forms:
    return tuple(tuple(form.strip() for form in phrase.split("|")) for phrase in split_texts(texts))


def _phrases_by_name(section: str) -> dict[str, Phrases]:
    return {name: split_texts(texts) for name, texts in _CONTENT[section].items()}


COMPARISONS = _phrases_by_name("comparisons")
DATE_COMPARISONS = _phrases_by_name("date_comparisons")
TEXT_COMPARISONS = _phrases_by_name("text_comparisons")
SET_PHRASES = _phrases_by_name("set_phrases")
VISUALS = _phrases_by_name("visuals")
SUPERLATIVES = _phrases_by_name("superlatives")
BOOLEANS = _phrases_by_name("booleans")
TEXT_VERBS = {name: _forms(texts) for name, texts in _CONTENT["text_verbs"].items()}
# Phrases with the form of a condition that follows them.
CELL_LINKS, VERB_LINKS, COLUMN_LINKS, COLUMN_VERB_LINKS, COLUMN_SENTENCES, COLUMN_VERB_SENTENCES = (
    _forms(_CONTENT[section])
    for section in (
        "cell_links",
        "verb_links",
        "column_links",
        "column_verb_links",
        "column_sentences",
        "column_verb_sentences",
    )
)
# The sections of which each is one list.
PHRASES = {section: split_texts(texts) for section, texts in _CONTENT.items() if isinstance(texts, str)}
OPERATOR_NAMES: dict[str, str] = _CONTENT["operator_names"]
TENS: dict[int, str] = _CONTENT["tens"]


def invent_range(generator: random.Random, letter: str) -> str:
    """A range of cells as people write them, such as `from cell B2 to B52`."""
    first = generator.randint(1, 12)
    last = first + generator.randint(3, 150)
    start, end = f"{letter}{first}", f"{letter}{last}"
    return generator.choice(
        (
            f"from cell {start} to {end}",
            f"from {start} to {end}",
            f"in cell {start}-{end}",
            f"for range {start}:{end}",
            f"from range {start}:{end}",
            f"on cell range {start}:{end}",
            f"for cell {start}-{end}",
            f"{start}:{end}",
            f"from cells {start} - {end}",
            f"on range {start}:{end}",
            f"in range {start}:{end}",
            f"of cell {start}-{end}",
        )
    )


def add_typos(generator: random.Random, text: str, probability: float) -> str:
    """
    Misspells some words: two letters swapped, one left out, doubled or hit twice.

    Args:
        generator (`random.Random`):
            Where the choices come from.
        text (`str`):
            The text; words with anything but small ASCII letters stay as they are.
        probability (`float`):
            Chance of each word of 4 letters or more.

    Returns:
        `str`: the text.
    """

    def misspell(match: re.Match[str]) -> str:
        word = match[0]
        if generator.random() >= probability:
            return word
        at = generator.randint(1, len(word) - 2)
        return generator.choice(
            (
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
            )
        )

    return re.sub(r"(?<![\w\ue000-\uf8ff])[a-z]{4,}(?![\w\ue000-\uf8ff])", misspell, text)
