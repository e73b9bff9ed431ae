# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Training presets: YAML files beside this one, or the user's own."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml


# What a preset may contain, and what each part is for.
SECTIONS = {
    "language": "language of the code",
    "tokenizer": "arguments of `train_tokenizer`",
    "model": "fields of `CodeFusionConfig`",
    "training": "arguments of `CodeFusionTrainingArguments` for both phases",
    "pretrain": "the same, for pre-training",
    "finetune": "the same, for fine-tuning",
}


def available_presets() -> list[str]:
    """Names of the presets that come with the package, sorted."""
    folder = files("codefusion_hf.training") / "presets"
    return sorted(Path(entry.name).stem for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def load_preset(name_or_path: str, overrides: list[str] | None = None) -> dict[str, Any]:
    """
    Load a training preset.

    Args:
        name_or_path (`str`):
            Name of a preset of the package, see [`available_presets`], or path of a YAML file.
        overrides (`list[str]`, *optional*):
            Changes of the form `section.key=value`, the value in YAML: `training.max_steps=100`.

    Returns:
        `dict`: the sections of `SECTIONS`, the missing ones empty.

    Raises:
        ValueError: if there is no such preset, a section is unknown or an override is malformed.
    """
    if name_or_path in available_presets():
        text = (files("codefusion_hf.training") / "presets" / f"{name_or_path}.yaml").read_text(encoding="utf-8")
    elif Path(name_or_path).is_file():
        text = Path(name_or_path).read_text(encoding="utf-8")
    else:
        raise ValueError(
            f"`preset` must be one of {', '.join(available_presets())} or the path of a YAML file, got "
            f"{name_or_path!r}."
        )
    preset = yaml.safe_load(text)
    if not isinstance(preset, dict):
        raise ValueError(f"Preset {name_or_path!r}: expected a mapping of {', '.join(SECTIONS)}.")
    for override in overrides or []:
        path, separator, value = override.partition("=")
        section, dot, key = path.partition(".")
        if not (separator and dot and key):
            raise ValueError(f"`overrides` must have the form section.key=value, got {override!r}.")
        target = preset.setdefault(section, {})
        *parents, last = key.split(".")
        for parent in parents:
            target = target.setdefault(parent, {})
        target[last] = yaml.safe_load(value)
    if unknown := sorted(set(preset) - set(SECTIONS)):
        raise ValueError(
            f"Preset {name_or_path!r} has unknown sections {', '.join(unknown)}; allowed are {', '.join(SECTIONS)}."
        )
    return {section: preset.get(section, {}) for section in SECTIONS}


__all__ = ["SECTIONS", "available_presets", "load_preset"]
