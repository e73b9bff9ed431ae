# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A trained model with the tokenizer of another language: what it knows beyond its words stays."""

import copy
import logging
from typing import TypeVar

import torch
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from codefusion_hf.modeling import CodeFusionModel
from codefusion_hf.pipelines import slot_token_ids
from codefusion_hf.pipelines.neighbors import neighbor_token_ids


logger = logging.getLogger(__name__)

# How byte-level BPE writes the blank in front of a word.
BLANK = "Ġ"

Model = TypeVar("Model", bound=PreTrainedModel)


def shared_tokens(tokenizer: PreTrainedTokenizerBase, new_tokenizer: PreTrainedTokenizerBase) -> list[tuple[int, int]]:
    """
    The tokens that two tokenizers have in common. A word that the first writes with the blank in front of it and the
    second never does is the same word.

    Args:
        tokenizer, new_tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Both.

    Returns:
        `list[tuple[int, int]]`: id in `tokenizer` and id in `new_tokenizer` of each, in the order of the latter.
    """
    old_ids, new_ids = tokenizer.get_vocab(), new_tokenizer.get_vocab()
    pairs = []
    for token, new_id in sorted(new_ids.items(), key=lambda item: item[1]):
        with_blank = BLANK + token
        if token.isalpha() and with_blank in old_ids and with_blank not in new_ids:
            pairs.append((old_ids[with_blank], new_id))
        elif token in old_ids:
            pairs.append((old_ids[token], new_id))
    return pairs


def with_vocabulary(model: Model, tokenizer: PreTrainedTokenizerBase, new_tokenizer: PreTrainedTokenizerBase) -> Model:
    """
    A copy of a model for another tokenizer. Embeddings and output weights of the tokens of [`shared_tokens`] go with
    them, those of all others are random, as in a new model; what is not of a token stays as it is.

    Args:
        model ([`CodeFusionModel`] or [`~transformers.T5ForConditionalGeneration`]):
            The model.
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Its tokenizer.
        new_tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            The one to come.

    Returns:
        A new model of the class, dtype and mode of `model`.
    """
    config = copy.deepcopy(model.config)
    for part in (config, config.encoder_config) if isinstance(model, CodeFusionModel) else (config,):
        part.vocab_size = len(new_tokenizer)
        for name in ("pad_token_id", "bos_token_id", "eos_token_id"):
            setattr(part, name, getattr(new_tokenizer, name))
    if isinstance(model, CodeFusionModel):
        slots = slot_token_ids(new_tokenizer.get_vocab())
        config.copy_token_groups = [list(token_ids) for token_ids in slots.values()] or None
        config.neighbor_token_ids = list(neighbor_token_ids(new_tokenizer) or ()) or None
    new_model = type(model)(config).to(model.dtype).train(model.training)
    if model.can_generate():
        new_model.generation_config = copy.deepcopy(model.generation_config)

    pairs = shared_tokens(tokenizer, new_tokenizer)
    old_rows, new_rows = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2).T
    state, of_tokens = model.state_dict(), _names_of_token_weights(new_model)
    with torch.no_grad():
        for name, tensor in new_model.state_dict().items():
            if name in of_tokens:
                tensor[new_rows] = state[name][old_rows]
            elif name in state:  # what reads neighbours may be new
                tensor.copy_(state[name])
    logger.info("%d of the %d tokens are known already.", len(pairs), len(new_tokenizer))
    return new_model


def _names_of_token_weights(model: PreTrainedModel) -> set[str]:
    """Names in the state of what has a row for each token: of tied weights, all names."""
    modules: list[nn.Module] = [model.get_input_embeddings(), model.get_output_embeddings()]
    if isinstance(model, CodeFusionModel):
        modules.append(model.embedding)
    addresses = {parameter.data_ptr() for module in modules for parameter in module.parameters()}
    return {name for name, tensor in model.state_dict().items() if tensor.data_ptr() in addresses}


__all__ = ["shared_tokens", "with_vocabulary"]
