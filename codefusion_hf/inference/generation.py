# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Programs for the prompts of a file, of any length: in batches, on several processes, and resumed where it was stopped.

Neither input nor output is ever held in memory. Each finished batch is a file in a folder beside the output, named as
this with `.partial` behind; at the end they become the output.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from .arguments import SamplingArguments
from .batches import PARTS, check_batch_size, keeping, lock_folder, run_batches, to_json_line
from .processes import on_main_process, process_state
from .prompts import read_prompts


if TYPE_CHECKING:
    from codefusion_hf.pipelines import CodeFusionPipeline


def generate_to_file(
    pipe: "CodeFusionPipeline",
    input_file: str | os.PathLike[str],
    output_file: str | os.PathLike[str],
    sampling: SamplingArguments,
    *,
    language: str | None = None,
    batch_size: int = 16,
    overwrite: bool = False,
) -> None:
    """
    Generate programs for all prompts of a file.

    Batches are cut from the input in order, and each has a random number generator of its own: the output depends
    neither on how often the work was interrupted nor on the number of processes. (It does depend, by rounding, on the
    device and on the number of threads.) Called again with the same arguments, it does what is left to do: finished
    batches are kept in the folder `output_file` + `.partial`. Under `accelerate launch` or `torchrun`, every process
    calls it, and the processes share out the batches; on several machines they need a folder that all of them see.

    The input is read once, and checked, before anything is generated.

    Args:
        pipe ([`CodeFusionPipeline`]):
            The loaded checkpoint, with the scheduler to sample with. Its progress bar is left as it is;
            `pipe.set_progress_bar_config(disable=True)` silences it.
        input_file (`str` or `os.PathLike`):
            The prompts, see [`~codefusion_hf.inference.prompts.read_prompts`].
        output_file (`str` or `os.PathLike`):
            Where the programs go, as JSON Lines in the order of the input: for each prompt an object with the keys of
            its input, `prompt`, and `candidates`, a list of objects with `code` and `score`, best first. It appears
            when all is done.
        sampling ([`~codefusion_hf.inference.arguments.SamplingArguments`]):
            How to sample. A batch's seed is `seed` plus the index of its first prompt; `scheduler` does not count.
        language (`str`, *optional*):
            Language of the code, which `valid_first` needs. Defaults to the checkpoint's.
        batch_size (`int`, *optional*, defaults to 16):
            Prompts of a batch, 1 or more.
        overwrite (`bool`, *optional*, defaults to `False`):
            Whether to replace an `output_file` that is there.

    Raises:
        InterruptedError: if there are several processes, and what launched them is gone.
        OSError: if a file cannot be read or written, also because another run is writing this output. Finished batches
            are kept.
        ValueError: if an argument is out of its range, a line of the input is malformed, it has no prompts,
            `output_file` is there and not to be replaced, or what is finished was made with other settings, by another
            checkpoint or for another input.
    """
    check_batch_size(batch_size)
    input_file, output_file = Path(input_file), Path(output_file)
    folder = output_file.with_name(f"{output_file.name}.partial")
    arguments = sampling.call_arguments(pipe.sampling_defaults, language)
    state = process_state()

    def generate(rows: list[dict[str, Any]], start: int) -> list[dict[str, Any]]:
        output = pipe(prompt=[row["prompt"] for row in rows], generator=sampling.generator(start), **arguments)
        return [{"candidates": candidates} for candidates in to_candidates(output.codes, output.scores)]

    with ExitStack() as stack:

        def prepare() -> tuple[int, str]:
            _check_output(input_file, output_file, overwrite)
            num_prompts, input_sha256 = _survey(input_file)
            stack.enter_context(lock_folder(folder))
            # Another run may have ended while this one waited for it.
            _check_output(input_file, output_file, overwrite)
            return num_prompts, input_sha256

        num_prompts, input_sha256 = on_main_process(state, prepare)
        settings = {
            "input_sha256": input_sha256,
            "num_prompts": num_prompts,
            **sampling.settings(pipe.sampling_defaults),
            **_checkpoint_settings(pipe),
            "language": language or pipe.sampling_defaults["language"],
        }
        results = run_batches(
            generate,
            partial(_read_unchanged, input_file, input_sha256),
            num_prompts,
            batch_size=batch_size,
            settings=settings,
            description="codefusion",
            folder=folder,
        )
        on_main_process(state, partial(_finish, results, folder, output_file))


def to_candidates(codes: list[list[str]], scores: list[list[float]]) -> list[list[dict[str, Any]]]:
    """
    What a pipeline returns, as it is written.

    Args:
        codes (`list[list[str]]`):
            The programs of each prompt.
        scores (`list[list[float]]`):
            Their scores.

    Returns:
        `list[list[dict]]`: for each prompt a list of `code` and `score`.
    """
    return [
        [{"code": code, "score": score} for code, score in zip(*of_prompt, strict=True)]
        for of_prompt in zip(codes, scores, strict=True)
    ]


def _check_output(input_file: Path, output_file: Path, overwrite: bool) -> None:
    if output_file.exists() and not output_file.is_file():
        raise ValueError(f"`output_file` must be a file, but {output_file} is a folder or a device.")
    if output_file.exists() and input_file.exists() and output_file.samefile(input_file):
        raise ValueError(f"`output_file` must not be the input, got {output_file} for both.")
    if output_file.exists() and not overwrite:
        raise ValueError(f"`output_file` {output_file} exists: give another one, or `overwrite` (`--overwrite`).")


def _survey(input_file: Path) -> tuple[int, str]:
    """Number of the prompts, and a hash of their rows; all of them are well-formed then."""
    digest = hashlib.sha256()
    num_prompts = 0
    for row in read_prompts(input_file):
        digest.update(json.dumps(row).encode("utf-8"))
        num_prompts += 1
    if num_prompts == 0:
        raise ValueError(f"{input_file}: expected at least one prompt, got none.")
    return num_prompts, digest.hexdigest()


def _read_unchanged(input_file: Path, input_sha256: str) -> Iterator[dict[str, Any]]:
    """The rows, and an error behind them if they are not those that [`_survey`] saw."""
    digest = hashlib.sha256()
    for row in read_prompts(input_file):
        digest.update(json.dumps(row).encode("utf-8"))
        yield row
    if digest.hexdigest() != input_sha256:
        raise ValueError(f"{input_file} was changed while it was worked on: delete what is finished, and start anew.")


def _checkpoint_settings(pipe: "CodeFusionPipeline") -> dict[str, str]:
    """What tells checkpoints and schedulers apart, wherever they were loaded from."""
    digest = hashlib.sha256()
    for name, weight in sorted(pipe.model.state_dict().items()):
        digest.update(f"{name} {weight.dtype} {tuple(weight.shape)}".encode())
        digest.update(weight.cpu().contiguous().flatten().view(torch.uint8).numpy())
    # The pipeline sets the prediction type of some schedulers in its first call.
    config = {
        name: value
        for name, value in pipe.scheduler.config.items()
        if not name.startswith("_") and name != "prediction_type"
    }
    config_json = json.dumps(config, sort_keys=True, default=str)
    return {
        "weights_sha256": digest.hexdigest(),
        "scheduler": type(pipe.scheduler).__name__,
        "scheduler_config_sha256": hashlib.sha256(config_json.encode("utf-8")).hexdigest(),
    }


def _finish(results: Iterable[dict[str, Any]], folder: Path, output_file: Path) -> None:
    """Write the output, and delete the batches that it is made of."""
    temporary = folder / "whole.jsonl"
    with keeping(folder):
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(map(to_json_line, results))
            # Next, the batches are deleted.
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, output_file)
    for part in list(folder.glob(PARTS)):
        part.unlink()


__all__ = ["generate_to_file", "to_candidates"]
