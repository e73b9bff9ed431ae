# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The checkpoints that come with the package."""

from pathlib import Path


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


__all__ = [
    "available_checkpoints",
    "checkpoint_path",
    "language_checkpoint",
    "resolve_checkpoint",
]
