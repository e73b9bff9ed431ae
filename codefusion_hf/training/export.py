# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""From trained weights to a pipeline, and to its folder."""

from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from codefusion_hf.files import staged_folder
from codefusion_hf.manifest import write_pipeline_manifest
from codefusion_hf.modeling import CodeFusionModel
from codefusion_hf.pipelines import CodeFusionPipeline, CodeFusionScheduler

from .diagnostics import TrainingDivergedError, find_divergence


def build_pipeline(
    model: CodeFusionModel, tokenizer: PreTrainedTokenizerBase, sampling_defaults: dict[str, Any] | None = None
) -> CodeFusionPipeline:
    """
    A pipeline around a model, with the scheduler of the noise that it is trained with.

    Args:
        model ([`CodeFusionModel`]):
            The model.
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Its tokenizer.
        sampling_defaults (`dict`, *optional*):
            As for [`CodeFusionPipeline`].

    Returns:
        [`CodeFusionPipeline`]

    Raises:
        ValueError: if `sampling_defaults` has an unknown name.
    """
    scheduler = CodeFusionScheduler(
        num_train_timesteps=model.config.num_train_timesteps,
        schedule_offset=model.config.schedule_offset,
        noise_factor=model.config.noise_factor,
        prediction_type=model.config.prediction_type,
    )
    return CodeFusionPipeline(
        model=model, tokenizer=tokenizer, scheduler=scheduler, sampling_defaults=sampling_defaults
    )


def export_pipeline(pipeline: CodeFusionPipeline, folder: str | Path) -> None:
    """
    Save a pipeline so that a folder holds all of it or, as `model_index.json` comes last, is no pipeline yet; with a
    manifest ([`~codefusion_hf.manifest`]), by which a damaged one is told.

    Args:
        pipeline ([`CodeFusionPipeline`]):
            The pipeline.
        folder (`str` or `Path`):
            Where to. What else is in it stays; an older pipeline is replaced.

    Raises:
        TrainingDivergedError: if a weight is not finite; nothing is written.
        OSError: if it cannot be written; an older pipeline is then as it was, or, if it was while it was being
            replaced, has no `model_index.json` any more.
    """
    if damage := find_divergence(pipeline.model.state_dict().items()):
        raise TrainingDivergedError(f"The pipeline is not saved to {folder}: {damage}. Its training has diverged.")
    with staged_folder(folder, last=CodeFusionPipeline.config_name) as temporary:
        pipeline.save_pretrained(temporary)
        write_pipeline_manifest(temporary)


__all__ = ["build_pipeline", "export_pipeline"]
