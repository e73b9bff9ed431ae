# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion generate`: ranked candidates for prompts."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from codefusion_hf.checkpoints import language_checkpoint
from codefusion_hf.inference.arguments import SamplingArguments
from codefusion_hf.languages import LANGUAGES
from codefusion_hf.terminal import printable

from .parser import Command


if TYPE_CHECKING:
    import torch

    from codefusion_hf.pipelines import CodeFusionPipeline


@dataclass(kw_only=True)
class GenerateArguments:
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
    json: bool = field(default=False, metadata={"help": "print one JSON object a prompt"})
    show_steps: bool = field(default=False, metadata={"help": "print the draft as it is revised at each step"})
    language: str | None = field(
        default=None,
        metadata={
            "choices": LANGUAGES,
            "help": f"take its bundled checkpoint ({LANGUAGES[0]}); with --checkpoint, what that one writes",
        },
    )
    checkpoint: str | None = field(
        default=None, metadata={"help": "another one: bundled name, pipeline folder or Hub id"}
    )

    def __post_init__(self) -> None:
        if self.output is None:
            if self.overwrite:
                raise ValueError("--overwrite needs --output.")
        elif self.prompts or self.input in (None, "-"):
            raise ValueError("--output needs --input FILE: prompts from elsewhere cannot be read again to go on.")
        elif self.json or self.show_steps:
            raise ValueError("--json and --show-steps are for printing, not for --output.")


@dataclass(kw_only=True)
class GenerateSamplingArguments(SamplingArguments):
    """As of [`SamplingArguments`], but for a default that `--show-steps` decides."""

    num_return_sequences: int | None = field(  # type: ignore[assignment]
        default=None, metadata={"metavar": "K", "help": "candidates a prompt (5; 1 with --show-steps)"}
    )


def generate(arguments: GenerateArguments, sampling: GenerateSamplingArguments) -> None:
    """
    Print ranked candidates for each prompt, or write them to a file.

    Args:
        arguments ([`GenerateArguments`]):
            What to generate for.
        sampling ([`GenerateSamplingArguments`]):
            How to sample.
    """
    num_return_sequences, num_candidates = sampling.num_return_sequences, sampling.num_candidates
    if num_return_sequences is None:
        num_return_sequences = 1 if arguments.show_steps else 5
    if num_candidates is None and arguments.show_steps:
        num_candidates = num_return_sequences
    numbers = {"num_return_sequences": num_return_sequences, "num_candidates": num_candidates}
    settled = SamplingArguments(**{**vars(sampling), **numbers})
    checkpoint = arguments.checkpoint or language_checkpoint(arguments.language or LANGUAGES[0])
    if arguments.output is not None:
        _write(arguments, settled, checkpoint)
        return
    for result in _results(arguments, settled, checkpoint):
        if arguments.json:
            print(json.dumps(result, ensure_ascii=False), flush=True)
            continue
        if not arguments.show_steps:
            print(printable(result["prompt"]))
        for rank, candidate in enumerate(result["candidates"], 1):
            print(f"  {rank}  {candidate['score']:6.2f}  {printable(candidate['code'])}", flush=True)


def _write(arguments: GenerateArguments, sampling: SamplingArguments, checkpoint: str) -> None:
    from codefusion_hf.inference.generation import generate_to_file
    from codefusion_hf.inference.loading import load_pipeline
    from codefusion_hf.inference.processes import process_state

    # Before the pipeline is loaded: with several processes, each has to know its GPU.
    process_state()
    assert arguments.input is not None and arguments.output is not None
    generate_to_file(
        load_pipeline(checkpoint, sampling.scheduler),
        arguments.input,
        arguments.output,
        sampling,
        language=arguments.language,
        batch_size=arguments.batch_size,
        overwrite=arguments.overwrite,
    )


def _results(arguments: GenerateArguments, sampling: SamplingArguments, checkpoint: str) -> Iterator[dict[str, Any]]:
    from codefusion_hf.inference.generation import to_candidates
    from codefusion_hf.inference.loading import load_pipeline
    from codefusion_hf.inference.prompts import collect_prompts

    rows = collect_prompts(arguments.prompts, arguments.input)
    pipe = load_pipeline(checkpoint, sampling.scheduler)
    call_arguments = sampling.call_arguments(pipe.sampling_defaults, arguments.language)
    for row in rows:
        if arguments.show_steps:
            print(printable(row["prompt"]))
        output = pipe(
            row["prompt"],
            # One for each prompt: its candidates do not depend on the prompts before it.
            generator=sampling.generator(),
            callback_on_step_end=_show_step if arguments.show_steps else None,
            callback_on_step_end_tensor_inputs=["drafts"],
            **call_arguments,
        )
        result = {**row, "candidates": to_candidates(output.codes, output.scores)[0]}
        if output.neighbors is not None:
            result["neighbors"] = [asdict(neighbor) for neighbor in output.neighbors[0]]
        yield result


def _show_step(
    pipe: "CodeFusionPipeline", step: int, timestep: "torch.Tensor", tensors: dict[str, Any]
) -> dict[str, Any]:
    for draft in tensors["drafts"]:
        print(f"step {step + 1:>4}/{pipe.num_timesteps}  t {float(timestep):>6.1f}  {printable(draft)}", flush=True)
    return tensors


COMMANDS = (Command("generate", "write code for prompts", generate, (GenerateArguments, GenerateSamplingArguments)),)


__all__ = ["COMMANDS"]
