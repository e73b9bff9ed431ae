# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Files and folders that are whole or not there."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


_STAGE_PREFIX = ".export-"


def write_text(path: Path, text: str) -> None:
    """
    Write a file under a temporary name and rename it: whoever sees it, after a crash too, sees all of it.

    Args:
        path (`Path`):
            The file. Its folder is made if it is missing; an older file is replaced.
        text (`str`):
            What is to be in it.

    Raises:
        OSError: if it cannot be written; an older file is then as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


@contextmanager
def staged_folder(folder: str | Path, last: str) -> Iterator[Path]:
    """
    A temporary folder whose content is moved into another one at the end, so that this holds all of it or lacks the
    file by which it is recognised.

    Args:
        folder (`str` or `Path`):
            Where to. It is made if it is missing. What is in it is replaced if the temporary folder has something of
            that name, and stays otherwise.
        last (`str`):
            Name of the file by which the content is recognised: it is deleted first and moved last.

    Yields:
        `Path`: the temporary folder, to write into.

    Raises:
        OSError: if it cannot be written; the folder is then as it was, or, if it was while the content was moved, has
            no `last` any more.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for rest in folder.glob(f"{_STAGE_PREFIX}*"):  # of a process that was killed
        shutil.rmtree(rest)
    # In the folder: to rename is atomic within a file system only.
    with tempfile.TemporaryDirectory(dir=folder, prefix=_STAGE_PREFIX) as temporary:
        yield Path(temporary)
        (folder / last).unlink(missing_ok=True)
        for source in sorted(Path(temporary).iterdir(), key=lambda path: path.name == last):
            target = folder / source.name
            if target.is_dir():
                shutil.rmtree(target)
            os.replace(source, target)


__all__ = ["staged_folder", "write_text"]
