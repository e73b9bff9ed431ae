# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Batches of the two training phases."""

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedTokenizerBase

from .masking import DEFAULT_MASK_PROBABILITY, mask_code_tokens


def _pad(rows: list[list[int]], padding_value: int) -> torch.Tensor:
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=padding_value)


@dataclass
class PairCollator:
    """
    Collator of supervised fine-tuning: prompts and code padded to the longest of the batch.

    Args:
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Tokenizer of prompts and code.

    Returns (of a call on rows with `input_ids` and `labels`):
        `dict` of `input_ids` and `attention_mask`, of shape `(batch_size, sequence_length)`, and `labels`, of shape
        `(batch_size, code_length)`, padded with -100.
    """

    tokenizer: PreTrainedTokenizerBase

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        input_ids = _pad([row["input_ids"] for row in rows], self.tokenizer.pad_token_id)
        return {
            "input_ids": input_ids,
            "attention_mask": (input_ids != self.tokenizer.pad_token_id).long(),
            "labels": _pad([row["labels"] for row in rows], -100),
        }


@dataclass
class PretrainingCollator:
    """
    Collator of unsupervised pre-training, phase 1 of the paper. Each row gets one of two tasks: *unsupervised code
    generation*, with Gaussian noise in place of the encoded prompt, or *code-specific CPD*, where identifiers and
    keywords of the snippet are masked and the masked snippet is the prompt.

    Args:
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Tokenizer of prompts and code, with a mask token.
        cpd_probability (`float`, *optional*, defaults to 0.5):
            Share of the rows that get CPD, in [0, 1].
        mask_probability (`float`, *optional*, defaults to 0.5):
            Share of the identifiers and keywords that CPD masks, in (0, 1]; at least one a snippet.

    Raises:
        ValueError: if an argument is outside its range.

    Returns (of a call on rows with `labels`, `offsets` and `spans`):
        `dict` of `input_ids` and `attention_mask`, of shape `(batch_size, code_length)`, `labels`, of the same shape,
        padded with -100, and `noise_prompt`, of shape `(batch_size,)`, true for unsupervised code generation.
    """

    tokenizer: PreTrainedTokenizerBase
    cpd_probability: float = 0.5
    mask_probability: float = DEFAULT_MASK_PROBABILITY

    def __post_init__(self):
        if not 0.0 <= self.cpd_probability <= 1.0:
            raise ValueError(f"`cpd_probability` must be in [0, 1], got {self.cpd_probability}.")
        if not 0.0 < self.mask_probability <= 1.0:
            raise ValueError(f"`mask_probability` must be above 0 and at most 1, got {self.mask_probability}.")

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        masked = [
            mask_code_tokens(
                row["labels"], row["offsets"], row["spans"], self.tokenizer.mask_token_id, self.mask_probability
            )
            for row in rows
        ]
        input_ids = _pad(masked, self.tokenizer.pad_token_id)
        return {
            "input_ids": input_ids,
            "attention_mask": (input_ids != self.tokenizer.pad_token_id).long(),
            "labels": _pad([row["labels"] for row in rows], -100),
            "noise_prompt": torch.rand(len(rows)) >= self.cpd_probability,
        }


__all__ = ["PairCollator", "PretrainingCollator"]
