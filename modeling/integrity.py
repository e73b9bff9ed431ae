# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Whether weights files are as they were saved: their checksums, and what is wrong with one that cannot be opened."""

import hashlib
import json
import os
from pathlib import Path
from typing import BinaryIO

from transformers.modeling_utils import safe_open


# A file's SHA-256 is in its own metadata: of the file with zeros in place of these digits. A list of checksums beside
# the weights would be easier to check by hand, but diffusers downloads no files of a model but those that it knows.
CHECKSUM_KEY = "sha256"
CHECKSUM_PLACEHOLDER = b"0" * 64

# A safetensors file begins with the size of its header (https://huggingface.co/docs/safetensors).
HEADER_SIZE_BYTES = 8
READ_BYTES = 2**20


def read_header(file: BinaryIO) -> bytes:
    """The header of a safetensors file that is open, which is then read up to the weights."""
    return file.read(int.from_bytes(file.read(HEADER_SIZE_BYTES), "little"))


def add_checksum(path: str | os.PathLike) -> None:
    """
    Write the checksum of a weights file into its metadata.

    Args:
        path (`str` or `os.PathLike`):
            A safetensors file, which is replaced. One that has a checksum stays as it is.

    Raises:
        OSError: if it cannot be written; it is then as it was.
    """
    path = Path(path)
    with path.open("rb") as source:
        header = json.loads(read_header(source))
        metadata = header.pop("__metadata__", {})
        if CHECKSUM_KEY in metadata:
            return
        # First of all, so that the first such digits in the file are these.
        metadata = {CHECKSUM_KEY: CHECKSUM_PLACEHOLDER.decode(), **metadata}
        text = json.dumps({"__metadata__": metadata, **header}, ensure_ascii=False, separators=(",", ":")).encode()
        text += b" " * (-len(text) % HEADER_SIZE_BYTES)  # the weights are aligned
        start = len(text).to_bytes(HEADER_SIZE_BYTES, "little") + text
        digest = hashlib.sha256(start)
        temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        with temporary.open("wb") as target:
            target.write(start)
            while block := source.read(READ_BYTES):
                target.write(block)
                digest.update(block)
            target.seek(start.index(CHECKSUM_PLACEHOLDER))
            target.write(digest.hexdigest().encode())
    os.replace(temporary, path)


def verify_checksum(path: str | os.PathLike) -> None:
    """
    Check that a weights file is the one that was saved.

    Args:
        path (`str` or `os.PathLike`):
            A safetensors file. One without a checksum, as other libraries save it, is as good.

    Raises:
        OSError: if it is not; the message names it.
        SafetensorError: if it cannot be opened; see [`damaged_weights`].
    """
    with safe_open(path, framework="pt") as weights:
        expected = (weights.metadata() or {}).get(CHECKSUM_KEY)
    if expected is None:
        return
    with open(path, "rb") as file:
        header = read_header(file)
        digest = hashlib.sha256(len(header).to_bytes(HEADER_SIZE_BYTES, "little"))
        digest.update(header.replace(expected.encode(), CHECKSUM_PLACEHOLDER, 1))
        while block := file.read(READ_BYTES):
            digest.update(block)
    if digest.hexdigest() != expected:
        raise OSError(
            f"The weights file is truncated or altered: `{path}`: expected the SHA-256 that was saved in it, "
            f"{expected}, found {digest.hexdigest()} (of the file with zeros in place of these digits)."
        )


def damaged_weights(folder: str | os.PathLike) -> list[str]:
    """What is wrong with the safetensors files of a folder: a line for each that cannot be opened."""
    damages = []
    for path in sorted(Path(folder).glob("*.safetensors")):
        try:
            with safe_open(path, framework="pt"):
                pass
        except Exception as error:  # the type belongs to a library that this file, which travels, may not import
            damages.append(f"`{path}`: {error}")
    return damages


__all__ = ["add_checksum", "damaged_weights", "verify_checksum"]
