# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What a report was made with: which weights, and which code."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import codefusion_hf


# What a checkpoint's predictions depend on; its card and the copies of the code made for the Hub are not among it.
CHECKPOINT_SUFFIXES = frozenset({".json", ".safetensors", ".txt"})

CHUNK_SIZE = 2**20

CHECKOUT = Path(codefusion_hf.__file__).resolve().parent.parent


def checkpoint_hash(folder: Path) -> str:
    """
    A short hash of a checkpoint: of the names and contents of its weights, configurations and tokenizer files.

    In a pipeline's folder, these are `model_index.json` and the folders of the components that it names, so that
    neither a training run's own checkpoints nor a report beside them counts; in a model's, the files of the folder.

    Args:
        folder (`Path`):
            A pipeline (with `model_index.json`) or a transformers model (with `config.json`).

    Returns:
        `str`: The first 16 of the 64 hexadecimal digits that `sha256sum` gives for its own list of these files, sorted
        by their names (relative to the folder).

    Raises:
        `ValueError`: If there is no checkpoint in the folder.
    """
    index = folder / "model_index.json"
    if index.is_file():
        # A component is listed with the library and the name of its class; `_class_name` may be, too.
        listed = json.loads(index.read_text(encoding="utf-8")).items()
        components = [name for name, value in listed if isinstance(value, list) and not name.startswith("_")]
        files = [index, *(path for name in components for path in (folder / name).rglob("*"))]
    elif (folder / "config.json").is_file():
        files = list(folder.iterdir())
    else:
        raise ValueError(f"`folder` must hold a checkpoint, but {folder} has no model_index.json and no config.json.")
    paths = {path.relative_to(folder).as_posix(): path for path in files if path.suffix in CHECKPOINT_SUFFIXES}
    lines = [f"{_sha256(paths[name])}  {name}\n" for name in sorted(paths)]
    return hashlib.sha256("".join(lines).encode("utf-8")).hexdigest()[:16]


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_SIZE):
            digest.update(chunk)
    return digest.hexdigest()


def code_commit() -> str | None:
    """
    The git commit that this package is run from.

    Returns:
        `str`, *optional*: The commit's 40 hexadecimal digits, with `-dirty` behind them if tracked files are changed.
        `None` if the package is not in a checkout of its repository, or git is not installed or does not answer.
    """
    if not (CHECKOUT / ".git").exists() or not (CHECKOUT / "setup.py").is_file():
        return None
    commit = _git("rev-parse", "HEAD")
    changes = _git("status", "--porcelain", "--untracked-files=no")
    if commit is None or changes is None:
        return None
    return f"{commit}-dirty" if changes else commit


def _git(*arguments: str) -> str | None:
    # In a git hook, these variables name the repository of the hook.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        result = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(CHECKOUT), *arguments],
            capture_output=True,
            check=False,
            env=environment,
            text=True,
        )
    except FileNotFoundError:
        return None
    return result.stdout.strip() if result.returncode == 0 else None


__all__ = ["checkpoint_hash", "code_commit"]
