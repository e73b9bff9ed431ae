# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A memory as files: the pairs as Parquet, and a configuration as JSON. Neither can hold anything that is run."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from codefusion_hf.data.sources import shorten
from codefusion_hf.languages import LANGUAGES

from .rows import MAX_CODE_LENGTH, MAX_ROWS, MAX_TABLE_LENGTH, MAX_TEXT_LENGTH, MemoryRow, check_row, check_table_text


try:
    import pyarrow
    import pyarrow.compute
    import pyarrow.parquet
except ImportError as error:
    raise ImportError(
        "A memory's files need pyarrow, which is not installed: `pip install 'codefusion-hf[memory]'`."
    ) from error


CONFIG_NAME = "memory_config.json"
PAIRS_NAME = "pairs.parquet"
# Raised when a memory of before cannot be read as one of now.
FORMAT_VERSION = 1
CLASS_NAME = "CodeFusionMemory"

_COLUMNS = {"text": MAX_TEXT_LENGTH, "code": MAX_CODE_LENGTH, "data": MAX_TABLE_LENGTH}
_SCHEMA = pyarrow.schema([(name, pyarrow.string()) for name in _COLUMNS])
# Rows that are decompressed at once, which bounds what a hostile file can take.
_ROWS_PER_GROUP = 4_096
_ROWS_PER_BATCH = 1_024
# Bytes of a character in UTF-8, and what a column has beside its values.
_BYTES_PER_CHARACTER = 4
_COLUMN_OVERHEAD = 2**20


def write_files(folder: Path, rows: Sequence[MemoryRow], language: str) -> None:
    """
    Write a memory.

    Args:
        folder (`Path`):
            Where to; it must exist. See [`~codefusion_hf.files.staged_folder`].
        rows (sequence of [`MemoryRow`]):
            The rows.
        language (`str`):
            Their language.

    Raises:
        OSError: if it cannot be written.
    """
    path = folder / PAIRS_NAME
    with pyarrow.parquet.ParquetWriter(path, _SCHEMA, compression="zstd", write_page_checksum=True) as writer:
        for start in range(0, len(rows), _ROWS_PER_GROUP):
            group = rows[start : start + _ROWS_PER_GROUP]
            columns = [[row.text for row in group], [row.code for row in group], [row.table or None for row in group]]
            writer.write_table(pyarrow.table([pyarrow.array(column, pyarrow.string()) for column in columns], _SCHEMA))
    config = {
        "_class_name": CLASS_NAME,
        "format_version": FORMAT_VERSION,
        "language": language,
        "num_rows": len(rows),
        "num_bytes": path.stat().st_size,
    }
    (folder / CONFIG_NAME).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def read_files(folder: Path) -> tuple[list[MemoryRow], str]:
    """
    Read a memory, which anybody may have written.

    Args:
        folder (`Path`):
            Where it is.

    Returns:
        `tuple[list[MemoryRow], str]`: the rows in the order of the file, and their language.

    Raises:
        OSError: if a file cannot be read.
        ValueError: if one is broken, of another version, or has what is not allowed in it; the message names file, row
            and field.
    """
    config = _read_config(folder / CONFIG_NAME)
    path = folder / PAIRS_NAME
    if not path.is_file():
        raise ValueError(f"{folder}: expected the file {PAIRS_NAME} beside {CONFIG_NAME}, got a folder without.")
    if path.stat().st_size != config["num_bytes"]:
        raise ValueError(
            f"{path}: expected {config['num_bytes']:,} bytes, as {CONFIG_NAME} says, got {path.stat().st_size:,}."
        )
    try:
        _check_shape(path, pyarrow.parquet.read_metadata(path), config["num_rows"])
        # The checksums are those of whoever has written it: they find what broke on the way.
        with pyarrow.parquet.ParquetFile(
            path, page_checksum_verification=True, read_dictionary=list(_COLUMNS)
        ) as file:
            rows = list(_read_rows(path, file))
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: expected Parquet, got an error of pyarrow: {error}") from error
    return rows, config["language"]


def _read_config(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ValueError(f"{path.parent}: expected a memory, got a folder without {path.name}.")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: expected JSON, got {error}.") from error
    if not isinstance(config, dict):
        raise ValueError(f"{path}: expected a JSON object, got {type(config).__name__}.")
    if config.get("_class_name") != CLASS_NAME:
        raise ValueError(f"{path}: `_class_name` must be {CLASS_NAME!r}, got {shorten(config.get('_class_name'))}.")
    if config.get("format_version") != FORMAT_VERSION:
        raise ValueError(
            f"{path}: `format_version` must be {FORMAT_VERSION}, got {shorten(config.get('format_version'))}: it was "
            "written by another version of codefusion-hf."
        )
    if config.get("language") not in LANGUAGES:
        raise ValueError(
            f"{path}: `language` must be one of {', '.join(LANGUAGES)}, got {shorten(config.get('language'))}."
        )
    for name in ("num_rows", "num_bytes"):
        if type(config.get(name)) is not int or config[name] < 0:
            raise ValueError(f"{path}: `{name}` must be a number from 0 on, got {shorten(config.get(name))}.")
    return config


def _check_shape(path: Path, metadata: "pyarrow.parquet.FileMetaData", num_rows: int) -> None:
    """Columns and sizes as the file itself states them, before anything is decompressed."""
    columns = [(field.name, str(field.type)) for field in metadata.schema.to_arrow_schema()]
    if columns != [(name, "string") for name in _COLUMNS]:
        wanted = ", ".join(f"{name}: string" for name in _COLUMNS)
        got = ", ".join(f"{name}: {kind}" for name, kind in columns)
        raise ValueError(f"{path}: expected the columns {wanted}, got {shorten(got)}.")
    if metadata.num_rows != num_rows:
        raise ValueError(f"{path}: expected {num_rows:,} rows, as {CONFIG_NAME} says, got {metadata.num_rows:,}.")
    if num_rows > MAX_ROWS:
        raise ValueError(f"{path}: expected at most {MAX_ROWS:,} rows, got {num_rows:,}.")
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        if group.num_rows > _ROWS_PER_GROUP:
            raise ValueError(
                f"{path}, row group {number + 1}: expected at most {_ROWS_PER_GROUP:,} rows, got {group.num_rows:,}."
            )
        for index, (name, longest) in enumerate(_COLUMNS.items()):
            size = group.column(index).total_uncompressed_size
            allowed = _COLUMN_OVERHEAD + group.num_rows * longest * _BYTES_PER_CHARACTER
            if size > allowed:
                raise ValueError(
                    f"{path}, row group {number + 1}, column `{name}`: expected at most {allowed:,} bytes for "
                    f"{group.num_rows:,} rows, got {size:,}."
                )


def _read_rows(path: Path, file: "pyarrow.parquet.ParquetFile") -> Iterator[MemoryRow]:
    number = 0
    for batch in file.iter_batches(_ROWS_PER_BATCH):
        for name, longest in _COLUMNS.items():
            # A value that many rows share is there once, until it is made Python's.
            size = pyarrow.compute.max(pyarrow.compute.binary_length(batch[name].dictionary)).as_py() or 0
            if size > longest * _BYTES_PER_CHARACTER:
                raise ValueError(
                    f"{path}, rows {number + 1} to {number + len(batch)}, field `{name}`: expected at most "
                    f"{longest:,} characters, got a value of {size:,} bytes."
                )
        for row in batch.to_pylist():
            number += 1
            location = f"{path}, row {number}"
            row["data"] = check_table_text(f"{location}, field `data`", row["data"])
            yield check_row(location, row)


__all__ = ["CONFIG_NAME", "PAIRS_NAME", "read_files", "write_files"]
