# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The arguments by which data files are read, for training, evaluation and memories alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(kw_only=True)
class DataArguments:
    """
    How data files are read.

    Args:
        format (`str`, *optional*):
            One of [`~codefusion_hf.data.sources.FORMATS`]. Defaults to what name and content of a file tell.
        text_column (`str`, *optional*):
            Name of the column or key of the prompt. Defaults to that of the format.
        code_column (`str`, *optional*):
            Name of the column or key of the program. Defaults to that of the format.
        skip_malformed (`bool`, *optional*, defaults to `False`):
            Whether to skip malformed rows and count them. By default the first one is an error.
        split (`str`, *optional*):
            Split of a file or data set that has several. Defaults to `train`.
    """

    format: str | None = field(default=None, metadata={"help": "format of the files (by their names and content)"})
    text_column: str | None = field(
        default=None, metadata={"metavar": "NAME", "help": "column of the prompts (the format's)"}
    )
    code_column: str | None = field(
        default=None, metadata={"metavar": "NAME", "help": "column of the programs (the format's)"}
    )
    skip_malformed: bool = field(default=False, metadata={"help": "skip malformed rows and count them"})
    split: str | None = field(default=None, metadata={"help": "split of the data, where it has several (train)"})

    def load_options(self) -> dict[str, Any]:
        """
        What holds for every file.

        Returns:
            `dict[str, Any]`: arguments of [`~codefusion_hf.data.pairs.load_rows`], without the split.
        """
        return {
            "format": self.format,
            "text_column": self.text_column,
            "code_column": self.code_column,
            "on_malformed": "skip" if self.skip_malformed else "raise",
        }

    def load_pairs(self, paths: Sequence[str | Path], split: str | None = None) -> list[dict[str, Any]]:
        """
        Load the rows of files, each of which must have a prompt. Malformed rows that are skipped are logged.

        Args:
            paths (`Sequence[str | Path]`):
                Files, folders or data sets of the Hub.
            split (`str`, *optional*):
                Split of files that have several. Defaults to `train`.

        Returns:
            `list[dict[str, Any]]`: rows of [`~codefusion_hf.data.pairs.load_rows`].

        Raises:
            ValueError: if an argument is unknown, or a file is malformed.
            OSError: if a file cannot be read.
        """
        from .pairs import load_rows, log_malformed

        rows = []
        for path in paths:
            loaded = load_rows(path, split=split, prompts="required", **self.load_options())
            log_malformed(path, loaded)
            rows += loaded.rows
        return rows


__all__ = ["DataArguments"]
