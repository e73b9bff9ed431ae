# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The plots of an evaluation: match against k and against the number of steps, edit distance against the step."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from codefusion_hf.evaluation.arguments import EvaluationArguments
from codefusion_hf.evaluation.comparison import predict_system
from codefusion_hf.evaluation.denoising import edit_distance_by_step
from codefusion_hf.evaluation.examples import Example
from codefusion_hf.evaluation.metrics.confidence import Estimate, bootstrap_mean
from codefusion_hf.evaluation.plots import plot_edit_distance_by_step, plot_match_at_k, plot_match_at_steps
from codefusion_hf.evaluation.scoring import metric_title, score_candidates
from codefusion_hf.evaluation.systems import System
from codefusion_hf.inference.arguments import SamplingArguments
from codefusion_hf.inference.processes import process_state
from codefusion_hf.languages import get_language


if TYPE_CHECKING:
    from codefusion_hf.pipelines import CodeFusionPipeline


# Prompts that the edit distance is measured for, step by step.
MAX_TRACKED_PROMPTS = 100


def save_curves(
    pipe: "CodeFusionPipeline",
    systems: Sequence[System],
    checkpoint_at: Callable[[int], System],
    examples: Sequence[Example],
    arguments: EvaluationArguments,
    sampling: SamplingArguments,
) -> list[Path]:
    """
    Plot an evaluation.

    Predictions that [`~codefusion_hf.evaluation.comparison.evaluate_systems`] has left in the folder are not made
    again.

    Args:
        pipe ([`CodeFusionPipeline`]):
            The loaded checkpoint.
        systems (sequence of [`System`]):
            What is compared.
        checkpoint_at (callable from `int` to [`System`]):
            The checkpoint with another number of denoising steps.
        examples (sequence of [`Example`]):
            Prompts and references.
        arguments ([`~codefusion_hf.evaluation.arguments.EvaluationArguments`]):
            Those of the evaluation, with an `output_dir`. The main metric of the language
            ([`~codefusion_hf.languages.language.Language`]) is plotted; without `compare_steps`, not against the
            number of denoising steps.
        sampling ([`~codefusion_hf.inference.arguments.SamplingArguments`]):
            How the drafts are sampled whose edit distances are plotted, for the first 100 examples.

    Returns:
        `list[Path]`: the plots: `match_at_k.png`, `edit_distance.png` and, with `compare_steps`, `match_at_steps.png`.

    Raises:
        ValueError: if there is no `output_dir`.
    """
    if arguments.output_dir is None:
        raise ValueError("`arguments` must have an `output_dir` for the plots, got none.")
    folder, language = Path(arguments.output_dir), arguments.language
    metric = get_language(language).main_metric
    ylabel = f"{metric_title(language, metric)} (%)"
    is_main_process = process_state().is_main_process

    def match(system: System, ks: Sequence[int]) -> list[Estimate]:
        predictions = predict_system(system, examples, arguments.batch_size, folder)
        candidates = [prediction["candidates"] for prediction in predictions]
        scores = score_candidates(examples, candidates, language, ks, metrics=(metric,))
        return [scores[f"{metric}_top{k}"] for k in ks]

    num_candidates = min(system.settings["num_return_sequences"] for system in systems)
    ks = range(1, num_candidates + 1)
    paths = [folder / "match_at_k.png"]
    by_system = {system.title: match(system, ks) for system in systems}
    if is_main_process:
        plot_match_at_k(by_system, ks, paths[-1], ylabel)

    if arguments.compare_steps:
        paths.append(folder / "match_at_steps.png")
        ends = [match(checkpoint_at(steps), (1, num_candidates)) for steps in arguments.compare_steps]
        by_k = {f"top-{k}": [end[index] for end in ends] for index, k in enumerate((1, num_candidates))}
        if is_main_process:
            plot_match_at_steps(arguments.compare_steps, by_k, paths[-1], ylabel)

    paths.append(folder / "edit_distance.png")
    if is_main_process:
        prompts = [example.prompt for example in examples[:MAX_TRACKED_PROMPTS]]
        distances = edit_distance_by_step(pipe, prompts, sampling, arguments.batch_size)
        plot_edit_distance_by_step([bootstrap_mean(at_step) for at_step in zip(*distances, strict=True)], paths[-1])
    return paths


__all__ = ["save_curves"]
