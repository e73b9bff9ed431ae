# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Which candidates go through the denoiser together, and for how many steps."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel

from ..modeling.networks import KeyValues


# What an evaluation of the denoiser costs besides its tokens, in tokens: how much padding is cheaper than one batch
# more. On a CPU, 35 to 48 were measured with bash-tiny; on a GPU, where it is the time in which all the kernels are
# launched, nothing was.
BATCH_OVERHEADS = {"cpu": 32}
DEFAULT_BATCH_OVERHEAD = 2048


def group_by_length(lengths: Sequence[int], overhead: int) -> list[list[int]]:
    """
    Share out rows among batches so that all together cost the least, where the longest row of a batch pads the others.

    Args:
        lengths (`Sequence[int]`):
            Tokens of each row.
        overhead (`int`):
            What a batch costs besides its tokens, padding included, in tokens.

    Returns:
        `list[list[int]]`: the rows of each batch in their order, the batch of the shortest first.
    """
    rows_of: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        rows_of.setdefault(length, []).append(row)
    distinct = sorted(rows_of)
    num_rows = [0, *itertools.accumulate(len(rows_of[length]) for length in distinct)]
    # The best partition of the first lengths ends in one batch, before which stands the best partition of the rest.
    costs, starts = [0], [0]
    for end, longest in enumerate(distinct, 1):
        cost, start = min(
            (costs[start] + overhead + longest * (num_rows[end] - num_rows[start]), start) for start in range(end)
        )
        costs.append(cost)
        starts.append(start)
    batches = []
    end = len(distinct)
    while end > 0:
        batches.append(sorted(row for length in distinct[starts[end] : end] for row in rows_of[length]))
        end = starts[end]
    return batches[::-1]


@dataclass
class CandidateBatch:
    """
    Candidates that go through the model together, because their canvases are about as long.

    Args:
        rows (`torch.LongTensor` of shape `(num_rows,)`):
            Which of the call's candidates they are.
        canvas_length (`int`):
            Tokens of the longest canvas.
        input_rows (`torch.LongTensor` of shape `(num_rows,)` or `(2 * num_rows,)`):
            The rows as the denoiser gets them: with guidance twice, first without the prompt.
        conditioning (`dict`):
            What [`CodeFusionModel.denoise`] and [`CodeFusionModel.decode`] get for `input_rows`: `key_values`,
            `attention_mask` and `encoder_attention_mask`, both prepared, and `lengths`.
        vocabulary (`tuple`):
            What tokens `rows` can have, as of [`CodeFusionModel.vocabulary`].
        canvas_mask (`torch.BoolTensor` of shape `(num_rows, canvas_length)`, *optional*):
            The positions of each canvas; `None` where they are all as long as the longest.
    """

    rows: torch.Tensor
    canvas_length: int
    input_rows: torch.Tensor
    conditioning: dict[str, Any]
    vocabulary: tuple[torch.Tensor, torch.Tensor]
    canvas_mask: torch.Tensor | None

    def cut(self, tensor: torch.Tensor) -> torch.Tensor:
        """The input rows of a tensor, as far as their canvas goes."""
        return tensor[self.input_rows, : self.canvas_length]


def pad_rows(rows: Sequence[Sequence[int]], length: int, pad_token_id: int) -> torch.Tensor:
    """
    Programs on canvases.

    Args:
        rows (`Sequence[Sequence[int]]`):
            Tokens of each.
        length (`int`):
            Length of the longest canvas, at least that of the longest program.
        pad_token_id (`int`):
            What stands behind a program.

    Returns:
        `torch.LongTensor` of shape `(len(rows), length)`.
    """
    padded = pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=pad_token_id)
    return F.pad(padded, (0, length - padded.shape[1]), value=pad_token_id)


def make_batches(
    model: PreTrainedModel,
    rows: Sequence[int],
    lengths: Sequence[int],
    key_values: KeyValues,
    prompt_mask: torch.Tensor,
    vocabulary: tuple[torch.Tensor, torch.Tensor],
    unconditional_key_values: KeyValues | None = None,
) -> list[CandidateBatch]:
    """
    Share out candidates among batches by the length of their canvas, each with the prompts of its own.

    Args:
        model ([`CodeFusionModel`]):
            The model that they go through.
        rows (`Sequence[int]`):
            The candidates.
        lengths (`Sequence[int]`):
            Canvas lengths of all candidates of the call.
        key_values (`tuple`):
            Keys and values of the prompts, one row a prompt: candidates share them.
        prompt_mask (`torch.Tensor` of shape `(batch_size, sequence_length)`), vocabulary (`tuple`):
            From [`~CodeFusionPipeline.encode_prompt`].
        unconditional_key_values (`tuple`, *optional*):
            For guidance, keys and values of what stands for no prompt, one row a candidate.

    Returns:
        `list[CandidateBatch]`
    """
    device = prompt_mask.device
    candidates_per_prompt = len(lengths) // len(prompt_mask)
    embeddings, bias = vocabulary
    overhead = BATCH_OVERHEADS.get(device.type, DEFAULT_BATCH_OVERHEAD)
    batches = []
    for group in group_by_length([lengths[row] for row in rows], overhead):
        canvas_lengths = torch.tensor([lengths[rows[index]] for index in group])
        canvas_length = int(canvas_lengths.max())
        is_padded = bool((canvas_lengths < canvas_length).any())
        members = torch.tensor([rows[index] for index in group], device=device)
        prompts = members // candidates_per_prompt
        canvas_mask = None
        conditioning: dict[str, Any] = {
            # A single prompt is not copied.
            "key_values": tuple(
                (key.expand(len(group), -1, -1, -1), value.expand(len(group), -1, -1, -1))
                if len(key) == 1
                else (key[prompts], value[prompts])
                for key, value in key_values
            ),
            "attention_mask": None,
            "encoder_attention_mask": prompt_mask[prompts],
            "lengths": None,
        }
        if is_padded:
            canvas_lengths = canvas_lengths.to(device)
            conditioning["lengths"] = canvas_lengths
            canvas_mask = torch.arange(canvas_length, device=device) < canvas_lengths[:, None]
            conditioning["attention_mask"] = canvas_mask
        input_rows = members
        if unconditional_key_values is not None:
            input_rows = torch.cat([members, members])
            conditioning = {
                name: value if value is None or name == "key_values" else torch.cat([value, value])
                for name, value in conditioning.items()
            }
            conditioning["key_values"] = tuple(
                (torch.cat([noise_key[members], key]), torch.cat([noise_value[members], value]))
                for (noise_key, noise_value), (key, value) in zip(
                    unconditional_key_values, conditioning["key_values"], strict=True
                )
            )
        conditioning["attention_mask"], conditioning["encoder_attention_mask"] = model.prepare_attention_masks(
            conditioning["key_values"][0][0].new_empty((len(input_rows), canvas_length, 0)),
            conditioning["key_values"],
            conditioning["attention_mask"],
            conditioning["encoder_attention_mask"],
        )
        of_rows = (embeddings, bias if len(bias) == 1 else bias[prompts])
        batches.append(CandidateBatch(members, canvas_length, input_rows, conditioning, of_rows, canvas_mask))
    return batches


def share_out(probabilities: torch.Tensor, num_candidates: int) -> torch.Tensor:
    """
    Share out the candidates of each prompt among choices in proportion to their probabilities, by D'Hondt's method:
    one candidate gets the likeliest.

    Args:
        probabilities (`torch.FloatTensor` of shape `(batch_size, num_choices)`):
            Of the choices.
        num_candidates (`int`):
            Candidates a prompt.

    Returns:
        `torch.LongTensor` of shape `(batch_size, num_candidates)`: the choice of each.
    """
    seats = torch.zeros_like(probabilities)
    winners = []
    for _ in range(num_candidates):
        winner = (probabilities / (seats + 1.0)).argmax(dim=-1, keepdim=True)
        seats.scatter_add_(1, winner, torch.ones_like(winner, dtype=seats.dtype))
        winners.append(winner)
    return torch.cat(winners, dim=1)


def favour_lengths(probabilities: torch.Tensor, lengths: list[list[int]], canvas_step: int) -> torch.Tensor:
    """
    Probabilities of canvas lengths, half of which goes to given ones.

    Args:
        probabilities (`torch.FloatTensor` of shape `(batch_size, num_choices)`):
            Of the canvases of `canvas_step` tokens, of twice as many, and so on.
        lengths (`list[list[int]]`):
            For each row programs' lengths in tokens; longer ones than any canvas are passed over.
        canvas_step (`int`):
            Tokens that a canvas is rounded up to.

    Returns:
        `torch.FloatTensor` of the shape of `probabilities`: a row without given lengths is as it was.
    """
    shares = torch.zeros_like(probabilities)
    for row, of_row in enumerate(lengths):
        for length in of_row:
            if (choice := (length - 1) // canvas_step) < shares.shape[1]:
                shares[row, choice] += 1.0
    totals = shares.sum(dim=1, keepdim=True)
    return torch.where(totals > 0.0, (probabilities + shares / totals.clamp(min=1.0)) / 2.0, probabilities)


def spread_temperatures(
    temperature: float | list[float], num_rows: int, num_candidates: int, latents: torch.Tensor
) -> float | torch.Tensor:
    """
    Temperatures of the candidates.

    Args:
        temperature (`float` or `list[float]`):
            One for all, or those that each prompt's candidates take in turn.
        num_rows (`int`), num_candidates (`int`):
            Candidates of the call and of each prompt.
        latents (`torch.Tensor`):
            Where they will be used.

    Returns:
        `float`, or a `torch.Tensor` of shape `(num_rows, 1, 1)`.
    """
    if not isinstance(temperature, list):
        return float(temperature)
    candidates = torch.arange(num_rows, device=latents.device) % num_candidates
    return latents.new_tensor(temperature)[candidates % len(temperature)][:, None, None]


class EarlyExit:
    """
    Which candidates are finished before the last step: those whose tokens have stayed the same, and are likely.

    Args:
        patience (`int`):
            Evaluations of the denoiser in a row that have to give the same tokens as the one before.
        confidence (`float`):
            The least geometric mean of the probabilities of these tokens, in [0, 1].
        shape (`tuple[int, int]`):
            Candidates of the call, and the length of the longest canvas.
        pad_token_id (`int`):
            What stands behind the end of a canvas.
        device (`torch.device`):
            Where the tokens are.
    """

    def __init__(
        self, patience: int, confidence: float, shape: tuple[int, int], pad_token_id: int, device: torch.device
    ):
        self.patience = patience
        self.log_confidence = math.log(confidence) if confidence > 0.0 else -math.inf
        # Padding from the first: as others leave, a row may come into a batch of longer canvases, and its tokens are
        # still the same.
        self.token_ids = torch.full(shape, pad_token_id, device=device)
        # -1, so that there is nothing yet that the first evaluation could leave unchanged.
        self.unchanged = torch.full(shape[:1], -1, device=device)
        self.finished = torch.zeros(shape[:1], dtype=torch.bool, device=device)

    def update(self, batch: CandidateBatch, token_ids: torch.Tensor, scores: torch.Tensor) -> None:
        """
        Take note of an evaluation.

        Args:
            batch ([`CandidateBatch`]):
                The rows that were evaluated.
            token_ids (`torch.LongTensor` of shape `(num_rows, canvas_length)`), scores (of shape `(num_rows,)`):
                Their tokens, and the mean log-probability of these.
        """
        rows, canvas_length = batch.rows, batch.canvas_length
        is_same = (token_ids == self.token_ids[rows, :canvas_length]).all(dim=1)
        self.token_ids[rows, :canvas_length] = token_ids
        self.unchanged[rows] = torch.where(is_same, self.unchanged[rows] + 1, 0)
        self.finished[rows] = (self.unchanged[rows] >= self.patience) & (scores >= self.log_confidence)


__all__ = [
    "CandidateBatch",
    "EarlyExit",
    "favour_lengths",
    "group_by_length",
    "make_batches",
    "share_out",
    "spread_temperatures",
]
