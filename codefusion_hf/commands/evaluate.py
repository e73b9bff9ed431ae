# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion evaluate`: scores of a checkpoint on pairs, beside the baselines."""

import logging

from codefusion_hf.data.arguments import DataArguments
from codefusion_hf.evaluation.arguments import EvaluationArguments
from codefusion_hf.inference.arguments import SamplingArguments

from .parser import Command


def evaluate(arguments: EvaluationArguments, data: DataArguments, sampling: SamplingArguments) -> None:
    """
    Score a checkpoint, and print the table.

    Args:
        arguments ([`~codefusion_hf.evaluation.arguments.EvaluationArguments`]):
            What is evaluated, and on what.
        data ([`~codefusion_hf.data.arguments.DataArguments`]):
            How the data files are read.
        sampling ([`~codefusion_hf.inference.arguments.SamplingArguments`]):
            How the checkpoint is sampled.
    """
    import rich

    from codefusion_hf.evaluation.report import report_table
    from codefusion_hf.evaluation.run import run_evaluation
    from codefusion_hf.inference.processes import process_state

    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s")
    report = run_evaluation(arguments, sampling, data)
    if process_state().is_main_process:
        rich.print(report_table(report, novel=arguments.novel))


COMMANDS = (
    Command(
        "evaluate",
        "score a checkpoint on pairs of a prompt and code",
        evaluate,
        (EvaluationArguments, DataArguments, SamplingArguments),
    ),
)


__all__ = ["COMMANDS"]
