# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The Hub's double, and what four users of it report, each in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from clients.settings import TOKEN
from hub_double import HubDouble, Repository

from codefusion_hf.data.tokenization import train_tokenizer
from codefusion_hf.pipelines import slot_token_ids


CLIENTS = Path(__file__).parent / "clients"


@pytest.fixture(scope="session")
def hub():
    with HubDouble(TOKEN, "alice") as double:
        yield double


@pytest.fixture(scope="session")
def checkpoint(make_model, make_pipeline, pairs, tmp_path_factory):
    """The folder of a tiny pipeline, which likes to write what stands behind its slots."""
    folder = tmp_path_factory.mktemp("hub") / "checkpoint"
    tokenizer = train_tokenizer([text for pair in pairs for text in pair], 400, slots=True)
    groups = [list(group) for group in slot_token_ids(tokenizer.get_vocab()).values()]
    encoder_config = {**make_model().config.encoder_config.to_dict(), "vocab_size": len(tokenizer)}
    model = make_model(encoder_config=encoder_config, vocab_size=len(tokenizer), copy_token_groups=groups)
    with torch.no_grad():
        model.embedding.bias.weight[[token_id for group in groups for token_id in group]] = 1.0
    pipe = make_pipeline(model)
    pipe.register_modules(tokenizer=tokenizer)
    pipe.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def run_client(hub, tmp_path_factory):
    """A function that runs a program of the folder `clients`, and returns its report."""

    def run(name, *arguments, home, token="", offline="0"):
        # All of the environment that may lead somewhere else, and before anything is imported.
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING"))}
        environment |= {
            "HF_HOME": str(home),
            "HF_ENDPOINT": hub.url,
            "HF_HUB_OFFLINE": offline,
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            "OMP_NUM_THREADS": "1",
        }
        if token:
            environment["HF_TOKEN"] = token
        result = subprocess.run(
            [sys.executable, str(CLIENTS / f"{name}.py"), *map(str, arguments)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert result.returncode == 0, result.stderr
        report = json.loads(result.stdout.splitlines()[-1])
        assert not report["errors"], "\n".join(report["errors"].values())
        return report

    return run


@pytest.fixture(scope="session")
def workspace(tmp_path_factory):
    """Where users save, and have their caches."""
    return tmp_path_factory.mktemp("users")


@pytest.fixture(scope="session")
def pushed(run_client, hub, checkpoint, workspace):
    """The report of who pushes; then the double has the repositories."""
    report = run_client("push", checkpoint, workspace / "push", home=workspace / "push_home", token=TOKEN)
    files = hub.repositories["alice/bash"].files
    # What nobody pushes: a repository whose terms are to be accepted, and some that something is wrong with.
    for name, without, added, options in (
        ("gated", (), {}, {"gated": True}),
        ("no-weights", ("model/model.safetensors", "model/model.fp16.safetensors"), {}, {}),
        (
            "pickled",
            ("model/model.safetensors", "model/model.fp16.safetensors"),
            {"model/pytorch_model.bin": b"pickle"},
            {},
        ),
    ):
        hub.repositories[f"alice/{name}"] = Repository(**options)
        hub.repositories[f"alice/{name}"].commit(
            {path: content for path, content in files.items() if path not in without} | added
        )
    no_code = {path: content for path, content in files.items() if path != "pipeline.py"}
    hub.repositories["alice/bash"].commit(no_code, "no-pipeline-code")
    return report


@pytest.fixture(scope="session")
def commanded(run_client, hub, checkpoint, workspace):
    """The report of who pushes with the command."""
    return run_client("command", checkpoint, workspace / "command", home=workspace / "command_home", token=TOKEN)


@pytest.fixture(scope="session")
def installed(run_client, pushed, workspace):
    """The report of who has the package."""
    return run_client("installed", workspace / "installed", home=workspace / "installed_home")


@pytest.fixture(scope="session")
def remote(run_client, pushed, checkpoint, workspace):
    """The report of who does not have it."""
    return run_client("remote", checkpoint, workspace / "remote", home=workspace / "remote_home", token=TOKEN)


@pytest.fixture(scope="session")
def offline(run_client, installed, hub, workspace):
    """The report of who has the package and the cache of `installed`, and no network; and the requests meanwhile."""
    before = len(hub.requests)
    report = run_client("offline", home=workspace / "installed_home", offline="1")
    return {**report, "requests": hub.requests[before:]}
