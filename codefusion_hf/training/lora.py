# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Low-rank adapters, by PEFT (https://huggingface.co/docs/peft)."""

import copy
from typing import TYPE_CHECKING, Any

import torch
from transformers.utils import is_peft_available

from codefusion_hf.modeling import CodeFusionModel


if TYPE_CHECKING:
    import peft


# The projections of every layer of denoiser and decoder, and those of a T5 encoder.
DEFAULT_TARGET_MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj"]
DEFAULT_TARGET_MODULES += ["q", "k", "v", "o", "wi", "wi_0", "wi_1", "wo"]


def add_lora(model: CodeFusionModel, settings: dict[str, Any]) -> "peft.PeftModel":
    """
    Freeze a model and add adapters to it.

    Args:
        model ([`CodeFusionModel`]):
            A trained model.
        settings (`dict`):
            Fields of `peft.LoraConfig`, such as `r` and `lora_alpha`; `target_modules` defaults to the attention and
            feed-forward layers of denoiser, decoder and, if it is a T5, encoder.

    Returns:
        `peft.PeftModel`

    Raises:
        ImportError: if PEFT is not installed.
        ValueError: if a setting is unknown, or fits no layer.
    """
    if not is_peft_available():
        raise ImportError("`lora` needs PEFT: pip install peft.")
    import peft

    try:
        config = peft.LoraConfig(**{"target_modules": DEFAULT_TARGET_MODULES, **settings})
    except TypeError as error:
        raise ValueError(f"The preset's `lora` is malformed: {error}") from error
    return peft.get_peft_model(model, config)


def merged_model(model: "CodeFusionModel | peft.PeftModel", weights: dict[str, torch.Tensor]) -> CodeFusionModel:
    """
    A model of its own with other weights, the adapters merged into it.

    Args:
        model ([`CodeFusionModel`] or `peft.PeftModel`):
            The model that is trained; it stays as it is.
        weights (`dict[str, torch.Tensor]`):
            Weights for it, by their names in it.

    Returns:
        [`CodeFusionModel`], in evaluation mode, on the CPU.

    Raises:
        RuntimeError: if the weights are not the model's.
    """
    own = CodeFusionModel(model.config) if isinstance(model, CodeFusionModel) else copy.deepcopy(model).cpu()
    parameters = dict(own.named_parameters())  # of weights that are tied, the state has one name more
    if parameters.keys() != weights.keys():
        raise RuntimeError(f"These are not the model's weights: {sorted(parameters.keys() ^ weights.keys())[:4]} …")
    own.load_state_dict(weights, strict=False)
    return (own if isinstance(own, CodeFusionModel) else own.merge_and_unload()).eval()


__all__ = ["DEFAULT_TARGET_MODULES", "add_lora", "merged_model"]
