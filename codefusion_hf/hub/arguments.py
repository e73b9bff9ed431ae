# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What is pushed to the Hub, and what its card says."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(kw_only=True)
class PushArguments:
    """
    What is pushed to the Hub, and what its card says.

    Args:
        folder (`str`):
            Folder of a pipeline.
        repo_id (`str`):
            The repository, `user/repo`. It is made if it is missing.
        private (`bool`, *optional*):
            Whether a repository that is made is private. Defaults to what the organisation has chosen.
        variant (`str`, *optional*):
            `"fp16"` or `"bf16"`: cast the weights, and push them under that name beside those that are there.
        revision (`str`, *optional*):
            Branch to push to, made if it is missing. Defaults to `main`.
        commit_message (`str`, *optional*):
            Its first line is the commit's title.
        report (`str`, *optional*):
            A `report.json` of `codefusion evaluate`, whose scores go into the card. Defaults to that of the folder, if
            there is one.
        license (`str`, *optional*):
            Licence of the weights: an identifier of https://huggingface.co/docs/hub/repositories-licenses.
        dataset (`list[str]`, *optional*):
            What it is trained on, each `ID` or `ID=LICENCE`.
        token (`str`, *optional*):
            Token of the Hub. Defaults to the stored one.
    """

    folder: str = field(metadata={"positional": True, "metavar": "FOLDER", "help": "pipeline folder or bundled name"})
    repo_id: str = field(
        metadata={"positional": True, "metavar": "USER/REPO", "help": "repository; made if it is missing"}
    )
    private: bool | None = field(default=None, metadata={"help": "make it a private one"})
    variant: Literal["fp16", "bf16"] | None = field(
        default=None, metadata={"help": "cast the weights, beside those that are there"}
    )
    revision: str | None = field(
        default=None, metadata={"metavar": "BRANCH", "help": "branch, made if it is missing (main)"}
    )
    commit_message: str | None = field(default=None, metadata={"metavar": "TEXT", "help": "title of the commit"})
    report: str | None = field(
        default=None,
        metadata={"metavar": "FILE", "help": "report.json of `codefusion evaluate`, for the card (that in FOLDER)"},
    )
    license: str | None = field(
        default=None, metadata={"metavar": "ID", "help": "licence of the weights, as the Hub spells it (the card's)"}
    )
    dataset: list[str] = field(
        default_factory=list,
        metadata={
            "action": "append",
            "metavar": "ID[=LICENCE]",
            "help": "data that it is trained on, and its licence; several times for several (the card's)",
        },
    )
    token: str | None = field(default=None, metadata={"help": "token of the Hub (the stored one, or HF_TOKEN)"})


__all__ = ["PushArguments"]
