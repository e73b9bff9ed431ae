# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The checkpoints that come with the package, and the T5 models trained beside them to compare with."""

from pathlib import Path


BASELINE_SUFFIX = "-t5"


def available_checkpoints() -> list[str]:
    """Names of the bundled checkpoints, sorted."""
    return sorted(path.parent.name for path in Path(__file__).parent.glob("*/model_index.json"))


def checkpoint_path(name: str) -> Path:
    """
    Folder of a bundled checkpoint, for `CodeFusionPipeline.from_pretrained`.

    Args:
        name (`str`):
            One of [`available_checkpoints`].

    Returns:
        `Path`: the folder.

    Raises:
        ValueError: if there is no such checkpoint.
    """
    if name not in available_checkpoints():
        raise ValueError(f"`name` must be one of {', '.join(available_checkpoints())}, got {name!r}.")
    return Path(__file__).parent / name


def language_checkpoint(language: str) -> str:
    """
    Name of the checkpoint of a language.

    Args:
        language (`str`):
            `bash`, `python` or `cf`.

    Returns:
        `str`: one of [`available_checkpoints`].
    """
    return f"{language}-tiny"


def resolve_checkpoint(name_or_path: str) -> str:
    """
    Where to load a checkpoint from.

    Args:
        name_or_path (`str`):
            Name of a bundled checkpoint, folder or Hub id.

    Returns:
        `str`: the folder of a bundled checkpoint; anything else as it is.
    """
    return str(checkpoint_path(name_or_path)) if name_or_path in available_checkpoints() else name_or_path


def baseline_path(language: str) -> Path | None:
    """
    Folder of the auto-regressive baseline of a language, for
    [`~codefusion_hf.evaluation.baselines.auto_regressive.AutoRegressiveBaseline`].

    Args:
        language (`str`):
            `bash`, `python` or `cf`.

    Returns:
        `Path`: the folder; `None` if none is bundled.
    """
    path = Path(__file__).parent / f"{language}{BASELINE_SUFFIX}"
    return path if (path / "config.json").is_file() else None


__all__ = [
    "available_checkpoints",
    "baseline_path",
    "checkpoint_path",
    "language_checkpoint",
    "resolve_checkpoint",
]
