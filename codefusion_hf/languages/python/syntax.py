# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Python: syntactic validity."""

import ast
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
    with warnings.catch_warnings():
        # `"\d"` and `1 is 1` parse with a warning that is about the generated code, not about ours.
        warnings.simplefilter("ignore")
        try:
            ast.parse(code)
        # Null bytes and lone surrogates are a ValueError, nesting a MemoryError or a RecursionError.
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return False
    return True
