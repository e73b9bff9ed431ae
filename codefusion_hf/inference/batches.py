# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Predictions for many prompts, in batches: each is kept as a file, so that an evaluation that is interrupted goes on
where it was, and several processes share them out.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from accelerate.utils import gather_object
from tqdm.auto import tqdm

from codefusion_hf.files import write_text
from codefusion_hf.inference.processes import (
    check_launcher,
    check_settings,
    lock_folder,
    on_main_process,
    process_state,
)


_BATCHES = "batch-*.json"


def predict_all(
    predict: Callable[[list[str], int], list[dict[str, Any]]],
    prompts: Sequence[str],
    *,
    batch_size: int,
    folder: str | os.PathLike[str] | None,
    settings: Mapping[str, Any],
    description: str,
) -> list[dict[str, Any]]:
    """
    Predict for all prompts, as far as that is not done yet.

    Batches are cut from the whole list in order. The result depends neither on the number of processes nor on how
    often the work was interrupted.

    Args:
        predict (callable from `list[str]` and `int` to `list[dict]`):
            From the prompts of a batch and the index of the first of them to one dictionary a prompt, of what JSON has
            (with lists, not tuples). What it gives should depend on these two and on `settings` alone: seed by the
            index, for instance.
        prompts (sequence of `str`):
            The prompts, the same in every process.
        batch_size (`int`):
            Prompts of a batch, 1 or more.
        folder (`str` or `os.PathLike`, *optional*):
            Where each finished batch is kept, beside `settings.json`; batches that are there are not predicted again.
            Processes on several machines need a folder that all of them see. Nothing is kept if `None`.
        settings (mapping from `str`):
            What the predictions depend on, ready for JSON: the hash of the checkpoint, steps, seed and so on.
        description (`str`):
            Title of the progress bar, which the main process shows.

    Returns:
        `list[dict]`: a dictionary for each prompt, the same in every process.

    Raises:
        `InterruptedError`: If there are several processes, and what launched them is gone.
        `TimeoutError`: If another run uses the folder.
        `ValueError`: If `batch_size` is out of its range, `predict` does not give one dictionary a prompt, or the
            folder holds predictions with other settings, for other prompts, or that cannot be read.
    """
    if batch_size < 1:
        raise ValueError(f"`batch_size` must be 1 or more, got {batch_size}.")
    state = process_state()
    folder = None if folder is None else Path(folder)
    batches = [list(prompts[start : start + batch_size]) for start in range(0, len(prompts), batch_size)]

    def find_missing() -> list[int]:
        """What is finished is checked, all of it, before anything is predicted."""
        if folder is None:
            return list(range(len(batches)))
        check_settings(folder, {**settings, "batch_size": batch_size}, finished=_BATCHES)
        missing = []
        for index, batch in enumerate(batches):
            if _batch_file(folder, index).exists():
                _read_batch(folder, index, batch)
            else:
                missing.append(index)
        return missing

    predicted: dict[int, list[dict[str, Any]]] = {}
    with ExitStack() as stack:
        if folder is not None and state.is_main_process:
            stack.enter_context(lock_folder(folder))
        # One process looks, for all must see the same: a moment later another one may have written its first batch.
        missing = on_main_process(state, find_missing)
        progress = stack.enter_context(
            tqdm(
                total=len(prompts),
                initial=len(prompts) - sum(len(batches[index]) for index in missing),
                desc=description,
                unit="prompt",
                disable=not (state.is_main_process and missing),
            )
        )
        for start in range(0, len(missing), state.num_processes):
            batch_of_each_process = missing[start : start + state.num_processes]
            if state.process_index < len(batch_of_each_process):
                check_launcher(state)
                index = batch_of_each_process[state.process_index]
                predictions = predict(batches[index], index * batch_size)
                if len(predictions) != len(batches[index]):
                    raise ValueError(
                        "`predict` must return one dictionary for each prompt, "
                        f"got {len(predictions)} for {len(batches[index])} prompts."
                    )
                if folder is None:
                    predicted[index] = predictions
                else:
                    _write_batch(folder, index, batches[index], predictions)
            # Nobody waits here: the others are taken to be as far.
            progress.update(sum(len(batches[index]) for index in batch_of_each_process))

        if folder is None:
            predicted = dict(gather_object(list(predicted.items())))
        else:
            state.wait_for_everyone()
            predicted = {index: _read_batch(folder, index, batch) for index, batch in enumerate(batches)}
    return [prediction for index in range(len(batches)) for prediction in predicted[index]]


def _batch_file(folder: Path, index: int) -> Path:
    return folder / f"batch-{index:05}.json"


def _write_batch(folder: Path, index: int, prompts: list[str], predictions: list[dict[str, Any]]) -> None:
    write_text(_batch_file(folder, index), json.dumps({"prompts": prompts, "predictions": predictions}) + "\n")


def _read_batch(folder: Path, index: int, prompts: list[str]) -> list[dict[str, Any]]:
    path = _batch_file(folder, index)
    batch = _read_json(path)
    if batch["prompts"] != prompts:
        raise ValueError(
            f"{path} has predictions for other prompts ({batch['prompts'][:1]} and more, not {prompts[:1]}): give "
            "another folder for other data or another limit, or delete this one."
        )
    return batch["predictions"]


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON ({error}): delete it.") from error


__all__ = ["predict_all"]
