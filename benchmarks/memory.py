# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
How large a memory of many pairs is, how long a look-up takes, and what is found for commands of Bash:

    python benchmarks/memory.py --output memory.json
    python benchmarks/memory.py --leave-one-out train.jsonl

What is measured and how is in the README beside this file.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

import rich
from rich.table import Table

from codefusion_hf.files import write_text
from codefusion_hf.languages.bash.synthetic import generate_pairs
from codefusion_hf.memory import CodeFusionMemory


# Prompts of another seed than the memory's, so that hardly one of them is in it.
ROWS_SEED, PROMPTS_SEED = 0, 1
NEIGHBORS = (1, 3, 5)


def peak_megabytes() -> float:
    """The most memory that this process has had so far."""
    # In kilobytes on Linux, in bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def build(num_rows: int, folder: Path) -> dict[str, float]:
    """Makes a memory of invented pairs and saves it."""
    memory = CodeFusionMemory("bash")
    start = time.perf_counter()
    pairs = generate_pairs(ROWS_SEED)
    # What repeats others is made up for. In parts, as a list of dictionaries is larger than the memory.
    while len(memory) < num_rows:
        memory.add(islice(pairs, num_rows - len(memory)))
    made = time.perf_counter()
    memory.save_pretrained(folder)
    return {
        "invent_and_add_s": made - start,
        "save_s": time.perf_counter() - made,
        "file_mb": sum(path.stat().st_size for path in folder.iterdir()) / 1e6,
        "peak_mb": peak_megabytes(),
    }


def look_up(num_prompts: int, folder: Path) -> dict[str, float]:
    """Loads it, and looks prompts up one by one."""
    imported = peak_megabytes()
    start = time.perf_counter()
    memory = CodeFusionMemory.from_pretrained(folder)
    loaded = time.perf_counter()
    memory.search("count the lines of a file")
    indexed = time.perf_counter()
    figures = {"load_s": loaded - start, "index_s": indexed - loaded}
    prompts = [pair["text"] for pair in islice(generate_pairs(PROMPTS_SEED), num_prompts)]
    for name, options in (("look_up", {}), ("leave_one_out", {"leave_one_out": True})):
        times = []
        for prompt in prompts:
            start = time.perf_counter()
            memory.search(prompt, num_neighbors=3, **options)
            times.append(1e3 * (time.perf_counter() - start))
        times.sort()
        figures[f"{name}_ms"] = statistics.median(times)
        figures[f"{name}_95_ms"] = times[int(0.95 * len(times))]
        figures[f"{name}_worst_ms"] = times[-1]
    return {**figures, "imports_mb": imported, "peak_mb": peak_megabytes()}


def measure(num_rows: int, num_prompts: int) -> dict[str, Any]:
    """Both, each in a process of its own, as the peak of a process never falls."""
    figures: dict[str, Any] = {"num_rows": num_rows, "num_prompts": num_prompts, "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as temporary:
        for part, argument in (("build", num_rows), ("look_up", num_prompts)):
            command = [sys.executable, __file__, "--part", part, str(argument), temporary]
            figures[part] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return figures


def leave_one_out(path: Path) -> dict[str, dict[int, float]]:
    """The share of rows of Bash whose template is among the nearest ones of the others, in per cent."""
    from codefusion_hf.languages.bash.templates import bash_template

    memory = CodeFusionMemory.from_pairs(path)
    rows = list(memory)
    ids_of_program: dict[str, list[str]] = {}
    for row in rows:
        ids_of_program.setdefault(" ".join(row["code"].split()), []).append(row["id"])
    shares = {name: dict.fromkeys(NEIGHBORS, 0.0) for name in ("other prompts", "other prompts and commands")}
    for row in rows:
        for name, exclude in zip(shares, ([], ids_of_program[" ".join(row["code"].split())]), strict=True):
            (found,) = memory.search(row["text"], max(NEIGHBORS), exclude=exclude, leave_one_out=True)
            matches = [bash_template(neighbor.code) == bash_template(row["code"]) for neighbor in found]
            for number in NEIGHBORS:
                shares[name][number] += 100 * any(matches[:number]) / len(rows)
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description="How large a memory is, how long a look-up takes, what is found.")
    parser.add_argument("--leave-one-out", type=Path, metavar="FILE", help="measure this instead, on pairs of Bash")
    parser.add_argument("--num-rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], metavar="N")
    parser.add_argument("--num-prompts", type=int, default=200, metavar="N", help="prompts to look up (%(default)s)")
    parser.add_argument("--output", metavar="FILE", help="JSON file for all figures")
    parser.add_argument("--part", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.part:
        part, number, folder = args.part
        print(json.dumps({"build": build, "look_up": look_up}[part](int(number), Path(folder))))
        return
    if args.leave_one_out:
        table = Table("right template among the nearest, %", *map(str, NEIGHBORS))
        for name, shares in leave_one_out(args.leave_one_out).items():
            table.add_row(name, *(f"{shares[number]:.1f}" for number in NEIGHBORS))
        rich.print(table)
        return
    results = [measure(num_rows, args.num_prompts) for num_rows in args.num_rows]
    table = Table("", *(f"{result['num_rows']:,} rows" for result in results))
    for part in ("build", "look_up"):
        for name in results[0][part]:
            table.add_row(f"{part}: {name}", *(f"{result[part][name]:,.1f}" for result in results))
    rich.print(table)
    if args.output:
        write_text(Path(args.output), json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
