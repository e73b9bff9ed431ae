# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Training as processes, by the command that people run: killed at random moments, and as two at once.

Each run starts Python anew: `make test-slow` runs these.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor

from codefusion_hf.modeling import CodeFusionConfig, CodeFusionModel
from codefusion_hf.modeling.networks import CodeFusionLayer
from codefusion_hf.training.diagnostics import TokenCounts, embedding_metrics
from codefusion_hf.training.ema import EMACallback


pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
PRESET = {
    "language": "bash",
    "tokenizer": {"vocab_size": 300, "model_max_length": 24},
    "model": {
        "encoder_config": {"model_type": "t5", "d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 1, "num_heads": 2},
        "latent_size": 16,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_attention_heads": 2,
        "num_denoiser_layers": 2,
        "num_decoder_layers": 1,
        "max_code_length": 32,
    },
    "training": {
        "per_device_train_batch_size": 8,
        "train_sampling_strategy": "group_by_length",
        "learning_rate": 0.003,
        "ema_decay": 0.9,
        "max_steps": 150,
        "save_steps": 3,
        "save_total_limit": 2,
        "logging_steps": 1,
        "disable_tqdm": True,
        "report_to": "none",
        "use_cpu": True,
        "prompt_dropout_probability": 0.2,
        "prompt_mask_probability": 0.1,
    },
}
TWO_PROCESSES = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "codefusion_hf.cli")
PROGRAMS = [
    f"{command} {name}{number}" for command in ("cat", "ls -l", "wc -c") for name in "ab" for number in range(8)
]


@pytest.fixture
def files(tmp_path):
    """A preset and 48 pairs: six batches of eight an epoch."""
    (tmp_path / "preset.yaml").write_text(yaml.safe_dump(PRESET))
    rows = [{"text": f"do what {code} does", "code": code} for code in PROGRAMS]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def start(files, output_dir, *arguments, phase="finetune", launcher=("-m", "codefusion_hf.cli")):
    command = [sys.executable, *launcher, "train", "--preset", str(files / "preset.yaml"), "--phase", phase]
    command += ["--train-data", str(files / "pairs.jsonl"), "--output-dir", str(files / output_dir), *arguments]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with open(files / f"{output_dir}.log", "a") as log:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)


def run(files, output_dir, *arguments, **kwargs):
    process = start(files, output_dir, *arguments, **kwargs)
    assert process.wait() == 0, (files / f"{output_dir}.log").read_text()[-3000:]


def checkpoints(folder):
    return sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.removeprefix("checkpoint-")))


def losses(folder):
    state = json.loads((checkpoints(folder)[-1] / "trainer_state.json").read_text())
    return [log["loss"] for log in state["log_history"] if "loss" in log]


@pytest.mark.parametrize("phase", ["pretrain", "finetune"])
def test_a_run_that_is_killed_at_any_moment_goes_on_bit_for_bit(phase, files):
    run(files, "whole", phase=phase)
    whole = losses(files / "whole")
    assert len(whole) == PRESET["training"]["max_steps"]

    moments = random.Random(0)
    for kill in range(3):
        resume = ["--resume"] if checkpoints(files / "killed") else []
        process = start(files, "killed", *resume, phase=phase)
        before = len(checkpoints(files / "killed")) and checkpoints(files / "killed")[-1].name
        # From the first new checkpoint on: in a step, in the next checkpoint, or between them.
        while process.poll() is None:
            found = checkpoints(files / "killed")
            if found and found[-1].name != before:
                break
            time.sleep(0.01)
        time.sleep(moments.uniform(0.0, 0.3))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, f"kill {kill} came too late"
        newest = checkpoints(files / "killed")[-1]
        print(f"{phase}: kill {kill + 1} behind {newest.name}, losses so far equal: ", end="")
        so_far = losses(files / "killed")
        assert so_far == whole[: len(so_far)]
        print(len(so_far))
    run(files, "killed", "--resume", phase=phase)
    assert losses(files / "killed") == whole
    print(f"{phase}: {len(whole)} losses equal bit for bit, the last {whole[-1]}")
    for name in ("model.safetensors", "ema.safetensors"):
        one, two = (load_file(checkpoints(files / folder)[-1] / name) for folder in ("whole", "killed"))
        assert all(one[key].equal(two[key]) for key in one)
    assert (files / "killed" / "model_index.json").is_file()


@pytest.mark.parametrize("phase", ["pretrain", "finetune"])
def test_two_processes_train_as_one(phase, files):
    """The same batches of 16 programs: one process with 16 at a time, or two with 8."""
    settings = ["--set", "training.max_steps=12", "--set", "training.save_steps=8"]
    # Each process draws its own dropout.
    settings += ["--set", "model.encoder_config.dropout_rate=0.0"]
    # Fast enough for twelve steps to show: the likelihood makes the first losses low and far apart.
    settings += ["--set", "training.learning_rate=0.01"]
    run(files, "one", *settings, "--set", "training.per_device_train_batch_size=16", phase=phase)
    run(files, "two", *settings, "--set", "training.ddp_backend=gloo", phase=phase, launcher=TWO_PROCESSES)
    one, two = losses(files / "one"), losses(files / "two")
    assert len(one) == len(two) == 12
    difference = max(abs(a - b) / a for a, b in zip(one, two, strict=True))
    print(f"{phase}: one process {one[0]:.6f} … {one[-1]:.6f}, two {two[0]:.6f} … {two[-1]:.6f}, ", end="")
    print(f"largest relative difference {difference:.1e}")
    assert difference < 1e-4
    assert one[-1] < 0.95 * one[0]

    # Resumed in the middle of the third epoch, where the batches are not those of the first.
    shutil.rmtree(files / "two" / "checkpoint-12")
    run(files, "two", "--resume", *settings, "--set", "training.ddp_backend=gloo", phase=phase, launcher=TWO_PROCESSES)
    assert losses(files / "two") == two


def test_two_processes_stop_in_time_together(files):
    settings = ["--set", "training.max_steps=3", "--set", "training.ddp_backend=gloo"]
    run(files, "whole", *settings, launcher=TWO_PROCESSES)
    for resume in ([], ["--resume"], ["--resume"]):
        assert not (files / "boxes" / "model_index.json").exists()
        box = ["--set", "training.max_minutes=1.0e-9"]
        run(files, "boxes", *resume, *box, *settings, launcher=TWO_PROCESSES)
    assert losses(files / "boxes") == losses(files / "whole")
    whole, boxes = (load_file(files / name / "model" / "model.safetensors") for name in ("whole", "boxes"))
    assert all(whole[name].equal(boxes[name]) for name in whole)


def test_two_processes_that_diverge_end(files):
    settings = ["--set", "training.learning_rate=1e30", "--set", "training.ddp_backend=gloo"]
    process = start(files, "run", *settings, launcher=TWO_PROCESSES)
    assert process.wait(timeout=300) != 0
    log = (files / "run.log").read_text()
    assert "codefusion: error: Training diverged at step" in log
    assert not (files / "run" / "model_index.json").exists()


# Sharded weights. accelerate does not shard on CPUs (its `MULTI_CPU` knows no FSDP), so torch is called as accelerate
# calls it on GPUs: each layer and the rest of the model.


def model_and_batch():
    torch.manual_seed(0)
    encoder_config = {**PRESET["model"]["encoder_config"], "vocab_size": 50, "dropout_rate": 0.0}
    model = CodeFusionModel(
        CodeFusionConfig(**{**PRESET["model"], "encoder_config": encoder_config, "vocab_size": 50})
    )
    batch = {
        "input_ids": torch.randint(3, 50, (4, 6)),
        "attention_mask": torch.ones(4, 6, dtype=torch.long),
        "labels": torch.randint(3, 50, (4, 8)),
        "timesteps": torch.tensor([10, 400, 700, 1199]),
        "noise": torch.randn(4, 8, 16),
    }
    return model, batch


def train_three_steps(model, batch):
    """The average of the weights, gathered, the losses, and what the diagnostics of an evaluation count."""
    callback = EMACallback(decay=0.5)
    callback.on_train_begin(SimpleNamespace(device=torch.device("cpu")), None, None, model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = model(**batch, self_conditioning=True).loss
        loss.backward()
        optimizer.step()
        callback.on_step_end(None, None, None, model)
        losses.append(loss.detach())
    with torch.no_grad(), callback.average_weights(model):
        counts = TokenCounts.of(model, batch["labels"], model(**batch, self_conditioning=False))
        metrics = torch.tensor(list(embedding_metrics(model).values()))
    counts = torch.cat([torch.stack(counts.columns()).sum(dim=1), metrics * len(batch["labels"])])
    return callback.state_dict(model), torch.stack(losses), counts


def train_a_shard(rank, folder):
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    model, batch = model_and_batch()
    mesh = torch.distributed.init_device_mesh("cpu", (2,))
    for module in model.modules():
        if isinstance(module, CodeFusionLayer):
            fully_shard(module, mesh=mesh)
    fully_shard(model, mesh=mesh)
    assert all(isinstance(parameter, DTensor) for parameter in model.parameters())
    average, losses, counts = train_three_steps(model, {name: rows[2 * rank :][:2] for name, rows in batch.items()})
    torch.distributed.all_reduce(losses)
    torch.distributed.all_reduce(counts)
    if rank == 0:
        save_file({**average, "losses": losses / 2, "counts": counts}, folder / "result.safetensors")
    torch.distributed.destroy_process_group()


def test_sharded_weights_train_and_average_as_whole_ones(tmp_path):
    torch.multiprocessing.spawn(train_a_shard, (tmp_path,), nprocs=2)
    result = load_file(tmp_path / "result.safetensors")
    average, losses, counts = train_three_steps(*model_and_batch())
    print(f"losses of one process {losses.tolist()}, of two that share the weights {result['losses'].tolist()}")
    torch.testing.assert_close(result.pop("losses"), losses)
    torch.testing.assert_close(result.pop("counts"), counts)
    assert result.keys() == average.keys()
    for name, weight in average.items():
        torch.testing.assert_close(result[name], weight, msg=name)
