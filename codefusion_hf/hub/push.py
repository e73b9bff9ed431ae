# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""From the folder of a checkpoint to a repository on the Hub, with its card."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HTTPError
from huggingface_hub.utils import validate_repo_id

from codefusion_hf.checkpoints import resolve_checkpoint
from codefusion_hf.errors import loading
from codefusion_hf.evaluation.report import load_report
from codefusion_hf.hub.arguments import PushArguments
from codefusion_hf.hub.card import checkpoint_card, load_card, parse_datasets
from codefusion_hf.modeling.card import CARD_NAME, weights_variant
from codefusion_hf.pipelines import CodeFusionPipeline


# What the weights are cast to, by the name that their file gets.
VARIANTS = {"fp16": torch.float16, "bf16": torch.bfloat16}

REPORT_NAME = "report.json"


def push_checkpoint(arguments: PushArguments) -> str:
    """
    Push a checkpoint in one commit, with the code for those who do not have this package, and a card.

    The card is the README.md of the folder, else the one that the repository has: its text is kept, its metadata
    completed. Without either, it is a new one. Nothing is written in the folder.

    Args:
        arguments ([`~codefusion_hf.hub.arguments.PushArguments`]):
            What is pushed, where to, and what its card says. `folder` may also be the name of a bundled checkpoint.

    Returns:
        `str`: URL of the repository.

    Raises:
        ValueError: if `folder` is no pipeline, an argument is not allowed, there is no token, or the Hub does not
            accept the card's metadata.
        OSError: if a file cannot be read, or the Hub refuses or does not answer; of it are huggingface_hub's own
            errors.
    """
    folder, repo_id, variant = Path(resolve_checkpoint(arguments.folder)), arguments.repo_id, arguments.variant
    validate_repo_id(repo_id)
    if not (folder / CodeFusionPipeline.config_name).is_file():
        raise ValueError(
            f"`{arguments.folder}` is not the folder of a pipeline: it has no {CodeFusionPipeline.config_name}."
        )
    if variant is not None and variant not in VARIANTS:
        raise ValueError(f"`variant` must be one of {', '.join(VARIANTS)}, got {variant!r}.")
    token = arguments.token or get_token()
    if token is None:
        raise ValueError("there is no token to push with: run `hf auth login`, set HF_TOKEN, or give one.")
    report = None if arguments.report is None else Path(arguments.report)
    if report is None and (folder / REPORT_NAME).is_file():
        report = folder / REPORT_NAME
    scores = None if report is None else load_report(report)
    licences = parse_datasets(arguments.dataset)
    card = load_card(folder / CARD_NAME) if (folder / CARD_NAME).is_file() else None

    options: dict[str, Any] = {} if variant is None else {"dtype": VARIANTS[variant]}
    with loading(f"checkpoint {arguments.folder!r}"):
        pipe = CodeFusionPipeline.from_pretrained(folder, **options)
    api = HfApi(token=token, library_name="codefusion-hf")
    with tempfile.TemporaryDirectory() as temporary:
        pipe.save_pretrained(temporary, variant=variant)
        try:
            url = api.create_repo(repo_id, private=arguments.private, exist_ok=True)
            revision = arguments.revision
            if revision is not None:
                api.create_branch(url.repo_id, branch=revision, exist_ok=True)
            files = api.list_repo_files(url.repo_id, revision=revision)
            if card is None and CARD_NAME in files:
                card = load_card(api.hf_hub_download(url.repo_id, CARD_NAME, revision=revision))
            files += [path.relative_to(temporary).as_posix() for path in Path(temporary).rglob("*")]
            only_variant = weights_variant(files, "model/")
            card = checkpoint_card(pipe.model, url.repo_id, only_variant, card, scores, arguments.license, licences)
            card.save(Path(temporary) / CARD_NAME)
            api.upload_folder(
                repo_id=url.repo_id,
                folder_path=temporary,
                revision=revision,
                commit_message=arguments.commit_message or f"Upload {CodeFusionPipeline.__name__}",
            )
        except HfHubHTTPError:
            raise
        except HTTPError as error:  # of the connection; no `OSError` as the Hub's answers are
            raise OSError(f"cannot reach the Hub ({api.endpoint}): {error}") from error
    return str(url)


__all__ = ["push_checkpoint"]
