# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The example that trains on a CSV file: to a folder, and to the Hub's double."""

import csv
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from clients.settings import TOKEN

from codefusion_hf import CodeFusionPipeline


ROOT = Path(__file__).resolve().parents[2]
PAIRS = ROOT / "examples" / "pairs.csv"


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.mark.slow
def test_pairs_of_a_csv_are_learned_and_pushed(hub, tmp_path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING"))}
    environment |= {
        "HF_HOME": str(tmp_path / "home"),
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "OMP_NUM_THREADS": "1",
    }
    folder, prompt = tmp_path / "depot", "run 7 copies of shop_ui"
    # Others may use the machine as well: it has more minutes here, and those of the CPU are counted.
    options = ["--minutes", "15", "--try", prompt, "--push", "alice/depot", "--license", "mit"]
    before = cpu_seconds()
    result = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "train_your_own.py"), str(PAIRS), str(folder), *options],
        env=environment,
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert result.returncode == 0, result.stderr
    assert cpu_seconds() - before < 180.0
    assert f"{prompt}\n    " in result.stdout and result.stdout.endswith("alice/depot\n")

    pipe = CodeFusionPipeline.from_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)
    with PAIRS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    codes = pipe([row["text"] for row in rows], generator=torch.Generator().manual_seed(0)).codes
    num_right = sum(found[0] == row["code"] for found, row in zip(codes, rows, strict=True))
    assert num_right > len(rows) / 2

    repository = hub.repositories["alice/depot"]
    assert repository.private
    assert {"README.md", "model/model.safetensors", "model_index.json"} <= set(repository.files)
    assert b"license: mit" in repository.files["README.md"]
