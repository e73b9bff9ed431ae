# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Prompts as the models read them."""

import threading
from collections.abc import Sequence
from typing import Any

from transformers import BatchEncoding, PreTrainedTokenizerBase

from .slots import slot_prompt, slot_token_ids, slots_in


# Key of a tokenizer's configuration, see [`keeps_slot_values`].
SLOT_VALUES = "slot_values"

# Padding and truncation are settings of a tokenizer's backend, which threads must not change at the same time.
TOKENIZER_LOCK = threading.Lock()


# Longer prompts, in characters, are cut before they are looked through: a model reads some hundreds of tokens.
MAX_PROMPT_LENGTH = 2**15


def normalize_prompt(prompt: str) -> str:
    """
    A prompt as the models are trained on it: white space collapsed, the first letter in lower case.

    People write both "List all files" and "list all files", and data sets one of them throughout (all but 4 % of
    NL2Bash's training prompts start with a capital, none of its test prompts does): a difference that means nothing
    should not reach the model. A first word with a second capital ("SSH", "PostgreSQL") is a name and stays.

    Args:
        prompt (`str`):
            The prompt as written.

    Returns:
        `str`: the prompt for the tokenizer.
    """
    prompt = " ".join(prompt.split())
    first_word = prompt.partition(" ")[0]
    if any(character.isupper() for character in first_word[1:]):
        return prompt
    return prompt[:1].lower() + prompt[1:]


def keeps_slot_values(tokenizer: PreTrainedTokenizerBase) -> bool:
    """
    Whether a model with this tokenizer reads the values of a prompt behind their slots, as it was trained.

    Args:
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            The tokenizer.

    Returns:
        `bool`: for [`~codefusion_hf.pipelines.slots.slot_prompt`]'s `keep_values`.
    """
    return bool(tokenizer.init_kwargs.get(SLOT_VALUES, False))


def encode_prompts(
    prompts: Sequence[str], tokenizer: PreTrainedTokenizerBase, **kwargs: Any
) -> tuple[BatchEncoding, list[dict[str, str]]]:
    """
    Prompts as a model reads them: normalised, with slots if the tokenizer has them, cut at its `model_max_length`.

    Args:
        prompts (`Sequence[str]`):
            The prompts as they were written. Of one with more than 32,768 characters, the first are read.
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Tokenizer of prompts and code.
        kwargs (`dict[str, Any]`, *optional*):
            More arguments for the tokenizer's call.

    Returns:
        `tuple`: what the tokenizer gives, and for each prompt the values of the slots that it has, as for
        [`~codefusion_hf.pipelines.slots.fill_slots`]; those of slots that are cut off are not among them.
    """
    prompts = [prompt[:MAX_PROMPT_LENGTH] for prompt in prompts]
    slot_ids = slot_token_ids(tokenizer.get_vocab())
    if not slot_ids:
        with TOKENIZER_LOCK:
            encoded = tokenizer([normalize_prompt(prompt) for prompt in prompts], truncation=True, **kwargs)
        return encoded, [{} for _ in prompts]
    slotted = [slot_prompt(prompt, keep_values=keeps_slot_values(tokenizer)) for prompt in prompts]
    # Slots first: a value is copied as it is, white space and capitals included.
    with TOKENIZER_LOCK:
        encoded = tokenizer([normalize_prompt(prompt.text) for prompt in slotted], truncation=True, **kwargs)
    values = [
        slots_in(token_ids, prompt.values, slot_ids)
        for token_ids, prompt in zip(_as_lists(encoded.input_ids), slotted, strict=True)
    ]
    return encoded, values


def _as_lists(token_ids: Any) -> list[list[int]]:
    return token_ids if isinstance(token_ids, list) else token_ids.tolist()


__all__ = ["SLOT_VALUES", "TOKENIZER_LOCK", "encode_prompts", "keeps_slot_values", "normalize_prompt"]
