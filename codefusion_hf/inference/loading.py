# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints as they are loaded to work with."""

import json
import warnings
from pathlib import Path

import diffusers
import torch
import transformers
from diffusers import SchedulerMixin

from codefusion_hf.checkpoints import available_checkpoints, resolve_checkpoint
from codefusion_hf.errors import loading
from codefusion_hf.manifest import check_pipeline
from codefusion_hf.modeling import CodeFusionConfig
from codefusion_hf.pipelines import SUPPORTED_SCHEDULERS, CodeFusionPipeline, CodeFusionScheduler


def silence_libraries() -> None:
    """Have the libraries that load a checkpoint say nothing but errors, and show no bars of what they load."""
    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()
    warnings.filterwarnings("ignore", module=r"(diffusers|huggingface_hub|torch|transformers)\b")


def scheduler_class(name: str) -> type[SchedulerMixin]:
    """
    A scheduler's class by its name.

    Args:
        name (`str`):
            With or without "Scheduler" at its end: [`CodeFusionScheduler`] or one of `SUPPORTED_SCHEDULERS`.

    Returns:
        `type`: the class.

    Raises:
        ValueError: if it is none of these.
    """
    classes = {"CodeFusionScheduler": CodeFusionScheduler}
    classes |= {supported: getattr(diffusers, supported) for supported in SUPPORTED_SCHEDULERS}
    found = classes.get(name) or classes.get(f"{name}Scheduler")
    if found is None:
        raise ValueError(f"unknown scheduler {name!r}; known are {', '.join(classes)}.")
    return found


def load_checkpoint(checkpoint: str | Path) -> CodeFusionPipeline:
    """
    Load a checkpoint in single precision, to train it or to sample from it.

    Args:
        checkpoint (`str` or `Path`):
            Name of a bundled checkpoint, folder of a pipeline or Hub id.

    Returns:
        [`CodeFusionPipeline`]: on the CPU.

    Raises:
        ImportError: if a library is missing that it needs.
        ValueError: if there is no such checkpoint, or it cannot be loaded.
    """
    path = resolve_checkpoint(str(checkpoint))
    if Path(path).exists() and not (Path(path) / CodeFusionPipeline.config_name).is_file():
        raise ValueError(f"{str(checkpoint)!r} is no checkpoint: it has no {CodeFusionPipeline.config_name}.")
    is_folder = Path(path).exists()
    kinds = "" if is_folder else f", which is neither bundled ({', '.join(available_checkpoints())}) nor a folder"
    with loading(f"checkpoint {str(checkpoint)!r}{kinds}"):
        if is_folder:
            check_pipeline(path)
            _check_model_type(Path(path) / "model" / "config.json")
        # Half precision, which a checkpoint may be stored in, is many times slower on a CPU, and no use in training.
        pipe = CodeFusionPipeline.from_pretrained(path, dtype=torch.float32)
        max_length = pipe.tokenizer.model_max_length
        if not isinstance(max_length, int) or max_length < 1:
            raise ValueError(f"the tokenizer's `model_max_length` must be an integer from 1 up, got {max_length!r}.")
    return pipe


def _check_model_type(path: Path) -> None:
    """A model of another type would be loaded as one of ours, with random weights where it has no such ones."""
    model_type = json.loads(path.read_text(encoding="utf-8"))["model_type"]
    if model_type != CodeFusionConfig.model_type:
        raise ValueError(f"{path}: `model_type` must be {CodeFusionConfig.model_type!r}, got {model_type!r}.")


def load_pipeline(checkpoint: str, scheduler: str | None = None, int8: bool = False) -> CodeFusionPipeline:
    """
    Load a checkpoint for inference, with the scheduler swapped if one is named.

    Args:
        checkpoint (`str`):
            Name of a bundled checkpoint, folder of a pipeline or Hub id.
        scheduler (`str`, *optional*):
            Of [`scheduler_class`]. The checkpoint's own if not given.
        int8 (`bool`, *optional*, defaults to `False`):
            Whether the denoiser computes with 8-bit integers, see [`quantize_denoiser`].

    Returns:
        [`CodeFusionPipeline`]: without progress bar, on a GPU where there is one and `int8` is not set.

    Raises:
        ImportError: if a library is missing that it needs.
        ValueError: if there is no such checkpoint or scheduler, or the checkpoint cannot be loaded.
    """
    silence_libraries()
    class_of_scheduler = None if scheduler is None else scheduler_class(scheduler)
    pipe = load_checkpoint(checkpoint)
    if class_of_scheduler is not None:
        with loading(f"scheduler {scheduler} for checkpoint {checkpoint!r}"):
            pipe.scheduler = class_of_scheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    if int8:
        quantize_denoiser(pipe)
        return pipe
    return pipe.to("cuda" if torch.cuda.is_available() else "cpu")


def quantize_denoiser(pipe: CodeFusionPipeline) -> None:
    """
    Have the linear layers of the denoiser compute with 8-bit integers: dynamic quantization
    (https://docs.pytorch.org/docs/stable/generated/torch.ao.quantization.quantize_dynamic.html), on the CPU.

    Args:
        pipe ([`CodeFusionPipeline`]):
            Whose model is changed.
    """
    # Deprecated in favour of torchao, whose int8 is slower than single precision on a CPU unless it is compiled.
    linear = {torch.nn.Linear}
    pipe.model.denoiser = torch.ao.quantization.quantize_dynamic(pipe.model.denoiser, linear, dtype=torch.qint8)


__all__ = ["load_checkpoint", "load_pipeline", "quantize_denoiser", "scheduler_class", "silence_libraries"]
