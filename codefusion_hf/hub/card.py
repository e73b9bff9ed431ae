# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The card of a checkpoint with all that is known of it: scores of a report, licence, training data."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from huggingface_hub import EvalResult, ModelCard, ModelCardData
from huggingface_hub.utils import HFValidationError, validate_repo_id
from transformers import PreTrainedModel

from codefusion_hf.errors import naming
from codefusion_hf.evaluation.report import CHECKPOINT_SYSTEM, report_markdown, report_title
from codefusion_hf.modeling.card import MADE_CARD, UNKNOWN_DATA
from codefusion_hf.pipelines.pipeline_card import pipeline_card


# Settings of an evaluation that a card does not repeat.
HIDDEN_SETTINGS = ("checkpoint", "checkpoint_hash")


def load_card(path: str | os.PathLike[str]) -> ModelCard:
    """
    Read a card.

    Args:
        path (`str` or `os.PathLike`):
            A README.md, with or without metadata.

    Returns:
        [`~huggingface_hub.ModelCard`]

    Raises:
        ValueError: if its metadata is not a mapping in YAML.
    """
    with naming(f"`{path}` has metadata that is not a mapping in YAML with the Hub's fields"):
        return ModelCard.load(Path(path))


def evaluation_results(report: Mapping[str, Any]) -> list[EvalResult]:
    """
    The checkpoint's scores of a report, for the `model-index` of a card.

    Args:
        report (mapping):
            Of [`~codefusion_hf.evaluation.report.load_report`].

    Returns:
        `list[EvalResult]`: one for each score, from 0 to 100, rounded to two digits.
    """
    data = Path(report.get("data") or "unknown").name
    return [
        EvalResult(
            task_type="text-generation",
            dataset_type=Path(data).stem,
            dataset_name=f"{data} ({report['num_prompts']} prompts)",
            dataset_args={"language": report["language"], "num_prompts": report["num_prompts"]},
            metric_type=name.partition("_top")[0],
            metric_name=report_title(report, name),
            metric_value=round(score["value"], 2),
        )
        for name, score in report["systems"][CHECKPOINT_SYSTEM]["metrics"].items()
    ]


def evaluation_section(report: Mapping[str, Any]) -> str:
    """
    A report as a section of a card.

    Args:
        report (mapping):
            Of [`~codefusion_hf.evaluation.report.load_report`].

    Returns:
        `str`: the Markdown of [`~codefusion_hf.evaluation.report.report_markdown`], without the names and hashes of
        folders.
    """
    return f"## Evaluation\n\n{report_markdown(report, HIDDEN_SETTINGS)}".rstrip()


def parse_datasets(datasets: Sequence[str]) -> dict[str, str]:
    """
    What a checkpoint is trained on.

    Args:
        datasets (sequence of `str`):
            Each `ID` or `ID=LICENCE`; the id is that of a data set on the Hub, or a name of that form.

    Returns:
        `dict[str, str]`: licences by ids, `unknown` where none is given.

    Raises:
        ValueError: if an id is not of the form that the Hub takes.
    """
    licences = {}
    for entry in datasets:
        name, _, licence = entry.partition("=")
        try:
            validate_repo_id(name)
        except HFValidationError as error:
            raise ValueError(f"dataset {entry!r} must be ID or ID=LICENCE, the id as on the Hub: {error}") from error
        licences[name] = licence or "unknown"
    return licences


def checkpoint_card(
    model: PreTrainedModel,
    repo_id: str,
    variant: str | None = None,
    card: ModelCard | None = None,
    report: Mapping[str, Any] | None = None,
    license: str | None = None,
    datasets: Mapping[str, str] | None = None,
) -> ModelCard:
    """
    The card to push a checkpoint with: the one that it has, its metadata completed and its text kept, or a new one.

    Args:
        model ([`CodeFusionModel`]):
            The checkpoint's model.
        repo_id (`str`):
            Where it is pushed to.
        variant (`str`, *optional*):
            Variant of the weights, if there are no others.
        card ([`~huggingface_hub.ModelCard`], *optional*):
            The card that it has. One that this function has made, and nobody has edited, is made anew if there is a
            report or data to put into it.
        report (mapping, *optional*):
            Of [`~codefusion_hf.evaluation.report.load_report`].
        license (`str`, *optional*):
            Licence of the weights: an identifier of https://huggingface.co/docs/hub/repositories-licenses.
        datasets (mapping, *optional*):
            Of [`parse_datasets`].

    Returns:
        [`~huggingface_hub.ModelCard`]: with metadata that the Hub accepts, and a `model-index` if there are scores.
    """
    sections = [UNKNOWN_DATA]
    if datasets:
        rows = "\n".join(f"| {name} | {licence} |" for name, licence in datasets.items())
        sections = [f"## Training data\n\n| data | licence |\n|---|---|\n{rows}"]
    if report is not None:
        sections.append(evaluation_section(report))
    rewrite = card is not None and MADE_CARD in card.text and bool(report or datasets)
    card = pipeline_card(model, repo_id, variant, card, sections, rewrite)
    data = cast(ModelCardData, card.data)
    if license is not None:
        data.license = license
    if datasets:
        known = [data.datasets] if isinstance(data.datasets, str) else data.datasets or []
        data.datasets = [*known, *(name for name in datasets if name not in known)]
    if report is not None:
        results = evaluation_results(report)
        replaced = {result.unique_identifier for result in results}
        data.eval_results = [
            *(result for result in data.eval_results or [] if result.unique_identifier not in replaced),
            *results,
        ]
        data.model_name = data.model_name or repo_id.rpartition("/")[2]
        data.tags = [*dict.fromkeys([*(data.tags or []), report["language"]])]
    return card


__all__ = [
    "checkpoint_card",
    "evaluation_results",
    "evaluation_section",
    "load_card",
    "parse_datasets",
]
