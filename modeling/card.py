# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The README.md of what is pushed to the Hub: what the cards of all parts have in common, and that of a model."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from diffusers.utils.hub_utils import ModelCard, ModelCardData
from transformers import PreTrainedModel


CARD_NAME = "README.md"

# What a card says if it says nothing else. The licence of weights is for those to say who have made them.
CARD_METADATA = {
    "pipeline_tag": "text-generation",
    "license": "unknown",
    "language": "code",
}
CARD_TAGS = ("codefusion", "code-generation", "text-diffusion")

# In the cards that diffusers and transformers make, of which nothing is lost.
AUTOMATIC_CARD = "This model card has been automatically generated."

# In the cards that are made here.
MADE_CARD = (
    "<!-- Made by codefusion-hf when the checkpoint was pushed. Whoever knows more may complete it and remove this "
    "line; the text is then kept. -->"
)

USAGE_TITLE = "## From the Hub"
UNKNOWN_DATA = "## Training data\n\nWhoever pushed this checkpoint has not said what it is trained on."


def read_card(folder: str | os.PathLike) -> str | None:
    """The text of a folder's card with its metadata, as it is; `None` if there is none."""
    path = Path(folder) / CARD_NAME
    return path.read_text(encoding="utf-8") if path.is_file() else None


def choose_card(folder_card: str | None, repository_card: ModelCard) -> ModelCard:
    """
    The card to go on with, where a folder is pushed that has one.

    Args:
        folder_card (`str`, *optional*):
            Of [`read_card`].
        repository_card ([`~huggingface_hub.ModelCard`]):
            The repository's, or an automatic one.

    Returns:
        [`~huggingface_hub.ModelCard`]: the folder's, unless a push has made it and somebody has written the
        repository's.
    """
    if folder_card is None or (_is_made(folder_card) and not _is_made(repository_card.text)):
        return repository_card
    return ModelCard(folder_card)


def _is_made(text: str) -> bool:
    return MADE_CARD in text or AUTOMATIC_CARD in text


def complete_card(
    card: ModelCard | None,
    repo_id: str,
    text: str,
    usage: str,
    library_name: str,
    base_model: str | None = None,
    rewrite: bool = False,
) -> ModelCard:
    """
    The card to push something with: the one that it has, its metadata completed and its text kept, or a new one.

    Args:
        card ([`~huggingface_hub.ModelCard`], *optional*):
            The card that it has. One that was generated without knowing anything is replaced, all but its metadata.
        repo_id (`str`):
            Where it is pushed to.
        text (`str`):
            That of a new card, with `usage` in it.
        usage (`str`):
            The section `USAGE_TITLE`, for cards that do not say how to load anything from `repo_id`.
        library_name (`str`):
            The library that loads it.
        base_model (`str`, *optional*):
            Hub id of the model that it was trained from.
        rewrite (`bool`, *optional*, defaults to `False`):
            Whether to keep nothing but the metadata of `card`.

    Returns:
        [`~huggingface_hub.ModelCard`]: with metadata that the Hub accepts. A section about the use of another
        repository is replaced, one about this stays as it is.
    """
    if card is None or rewrite or AUTOMATIC_CARD in card.text:
        data = ModelCardData() if card is None else card.data
        card = ModelCard(f"---\n{data.to_yaml()}\n---\n{text}")
    elif f'from_pretrained("{repo_id}"' not in card.text:
        # Not the section about a repository that it was pushed to before.
        pattern = rf"^{re.escape(USAGE_TITLE)}$.*?(?=^## |\Z)"
        kept = re.sub(pattern, "", card.text, flags=re.DOTALL | re.MULTILINE)
        card.text = f"{kept.rstrip()}\n\n{usage}\n"
    for name, value in {"library_name": library_name, **CARD_METADATA, "base_model": base_model}.items():
        if value is not None and card.data.get(name) is None:
            card.data[name] = value
    tags = card.data.tags or []
    card.data.tags = [*tags, *(tag for tag in CARD_TAGS if tag not in tags)]
    return card


def weights_variant(files: Iterable[str], folder: str = "") -> str | None:
    """
    Variant of the weights of a model that has no others.

    Args:
        files (iterable of `str`):
            Paths of all files.
        folder (`str`, *optional*):
            Of the model among them, with a slash at its end.

    Returns:
        `str`: for instance `fp16`; `None` if there are weights without a variant.
    """
    weights = [name for name in files if name.startswith(folder) and name.endswith(".safetensors")]
    pattern = re.escape(folder) + r"model\.([^.-]+)(-\d+-of-\d+)?\.safetensors"
    matches = [re.fullmatch(pattern, name) for name in weights]
    variants = [match[1] for match in matches if match is not None]
    return min(variants) if variants and len(variants) == len(matches) else None


def model_text(model: PreTrainedModel, repo_id: str, sections: Sequence[str]) -> str:
    """
    The text of a new card.

    Args:
        model ([`CodeFusionModel`]):
            The model.
        repo_id (`str`):
            Where it is pushed to.
        sections (sequence of `str`):
            What else it is to say, in Markdown.

    Returns:
        `str`: in Markdown, with what the model can do, its limits and its sizes.
    """
    sizes = {name: sum(value.numel() for value in part.parameters()) for name, part in model.named_children()}
    rows = "\n".join(f"| {name.replace('_', ' ')} | {size:,} |" for name, size in sizes.items())
    dtype = str(model.dtype).removeprefix("torch.")
    parts = [
        MADE_CARD,
        f"# {repo_id.rpartition('/')[2]}",
        f"A CodeFusion model, {model.num_parameters():,} parameters: it writes code for a sentence by diffusion, all "
        "tokens of a program at once, revised from step to step. An independent implementation of the "
        "[paper](https://huggingface.co/papers/2310.17680), with no connection to Microsoft or its authors.",
        *sections,
        "## Limits\n\n"
        f"- Programs of at most {model.config.max_code_length} tokens.\n"
        "- Candidates are ranked by how sure the model is of them, not by whether they work: they may be wrong, not "
        "even parse, or do harm. Nothing here runs them. **Read what it writes before you run it.**\n"
        "- It knows the language and the kind of programs that it was trained on, with their errors, and may repeat "
        "programs that were there.",
        f"## Sizes\n\n| part | parameters, {dtype} |\n|---|---:|\n{rows}\n| all | {model.num_parameters():,} |",
    ]
    return "\n" + "\n\n".join(parts) + "\n"


def model_card(model: PreTrainedModel, repo_id: str, variant: str | None, card: ModelCard) -> ModelCard:
    """
    The card to push a model with, alone, without tokenizer and scheduler.

    Args:
        model ([`CodeFusionModel`]):
            The model.
        repo_id (`str`):
            Where it is pushed to.
        variant (`str`, *optional*):
            Of [`weights_variant`].
        card ([`~huggingface_hub.ModelCard`]):
            Of [`choose_card`].

    Returns:
        [`~huggingface_hub.ModelCard`]: of [`complete_card`].
    """
    arguments = f'"{repo_id}"' if variant is None else f'"{repo_id}", variant="{variant}"'
    # No line here begins with `import` or `from`: libraries that load this as remote code take that for an import.
    usage = (
        f"{USAGE_TITLE}\n\n"
        "This is the model alone. With a tokenizer and a scheduler, `CodeFusionPipeline` generates programs.\n\n"
        "With the package (`pip install codefusion-hf`):\n\n"
        "```python\nfrom codefusion_hf import CodeFusionModel\n\n"
        f"model = CodeFusionModel.from_pretrained({arguments})\nprint(model.num_parameters())\n```\n\n"
        "Without it, where diffusers and transformers are installed, by the code in this repository: read it before "
        "you trust it.\n\n"
        "```python\nfrom transformers import AutoModel\n\n"
        f"model = AutoModel.from_pretrained({arguments}, trust_remote_code=True)\nprint(model.num_parameters())\n```"
    )
    text = model_text(model, repo_id, [usage, UNKNOWN_DATA])
    return complete_card(card, repo_id, text, usage, "transformers", model.config.base_model)


__all__ = [
    "choose_card",
    "complete_card",
    "model_card",
    "model_text",
    "read_card",
    "weights_variant",
]
