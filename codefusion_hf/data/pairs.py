# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Rows to train on and to measure with, from the formats people have: pairs of a prompt and code, and snippets."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codefusion_hf.pipelines.prompts import normalize_prompt

from .sources import CODE_FORMATS, FORMATS, Record, detect_format, read_records, shorten


logger = logging.getLogger(__name__)

ON_MALFORMED = ("raise", "skip")
PROMPTS = ("required", "optional", "ignored")
# Malformed rows that are described one by one; all are counted.
MAX_MESSAGES = 5

# Where the formats that do not use `text` and `code` have them. Of several names the first that is not null counts.
_TEXT_COLUMNS = {"codefusion": ("NL Utterance",), "conala": ("rewritten_intent", "intent")}
_CODE_COLUMNS = {"codefusion": "Code", "conala": "snippet"}
# The table a CF rule is about. Only in formats that can hold one: rows of cells of mixed types.
_TABLE_COLUMNS = {"codefusion": "Data", "json": "data", "jsonl": "data", "parquet": "data", "hub": "data"}


@dataclass(frozen=True)
class LoadedRows:
    """
    What was read from a data file.

    Args:
        rows (`list[dict[str, Any]]`):
            The rows that are well-formed, in the order of the file: `code`, `text` where there is a prompt, and `data`
            where there is a table (a list of rows of cells, the first of them the header).
        format (`str`):
            The format the file was read as, one of [`~codefusion_hf.data.sources.FORMATS`].
        num_malformed (`int`):
            Rows that were skipped as malformed; for Python source, files.
        messages (`tuple[str, ...]`):
            What is wrong with the first of them.
    """

    rows: list[dict[str, Any]]
    format: str
    num_malformed: int
    messages: tuple[str, ...]


def load_rows(
    path: str | Path,
    text_column: str | None = None,
    code_column: str | None = None,
    *,
    format: str | None = None,
    split: str | None = None,
    name: str | None = None,
    streaming: bool = False,
    limit: int | None = None,
    on_malformed: str = "raise",
    prompts: str = "optional",
) -> LoadedRows:
    """
    Load the rows of a data file, with all there is to know about them.

    Args:
        path (`str` or `Path`):
            The file or folder, or `hf://datasets/OWNER/NAME` for a data set of the Hub.
        text_column (`str`, *optional*):
            Name of the column or key of the prompt. Defaults to that of the format: `NL Utterance` for `codefusion`,
            `rewritten_intent` or, where that is null, `intent` for `conala`, `text` for all others.
        code_column (`str`, *optional*):
            Name of the column or key of the program. Defaults to `Code` for `codefusion`, `snippet` for `conala`,
            `code` for all others.
        format (`str`, *optional*):
            One of [`~codefusion_hf.data.sources.FORMATS`]. Defaults to what path and content tell.
        split (`str`, *optional*):
            For the formats `codefusion` and `hub`, which split. Defaults to `train`.
        name (`str`, *optional*):
            For the format `hub`, the configuration of a data set that has several.
        streaming (`bool`, *optional*, defaults to `False`):
            For the format `hub`, whether to fetch rows while they are read: with `limit`, no more than needed.
        limit (`int`, *optional*):
            Number of rows to stop at, at least 1. Defaults to all.
        on_malformed (`str`, *optional*, defaults to `"raise"`):
            What to do with a malformed row: `raise` an error, or `skip` and count it.
        prompts (`str`, *optional*, defaults to `"optional"`):
            Whether a row without a prompt is malformed (`required`) or not (`optional`), or prompts are not even read
            (`ignored`).

    Returns:
        [`LoadedRows`]: at least one row, and what was skipped.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if a row is malformed and is not to be skipped (the message names file, line or row, field, what
            was expected and what is there), if the file as a whole is, if it has no rows, or if an argument is out of
            range.
    """
    if on_malformed not in ON_MALFORMED:
        raise ValueError(f"`on_malformed` must be one of {', '.join(ON_MALFORMED)}, got {on_malformed!r}.")
    if prompts not in PROMPTS:
        raise ValueError(f"`prompts` must be one of {', '.join(PROMPTS)}, got {prompts!r}.")
    if limit is not None and limit < 1:
        raise ValueError(f"`limit` must be at least 1, got {limit}.")
    if format is None:
        format = detect_format(path)
    if prompts == "required" and format in CODE_FORMATS:
        others = ", ".join(other for other in FORMATS if other not in CODE_FORMATS)
        raise ValueError(f"{path}: has no prompts, as its format is {format}. Formats with prompts are {others}.")
    text_columns = (text_column,) if text_column is not None else _TEXT_COLUMNS.get(format, ("text",))
    code_columns = (code_column if code_column is not None else _CODE_COLUMNS.get(format, "code"),)

    rows: list[dict[str, Any]] = []
    messages: list[str] = []
    num_malformed = 0
    for record in read_records(path, format, split=split, name=name, streaming=streaming):
        try:
            if record.problem is not None:
                raise ValueError(f"{record.location}: {record.problem}.")
            row: dict[str, Any] = {}
            if prompts == "required" or (prompts == "optional" and not _is_blank(record, text_columns)):
                row["text"] = _string(record, text_columns)
            row["code"] = _string(record, code_columns)
            if (table := _table(record, format)) is not None:
                row["data"] = table
        except ValueError as error:
            if on_malformed == "raise":
                raise
            num_malformed += 1
            if len(messages) < MAX_MESSAGES:
                messages.append(str(error))
            continue
        rows.append(row)
        if len(rows) == limit:
            break
    if num_malformed:
        if not rows:
            raise ValueError(f"{path}: all of its rows are malformed ({num_malformed}). The first: {messages[0]}")
    if not rows:
        raise ValueError(f"{path}: expected at least one row, got a {format} file with none.")
    return LoadedRows(rows, format, num_malformed, tuple(messages))


def load_pairs(
    path: str | Path, text_column: str | None = None, code_column: str | None = None, **kwargs: Any
) -> list[dict[str, Any]]:
    """
    Pairs of a prompt and a program from a data file.

    Args:
        path (`str` or `Path`):
            The file or folder, or `hf://datasets/OWNER/NAME`, in any format that has prompts.
        text_column (`str`, *optional*):
            Name of the column or key of the prompt. Defaults to that of the format, `text` for most.
        code_column (`str`, *optional*):
            Name of the column or key of the program. Defaults to that of the format, `code` for most.
        kwargs (`dict[str, Any]`, *optional*):
            More arguments of [`load_rows`]: `format`, `split`, `name`, `streaming`, `limit`, `on_malformed`. With
            `on_malformed="skip"`, how many rows were skipped is logged as a warning.

    Returns:
        `list[dict[str, Any]]`: rows with `text` (as it is in the file), `code` and, where there is a table, `data`, in
        the order of the file.

    Raises:
        OSError: if the file cannot be read.
        ValueError: as for [`load_rows`]; a row without a prompt is malformed.
    """
    loaded = load_rows(path, text_column, code_column, prompts="required", **kwargs)
    log_malformed(path, loaded)
    return loaded.rows


def load_snippets(path: str | Path, code_column: str | None = None, **kwargs: Any) -> list[str]:
    """
    Programs without prompts from a data file.

    Args:
        path (`str` or `Path`):
            The file or folder, or `hf://datasets/OWNER/NAME`, in any format. Prompts are passed over.
        code_column (`str`, *optional*):
            Name of the column or key of the program. Defaults to that of the format, `code` for most.
        kwargs (`dict[str, Any]`, *optional*):
            More arguments of [`load_rows`]: `format`, `split`, `name`, `streaming`, `limit`, `on_malformed`. With
            `on_malformed="skip"`, how many rows were skipped is logged as a warning.

    Returns:
        `list[str]`: the snippets, in the order of the file.

    Raises:
        OSError: if the file cannot be read.
        ValueError: as for [`load_rows`].
    """
    loaded = load_rows(path, None, code_column, prompts="ignored", **kwargs)
    log_malformed(path, loaded)
    return [row["code"] for row in loaded.rows]


def log_malformed(path: str | Path, loaded: LoadedRows) -> None:
    """
    Log a warning if rows were skipped: how many, and what is wrong with the first.

    Args:
        path (`str` or `Path`):
            What was read.
        loaded ([`LoadedRows`]):
            What came of it.
    """
    if loaded.num_malformed:
        logger.warning(
            "%s: skipped %d malformed rows, kept %d. The first: %s",
            path,
            loaded.num_malformed,
            len(loaded.rows),
            loaded.messages[0],
        )


def _is_blank(record: Record, columns: tuple[str, ...]) -> bool:
    values = [record.fields.get(column) for column in columns]
    return all(value is None or (isinstance(value, str) and not value.strip()) for value in values)


def _string(record: Record, columns: tuple[str, ...]) -> str:
    """The first of the columns that is not null."""
    column = next((column for column in columns if record.fields.get(column) is not None), columns[0])
    value = record.fields.get(column)
    where = f"{record.location}, field `{column}`"
    if not isinstance(value, str) or not value.strip():
        there = "" if column in record.fields else f"; the fields are {shorten(list(record.fields))}"
        raise ValueError(f"{where}: expected a string that is not empty, got {shorten(value)}{there}.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        # JSON can say "\ud800"; no tokenizer takes it.
        raise ValueError(f"{where}: expected Unicode text, got the lone surrogate {value[error.start]!r}.") from error
    return value


def _table(record: Record, format: str) -> list[list[Any]] | None:
    column = _TABLE_COLUMNS.get(format)
    value = record.fields.get(column) if column else None
    if isinstance(value, list) and all(isinstance(cells, list) for cells in value):
        return value
    # To Parquet and the Hub `data` is a name like any other, and a column of another type no table.
    if value is None or format in ("parquet", "hub"):
        return None
    raise ValueError(
        f"{record.location}, field `{column}`: expected a table, which is a list of rows, each a list of cells, "
        f"got {shorten(value)}."
    )


__all__ = ["LoadedRows", "load_pairs", "load_rows", "load_snippets", "log_malformed", "normalize_prompt"]
