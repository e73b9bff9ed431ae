# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A user who does not have the package, and trusts the code in the repository: `remote.py CHECKPOINT WORKSPACE`."""

import sys
from importlib.abc import MetaPathFinder
from pathlib import Path


class NotInstalled(MetaPathFinder):
    """Finds no `codefusion_hf`."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "codefusion_hf":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, NotInstalled())

import torch  # noqa: E402
from client import (  # noqa: E402
    check,
    codes,
    files_of,
    finish,
    refusal,
    report,
    run_snippets,
    weights_digest,
)
from diffusers import DiffusionPipeline  # noqa: E402
from huggingface_hub import ModelCard  # noqa: E402
from transformers import AutoConfig, AutoModel, AutoTokenizer  # noqa: E402


checkpoint, workspace = Path(sys.argv[1]), Path(sys.argv[2])
load = DiffusionPipeline.from_pretrained

with check("pipeline"):
    report["not_trusted"] = refusal(lambda: load("alice/bash"))
    pipe = load("alice/bash", trust_remote_code=True)
    report["classes"] = [
        f"{type(part).__module__}.{type(part).__name__}" for part in (pipe, *pipe.components.values())
    ]
    report["codes"] = codes(pipe)
    pipe.save_pretrained(workspace / "saved")
    report["saved"] = files_of(workspace / "saved")
    pipe.push_to_hub("alice/pushed-by-a-stranger")

with check("from_folder"):
    report["codes_from_folder"] = [
        codes(load(folder, trust_remote_code=True)) for folder in (checkpoint, workspace / "saved")
    ]
    # The class that the code made has no package to look into either.
    report["codes_of_its_class"] = codes(type(pipe).from_pretrained(workspace / "saved", trust_remote_code=True))

with check("card"):
    report["snippets"] = run_snippets(ModelCard.load("alice/bash").text, containing="trust_remote_code")

with check("options"):
    trusted = {"trust_remote_code": True}
    half = load("alice/bash", variant="fp16", dtype=torch.float16, **trusted)
    report["variant"] = [str(half.model.dtype), codes(half)]
    report["revision"] = codes(load("alice/bash", revision="v1", **trusted))
    report["device_map"] = codes(load("alice/bash", device_map="cpu", **trusted))
    report["private"] = codes(load("alice/sharded", **trusted))

with check("auto_classes"):
    kwargs = {"subfolder": "model", "trust_remote_code": True}
    report["model_not_trusted"] = refusal(
        lambda: AutoModel.from_pretrained("alice/bash", subfolder="model", trust_remote_code=False)
    )
    model = AutoModel.from_pretrained("alice/bash", **kwargs)
    report["auto_classes"] = [
        weights_digest(model),
        weights_digest(AutoModel.from_pretrained("alice/model", trust_remote_code=True)),
        weights_digest(AutoModel.from_pretrained(checkpoint, **kwargs)),
        weights_digest(AutoModel.from_pretrained(checkpoint / "model", trust_remote_code=True)),
    ]
    report["config"] = AutoConfig.from_pretrained("alice/bash", **kwargs).model_type
    report["saved_config"] = AutoConfig.from_pretrained("alice/saved-config", trust_remote_code=True).model_type
    report["tokenizer"] = AutoTokenizer.from_pretrained("alice/bash", subfolder="tokenizer")("tail").input_ids
    model.save_pretrained(workspace / "model")
    report["saved_model"] = files_of(workspace / "model")
    model.push_to_hub("alice/model-pushed-by-a-stranger")
    pipe.scheduler.push_to_hub("alice/scheduler-pushed-by-a-stranger")
    report["model_snippets"] = run_snippets(ModelCard.load("alice/model").text, containing="trust_remote_code")

report["imported"] = sorted(name for name in sys.modules if name.partition(".")[0] == "codefusion_hf")
finish()
