# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion generate`: ranked candidates for prompts."""

from dataclasses import dataclass, field

from codefusion_hf.inference.arguments import SamplingArguments

from .candidates import CandidateArguments, CandidateSamplingArguments, draw_candidates, print_candidates
from .parser import Command


@dataclass(kw_only=True)
class GenerateArguments(CandidateArguments):
    """What to generate for, with which checkpoint, and where to. The fields say in their metadata what they are."""

    prompts: list[str] = field(
        default_factory=list, metadata={"positional": True, "metavar": "PROMPT", "help": "what the code shall do"}
    )
    input: str | None = field(
        default=None,
        metadata={
            "metavar": "FILE",
            "help": "read prompts, JSON Lines (.jsonl) or one a line; - is standard input",
        },
    )
    output: str | None = field(
        default=None,
        metadata={"metavar": "FILE", "help": "write JSON Lines; the same command resumes if interrupted"},
    )
    overwrite: bool = field(default=False, metadata={"help": "replace an --output that is there"})
    batch_size: int = field(
        default=16, metadata={"metavar": "N", "help": "prompts at once, with --output (%(default)s)"}
    )

    def __post_init__(self) -> None:
        if self.output is None:
            if self.overwrite:
                raise ValueError("--overwrite needs --output.")
        elif self.prompts or self.input in (None, "-"):
            raise ValueError("--output needs --input FILE: prompts from elsewhere cannot be read again to go on.")
        elif self.json or self.show_steps:
            raise ValueError("--json and --show-steps are for printing, not for --output.")


def generate(arguments: GenerateArguments, sampling: CandidateSamplingArguments) -> None:
    """
    Print ranked candidates for each prompt, or write them to a file.

    Args:
        arguments ([`GenerateArguments`]):
            What to generate for.
        sampling ([`CandidateSamplingArguments`]):
            How to sample.
    """
    settled = sampling.settle(arguments.show_steps)
    if arguments.output is not None:
        _write(arguments, settled)
        return
    from codefusion_hf.inference.loading import load_pipeline
    from codefusion_hf.inference.prompts import collect_prompts

    rows = collect_prompts(arguments.prompts, arguments.input)
    pipe = load_pipeline(arguments.checkpoint_name(), settled.scheduler, settled.int8)
    print_candidates(draw_candidates(pipe, rows, arguments, settled), arguments)


def _write(arguments: GenerateArguments, sampling: SamplingArguments) -> None:
    from codefusion_hf.inference.generation import generate_to_file
    from codefusion_hf.inference.loading import load_pipeline
    from codefusion_hf.inference.processes import process_state

    # Before the pipeline is loaded: with several processes, each has to know its GPU.
    process_state()
    assert arguments.input is not None and arguments.output is not None
    generate_to_file(
        load_pipeline(arguments.checkpoint_name(), sampling.scheduler, sampling.int8),
        arguments.input,
        arguments.output,
        sampling,
        language=arguments.language,
        batch_size=arguments.batch_size,
        overwrite=arguments.overwrite,
    )


COMMANDS = (Command("generate", "write code for prompts", generate, (GenerateArguments, CandidateSamplingArguments)),)


__all__ = ["COMMANDS"]
