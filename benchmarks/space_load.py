# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Many people on the page at once, each asking for the next thing as soon as the last is there (needs the extra `demo`):

    python benchmarks/space_load.py --clients 20 --seconds 120

It serves `demo/app.py` on a port of its own, or asks the page at `--url`. Exit code 1 if there was an error other than
that the page is busy, or somebody waited longer than three times the median.
"""

import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from gradio_client import Client, handle_file


ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "demo"
START_SECONDS = 300
ANSWER_SECONDS = 600
MAX_RATIO = 3.0

# What is asked for, and how often of ten times.
REQUESTS: list[tuple[int, str, tuple[Any, ...]]] = [
    (3, "/generate", ("find all files larger than 10 MB",)),
    (1, "/generate", ("sort a list `names` in descending order", "python")),
    (1, "/generate", ("highlight the values above 40", "cf")),
    (2, "/revise", ("find all files named '*.txt'", "find . -name '*.txt' -type d", 0.4)),
    (2, "/infill", ("count the lines of all '*.py' files", "find . -name <mask> | xargs <mask>")),
    (1, "/format_workbook", (DEMO / "students.xlsx", "highlight the students who are older than 12")),
]


@contextmanager
def served_page() -> Iterator[str]:
    """The address of a page that is served as long as this lasts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port), "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    process = subprocess.Popen([sys.executable, "app.py"], cwd=DEMO, env=environment, stdout=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(address, timeout=5):
                    break
            except OSError as error:
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("the page was not served.") from error
                time.sleep(1)
        yield address
    finally:
        process.terminate()
        process.wait(60)


class Visitor(threading.Thread):
    """Asks for one thing after the other, until the time is over."""

    def __init__(self, client: Client, number: int, end: float):
        super().__init__(daemon=True)
        self.client, self.end, self.random = client, end, random.Random(number)
        self.waits: list[tuple[str, float]] = []
        self.busy = 0
        self.errors: Counter[str] = Counter()

    def run(self) -> None:
        weights = [weight for weight, _, _ in REQUESTS]
        while time.monotonic() < self.end:
            ((_, name, arguments),) = self.random.choices(REQUESTS, weights)
            given = [handle_file(str(value)) if isinstance(value, Path) else value for value in arguments]
            start = time.monotonic()
            try:
                self.client.submit(*given, api_name=name).result(timeout=ANSWER_SECONDS)
            except Exception as error:
                if str(error).startswith("Busy") or "ueue is full" in str(error):
                    self.busy += 1
                    time.sleep(1)
                else:
                    self.errors[f"{name}: {type(error).__name__}: {error}"[:200]] += 1
            else:
                self.waits.append((name, time.monotonic() - start))


def measure(address: str, num_clients: int, seconds: float) -> dict[str, Any]:
    """What happened to so many visitors."""
    clients = [Client(address, verbose=False) for _ in range(num_clients)]
    start = time.monotonic()
    visitors = [Visitor(client, number, start + seconds) for number, client in enumerate(clients)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(seconds + ANSWER_SECONDS)
    waits = sorted(wait for visitor in visitors for _, wait in visitor.waits)
    by_name: dict[str, list[float]] = {}
    for visitor in visitors:
        for name, wait in visitor.waits:
            by_name.setdefault(name, []).append(wait)
    errors = sum((visitor.errors for visitor in visitors), Counter())
    return {
        "clients": num_clients,
        "seconds": round(time.monotonic() - start, 1),
        "answers": len(waits),
        "busy": sum(visitor.busy for visitor in visitors),
        "errors": dict(errors),
        "unfinished": sum(visitor.is_alive() for visitor in visitors),
        "fewest_answers_of_a_client": min(len(visitor.waits) for visitor in visitors),
        "most_answers_of_a_client": max(len(visitor.waits) for visitor in visitors),
        "median": round(statistics.median(waits), 2) if waits else None,
        "percentile_95": round(waits[int(0.95 * (len(waits) - 1))], 2) if waits else None,
        "longest": round(waits[-1], 2) if waits else None,
        "median_of": {name: round(statistics.median(of_name), 2) for name, of_name in sorted(by_name.items())},
    }


def is_good(figures: dict[str, Any]) -> bool:
    """Whether all were answered, and nobody waited much longer than others."""
    if figures["errors"] or figures["unfinished"] or not figures["answers"]:
        return False
    return figures["longest"] <= MAX_RATIO * figures["median"]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Many people on the page at once.")
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--url", help="a page that is served already (default: serve one)")
    args = parser.parse_args(arguments)
    with nullcontext(args.url) if args.url else served_page() as address:
        figures = measure(address, args.clients, args.seconds)
    print(json.dumps(figures, indent=2))
    return 0 if is_good(figures) else 1


if __name__ == "__main__":
    sys.exit(main())
