# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A user who has the package, and loads checkpoints without `trust_remote_code`: `installed.py WORKSPACE`."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import huggingface_hub
import torch
from client import check, codes, files_of, finish, interrupt, refusal, report, weights_digest
from diffusers import DDIMScheduler
from huggingface_hub import snapshot_download
from settings import CHUNK_SIZE, TOKEN
from transformers import AutoConfig, AutoModel, AutoTokenizer

from codefusion_hf.modeling import CodeFusionModel
from codefusion_hf.pipelines import CodeFusionPipeline, CodeFusionScheduler


workspace = Path(sys.argv[1])
# By default more than the weights: what a cut connection leaves would be nothing to go on from.
huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE = CHUNK_SIZE
load = CodeFusionPipeline.from_pretrained

with check("pipeline"):
    pipe = load("alice/bash")
    report["classes"] = [f"{type(part).__module__}.{type(part).__name__}" for part in pipe.components.values()]
    report["codes"] = codes(pipe)
    pipe.save_pretrained(workspace / "saved")
    report["saved"] = files_of(workspace / "saved")
    pipe.push_to_hub("alice/pushed-again", token=TOKEN)
    with check("from_folder"):
        report["codes_from_folder"] = codes(load(workspace / "saved"))

with check("auto_classes"):
    kwargs = {"subfolder": "model"}
    report["auto_classes"] = [
        type(AutoConfig.from_pretrained("alice/bash", **kwargs)).__module__,
        type(AutoModel.from_pretrained("alice/bash", **kwargs)).__module__,
        weights_digest(AutoModel.from_pretrained("alice/bash", **kwargs)),
        weights_digest(AutoModel.from_pretrained("alice/model")),
        weights_digest(AutoModel.from_pretrained("alice/saved-model")),
        weights_digest(AutoModel.from_pretrained(workspace / "saved", **kwargs)),
        type(AutoConfig.from_pretrained("alice/saved-config")).__module__,
    ]
    tokenizer = AutoTokenizer.from_pretrained("alice/bash", subfolder="tokenizer")
    report["tokenizer"] = tokenizer("tail -n 5").input_ids == pipe.tokenizer("tail -n 5").input_ids
    # A tokenizer from elsewhere, with a token and a cache of one's own.
    pipe.tokenizer = AutoTokenizer.from_pretrained(
        "alice/bash", subfolder="tokenizer", token=TOKEN, cache_dir=workspace / "tokenizers", revision="v1"
    )
    pipe.save_pretrained(workspace / "other_tokenizer")
    report["other_tokenizer"] = files_of(workspace / "other_tokenizer")
    schedulers = [
        CodeFusionScheduler.from_pretrained("alice/bash", subfolder="scheduler"),
        CodeFusionScheduler.from_pretrained("alice/scheduler"),
        CodeFusionScheduler.from_pretrained("alice/saved-scheduler"),
    ]
    report["schedulers"] = [torch.equal(one.alphas_cumprod, pipe.scheduler.alphas_cumprod) for one in schedulers]

with check("options"):
    report["revision"] = codes(load("alice/bash", revision="v1"))
    report["other_revision"] = load("alice/bash", revision="other").model.num_parameters()
    half = load("alice/bash", variant="fp16", dtype=torch.float16)
    report["variant"] = [str(half.model.dtype), codes(half)]
    report["dtype"] = str(load("alice/bash", dtype=torch.bfloat16).model.dtype)
    report["device_map"] = [codes(load("alice/bash", device_map=name)) for name in ("balanced", "cpu")]
    report["low_cpu_mem_usage"] = codes(load("alice/bash", low_cpu_mem_usage=False))
    report["cache_dir"] = codes(load("alice/bash", cache_dir=workspace / "cache"))
    report["local_files_only"] = codes(load("alice/bash", local_files_only=True))
    report["not_cached"] = refusal(lambda: load("alice/nothing", local_files_only=True))

with check("components"):
    scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    other = load("alice/bash", scheduler=scheduler, model=pipe.model)
    report["components"] = [other.scheduler is scheduler, other.model is pipe.model]
    other.save_pretrained(workspace / "ddim")
    report["ddim"] = type(load(workspace / "ddim").scheduler).__name__

with check("private"):
    report["private"] = {
        "no_token": refusal(lambda: load("alice/sharded")),
        "wrong_token": refusal(lambda: load("alice/sharded", token="hf_of_somebody_else")),
        "model_no_token": refusal(lambda: AutoModel.from_pretrained("alice/sharded", subfolder="model")),
        "gated": refusal(lambda: load("alice/gated", token="hf_of_somebody_else")),
        "token": codes(load("alice/sharded", token=TOKEN)),
    }

with check("missing"):
    report["missing"] = {
        "repository": refusal(lambda: load("alice/nothing")),
        "revision": refusal(lambda: load("alice/bash", revision="v9")),
        "variant": refusal(lambda: load("alice/bash", variant="ema")),
        "weights": refusal(lambda: load("alice/no-weights")),
        "model_weights": refusal(lambda: AutoModel.from_pretrained("alice/no-weights", subfolder="model")),
        "code": codes(load("alice/bash", revision="no-pipeline-code")),
    }

with check("pickles"):
    report["pickles"] = {
        "only": refusal(lambda: load("alice/pickled")),
        "model": refusal(lambda: CodeFusionModel.from_pretrained("alice/pickled", subfolder="model")),
        "asked_for": refusal(lambda: load("alice/bash", use_safetensors=False)),
    }

with check("cut"):
    interrupt(weights=["cut"])
    report["cut"] = codes(load("alice/bash", cache_dir=workspace / "cut"))
    interrupt(weights=["cut", 503])
    report["cut_for_good"] = refusal(lambda: load("alice/bash", cache_dir=workspace / "cut_for_good"))
    report["after_the_cut"] = codes(load("alice/bash", cache_dir=workspace / "cut_for_good"))

with check("concurrent"):
    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(lambda _: load("alice/bash", cache_dir=workspace / "concurrent"), range(4)))
    report["concurrent"] = [codes(one) for one in loaded]

with check("damaged"):
    snapshot = Path(snapshot_download("alice/bash", cache_dir=workspace / "damaged"))
    weights = snapshot / "model" / "model.safetensors"
    content = weights.read_bytes()
    weights.unlink()
    weights.write_bytes(content[:-100])
    report["damaged"] = {
        "pipeline": refusal(lambda: load("alice/bash", cache_dir=workspace / "damaged")),
        "model": refusal(
            lambda: AutoModel.from_pretrained("alice/bash", subfolder="model", cache_dir=workspace / "damaged")
        ),
    }
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    report["altered"] = {
        "pipeline": refusal(lambda: load("alice/bash", cache_dir=workspace / "damaged")),
        "model": refusal(
            lambda: AutoModel.from_pretrained("alice/bash", subfolder="model", cache_dir=workspace / "damaged")
        ),
    }

finish()
