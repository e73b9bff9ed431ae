# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The manifest of a folder: the size and the SHA-256 of each of its files, by which a damaged one is told.

A file that is cut off or gone is often noticed somewhere, by a library that does not say which file it was; a flipped
bit is a weight, a number or a token like any other.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from codefusion_hf.files import write_text


MANIFEST_FILE = "manifest.json"
READ_BYTES = 2**20

# What a pipeline is loaded from, beside its index: no cards, no copies of the code, which are made for others.
PIPELINE_INDEX = "model_index.json"
PIPELINE_SUFFIXES = (".json", ".model", ".safetensors", ".txt")


def write_manifest(folder: str | Path, paths: Iterable[Path], **facts: Any) -> None:
    """
    Write down what is in a folder.

    Args:
        folder (`str` or `Path`):
            The folder. An older manifest in it is replaced.
        paths (iterable of `Path`):
            Its files that count, the manifest not among them.
        facts (`dict[str, Any]`, *optional*):
            What else is to be written down, ready for JSON.

    Raises:
        OSError: if a file cannot be read, or the manifest not be written.
    """
    folder = Path(folder)
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": _sha256(path)}
        for path in sorted(paths)
    }
    write_text(folder / MANIFEST_FILE, _manifest_text({**facts, "files": files}))


def find_damages(folder: str | Path) -> list[str]:
    """
    What is wrong with a folder that has a manifest.

    Args:
        folder (`str` or `Path`):
            The folder.

    Returns:
        `list[str]`: a line for each file that is not as it was written, which names it; empty if all are. Without a
        manifest that can be trusted, this is the one that is named.

    Raises:
        OSError: if a file cannot be read.
    """
    folder = Path(folder)
    path = folder / MANIFEST_FILE
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
    damages = {name: _damage(folder / name, size, sha256) for name, (size, sha256) in files.items()}
    return [f"{folder / name} {damage}" for name, damage in damages.items() if damage is not None]


def manifest_fact(folder: str | Path, name: str) -> Any:
    """
    What else a manifest says.

    Args:
        folder (`str` or `Path`):
            A folder with a manifest that is whole.
        name (`str`):
            The fact.

    Returns:
        Its value, or `None` if it is not written down.
    """
    return json.loads((Path(folder) / MANIFEST_FILE).read_text(encoding="utf-8")).get(name)


def write_pipeline_manifest(folder: str | Path) -> None:
    """
    Write down what a pipeline is loaded from.

    Args:
        folder (`str` or `Path`):
            Its folder, with `model_index.json` and the components in folders of their own, and nothing else.

    Raises:
        OSError: if a file cannot be read, or the manifest not be written.
    """
    folder = Path(folder)
    components = [path for path in folder.glob("*/*") if path.is_file() and path.suffix in PIPELINE_SUFFIXES]
    write_manifest(folder, [folder / PIPELINE_INDEX, *components])


def check_pipeline(folder: str | Path) -> None:
    """
    Check that the files of a pipeline are as a training has exported them.

    Args:
        folder (`str` or `Path`):
            Its folder. One without a manifest, as `save_pretrained` writes it, is not looked at, nor is a Hub id.

    Raises:
        ValueError: if a file is missing, truncated or altered; the message names it, and says what to do if that was
            on purpose.
        OSError: if a file cannot be read.
    """
    if (Path(folder) / MANIFEST_FILE).exists() and (damages := find_damages(folder)):
        raise ValueError(
            f"{describe(damages)}. The pipeline is not as it was exported; if you have changed it on purpose, delete "
            f"its {MANIFEST_FILE}."
        )


def describe(damages: list[str], num_shown: int = 3) -> str:
    """
    Damages for an error message.

    Args:
        damages (`list[str]`):
            From [`find_damages`].
        num_shown (`int`, *optional*, defaults to 3):
            How many of them are named at most.
    """
    others = len(damages) - num_shown
    return "; ".join([*damages[:num_shown], *([f"and {others} more"] if others > 0 else [])])


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
    "check_pipeline",
    "describe",
    "find_damages",
    "manifest_fact",
    "write_manifest",
    "write_pipeline_manifest",
]
