# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The systems that an evaluation compares: a CodeFusion checkpoint, and the baselines beside it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codefusion_hf.evaluation.baselines.auto_regressive import AutoRegressiveBaseline
from codefusion_hf.evaluation.baselines.nearest_neighbour import NearestNeighbourBaseline
from codefusion_hf.inference.arguments import SamplingArguments
from codefusion_hf.memory import CodeFusionMemory


if TYPE_CHECKING:
    from codefusion_hf.pipelines import CodeFusionPipeline


# How the auto-regressive baseline is sampled.
SAMPLING: dict[str, Any] = {"temperature": 0.8, "top_p": 0.95}


@dataclass(frozen=True)
class System:
    """
    Something that gives ranked candidates for prompts.

    Args:
        name (`str`):
            Its name in reports, and of the folder that its predictions are kept in.
        title (`str`):
            Its name in tables.
        predict (callable from `list[str]` and `int` to `list[dict]`):
            From a batch of prompts and the index of the first of them to one dictionary a prompt, with `candidates`
            (`list[str]`, best first) and what else is to be kept.
        settings (`dict`):
            What the candidates depend on besides the prompts, ready for JSON.
    """

    name: str
    title: str
    predict: Callable[[list[str], int], list[dict[str, Any]]]
    settings: dict[str, Any]


def checkpoint_system(
    pipe: "CodeFusionPipeline",
    sampling: SamplingArguments,
    language: str | None = None,
    *,
    name: str = "checkpoint",
    title: str = "CodeFusion",
    **settings: Any,
) -> System:
    """
    A CodeFusion checkpoint.

    Args:
        pipe ([`CodeFusionPipeline`]):
            The loaded checkpoint, with the scheduler to evaluate. Its progress bar is left as it is;
            `pipe.set_progress_bar_config(disable=True)` silences it.
        sampling ([`~codefusion_hf.inference.arguments.SamplingArguments`]):
            How to sample. Each batch has a generator of its own, seeded with `seed` plus the index of its first
            prompt, so that batches share no noise; `scheduler` does not count.
        language (`str`, *optional*):
            Language of the code, which `valid_first` needs. Defaults to the checkpoint's.
        name (`str`, *optional*, defaults to `"checkpoint"`), title (`str`, *optional*, defaults to `"CodeFusion"`):
            Names of the system.
        settings:
            More to write in the report: where the checkpoint is from, its hash.

    Returns:
        [`System`]
    """
    arguments = sampling.call_arguments(pipe.sampling_defaults, language)

    def predict(prompts: list[str], start: int) -> list[dict[str, Any]]:
        output = pipe(prompt=prompts, generator=sampling.generator(start), **arguments)
        return [
            {"candidates": codes, "scores": scores} for codes, scores in zip(output.codes, output.scores, strict=True)
        ]

    settings |= sampling.settings(pipe.sampling_defaults)
    settings["scheduler"] = type(pipe.scheduler).__name__
    if settings["memory"] is not None:
        # Where it lies is nothing to publish.
        settings |= {"memory": Path(settings["memory"]).name, "num_memory_rows": len(arguments["memory"])}
    return System(name, title, predict, settings)


def nearest_neighbour_system(
    train_rows: Sequence[Mapping[str, Any]], language: str, num_return_sequences: int = 5
) -> System:
    """
    The floor: codes of the most similar training prompts, with the values of the prompt in place of their own, see
    [`NearestNeighbourBaseline`].

    Args:
        train_rows (sequence of mappings with `text` and `code`):
            The training pairs.
        language (`str`):
            Language of the code.
        num_return_sequences (`int`, *optional*, defaults to 5):
            Candidates for each prompt.

    Returns:
        [`System`]
    """
    baseline = NearestNeighbourBaseline(
        [row["text"] for row in train_rows], [row["code"] for row in train_rows], language
    )

    def predict(prompts: list[str], start: int) -> list[dict[str, Any]]:
        return [{"candidates": codes} for codes in baseline.predict(prompts, num_return_sequences)]

    settings = {
        "num_return_sequences": num_return_sequences,
        "num_training_rows": len(train_rows),
        "language": language,
    }
    return System("nearest_neighbour", "nearest neighbour", predict, settings)


def auto_regressive_systems(
    baseline: AutoRegressiveBaseline,
    num_return_sequences: int = 5,
    seed: int = 0,
    memory: CodeFusionMemory | None = None,
    num_neighbors: int = 3,
    **settings: Any,
) -> list[System]:
    """
    The auto-regressive baseline, decoded in two ways.

    Args:
        baseline ([`AutoRegressiveBaseline`]):
            The loaded baseline.
        num_return_sequences (`int`, *optional*, defaults to 5):
            Candidates for each prompt; also the number of beams.
        seed (`int`, *optional*, defaults to 0):
            Seed of the sampling; each batch has its own, as that of [`checkpoint_system`].
        memory ([`~codefusion_hf.memory.CodeFusionMemory`], *optional*), num_neighbors (`int`, *optional*, defaults \
            to 3):
            What the baseline reads behind the prompts, if it was trained so.
        settings:
            More to write in the report.

    Returns:
        `list[System]`: with beam search, and with sampling.
    """
    settings = {**settings, "num_return_sequences": num_return_sequences}
    predict = partial(baseline.predict, k=num_return_sequences)
    if memory is not None:
        predict = partial(predict, memory=memory, num_neighbors=num_neighbors)
        settings |= {"num_memory_rows": len(memory), "num_neighbors": num_neighbors}

    def beam(prompts: list[str], start: int) -> list[dict[str, Any]]:
        return [{"candidates": codes} for codes in predict(prompts, method="beam")]

    def sample(prompts: list[str], start: int) -> list[dict[str, Any]]:
        candidates = predict(prompts, method="sampling", seed=seed + start, **SAMPLING)
        return [{"candidates": codes} for codes in candidates]

    return [
        System("t5_beam", f"T5, beam {num_return_sequences}", beam, settings),
        System("t5_sampling", "T5, sampled", sample, {**settings, **SAMPLING, "seed": seed}),
    ]


__all__ = ["System", "auto_regressive_systems", "checkpoint_system", "nearest_neighbour_system"]
