# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion train`, and `codefusion train-baseline`: one training phase, from data files to a folder."""

import logging
from dataclasses import dataclass, field
from typing import Any

from codefusion_hf.training.arguments import PhaseArguments, TrainingDataArguments

from .parser import Command


@dataclass(kw_only=True)
class BaselineArguments(PhaseArguments):
    """As of [`PhaseArguments`], for the T5 that a model is compared with, which may take a checkpoint's tokenizer."""

    phase: str = field(
        default="finetune", metadata={"choices": ("pretrain", "finetune"), "help": "training phase (%(default)s)"}
    )
    output_dir: str = field(metadata={"help": "folder of the checkpoints and of the finished baseline"})
    init_from: str | None = field(
        default=None, metadata={"help": "baseline folder or Hub id to start from (default: random weights)"}
    )
    tokenizer: str | None = field(
        default=None,
        metadata={
            "metavar": "CHECKPOINT",
            "help": "bundled name, pipeline folder or Hub id to take the tokenizer from (the preset's)",
        },
    )


def train(arguments: PhaseArguments, data: TrainingDataArguments) -> None:
    """
    Run one training phase.

    Args:
        arguments ([`~codefusion_hf.training.arguments.PhaseArguments`]):
            What it starts from, and where its result goes.
        data ([`~codefusion_hf.training.arguments.TrainingDataArguments`]):
            What it is trained on.
    """
    from codefusion_hf.training.run import run_training

    run_training(**_options(arguments, data))


def train_baseline(arguments: BaselineArguments, data: TrainingDataArguments) -> None:
    """
    Run one training phase of the auto-regressive model to compare with.

    Args:
        arguments ([`BaselineArguments`]):
            What it starts from, and where its result goes.
        data ([`~codefusion_hf.training.arguments.TrainingDataArguments`]):
            What it is trained on.
    """
    from codefusion_hf.checkpoints import resolve_checkpoint
    from codefusion_hf.training import baseline
    from codefusion_hf.training.checks import check_baseline

    tokenizer = None if arguments.tokenizer is None else resolve_checkpoint(arguments.tokenizer)
    options = _options(arguments, data)
    if arguments.init_from is not None:
        check_baseline(arguments.init_from)
    baseline.train_baseline(tokenizer=tokenizer, **options)


def _options(arguments: PhaseArguments, data: TrainingDataArguments) -> dict[str, Any]:
    """What both trainings are told."""
    from codefusion_hf.training.presets import load_preset

    preset = load_preset(arguments.preset, arguments.overrides())
    from codefusion_hf.training.checks import check_preset  # with libraries that take seconds to load

    has_new_model = arguments.init_from is None
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s")
    check_preset(
        preset,
        arguments.phase,
        arguments.output_dir,
        has_model=has_new_model,
        has_tokenizer=has_new_model or arguments.new_tokenizer,
    )
    return {
        "preset": preset,
        "phase": arguments.phase,
        "output_dir": arguments.output_dir,
        "init_from": arguments.init_from,
        "new_tokenizer": arguments.new_tokenizer,
        "resume": arguments.resume,
        "data": data,
    }


COMMANDS = (
    Command(
        "train",
        "train a model: one phase, from data files to a pipeline folder",
        train,
        (PhaseArguments, TrainingDataArguments),
    ),
    Command(
        "train-baseline",
        "train the auto-regressive T5 that a model is compared with",
        train_baseline,
        (BaselineArguments, TrainingDataArguments),
    ),
)


__all__ = ["COMMANDS"]
