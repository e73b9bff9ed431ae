# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""How a checkpoint is sampled where a call does not say."""

from typing import Any

from ..modeling.argument_checks import shorten


# How a call samples where neither its arguments nor the checkpoint say otherwise. The last two are for those who can
# check programs, as the command line and the evaluation do.
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


__all__ = ["SAMPLING_DEFAULTS", "check_sampling_defaults"]
