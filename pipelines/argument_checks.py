# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Checks of a pipeline's arguments, with errors that name the argument, what was given and what is allowed."""

from collections.abc import Callable

import torch
from transformers import PreTrainedConfig

from ..modeling.argument_checks import check_integer, check_number, shorten


CALLBACK_TENSOR_INPUTS = ["latents", "pred_original_sample", "drafts"]
OUTPUT_TYPES = ("text", "token_ids", "latent")

# Ways from latents to tokens: the decoder of the model, and the two that the paper puts in its place to ablate it.
ROUNDINGS = ("decoder", "grounding", "clamping")

# Below, half precision overflows; above, all tokens are alike.
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.01, 100.0
MAX_GUIDANCE_SCALE = 100.0
# Prompts times candidates: all are in memory at once.
MAX_CANDIDATES = 16384


def check_callable(name: str, value: Callable | None) -> None:
    """
    Args:
        name (`str`):
            Name of the argument.
        value (`Callable`, *optional*):
            What was given.

    Raises:
        ValueError: if it is neither `None` nor a function.
    """
    if value is not None and not callable(value):
        raise ValueError(f"`{name}` must be None or a function, got {shorten(value)}.")


def check_texts(name: str, value: str | list[str], may_be_blank: bool = False) -> list[str]:
    """
    Args:
        name (`str`):
            Name of the argument.
        value (`str` or `list[str]`):
            What was given.
        may_be_blank (`bool`, *optional*, defaults to `False`):
            Whether a text may be blank.

    Returns:
        `list[str]`: the texts.

    Raises:
        ValueError: if it is neither a string nor a list of strings, if there is none, or one of them is blank and must
            not be, or no Unicode text.
    """
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts:
        raise ValueError(f"`{name}` must be a string or a list of strings that is not empty, got {shorten(value)}.")
    for text in texts:
        if not isinstance(text, str) or not (may_be_blank or text.strip()):
            allowed = "a string" if may_be_blank else "a string that is not empty"
            raise ValueError(f"`{name}` must be {allowed}, got {shorten(text)}.")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"`{name}` must be Unicode text, got a lone surrogate in {shorten(text)}.") from error
    return texts


def check_call(
    config: PreTrainedConfig,
    *,
    prompt: str | list[str],
    num_inference_steps: int,
    num_return_sequences: int,
    temperature: float | list[float],
    guidance_scale: float,
    rounding: str,
    target_length: int | None,
    generator: torch.Generator | list[torch.Generator] | None,
    latents: torch.Tensor | None,
    output_type: str,
    callback_on_step_end: Callable | None,
    callback_on_step_end_tensor_inputs: list[str],
    early_exit_patience: int,
    early_exit_confidence: float,
    readout_noise: float,
    commit_tokens: bool,
    num_candidates: int,
    ranking: str | Callable[[str, str], float],
    is_valid: Callable[[str], bool] | None,
) -> None:
    """
    Check the arguments of a pipeline's call.

    Args:
        config ([`CodeFusionConfig`]):
            Of the pipeline's model.
        prompt, ... :
            As of [`CodeFusionPipeline`].

    Raises:
        ValueError: if one of them is not allowed; the message names it.
    """
    num_prompts = len(check_texts("prompt", prompt))
    max_candidates = max(MAX_CANDIDATES // num_prompts, 1)
    check_integer("num_inference_steps", num_inference_steps, 1, config.num_train_timesteps)
    check_integer("num_return_sequences", num_return_sequences, 1, max_candidates)
    check_integer("num_candidates", num_candidates, num_return_sequences, max_candidates)
    if isinstance(temperature, list) and not temperature:
        raise ValueError("`temperature` must be a number or a list of numbers that is not empty, got [].")
    for value in temperature if isinstance(temperature, list) else [temperature]:
        check_number("temperature", value, MIN_TEMPERATURE, MAX_TEMPERATURE)
    check_number("guidance_scale", guidance_scale, 1.0, MAX_GUIDANCE_SCALE)
    check_number("early_exit_confidence", early_exit_confidence, 0.0, 1.0)
    check_number("readout_noise", readout_noise, 0.0, 1.0)
    check_integer("early_exit_patience", early_exit_patience, 0, config.num_train_timesteps)
    if not isinstance(commit_tokens, bool):
        raise ValueError(f"`commit_tokens` must be True or False, got {shorten(commit_tokens)}.")
    if commit_tokens and config.prediction_type != "sample":
        raise ValueError("`commit_tokens` must be False, as the model does not predict x_0, got True.")
    if commit_tokens and early_exit_patience > 0:
        raise ValueError(
            f"`early_exit_patience` must be 0 with `commit_tokens`, where candidates leave with their last token, got "
            f"{early_exit_patience}."
        )
    if target_length is not None:
        check_integer("target_length", target_length, 1, config.max_code_length)
    if rounding not in ROUNDINGS:
        raise ValueError(f"`rounding` must be one of {', '.join(ROUNDINGS)}, got {shorten(rounding)}.")
    if output_type not in OUTPUT_TYPES:
        raise ValueError(f"`output_type` must be one of {', '.join(OUTPUT_TYPES)}, got {shorten(output_type)}.")
    if output_type == "latent" and num_candidates != num_return_sequences:
        raise ValueError(
            f"`num_candidates` must be None or `num_return_sequences` = {num_return_sequences} with "
            f"`output_type='latent'`, as latents are not ranked, got {num_candidates}."
        )
    if ranking != "votes" and not callable(ranking):
        raise ValueError(f"`ranking` must be 'votes' or a function of two strings, got {shorten(ranking)}.")
    check_callable("is_valid", is_valid)
    check_callable("callback_on_step_end", callback_on_step_end)
    if not isinstance(callback_on_step_end_tensor_inputs, list) or not set(callback_on_step_end_tensor_inputs) <= set(
        CALLBACK_TENSOR_INPUTS
    ):
        raise ValueError(
            f"`callback_on_step_end_tensor_inputs` must be a list of names in {CALLBACK_TENSOR_INPUTS}, got "
            f"{shorten(callback_on_step_end_tensor_inputs)}."
        )
    num_rows = num_prompts * num_candidates
    generators = generator if isinstance(generator, list) else [generator] if generator is not None else []
    if any(not isinstance(entry, torch.Generator) for entry in generators):
        raise ValueError(f"`generator` must be None, a `torch.Generator` or a list of them, got {shorten(generator)}.")
    if isinstance(generator, list) and len(generator) != num_rows:
        raise ValueError(
            f"`generator` must have one entry for each of the {num_prompts} x {num_candidates} candidates, got "
            f"{len(generator)}."
        )
    if latents is not None:
        if not isinstance(latents, torch.Tensor) or not latents.is_floating_point():
            raise ValueError(f"`latents` must be a tensor of floating point numbers, got {shorten(latents)}.")
        if (
            latents.ndim != 3
            or latents.shape[0] != num_rows
            or not 1 <= latents.shape[1] <= config.max_code_length
            or latents.shape[2] != config.latent_size
        ):
            raise ValueError(
                f"`latents` must have the shape ({num_rows}, canvas_length, {config.latent_size}) with a "
                f"`canvas_length` in [1, {config.max_code_length}], got {tuple(latents.shape)}."
            )
        if not latents.isfinite().all():
            raise ValueError("`latents` must be finite, got NaN or infinity among them.")
        if target_length is not None and target_length > latents.shape[1]:
            raise ValueError(
                f"`target_length` must not be above the canvas length of `latents`, {latents.shape[1]}, got "
                f"{target_length}."
            )


__all__ = [
    "CALLBACK_TENSOR_INPUTS",
    "OUTPUT_TYPES",
    "ROUNDINGS",
    "check_call",
    "check_callable",
    "check_texts",
]
