# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""From a command line to dataclasses."""

import argparse
from collections.abc import Callable
from typing import Any

from transformers.hf_argparser import HfArgumentParser, string_to_bool

from codefusion_hf.terminal import OneLineErrorParser


Commands = argparse._SubParsersAction  # as of `add_subparsers`; argparse has no other name for it


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
            options = {"action": "store_const", "const": True} | {
                name: value for name, value in options.items() if name in ("default", "help")
            }
        if options.get("action") == "append":
            del options["nargs"]  # one value each time that it is given
        if options.pop("positional", False):
            is_required = options.pop("required", False)
            names = (names[0].removeprefix("--").replace("-", "_"),)
            if options.get("nargs") == "+" and not is_required:
                options["nargs"] = "*"
        return super().add_argument(*names, **options)

    def add_commands(self) -> "Commands[CommandParser]":
        """
        Make this the parser of a command that does nothing but to have subcommands.

        Returns:
            Where to add these.
        """
        return self.add_subparsers(required=True, metavar="COMMAND")

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


def add_command(
    commands: "Commands[CommandParser]",
    name: str,
    function: Callable[..., int | None],
    *dataclass_types: type,
    help: str,
) -> None:
    """
    Add a command.

    Args:
        commands:
            Where to, from [`CommandParser.add_commands`].
        name (`str`):
            What it is called.
        function (callable):
            What it does, a function of one instance of each dataclass, which may return an exit code.
        dataclass_types (`type`):
            The dataclasses whose fields are its arguments, in the order of its help.
        help (`str`):
            What it is for.
    """
    parser = commands.add_parser(name, dataclass_types=dataclass_types, help=help)
    parser.set_defaults(_function=function, _parser=parser)


__all__ = ["CommandParser", "Commands", "add_command"]
