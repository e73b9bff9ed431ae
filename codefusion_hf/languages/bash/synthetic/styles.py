# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The last touch of a sentence: an order, a question, a wish or a noun phrase; capital letter and full stop."""

from codefusion_hf.languages.bash.synthetic.phrases import Draw, tidy


QUESTIONS = (
    "how to {}",
    "how do I {}?",
    "how can I {}?",
    "how to {}?",
    "what is the command to {}?",
    "how would I {}?",
)
WISHES = (
    "I want to {}",
    "I need to {}",
    "please {}",
    "can you {}?",
    "{} please",
    "I'd like to {}",
    "show me how to {}",
    "command to {}",
    "bash command to {}",
    "shell command to {}",
    "use bash to {}",
    "help me {}",
)
# Shares of orders that become a question and a wish, and of those with a noun phrase that become that alone.
QUESTION = 0.06
WISH = 0.04
NOUN = 0.14
CAPITAL = 0.55
FULL_STOP = 0.12


def finish(draw: Draw, order: str, noun: str, front: str = "") -> str:
    """
    Make the sentence.

    Args:
        draw ([`Draw`]):
            Where variety comes from.
        order (`str`):
            What to do.
        noun (`str`):
            The same as a noun phrase, or empty.
        front (`str`, *optional*, defaults to `""`):
            What goes before an order and after a question, such as `as root`.

    Returns:
        `str`: the sentence.
    """
    random = draw.random
    if noun and random() < NOUN:
        text = noun
        question = False
    else:
        part = random()
        template = "{}"
        if part < QUESTION:
            template = draw.choice(QUESTIONS)
        elif part < QUESTION + WISH:
            template = draw.choice(WISHES)
        if front:
            order = f"{front}, {order}" if template == "{}" else f"{order} {front}"
        text = template.replace("{}", order, 1)
        question = template.endswith("?")
    text = tidy(text).rstrip(", ").replace(" ?", "?")
    if random() < CAPITAL and text[:1].islower():
        text = text[0].upper() + text[1:]
    if not question and text[-1:] not in ".?" and random() < FULL_STOP:
        text += "."
    return text


__all__ = ["finish"]
