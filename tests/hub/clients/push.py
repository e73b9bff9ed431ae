# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A user who has the package, and pushes a checkpoint from a folder in every way: `push.py CHECKPOINT WORKSPACE`."""

import sys
from pathlib import Path

import torch
from client import check, codes, files_of, finish, refusal, report, weights_digest
from huggingface_hub import HfApi

from codefusion_hf.modeling import CodeFusionConfig, CodeFusionModel
from codefusion_hf.pipelines import CodeFusionPipeline


checkpoint, workspace = Path(sys.argv[1]), Path(sys.argv[2])
pipe = CodeFusionPipeline.from_pretrained(checkpoint)
report["codes"] = codes(pipe)
report["weights"] = weights_digest(pipe.model)

with check("pipeline"):
    pipe.save_pretrained(workspace / "again")
    report["again"] = files_of(workspace / "again")
    pipe.push_to_hub("alice/bash")
    HfApi().create_tag("alice/bash", tag="v1")

with check("variant"):
    half = CodeFusionPipeline.from_pretrained(checkpoint, dtype=torch.float16)
    half.push_to_hub("alice/bash", variant="fp16")
    report["codes_half"] = codes(half)

with check("other_revision"):
    smaller = CodeFusionModel(CodeFusionConfig.from_dict(pipe.model.config.to_dict() | {"num_denoiser_layers": 1}))
    HfApi().create_branch("alice/bash", branch="other")
    smaller.save_pretrained(workspace / "smaller")
    HfApi().upload_folder(
        repo_id="alice/bash", folder_path=workspace / "smaller", path_in_repo="model", revision="other"
    )
    report["other_revision"] = smaller.num_parameters()

with check("sharded"):
    (workspace / "sharded").mkdir(parents=True)
    (workspace / "sharded" / "README.md").write_text("---\nlicense: mit\n---\n\n# By hand\n\nA text.\n")
    pipe.save_pretrained(
        workspace / "sharded", push_to_hub=True, repo_id="alice/sharded", private=True, max_shard_size="100KB"
    )

with check("parts"):
    pipe.model.push_to_hub("alice/model")
    pipe.scheduler.push_to_hub("alice/scheduler")
    pipe.model.config.push_to_hub("alice/config")
    pipe.model.config.save_pretrained(workspace / "config", push_to_hub=True, repo_id="alice/saved-config")
    pipe.model.save_pretrained(workspace / "model", push_to_hub=True, repo_id="alice/saved-model")
    pipe.scheduler.save_pretrained(workspace / "scheduler", push_to_hub=True, repo_id="alice/saved-scheduler")

with check("refused"):
    report["refused"] = refusal(lambda: pipe.push_to_hub("alice/stolen", token="hf_of_somebody_else"))

finish()
