# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""From latents to tokens: during the loop, and at its end."""

from collections.abc import Mapping
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from .batching import CandidateBatch
from .prompts import TOKENIZER_LOCK
from .ranking import likeliest_sequences
from .slots import fill_slots


def nearest_tokens(model: PreTrainedModel, latents: torch.Tensor) -> torch.Tensor:
    """
    The tokens whose embeddings are nearest.

    Args:
        model ([`CodeFusionModel`]):
            The model.
        latents (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
            Latents.

    Returns:
        `torch.LongTensor` of shape `(batch_size, canvas_length)`.
    """
    # Looked up and not read from the table, which under sequential CPU offload has no values until it is called.
    embeddings = model.embed(torch.arange(model.config.vocab_size, device=latents.device))
    # All embeddings have the same length: the nearest one is the one with the largest product.
    return (latents @ embeddings.T).argmax(dim=-1)


def read_draft(
    model: PreTrainedModel, batch: CandidateBatch, pred_original_sample: torch.Tensor, query: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """
    Tokens of a batch in the middle of a call.

    Args:
        model ([`CodeFusionModel`]):
            The model.
        batch ([`CandidateBatch`]):
            The rows.
        pred_original_sample (`torch.FloatTensor` of shape `(num_candidates, canvas_length, latent_size)`):
            The estimates of x_0 of all candidates.
        query (`torch.FloatTensor` of the same shape, *optional*):
            Where the model predicts x_0, what the denoiser scores the tokens by.

    Returns:
        `tuple`: token ids of shape `(num_rows, canvas_length)`, and the mean log-probability that the denoiser gives
        them, of shape `(num_rows,)`.
    """
    config, canvas = model.config, (batch.rows, slice(batch.canvas_length))
    if query is None:
        logits = pred_original_sample[canvas] @ batch.vocabulary[0].T + batch.vocabulary[1]
    else:
        logits = model.score_tokens(query[canvas], batch.vocabulary)
    token_ids, scores, _ = likeliest_sequences(logits, 1, config.eos_token_id, config.pad_token_id, batch.canvas_mask)
    return token_ids[:, 0], scores[:, 0]


def read_noised(
    model: PreTrainedModel,
    latents: torch.Tensor,
    batches: list[CandidateBatch],
    readout_noise: float,
    guidance_scale: float = 1.0,
    is_clean: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """
    One more evaluation, of the result noised anew: what is likely where the latents themselves do not say.

    Args:
        model ([`CodeFusionModel`]):
            The model.
        latents (`torch.FloatTensor` of shape `(num_rows, canvas_length, latent_size)`):
            The denoised embeddings.
        batches (`list[CandidateBatch]`):
            All rows.
        readout_noise (`float`):
            Share of the noise schedule, above 0 and at most 1.
        guidance_scale (`float`, *optional*, defaults to 1.0):
            As for [`CodeFusionModel.denoise`].
        is_clean (`torch.BoolTensor` of shape `(num_rows, canvas_length)`, *optional*):
            Positions that are not noised, but held at t = 0.

    Returns:
        `tuple`: its estimate of x_0, and what it scores the tokens by, both of the shape of `latents`.
    """
    config = model.config
    timestep = torch.tensor([round(readout_noise * (config.num_train_timesteps - 1))], device=latents.device)
    timesteps = timestep.expand(latents.shape[0], 1)
    if is_clean is not None:
        timesteps = torch.where(is_clean, 0, timesteps)
    alphas_cumprod = config.alphas_cumprod().to(latents.device)[timesteps][..., None]
    # The same noise for all: so their scores can be compared, and depend on nothing else of the call.
    shape = (1, config.max_code_length, config.latent_size)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(0))[:, : latents.shape[1]].to(latents)
    noised = (alphas_cumprod.sqrt() * latents + (1.0 - alphas_cumprod).sqrt() * noise).to(latents.dtype)
    if is_clean is not None:
        noised = torch.where(is_clean[..., None], latents, noised)
    sample, query = torch.zeros_like(latents), torch.zeros_like(latents)
    for batch in batches:
        denoised = model.denoise(
            batch.cut(noised),
            batch.cut(timesteps),
            alphas_cumprod[batch.rows, : batch.canvas_length],
            self_condition=batch.cut(latents),
            guidance_scale=guidance_scale,
            vocabulary=batch.vocabulary,
            output_logits=False,
            return_dict=True,
            **batch.conditioning,
        )
        sample[batch.rows, : batch.canvas_length] = denoised.sample.to(sample.dtype)
        query[batch.rows, : batch.canvas_length] = denoised.query.to(query.dtype)
    return sample, query


def score_latents(
    model: PreTrainedModel,
    latents: torch.Tensor,
    vocabulary: tuple[torch.Tensor, torch.Tensor],
    query: torch.Tensor | None = None,
    rounding: str = "decoder",
    **conditioning: Any,
) -> torch.Tensor:
    """
    Scores of all tokens for denoised embeddings: by decoder and head, or by *grounding*, which the paper compares
    these with, where the tokens whose embeddings are nearest are the likeliest.

    Args:
        model ([`CodeFusionModel`]):
            The model.
        latents (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
            The denoised embeddings.
        vocabulary (`tuple`):
            From [`CodeFusionModel.vocabulary`], of these rows.
        query (`torch.FloatTensor` of the shape of `latents`, *optional*):
            Where the model predicts x_0, what the last evaluation of the denoiser scored the tokens by.
        rounding (`str`, *optional*, defaults to `"decoder"`):
            `"decoder"`, or another for grounding.
        conditioning (*optional*):
            For the decoder: `key_values`, `attention_mask`, `encoder_attention_mask` and `lengths`, as for
            [`CodeFusionModel.decode`].

    Returns:
        `torch.FloatTensor` of shape `(batch_size, canvas_length, vocab_size)`: logits. In grounding, their softmax is
        the probability of each token where a latent is an embedding and Gaussian noise of unit variance.
    """
    embeddings, bias = vocabulary
    if rounding != "decoder":
        # All embeddings have one length: the squared distances that the Gaussian takes differ by the products.
        return (latents @ embeddings.T).masked_fill(bias.isneginf(), -torch.inf)
    denoiser_logits = None if query is None else model.score_tokens(query, vocabulary)
    logits, _ = model.decode(latents, **conditioning, denoiser_logits=denoiser_logits)
    if denoiser_logits is None:
        logits = logits.masked_fill(bias.isneginf(), -torch.inf)
    return logits


def token_scores(logits: torch.Tensor, token_ids: torch.Tensor) -> torch.Tensor:
    """
    Log-probabilities of some tokens.

    Args:
        logits (`torch.FloatTensor` of shape `(batch_size, canvas_length, vocab_size)`):
            Scores of all tokens.
        token_ids (`torch.LongTensor` of shape `(batch_size, num_sequences, canvas_length)`):
            The tokens.

    Returns:
        `torch.FloatTensor` of the shape of `token_ids`.
    """
    log_probabilities = logits.float().log_softmax(dim=-1)
    return log_probabilities.gather(2, token_ids.transpose(1, 2)).transpose(1, 2)


def to_texts(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, token_ids: torch.Tensor, slot_values: Mapping[str, str]
) -> list[str]:
    """
    The programs of a prompt's token ids.

    Args:
        model ([`CodeFusionModel`]), tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            The model that wrote them, and its tokenizer.
        token_ids (`torch.LongTensor` of shape `(num_programs, canvas_length)`):
            The tokens, which count up to the first end-of-sequence or padding token.
        slot_values (`Mapping[str, str]`):
            What stands behind the slots of the prompt.

    Returns:
        `list[str]`: the programs, without white space around them.
    """
    config = model.config
    is_end = (token_ids == config.eos_token_id) | (token_ids == config.pad_token_id)
    token_ids = token_ids.masked_fill(is_end.cumsum(dim=-1) > 0, config.pad_token_id)
    with TOKENIZER_LOCK:
        texts = tokenizer.batch_decode(token_ids, skip_special_tokens=True)
    if config.copy_token_groups:
        texts = [fill_slots(text, slot_values) for text in texts]
    return [text.strip() for text in texts]


__all__ = [
    "nearest_tokens",
    "read_draft",
    "read_noised",
    "score_latents",
    "to_texts",
    "token_scores",
]
