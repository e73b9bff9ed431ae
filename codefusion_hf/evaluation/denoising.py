# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""How the code takes shape: the distance from the draft at each denoising step to the final code."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from codefusion_hf.evaluation.metrics.text_similarity import edit_distance


if TYPE_CHECKING:
    from codefusion_hf.pipelines import CodeFusionPipeline


def edit_distance_by_step(
    pipe: "CodeFusionPipeline",
    prompts: Sequence[str],
    num_inference_steps: int = 10,
    *,
    batch_size: int = 16,
    seed: int = 0,
    **pipeline_arguments: Any,
) -> list[list[float]]:
    """
    Normalised edit distance from the draft at each denoising step to the final code, as in the paper's figure that
    shows it falling (https://huggingface.co/papers/2310.17680).

    A draft has at each position the token nearest to the estimate of x_0; the final code comes from the decoder. The
    last distance is therefore what the decoder changed, not always 0.

    Args:
        pipe ([`CodeFusionPipeline`]):
            The loaded checkpoint, with the scheduler to look at.
        prompts (sequence of `str`):
            The prompts; one candidate is generated for each.
        num_inference_steps (`int`, *optional*, defaults to 10):
            Denoising steps.
        batch_size (`int`, *optional*, defaults to 16):
            Prompts at once, 1 or more.
        seed (`int`, *optional*, defaults to 0):
            Seed of the noise. Each batch has a generator of its own, seeded with `seed` plus the index of its first
            prompt.
        pipeline_arguments:
            More arguments of the call, such as `temperature`.

    Returns:
        `list[list[float]]`: for each prompt a distance in [0, 1] for each step, the noisiest first (two for each step
        with a scheduler that evaluates the denoiser twice a step).

    Raises:
        `ValueError`: If `batch_size` is out of its range.
    """
    if batch_size < 1:
        raise ValueError(f"`batch_size` must be 1 or more, got {batch_size}.")
    distances = []
    for start in range(0, len(prompts), batch_size):
        distances += _distances_of_batch(
            pipe,
            prompt=list(prompts[start : start + batch_size]),
            num_inference_steps=num_inference_steps,
            generator=torch.Generator().manual_seed(seed + start),
            **pipeline_arguments,
        )
    return distances


def _distances_of_batch(pipe: "CodeFusionPipeline", **arguments: Any) -> list[list[float]]:
    drafts_by_step: list[list[str]] = []

    def keep_drafts(
        pipe: "CodeFusionPipeline", step: int, timestep: torch.Tensor, tensors: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        drafts_by_step.append(pipe.decode_drafts(tensors["pred_original_sample"], pipe.lengths))
        return tensors

    output = pipe(
        **arguments,
        # Several candidates are ranked at the end, and whose drafts are whose would be lost.
        num_return_sequences=1,
        callback_on_step_end=keep_drafts,
        callback_on_step_end_tensor_inputs=["pred_original_sample"],
    )
    return [
        [edit_distance(drafts[row], code) for drafts in drafts_by_step] for row, (code,) in enumerate(output.codes)
    ]


__all__ = ["edit_distance_by_step"]
