# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Programs for the prompts of a file, of any length: in batches, on several processes, and resumed where it was stopped.

Neither input nor output is ever held in memory. Each finished batch is a file in a folder beside the output, named as
this with `.partial` behind; at the end they become the output.
"""

import codecs
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from tqdm.auto import tqdm

from codefusion_hf.files import write_text
from codefusion_hf.inference.processes import (
    check_launcher,
    check_settings,
    lock_folder,
    on_main_process,
    process_state,
)


if TYPE_CHECKING:
    from codefusion_hf.pipelines import CodeFusionPipeline

JSON_LINES_SUFFIXES = frozenset({".json", ".jsonl", ".ndjson"})

# The keys of an input row that may hold the prompt. The first that is not null counts.
PROMPT_KEYS = ("prompt", "text")

_PARTS = "part-*.jsonl"

# Longest part of a malformed line that a message shows.
_SHOWN_CHARACTERS = 60


def read_prompts(path: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """
    Read the prompts of a file, one after the other.

    Args:
        path (`str` or `os.PathLike`):
            JSON Lines if it ends in `.jsonl`, `.ndjson` or `.json`: objects with a string `prompt` or, where that is
            missing or null, `text`. Otherwise a prompt a line. Blank lines are passed over. Text is UTF-8.

    Returns:
        `Iterator[dict]`: for each prompt the keys of its object, with `prompt` among them.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if a line is malformed; the message names it.
    """
    path = Path(path)
    is_json = path.suffix.lower() in JSON_LINES_SUFFIXES
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            location = f"{path}, line {number}"
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            try:
                text = line.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise ValueError(f"{location}: expected UTF-8, got the byte 0x{line[error.start]:02x}.") from error
            if text.strip():
                yield _json_row(text, location) if is_json else {"prompt": text}


def _json_row(text: str, location: str) -> dict[str, Any]:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:  # a ValueError that is no JSONDecodeError: a number of many digits
        raise ValueError(f"{location}: expected a JSON object, got {text[:_SHOWN_CHARACTERS]!r}.") from error
    if not isinstance(row, dict):
        raise ValueError(f"{location}: expected a JSON object, got {type(row).__name__}.")
    if "candidates" in row:
        raise ValueError(f"{location}: the field `candidates` is what the output has the programs in; rename it.")
    key = next((key for key in PROMPT_KEYS if row.get(key) is not None), None)
    if key is None:
        raise ValueError(f"{location}: expected a field `prompt` or `text`, got {', '.join(row) or 'no fields'}.")
    prompt = row[key]
    if not isinstance(prompt, str) or not prompt.strip():
        raise ValueError(
            f"{location}, field `{key}`: expected a string that is not empty, got {repr(prompt)[:_SHOWN_CHARACTERS]}."
        )
    try:
        json.dumps(row, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        # JSON can say "\ud800"; neither a tokenizer nor a file takes it.
        surrogate = error.object[error.start]
        raise ValueError(f"{location}: expected Unicode text, got the lone surrogate {surrogate!r}.") from error
    return {**row, "prompt": prompt}


def generate_to_file(
    pipe: "CodeFusionPipeline",
    input_file: str | os.PathLike[str],
    output_file: str | os.PathLike[str],
    *,
    num_inference_steps: int = 10,
    num_return_sequences: int = 5,
    temperature: float = 0.05,
    guidance_scale: float = 1.0,
    num_candidates: int | None = None,
    ranking: str | Callable[[str, str], float] = "votes",
    is_valid: Callable[[str], bool] | None = None,
    batch_size: int = 16,
    seed: int = 0,
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
            The loaded checkpoint. Its progress bar is left as it is; `pipe.set_progress_bar_config(disable=True)`
            silences it.
        input_file (`str` or `os.PathLike`):
            The prompts, see [`read_prompts`].
        output_file (`str` or `os.PathLike`):
            Where the programs go, as JSON Lines in the order of the input: for each prompt an object with the keys of
            its input, `prompt`, and `candidates`, a list of objects with `code` and `score`, best first. It appears
            when all is done.
        num_inference_steps, num_return_sequences, temperature, guidance_scale, num_candidates, ranking, is_valid:
            As of [`CodeFusionPipeline`].
        batch_size (`int`, *optional*, defaults to 16):
            Prompts of a batch, 1 or more.
        seed (`int`, *optional*, defaults to 0):
            Seed of the noise. A batch's is this plus the index of its first prompt.
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
    if batch_size < 1:
        raise ValueError(f"`batch_size` must be 1 or more, got {batch_size}.")
    input_file, output_file = Path(input_file), Path(output_file)
    folder = output_file.with_name(f"{output_file.name}.partial")
    arguments: dict[str, Any] = {
        "num_inference_steps": num_inference_steps,
        "num_return_sequences": num_return_sequences,
        "temperature": temperature,
        "guidance_scale": guidance_scale,
        "num_candidates": num_candidates,
    }
    state = process_state()

    with ExitStack() as stack:

        def prepare() -> tuple[int, str]:
            _check_output(input_file, output_file, overwrite)
            num_prompts, input_sha256 = _survey(input_file)
            settings = {
                "input_sha256": input_sha256,
                "num_prompts": num_prompts,
                **_checkpoint_settings(pipe),
                **arguments,
                "ranking": ranking if isinstance(ranking, str) else ranking.__qualname__,
                "is_valid": None if is_valid is None else is_valid.__qualname__,
                "batch_size": batch_size,
                "seed": seed,
            }
            stack.enter_context(lock_folder(folder))
            # Another run may have ended while this one waited for it.
            _check_output(input_file, output_file, overwrite)
            check_settings(folder, settings, finished=_PARTS)
            return num_prompts, input_sha256

        def finish() -> None:
            starts = range(0, num_prompts, batch_size)
            with _keeping(folder):
                _concatenate((_part_file(folder, start) for start in starts), folder / "whole.jsonl", output_file)
            for start in starts:
                _part_file(folder, start).unlink()

        num_prompts, input_sha256 = on_main_process(state, prepare)
        rows = _read_unchanged(input_file, input_sha256)
        with tqdm(
            total=num_prompts,
            initial=min(num_prompts, batch_size * sum(1 for _ in folder.glob(_PARTS))),
            unit="prompt",
            desc="codefusion",
            disable=not state.is_main_process,
        ) as progress:
            start = 0
            while batch := list(islice(rows, batch_size)):
                part = _part_file(folder, start)
                is_own = start // batch_size % state.num_processes == state.process_index
                if is_own and not _has_rows(part, len(batch)):
                    check_launcher(state)
                    generator = torch.Generator().manual_seed(seed + start)
                    prompts = [row["prompt"] for row in batch]
                    output = pipe(prompt=prompts, generator=generator, ranking=ranking, is_valid=is_valid, **arguments)
                    with _keeping(folder):
                        write_text(part, _to_json_lines(batch, output.codes, output.scores))
                start += len(batch)
                # Nobody waits here: the other processes are taken to be as far.
                progress.update(max(0, start - progress.n))

        state.wait_for_everyone()
        check_launcher(state)
        on_main_process(state, finish)
    # The lock is released before: Windows does not delete an open file.
    if state.is_main_process:
        shutil.rmtree(folder)


def _check_output(input_file: Path, output_file: Path, overwrite: bool) -> None:
    if output_file.is_dir():
        raise ValueError(f"`output_file` must be a file, but {output_file} is a folder.")
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


def _to_json_lines(
    rows: list[dict[str, Any]], codes_of_rows: list[list[str]], scores_of_rows: list[list[float]]
) -> str:
    lines = []
    for row, codes, scores in zip(rows, codes_of_rows, scores_of_rows, strict=True):
        candidates = [{"code": code, "score": score} for code, score in zip(codes, scores, strict=True)]
        lines.append(json.dumps({**row, "candidates": candidates}, ensure_ascii=False) + "\n")
    return "".join(lines)


def _part_file(folder: Path, start: int) -> Path:
    """The file of the batch that begins with the prompt of this index."""
    return folder / f"part-{start:010}.jsonl"


def _has_rows(part: Path, num_rows: int) -> bool:
    """Whether a batch is finished. A machine that lost its power may have left files that are cut."""
    return part.exists() and part.read_bytes().count(b"\n") == num_rows


def _concatenate(parts: Iterable[Path], temporary: Path, output_file: Path) -> None:
    with temporary.open("wb") as target:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, target)
        # Next, the parts are deleted.
        target.flush()
        os.fsync(target.fileno())
    os.replace(temporary, output_file)


@contextmanager
def _keeping(folder: Path) -> Iterator[None]:
    """Say of an error what becomes of the finished batches."""
    try:
        yield
    except OSError as error:
        raise OSError(
            f"{error}. What is finished is kept in {folder}: the same command goes on from there."
        ) from error


__all__ = ["generate_to_file", "read_prompts"]
