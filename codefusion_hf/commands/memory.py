# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion memory`: pairs to look up, built from data files, searched, and pushed to the Hub."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from codefusion_hf.data.arguments import DataArguments
from codefusion_hf.languages import LANGUAGES
from codefusion_hf.terminal import printable

from .parser import Command


_MEMORY = {
    "positional": True,
    "metavar": "MEMORY",
    "help": "folder of a memory, its id on the Hub, or cookbook:LANGUAGE",
}
_TOKEN = {"help": "token of the Hub (the stored one, or HF_TOKEN)"}
_LICENSE = "licence of the pairs, as the Hub spells it"


@dataclass(kw_only=True)
class BuildArguments:
    """What a memory is made of, and where it goes."""

    data: list[str] = field(
        default_factory=list,
        metadata={"positional": True, "metavar": "FILE", "help": "pairs of a prompt and code, as for training"},
    )
    language: str = field(default=LANGUAGES[0], metadata={"choices": LANGUAGES, "help": "(%(default)s)"})
    cookbook: bool = field(default=False, metadata={"help": "add the cookbook that comes with the package"})
    output_dir: str = field(metadata={"metavar": "FOLDER", "help": "where it goes; an older one is replaced"})
    deduplicate: bool = field(default=False, metadata={"help": "leave out rows that differ in white space alone"})
    license: str | None = field(default=None, metadata={"metavar": "ID", "help": f"{_LICENSE}, for the card"})


@dataclass(kw_only=True)
class SearchArguments:
    """What is looked up, and where."""

    memory: str = field(metadata=_MEMORY)
    prompts: list[str] = field(metadata={"positional": True, "metavar": "PROMPT", "help": "what to look up"})
    num_neighbors: int = field(default=3, metadata={"metavar": "N", "help": "rows a prompt (%(default)s)"})
    encoder: str | None = field(
        default=None, metadata={"metavar": "MODEL", "help": "sentence-transformers model, to look up by meaning"}
    )
    json: bool = field(default=False, metadata={"help": "print one JSON object a prompt"})
    revision: str | None = field(default=None, metadata={"help": "on the Hub, branch, tag or commit (main)"})
    token: str | None = field(default=None, metadata=_TOKEN)


@dataclass(kw_only=True)
class PushMemoryArguments:
    """Which memory is pushed, and where to."""

    memory: str = field(metadata=_MEMORY)
    repo_id: str = field(
        metadata={"positional": True, "metavar": "USER/REPO", "help": "repository; made if it is missing"}
    )
    private: bool | None = field(default=None, metadata={"help": "make it a private one"})
    revision: str | None = field(
        default=None, metadata={"metavar": "BRANCH", "help": "branch, made if it is missing (main)"}
    )
    commit_message: str | None = field(default=None, metadata={"metavar": "TEXT", "help": "title of the commit"})
    license: str | None = field(default=None, metadata={"metavar": "ID", "help": f"{_LICENSE} (the card's)"})
    token: str | None = field(default=None, metadata=_TOKEN)


def build(arguments: BuildArguments, data: DataArguments) -> None:
    """
    Make a memory of data files.

    Args:
        arguments ([`BuildArguments`]):
            What it is made of.
        data ([`~codefusion_hf.data.arguments.DataArguments`]):
            How the data files are read.
    """
    from codefusion_hf.data.pairs import load_pairs
    from codefusion_hf.memory import CodeFusionMemory

    if not arguments.data and not arguments.cookbook:
        raise ValueError("there is nothing to build it from: give data files, --cookbook or both.")
    language, output_dir, options = arguments.language, arguments.output_dir, data.load_options()
    memory = CodeFusionMemory.from_cookbook(language) if arguments.cookbook else CodeFusionMemory(language)
    num_read = len(memory)
    for path in arguments.data:
        pairs = load_pairs(path, split=data.split, **options)
        num_read += len(pairs)
        try:
            memory.add(pairs, on_malformed=options["on_malformed"])
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    if arguments.deduplicate:
        memory.deduplicate()
    memory.save_pretrained(output_dir, license=arguments.license)
    left_out = num_read - len(memory)
    print(f"{output_dir}: {len(memory)} rows.{f' Left out {left_out} that repeat others.' if left_out else ''}")


def search(arguments: SearchArguments) -> None:
    """
    Print the rows whose prompts are most similar to those given.

    Args:
        arguments ([`SearchArguments`]):
            What is looked up.
    """
    from codefusion_hf.memory import load_memory

    memory = load_memory(
        arguments.memory, revision=arguments.revision, token=arguments.token, encoder=arguments.encoder
    )
    found = memory.search(arguments.prompts, arguments.num_neighbors)
    for prompt, neighbors in zip(arguments.prompts, found, strict=True):
        if arguments.json:
            rows = [
                {name: value for name, value in vars(neighbor).items() if value is not None} for neighbor in neighbors
            ]
            print(json.dumps({"prompt": prompt, "neighbors": rows}, ensure_ascii=False), flush=True)
            continue
        print(printable(prompt))
        for rank, neighbor in enumerate(neighbors, 1):
            print(f"  {rank}  {neighbor.score:6.2f}  {printable(neighbor.code)}")
            print(f"             {printable(neighbor.text)}", flush=True)


def push(arguments: PushMemoryArguments) -> None:
    """
    Push a memory to the Hub as a data set, and print its URL.

    Args:
        arguments ([`PushMemoryArguments`]):
            Which memory is pushed.
    """
    from huggingface_hub import DatasetCard

    from codefusion_hf.errors import loading
    from codefusion_hf.memory import load_memory

    memory = load_memory(arguments.memory)
    path, card = Path(arguments.memory) / "README.md", None
    if path.is_file():
        with loading(f"the card {path}"):
            card = DatasetCard.load(path)
    url = memory.push_to_hub(
        arguments.repo_id,
        private=arguments.private,
        revision=arguments.revision,
        commit_message=arguments.commit_message,
        license=arguments.license,
        card=card,
        token=arguments.token,
    )
    print(url)


_KINDS = (
    Command("build", "make a memory of data files", build, (BuildArguments, DataArguments)),
    Command("search", "show the rows whose prompts are most similar", search, (SearchArguments,)),
    Command("push", "push a memory to the Hub as a data set, with its card", push, (PushMemoryArguments,)),
)
COMMANDS = (Command("memory", "build, search and push pairs to look up", commands=_KINDS),)


__all__ = ["COMMANDS"]
