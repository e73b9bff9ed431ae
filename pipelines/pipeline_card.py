# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The card of a pipeline: the README.md of its repository on the Hub, which every push completes or writes."""

from collections.abc import Sequence

from diffusers.utils.hub_utils import ModelCard
from transformers import PreTrainedModel

from ..modeling.card import UNKNOWN_DATA, USAGE_TITLE, complete_card, model_text


def usage_section(repo_id: str, variant: str | None = None) -> str:
    """
    How a pipeline is loaded from the Hub and called.

    Args:
        repo_id (`str`):
            Its repository.
        variant (`str`, *optional*):
            Variant of its weights, if there are no others.

    Returns:
        `str`: a section of the card, with two programs that run: with this package, and without.
    """
    arguments = f'"{repo_id}"' if variant is None else f'"{repo_id}", variant="{variant}"'
    call = (
        "generator = torch.Generator().manual_seed(0)\n"
        'output = pipe("count the lines of a file", num_return_sequences=5, generator=generator)\n'
        "print(output.codes[0])\n"
    )
    # No line here begins with `import` or `from`: libraries that load this as remote code take that for an import.
    return (
        f"{USAGE_TITLE}\n\n"
        "With the package (`pip install codefusion-hf`):\n\n"
        "```python\nimport torch\nfrom codefusion_hf import CodeFusionPipeline\n\n"
        f"pipe = CodeFusionPipeline.from_pretrained({arguments})\n{call}```\n\n"
        "Without it, where diffusers and transformers are installed, by the code in this repository: read it before "
        "you trust it.\n\n"
        "```python\nimport torch\nfrom diffusers import DiffusionPipeline\n\n"
        f"pipe = DiffusionPipeline.from_pretrained({arguments}, trust_remote_code=True)\n{call}```"
    )


def pipeline_card(
    model: PreTrainedModel,
    repo_id: str,
    variant: str | None = None,
    card: ModelCard | None = None,
    sections: Sequence[str] = (UNKNOWN_DATA,),
    rewrite: bool = False,
) -> ModelCard:
    """
    The card to push a pipeline with: the one that it has, its metadata completed and its text kept, or a new one.

    Args:
        model ([`CodeFusionModel`]):
            The pipeline's model.
        repo_id (`str`):
            Where the pipeline is pushed to.
        variant (`str`, *optional*):
            Variant of the weights, if there are no others.
        card ([`~huggingface_hub.ModelCard`], *optional*):
            The card that it has. One that was generated without knowing anything is replaced, all but its metadata.
        sections (sequence of `str`, *optional*):
            What else a new text is to say, in Markdown.
        rewrite (`bool`, *optional*, defaults to `False`):
            Whether to keep nothing but the metadata of `card`.

    Returns:
        [`~huggingface_hub.ModelCard`]: with metadata that the Hub accepts. How to load the pipeline from `repo_id` is
        in it; a section about another repository is replaced, one about this stays as it is.
    """
    usage = usage_section(repo_id, variant)
    text = model_text(model, repo_id, [usage, *sections])
    return complete_card(card, repo_id, text, usage, "diffusers", model.config.base_model, rewrite)


__all__ = ["pipeline_card", "usage_section"]
