# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""CodeFusion's pipeline and scheduler: with `modeling/`, the files that travel to the Hub beside the weights."""

from .pipeline_codefusion import CodeFusionPipeline
from .pipeline_codefusion_infill import CodeFusionInfillPipeline
from .pipeline_codefusion_revise import CodeFusionRevisePipeline
from .pipeline_output import CodeFusionPipelineOutput
from .prompts import normalize_prompt
from .resampling import resample_errors
from .sampling_defaults import SAMPLING_DEFAULTS, check_sampling_defaults
from .scheduler_support import SUPPORTED_SCHEDULERS
from .scheduling_codefusion import CodeFusionScheduler, CodeFusionSchedulerOutput
from .slots import SlottedPrompt, fill_slots, slot_code, slot_prompt, slot_token_ids, slot_tokens, slots_in
from .streaming import CodeFusionDraft, CodeFusionRevision, CodeFusionStreamer


__all__ = [
    "SAMPLING_DEFAULTS",
    "SUPPORTED_SCHEDULERS",
    "CodeFusionDraft",
    "CodeFusionInfillPipeline",
    "CodeFusionPipeline",
    "CodeFusionPipelineOutput",
    "CodeFusionRevisePipeline",
    "CodeFusionRevision",
    "CodeFusionScheduler",
    "CodeFusionSchedulerOutput",
    "CodeFusionStreamer",
    "SlottedPrompt",
    "check_sampling_defaults",
    "fill_slots",
    "normalize_prompt",
    "resample_errors",
    "slot_code",
    "slot_prompt",
    "slot_token_ids",
    "slot_tokens",
    "slots_in",
]
