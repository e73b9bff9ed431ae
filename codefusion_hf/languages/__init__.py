# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The languages that models write, each in a folder of its own, and the registry that has them all."""

from .bash.language import Bash
from .cf.language import CFRules
from .language import Language
from .python.language import Python


_REGISTRY: dict[str, Language] = {language.name: language for language in (Bash(), Python(), CFRules())}

# Their names. The first one is the default of commands.
LANGUAGES = tuple(_REGISTRY)


def get_language(name: str) -> Language:
    """
    A language by its name.

    Args:
        name (`str`):
            One of `LANGUAGES`.

    Returns:
        [`~codefusion_hf.languages.language.Language`]: what it can do.

    Raises:
        ValueError: if there is none of the name.
    """
    if name not in _REGISTRY:
        raise ValueError(f"`language` must be one of {', '.join(_REGISTRY)}, got {name!r}.")
    return _REGISTRY[name]


__all__ = ["LANGUAGES", "Language", "get_language"]
