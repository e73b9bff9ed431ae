# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Styles of whole sentences: an order, a question, a gerund, with or without a capital and the language's name."""

import re
from functools import lru_cache
from importlib.resources import files
from random import Random

import yaml


# How often an order begins with another verb than its template has.
SYNONYM_SHARE = 0.25
# Shares of the styles, as about 2,100 questions of Stack Overflow have them.
GERUND_SHARE = 0.04
QUESTION_SHARE = 0.03
LANGUAGE_SHARE = 0.05
CAPITAL_SHARE = 0.24
FULL_STOP_SHARE = 0.04
_QUESTIONS = ("how to", "how to", "how to", "how do I", "how can I", "how do you", "best way to", "way to")
_LANGUAGE_AFTER = (" in python", " in python", " in Python", " using python", " with python")
_LANGUAGE_BEFORE = ("python ", "python: ", "Python ", "in python, ")
# Verbs that ask for a value, which may be printed instead.
_SHOWN = ("get ", "find ", "return ", "show ", "display ", "fetch ", "retrieve ")
_PRINTED_AFTER = (" and print it", " and print the result", " then print it")
_ASSIGNED_AFTER = (
    " and assign it to ",
    " and store it in ",
    " and save it as ",
    " and assign the result to ",
    " and store the result in ",
    " and save the result in variable ",
    " and assign the result to variable ",
    " and put it into ",
)
# What an optional part leaves when it begins with a comma.
_SPACE_BEFORE_COMMA = re.compile(r"(?<=[\w`')\]]) ,(?= [a-z])")
# Articles as the parts of a sentence leave them: "nested the list", "the the value", "a array".
_ADJECTIVE_BEFORE_ARTICLE = re.compile(
    r"\b(nested|multiline|sorted|existing|numeric|unicode|non-empty|1d) (the given|the|an|a)\b(?= \w)"
)
_TWO_ARTICLES = re.compile(r"\b(?:the|an|a) (the|an|a)\b(?= \w)")
_VOWEL_AFTER_A = re.compile(r"\b([Aa]) (?=(?:[aeio](?!ne\b|ne-)|un(?!i)|up)\w)")
_ASSIGNED_NOUN = (" as ", " as variable ", " and call it ", " into ", " into variable ")


@lru_cache(maxsize=1)
def load_verbs() -> dict[str, str]:
    """The verbs that orders begin with, and their gerunds."""
    path = files("codefusion_hf.languages.python.synthetic") / "words" / "verbs.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def load_synonyms() -> dict[str, list[str]]:
    """What may be said instead of the verb that an order begins with."""
    path = files("codefusion_hf.languages.python.synthetic") / "words" / "synonyms.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def printed(sentence: str, random: Random) -> str:
    """The sentence that asks to print what this one asks for."""
    for verb in _SHOWN:
        if sentence.startswith(verb):
            return "print " + sentence[len(verb) :]
    return sentence + random.choice(_PRINTED_AFTER)


def assigned(sentence: str, variable: str, random: Random) -> str:
    """The sentence that asks to assign what this one asks for to a variable, given as it stands in the sentence."""
    # "create list ... as `b`", but "check if ... and store the result in `b`".
    is_made = sentence.startswith(("create ", "make ", "read ", "load ", "open ", "build ", "generate "))
    is_short = is_made and " and " not in sentence and ", " not in sentence
    return sentence + random.choice(_ASSIGNED_NOUN if is_short else _ASSIGNED_AFTER) + variable


def finish(sentence: str, random: Random) -> str:
    """
    Give a sentence its style.

    Args:
        sentence (`str`):
            An order, or a noun phrase.
        random (`Random`):
            Where chance comes from.

    Returns:
        `str`: the sentence, without superfluous spaces.
    """
    sentence = _SPACE_BEFORE_COMMA.sub(",", " ".join(sentence.split()))
    sentence = _ADJECTIVE_BEFORE_ARTICLE.sub(r"\2 \1", sentence)
    sentence = _TWO_ARTICLES.sub(r"\1", sentence)
    sentence = _VOWEL_AFTER_A.sub(r"\1n ", sentence)
    verb, _, rest = sentence.partition(" ")
    verbs = load_verbs()
    synonyms = load_synonyms()
    if verb in synonyms and not rest.startswith(("rid of ", "out ")) and random.random() < SYNONYM_SHARE:
        verb, _, rest = f"{random.choice(synonyms[verb])} {rest}".partition(" ")
        sentence = f"{verb} {rest}"
    is_order = verb in verbs
    chance = random.random()
    if is_order and chance < GERUND_SHARE:
        sentence = f"{verbs[verb]} {rest}"
    elif is_order and chance < GERUND_SHARE + QUESTION_SHARE:
        sentence = f"{random.choice(_QUESTIONS)} {sentence}"
    names_language = "python" in sentence.lower()
    chance = random.random()
    if not names_language and chance < LANGUAGE_SHARE:
        if chance < 0.7 * LANGUAGE_SHARE:
            sentence += random.choice(_LANGUAGE_AFTER)
        else:
            sentence = random.choice(_LANGUAGE_BEFORE) + sentence
    if sentence.startswith("how ") and random.random() < 0.5:
        sentence += "?"
    elif random.random() < FULL_STOP_SHARE and sentence[-1] not in ".?!:":
        sentence += "."
    if random.random() < CAPITAL_SHARE:
        sentence = sentence[0].upper() + sentence[1:]
    return sentence


__all__ = ["assigned", "finish", "load_synonyms", "load_verbs", "printed"]
