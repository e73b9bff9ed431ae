# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The page in a process of its own, as `make space` serves it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180


@contextmanager
def served_page(log: Path) -> Iterator[str]:
    """The address of a page that is served as long as this lasts; what it says goes to a file."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "GRADIO_SERVER_PORT": str(port),
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(ROOT),
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT / "demo", env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _wait(address, process, log)
            yield address
        finally:
            process.terminate()
            process.wait(30)


def _wait(address: str, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError(f"the page was not served: {log.read_text()[-2000:]}")


__all__ = ["served_page"]
