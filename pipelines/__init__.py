# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""CodeFusion's pipeline and scheduler: with `modeling/`, the files that travel to the Hub beside the weights."""

from .pipeline_codefusion import CodeFusionPipeline, CodeFusionPipelineOutput, normalize_prompt
from .scheduling_codefusion import SUPPORTED_SCHEDULERS, CodeFusionScheduler, CodeFusionSchedulerOutput


__all__ = [
    "SUPPORTED_SCHEDULERS",
    "CodeFusionPipeline",
    "CodeFusionPipelineOutput",
    "CodeFusionScheduler",
    "CodeFusionSchedulerOutput",
    "normalize_prompt",
]
