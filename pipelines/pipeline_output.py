# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What a pipeline returns."""

from dataclasses import dataclass
from typing import Any

import torch
from diffusers.utils import BaseOutput


@dataclass
class CodeFusionPipelineOutput(BaseOutput):
    """
    Output of [`CodeFusionPipeline`]. Candidates are ranked, the best first (see
    [`~codefusion_hf.pipelines.ranking.rank_programs`]).

    Args:
        codes (`list[list[str]]`, *optional*):
            The programs: for each prompt its `num_return_sequences` candidates. `None` unless `output_type="text"`.
        scores (`list[list[float]]`, *optional*):
            Mean log-probability that the head gives a candidate's tokens, in nats, at most 0. `None` for
            `output_type="latent"`.
        sequences (`torch.LongTensor` of shape `(batch_size, num_return_sequences, canvas_length)`, *optional*):
            Tokens of the candidates, padded behind the end-of-sequence token. `None` for `output_type="latent"`.
        latents (`torch.FloatTensor`, *optional*):
            For `output_type="latent"`, the denoised embeddings, not ranked, of shape `(batch_size,
            num_return_sequences, canvas_length, latent_size)`.
        neighbors (`list[list[Neighbor]]`, *optional*):
            With a `memory`: for each prompt what was found in it, and read.
    """

    codes: list[list[str]] | None = None
    scores: list[list[float]] | None = None
    sequences: torch.Tensor | None = None
    latents: torch.Tensor | None = None
    neighbors: list[list[Any]] | None = None


__all__ = ["CodeFusionPipelineOutput"]
