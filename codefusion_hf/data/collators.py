# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Batches of the two training phases."""

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedTokenizerBase


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
        `(batch_size, code_length)`, padded with -100; of rows with `neighbor_ids`, also these, of shape `(batch_size,
        num_neighbors, length)`, padded with -100. Which of them are read is drawn in the training step, see
        [`~codefusion_hf.training.neighbors.NeighborDraw`].
    """

    tokenizer: PreTrainedTokenizerBase

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        batch = {
            "input_ids": _pad([row["input_ids"] for row in rows], self.tokenizer.pad_token_id),
            "attention_mask": _pad([[1] * len(row["input_ids"]) for row in rows], 0),
            "labels": _pad([row["labels"] for row in rows], -100),
        }
        if "neighbor_ids" in rows[0]:
            num_neighbors = max(len(row["neighbor_ids"]) for row in rows)
            if num_neighbors:
                padded = [
                    neighbor
                    for row in rows
                    for neighbor in [*row["neighbor_ids"], *[[]] * (num_neighbors - len(row["neighbor_ids"]))]
                ]
                batch["neighbor_ids"] = _pad(padded, -100).long().unflatten(0, (len(rows), num_neighbors))
        return batch


@dataclass
class PretrainingCollator:
    """
    Collator of unsupervised pre-training, phase 1 of the paper: the code, and which of its tokens belong to the
    identifiers and keywords that code-specific CPD may mask. Which rows get which of the two tasks, and what is
    masked, is drawn in the training step, see [`~codefusion_hf.training.randomness.StepRandomness`].

    Args:
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Tokenizer of prompts and code.

    Returns (of a call on rows with `labels` and `span_ids`):
        `dict` of `input_ids`, `attention_mask`, `labels`, padded with -100, and `span_ids`, padded with 0 (see
        [`~codefusion_hf.data.masking.token_span_ids`]), all of shape `(batch_size, code_length)`.
    """

    tokenizer: PreTrainedTokenizerBase

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        labels = _pad([row["labels"] for row in rows], -100)
        return {
            "input_ids": labels.masked_fill(labels == -100, self.tokenizer.pad_token_id),
            "attention_mask": (labels != -100).long(),
            "labels": labels,
            "span_ids": _pad([row["span_ids"] for row in rows], 0),
        }


__all__ = ["PairCollator", "PretrainingCollator"]
