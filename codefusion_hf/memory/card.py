# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The README.md of a memory, which is a data set on the Hub."""

from typing import TYPE_CHECKING

from huggingface_hub import DatasetCard

from codefusion_hf.languages import get_language

from .storage import CONFIG_NAME, PAIRS_NAME


if TYPE_CHECKING:
    from .memory import CodeFusionMemory

# In the cards that are made here.
MADE_CARD = (
    "<!-- Made by codefusion-hf when the memory was saved. Whoever knows more may complete it and remove this "
    "line; the text is then kept. -->"
)

_SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"))
_TAGS = ("codefusion", "codefusion-memory", "code")


def memory_card(
    memory: "CodeFusionMemory", repo_id: str, license: str | None = None, card: DatasetCard | None = None
) -> DatasetCard:
    """
    The card to save or push a memory with.

    Args:
        memory ([`CodeFusionMemory`]):
            The memory.
        repo_id (`str`):
            Its repository or, where there is none, the name of its folder.
        license (`str`, *optional*):
            Licence of the pairs: an identifier of https://huggingface.co/docs/hub/repositories-licenses. That of
            `card` by default, else `unknown`.
        card ([`~huggingface_hub.DatasetCard`], *optional*):
            The card that there is. Its text is kept if somebody has written it; metadata that are there stay, but for
            the size.

    Returns:
        [`~huggingface_hub.DatasetCard`]: with metadata that the Hub accepts.
    """
    if card is None or is_made(card):
        data = "" if card is None else card.data.to_yaml()
        card = DatasetCard(f"---\n{data}\n---\n{_text(memory, repo_id)}")
    metadata = {
        "license": "unknown",
        "language": ["en", "code"],
        "task_categories": ["text-generation"],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": PAIRS_NAME}]}],
    }
    for name, value in metadata.items():
        if card.data.get(name) is None:
            card.data[name] = value
    if license is not None:
        card.data["license"] = license
    card.data["size_categories"] = [next((name for size, name in _SIZES if len(memory) < size), "1M<n<10M")]
    tags = card.data.get("tags") or []
    card.data["tags"] = [*tags, *(tag for tag in (*_TAGS, memory.language) if tag not in tags)]
    return card


def is_made(card: DatasetCard) -> bool:
    """Whether a card was made here, and nobody has written it since."""
    return MADE_CARD in card.text


def _text(memory: "CodeFusionMemory", repo_id: str) -> str:
    parts = [
        MADE_CARD,
        f"# {repo_id.rpartition('/')[2]}",
        f"A memory for [CodeFusion](https://huggingface.co/papers/2310.17680), {len(memory):,} pairs of a request in "
        f"words and what does it in {get_language(memory.language).title}: the model looks up similar requests and "
        "reads their code before it writes its own.",
        "## Use\n\n"
        "```python\nfrom codefusion_hf.memory import CodeFusionMemory\n\n"
        f'memory = CodeFusionMemory.from_pretrained("{repo_id}")\n'
        'for neighbor in memory.search("count the lines of a file", num_neighbors=3)[0]:\n'
        "    print(neighbor.score, neighbor.code)\n```",
        "## Files\n\n"
        f"- `{PAIRS_NAME}`: a pair a row, sorted. `text` is the request, `code` the program, `data` for rules the "
        "table that they are about, as JSON.\n"
        f"- `{CONFIG_NAME}`: language, sizes and version of the format.",
        "## Limits\n\n"
        "The pairs are as their writers wrote them: whether the code works has not been tried here. **Read it before "
        "you run it.** What is in a memory can appear in what the model writes, names and paths included.",
    ]
    return "\n" + "\n\n".join(parts) + "\n"


__all__ = ["is_made", "memory_card"]
