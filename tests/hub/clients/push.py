# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A user who has the package, and pushes a checkpoint from a folder in every way: `push.py CHECKPOINT WORKSPACE`."""

import sys
from pathlib import Path

import torch
from client import check, codes, files_of, finish, refusal, report, run_snippets, weights_digest
from huggingface_hub import HfApi, ModelCard

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

with check("cards_of_parts"):
    names = ("model", "saved-model", "scheduler", "saved-scheduler")
    report["part_snippets"] = {
        name: run_snippets(ModelCard.load(f"alice/{name}").text, containing="codefusion_hf") for name in names
    }
    # A card in the folder, one in the repository, and the one of a pipeline that a part is pushed into.
    by_hand = "---\nlicense: mit\n---\n\n# By hand\n\nA text.\n"
    HfApi().create_repo("alice/edited-model")
    HfApi().create_repo("alice/edited-scheduler")
    for part in ("model", "scheduler"):
        component = getattr(pipe, part)
        (workspace / f"{part}-with-card").mkdir()
        (workspace / f"{part}-with-card" / "README.md").write_text(by_hand)
        component.save_pretrained(workspace / f"{part}-with-card", push_to_hub=True, repo_id=f"alice/{part}-with-card")
        HfApi().upload_file(path_or_fileobj=by_hand.encode(), path_in_repo="README.md", repo_id=f"alice/edited-{part}")
        component.push_to_hub(f"alice/edited-{part}")
        # The folder has the card that the first push has made.
        component.save_pretrained(workspace / part, push_to_hub=True, repo_id=f"alice/edited-{part}")
    before = ModelCard.load("alice/sharded").content
    pipe.scheduler.push_to_hub("alice/sharded", subfolder="scheduler")
    report["card_of_the_whole_is_kept"] = ModelCard.load("alice/sharded").content == before

with check("half_model"):
    half.model.save_pretrained(workspace / "half-model", variant="fp16", push_to_hub=True, repo_id="alice/half-model")
    report["part_snippets"]["half-model"] = run_snippets(
        ModelCard.load("alice/half-model").text, containing="codefusion_hf"
    )

with check("base_model"):
    pipe.model.encoder.push_to_hub("lab/encoder")
    fields = pipe.model.config.to_dict()
    sizes = {name: fields[name] for name in ("latent_size", "hidden_size", "num_attention_heads")}
    based = CodeFusionModel.from_encoder_pretrained(
        "lab/encoder", num_denoiser_layers=1, num_decoder_layers=1, **sizes
    )
    based.push_to_hub("alice/based")
    report["base_model"] = CodeFusionModel.from_pretrained("alice/based").config.base_model

with check("refused"):
    report["refused"] = refusal(lambda: pipe.push_to_hub("alice/stolen", token="hf_of_somebody_else"))

finish()
