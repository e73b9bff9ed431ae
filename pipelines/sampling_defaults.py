# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""How a checkpoint is sampled where a call does not say."""

from typing import Any

from ..modeling.argument_checks import check_integer, shorten
from .argument_checks import MAX_CANDIDATES


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
    "language": None,
    "valid_first": False,
    "memory": None,
}


def check_sampling_defaults(sampling_defaults: dict[str, Any]) -> None:
    """
    Check what a checkpoint says about its sampling. (The values are checked when they are used.)

    Args:
        sampling_defaults (`dict`):
            As for [`CodeFusionPipeline`].

    Raises:
        ValueError: if it is no dictionary, or has a name that is not in `SAMPLING_DEFAULTS`.
    """
    if not isinstance(sampling_defaults, dict) or not set(sampling_defaults) <= set(SAMPLING_DEFAULTS):
        raise ValueError(
            f"`sampling_defaults` must be a dict with names of {', '.join(SAMPLING_DEFAULTS)}, got "
            f"{shorten(sampling_defaults)}."
        )


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
