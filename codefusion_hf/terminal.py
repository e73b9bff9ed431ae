# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Text that others wrote, on a terminal."""


def printable(text: str) -> str:
    """
    Text as it may be printed: generated code and data are not to control the terminal.

    Args:
        text (`str`):
            Any text.

    Returns:
        `str`: the text, its control characters written as escapes.
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


__all__ = ["printable"]
