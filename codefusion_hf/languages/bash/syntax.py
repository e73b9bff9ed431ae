# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The syntax of Bash, by Bash itself."""

import functools
import os
import subprocess


SYNTAX_CHECK_SECONDS = 5.0


@functools.lru_cache(maxsize=2**14)
def is_valid_bash(code: str) -> bool:
    """
    Whether Bash accepts the syntax of the code, by `bash -n`, which parses and does not run.

    The code is passed on standard input to an argument list (no shell is started for it), with an environment that
    holds nothing but `PATH` and the C locale, so that no start-up file (`BASH_ENV`) is read.

    Args:
        code (`str`):
            The code to parse.

    Returns:
        `bool`: `True` if `bash -n` exits with 0. Blank code is no program and gives `False`, although Bash accepts it,
        and so does code that Bash does not finish parsing in 5 seconds.

    Raises:
        `FileNotFoundError`: If `bash` is not installed: a figure that silently means something else is worse than
            none.
    """
    if not code.strip():
        return False
    try:
        result = subprocess.run(
            ["bash", "-n"],
            input=code.encode("utf-8", "surrogatepass"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            timeout=SYNTAX_CHECK_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise FileNotFoundError("`bash -n` checks the syntax of Bash, but no `bash` was found on the PATH.") from error
    except subprocess.TimeoutExpired:
        return False
    return result.returncode == 0


__all__ = ["is_valid_bash"]
