# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What the model returns."""

from dataclasses import dataclass

import torch
from transformers.utils import ModelOutput


@dataclass
class CodeFusionOutput(ModelOutput):
    """
    Output of [`CodeFusionModel`].

    Args:
        loss (`torch.FloatTensor` of shape `(1,)`):
            `denoising_loss + embedding_loss + cross_entropy_loss` (the paper's loss; without `embedding_loss` where
            x_0 is predicted), plus 0.1 times `length_loss` where the model predicts lengths.
        denoising_loss (`torch.FloatTensor` of shape `(1,)`):
            Error of the denoiser: of the noise (squared, mean over the latent dimensions), or, where x_0 is predicted,
            the cross-entropy of its scores in nats. This term and the next two are means over the programs of the mean
            over the tokens of each.
        embedding_loss (`torch.FloatTensor` of shape `(1,)`, *optional*):
            Squared distance of the decoder's output to the code embeddings, mean over the latent dimensions, where
            the noise is predicted.
        cross_entropy_loss (`torch.FloatTensor` of shape `(1,)`):
            Cross-entropy of the head on the decoder's output, in nats.
        length_loss (`torch.FloatTensor` of shape `(1,)`, *optional*):
            Cross-entropy of the length head in nats, where `config.predict_length`; 0 for the rows of `noise_prompt`.
        logits (`torch.FloatTensor` of shape `(batch_size, canvas_length, vocab_size)`):
            Scores of the head at each position.
        pred_original_sample (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
            The denoiser's estimate of x_0.
        timesteps (`torch.LongTensor` of shape `(batch_size,)` or `(batch_size, canvas_length)`):
            The steps at which the programs were noised.
        token_loss (`torch.FloatTensor` of shape `(batch_size,)`):
            `cross_entropy_loss` of each program, for reports by timestep.
        encoder_last_hidden_state (`torch.FloatTensor` of shape `(batch_size, sequence_length, encoder_hidden_size)`):
            The encoded prompt `E_s`.
        hidden_states (`tuple(torch.FloatTensor)`, *optional*, returned when `output_hidden_states=True`):
            Input of the denoiser's first layer and output of each of its layers, of shape `(batch_size,
            canvas_length, hidden_size)`.
        attentions (`tuple(torch.FloatTensor)`, *optional*, returned when `output_attentions=True`):
            Weights of the self-attention in each of the denoiser's layers, of shape `(batch_size,
            num_attention_heads, canvas_length, canvas_length)`; none unless `attn_implementation="eager"`.
        cross_attentions (`tuple(torch.FloatTensor)`, *optional*, returned when `output_attentions=True`):
            Those of the attention to the prompt, of shape `(batch_size, num_attention_heads, canvas_length,
            sequence_length)`.
    """

    loss: torch.Tensor | None = None
    denoising_loss: torch.Tensor | None = None
    embedding_loss: torch.Tensor | None = None
    cross_entropy_loss: torch.Tensor | None = None
    length_loss: torch.Tensor | None = None
    logits: torch.Tensor | None = None
    pred_original_sample: torch.Tensor | None = None
    timesteps: torch.Tensor | None = None
    token_loss: torch.Tensor | None = None
    encoder_last_hidden_state: torch.Tensor | None = None
    hidden_states: tuple[torch.Tensor, ...] | None = None
    attentions: tuple[torch.Tensor, ...] | None = None
    cross_attentions: tuple[torch.Tensor, ...] | None = None


@dataclass
class CodeFusionDenoiserOutput(ModelOutput):
    """
    Output of [`CodeFusionModel.denoise`].

    Args:
        sample (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
            The prediction: noise or x_0, as `config.prediction_type` says.
        query (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`, *optional*):
            Where x_0 is predicted, what the tokens are scored by, see [`CodeFusionModel.score_tokens`].
        logits (`torch.FloatTensor` of shape `(batch_size, canvas_length, vocab_size)`, *optional*):
            Where x_0 is predicted, these scores; `None` with `output_logits=False`.
        hidden_states (`tuple(torch.FloatTensor)`, *optional*, returned when `output_hidden_states=True`):
            Input of the first layer and output of each layer.
        attentions, cross_attentions (`tuple(torch.FloatTensor)`, *optional*, returned when `output_attentions=True`):
            Weights of the attention to the canvas and to the prompt in each layer.
    """

    sample: torch.Tensor
    query: torch.Tensor | None = None
    logits: torch.Tensor | None = None
    hidden_states: tuple[torch.Tensor, ...] | None = None
    attentions: tuple[torch.Tensor, ...] | None = None
    cross_attentions: tuple[torch.Tensor, ...] | None = None


__all__ = ["CodeFusionDenoiserOutput", "CodeFusionOutput"]
