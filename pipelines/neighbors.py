# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Neighbours: pairs that a memory has found for a prompt, and how the encoder reads them behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from transformers import BatchEncoding, PreTrainedTokenizerBase

from ..modeling.argument_checks import check_integer, shorten
from .prompts import TOKENIZER_LOCK, encode_prompts, normalize_prompt
from .slots import keep_slots, sentence_words, slot_code, slot_prompt, slot_token_ids


# A neighbour is the first token, its prompt, the second token, and its code.
NEIGHBOR_TOKENS = ("<neighbor>", "<neighbor_code>")
MAX_NEIGHBORS = 64


class Memory(Protocol):
    """
    What a pipeline can look up in, such as [`~codefusion_hf.memory.CodeFusionMemory`].

    Attributes:
        language (`str`):
            Language of the programs.
    """

    language: str

    def search(self, prompts: Sequence[str], num_neighbors: int = 3) -> list[list[Any]]:
        """The neighbours of each prompt, the most similar first."""

    def as_read(self, neighbor: Any) -> tuple[str, str]:
        """Prompt and program of a neighbour as models read them."""


@dataclass
class NeighborCode:
    """
    The program of a neighbour.

    Args:
        token_ids (`list[int]`):
            Its tokens, with the slots of the prompt that it was found for.
        similarity (`float`):
            How similar its prompt is to that one, from 0 to 1.
    """

    token_ids: list[int]
    similarity: float


def neighbor_token_ids(tokenizer: PreTrainedTokenizerBase) -> tuple[int, int] | None:
    """
    The tokens that a neighbour begins with and that its code begins with.

    Args:
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            The tokenizer.

    Returns:
        `tuple[int, int]`, *optional*: their ids; `None` if the tokenizer has none, as its model reads no neighbours.
    """
    vocabulary = tokenizer.get_vocab()
    if not all(token in vocabulary for token in NEIGHBOR_TOKENS):
        return None
    return vocabulary[NEIGHBOR_TOKENS[0]], vocabulary[NEIGHBOR_TOKENS[1]]


def check_memory(memory: Any, num_neighbors: Any, tokenizer: PreTrainedTokenizerBase) -> None:
    """
    Args:
        memory ([`Memory`], *optional*), num_neighbors (`int`):
            Of a call.
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            The pipeline's.

    Raises:
        ValueError: if it is no memory, the number is out of its range, or the model has not been trained with
            neighbours.
    """
    check_integer("num_neighbors", num_neighbors, 1, MAX_NEIGHBORS)
    if memory is None:
        return
    if not all(hasattr(memory, name) for name in ("search", "as_read", "language")):
        raise ValueError(f"`memory` must be None or a `CodeFusionMemory`, got {shorten(memory)}.")
    if neighbor_token_ids(tokenizer) is None:
        raise ValueError("`memory` must be None, since this checkpoint has not been trained with neighbours.")


def encode_neighbors(
    neighbors: Sequence[Sequence[tuple[str, str]]],
    slot_values: Sequence[Mapping[str, str]],
    tokenizer: PreTrainedTokenizerBase,
    language: str,
) -> list[list[list[int]]]:
    """
    Tokens of the neighbours of some prompts.

    A slot of a neighbour stands for a value of the neighbour, and says: here is the first path, the second number.
    Where the prompt has a value of that kind and number, the slot stays, for the program that is written to have it,
    too; elsewhere the neighbour's own value is put back, as there would be nothing to fill the slot with.

    Args:
        neighbors (`Sequence[Sequence[tuple[str, str]]]`):
            For each prompt, prompts and programs of its neighbours.
        slot_values (`Sequence[Mapping[str, str]]`):
            For each prompt the values of its slots, as of [`~codefusion_hf.pipelines.prompts.encode_prompts`].
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            The tokenizer, with `NEIGHBOR_TOKENS`.
        language (`str`):
            Language of the programs.

    Returns:
        `list[list[list[int]]]`: for each prompt the tokens of each neighbour, prompt and program.

    Raises:
        ValueError: if the tokenizer has no tokens for neighbours.
    """
    token_ids = neighbor_token_ids(tokenizer)
    if token_ids is None:
        raise ValueError(f"`tokenizer` must have the tokens {' and '.join(NEIGHBOR_TOKENS)} to read neighbours.")
    has_slots = bool(slot_token_ids(tokenizer.get_vocab()))
    texts = []
    for pairs, values in zip(neighbors, slot_values, strict=True):
        for text, code in pairs:
            if has_slots:
                slotted = keep_slots(slot_prompt(text), values)
                text, code = slotted.text, slot_code(code, slotted.values, language)
            texts += [normalize_prompt(text), code]
    with TOKENIZER_LOCK:
        encoded = iter(tokenizer(texts, add_special_tokens=False).input_ids if texts else ())
    return [[[token_ids[0], *next(encoded), token_ids[1], *next(encoded)] for _ in pairs] for pairs in neighbors]


def encode_with_neighbors(
    prompts: Sequence[str],
    neighbors: Sequence[Sequence[tuple[str, str]]],
    tokenizer: PreTrainedTokenizerBase,
    language: str,
) -> tuple[BatchEncoding, list[dict[str, str]], list[list[NeighborCode]]]:
    """
    Prompts and their neighbours as a model reads them, padded.

    Args:
        prompts (`Sequence[str]`):
            The prompts as they were written.
        neighbors, tokenizer, language:
            As for [`encode_neighbors`].

    Returns:
        `tuple`: `input_ids` and `attention_mask` as tensors; for each prompt the values of its slots; and for each
        prompt the programs of its neighbours.
    """
    encoded, slot_values = encode_prompts(prompts, tokenizer)
    tokens = encode_neighbors(neighbors, slot_values, tokenizer, language)
    max_length = tokenizer.model_max_length
    rows = [
        append_neighbors(prompt, of_prompt, max_length)
        for prompt, of_prompt in zip(encoded.input_ids, tokens, strict=True)
    ]
    code_token = tokenizer.convert_tokens_to_ids(NEIGHBOR_TOKENS[1])
    codes = [
        [
            NeighborCode(ids[ids.index(code_token) + 1 :], prompt_similarity(prompt, text))
            for ids, (text, _) in zip(of_prompt, pairs, strict=True)
        ]
        for prompt, of_prompt, pairs in zip(prompts, tokens, neighbors, strict=True)
    ]
    with TOKENIZER_LOCK:
        inputs = tokenizer.pad({"input_ids": rows}, padding=True, return_tensors="pt")
    return inputs, slot_values, codes


def prompt_similarity(prompt: str, other: str) -> float:
    """
    How much two prompts have in common, whatever found the one for the other: the share of their words that both have
    (Dice's coefficient), values being slots.

    Args:
        prompt, other (`str`):
            The prompts as they were written.

    Returns:
        `float`: from 0 to 1.
    """
    words, others = (set(sentence_words(slot_prompt(text))) for text in (prompt, other))
    return 2 * len(words & others) / max(len(words) + len(others), 1)


def append_neighbors(prompt: list[int], neighbors: Sequence[list[int]], max_length: int) -> list[int]:
    """
    A prompt and its neighbours, as far as there is room for whole ones.

    Args:
        prompt (`list[int]`):
            Tokens of the prompt.
        neighbors (`Sequence[list[int]]`):
            Tokens of each neighbour.
        max_length (`int`):
            Most tokens of all together.

    Returns:
        `list[int]`: the tokens.
    """
    tokens = list(prompt)
    for neighbor in neighbors:
        if len(tokens) + len(neighbor) <= max_length:
            tokens += neighbor
    return tokens


__all__ = [
    "NEIGHBOR_TOKENS",
    "Memory",
    "NeighborCode",
    "append_neighbors",
    "check_memory",
    "encode_neighbors",
    "encode_with_neighbors",
    "neighbor_token_ids",
]
