# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The `codefusion` command. What each of its commands does is in [`codefusion_hf.commands`], a file each."""

import sys

from codefusion_hf.commands import data, evaluate, generate, memory, push, train
from codefusion_hf.commands.parser import CommandParser
from codefusion_hf.terminal import error_line


PROGRAM = "codefusion"


def make_parser() -> CommandParser:
    """The parser of the command line."""
    parser = CommandParser(prog=PROGRAM, description="CodeFusion: code from a prompt, by diffusion.")
    commands = parser.add_commands()
    for module in (generate, train, evaluate, push, data, memory):
        module.add_commands(commands)
    return parser


def main(argv: list[str] | None = None) -> int:
    """
    Run the command line.

    Args:
        argv (`list[str]`, *optional*):
            Its arguments; those of the process by default.

    Returns:
        `int`: exit code: that of the command, 0 for most; 2 for bad input (with one line on standard error), 130 when
        interrupted.
    """
    try:
        return make_parser().run(argv)
    except (ImportError, OSError, ValueError) as error:
        sys.stderr.write(error_line(PROGRAM, error))
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
