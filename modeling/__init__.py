# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""CodeFusion's configuration and model: with `pipelines/`, the files that travel to the Hub beside the weights."""

from transformers import AutoConfig, AutoModel

from .configuration_codefusion import CodeFusionConfig, square_root_alphas_cumprod
from .modeling_codefusion import CodeFusionModel
from .modeling_output import CodeFusionOutput
from .self_contained import self_contained_source


AutoConfig.register(CodeFusionConfig.model_type, CodeFusionConfig, exist_ok=True)
AutoModel.register(CodeFusionConfig, CodeFusionModel, exist_ok=True)

__all__ = [
    "CodeFusionConfig",
    "CodeFusionModel",
    "CodeFusionOutput",
    "self_contained_source",
    "square_root_alphas_cumprod",
]
