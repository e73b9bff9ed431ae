# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The recipe for one GPU, on a CPU with tiny settings: it stops in time, goes on, and ends with a pipeline."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from codefusion_hf.pipelines import CodeFusionPipeline


ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "examples" / "train_on_one_gpu.sh"
TINY = (
    "--set training.use_cpu=true --set training.torch_compile=false --set tokenizer.vocab_size=400 "
    "--set model.num_denoiser_layers=1 --set model.num_decoder_layers=1 --set model.hidden_size=32 "
    "--set model.intermediate_size=32 --set model.latent_size=16 --set model.num_attention_heads=2 "
    "--set model.encoder_config.num_hidden_layers=1 --set model.encoder_config.hidden_size=32 "
    "--set model.encoder_config.embedding_size=32 --set model.encoder_config.intermediate_size=32 "
    "--set model.encoder_config.num_attention_heads=2 --set training.save_steps=4 --set training.eval_steps=100"
)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_recipe_stops_in_time_and_goes_on(tmp_path):
    data = tmp_path / "data" / "bash"
    data.mkdir(parents=True)
    rows = [{"text": f"show line {n} of notes", "code": f"sed -n {n}p notes"} for n in range(60)]
    for name in ("train.jsonl", "validation.jsonl"):
        (data / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    # A `codefusion` of this interpreter and this checkout.
    command = tmp_path / "bin" / "codefusion"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m codefusion_hf.cli "$@"\n')
    command.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
        "HF_HUB_OFFLINE": "1",
        "DATA": str(data.parent),
        "OUT": str(tmp_path / "runs"),
        "ROWS": "200",
        "BATCH": "8",
        "PRETRAIN_STEPS": "6",
        "SETTINGS": TINY,
    }

    def run(**changes):
        result = subprocess.run(
            [SCRIPT, "bash"], env={**environment, **changes}, capture_output=True, text=True, timeout=550
        )
        assert result.returncode == 0, result.stderr[-2000:]
        return result.stdout

    assert "run this again to go on" in run(MINUTES="1", STEPS="100000")
    model = tmp_path / "runs" / "bash" / "model"
    assert (tmp_path / "runs" / "bash" / "pretrained" / "model_index.json").is_file()
    checkpoints = {path.name for path in model.glob("checkpoint-*")}
    assert checkpoints and not (model / "model_index.json").exists()
    last = max(int(name.partition("-")[2]) for name in checkpoints)
    assert "All is done" in run(MINUTES="5", STEPS=str(last + 3))
    output = CodeFusionPipeline.from_pretrained(model)("show line 3 of notes", num_inference_steps=1)
    assert isinstance(output.codes[0][0], str)
