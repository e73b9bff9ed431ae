# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Tokenised datasets of the two training phases."""

import logging
from collections.abc import Sequence

import torch
from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from codefusion_hf.languages import get_language
from codefusion_hf.pipelines import slot_code, slot_token_ids
from codefusion_hf.pipelines.neighbors import encode_neighbors

from .masking import DEFAULT_MASK_PROBABILITY, draw_cpd_mask, token_span_ids
from .tokenization import encode_prompts


logger = logging.getLogger(__name__)

# Programs whose lengths round up to the same multiple share a bucket, as they share a canvas with the model's default
# `canvas_step`.
BUCKET_STEP = 8
# Longer prompts are sorted as this long.
LONGEST_PROMPT = 1000


def _bucket_key(code_length: int, prompt_length: int = 0) -> int:
    """Sorts rows by bucket of the code and, within one, by prompt: padding the code costs most, but not all."""
    return -(-code_length // BUCKET_STEP) * LONGEST_PROMPT + min(prompt_length, LONGEST_PROMPT - 1)


def _within(lengths: list[int], max_code_length: int) -> list[int]:
    """Rows whose code fits the canvas. A longer program is left out, not cut: half a program is wrong code."""
    kept = [row for row, length in enumerate(lengths) if length <= max_code_length]
    if not kept:
        raise ValueError(f"No program is at most `max_code_length` = {max_code_length} tokens long.")
    if len(kept) < len(lengths):
        logger.warning(
            "Left out %d of %d rows, whose code is longer than %d tokens.",
            len(lengths) - len(kept),
            len(lengths),
            max_code_length,
        )
    return kept


def build_pair_dataset(
    pairs: Sequence[dict[str, str]],
    tokenizer: PreTrainedTokenizerBase,
    max_code_length: int,
    language: str | None = None,
    neighbors: Sequence[Sequence[tuple[str, str]]] | None = None,
) -> Dataset:
    """
    Pairs for supervised fine-tuning. If the tokenizer has slots, prompts and code have them, those of a pair as far as
    its prompt is read.

    Args:
        pairs (`Sequence[dict[str, str]]`):
            Rows with `text` and `code`, see [`~codefusion_hf.data.pairs.load_pairs`].
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Tokenizer of prompts and code.
        max_code_length (`int`):
            Longest program in tokens, its end-of-sequence token included; rows with a longer one are left out, and
            their number is logged.
        language (`str`, *optional*):
            Language of the code, which slots need: see [`~codefusion_hf.pipelines.slots.slot_code`].
        neighbors (`Sequence[Sequence[tuple[str, str]]]`, *optional*):
            For each pair prompts and programs that are to be read behind its prompt.

    Returns:
        `datasets.Dataset` with `input_ids` (prompt, cut at `tokenizer.model_max_length`), `labels` (code and
        end-of-sequence token), `length` (key that `train_sampling_strategy="group_by_length"` sorts by) and, where
        there are any, `neighbor_ids` (a list of tokens for each, as of
        [`~codefusion_hf.pipelines.neighbors.encode_neighbors`]).

    Raises:
        ValueError: if no row is left, or the tokenizer has slots and `language` is missing or unknown.
    """
    if not pairs:
        raise ValueError("`pairs` is empty.")
    encoded, values = encode_prompts([pair["text"] for pair in pairs], tokenizer)
    prompts = encoded.input_ids
    programs = [pair["code"] for pair in pairs]
    if slot_token_ids(tokenizer.get_vocab()):
        if language is None:
            raise ValueError("`language` must be given, since the tokenizer has slots, got None.")
        programs = [slot_code(code, of_prompt, language) for code, of_prompt in zip(programs, values, strict=True)]
    codes = tokenizer(programs, add_special_tokens=False).input_ids
    labels = [code + [tokenizer.eos_token_id] for code in codes]
    kept = _within([len(label) for label in labels], max_code_length)
    columns = {
        "input_ids": [prompts[row] for row in kept],
        "labels": [labels[row] for row in kept],
        "length": [_bucket_key(len(labels[row]), len(prompts[row])) for row in kept],
    }
    if neighbors is not None:
        neighbor_ids = encode_neighbors(neighbors, values, tokenizer, language or "")
        columns["neighbor_ids"] = [neighbor_ids[row] for row in kept]
    return Dataset.from_dict(columns)


def build_code_dataset(
    snippets: Sequence[str], tokenizer: PreTrainedTokenizerBase, max_code_length: int, language: str
) -> Dataset:
    """
    Code alone for unsupervised pre-training (phase 1 of the paper).

    Args:
        snippets (`Sequence[str]`):
            Programs; duplicates are dropped.
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Tokenizer of prompts and code; a fast one, as character offsets are needed.
        max_code_length (`int`):
            As for [`build_pair_dataset`].
        language (`str`):
            Language of the snippets, one of [`~codefusion_hf.languages.LANGUAGES`].

    Returns:
        `datasets.Dataset` with `labels` (code and end-of-sequence token), `span_ids` (of the same length, see
        [`~codefusion_hf.data.masking.token_span_ids`]) and `length` (as for [`build_pair_dataset`]).

    Raises:
        ValueError: if no row is left or the language is unknown.
    """
    if not snippets:
        raise ValueError("`snippets` is empty.")
    snippets = list(dict.fromkeys(snippets))
    if slot_token_ids(tokenizer.get_vocab()):
        # Without a prompt there is no slot, and what looks like one is text.
        snippets = [slot_code(snippet, {}, language) for snippet in snippets]
    encoded = tokenizer(snippets, add_special_tokens=False, return_offsets_mapping=True)
    labels = [code + [tokenizer.eos_token_id] for code in encoded.input_ids]
    kept = _within([len(label) for label in labels], max_code_length)
    maskable_spans = get_language(language).maskable_spans
    found = [maskable_spans(snippets[row]) for row in kept]
    unparsed = sum(not spans.parsed for spans in found)
    logger.info("Masked by the fallback rule, as the parser refused them: %d of %d snippets.", unparsed, len(kept))
    return Dataset.from_dict(
        {
            "labels": [labels[row] for row in kept],
            # The end-of-sequence token belongs to no span.
            "span_ids": [
                [*token_span_ids(encoded.offset_mapping[row], spans.spans), 0]
                for row, spans in zip(kept, found, strict=True)
            ],
            "length": [_bucket_key(len(labels[row])) for row in kept],
        }
    )


def build_masked_code_dataset(
    snippets: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    max_code_length: int,
    language: str,
    cpd_probability: float = 0.5,
    cpd_mask_probability: float = DEFAULT_MASK_PROBABILITY,
    seed: int = 0,
) -> Dataset:
    """
    Code alone as pairs, for the pre-training of an encoder-decoder model that is not CodeFusion: of each snippet the
    encoder reads what CPD leaves of it, or, for unsupervised code generation, nothing but an end-of-sequence token.
    Which of the two and what is masked is drawn once.

    Args:
        snippets, tokenizer, max_code_length, language:
            As for [`build_code_dataset`].
        cpd_probability (`float`, *optional*, defaults to 0.5):
            Share of the snippets that get CPD, in [0, 1].
        cpd_mask_probability (`float`, *optional*, defaults to 0.5):
            Share of a snippet's identifiers and keywords that CPD masks, in (0, 1]; at least one.
        seed (`int`, *optional*, defaults to 0):
            Seed of the draws.

    Returns:
        `datasets.Dataset` with the columns of [`build_pair_dataset`].

    Raises:
        ValueError: if no row is left, the language is unknown, or the tokenizer has no mask token.
    """
    if tokenizer.mask_token_id is None:
        raise ValueError("`tokenizer` has no mask token, which CPD needs.")
    generator = torch.Generator().manual_seed(seed)
    code = build_code_dataset(snippets, tokenizer, max_code_length, language)
    prompts = []
    for row in code:
        # One for the task, and one for each span, or where there is none for nothing.
        draws = torch.rand(1, 2 + max(row["span_ids"]), generator=generator)
        prompt = [tokenizer.eos_token_id]
        if draws[0, 0] < cpd_probability:
            is_masked = draw_cpd_mask(torch.tensor([row["span_ids"]]), draws[:, 1:], cpd_mask_probability)[0].tolist()
            tokens = zip(row["labels"], is_masked, strict=True)
            prompt = [tokenizer.mask_token_id if hidden else token for token, hidden in tokens]
        prompts.append(prompt)
    labels = list(code["labels"])
    lengths = [_bucket_key(len(label), len(prompt)) for label, prompt in zip(labels, prompts, strict=True)]
    return Dataset.from_dict({"input_ids": prompts, "labels": labels, "length": lengths})


__all__ = ["build_code_dataset", "build_masked_code_dataset", "build_pair_dataset"]
