# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A memory on the Hub: a repository of the type `dataset`."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from huggingface_hub import DatasetCard, HfApi, get_token, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError
from huggingface_hub.utils import validate_repo_id

from .card import is_made, memory_card
from .storage import CONFIG_NAME, PAIRS_NAME, write_files


if TYPE_CHECKING:
    from .memory import CodeFusionMemory

REPO_TYPE = "dataset"
CARD_NAME = "README.md"


def download_memory(repo_id: str, revision: str | None = None, token: str | None = None) -> Path:
    """
    Get a memory from the Hub or its cache.

    Args:
        repo_id (`str`):
            The repository, `user/repo`.
        revision (`str`, *optional*):
            Branch, tag or commit; `main` by default.
        token (`str`, *optional*):
            Token of the Hub; the stored one by default.

    Returns:
        `Path`: a folder with the memory's files, all of one commit, and none else.

    Raises:
        ValueError: if it is no id of a repository.
        OSError: if there is no such repository, or the Hub does not answer.
    """
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise ValueError(
            f"{repo_id!r} is neither the folder of a memory nor the id of a repository: {error}"
        ) from error
    try:
        # Nothing else that lies in the repository is wanted on this machine.
        patterns = [CONFIG_NAME, PAIRS_NAME]
        return Path(
            snapshot_download(repo_id, repo_type=REPO_TYPE, revision=revision, token=token, allow_patterns=patterns)
        )
    except HfHubHTTPError:
        raise
    except HTTPError as error:  # of the connection; no `OSError` as the Hub's answers are
        raise OSError(f"cannot reach the Hub: {error}") from error


def push_memory(
    memory: "CodeFusionMemory",
    repo_id: str,
    *,
    private: bool | None = None,
    revision: str | None = None,
    commit_message: str | None = None,
    license: str | None = None,
    card: DatasetCard | None = None,
    token: str | None = None,
) -> str:
    """
    Push a memory in one commit, with its card.

    Args:
        memory ([`CodeFusionMemory`]):
            The memory.
        repo_id (`str`):
            The repository, `user/repo`. It is made if it is missing.
        private (`bool`, *optional*):
            Whether a repository that is made is private. What the organisation has chosen by default.
        revision (`str`, *optional*):
            Branch to push to, made if it is missing; `main` by default.
        commit_message (`str`, *optional*):
            Its first line is the commit's title.
        license (`str`, *optional*):
            Licence of the pairs, for the card.
        card ([`~huggingface_hub.DatasetCard`], *optional*):
            The card to complete. That of the repository is taken if there is none, or if this one was made here and
            somebody has written the repository's.
        token (`str`, *optional*):
            Token of the Hub; the stored one by default.

    Returns:
        `str`: URL of the repository.

    Raises:
        ValueError: if it is no id of a repository, there is no token, or the Hub does not accept the card's metadata.
        OSError: if the Hub refuses or does not answer; of it are huggingface_hub's own errors.
    """
    validate_repo_id(repo_id)
    token = token or get_token()
    if token is None:
        raise ValueError("there is no token to push with: run `hf auth login`, set HF_TOKEN, or give one.")
    api = HfApi(token=token, library_name="codefusion-hf")
    with tempfile.TemporaryDirectory() as temporary:
        write_files(Path(temporary), memory.rows, memory.language)
        try:
            url = api.create_repo(repo_id, repo_type=REPO_TYPE, private=private, exist_ok=True)
            if revision is not None:
                api.create_branch(url.repo_id, repo_type=REPO_TYPE, branch=revision, exist_ok=True)
            if CARD_NAME in api.list_repo_files(url.repo_id, repo_type=REPO_TYPE, revision=revision):
                path = api.hf_hub_download(url.repo_id, CARD_NAME, repo_type=REPO_TYPE, revision=revision)
                card = _choose_card(card, DatasetCard.load(path))
            memory_card(memory, url.repo_id, license, card).save(Path(temporary) / CARD_NAME)
            api.upload_folder(
                repo_id=url.repo_id,
                repo_type=REPO_TYPE,
                folder_path=temporary,
                revision=revision,
                commit_message=commit_message or f"Upload {type(memory).__name__}",
            )
        except HfHubHTTPError:
            raise
        except HTTPError as error:
            raise OSError(f"cannot reach the Hub ({api.endpoint}): {error}") from error
    return str(url)


def _choose_card(card: DatasetCard | None, repository_card: DatasetCard) -> DatasetCard:
    return repository_card if card is None or (is_made(card) and not is_made(repository_card)) else card


__all__ = ["CARD_NAME", "download_memory", "push_memory"]
