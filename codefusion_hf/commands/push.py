# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion push`: a checkpoint, with its card, to the Hub."""

from codefusion_hf.hub.arguments import PushArguments

from .parser import Command


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


COMMANDS = (Command("push", "push a checkpoint to the Hub, with its card", push, (PushArguments,)),)


__all__ = ["COMMANDS"]
