# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""How a checkpoint is sampled where a call does not say."""

from typing import Any

from ..modeling.argument_checks import check_integer, check_number, shorten
from ..modeling.configuration_codefusion import MAX_TIMESTEPS
from .argument_checks import MAX_CANDIDATES, MAX_GUIDANCE_SCALE, MAX_TEMPERATURE, MIN_TEMPERATURE


# How a call samples where neither its arguments nor the checkpoint say otherwise. The last three are for those who can
# check programs and load a memory, as the command line and the evaluation do.
SAMPLING_DEFAULTS: dict[str, Any] = {
    "num_inference_steps": 10,
    "num_return_sequences": 1,
    "temperature": 0.05,
    "guidance_scale": 1.0,
    "num_candidates": None,
    "ranking": "votes",
    "early_exit_patience": 0,
    "early_exit_confidence": 0.9,
    "readout_noise": 0.5,
    "commit_tokens": False,
    "language": None,
    "valid_first": False,
    "memory": None,
}


# What each may be, whatever the model.
_INTEGERS = {
    "num_inference_steps": (1, MAX_TIMESTEPS),
    "num_return_sequences": (1, MAX_CANDIDATES),
    "num_candidates": (1, MAX_CANDIDATES),
    "early_exit_patience": (0, MAX_TIMESTEPS),
}
_NUMBERS = {
    "temperature": (MIN_TEMPERATURE, MAX_TEMPERATURE),
    "guidance_scale": (1.0, MAX_GUIDANCE_SCALE),
    "early_exit_confidence": (0.0, 1.0),
    "readout_noise": (0.0, 1.0),
}


def check_sampling_defaults(sampling_defaults: dict[str, Any]) -> None:
    """
    Check what a checkpoint says about its sampling. (What depends on the model is checked when it is used.)

    Args:
        sampling_defaults (`dict`):
            As for [`CodeFusionPipeline`].

    Raises:
        ValueError: if it is no dictionary, has a name that is not in `SAMPLING_DEFAULTS`, or a value that no call
            could take.
    """
    if not isinstance(sampling_defaults, dict) or not set(sampling_defaults) <= set(SAMPLING_DEFAULTS):
        raise ValueError(
            f"`sampling_defaults` must be a dict with names of {', '.join(SAMPLING_DEFAULTS)}, got "
            f"{shorten(sampling_defaults)}."
        )
    for name, (low, high) in _INTEGERS.items():
        if sampling_defaults.get(name, SAMPLING_DEFAULTS[name]) is not None:
            check_integer(name, sampling_defaults.get(name, low), low, high)
    for name, (least, most) in _NUMBERS.items():
        values = sampling_defaults.get(name, least)
        for value in values if name == "temperature" and isinstance(values, list) and values else [values]:
            check_number(name, value, least, most)
    if sampling_defaults.get("ranking", "votes") != "votes":
        raise ValueError(f"`ranking` must be 'votes' in a checkpoint, got {shorten(sampling_defaults['ranking'])}.")
    for name in ("commit_tokens", "valid_first"):
        if not isinstance(sampling_defaults.get(name, False), bool):
            raise ValueError(f"`{name}` must be True or False, got {shorten(sampling_defaults[name])}.")
    for name in ("language", "memory"):
        if not isinstance(sampling_defaults.get(name), str | None):
            raise ValueError(f"`{name}` must be None or a string, got {shorten(sampling_defaults[name])}.")


def choose_settings(
    sampling_defaults: dict[str, Any], arguments: dict[str, Any], min_candidates: int = 1
) -> tuple[dict[str, Any], int]:
    """
    How a call samples.

    Args:
        sampling_defaults (`dict`):
            What the checkpoint says, and for the rest `SAMPLING_DEFAULTS`.
        arguments (`dict`):
            Those of the call, of which `None` says nothing.
        min_candidates (`int`, *optional*, defaults to 1):
            The least number of candidates where the call does not say.

    Returns:
        `tuple`: the settings, names and values, and the number of candidates.

    Raises:
        ValueError: if `num_return_sequences` is none.
    """
    settings = {
        name: default if name == "num_candidates" or arguments.get(name) is None else arguments[name]
        for name, default in sampling_defaults.items()
    }
    # Before it is calculated with.
    check_integer("num_return_sequences", settings["num_return_sequences"], 1, MAX_CANDIDATES)
    if (num_candidates := arguments["num_candidates"]) is None:
        num_candidates = settings["num_return_sequences"]
        is_of_each = arguments.get("latents") is not None or isinstance(arguments["generator"], list)
        if not is_of_each and arguments["output_type"] != "latent":
            num_candidates = max(num_candidates, settings["num_candidates"] or 1, min_candidates)
    return settings, num_candidates


__all__ = ["SAMPLING_DEFAULTS", "check_sampling_defaults", "choose_settings"]
