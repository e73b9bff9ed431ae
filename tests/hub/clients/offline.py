# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A user without a network (`HF_HUB_OFFLINE=1`) who has loaded the checkpoint before."""

from client import check, codes, finish, refusal, report, weights_digest
from transformers import AutoModel, AutoTokenizer

from codefusion_hf.pipelines import CodeFusionPipeline


with check("pipeline"):
    report["codes"] = codes(CodeFusionPipeline.from_pretrained("alice/bash"))
    report["weights"] = weights_digest(AutoModel.from_pretrained("alice/bash", subfolder="model"))
    report["tokenizer"] = AutoTokenizer.from_pretrained("alice/bash", subfolder="tokenizer")("tail").input_ids
    report["not_cached"] = refusal(lambda: CodeFusionPipeline.from_pretrained("alice/nothing"))
finish()
