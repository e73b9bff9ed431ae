# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""How good is a checkpoint? Generate for prompts, score, and compare with the nearest-neighbour floor."""

import json
import os
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from rich.table import Table
from tqdm.auto import tqdm

from codefusion_hf.evaluation.nearest_neighbour import NearestNeighbourBaseline
from codefusion_hf.evaluation.scoring import group_references, score_candidates


if TYPE_CHECKING:
    from codefusion_hf.pipelines import CodeFusionPipeline


# Which prompts `limit` draws does not depend on the seed of the generation, so that runs stay comparable.
PROMPT_SELECTION_SEED = 0

METRIC_TITLES = {
    "non_empty": "non-empty",
    "valid": "accepted by bash -n",
    "exact_match": "exact match",
    "template_match": "template match",
}


def select_prompts(references: Mapping[str, list[str]], limit: int | None = None) -> list[str]:
    """
    Draw prompts with a fixed seed: the same data and limit always give the same prompts, in any order of the rows.

    Args:
        references (mapping of `str` to `list[str]`):
            References by prompt, from [`~codefusion_hf.evaluation.scoring.group_references`].
        limit (`int`, *optional*):
            Number of distinct prompts, 1 or more. All prompts if not given or if there are no more than that.

    Returns:
        `list[str]`: The prompts.

    Raises:
        `ValueError`: If `limit` is below 1.
    """
    if limit is not None and limit < 1:
        raise ValueError(f"`limit` must be 1 or more, or `None` for all prompts, got {limit}.")
    prompts = sorted(references)
    if limit is None or limit >= len(prompts):
        return prompts
    return random.Random(PROMPT_SELECTION_SEED).sample(prompts, limit)


def evaluate_checkpoint(
    pipe: "CodeFusionPipeline",
    pairs: Sequence[Mapping[str, str]],
    train_pairs: Sequence[Mapping[str, str]] | None = None,
    *,
    num_inference_steps: int = 20,
    num_return_sequences: int = 5,
    temperature: float = 0.05,
    guidance_scale: float = 1.0,
    batch_size: int = 16,
    limit: int | None = None,
    seed: int = 0,
    ks: Sequence[int] = (1, 3, 5),
    output_dir: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """
    Score a Bash checkpoint on prompts, and the nearest-neighbour floor on the same prompts.

    The pipeline's own progress bar is left as it is; `pipe.set_progress_bar_config(disable=True)` silences it.

    Args:
        pipe ([`CodeFusionPipeline`]):
            The loaded checkpoint, with the scheduler to evaluate.
        pairs (sequence of mappings with `text` and `code`):
            The evaluation pairs. Rows that share a prompt (normalised) are one prompt with several right answers.
        train_pairs (sequence of mappings with `text` and `code`, *optional*):
            Training pairs; with them the report has the floor.
        num_inference_steps (`int`, *optional*, defaults to 20):
            Denoising steps.
        num_return_sequences (`int`, *optional*, defaults to 5):
            Candidates for each prompt, at least as many as the largest of `ks`.
        temperature (`float`, *optional*, defaults to 0.05), guidance_scale (`float`, *optional*, defaults to 1.0):
            See [`CodeFusionPipeline`].
        batch_size (`int`, *optional*, defaults to 16):
            Prompts generated at once, 1 or more. The noise depends on it.
        limit (`int`, *optional*):
            Number of distinct prompts to draw, see [`select_prompts`]. All if not given.
        seed (`int`, *optional*, defaults to 0):
            Seed of the generation. Each batch has a generator of its own, seeded with `seed` plus the index of its
            first prompt, so that batches share no noise.
        ks (sequence of `int`, *optional*, defaults to `(1, 3, 5)`):
            How many candidates to look at, see [`~codefusion_hf.evaluation.scoring.score_candidates`].
        output_dir (`str` or `os.PathLike`, *optional*):
            Folder for `report.json` and `predictions.jsonl` (one line a prompt: `prompt`, `references`, `candidates`,
            `scores`, and `nearest_neighbour` with training pairs). Nothing is written if not given.

    Returns:
        `dict`: The report, ready for JSON: `checkpoint` and `nearest_neighbour` (`None` without training pairs) with
        the percentages of [`~codefusion_hf.evaluation.scoring.score_candidates`], `num_prompts`, `limit`,
        `num_return_sequences`, `num_inference_steps`, `temperature`, `guidance_scale`, `scheduler` (its class),
        `batch_size`, `seed`, and `seconds` (generation alone).

    Raises:
        `ValueError`: If `pairs` is empty, a number is out of its range, or fewer candidates are asked for than the
            largest of `ks` looks at.
    """
    if len(pairs) == 0:
        raise ValueError("`pairs` must have at least one row, got none.")
    if batch_size < 1:
        raise ValueError(f"`batch_size` must be 1 or more, got {batch_size}.")
    if num_return_sequences < max(ks):
        raise ValueError(
            f"`num_return_sequences` must be at least the largest of `ks` ({max(ks)}), got {num_return_sequences}."
        )
    references_by_prompt = group_references(pairs)
    prompts = select_prompts(references_by_prompt, limit)
    references = [references_by_prompt[prompt] for prompt in prompts]

    candidates: list[list[str]] = []
    candidate_scores: list[list[float]] = []
    started = time.perf_counter()
    with tqdm(total=len(prompts), desc="Evaluating", unit="prompt") as progress:
        for start in range(0, len(prompts), batch_size):
            batch = prompts[start : start + batch_size]
            output = pipe(
                prompt=batch,
                num_inference_steps=num_inference_steps,
                num_return_sequences=num_return_sequences,
                temperature=temperature,
                guidance_scale=guidance_scale,
                generator=torch.Generator().manual_seed(seed + start),
            )
            candidates += output.codes
            candidate_scores += output.scores
            progress.update(len(batch))
    seconds = time.perf_counter() - started

    rows: list[dict[str, Any]] = [
        {"prompt": prompt, "references": right, "candidates": ranked, "scores": scores}
        for prompt, right, ranked, scores in zip(prompts, references, candidates, candidate_scores, strict=True)
    ]
    floor = None
    if train_pairs is not None:
        baseline = NearestNeighbourBaseline(
            [pair["text"] for pair in train_pairs], [pair["code"] for pair in train_pairs]
        )
        neighbours = baseline.predict(prompts, num_return_sequences)
        floor = score_candidates(neighbours, references, ks)
        for row, codes in zip(rows, neighbours, strict=True):
            row["nearest_neighbour"] = codes

    report = {
        "checkpoint": score_candidates(candidates, references, ks),
        "nearest_neighbour": floor,
        "num_prompts": len(prompts),
        "limit": limit,
        "num_return_sequences": num_return_sequences,
        "num_inference_steps": num_inference_steps,
        "temperature": temperature,
        "guidance_scale": guidance_scale,
        "scheduler": type(pipe.scheduler).__name__,
        "batch_size": batch_size,
        "seed": seed,
        "seconds": round(seconds, 1),
    }
    if output_dir is not None:
        folder = Path(output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        _write_text(folder / "predictions.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        _write_text(folder / "report.json", json.dumps(report, indent=2) + "\n")
    return report


def report_table(report: Mapping[str, Any]) -> Table:
    """
    Render a report for the terminal: `rich.print(report_table(report))`.

    Args:
        report (mapping):
            A report of [`evaluate_checkpoint`].

    Returns:
        `rich.table.Table`: One row a metric, one column for the checkpoint and one for the floor if there is one.
    """
    table = Table(
        title=f"{report['num_prompts']} prompts, {report['num_return_sequences']} candidates",
        caption=(
            f"{report['scheduler']}, {report['num_inference_steps']} steps, temperature {report['temperature']}, "
            f"guidance {report['guidance_scale']}, seed {report['seed']}, {report['seconds']:.1f} s"
        ),
    )
    floor = report["nearest_neighbour"]
    table.add_column("% of prompts")
    table.add_column("checkpoint", justify="right")
    if floor is not None:
        table.add_column("nearest neighbour", justify="right")
    for name, value in report["checkpoint"].items():
        metric, _, k = name.rpartition("_top")
        cells = [f"{METRIC_TITLES[metric]}, top-{k}", f"{value:.1f}"]
        if floor is not None:
            cells.append(f"{floor[name]:.1f}")
        table.add_row(*cells)
    return table


def _write_text(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
