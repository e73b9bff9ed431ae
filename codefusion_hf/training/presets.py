# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Training presets: YAML files beside this one, or the user's own."""

import itertools
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml


PHASES = ("pretrain", "finetune")

# Brackets within each other in YAML.
MAX_DEPTH = 64

# What a preset may contain, and what each part is for.
SECTIONS = {
    "language": "language of the code",
    "tokenizer": "arguments of `train_tokenizer`, or `name_or_path` of a ready one",
    "model": "fields of `CodeFusionConfig`",
    "lora": "fields of PEFT's `LoraConfig`, to train low-rank adapters of the model that is given to start from",
    "training": "arguments of `CodeFusionTrainingArguments` for both phases",
    "pretrain": "the same, for pre-training",
    "finetune": "the same, for fine-tuning",
    "sampling": "`sampling_defaults` of the pipeline, which are saved with it",
}


class _Loader(yaml.SafeLoader):
    """`yaml.SafeLoader` that takes `5e-4` for a number, as YAML 1.2 does; to YAML 1.1 it is a string."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def available_presets() -> list[str]:
    """Names of the presets that come with the package, sorted."""
    folder = files("codefusion_hf.training") / "presets"
    return sorted(Path(entry.name).stem for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def nested_values(value: Any) -> Iterator[Any]:
    """
    What is in a value of YAML.

    Args:
        value:
            The value.

    Yields:
        It, and all that its lists and mappings have; what an anchor repeats, once: it may be repeated within itself.
    """
    seen: set[int] = set()
    remaining = [value]
    while remaining:
        item = remaining.pop()
        if isinstance(item, dict | list):
            if id(item) in seen:
                continue
            seen.add(id(item))
            remaining += item.values() if isinstance(item, dict) else item
        yield item


def _parse(text: str, name: str) -> Any:
    """A value in YAML, whose mappings have keys that are strings."""
    # PyYAML takes time in proportion to the square of the depth, before it fails at that of Python's stack.
    depths = itertools.accumulate((character in "[{") - (character in "]}") for character in text)
    if max(depths, default=0) > MAX_DEPTH:
        raise ValueError(f"{name}: expected at most {MAX_DEPTH} brackets within each other.")
    try:
        value = yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(f"{name}: expected YAML, got {error}") from error
    for item in nested_values(value):
        if isinstance(item, dict) and (keys := [key for key in item if not isinstance(key, str)]):
            raise ValueError(f"{name}: expected keys that are strings, got {keys[0]!r}.")
    return value


def load_preset(name_or_path: str, overrides: list[str] | None = None) -> dict[str, Any]:
    """
    Load a training preset.

    Args:
        name_or_path (`str`):
            Name of a preset of the package, see [`available_presets`], or path of a YAML file.
        overrides (`list[str]`, *optional*):
            Changes of the form `section.key=value`, the value in YAML: `training.max_steps=100`; or `language=value`.
            One of `training` holds in both phases, whatever the preset says of a phase; `pretrain.max_steps=100` holds
            in one.

    Returns:
        `dict`: the sections of `SECTIONS`, the missing ones empty.

    Raises:
        ValueError: if there is no such preset, a section is unknown or of the wrong type, or an override is malformed.
    """
    if name_or_path in available_presets():
        text = (files("codefusion_hf.training") / "presets" / f"{name_or_path}.yaml").read_text(encoding="utf-8")
    elif Path(name_or_path).is_file():
        try:
            text = Path(name_or_path).read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"Preset {name_or_path!r}: expected UTF-8, got {error}") from error
    else:
        raise ValueError(
            f"`preset` must be one of {', '.join(available_presets())} or the path of a YAML file, got "
            f"{name_or_path!r}."
        )
    preset = _parse(text, f"Preset {name_or_path!r}")
    if not isinstance(preset, dict):
        raise ValueError(f"Preset {name_or_path!r}: expected a mapping of {', '.join(SECTIONS)}.")
    for override in overrides or []:
        path, separator, value = override.partition("=")
        if not separator or "" in path.split(".") or ("." not in path and path != "language"):
            raise ValueError(f"`overrides` must have the form section.key=value, got {override!r}.")
        target = preset
        *parents, last = path.split(".")
        for parent in parents:
            if target.get(parent) is None:
                target[parent] = {}
            target = target[parent]
            if not isinstance(target, dict):
                raise ValueError(f"`overrides`: got {override!r}, but `{parent}` has no keys, it is {target!r}.")
        target[last] = _parse(value, f"`overrides` {override!r}")
        if parents == ["training"]:
            for phase in PHASES:
                if isinstance(preset.get(phase), dict):
                    preset[phase].pop(last, None)
    if unknown := sorted(set(preset) - set(SECTIONS)):
        raise ValueError(
            f"Preset {name_or_path!r} has unknown sections {', '.join(unknown)}; allowed are {', '.join(SECTIONS)}."
        )
    sections: dict[str, Any] = {}
    for section in SECTIONS:
        kind = str if section == "language" else dict
        # A section whose name stands alone is None to YAML.
        sections[section] = kind() if preset.get(section) is None else preset[section]
        if not isinstance(sections[section], kind):
            expected = "a string" if kind is str else "a mapping"
            raise ValueError(f"Preset {name_or_path!r}: `{section}` must be {expected}, got {sections[section]!r}.")
    for section in ("training", *PHASES):
        # To YAML 1.1, `no` is false.
        no_strategies = {
            name: "no" for name, value in sections[section].items() if name.endswith("_strategy") and value is False
        }
        sections[section] = {**sections[section], **no_strategies}
    return sections


__all__ = ["PHASES", "SECTIONS", "available_presets", "load_preset", "nested_values"]
