# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""How the code takes shape: the distance from the draft at each denoising step to the final code."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from codefusion_hf.evaluation.metrics.text_similarity import edit_distance
from codefusion_hf.inference.arguments import SamplingArguments
from codefusion_hf.inference.batches import check_batch_size


if TYPE_CHECKING:
    from codefusion_hf.pipelines import CodeFusionPipeline


def edit_distance_by_step(
    pipe: "CodeFusionPipeline",
    prompts: Sequence[str],
    sampling: SamplingArguments,
    batch_size: int = 16,
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
        sampling ([`~codefusion_hf.inference.arguments.SamplingArguments`]):
            How to sample. Each batch has a generator of its own, seeded with `seed` plus the index of its first
            prompt; `scheduler`, and what concerns several candidates, does not count.
        batch_size (`int`, *optional*, defaults to 16):
            Prompts at once, 1 or more.

    Returns:
        `list[list[float]]`: for each prompt a distance in [0, 1] for each step, the noisiest first (two for each step
        with a scheduler that evaluates the denoiser twice a step).

    Raises:
        `ValueError`: If `batch_size` is out of its range.
    """
    check_batch_size(batch_size)
    # Several candidates are ranked at the end, and whose drafts are whose would be lost.
    single = replace(sampling, num_return_sequences=1, num_candidates=1, ranking="votes", valid_first=False)
    distances = []
    for start in range(0, len(prompts), batch_size):
        distances += _distances_of_batch(
            pipe,
            prompt=list(prompts[start : start + batch_size]),
            generator=single.generator(start),
            **single.call_arguments(pipe.sampling_defaults),
        )
    return distances


def _distances_of_batch(pipe: "CodeFusionPipeline", **arguments: Any) -> list[list[float]]:
    drafts_by_step: list[list[str]] = []

    def keep_drafts(
        pipe: "CodeFusionPipeline", step: int, timestep: torch.Tensor, tensors: dict[str, Any]
    ) -> dict[str, Any]:
        drafts_by_step.append(tensors["drafts"])
        return tensors

    output = pipe(
        **arguments,
        callback_on_step_end=keep_drafts,
        callback_on_step_end_tensor_inputs=["drafts"],
    )
    return [
        [edit_distance(drafts[row], code) for drafts in drafts_by_step] for row, (code,) in enumerate(output.codes)
    ]


__all__ = ["edit_distance_by_step"]
