# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The card of a scheduler that is pushed alone."""

from diffusers import SchedulerMixin
from diffusers.utils.hub_utils import ModelCard

from ..modeling.card import MADE_CARD, USAGE_TITLE, complete_card


def scheduler_card(scheduler: SchedulerMixin, repo_id: str, card: ModelCard) -> ModelCard:
    """
    The card to push a scheduler with.

    Args:
        scheduler ([`CodeFusionScheduler`]):
            The scheduler.
        repo_id (`str`):
            Where it is pushed to.
        card ([`~huggingface_hub.ModelCard`]):
            Of [`choose_card`].

    Returns:
        [`~huggingface_hub.ModelCard`]: of [`complete_card`].
    """
    # No line here begins with `import` or `from`: libraries that load this as remote code take that for an import.
    usage = (
        f"{USAGE_TITLE}\n\nWith the package (`pip install codefusion-hf`):\n\n"
        "```python\nfrom codefusion_hf import CodeFusionScheduler\n\n"
        f'scheduler = CodeFusionScheduler.from_pretrained("{repo_id}")\nprint(len(scheduler))\n```'
    )
    parts = [
        MADE_CARD,
        f"# {repo_id.rpartition('/')[2]}",
        f"The noise schedule of a CodeFusion model, {len(scheduler)} training steps, without the model. An "
        "independent implementation of the [paper](https://huggingface.co/papers/2310.17680), with no connection to "
        "Microsoft or its authors.",
        usage,
    ]
    return complete_card(card, repo_id, "\n" + "\n\n".join(parts) + "\n", usage, "diffusers")


__all__ = ["scheduler_card"]
