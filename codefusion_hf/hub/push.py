# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""From the folder of a checkpoint to a repository on the Hub, with its card."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HTTPError
from huggingface_hub.utils import validate_repo_id

from codefusion_hf.hub.card import checkpoint_card, load_card, load_report, parse_datasets
from codefusion_hf.modeling.card import CARD_NAME, weights_variant
from codefusion_hf.pipelines import CodeFusionPipeline


# What the weights are cast to, by the name that their file gets.
VARIANTS = {"fp16": torch.float16, "bf16": torch.bfloat16}

REPORT_NAME = "report.json"


def push_checkpoint(
    folder: str | os.PathLike[str],
    repo_id: str,
    *,
    private: bool | None = None,
    variant: str | None = None,
    revision: str | None = None,
    commit_message: str | None = None,
    report: str | os.PathLike[str] | None = None,
    license: str | None = None,
    datasets: Sequence[str] = (),
    token: str | None = None,
) -> str:
    """
    Push a checkpoint in one commit, with the code for those who do not have this package, and a card.

    The card is the README.md of the folder, else the one that the repository has: its text is kept, its metadata
    completed. Without either, it is a new one. Nothing is written in the folder.

    Args:
        folder (`str` or `os.PathLike`):
            Folder of a pipeline.
        repo_id (`str`):
            The repository, `user/repo`. It is made if it is missing.
        private (`bool`, *optional*):
            Whether a repository that is made is private. What the organisation has chosen by default.
        variant (`str`, *optional*):
            `fp16` or `bf16`: cast the weights, and push them under that name beside those that are there.
        revision (`str`, *optional*):
            Branch to push to, made if it is missing; `main` by default.
        commit_message (`str`, *optional*):
            Its first line is the commit's title.
        report (`str` or `os.PathLike`, *optional*):
            A `report.json` of `codefusion evaluate`; that of the folder by default, if there is one. Its scores, and
            nothing else of it, go into the card.
        license (`str`, *optional*):
            Licence of the weights: an identifier of https://huggingface.co/docs/hub/repositories-licenses.
        datasets (sequence of `str`, *optional*):
            What it is trained on, each `ID` or `ID=LICENCE`.
        token (`str`, *optional*):
            Token of the Hub; the stored one by default.

    Returns:
        `str`: URL of the repository.

    Raises:
        ValueError: if `folder` is no pipeline, an argument is not allowed, there is no token, or the Hub does not
            accept the card's metadata.
        OSError: if a file cannot be read, or the Hub refuses or does not answer; of it are huggingface_hub's own
            errors.
    """
    folder = Path(folder)
    validate_repo_id(repo_id)
    if not (folder / CodeFusionPipeline.config_name).is_file():
        raise ValueError(f"`{folder}` is not the folder of a pipeline: it has no {CodeFusionPipeline.config_name}.")
    if variant is not None and variant not in VARIANTS:
        raise ValueError(f"`variant` must be one of {', '.join(VARIANTS)}, got {variant!r}.")
    token = token or get_token()
    if token is None:
        raise ValueError("there is no token to push with: run `hf auth login`, set HF_TOKEN, or give one.")
    if report is None and (folder / REPORT_NAME).is_file():
        report = folder / REPORT_NAME
    scores = None if report is None else load_report(report)
    licences = parse_datasets(datasets)
    card = load_card(folder / CARD_NAME) if (folder / CARD_NAME).is_file() else None

    options: dict[str, Any] = {} if variant is None else {"dtype": VARIANTS[variant]}
    pipe = CodeFusionPipeline.from_pretrained(folder, **options)
    api = HfApi(token=token, library_name="codefusion-hf")
    with tempfile.TemporaryDirectory() as temporary:
        pipe.save_pretrained(temporary, variant=variant)
        try:
            url = api.create_repo(repo_id, private=private, exist_ok=True)
            if revision is not None:
                api.create_branch(url.repo_id, branch=revision, exist_ok=True)
            files = api.list_repo_files(url.repo_id, revision=revision)
            if card is None and CARD_NAME in files:
                card = load_card(api.hf_hub_download(url.repo_id, CARD_NAME, revision=revision))
            files += [path.relative_to(temporary).as_posix() for path in Path(temporary).rglob("*")]
            only_variant = weights_variant(files, "model/")
            card = checkpoint_card(pipe.model, url.repo_id, only_variant, card, scores, license, licences)
            card.save(Path(temporary) / CARD_NAME)
            api.upload_folder(
                repo_id=url.repo_id,
                folder_path=temporary,
                revision=revision,
                commit_message=commit_message or f"Upload {CodeFusionPipeline.__name__}",
            )
        except HfHubHTTPError:
            raise
        except HTTPError as error:  # of the connection; no `OSError` as the Hub's answers are
            raise OSError(f"cannot reach the Hub ({api.endpoint}): {error}") from error
    return str(url)


__all__ = ["push_checkpoint"]
