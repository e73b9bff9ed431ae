# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What the commands have in common on a terminal."""

import argparse
from typing import NoReturn


# Longest error line, with the name of the program in front of it and the line break behind.
MAX_LINE = 399
_CUT = " … "


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
        self.exit(2, error_line(self.prog, message))


def error_line(program: str, message: object) -> str:
    """
    The line that a command says what is wrong with.

    Args:
        program (`str`):
            The name of the command.
        message (`Exception` or `str`):
            What is wrong, of any length: libraries quote what they were given, and list all that they know.

    Returns:
        `str`: one line of less than 400 characters, its line break among them, none of which controls a terminal.
        What is cut out of a longer message is its middle: the beginning names what is wrong, the end what is allowed.
    """
    beginning = f"{program}: error: "
    # More is not looked at: a file that is quoted may have megabytes.
    text = str(message)
    if len(text) > 4 * MAX_LINE:
        text = text[: 2 * MAX_LINE] + _CUT + text[-2 * MAX_LINE :]
    text = printable(" ".join(text.split()))
    space = MAX_LINE - len(beginning) - 1
    if len(text) > space:
        kept = space - len(_CUT)
        text = text[: kept - kept // 3] + _CUT + text[-(kept // 3) :]
    return f"{beginning}{text}\n"


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


__all__ = ["OneLineErrorParser", "error_line", "printable"]
