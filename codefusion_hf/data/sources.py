# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
r"""
The formats that data comes in, and reading their records one by one, of which
[`~codefusion_hf.data.pairs.load_rows`] makes rows of a prompt and code.

- `codefusion`: the paper's published JSON (https://github.com/microsoft/prose-benchmarks), an object with the lists
  `train` and `test` of objects with `NL Utterance`, `Code` and, for CF rules, `Data`;
- `nl2bash`: NL2Bash's `all.nl` and `all.cm`, two text files with a prompt and its command on the same line: a folder
  with both, or either file;
- `conala`: CoNaLa, a JSON list or JSON Lines of objects with `intent`, `rewritten_intent` and `snippet`;
- `jsonl` and `json`: JSON Lines and a JSON list of objects;
- `csv` and `tsv`: tables with a header;
- `parquet`;
- `counts`: a count, a tab and a snippet a line, without a header: a `.tsv` that begins with a number;
- `text`: a snippet a line: `.txt` or no suffix;
- `python` and `bash`: a source file (`.py`; `.sh`, `.bash`), or the source files below a folder, cut into snippets by
  the language: [`~codefusion_hf.languages.python.source`], [`~codefusion_hf.languages.bash.source`];
- `hub`: what `datasets.load_dataset` reads: `hf://datasets/OWNER/NAME`, or, if `format` is given, a name or a folder.

Text is UTF-8, with or without a byte order mark, its lines ended by LF or CRLF.
"""

import csv
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from codefusion_hf.languages import LANGUAGES, get_language


logger = logging.getLogger(__name__)

HUB_PREFIX = "hf://datasets/"
SPLITS = ("train", "test")

_SUFFIXES = {
    "": "text",
    ".cm": "nl2bash",
    ".csv": "csv",
    ".ndjson": "jsonl",
    ".nl": "nl2bash",
    ".parquet": "parquet",
    ".txt": "text",
}
# Of the languages that have source files.
_SOURCE_SUFFIXES = {name: suffixes for name in LANGUAGES if (suffixes := get_language(name).source_suffixes)}
_SUFFIXES |= {suffix: name for name, suffixes in _SOURCE_SUFFIXES.items() for suffix in suffixes}

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Longest part of a malformed value that a message shows.
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class Record:
    """
    One record of a data file.

    Args:
        location (`str`):
            Where it stands, for messages: file and line or row, counted from 1.
        fields (`dict[str, Any]`, *optional*):
            Its values by name. Formats without names have `text` and `code`. Empty if the record is malformed.
        problem (`str`, *optional*):
            What is wrong with it, as "expected …, got …"; `None` if nothing is.
    """

    location: str
    fields: dict[str, Any] = field(default_factory=dict)
    problem: str | None = None


def shorten(value: Any) -> str:
    """A malformed value as a message shows it: its `repr`, cut."""
    # A string is cut first: its `repr` may be as long as the file.
    text = repr(value[:_SHOWN_CHARACTERS] if isinstance(value, str) else value)
    return text if len(text) <= 2 * _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"


def detect_format(path: str | Path) -> str:
    """
    Tell the format of a data file from its name and, where that leaves a choice, from how its content begins.

    Args:
        path (`str` or `Path`):
            The file or folder, or `hf://datasets/OWNER/NAME`.

    Returns:
        `str`: one of `FORMATS`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if neither name nor content tells.
    """
    if str(path).startswith(HUB_PREFIX):
        return "hub"
    path = Path(path)
    if path.is_dir():
        return _detect_format_of_folder(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file. A data set of the Hub is written {HUB_PREFIX}OWNER/NAME.")
    suffix = path.suffix.lower()
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    if suffix == ".tsv":
        first = next(_read_snippets(path), None)
        return "counts" if first and re.match(r"\d+\t", first.fields.get("code", "")) else "tsv"
    if suffix == ".jsonl":
        first = next(_read_json_lines(path), None)
        return "conala" if first and _is_conala(first.fields) else "jsonl"
    if suffix == ".json":
        return _detect_format_of_json(path)
    raise ValueError(f"{path}: cannot tell the format from the name. Give `format`, one of {', '.join(FORMATS)}.")


def _detect_format_of_folder(folder: Path) -> str:
    if (folder / "all.nl").exists() and (folder / "all.cm").exists():
        return "nl2bash"
    found = {format: len(_source_files(folder, format)) for format in _SOURCE_SUFFIXES}
    languages = [format for format, count in found.items() if count]
    if len(languages) > 1:
        counts = " and ".join(f"{found[format]} files of {get_language(format).title}" for format in languages)
        raise ValueError(
            f"{folder}: has {counts}. Give `format`, {' or '.join(languages)}: a model is trained on one language."
        )
    if languages:
        return languages[0]
    raise ValueError(
        f"{folder}: expected a folder with all.nl and all.cm, with Python files (*.py) or with shell scripts (*.sh, "
        "*.bash), got none of these. For a data set that `datasets.load_dataset` reads, give `format` hub."
    )


def _detect_format_of_json(path: Path) -> str:
    text = _read_whole(path).lstrip()
    decoder = json.JSONDecoder()
    try:
        if text.startswith("["):
            start = len(text) - len(text[1:].lstrip())
            return "conala" if _is_conala(decoder.raw_decode(text, start)[0]) else "json"
        value, end = decoder.raw_decode(text)
    except (ValueError, RecursionError):
        # Reading it as a list will say what is wrong, and where.
        return "jsonl" if text.startswith("{") else "json"
    if isinstance(value, dict) and not text[end:].strip() and any(isinstance(value.get(key), list) for key in SPLITS):
        return "codefusion"
    return "conala" if _is_conala(value) else "jsonl"


def _is_conala(row: Any) -> bool:
    return isinstance(row, dict) and "snippet" in row and ("intent" in row or "rewritten_intent" in row)


def read_records(
    path: str | Path, format: str, split: str | None = None, name: str | None = None, streaming: bool = False
) -> Iterator[Record]:
    """
    Read the records of a data file.

    A record that is malformed by itself is yielded with its problem, and the next ones follow. Where nothing can be
    made of what follows, an error is raised.

    Args:
        path (`str` or `Path`):
            The file or folder, or a data set of the Hub.
        format (`str`):
            One of `FORMATS`; the documentation of this module says what they are.
        split (`str`, *optional*):
            Which list of the format `codefusion`, `train` or `test`, or split of the format `hub`, slices such as
            `train[:1000]` included. Defaults to `train`.
        name (`str`, *optional*):
            Configuration of a data set that has several, for the format `hub`.
        streaming (`bool`, *optional*, defaults to `False`):
            For the format `hub`, whether to fetch the rows while they are read instead of all of them before.

    Returns:
        `Iterator[Record]`: the records, in the order of the file.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if the file as a whole is malformed, or an argument is out of range or not one of this format.
    """
    if format not in FORMATS:
        raise ValueError(f"`format` must be one of {', '.join(FORMATS)}, got {format!r}.")
    if format == "hub":
        return _read_hub(str(path), split or "train", name, streaming)
    if name is not None or streaming:
        raise ValueError(
            f"`name` and `streaming` are for the format hub, got them for {path}, whose format is {format}."
        )
    path = Path(path)
    if format == "codefusion":
        return _read_codefusion(path, split or "train")
    if split is not None:
        raise ValueError(f"`split` is for the formats codefusion and hub, got {split!r} for {path}, a {format} file.")
    return _READERS[format](path)


def _read_whole(path: Path) -> str:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        start = error.start + (len(_BYTE_ORDER_MARK) if data.startswith(_BYTE_ORDER_MARK) else 0)
        line = data.count(b"\n", 0, start) + 1
        raise ValueError(f"{path}, line {line}: {_utf8_problem(data[start], start)}.") from error
    return text.replace("\r\n", "\n")


def _utf8_problem(byte: int, offset: int) -> str:
    return f"expected UTF-8, got the byte 0x{byte:02x} at offset {offset} of the file"


def _read_text(path: Path) -> Iterator[Record]:
    """Records with a `code` for every line, blank ones too."""
    offset = 0
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            location = f"{path}, line {number}"
            content = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
            try:
                text = content.decode("utf-8")
                yield Record(location, {"code": text.removesuffix("\n").removesuffix("\r")})
            except UnicodeDecodeError as error:
                start = error.start + len(line) - len(content)
                yield Record(location, problem=_utf8_problem(line[start], offset + start))
            offset += len(line)


def _read_snippets(path: Path) -> Iterator[Record]:
    return (record for record in _read_text(path) if record.problem or record.fields["code"].strip())


def _read_counts(path: Path) -> Iterator[Record]:
    for record in _read_snippets(path):
        if record.problem:
            yield record
            continue
        match = re.fullmatch(r"\d+\t(.*)", record.fields["code"], re.DOTALL)
        if match:
            yield Record(record.location, {"code": match[1]})
        else:
            problem = f"expected a count, a tab and a snippet, got {shorten(record.fields['code'])}"
            yield Record(record.location, problem=problem)


def _read_json_lines(path: Path) -> Iterator[Record]:
    for record in _read_snippets(path):
        if record.problem:
            yield record
            continue
        line = record.fields["code"]
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):  # a ValueError that is no JSONDecodeError: a number of too many digits
            yield Record(record.location, problem=f"expected a JSON object, got {shorten(line)}")
        else:
            yield _object_record(record.location, row)


def _object_record(location: str, row: Any) -> Record:
    if isinstance(row, dict):
        return Record(location, row)
    return Record(location, problem=f"expected a JSON object, got {type(row).__name__}")


def _parse_json(path: Path) -> Any:
    text = _read_whole(path)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{path}, line {error.lineno}, column {error.colno}: expected JSON, got {shorten(text[error.pos :])} "
            f"({error.msg})."
        ) from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: expected JSON, got {error}.") from error


def _read_json_list(path: Path) -> Iterator[Record]:
    rows = _parse_json(path)
    if not isinstance(rows, list):
        raise ValueError(f"{path}: expected a JSON list of objects, got {type(rows).__name__}.")
    for number, row in enumerate(rows, 1):
        yield _object_record(f"{path}, row {number}", row)


def _read_conala(path: Path) -> Iterator[Record]:
    lines = (record.fields["code"].strip() for record in _read_snippets(path) if not record.problem)
    is_list = next(lines, "").startswith("[")
    return _read_json_list(path) if is_list else _read_json_lines(path)


def _read_codefusion(path: Path, split: str) -> Iterator[Record]:
    if split not in SPLITS:
        raise ValueError(f"`split` must be one of {', '.join(SPLITS)} for a codefusion file, got {split!r}.")
    content = _parse_json(path)
    rows = content.get(split) if isinstance(content, dict) else None
    if not isinstance(rows, list):
        got = f"one with {shorten(list(content))}" if isinstance(content, dict) else type(content).__name__
        raise ValueError(f"{path}: expected a JSON object with a list `{split}`, got {got}.")
    for number, row in enumerate(rows, 1):
        yield _object_record(f"{path}, `{split}`, row {number}", row)


def _read_nl2bash(path: Path) -> Iterator[Record]:
    stem = path / "all" if path.is_dir() else path
    prompts_path, commands_path = stem.with_suffix(".nl"), stem.with_suffix(".cm")
    prompts, commands = list(_read_text(prompts_path)), list(_read_text(commands_path))
    if len(prompts) != len(commands):
        raise ValueError(
            f"{prompts_path}: expected as many lines as {commands_path} has, which is {len(commands)}, "
            f"got {len(prompts)}."
        )
    for prompt, command in zip(prompts, commands, strict=True):
        malformed = next((record for record in (prompt, command) if record.problem), None)
        yield malformed or Record(command.location, {"text": prompt.fields["code"], "code": command.fields["code"]})


def _read_table(path: Path, delimiter: str) -> Iterator[Record]:
    # A quoted cell may hold line breaks: where a row is malformed, nothing tells where the next one starts.
    reader = csv.reader(io.StringIO(_read_whole(path), newline=""), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    while True:
        location = f"{path}, line {reader.line_num + 1}"
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise ValueError(
                f"{location}: expected a row of cells, got an error of the csv module: {error}."
            ) from error
        if cells is None:
            return
        if not cells:  # a blank line
            continue
        if header is None:
            header = cells
        elif len(cells) != len(header):
            yield Record(location, problem=f"expected {len(header)} cells as in the header, got {len(cells)}")
        else:
            yield Record(location, dict(zip(header, cells, strict=True)))


def _read_csv(path: Path) -> Iterator[Record]:
    return _read_table(path, ",")


def _read_tsv(path: Path) -> Iterator[Record]:
    return _read_table(path, "\t")


def _read_parquet(path: Path) -> Iterator[Record]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError("Parquet needs pyarrow: `pip install 'codefusion-hf[training]'`.") from error

    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches():
                for row in batch.to_pylist():
                    number += 1
                    yield Record(f"{path}, row {number}", row)
    except pyarrow.ArrowInvalid as error:
        raise ValueError(f"{path}: expected Parquet, got an error of pyarrow: {error}") from error


def _read_hub(path: str, split: str, name: str | None, streaming: bool) -> Iterator[Record]:
    try:
        import datasets
    except ImportError as error:
        raise ImportError("A data set of the Hub needs datasets: `pip install 'codefusion-hf[training]'`.") from error

    if path.startswith(HUB_PREFIX):
        path = path.removeprefix(HUB_PREFIX)
        if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", path):
            raise ValueError(f"`path` must be {HUB_PREFIX}OWNER/NAME, got {HUB_PREFIX}{path}.")
    try:
        rows = datasets.load_dataset(path, name=name, split=split, streaming=streaming)
        for number, row in enumerate(rows, 1):
            yield Record(f"{path}, split {split}, row {number}", row)
    except (datasets.exceptions.DatasetsError, ValueError) as error:
        # The former are not all OSErrors, the latter (also of pyarrow) do not say which data set it is.
        raise ValueError(f"{path}: `datasets` cannot load it: {error}") from error


def _source_files(path: Path, format: str) -> list[Path]:
    """The file, or the source files below a folder; hidden ones (`.git`, `.venv`) are passed over."""
    if not path.is_dir():
        return [path]
    return sorted(
        file
        for suffix in _SOURCE_SUFFIXES[format]
        for file in path.rglob(f"*{suffix}")
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )


def _read_source(path: Path, language: str) -> Iterator[Record]:
    num_snippets = num_unparsed = 0
    for file, text in read_source_files(path, language):
        if isinstance(text, Record):
            yield text
            continue
        try:
            snippets = get_language(language).cut(text)
        except ValueError as error:
            yield Record(str(file), problem=str(error).rstrip("."))
            continue
        num_snippets += len(snippets)
        num_unparsed += sum(not snippet.parsed for snippet in snippets)
        for snippet in snippets:
            yield Record(f"{file}, line {snippet.line}", {"code": snippet.code})
    logger.info(
        "%s: %d of %d snippets are logical lines, as the parser refused them.", path, num_unparsed, num_snippets
    )


def read_source_files(path: Path, format: str) -> Iterator[tuple[Path, str | Record]]:
    """
    Read a source file, or the source files below a folder.

    Args:
        path (`Path`):
            The file or folder.
        format (`str`):
            `python` or `bash`.

    Returns:
        `Iterator[tuple[Path, str | Record]]`: each file with its text, or with a malformed record if it is not UTF-8:
        one such file spoils no folder.

    Raises:
        ValueError: if the folder has no such file.
    """
    files = _source_files(path, format)
    if not files:
        suffixes = " or ".join(f"*{suffix}" for suffix in _SOURCE_SUFFIXES[format])
        raise ValueError(f"{path}: expected files {suffixes}, got a folder without.")
    for file in files:
        try:
            yield file, _read_whole(file)
        except ValueError as error:
            yield file, Record(str(file), problem=str(error).removeprefix(f"{file}, ").rstrip("."))


_READERS: dict[str, Callable[[Path], Iterator[Record]]] = {
    "nl2bash": _read_nl2bash,
    "conala": _read_conala,
    "jsonl": _read_json_lines,
    "json": _read_json_list,
    "csv": _read_csv,
    "tsv": _read_tsv,
    "parquet": _read_parquet,
    "counts": _read_counts,
    "text": _read_snippets,
    **{language: partial(_read_source, language=language) for language in _SOURCE_SUFFIXES},
}

FORMATS = ("codefusion", *_READERS, "hub")
# Those that have no prompts.
CODE_FORMATS = frozenset({"counts", "text", *_SOURCE_SUFFIXES})


__all__ = [
    "CODE_FORMATS",
    "FORMATS",
    "HUB_PREFIX",
    "Record",
    "detect_format",
    "read_records",
    "read_source_files",
    "shorten",
]
