# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Errors of libraries, with the name of what they were given."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from huggingface_hub.errors import StrictDataclassError


@contextmanager
def naming(what: str) -> Iterator[None]:
    """
    Have errors of libraries say what they were given. Where a file is damaged, or a setting says something else than
    it should, they raise what they stumble over: a `KeyError`, a `TypeError` and so on.

    Args:
        what (`str`):
            What they were given, by the name that the user gave it, and what is wrong with it.

    Raises:
        ImportError: if a library is missing.
        ValueError: for every other error.
    """
    try:
        yield
    except ImportError:
        raise
    except Exception as error:
        # What these say is meant for people. Another error is told by its name.
        is_plain = isinstance(error, OSError | StrictDataclassError | ValueError)
        reason = f"{error}" if is_plain and str(error) else f"{type(error).__name__}: {error}"
        raise ValueError(f"{what}: {reason}") from error


def loading(what: str) -> AbstractContextManager[None]:
    """
    As [`naming`], for what is loaded.

    Args:
        what (`str`):
            What is loaded, by the name that the user gave it.
    """
    return naming(f"cannot load {what}")


__all__ = ["loading", "naming"]
