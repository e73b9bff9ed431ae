# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Files that are whole or not there."""

import os
from pathlib import Path


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


__all__ = ["write_text"]
