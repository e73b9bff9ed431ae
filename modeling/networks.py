# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The networks of the model: code embedding, denoiser and decoder, and the layers of both."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from diffusers.models.embeddings import TimestepEmbedding, get_timestep_embedding
from torch import nn
from transformers.activations import ACT2FN
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from .configuration_codefusion import CodeFusionConfig


KeyValues = tuple[tuple[torch.Tensor, torch.Tensor], ...]


def eager_attention_forward(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    dropout: float = 0.0,
    **kwargs,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention in plain torch, with the signature of `ALL_ATTENTION_FUNCTIONS`."""
    weights = torch.matmul(query, key.transpose(2, 3)) * scaling
    if attention_mask is not None:
        weights = weights + attention_mask
    weights = F.softmax(weights, dim=-1)
    output = torch.matmul(weights, value).transpose(1, 2).contiguous()
    return output, weights


class CodeFusionAttention(nn.Module):
    """Multi-head attention. The keys and values of cross-attention are handed in, as they last a whole generation."""

    is_causal = False

    def __init__(self, config: CodeFusionConfig, is_cross_attention: bool = False):
        super().__init__()
        self.config = config
        self.head_dim = config.hidden_size // config.num_attention_heads
        self.scaling = self.head_dim**-0.5
        self.q_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=False)
        if not is_cross_attention:
            self.k_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=False)
            self.v_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=False)
        self.o_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=False)

    def forward(
        self,
        hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        key: torch.Tensor | None = None,
        value: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        heads_shape = (*hidden_states.shape[:-1], -1, self.head_dim)
        query = self.q_proj(hidden_states).view(heads_shape).transpose(1, 2)
        if key is None:
            key = self.k_proj(hidden_states).view(heads_shape).transpose(1, 2)
            value = self.v_proj(hidden_states).view(heads_shape).transpose(1, 2)
        attention_interface: Callable = ALL_ATTENTION_FUNCTIONS.get_interface(
            self.config._attn_implementation, eager_attention_forward
        )
        output, weights = attention_interface(
            self, query, key, value, attention_mask, dropout=0.0, scaling=self.scaling, is_causal=False
        )
        return self.o_proj(output.reshape(hidden_states.shape)), weights


class CodeFusionLayer(GradientCheckpointingLayer):
    """Full self-attention over the canvas, cross-attention to the prompt, feed-forward; each is normalised before."""

    def __init__(self, config: CodeFusionConfig):
        super().__init__()
        self.self_attn_layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps, bias=False)
        self.self_attn = CodeFusionAttention(config)
        self.cross_attn_layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps, bias=False)
        self.cross_attn = CodeFusionAttention(config, is_cross_attention=True)
        self.mlp_layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.activation = ACT2FN[config.hidden_act]
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(
        self,
        hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None,
        key: torch.Tensor,
        value: torch.Tensor,
        cross_attention_mask: torch.Tensor | None,
    ) -> torch.Tensor:
        # Key and value one by one, and by position: re-entrant checkpointing cuts the graph at such arguments alone.
        attended, _ = self.self_attn(self.self_attn_layer_norm(hidden_states), attention_mask)
        hidden_states = hidden_states + attended
        attended, _ = self.cross_attn(self.cross_attn_layer_norm(hidden_states), cross_attention_mask, key, value)
        hidden_states = hidden_states + attended
        return hidden_states + self.down_proj(self.activation(self.up_proj(self.mlp_layer_norm(hidden_states))))


class CodeFusionStack(nn.Module):
    """
    The transformer that denoiser and decoder are made of: latents in, latents out, conditioned on the prompt.

    Positions are counted from both ends of the canvas, as the length is known before the first step and says where the
    program ends.
    """

    def __init__(self, config: CodeFusionConfig, input_size: int, num_layers: int):
        super().__init__()
        self.config = config
        self.input_projection = nn.Linear(input_size, config.hidden_size)
        self.start_positions = nn.Embedding(config.max_code_length, config.hidden_size)
        self.end_positions = nn.Embedding(config.max_code_length, config.hidden_size)
        # Keys and values of all layers in one matrix product: it runs once a generation, not once a step.
        self.prompt_projection = nn.Linear(
            config.encoder_config.hidden_size,  # type: ignore[union-attr]  # a configuration once it is initialised
            num_layers * 2 * config.hidden_size,
            bias=False,
        )
        self.layers = nn.ModuleList(CodeFusionLayer(config) for _ in range(num_layers))
        self.layer_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps, bias=False)
        self.output_projection = nn.Linear(config.hidden_size, config.latent_size)

    def project_prompt(self, encoder_hidden_states: torch.Tensor) -> KeyValues:
        """
        Cross-attention keys and values of the prompt.

        Args:
            encoder_hidden_states (`torch.Tensor` of shape `(batch_size, sequence_length, encoder_hidden_size)`):
                The encoded prompt.

        Returns:
            One pair for each layer, of tensors of shape `(batch_size, num_attention_heads, sequence_length,
            head_dim)`.
        """
        batch_size, sequence_length, _ = encoder_hidden_states.shape
        projected = self.prompt_projection(encoder_hidden_states)
        projected = projected.view(
            batch_size, sequence_length, 2 * len(self.layers), self.config.num_attention_heads, -1
        ).permute(2, 0, 3, 1, 4)
        return tuple(zip(projected[0::2], projected[1::2], strict=True))

    def forward(
        self,
        latents: torch.Tensor,
        key_values: KeyValues,
        attention_mask: torch.Tensor | None = None,
        cross_attention_mask: torch.Tensor | None = None,
        lengths: torch.Tensor | None = None,
        conditioning: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """
        Args:
            latents (`torch.Tensor` of shape `(batch_size, canvas_length, input_size)`):
                The input at each position.
            key_values (`tuple`):
                From [`~CodeFusionStack.project_prompt`].
            attention_mask, cross_attention_mask (`torch.Tensor`, *optional*):
                Masks over the canvas and the prompt as the attention implementation takes them
                (`create_bidirectional_mask`); `None` where nothing is padded.
            lengths (`torch.LongTensor` of shape `(batch_size,)`, *optional*):
                Length of each canvas; `canvas_length` where not given.
            conditioning (`torch.Tensor` of shape `(batch_size, 1 or canvas_length, hidden_size)`, *optional*):
                Added to the input; the denoiser's time embedding.

        Returns:
            The output latents, of shape `(batch_size, canvas_length, latent_size)`.
        """
        canvas_length = latents.shape[1]
        from_start = torch.arange(canvas_length, device=latents.device)
        if lengths is None:
            from_end = from_start.flip(0)
        else:
            from_end = (lengths[:, None] - 1 - from_start).clamp(min=0)
        hidden_states = (
            self.input_projection(latents) + self.start_positions(from_start) + self.end_positions(from_end)
        )
        if conditioning is not None:
            hidden_states = hidden_states + conditioning
        for layer, (key, value) in zip(self.layers, key_values, strict=True):
            hidden_states = layer(hidden_states, attention_mask, key, value, cross_attention_mask)
        return self.output_projection(self.layer_norm(hidden_states))


class CodeFusionDenoiser(CodeFusionStack):
    """The denoiser N: `x_t`, the time and the prompt in; a latent for each token of the canvas out."""

    def __init__(self, config: CodeFusionConfig):
        self_conditioned = config.self_conditioning_probability > 0.0
        super().__init__(config, config.latent_size * (2 if self_conditioned else 1), config.num_denoiser_layers)
        self.self_conditioned = self_conditioned
        self.time_embedding = TimestepEmbedding(config.hidden_size, config.hidden_size)

    def embed_timesteps(self, timesteps: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """
        The time as [`~CodeFusionDenoiser.forward`] takes it.

        Args:
            timesteps (`torch.Tensor` of any shape):
                `t`, whole or fractional, in [0, num_train_timesteps).
            dtype (`torch.dtype`):
                That of the latents.

        Returns:
            `torch.Tensor` of the shape of `timesteps` and a last dimension of `hidden_size`.
        """
        time = get_timestep_embedding(timesteps.flatten(), self.config.hidden_size, flip_sin_to_cos=True)
        return self.time_embedding(time.to(dtype)).view(*timesteps.shape, self.config.hidden_size)

    def forward(  # type: ignore[override]  # it reads the time as well
        self,
        latents: torch.Tensor,
        time_embedding: torch.Tensor,
        key_values: KeyValues,
        attention_mask: torch.Tensor | None = None,
        cross_attention_mask: torch.Tensor | None = None,
        lengths: torch.Tensor | None = None,
        self_condition: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """
        As [`CodeFusionStack.forward`], with `time_embedding` (`torch.Tensor` of shape `(batch_size or 1, 1 or
        canvas_length, hidden_size)`, from [`~CodeFusionDenoiser.embed_timesteps`]) and, if it is self-conditioned,
        `self_condition` (the earlier estimate of x_0, of the shape of `latents`; zeros where there is none).
        """
        if self_condition is not None:
            latents = torch.cat([latents, self_condition], dim=-1)
        return super().forward(latents, key_values, attention_mask, cross_attention_mask, lengths, time_embedding)


class CodeFusionDecoder(CodeFusionStack):
    """The decoder D: the last estimate of x_0 and the prompt in, `D_s` out; runs once."""

    def __init__(self, config: CodeFusionConfig):
        super().__init__(config, config.latent_size, config.num_decoder_layers)


class CodeFusionEmbedding(nn.Module):
    """
    The code embedding L. Each vector is used at length `sqrt(latent_size)`, unit variance a coordinate: the scale of
    the noise, which training can then not escape by growing the embeddings. Where x_0 is predicted, each token also
    has a bias among the denoiser's scores.
    """

    def __init__(self, config: CodeFusionConfig):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.latent_size)
        self.bias = nn.Embedding(config.vocab_size, 1) if config.prediction_type == "sample" else None

    def normalized_weight(self) -> torch.Tensor:
        """The table as it is used, of shape `(vocab_size, latent_size)`."""
        weight = self.embedding.weight
        return F.normalize(weight, dim=-1) * math.sqrt(weight.shape[-1])

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        embeds = self.embedding(input_ids)
        return F.normalize(embeds, dim=-1) * math.sqrt(embeds.shape[-1])


__all__ = [
    "CodeFusionAttention",
    "CodeFusionDecoder",
    "CodeFusionDenoiser",
    "CodeFusionEmbedding",
    "CodeFusionLayer",
    "CodeFusionStack",
    "KeyValues",
]
