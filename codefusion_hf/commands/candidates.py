# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Ranked candidates on a terminal: what the commands that draw and print them have in common."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from codefusion_hf.checkpoints import language_checkpoint
from codefusion_hf.inference.arguments import SamplingArguments
from codefusion_hf.languages import LANGUAGES
from codefusion_hf.terminal import printable


if TYPE_CHECKING:
    import torch

    from codefusion_hf.pipelines import CodeFusionPipeline


@dataclass(kw_only=True)
class CandidateArguments:
    """How candidates are printed, and which checkpoint they are of. The fields say in their metadata what they are."""

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

    def checkpoint_name(self) -> str:
        """The checkpoint that is asked for."""
        return self.checkpoint or language_checkpoint(self.language or LANGUAGES[0])


@dataclass(kw_only=True)
class CandidateSamplingArguments(SamplingArguments):
    """As of [`SamplingArguments`], but for a default that `--show-steps` decides."""

    num_return_sequences: int | None = field(  # type: ignore[assignment]
        default=None, metadata={"metavar": "K", "help": "candidates a prompt (5; 1 with --show-steps)"}
    )

    def settle(self, show_steps: bool) -> SamplingArguments:
        """These, with the number of candidates decided."""
        num_return_sequences, num_candidates = self.num_return_sequences, self.num_candidates
        if num_return_sequences is None:
            num_return_sequences = 1 if show_steps else 5
        if num_candidates is None and show_steps:
            num_candidates = num_return_sequences
        numbers = {"num_return_sequences": num_return_sequences, "num_candidates": num_candidates}
        return SamplingArguments(**{**vars(self), **numbers})


def draw_candidates(
    pipe: "CodeFusionPipeline",
    rows: Iterable[dict[str, Any]],
    arguments: CandidateArguments,
    sampling: SamplingArguments,
    **call_arguments: Any,
) -> Iterator[dict[str, Any]]:
    """
    Draw candidates, and print the steps if they are to be shown.

    Args:
        pipe ([`CodeFusionPipeline`]):
            The loaded checkpoint, or a pipeline that shares its components.
        rows (iterable of `dict`):
            What there is to do, each with a `prompt`.
        arguments ([`CandidateArguments`]), sampling ([`SamplingArguments`]):
            Of the command.
        call_arguments (*optional*):
            More arguments of the pipeline, or others than those of `sampling`.

    Returns:
        `Iterator[dict]`: each row, with its `candidates` and, with a memory, its `neighbors`.
    """
    from codefusion_hf.inference.generation import to_candidates

    settled = {**sampling.call_arguments(pipe.sampling_defaults, arguments.language), **call_arguments}
    if "strength" in call_arguments:
        if sampling.commit_tokens is not None:
            raise ValueError("--commit-tokens is not for `codefusion revise`, which begins with a draft.")
        del settled["commit_tokens"]
    for row in rows:
        if arguments.show_steps:
            print(printable(row["prompt"]))
        output = pipe(
            row["prompt"],
            # One for each prompt: its candidates do not depend on the prompts before it.
            generator=sampling.generator(),
            callback_on_step_end=_show_step if arguments.show_steps else None,
            callback_on_step_end_tensor_inputs=["drafts"],
            **settled,
        )
        result = {**row, "candidates": to_candidates(output.codes, output.scores)[0]}
        if output.neighbors is not None:
            result["neighbors"] = [asdict(neighbor) for neighbor in output.neighbors[0]]
        yield result


def print_candidates(results: Iterable[dict[str, Any]], arguments: CandidateArguments) -> None:
    """
    Print candidates, each prompt's as soon as they are there.

    Args:
        results (iterable of `dict`):
            From [`draw_candidates`].
        arguments ([`CandidateArguments`]):
            Of the command.
    """
    for result in results:
        if arguments.json:
            print(json.dumps(result, ensure_ascii=False), flush=True)
            continue
        if not arguments.show_steps:
            print(printable(result["prompt"]))
        for rank, candidate in enumerate(result["candidates"], 1):
            print(f"  {rank}  {candidate['score']:6.2f}  {printable(candidate['code'])}", flush=True)


def _show_step(
    pipe: "CodeFusionPipeline", step: int, timestep: "torch.Tensor", tensors: dict[str, Any]
) -> dict[str, Any]:
    for draft in tensors["drafts"]:
        print(f"step {step + 1:>4}/{pipe.num_timesteps}  t {float(timestep):>6.1f}  {printable(draft)}", flush=True)
    return tensors


__all__ = ["CandidateArguments", "CandidateSamplingArguments", "draw_candidates", "print_candidates"]
