# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The card of a pipeline: the README.md of its repository on the Hub, which every push completes or writes."""

import re
from collections.abc import Iterable, Sequence

from diffusers.utils.hub_utils import ModelCard, ModelCardData
from transformers import PreTrainedModel


CARD_NAME = "README.md"

# What a card says if it says nothing else. The licence of weights is for those to say who have made them.
CARD_METADATA = {
    "library_name": "diffusers",
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


def weights_variant(files: Iterable[str]) -> str | None:
    """
    Variant of the weights of a pipeline that has no others.

    Args:
        files (iterable of `str`):
            Paths of all files, from the pipeline's folder on.

    Returns:
        `str`: for instance `fp16`; `None` if there are weights without a variant.
    """
    weights = [name for name in files if name.startswith("model/") and name.endswith(".safetensors")]
    matches = [re.fullmatch(r"model/model\.([^.-]+)(-\d+-of-\d+)?\.safetensors", name) for name in weights]
    variants = [match[1] for match in matches if match is not None]
    return min(variants) if variants and len(variants) == len(matches) else None


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
    if card is None or rewrite or AUTOMATIC_CARD in card.text:
        data = ModelCardData() if card is None else card.data
        card = ModelCard(f"---\n{data.to_yaml()}\n---\n" + _new_text(model, repo_id, [usage, *sections]))
    elif f'from_pretrained("{repo_id}"' not in card.text:
        # Not the section about a repository that it was pushed to before.
        pattern = rf"^{re.escape(USAGE_TITLE)}$.*?(?=^## |\Z)"
        text = re.sub(pattern, "", card.text, flags=re.DOTALL | re.MULTILINE)
        card.text = f"{text.rstrip()}\n\n{usage}\n"
    for name, value in CARD_METADATA.items():
        if card.data.get(name) is None:
            card.data[name] = value
    tags = card.data.tags or []
    card.data.tags = [*tags, *(tag for tag in CARD_TAGS if tag not in tags)]
    return card


def _new_text(model: PreTrainedModel, repo_id: str, sections: Sequence[str]) -> str:
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


__all__ = ["pipeline_card", "usage_section", "weights_variant"]
