# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The manifest of a training checkpoint: the size and the SHA-256 of each of its files.

Trainer resumes from what it finds. Without the state of the optimizer, of the schedule or of the random numbers it
begins these anew and says nothing, and a flipped bit of the weights is a weight like any other: what comes out then is
another model. With a manifest, such a checkpoint is refused.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from codefusion_hf.files import write_text


MANIFEST_FILE = "manifest.json"
READ_BYTES = 2**20

# How many damaged files an error names.
_SHOWN_DAMAGES = 3


def write_manifest(checkpoint: str | Path, is_resumable: bool = True) -> None:
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
    checkpoint = Path(checkpoint)
    files = {
        path.relative_to(checkpoint).as_posix(): {"bytes": path.stat().st_size, "sha256": _sha256(path)}
        for path in sorted(checkpoint.rglob("*"))
        if path.is_file() and path != checkpoint / MANIFEST_FILE
    }
    write_text(checkpoint / MANIFEST_FILE, _manifest_text({"is_resumable": is_resumable, "files": files}))


def find_damages(checkpoint: str | Path) -> list[str]:
    """
    What is wrong with a checkpoint.

    Args:
        checkpoint (`str` or `Path`):
            Its folder.

    Returns:
        `list[str]`: a line for each file that is not as it was saved, which names it; empty if the checkpoint is
        whole. Without a manifest that can be trusted, this is all that is looked at.

    Raises:
        OSError: if a file cannot be read.
    """
    checkpoint = Path(checkpoint)
    path = checkpoint / MANIFEST_FILE
    if not path.is_file():
        return [f"{path} is missing"]
    try:
        text = path.read_text(encoding="utf-8")
        manifest = json.loads(text)
        files = {name: (entry["bytes"], entry["sha256"]) for name, entry in manifest["files"].items()}
        is_whole = text == _manifest_text(manifest)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        is_whole = False
    if not is_whole:
        return [f"{path} is truncated or altered"]
    return [
        f"{checkpoint / name} {damage}"
        for name, (size, sha256) in files.items()
        if (damage := _damage(checkpoint / name, size, sha256))
    ]


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
        shown = "; ".join(damages[:_SHOWN_DAMAGES])
        if len(damages) > _SHOWN_DAMAGES:
            shown += f"; and {len(damages) - _SHOWN_DAMAGES} more"
        raise ValueError(f"Cannot resume: {shown}. {_advice(checkpoint)}")
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
    return json.loads((Path(checkpoint) / MANIFEST_FILE).read_text(encoding="utf-8"))["is_resumable"] is True


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
    if not (checkpoint / MANIFEST_FILE).exists():
        unlisted = (
            f" If {checkpoint.name} is of a version that wrote no manifest, and you know it to be whole, "
            f"`codefusion_hf.training.manifest.write_manifest({str(checkpoint)!r})` makes one."
        )
    else:
        unlisted = ""
    whole = last_whole_checkpoint(checkpoint.parent, before=checkpoint_step(checkpoint))
    if whole is None:
        return f"No checkpoint before it is whole.{unlisted}"
    return f"The last whole checkpoint before it is {whole}: delete the damaged one to go on from there.{unlisted}"


def _damage(path: Path, size: Any, sha256: Any) -> str | None:
    if not path.exists():
        return "is missing"
    if not path.is_file():
        return "is no file"
    found = path.stat().st_size
    if found != size:
        return "is empty" if found == 0 else f"has {found} bytes and had {size}"
    return None if _sha256(path) == sha256 else "is altered: its SHA-256 is another one"


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _manifest_text(manifest: dict[str, Any]) -> str:
    """A manifest as it is written, with the SHA-256 of what it says: it may be damaged as well."""
    content = {name: value for name, value in manifest.items() if name != "sha256"}
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return json.dumps({**content, "sha256": digest}, indent=2) + "\n"


__all__ = [
    "MANIFEST_FILE",
    "check_resumable",
    "checkpoint_step",
    "find_damages",
    "is_resumable",
    "last_whole_checkpoint",
    "write_manifest",
]
