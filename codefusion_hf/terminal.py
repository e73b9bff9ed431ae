# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What the commands have in common on a terminal."""

import argparse
from typing import NoReturn


class OneLineErrorParser(argparse.ArgumentParser):
    """[`argparse.ArgumentParser`] whose errors are one line, without the usage, in which what is wrong is lost."""

    def error(self, message: str) -> NoReturn:
        """
        End the process.

        Args:
            message (`str`):
                What is wrong with the arguments.

        Raises:
            SystemExit: always, with exit code 2.
        """
        self.exit(2, f"{self.prog}: error: {message}\n")


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


__all__ = ["OneLineErrorParser", "printable"]
