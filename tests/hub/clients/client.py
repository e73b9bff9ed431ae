# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What the programs in this folder share: each is a user of the Hub, in a process of its own, and prints a report."""

import contextlib
import hashlib
import io
import json
import os
import re
import runpy
import sys
import tempfile
import traceback
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch


PROMPT = "print the last 5 lines of server.log"

report: dict[str, Any] = {"errors": {}}


def codes(pipe: Any) -> list[list[str]]:
    """What a pipeline writes for the seed that all processes use."""
    pipe.set_progress_bar_config(disable=True)
    return pipe(PROMPT, 4, num_return_sequences=3, generator=torch.Generator().manual_seed(7)).codes


def weights_digest(model: torch.nn.Module) -> str:
    """A digest of a model's weights, to compare across processes."""
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        digest.update(name.encode() + value.float().cpu().numpy().tobytes())
    return digest.hexdigest()


def files_of(folder: str | os.PathLike) -> dict[str, str]:
    """The files of a folder, by their digests."""
    folder = Path(folder)
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def refusal(action: Callable[[], Any]) -> dict[str, Any]:
    """The error that an action ends with: its type, its message, and those of the errors that led to it."""
    try:
        action()
    except Exception as error:
        chain = []
        cause: BaseException | None = error
        while cause is not None:
            chain.append(type(cause).__name__)
            cause = cause.__cause__ or cause.__context__
        return {"type": type(error).__name__, "message": str(error), "chain": chain}
    return {"type": None, "message": "", "chain": []}


def interrupt(**interruptions: list[str | int]) -> None:
    """Tells the double what shall happen to the next downloads of the weights."""
    body = json.dumps({"model/model.safetensors": interruptions["weights"]}).encode()
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        f"{os.environ['HF_ENDPOINT']}/interruptions", body
    ).read()


def run_snippets(card: str, containing: str = "") -> list[str]:
    """Runs the programs in a card, as a reader would who copies them, and returns what each prints."""
    outputs = []
    for snippet in re.findall(r"^```python\n(.*?)^```$", card, flags=re.DOTALL | re.MULTILINE):
        if containing not in snippet:
            continue
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as output:
            path = Path(folder) / "snippet.py"
            path.write_text(snippet, encoding="utf-8")
            runpy.run_path(str(path), run_name="__main__")
        outputs.append(output.getvalue())
    return outputs


@contextlib.contextmanager
def check(name: str) -> Iterator[None]:
    """A part of a program. An error in it goes into the report, and the rest of the program still runs."""
    try:
        yield
    except Exception:
        report["errors"][name] = traceback.format_exc()


def finish() -> None:
    """Prints the report, as the last line."""
    sys.stdout.write(f"\n{json.dumps(report)}\n")
