# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""For plain diffusers and transformers with `trust_remote_code`: the classes of the package that this folder is in."""

from codefusion_hf.pipelines import CodeFusionPipeline


__all__ = ["CodeFusionPipeline"]
