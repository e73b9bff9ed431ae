# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Candidates of each system for the same prompts, their scores, and a report of them."""

import dataclasses
import itertools
import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers

from codefusion_hf import __version__
from codefusion_hf.evaluation.arguments import EvaluationArguments
from codefusion_hf.evaluation.examples import Example
from codefusion_hf.evaluation.metrics.code_bert_score import CodeBERTScore
from codefusion_hf.evaluation.metrics.confidence import Estimate
from codefusion_hf.evaluation.metrics.exact_match import normalize_whitespace
from codefusion_hf.evaluation.provenance import code_commit
from codefusion_hf.evaluation.report import save_report
from codefusion_hf.evaluation.scoring import metric_title, score_candidates, score_diversity, unparsable_share
from codefusion_hf.evaluation.systems import System
from codefusion_hf.files import write_text
from codefusion_hf.inference.batches import lock_folder, run_batches
from codefusion_hf.inference.processes import on_main_process, process_state


PREDICTIONS_FOLDER = "predictions"


def predict_system(
    system: System,
    examples: Sequence[Example],
    batch_size: int = 16,
    output_dir: str | os.PathLike[str] | None = None,
) -> list[dict[str, Any]]:
    """
    Candidates of one system, see [`~codefusion_hf.inference.batches.run_batches`].

    Args:
        system ([`System`]):
            The system.
        examples (sequence of [`Example`]):
            The prompts.
        batch_size (`int`, *optional*, defaults to 16):
            Prompts at once, 1 or more.
        output_dir (`str` or `os.PathLike`, *optional*):
            Folder of the evaluation, in which predictions are kept and found again.

    Returns:
        `list[dict]`: what the system's `predict` gives, for each prompt.

    Raises:
        `ValueError`: If the folder holds predictions made with other settings.
    """
    folder = None if output_dir is None else Path(output_dir) / PREDICTIONS_FOLDER / system.name
    with ExitStack() as stack:
        if folder is not None:
            on_main_process(process_state(), lambda: stack.enter_context(lock_folder(folder)))
        rows = run_batches(
            lambda batch, start: system.predict([row["prompt"] for row in batch], start),
            lambda: ({"prompt": example.prompt} for example in examples),
            len(examples),
            batch_size=batch_size,
            settings=system.settings,
            description=system.title,
            folder=folder,
        )
        return [{name: value for name, value in row.items() if name != "prompt"} for row in rows]


def evaluate_systems(
    systems: Sequence[System],
    examples: Sequence[Example],
    arguments: EvaluationArguments,
    *,
    train_codes: Sequence[str] | None = None,
    encoder: CodeBERTScore | None = None,
) -> dict[str, Any]:
    """
    Compare systems on the same prompts.

    An evaluation with an `output_dir` that is interrupted goes on where it was when it is started again. Under
    `accelerate launch` or `torchrun`, the processes share out the batches; the result is the same as of one.

    Args:
        systems (sequence of [`System`]):
            What to compare, one or more with different names. [`~codefusion_hf.evaluation.report.report_table`] has a
            column for each.
        examples (sequence of [`Example`]):
            Prompts and references, one or more.
        arguments ([`~codefusion_hf.evaluation.arguments.EvaluationArguments`]):
            Those of the evaluation, of which `language`, `ks`, `batch_size` and `output_dir` count here; `data` and
            `limit` are written in the report. The folder gets the report
            ([`~codefusion_hf.evaluation.report.save_report`]), `predictions.jsonl` (one line a prompt: `prompt`,
            `references`, and the candidates of each system by its name), and what an interrupted evaluation has so
            far.
        train_codes (sequence of `str`, *optional*):
            Programs trained on. With them, the report has scores of their own for the examples whose references are
            all new.
        encoder ([`CodeBERTScore`], *optional*):
            Encoder of the scores that need one.

    Returns:
        `dict`: The report, ready for JSON:

        - `systems`: by name, `title`, `settings`, `metrics` and `novel_metrics`
          ([`~codefusion_hf.evaluation.scoring.score_candidates`], each `value`, `low` and `high`; `novel_metrics` is
          `None` without training codes or new examples), `diversity`
          ([`~codefusion_hf.evaluation.scoring.score_diversity`]), and `seconds` that its predictions took in this run
          (what an interrupted one had made is not made again).
        - `titles`: what tables call the scores, by their names.
        - `language`, `num_prompts`, `num_novel_prompts`, `unparsable_references` (per cent), `encoder`, `batch_size`,
          `ks`, `data` (the name of the file alone), `limit`, `commit` (of the checkout that the code is run from) and
          `versions`.

    Raises:
        `ValueError`: If there are no examples or no systems, a number is out of its range, or `output_dir` holds
            predictions made with other settings.
    """
    if len(examples) == 0:
        raise ValueError("`examples` must have at least one entry, got none.")
    if len({system.name for system in systems}) < max(1, len(systems)):
        raise ValueError(f"`systems` must be one or more with different names, got {[s.name for s in systems]}.")
    language, ks = arguments.language, arguments.ks
    is_novel = None
    if train_codes is not None:
        known = {normalize_whitespace(code) for code in train_codes}
        is_novel = [example.is_novel(known) for example in examples]

    rows: list[dict[str, Any]] = [
        {"prompt": example.prompt, "references": list(example.references)} for example in examples
    ]
    if is_novel is not None:
        for row, row_is_novel in zip(rows, is_novel, strict=True):
            row["novel"] = row_is_novel
    report_of_systems: dict[str, dict[str, Any]] = {}
    for system in systems:
        started = time.perf_counter()
        predictions = predict_system(system, examples, arguments.batch_size, arguments.output_dir)
        seconds = time.perf_counter() - started
        candidates = [prediction["candidates"] for prediction in predictions]
        report_of_systems[system.name] = {
            "title": system.title,
            "settings": system.settings,
            "metrics": _to_json(score_candidates(examples, candidates, language, ks, encoder)),
            "novel_metrics": None
            if is_novel is None or not any(is_novel)
            else _to_json(
                score_candidates(
                    list(itertools.compress(examples, is_novel)),
                    list(itertools.compress(candidates, is_novel)),
                    language,
                    ks,
                    encoder,
                )
            ),
            "diversity": _to_json(score_diversity(candidates, encoder)),
            "seconds": round(seconds, 1),
        }
        for row, prediction in zip(rows, predictions, strict=True):
            row[system.name] = prediction

    report = {
        "language": language,
        "num_prompts": len(examples),
        "num_novel_prompts": None if is_novel is None else sum(is_novel),
        "unparsable_references": unparsable_share(examples, language),
        "encoder": None if encoder is None else encoder.name,
        "batch_size": arguments.batch_size,
        "ks": ks,
        "data": Path(arguments.data).name,
        "limit": arguments.limit,
        "commit": code_commit(),
        "versions": {
            "codefusion-hf": __version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "diffusers": diffusers.__version__,
        },
        "titles": {
            name: metric_title(language, name, *([] if encoder is None else [encoder.name]))
            for system in report_of_systems.values()
            for name in system["metrics"]
        },
        "systems": report_of_systems,
    }
    if arguments.output_dir is not None and process_state().is_main_process:
        folder = Path(arguments.output_dir)
        write_text(folder / "predictions.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        save_report(report, folder)
    return report


def _to_json(scores: Mapping[str, Estimate]) -> dict[str, dict[str, float]]:
    return {name: dataclasses.asdict(estimate) for name, estimate in scores.items()}


__all__ = ["evaluate_systems", "predict_system"]
