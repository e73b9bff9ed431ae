# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""One evaluation from data files to a report: what `codefusion evaluate` runs."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from codefusion_hf.checkpoints import language_checkpoint, resolve_checkpoint
from codefusion_hf.data.arguments import DataArguments
from codefusion_hf.data.preparation import prepare_rows
from codefusion_hf.errors import loading
from codefusion_hf.evaluation.arguments import EvaluationArguments
from codefusion_hf.evaluation.baselines.auto_regressive import AutoRegressiveBaseline
from codefusion_hf.evaluation.comparison import evaluate_systems
from codefusion_hf.evaluation.curves import save_curves
from codefusion_hf.evaluation.examples import group_examples, select_examples
from codefusion_hf.evaluation.metrics.code_bert_score import CodeBERTScore
from codefusion_hf.evaluation.provenance import checkpoint_hash
from codefusion_hf.evaluation.systems import (
    System,
    auto_regressive_systems,
    checkpoint_system,
    nearest_neighbour_system,
)
from codefusion_hf.inference.arguments import NO_MEMORY, SamplingArguments
from codefusion_hf.inference.loading import load_pipeline
from codefusion_hf.inference.processes import process_state
from codefusion_hf.memory import CodeFusionMemory


def run_evaluation(
    arguments: EvaluationArguments,
    sampling: SamplingArguments | None = None,
    data: DataArguments | None = None,
) -> dict[str, Any]:
    """
    Score a checkpoint on pairs of a prompt and code, beside what it is compared with.

    Args:
        arguments ([`~codefusion_hf.evaluation.arguments.EvaluationArguments`]):
            What is evaluated, and on what.
        sampling ([`~codefusion_hf.inference.arguments.SamplingArguments`], *optional*):
            How the checkpoint is sampled. `num_return_sequences` and `seed` hold for the baselines, too.
        data ([`~codefusion_hf.data.arguments.DataArguments`], *optional*):
            How the data files are read.

    Returns:
        `dict`: the report of [`~codefusion_hf.evaluation.comparison.evaluate_systems`], which is written to
        `output_dir` if there is one.

    Raises:
        ImportError: if a library is missing.
        OSError: if a file cannot be read or written.
        ValueError: if an argument is out of its range, a data file is malformed, a checkpoint cannot be loaded, or
            `output_dir` holds predictions made with other settings.
    """
    sampling, data = sampling or SamplingArguments(), data or DataArguments()
    if sampling.num_return_sequences < max(arguments.ks):
        raise ValueError(
            f"--num-return-sequences must be at least the largest of --ks ({max(arguments.ks)}), got "
            f"{sampling.num_return_sequences}."
        )
    # Before anything is loaded: with several processes, each has to know its GPU.
    process_state()
    language = arguments.language
    rows = prepare_rows(data.load_pairs([arguments.data], data.split), language)
    examples = select_examples(group_examples(rows), arguments.limit)
    train_rows = prepare_rows(data.load_pairs(arguments.train_data, arguments.train_split), language)

    name = arguments.checkpoint or language_checkpoint(language)
    pipe = load_pipeline(name, sampling.scheduler, sampling.int8)
    source = _source(resolve_checkpoint(name))

    def checkpoint_at(steps: int) -> System:
        at_steps = replace(sampling, num_inference_steps=steps)
        return checkpoint_system(pipe, at_steps, language, name=f"checkpoint_{steps}_steps", **source)

    systems = [checkpoint_system(pipe, sampling, language, **source)]
    if systems[0].settings["memory"] is not None:
        without = replace(sampling, memory=NO_MEMORY)
        names = {"name": "without_memory", "title": "CodeFusion, no memory"}
        systems.append(checkpoint_system(pipe, without, language, **names, **source))
    load_memory = partial(sampling.load_memory, pipe.sampling_defaults, language)
    systems += _compared_systems(arguments, sampling, train_rows, load_memory)
    encoder = None
    if arguments.encoder is not None:
        with loading(f"encoder {arguments.encoder!r}"):
            encoder = CodeBERTScore.from_pretrained(arguments.encoder, layer=arguments.encoder_layer)

    report = evaluate_systems(
        systems,
        examples,
        arguments,
        train_codes=[row["code"] for row in train_rows] if train_rows else None,
        encoder=encoder,
    )
    if arguments.plots or arguments.compare_steps:
        save_curves(pipe, systems, checkpoint_at, examples, arguments, sampling)
    return report


def _source(path: str) -> dict[str, Any]:
    """Which checkpoint it is, for the report. Of a path only the name: where it lies is nothing to publish."""
    folder = Path(path)
    return {"checkpoint": folder.name, "checkpoint_hash": checkpoint_hash(folder) if folder.is_dir() else None}


def _compared_systems(
    arguments: EvaluationArguments,
    sampling: SamplingArguments,
    train_rows: Sequence[dict[str, Any]],
    load_memory: Callable[[], CodeFusionMemory | None],
) -> list[System]:
    systems = []
    if train_rows:
        systems.append(nearest_neighbour_system(train_rows, arguments.language, sampling.num_return_sequences))
    path = arguments.baseline
    if path is not None:
        with loading(f"baseline {path!r}"):
            baseline = AutoRegressiveBaseline.from_pretrained(path)
        memory = load_memory() if baseline.reads_neighbors else None
        systems += auto_regressive_systems(
            baseline, sampling.num_return_sequences, sampling.seed, memory, sampling.num_neighbors, **_source(path)
        )
    return systems


__all__ = ["run_evaluation"]
