# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Work on any number of rows, in batches that several processes share out.

Each finished batch is a file in a folder, so that work that is interrupted goes on where it was.
"""

import json
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from accelerate.utils import gather_object
from filelock import FileLock, Timeout
from tqdm.auto import tqdm

from codefusion_hf.files import write_text

from .processes import check_launcher, on_main_process, process_state


SETTINGS_FILE = "settings.json"
LOCK_FILE = "lock"
HOLDER_FILE = "holder"
PARTS = "part-*.jsonl"

# Seconds to wait for a run that is ending: processes whose launcher was killed notice it after their batch.
LOCK_TIMEOUT = 20.0

Row = dict[str, Any]


def run_batches(
    work: Callable[[list[Row], int], list[Row]],
    rows: Callable[[], Iterable[Row]],
    num_rows: int,
    *,
    batch_size: int,
    settings: Mapping[str, Any],
    description: str,
    folder: Path | None = None,
) -> Iterator[Row]:
    """
    Work on rows, as far as that is not done yet.

    Batches are cut from the rows in order, and what comes of one depends on nothing else: the result is the same
    however often the work is interrupted, and on any number of processes, each of which calls this.

    Args:
        work (callable from `list[dict]` and `int` to `list[dict]`):
            From the rows of a batch and the index of the first of them to one dictionary a row, of what JSON has (with
            lists, not tuples). What it gives should depend on these two and on `settings` alone: seed by the index,
            for instance.
        rows (callable without arguments):
            Gives the rows, the same ones each time and in every process. They need not fit into memory.
        num_rows (`int`):
            How many there are.
        batch_size (`int`):
            Rows of a batch, 1 or more.
        settings (mapping from `str`):
            What the result depends on besides the rows, ready for JSON: the hash of the checkpoint, the seed and so
            on.
        description (`str`):
            Title of the progress bar, which the main process shows if there is anything to do.
        folder (`Path`, *optional*):
            Where each finished batch is kept, beside `settings.json`. The main process has to hold it, see
            [`lock_folder`]. Processes on several machines need one that all of them see. Without it nothing is kept.

    Returns:
        `Iterator[dict]`: for each row its keys and those that `work` gave, the same in every process. With a folder,
        no more than one batch is in memory.

    Raises:
        InterruptedError: if there are several processes, and what launched them is gone.
        OSError: if a file cannot be read or written. Finished batches are kept.
        ValueError: if `batch_size` is out of its range, `work` does not give one dictionary a row, or the folder holds
            batches made with other settings or for other rows.
    """
    check_batch_size(batch_size)
    state = process_state()

    def find_missing() -> list[int]:
        """What is finished is checked, all of it, before any work is done."""
        starts = range(0, num_rows, batch_size)
        if folder is None:
            return list(starts)
        check_settings(folder, {**settings, "batch_size": batch_size})
        if next(folder.glob(PARTS), None) is None:
            return list(starts)
        return [start for start, batch in _cut(rows(), batch_size) if not _is_finished(folder, start, batch)]

    # One process looks, for all must see the same: a moment later another one may have written its first batch.
    missing = on_main_process(state, find_missing)
    place_of = {start: place for place, start in enumerate(missing)}
    finished: dict[int, list[Row]] = {}
    with tqdm(
        total=num_rows,
        initial=num_rows - sum(min(batch_size, num_rows - start) for start in missing),
        desc=description,
        unit="prompt",
        disable=not (state.is_main_process and missing),
    ) as progress:
        for start, batch in _cut(rows(), batch_size) if missing else ():
            if start not in place_of:
                continue
            if place_of[start] % state.num_processes == state.process_index:
                check_launcher(state)
                results = work(batch, start)
                if len(results) != len(batch):
                    raise ValueError(
                        f"`work` must return one dictionary for each row, got {len(results)} for {len(batch)} rows."
                    )
                whole = [{**row, **result} for row, result in zip(batch, results, strict=True)]
                if folder is None:
                    finished[start] = whole
                else:
                    with keeping(folder):
                        write_text(_part_file(folder, start), "".join(map(to_json_line, whole)))
            # Nobody waits here: the other processes are taken to be as far.
            progress.update(len(batch))
    state.wait_for_everyone()
    check_launcher(state)
    if folder is None:
        finished = dict(gather_object(list(finished.items())))
    return _in_order(range(0, num_rows, batch_size), finished, folder)


def _in_order(starts: Iterable[int], finished: Mapping[int, list[Row]], folder: Path | None) -> Iterator[Row]:
    for start in starts:
        yield from finished[start] if folder is None else _read_part(_part_file(folder, start))


def _cut(rows: Iterable[Row], batch_size: int) -> Iterator[tuple[int, list[Row]]]:
    """Batches of rows, each with the index of its first one."""
    remaining = iter(rows)
    start = 0
    while batch := list(islice(remaining, batch_size)):
        yield start, batch
        start += len(batch)


def check_batch_size(batch_size: int) -> None:
    """
    Check a batch size.

    Args:
        batch_size (`int`):
            Rows of a batch.

    Raises:
        ValueError: if it is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"`batch_size` must be 1 or more, got {batch_size}.")


# --- Files


def _part_file(folder: Path, start: int) -> Path:
    """The file of the batch that begins with the row of this index."""
    return folder / f"part-{start:010}.jsonl"


def to_json_line(row: Mapping[str, Any]) -> str:
    """
    A row as a line of JSON Lines, readable in any alphabet.

    Args:
        row (mapping from `str`):
            The row.

    Returns:
        `str`: the line with its end, of what UTF-8 can say: text with half of a surrogate pair, which JSON has as
        well, is written in ASCII.
    """
    line = json.dumps(row, ensure_ascii=False) + "\n"
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        line = json.dumps(row) + "\n"
    return line


def _read_part(part: Path) -> list[Row]:
    return [json.loads(line) for line in part.read_text(encoding="utf-8").split("\n")[:-1]]


def _is_finished(folder: Path, start: int, batch: list[Row]) -> bool:
    """Whether a batch is there. A machine that lost its power may have left files that are cut."""
    part = _part_file(folder, start)
    try:
        if not part.read_bytes().endswith(b"\n"):
            return False
        found = _read_part(part)
    except (FileNotFoundError, ValueError):
        return False
    # As JSON, in which NaN is equal to itself.
    own = [json.dumps({name: row.get(name) for name in of}) for of, row in zip(batch, found, strict=False)]
    if len(found) != len(batch) or own != list(map(json.dumps, batch)):
        raise ValueError(
            f"{part} has what was made for other prompts: give another folder for other data or another limit, or "
            "delete this one."
        )
    return True


def check_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """
    Check that the finished batches in a folder were made with these settings. Where there are none, write the settings
    down.

    Args:
        folder (`Path`):
            Where the batches are kept, beside `settings.json`.
        settings (mapping from `str`):
            What the batches depend on, ready for JSON.

    Raises:
        OSError: if the settings cannot be read or written.
        ValueError: if there are finished batches, and their settings are others (the message names these), or are not
            there, or are no JSON.
    """
    path = folder / SETTINGS_FILE
    settings = json.loads(json.dumps(settings))
    if next(folder.glob(PARTS), None) is None:
        write_text(path, json.dumps(settings, indent=2) + "\n")
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError(f"expected an object, got {found!r}")
    except (FileNotFoundError, ValueError, RecursionError) as error:
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


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """
    Keep other runs out of a folder, which is made if it is missing, and removed at the end if no batch is left in it.
    The lock ends with the process, however that ends.

    Args:
        folder (`Path`):
            The folder.

    Raises:
        TimeoutError: if another run has held it for 20 seconds; the message names it.
        ValueError: if it is a symbolic link: what it leads to may be anything, and would be deleted at the end.
    """
    if folder.is_symlink():
        raise ValueError(f"{folder} must be a folder of its own, and is a symbolic link to {os.readlink(folder)}.")
    lock = FileLock(folder / LOCK_FILE)
    end = time.monotonic() + LOCK_TIMEOUT
    while not lock.is_locked:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=max(0.0, end - time.monotonic()))
        except Timeout as error:
            raise TimeoutError(f"{folder} is in use by {_holder(folder)}: wait for its end, or end it.") from error
        except FileNotFoundError:
            # The run that held it has ended in this moment, and removed the folder.
            if time.monotonic() > end:
                raise
    holder = folder / HOLDER_FILE
    try:
        write_text(holder, f"process {os.getpid()} on {socket.gethostname()}, since {time.strftime('%H:%M:%S')}")
        yield
    finally:
        holder.unlink(missing_ok=True)
        is_empty = next(folder.glob(PARTS), None) is None
        if is_empty:
            for rest in (SETTINGS_FILE, "*.tmp"):  # the latter of processes that were killed
                for path in list(folder.glob(rest)):
                    path.unlink(missing_ok=True)
            # Before it is released: the next one would lock a file that is not there any more. (Windows does not
            # delete an open one.)
            with suppress(PermissionError):
                (folder / LOCK_FILE).unlink(missing_ok=True)
        lock.release()
        if is_empty:
            with suppress(OSError):  # somebody has it already
                folder.rmdir()


def _holder(folder: Path) -> str:
    try:
        return (folder / HOLDER_FILE).read_text(encoding="utf-8") or "another run"
    except (OSError, ValueError):
        return "another run"


@contextmanager
def keeping(folder: Path) -> Iterator[None]:
    """
    Have errors of files say what becomes of the finished batches.

    Args:
        folder (`Path`):
            Where these are kept.

    Raises:
        OSError: for one that is raised within.
    """
    try:
        yield
    except OSError as error:
        raise OSError(
            f"{error}. What is finished is kept in {folder}: the same command goes on from there."
        ) from error


__all__ = [
    "PARTS",
    "check_batch_size",
    "check_settings",
    "keeping",
    "lock_folder",
    "run_batches",
    "to_json_line",
]
