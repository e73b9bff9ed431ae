# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The `codefusion` command. What each of its commands does is in [`codefusion_hf.commands`], a file each."""

import os
import sys

from codefusion_hf.commands import data, evaluate, generate, infill, memory, parser, push, revise, train
from codefusion_hf.commands.parser import CommandParser
from codefusion_hf.terminal import error_line


PROGRAM = "codefusion"

# As a shell gives them to a process that such a signal ended: 128, and the number of the signal.
INTERRUPTED = 130
BROKEN_PIPE = 141


def make_parser() -> CommandParser:
    """The parser of the command line."""
    modules = (generate, revise, infill, train, evaluate, push, data, memory)
    return parser.make_parser(
        PROGRAM,
        "CodeFusion: code from a prompt, by diffusion.",
        [command for module in modules for command in module.COMMANDS],
    )


def main(argv: list[str] | None = None) -> int:
    """
    Run the command line.

    Args:
        argv (`list[str]`, *optional*):
            Its arguments; those of the process by default.

    Returns:
        `int`: exit code: that of the command, 0 for most; 2 for bad input (with one line on standard error), 130 when
        interrupted, 141 when nobody reads its output any more.
    """
    try:
        code = make_parser().run(argv)
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where what it may fail with is reported
        return code
    except BrokenPipeError:
        _drop_output()
        return BROKEN_PIPE
    except (ImportError, OSError, ValueError) as error:
        sys.stderr.write(error_line(PROGRAM, error))
        _drop_output()
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED


def _drop_output() -> None:
    """Python tries to write what is left to write when it ends, and has no good way to say that it cannot."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except AttributeError:  # it was closed
        pass


if __name__ == "__main__":
    sys.exit(main())
