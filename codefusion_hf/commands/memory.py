# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion memory`: pairs to look up, built from data files, searched, and pushed to the Hub."""

import argparse
import json
from pathlib import Path
from typing import Any

from codefusion_hf.languages import LANGUAGES
from codefusion_hf.terminal import printable


_MEMORY_HELP = "folder of a memory, its id on the Hub, or cookbook:LANGUAGE"


def build_command(args: argparse.Namespace) -> None:
    """`codefusion memory build`: a memory from data files."""
    from codefusion_hf.data.pairs import load_pairs
    from codefusion_hf.memory import CodeFusionMemory

    if not args.data and not args.cookbook:
        raise ValueError("there is nothing to build it from: give data files, --cookbook or both.")
    memory = CodeFusionMemory.from_cookbook(args.language) if args.cookbook else CodeFusionMemory(args.language)
    num_read = len(memory)
    on_malformed = "skip" if args.skip_malformed else "raise"
    for path in args.data:
        pairs = load_pairs(
            path,
            args.text_column,
            args.code_column,
            format=args.format,
            split=args.split,
            on_malformed=on_malformed,
        )
        num_read += len(pairs)
        try:
            memory.add(pairs, on_malformed=on_malformed)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    if args.deduplicate:
        memory.deduplicate()
    memory.save_pretrained(args.output_dir, license=args.license)
    left_out = num_read - len(memory)
    print(f"{args.output_dir}: {len(memory)} rows.{f' Left out {left_out} that repeat others.' if left_out else ''}")


def search_command(args: argparse.Namespace) -> None:
    """`codefusion memory search`: the rows whose prompts are most similar to those given."""
    from codefusion_hf.memory import load_memory

    memory = load_memory(args.memory, revision=args.revision, token=args.token, encoder=args.encoder)
    for prompt, neighbors in zip(args.prompts, memory.search(args.prompts, args.num_neighbors), strict=True):
        if args.json:
            rows = [
                {name: value for name, value in vars(neighbor).items() if value is not None} for neighbor in neighbors
            ]
            print(json.dumps({"prompt": prompt, "neighbors": rows}, ensure_ascii=False), flush=True)
            continue
        print(printable(prompt))
        for rank, neighbor in enumerate(neighbors, 1):
            print(f"  {rank}  {neighbor.score:6.2f}  {printable(neighbor.code)}")
            print(f"             {printable(neighbor.text)}", flush=True)


def push_command(args: argparse.Namespace) -> None:
    """`codefusion memory push`: a memory to the Hub, as a data set."""
    from huggingface_hub import DatasetCard

    from codefusion_hf.memory import load_memory

    memory = load_memory(args.memory)
    path = Path(args.memory) / "README.md"
    url = memory.push_to_hub(
        args.repo_id,
        private=args.private,
        revision=args.revision,
        commit_message=args.commit_message,
        license=args.license,
        card=DatasetCard.load(path) if path.is_file() else None,
        token=args.token,
    )
    print(url)


def add_memory_parser(commands: "argparse._SubParsersAction[Any]") -> None:
    """
    Add `memory` and its commands to a command line.

    Args:
        commands (`argparse._SubParsersAction`):
            Where to, as of [`argparse.ArgumentParser.add_subparsers`].
    """
    memory = commands.add_parser("memory", help="build, search and push pairs to look up")
    kinds = memory.add_subparsers(required=True, metavar="COMMAND")

    build = kinds.add_parser("build", help="make a memory of data files")
    build.add_argument("data", nargs="*", metavar="FILE", help="pairs of a prompt and code, as for training")
    build.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0], help="(%(default)s)")
    build.add_argument("--cookbook", action="store_true", help="add the cookbook that comes with the package")
    build.add_argument("--output-dir", required=True, metavar="FOLDER", help="where it goes; an older one is replaced")
    build.add_argument("--deduplicate", action="store_true", help="leave out rows that differ in white space alone")
    build.add_argument("--license", metavar="ID", help="licence of the pairs, for the card, as the Hub spells it")
    build.add_argument("--format", help="format of the data (what name and content tell)")
    build.add_argument("--text-column", metavar="NAME", help="column of the prompt (text, for most formats)")
    build.add_argument("--code-column", metavar="NAME", help="column of the code (code, for most formats)")
    build.add_argument("--split", help="split of the data, where it has several (train)")
    build.add_argument("--skip-malformed", action="store_true", help="leave out malformed rows instead of refusing")
    build.set_defaults(command=build_command)

    search = kinds.add_parser("search", help="show the rows whose prompts are most similar")
    search.add_argument("memory", metavar="MEMORY", help=_MEMORY_HELP)
    search.add_argument("prompts", nargs="+", metavar="PROMPT", help="what to look up")
    search.add_argument("--num-neighbors", type=int, default=3, metavar="N", help="rows a prompt (%(default)s)")
    search.add_argument("--encoder", metavar="MODEL", help="sentence-transformers model, to look up by meaning")
    search.add_argument("--json", action="store_true", help="print one JSON object a prompt")
    search.add_argument("--revision", help="on the Hub, branch, tag or commit (main)")
    search.add_argument("--token", help="token of the Hub (the stored one, or HF_TOKEN)")
    search.set_defaults(command=search_command)

    push = kinds.add_parser("push", help="push a memory to the Hub as a data set, with its card")
    push.add_argument("memory", metavar="MEMORY", help=_MEMORY_HELP)
    push.add_argument("repo_id", metavar="USER/REPO", help="repository; made if it is missing")
    push.add_argument("--private", action="store_const", const=True, help="make it a private one")
    push.add_argument("--revision", metavar="BRANCH", help="branch, made if it is missing (main)")
    push.add_argument("--commit-message", metavar="TEXT", help="title of the commit")
    push.add_argument("--license", metavar="ID", help="licence of the pairs, as the Hub spells it (the card's)")
    push.add_argument("--token", help="token of the Hub (the stored one, or HF_TOKEN)")
    push.set_defaults(command=push_command)


__all__ = ["add_memory_parser", "build_command", "push_command", "search_command"]
