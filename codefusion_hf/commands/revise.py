# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion revise`: ranked candidates for what a draft should have been."""

import codecs
import sys
from dataclasses import dataclass, field
from pathlib import Path

from .candidates import CandidateArguments, CandidateSamplingArguments, draw_candidates, print_candidates
from .parser import Command


# Many times what any model reads: so that a wrong file is refused before all of it is read.
MAX_BYTES = 2**20


@dataclass(kw_only=True)
class ReviseArguments(CandidateArguments):
    """What to revise, and with which checkpoint. The fields say in their metadata what they are."""

    prompt: str = field(
        metadata={
            "positional": True,
            "metavar": "PROMPT",
            "help": 'what the code shall do; "" says nothing, and the code alone counts',
        }
    )
    code: str = field(metadata={"metavar": "FILE", "help": "the file of the draft; - is standard input"})
    strength: float = field(
        default=0.4,
        metadata={
            "metavar": "S",
            "help": "from 0, the draft as it is, to 1, where it does not count (%(default)s)",
        },
    )


def revise(arguments: ReviseArguments, sampling: CandidateSamplingArguments) -> None:
    """
    Print ranked candidates for a draft.

    Args:
        arguments ([`ReviseArguments`]):
            What to revise.
        sampling ([`CandidateSamplingArguments`]):
            How to sample.
    """
    from codefusion_hf.inference.loading import load_pipeline
    from codefusion_hf.pipelines import CodeFusionRevisePipeline

    code = read_code(arguments.code)
    settled = sampling.settle(arguments.show_steps)
    pipe = CodeFusionRevisePipeline.from_pipe(
        load_pipeline(arguments.checkpoint_name(), settled.scheduler, settled.int8)
    )
    pipe.set_progress_bar_config(disable=True)
    rows = [{"prompt": arguments.prompt, "code": code}]
    results = draw_candidates(pipe, rows, arguments, settled, code=code, strength=arguments.strength)
    print_candidates(results, arguments)


def read_code(path: str) -> str:
    """
    Read a program.

    Args:
        path (`str`):
            A file in UTF-8, or `-` for standard input.

    Returns:
        `str`: the program, without the line breaks at its end.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is blank, too long, or no UTF-8.
    """
    if path == "-":
        if sys.stdin is None:
            raise ValueError("--code - reads standard input, which is closed.")
        name, data = "standard input", sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        name = path
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"{name}: expected a program of at most {MAX_BYTES} bytes, got more.")
    try:
        code = data.removeprefix(codecs.BOM_UTF8).decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{name}: expected UTF-8, got the byte 0x{data[error.start]:02x}.") from error
    if not code.strip():
        raise ValueError(f"{name}: expected a program, got nothing.")
    return code


COMMANDS = (Command("revise", "revise code under a prompt", revise, (ReviseArguments, CandidateSamplingArguments)),)


__all__ = ["COMMANDS"]
