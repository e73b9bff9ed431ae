# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The syntax of Python, by `ast`, which parses and does not run."""

import ast
import re
import warnings


def is_valid_python(code: str) -> bool:
    """
    Whether the running Python accepts the syntax of the code, by `ast.parse`, which parses and does not run.

    What only older versions accept (`print x`) is not valid.

    Args:
        code (`str`):
            The code to parse, of one line or more.

    Returns:
        `bool`: `True` if it parses. Blank code is no program and gives `False`, although Python accepts it, and so
        does code that is nested too deep for the parser.
    """
    if not code.strip():
        return False
    try:
        parse_python(code)
    except ValueError:
        return False
    return True


def python_error_place(code: str) -> int | None:
    """
    Where Python refuses the syntax of code.

    Args:
        code (`str`):
            The code to parse.

    Returns:
        `int`, *optional*: the place in characters; `None` if the code parses, or Python does not say. Before Python
        3.12, an error in an f-string is counted from the start of its expression.
    """
    try:
        parse_python(code)
    except ValueError as error:
        cause = error.__cause__
        if isinstance(cause, SyntaxError) and cause.lineno and cause.offset:
            starts = [0, *(match.end() for match in re.finditer("\r\n|\r|\n", code)), len(code)]
            return starts[cause.lineno - 1] + cause.offset - 1
    return None


def parse_python(source: str) -> tuple[ast.Module, list[bytes]]:
    """
    Parse Python source.

    Args:
        source (`str`):
            The text of a file.

    Returns:
        `tuple[ast.Module, list[bytes]]`: the tree, and the lines in UTF-8: `ast` counts columns in bytes.

    Raises:
        ValueError: if `ast` cannot parse the source.
    """
    # `ast` counts lines as Python does; `str.splitlines` would also break them at form feeds and the like.
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes such as "\d": it is not the user's code
            tree = ast.parse(source)
    except SyntaxError as error:
        raise ValueError(f"line {error.lineno}: expected Python that `ast` parses, got {error.msg}.") from error
    except (MemoryError, RecursionError, ValueError) as error:
        # What deep nesting and null bytes come to, depending on the version of Python.
        raise ValueError(f"expected Python that `ast` parses, got {type(error).__name__}: {error}.") from error
    return tree, source.encode("utf-8").split(b"\n")


__all__ = ["is_valid_python", "parse_python", "python_error_place"]
