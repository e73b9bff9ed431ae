# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A user who pushes with the command, and runs what the cards tell readers to: `command.py CHECKPOINT WORKSPACE`."""

import contextlib
import io
import json
import shutil
import sys
from pathlib import Path

from client import check, files_of, finish, report, run_snippets
from huggingface_hub import ModelCard

from codefusion_hf.checkpoints import checkpoint_path
from codefusion_hf.cli import main


checkpoint, workspace = Path(sys.argv[1]), Path(sys.argv[2])
workspace.mkdir(parents=True)
report["commands"] = {}


def push(name: str, *arguments: str) -> None:
    """Pushes, and reports the exit code and what was printed."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = main(["push", *arguments])
    report["commands"][name] = [code, out.getvalue(), err.getvalue()]


with check("bundled"):
    push("bundled", "bash-tiny", "codefusion-hf/bash-tiny")
    report["bundled_snippets"] = run_snippets(ModelCard.load("codefusion-hf/bash-tiny").text)

with check("folder"):
    folder = workspace / "trained"
    shutil.copytree(checkpoint, folder)
    scores = {"exact_match_top1": {"value": 12.5, "low": 10.0, "high": 15.0}}
    # The report of another checkpoint, with other scores.
    evaluation = json.loads((checkpoint_path("bash-tiny") / "report.json").read_text())
    evaluation |= {"num_prompts": 8, "data": "test.jsonl"}
    evaluation["systems"] = {"checkpoint": {**evaluation["systems"]["checkpoint"], "metrics": scores}}
    (folder / "report.json").write_text(json.dumps(evaluation))
    before = files_of(folder)
    push("half", str(folder), "alice/trained", "--private", "--variant", "fp16", "--license", "mit")
    report["half_snippets"] = run_snippets(ModelCard.load("alice/trained").text)
    push("full", str(folder), "alice/trained", "--dataset", "owner/pairs=mit", "--commit-message", "All of it")
    push("branch", str(folder), "alice/trained", "--revision", "next", "--license", "apache-2.0")
    report["folder_is_as_it_was"] = files_of(folder) == before

with check("refused"):
    push("metadata", str(checkpoint), "alice/refused", "--license", "My own licence")
    push("token", str(checkpoint), "alice/stolen", "--token", "hf_of_somebody_else")

finish()
