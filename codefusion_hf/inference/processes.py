# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Work in batches that several processes share out and that goes on where it was interrupted."""

import datetime
import functools
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from filelock import FileLock, Timeout

from codefusion_hf.files import write_text


SETTINGS_FILE = "settings.json"
LOCK_FILE = "lock"

# How long a process waits for the others. The defaults of torch, 10 minutes with NCCL, are for training steps; here
# one process may have a batch more to do than another.
MAX_WAIT = datetime.timedelta(days=1)

# Seconds to wait for a run that is ending: processes whose launcher was killed notice it after their batch.
LOCK_TIMEOUT = 60.0


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


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """
    Keep other runs out of a folder, which is made if it is missing. The lock ends with the process, however that ends.

    Args:
        folder (`Path`):
            The folder. A file `lock` is left in it.

    Raises:
        TimeoutError: if another run has held it for a minute.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK_FILE)
    try:
        lock.acquire(timeout=LOCK_TIMEOUT)
    except Timeout as error:
        raise TimeoutError(f"{folder} is in use by another run: wait for its end, or end it.") from error
    try:
        yield
    finally:
        lock.release()


def check_settings(folder: Path, settings: Mapping[str, Any], finished: str) -> None:
    """
    Check that the finished batches in a folder were made with these settings. Where there are none, write the settings
    down.

    Args:
        folder (`Path`):
            Where the batches are kept, beside `settings.json`.
        settings (mapping from `str`):
            What the batches depend on, ready for JSON.
        finished (`str`):
            Pattern of the names of finished batches: `"part-*.jsonl"`, for instance.

    Raises:
        OSError: if the settings cannot be read or written.
        ValueError: if there are finished batches, and their settings are others (the message names these), or are not
            there, or are no JSON.
    """
    path = folder / SETTINGS_FILE
    settings = json.loads(json.dumps(settings))
    if next(folder.glob(finished), None) is None:
        write_text(path, json.dumps(settings, indent=2) + "\n")
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{folder} has finished batches, but no readable {SETTINGS_FILE}: delete the folder."
        ) from error
    differences = [
        f"`{name}` is {json.dumps(settings[name]) if name in settings else 'not given'} and was "
        f"{json.dumps(found[name]) if name in found else 'not given'}"
        for name in {**found, **settings}
        if name not in settings or name not in found or settings[name] != found[name]
    ]
    if differences:
        raise ValueError(
            f"{folder} has batches made with other settings: {'; '.join(differences)}. Go on with the former ones, "
            "give another folder, or delete this one."
        )


__all__ = ["check_launcher", "check_settings", "lock_folder", "on_main_process", "process_state"]
