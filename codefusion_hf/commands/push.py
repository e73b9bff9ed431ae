# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion push`: a checkpoint, with its card, to the Hub."""

from codefusion_hf.hub.arguments import PushArguments

from .parser import CommandParser, Commands, add_command


def push(arguments: PushArguments) -> None:
    """
    Push a checkpoint in one commit, and print its URL.

    Args:
        arguments ([`~codefusion_hf.hub.arguments.PushArguments`]):
            What is pushed; its `folder` may also be the name of a bundled checkpoint.
    """
    from codefusion_hf.hub.push import push_checkpoint
    from codefusion_hf.inference.loading import silence_libraries

    silence_libraries()
    print(push_checkpoint(arguments))


def add_commands(commands: "Commands[CommandParser]") -> None:
    """
    Add `push` to the command line.

    Args:
        commands:
            Where to, from [`CommandParser.add_commands`].
    """
    add_command(commands, "push", push, PushArguments, help="push a checkpoint to the Hub, with its card")


__all__ = ["add_commands", "push"]
