# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Data that lies beside the code that reads it."""

from importlib.resources import files
from typing import Any

import yaml


def load_yaml(package: str, name: str) -> Any:
    """
    The content of a YAML file of a package.

    Args:
        package (`str`):
            Name of the package, the `__package__` of its modules.
        name (`str`):
            Name of the file.

    Returns:
        `Any`: what the file holds.
    """
    text = (files(package) / name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def split_texts(texts: str) -> tuple[str, ...]:
    """The texts between semicolons, without blanks at their ends."""
    return tuple(text.strip() for text in texts.split(";"))


__all__ = ["load_yaml", "split_texts"]
