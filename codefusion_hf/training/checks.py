# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Whether a preset can be trained with, before any data is read: what is named is a value of a wrong type or out of its
range, and not what a library stumbles over when it is used.
"""

import dataclasses
import inspect
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_type_hints

import torch
from huggingface_hub.dataclasses import type_validator
from tokenizers import Regex
from transformers import AutoTokenizer, T5ForConditionalGeneration, Trainer, get_scheduler
from transformers.integrations import get_reporting_integration_callbacks

from codefusion_hf.data.tokenization import train_tokenizer
from codefusion_hf.errors import loading, naming
from codefusion_hf.languages import LANGUAGES
from codefusion_hf.modeling import CodeFusionConfig, CodeFusionModel
from codefusion_hf.pipelines import check_sampling_defaults

from .presets import nested_values
from .run import make_training_arguments
from .trainer import CodeFusionTrainingArguments


# Ranges of numbers that transformers takes as they are, and fails with later. Of those that it checks, it says so.
_RANGES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(
        ("per_device_train_batch_size", "per_device_eval_batch_size", "gradient_accumulation_steps"),
        ("1 or more", lambda value: value >= 1),
    ),
    **dict.fromkeys(
        ("num_train_epochs", "logging_steps", "eval_steps", "save_steps"), ("above 0", lambda value: value > 0)
    ),
    **dict.fromkeys(
        (
            "learning_rate",
            "weight_decay",
            "adam_epsilon",
            "warmup_steps",
            "max_grad_norm",
            "dataloader_num_workers",
            "eval_delay",
        ),
        ("0 or more", lambda value: value >= 0),
    ),
    **dict.fromkeys(("adam_beta1", "adam_beta2", "ema_decay"), ("in [0, 1)", lambda value: 0 <= value < 1)),
    **dict.fromkeys(("seed", "data_seed"), ("from 0 to 2**32 - 1", lambda value: 0 <= value < 2**32)),
}
# What is given in another way.
_NOT_OF_A_PRESET = {
    "output_dir": "it is --output-dir",
    "resume_from_checkpoint": "it is --resume",
    "length_column_name": "the datasets have one",
}
# What has to be 1 or more in the configuration of an encoder, by whatever name its library calls it.
_SIZE = re.compile(r"num_\w*(layers|heads)|d_\w+|\w+_size")
# Tokens of a vocabulary for which a model is laid out, without weights, to see whether its sizes fit.
_SOME_TOKENS = 64


def check_preset(
    preset: Mapping[str, Any],
    phase: str,
    output_dir: str | Path,
    *,
    has_model: bool = True,
    has_tokenizer: bool = True,
) -> None:
    """
    Check the values of a preset.

    Args:
        preset (mapping):
            From [`~codefusion_hf.training.presets.load_preset`].
        phase (`str`):
            The phase that is trained, `"pretrain"` or `"finetune"`.
        output_dir (`str` or `Path`):
            Where checkpoints go.
        has_model (`bool`, *optional*, defaults to `True`):
            Whether `model` counts: it does not where training starts from a checkpoint.
        has_tokenizer (`bool`, *optional*, defaults to `True`):
            Whether `tokenizer` counts.

    Raises:
        ImportError: if a library is missing.
        ValueError: if a value is of a wrong type, out of its range, or does not fit the others.
    """
    with naming("the preset's `sampling` does not work"):
        check_sampling_defaults(preset["sampling"])
    for section in ("training", phase):
        for name in preset[section].keys() & _NOT_OF_A_PRESET:
            raise ValueError(f"The preset's `{section}.{name}` must not be given: {_NOT_OF_A_PRESET[name]}.")
        _check_types(section, preset[section], get_type_hints(CodeFusionTrainingArguments))
        for field in dataclasses.fields(CodeFusionTrainingArguments):
            choices = field.metadata.get("choices")
            if choices and field.name in preset[section] and preset[section][field.name] not in choices:
                raise ValueError(
                    f"The preset's `{section}.{field.name}` must be one of {', '.join(map(str, choices))}, got "
                    f"{preset[section][field.name]!r}."
                )
        for name, (allowed, is_allowed) in _RANGES.items():
            value = preset[section].get(name)
            if value is not None and not is_allowed(value):
                raise ValueError(f"The preset's `{section}.{name}` must be {allowed}, got {value!r}.")
    with naming(f"the preset's `training` and `{phase}` do not work"):
        args = make_training_arguments(dict(preset), phase, output_dir, has_validation_data=True)
        args.get_process_log_level()
        if args.torch_compile_backend not in (None, *torch.compiler.list_backends(exclude_tags=())):
            raise ValueError(f"`torch_compile_backend` is none that torch has, got {args.torch_compile_backend!r}.")
        get_reporting_integration_callbacks(args.report_to)
        Trainer.get_optimizer_cls_and_kwargs(args)
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        get_scheduler(
            args.lr_scheduler_type,
            optimizer,
            num_warmup_steps=0,
            num_training_steps=1,
            scheduler_specific_kwargs=args.lr_scheduler_kwargs,
        )
    if has_tokenizer:
        _check_tokenizer(preset["tokenizer"])
    if has_model:
        _check_model(preset["model"])
    if preset["lora"]:
        _check_lora(preset["lora"])
    if preset["language"] not in LANGUAGES:
        raise ValueError(f"The preset's `language` must be one of {', '.join(LANGUAGES)}, got {preset['language']!r}.")


def check_baseline(name_or_path: str) -> None:
    """
    Check that a baseline can be loaded, to start training from.

    Args:
        name_or_path (`str`):
            Folder or Hub id of a T5 and its tokenizer.

    Raises:
        ValueError: if it cannot be loaded; the message names it.
    """
    with loading(f"baseline {name_or_path!r}"):
        AutoTokenizer.from_pretrained(name_or_path)
        T5ForConditionalGeneration.from_pretrained(name_or_path)


def _check_types(section: str, values: Mapping[str, Any], types: Mapping[str, Any]) -> None:
    """Unknown names are left to those who know what they could be."""
    for name, value in values.items():
        for item in nested_values(value):
            if isinstance(item, float) and not math.isfinite(item):
                raise ValueError(f"The preset's `{section}.{name}` must be finite, got {value!r}.")
        if name not in types or (_takes_float(types[name]) and isinstance(value, int) and not isinstance(value, bool)):
            continue
        try:
            type_validator(name, value, types[name])
        except TypeError as error:
            kind = types[name].__name__ if isinstance(types[name], type) else f"{types[name]}".replace("typing.", "")
            raise ValueError(f"The preset's `{section}.{name}` must be of the type {kind}, got {value!r}.") from error


def _takes_float(kind: Any) -> bool:
    return kind is float or float in getattr(kind, "__args__", ())


def _check_tokenizer(settings: Mapping[str, Any]) -> None:
    if "name_or_path" in settings:
        with loading(f"the preset's tokenizer {settings['name_or_path']!r}"):
            AutoTokenizer.from_pretrained(settings["name_or_path"])
        return
    parameters = inspect.signature(train_tokenizer).parameters
    _check_types("tokenizer", settings, {name: parameter.annotation for name, parameter in parameters.items()})
    for name in ("vocab_size", "model_max_length"):
        if settings.get(name, 1) < 1:
            raise ValueError(f"The preset's `tokenizer.{name}` must be 1 or more, got {settings[name]!r}.")
    if settings.get("split_pattern") is not None:
        with naming(f"the preset's `tokenizer.split_pattern` is malformed, {settings['split_pattern']!r}"):
            Regex(settings["split_pattern"])


def _check_model(settings: Mapping[str, Any]) -> None:
    types = {field.name: field.type for field in dataclasses.fields(CodeFusionConfig)}
    _check_types("model", settings, types)
    initializer_range = settings.get("initializer_range", 0)
    if initializer_range < 0:
        raise ValueError(f"The preset's `model.initializer_range` must be 0 or more, got {initializer_range!r}.")
    encoder_settings = settings.get("encoder_config") or {}
    sizes = {f"encoder_config.{name}": value for name, value in encoder_settings.items() if _SIZE.fullmatch(name)}
    for name, value in {**sizes, "vocab_size": settings.get("vocab_size", 1)}.items():
        if isinstance(value, int) and value < 1:
            raise ValueError(f"The preset's `model.{name}` must be 1 or more, got {value!r}.")
    vocab_size = max(settings.get("vocab_size", 0), _SOME_TOKENS)
    encoder_config = {**encoder_settings, "vocab_size": vocab_size}
    with naming("the preset's `model` is malformed"):
        config = CodeFusionConfig(**{**settings, "encoder_config": encoder_config, "vocab_size": vocab_size})
        with torch.device("meta"):
            CodeFusionModel(config)


def _check_lora(settings: Mapping[str, Any]) -> None:
    try:
        import peft
    except ImportError:
        return  # `add_lora` says so
    _check_types("lora", settings, get_type_hints(peft.LoraConfig))
    fields = {field.name for field in dataclasses.fields(peft.LoraConfig)}
    if settings.keys() <= fields and settings.get("r", 1) < 1:
        raise ValueError(f"The preset's `lora.r` must be 1 or more, got {settings['r']!r}.")


__all__ = ["check_baseline", "check_preset"]
