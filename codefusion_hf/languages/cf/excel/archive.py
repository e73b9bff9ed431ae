# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Workbooks of others, looked through before they are read: an .xlsx file is an archive of XML files, which can unpack to
any size, and whose entities can repeat themselves to any size.
"""

import io
import xml.sax
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import defusedxml.sax
from defusedxml import DefusedXmlException


@dataclass(frozen=True)
class WorkbookLimits:
    """
    What a workbook may be.

    Args:
        file_bytes (`int`), unpacked_bytes (`int`):
            Its size, as a file and unpacked.
        parts (`int`), elements (`int`), depth (`int`):
            Files in it, XML elements of all of them, and how many of these are within each other.
    """

    file_bytes: int = 32 * 2**20
    unpacked_bytes: int = 256 * 2**20
    parts: int = 2000
    elements: int = 5_000_000
    depth: int = 64


class _LimitError(ValueError):
    """A workbook is more than it may be."""


class _Counter(xml.sax.handler.ContentHandler):
    """Counts elements, and keeps nothing."""

    def __init__(self, limits: WorkbookLimits) -> None:
        super().__init__()
        self.limits = limits
        self.num_elements = 0
        self.depth = 0

    def startElement(self, name: str, attrs: Any) -> None:
        self.num_elements += 1
        self.depth += 1
        if self.num_elements > self.limits.elements or self.depth > self.limits.depth:
            raise _LimitError(
                f"must have at most {self.limits.elements:,} elements, {self.limits.depth} of them within each other"
            )

    def endElement(self, name: str) -> None:
        self.depth -= 1


def read_workbook_file(path: str | Path, limits: WorkbookLimits | None = None) -> bytes:
    """
    Read a workbook's file, if it is one that can be parsed in bounded time and memory.

    Args:
        path (`str` or `Path`):
            The file.
        limits ([`WorkbookLimits`], *optional*):
            What it may be.

    Returns:
        `bytes`: its content: what was looked through is what will be parsed.

    Raises:
        OSError: if it cannot be read.
        ValueError: if it is no .xlsx file, larger than the limits, as a file or unpacked, or declares entities. The
            message says what a workbook must be, and not where the file is.
    """
    limits = WorkbookLimits() if limits is None else limits
    if Path(path).suffix.lower() != ".xlsx":
        raise ValueError("must be an .xlsx file")
    with open(path, "rb") as file:
        data = file.read(limits.file_bytes + 1)
    if len(data) > limits.file_bytes:
        raise ValueError(f"must be of at most {limits.file_bytes:,} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_parts(archive.infolist(), limits)
            counter = _Counter(limits)
            for part in archive.infolist():
                _check_part(archive, part, counter)
    except DefusedXmlException as error:
        raise ValueError("must not declare entities or a document type") from error
    except _LimitError:
        raise
    except (EOFError, NotImplementedError, OSError, RuntimeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"must be an .xlsx file that can be read ({error})") from error
    return data


def _check_parts(parts: list[zipfile.ZipInfo], limits: WorkbookLimits) -> None:
    if len(parts) > limits.parts:
        raise _LimitError(f"must have at most {limits.parts} parts")
    if len({part.filename for part in parts}) < len(parts):
        raise _LimitError("must not have two parts of one name")
    # Other methods than Excel's are unpacked by the block, however large that is.
    if not {part.compress_type for part in parts} <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise _LimitError("must be packed by Excel's method")
    # More than is said here is never unpacked: the archive's reader stops there.
    unpacked = sum(part.file_size for part in parts)
    if unpacked > limits.unpacked_bytes:
        raise _LimitError(f"must be of at most {limits.unpacked_bytes:,} bytes when it is unpacked")


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, counter: _Counter) -> None:
    counter.depth = 0
    with archive.open(part) as file:
        try:
            defusedxml.sax.parse(file, counter, forbid_dtd=True)
        except xml.sax.SAXException:
            pass  # no XML, such as a picture: who needs it as XML fails at the same place


__all__ = ["WorkbookLimits", "read_workbook_file"]
