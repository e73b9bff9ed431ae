# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""CodeFusion's pipeline and scheduler: with `modeling/`, the files that travel to the Hub beside the weights."""

from .pipeline_codefusion import CodeFusionPipeline, CodeFusionPipelineOutput, normalize_prompt
from .scheduling_codefusion import SUPPORTED_SCHEDULERS, CodeFusionScheduler, CodeFusionSchedulerOutput
from .slots import SlottedPrompt, fill_slots, slot_code, slot_prompt, slot_token_ids, slot_tokens, slots_in


__all__ = [
    "SUPPORTED_SCHEDULERS",
    "CodeFusionPipeline",
    "CodeFusionPipelineOutput",
    "CodeFusionScheduler",
    "CodeFusionSchedulerOutput",
    "SlottedPrompt",
    "fill_slots",
    "normalize_prompt",
    "slot_code",
    "slot_prompt",
    "slot_token_ids",
    "slot_tokens",
    "slots_in",
]
