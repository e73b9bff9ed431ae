# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What stands where on a canvas: the tokens of a program, and those of a neighbour's code."""

from typing import TypeVar

import torch
import torch.nn.functional as F

from .configuration_codefusion import CodeFusionConfig


IntOrTensor = TypeVar("IntOrTensor", int, torch.Tensor)


def canvas_length_for(num_tokens: IntOrTensor, config: CodeFusionConfig) -> IntOrTensor:
    """
    The shortest canvas for a program.

    Args:
        num_tokens (`int` or `torch.LongTensor`):
            Tokens of the program, with the one that ends it.
        config ([`CodeFusionConfig`]):
            It says which lengths a canvas can have.

    Returns:
        `int` or `torch.LongTensor`: its length in tokens.
    """
    step = config.canvas_step if config.predict_length else config.max_code_length
    return (num_tokens + step - 1) // step * step


def prepare_canvas(
    labels: torch.Tensor, config: CodeFusionConfig
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """
    The canvases of a batch of programs.

    Args:
        labels (`torch.LongTensor` of shape `(batch_size, code_length)`):
            As for [`~CodeFusionModel.forward`].
        config ([`CodeFusionConfig`]):
            It says which lengths a canvas can have.

    Returns:
        `tuple`: the tokens to be denoised and their attention mask, of shape `(batch_size, canvas_length)`, the
        lengths of the canvases, of shape `(batch_size,)`, and the weight of each token in the loss.
    """
    is_code = (labels != -100) & (labels != config.pad_token_id)
    canvas_lengths = canvas_length_for(is_code.sum(dim=1).clamp(min=1), config)
    # Rounded up from the shape, not from the lengths, which would have to be fetched from the GPU.
    canvas_length = canvas_length_for(labels.shape[1], config)
    canvas = labels.masked_fill(~is_code, config.pad_token_id)
    canvas = F.pad(canvas, (0, canvas_length - labels.shape[1]), value=config.pad_token_id)
    is_code = F.pad(is_code, (0, canvas_length - labels.shape[1]), value=False)
    canvas_mask = torch.arange(canvas_length, device=labels.device) < canvas_lengths[:, None]
    # All padding of a canvas together weighs as much as one token: enough to learn it, too little to drown the
    # code in it.
    is_padding = canvas_mask & ~is_code
    weights = is_code.float() + is_padding.float() / is_padding.sum(dim=1, keepdim=True).clamp(min=1)
    return canvas, canvas_mask, canvas_lengths, weights


def neighbor_positions(
    input_ids: torch.Tensor, attention_mask: torch.Tensor | None, config: CodeFusionConfig
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """
    For each token its place in a neighbour's code, from both ends of a canvas of its own, and whether it is in one.

    Args:
        input_ids (`torch.LongTensor` of shape `(batch_size, sequence_length)`):
            Prompts with neighbours behind them.
        attention_mask (`torch.Tensor` of shape `(batch_size, sequence_length)`, *optional*):
            1 for tokens, 0 for padding.
        config ([`CodeFusionConfig`]):
            Its `neighbor_token_ids` say where a neighbour begins, and where its code does.

    Returns:
        `tuple`: three tensors of the shape of `input_ids`: the places from the start and from the end, in
        [0, max_code_length), whatever they are where there is no code, and a mask of the tokens of code.
    """
    neighbor_token, code_token = config.neighbor_token_ids or (-1, -1)
    places = torch.arange(input_ids.shape[1], device=input_ids.device).expand_as(input_ids)
    is_prompt = input_ids == neighbor_token
    if attention_mask is not None:
        is_prompt = is_prompt | (attention_mask == 0)
    last_prompt = torch.where(is_prompt, places, -1).cummax(dim=1).values
    last_code = torch.where(input_ids == code_token, places, -1).cummax(dim=1).values
    is_code = (last_code > last_prompt) & (places > last_code)
    ends = torch.where(is_prompt, places, input_ids.shape[1]).flip(1).cummin(dim=1).values.flip(1)
    # With the end-of-sequence token, which a neighbour has none of.
    canvas_lengths = canvas_length_for(ends - last_code, config)
    from_start = places - last_code - 1
    longest = config.max_code_length - 1
    return from_start.clamp(0, longest), (canvas_lengths - 1 - from_start).clamp(0, longest), is_code


__all__ = ["canvas_length_for", "neighbor_positions", "prepare_canvas"]
