# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""From a command line to dataclasses."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from transformers.hf_argparser import HfArgumentParser, string_to_bool

from codefusion_hf.terminal import OneLineErrorParser


@dataclass(frozen=True)
class Command:
    """
    A command.

    Args:
        name (`str`):
            What it is called.
        help (`str`):
            What it is for.
        function (callable, *optional*):
            What it does: a function of one instance of each of its dataclasses, which may return an exit code.
        arguments (sequence of `type`, *optional*):
            The dataclasses whose fields are its arguments, in the order of its help.
        commands (sequence of [`Command`], *optional*):
            Those that it consists of, if it has no function.
    """

    name: str
    help: str
    function: Callable[..., int | None] | None = None
    arguments: Sequence[type] = ()
    commands: Sequence["Command"] = ()


class CommandParser(OneLineErrorParser, HfArgumentParser):
    """
    [`~transformers.HfArgumentParser`] for a command with subcommands: each is a function of dataclasses, whose fields
    are its arguments. The metadata of a field are those of [`argparse.ArgumentParser.add_argument`], and `positional`
    for what is given without its name.
    """

    def __init__(self, dataclass_types: Any = None, **kwargs: Any) -> None:
        super().__init__(dataclass_types, **{"formatter_class": argparse.HelpFormatter, **kwargs})

    def add_argument(self, *names: str, **options: Any) -> argparse.Action:
        """
        Add an argument, as HfArgumentParser makes them of fields, by one spelling (not `--output_dir` beside
        `--output-dir`), flags without a value (as `--flag VALUE` would take the next positional argument for theirs).

        Args:
            names (`str`):
                Its spellings.
            options (*optional*):
                As of [`argparse.ArgumentParser.add_argument`].

        Returns:
            `argparse.Action`
        """
        names = tuple(name for name in names if "_" not in name) or names
        if options.get("type") is string_to_bool:
            # Where nothing is no answer, both answers can be given.
            action = "store_true" if options.get("default") is False else argparse.BooleanOptionalAction
            options = {"action": action, "default": options.get("default"), "help": options["help"]}
        if options.get("action") == "append":
            del options["nargs"]  # one value each time that it is given
        if options.pop("positional", False):
            is_required = options.pop("required", False)
            names = (names[0].removeprefix("--").replace("-", "_"),)
            if options.get("nargs") == "+" and not is_required:
                options["nargs"] = "*"
        return super().add_argument(*names, **options)

    def run(self, argv: list[str] | None = None) -> int:
        """
        Run the command that a command line names.

        Args:
            argv (`list[str]`, *optional*):
                The command line; that of the process by default.

        Returns:
            `int`: exit code: what the function returns, or 0.

        Raises:
            SystemExit: if it is no such command line, with exit code 2 and one line on standard error.
        """
        values = vars(self.parse_args(argv))
        return values["_function"](*values["_parser"].parse_dict(values, allow_extra_keys=True)) or 0


def make_parser(program: str, description: str, commands: Sequence[Command]) -> CommandParser:
    """
    The parser of a command line.

    Args:
        program (`str`):
            What it is called.
        description (`str`):
            What it is for.
        commands (sequence of [`Command`]):
            What it can do.

    Returns:
        [`CommandParser`]
    """
    parser = CommandParser(prog=program, description=description)
    _add_commands(parser, commands)
    return parser


def _add_commands(parser: CommandParser, commands: Sequence[Command]) -> None:
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in commands:
        subparser = subparsers.add_parser(command.name, dataclass_types=command.arguments, help=command.help)
        if command.commands:
            _add_commands(subparser, command.commands)
        else:
            subparser.set_defaults(_function=command.function, _parser=subparser)


__all__ = ["Command", "CommandParser", "make_parser"]
