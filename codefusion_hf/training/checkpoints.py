# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Which checkpoint of a training can be gone on from: one that is whole, by its manifest.

Trainer resumes from what it finds. Without the state of the optimizer, of the schedule or of the random numbers it
begins these anew and says nothing, and what comes out then is another model.
"""

import re
from pathlib import Path

from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from codefusion_hf.manifest import MANIFEST_FILE, describe, find_damages, manifest_fact, write_manifest


def write_checkpoint_manifest(checkpoint: str | Path, is_resumable: bool = True) -> None:
    """
    Write down what is in a checkpoint.

    Args:
        checkpoint (`str` or `Path`):
            Its folder, with all of its files. An older manifest is replaced.
        is_resumable (`bool`, *optional*, defaults to `True`):
            Whether it has all that a training goes on from, and not the weights alone.

    Raises:
        OSError: if a file cannot be read, or the manifest not be written.
    """
    files = [path for path in Path(checkpoint).rglob("*") if path.is_file()]
    paths = [path for path in files if path != Path(checkpoint) / MANIFEST_FILE]
    write_manifest(checkpoint, paths, is_resumable=is_resumable)


def check_resumable(checkpoint: str | Path) -> None:
    """
    Refuse to go on from a checkpoint that is not whole.

    Args:
        checkpoint (`str` or `Path`):
            Its folder.

    Raises:
        ValueError: if it is no folder, it is damaged, or it has the weights alone. The message names the damaged
            files, and the last checkpoint before it that is whole.
        OSError: if a file cannot be read.
    """
    checkpoint = Path(checkpoint)
    if not checkpoint.is_dir():
        raise ValueError(f"Cannot resume: there is no checkpoint {checkpoint}.")
    if damages := find_damages(checkpoint):
        raise ValueError(f"Cannot resume: {describe(damages)}. {_advice(checkpoint)}")
    if not is_resumable(checkpoint):
        raise ValueError(
            f"Cannot resume: {checkpoint} was saved with `save_only_model` and has the weights alone, without the "
            "state of the optimizer, the schedule and the random numbers."
        )


def is_resumable(checkpoint: str | Path) -> bool:
    """
    Whether a checkpoint has more than the weights.

    Args:
        checkpoint (`str` or `Path`):
            Its folder, with a manifest that is whole.
    """
    return manifest_fact(checkpoint, "is_resumable") is True


def checkpoint_step(checkpoint: str | Path) -> int:
    """
    The number of the step in a checkpoint's name.

    Args:
        checkpoint (`str` or `Path`):
            Its folder.

    Returns:
        `int`: the step; 0 if the folder has another name.
    """
    match = re.fullmatch(rf"{PREFIX_CHECKPOINT_DIR}-(\d+)", Path(checkpoint).name)
    return int(match[1]) if match else 0


def last_whole_checkpoint(folder: str | Path, before: int | None = None) -> Path | None:
    """
    The last checkpoint that a training can go on from.

    Args:
        folder (`str` or `Path`):
            The `output_dir` of a training.
        before (`int`, *optional*):
            Step that it has to be earlier than.

    Returns:
        `Path`, *optional*: its folder, or `None` if none is whole.
    """
    checkpoints = [path for path in Path(folder).glob(f"{PREFIX_CHECKPOINT_DIR}-*") if path.is_dir()]
    for path in sorted(checkpoints, key=checkpoint_step, reverse=True):
        if (before is None or checkpoint_step(path) < before) and not find_damages(path) and is_resumable(path):
            return path
    return None


def _advice(checkpoint: Path) -> str:
    whole = last_whole_checkpoint(checkpoint.parent, before=checkpoint_step(checkpoint))
    advice = (
        "No checkpoint before it is whole."
        if whole is None
        else f"The last whole checkpoint before it is {whole}: delete the damaged one to go on from there."
    )
    if (checkpoint / MANIFEST_FILE).exists():
        return advice
    return (
        f"{advice} If {checkpoint.name} is of a version that wrote no manifest, and you know it to be whole, "
        f"`{__name__}.{write_checkpoint_manifest.__name__}({str(checkpoint)!r})` makes one."
    )


__all__ = [
    "check_resumable",
    "checkpoint_step",
    "is_resumable",
    "last_whole_checkpoint",
    "write_checkpoint_manifest",
]
