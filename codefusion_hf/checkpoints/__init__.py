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


__all__ = ["available_checkpoints", "checkpoint_path"]
