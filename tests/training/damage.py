# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What happens to files: they go missing, are cut off where a disk was full or a power failed, or lose a bit."""

from collections.abc import Iterator
from pathlib import Path


def flip_bit(path: Path, position: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1 << bit
    path.write_bytes(content)


def damage_file(path: Path, damage: str, share: float = 0.5) -> None:
    """Damage a file; of one that is truncated or has a bit flipped, at a share of its length."""
    content = path.read_bytes()
    position = min(int(share * len(content)), len(content) - 1)
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "truncated":
        path.write_bytes(content[:position])
    elif damage == "flipped":
        flip_bit(path, position)
    else:
        raise ValueError(f"`damage` must be one of {', '.join(DAMAGES)}, got {damage!r}.")


def damage_everywhere(path: Path) -> Iterator[None]:
    """Flip bits of a file, and cut it off, at some fifty places: each damage alone, and the whole file at the end."""
    content = path.read_bytes()
    positions = {0, 1, 8, len(content) // 2, len(content) - 1} | set(range(0, len(content), len(content) // 40))
    for position in sorted(positions):
        for bit in (0, 4, 7):
            flip_bit(path, position, bit)
            yield
            path.write_bytes(content)
        if position > 0:
            path.write_bytes(content[:position])
            yield
            path.write_bytes(content)


DAMAGES = ("missing", "empty", "truncated", "flipped")
