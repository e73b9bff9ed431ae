# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion infill`: ranked candidates for what is missing in code."""

from dataclasses import dataclass, field
from typing import Any

from .candidates import CandidateArguments, CandidateSamplingArguments, draw_candidates, print_candidates
from .parser import Command


@dataclass(kw_only=True)
class InfillArguments(CandidateArguments):
    """What to fill in, and with which checkpoint. The fields say in their metadata what they are."""

    prompt: str = field(
        metadata={
            "positional": True,
            "metavar": "PROMPT",
            "help": 'what the code shall do; "" says nothing, and the code alone counts',
        }
    )
    code: str = field(metadata={"metavar": "CODE", "help": "the code, with <mask> in place of what is missing"})
    max_mask_length: int | None = field(
        default=None, metadata={"metavar": "N", "help": "the most tokens that one <mask> stands for (8)"}
    )


def infill(arguments: InfillArguments, sampling: CandidateSamplingArguments) -> None:
    """
    Print ranked candidates for code with gaps.

    Args:
        arguments ([`InfillArguments`]):
            What to fill in.
        sampling ([`CandidateSamplingArguments`]):
            How to sample.
    """
    from codefusion_hf.inference.loading import load_pipeline
    from codefusion_hf.pipelines import CodeFusionInfillPipeline

    settled = sampling.settle(arguments.show_steps)
    # Where nothing is said, the pipeline knows how many candidates the lengths of the gaps need.
    call_arguments: dict[str, Any] = {"code": arguments.code, "num_candidates": settled.num_candidates}
    if arguments.max_mask_length is not None:
        call_arguments["max_mask_length"] = arguments.max_mask_length
    pipe = CodeFusionInfillPipeline.from_pipe(
        load_pipeline(arguments.checkpoint_name(), settled.scheduler, settled.int8)
    )
    pipe.set_progress_bar_config(disable=True)
    rows = [{"prompt": arguments.prompt, "code": arguments.code}]
    print_candidates(draw_candidates(pipe, rows, arguments, settled, **call_arguments), arguments)


COMMANDS = (
    Command("infill", "fill in what is missing in code", infill, (InfillArguments, CandidateSamplingArguments)),
)


__all__ = ["COMMANDS"]
