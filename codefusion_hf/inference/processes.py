# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The processes that `accelerate launch` or `torchrun` started."""

import datetime
import functools
import os
from collections.abc import Callable
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list


# How long a process waits for the others. The defaults of torch, 10 minutes with NCCL, are for training steps; here
# one process may have a batch more to do than another.
MAX_WAIT = datetime.timedelta(days=1)


@functools.cache
def _launcher() -> int:
    """The parent process at the first call: what `accelerate launch` or `torchrun` has started, if they were used."""
    return os.getppid()


def process_state() -> PartialState:
    """
    This process among those that `accelerate launch` or `torchrun` started.

    Call it before a model is moved to `"cuda"`: each process then has a GPU of its own.

    Returns:
        `PartialState`: as of accelerate, with `process_index`, `num_processes` and `is_main_process`.
    """
    _launcher()
    # Without a GPU, accelerate has to be told: it takes itself for the only process otherwise.
    return PartialState(cpu=not torch.cuda.is_available(), timeout=MAX_WAIT)


def check_launcher(state: PartialState) -> None:
    """
    Check, between two batches, that the launcher of several processes still runs. If it is killed, they live on:
    whoever started them takes them for dead, and starts others.

    Args:
        state (`PartialState`):
            From [`process_state`].

    Raises:
        InterruptedError: if the launcher is gone.
    """
    if state.num_processes > 1 and os.getppid() != _launcher():
        raise InterruptedError("the launcher of this process is gone.")


def on_main_process(state: PartialState, work: Callable[[], Any]) -> Any:
    """
    Do something in the main process, while the others wait.

    Args:
        state (`PartialState`):
            From [`process_state`].
        work (callable without arguments):
            What to do.

    Returns:
        What `work` returns, in every process. It is pickled.

    Raises:
        OSError, ValueError: if `work` raises it, in every process.
    """
    result, error = None, None
    if state.is_main_process:
        try:
            result = work()
        except (OSError, ValueError) as raised:
            error = raised
    result, error = broadcast_object_list([result, error])
    if error is not None:
        raise error
    return result


__all__ = ["check_launcher", "on_main_process", "process_state"]
