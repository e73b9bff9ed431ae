# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""CodeFusion: encoder, code embedding, denoiser, decoder and head in one `PreTrainedModel`."""

import math
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from diffusers.models.embeddings import TimestepEmbedding, get_timestep_embedding
from diffusers.utils.accelerate_utils import apply_forward_hook
from diffusers.utils.hub_utils import ModelCard
from torch import nn
from transformers import AutoModelForTextEncoding, PreTrainedModel
from transformers import initialization as init
from transformers.activations import ACT2FN
from transformers.masking_utils import create_bidirectional_mask
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.utils import CONFIG_NAME, SAFE_WEIGHTS_NAME, ModelOutput, cached_file
from transformers.utils.output_capturing import OutputRecorder, capture_outputs

from .card import CARD_NAME, choose_card, model_card, read_card, weights_variant
from .configuration_codefusion import CodeFusionConfig
from .integrity import add_checksum, damaged_weights, verify_checksum
from .saving import refuse_pickles


# Weight of the length head's cross-entropy beside the three terms of the paper: as in Mask-Predict
# (https://huggingface.co/papers/1904.09324), a side task that must not outweigh the code.
LENGTH_LOSS_WEIGHT = 0.1

# The most that the likelihood of a latent without noise sets the right token apart from an orthogonal one, in nats.
LIKELIHOOD_LIMIT = 512.0

# While it builds a model, transformers' `from_pretrained` changes torch's default dtype and functions for all threads.
LOADING_LOCK = threading.Lock()

# What `model.denoiser = torch.compile(model.denoiser)` puts into the names of its weights.
COMPILED_PREFIX = "_orig_mod."

KeyValues = tuple[tuple[torch.Tensor, torch.Tensor], ...]


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


def remove_pooler(encoder: PreTrainedModel) -> PreTrainedModel:
    """Without the pooler of BERT and its kin: E_s is a state for each token, and DDP fails on weights never used."""
    if hasattr(encoder, "pooler"):
        encoder.pooler = None
    return encoder


class CodeFusionPreTrainedModel(PreTrainedModel):
    """Loading and saving of CodeFusion."""

    config_class = CodeFusionConfig
    base_model_prefix = "codefusion"
    main_input_name = "input_ids"
    input_modalities = ("text",)
    supports_gradient_checkpointing = True
    # The loss is a mean of its own: Trainer must not divide it by the number of items once more.
    accepts_loss_kwargs = False
    _no_split_modules = ["CodeFusionLayer"]
    _supports_sdpa = True
    _supports_attention_backend = True
    _can_record_outputs = {
        "hidden_states": CodeFusionLayer,
        "attentions": OutputRecorder(CodeFusionAttention, index=1, layer_name="self_attn"),
        "cross_attentions": OutputRecorder(CodeFusionAttention, index=1, layer_name="cross_attn"),
    }

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | os.PathLike | None,
        *model_args: Any,
        use_safetensors: bool | None = True,
        **kwargs: Any,
    ) -> Any:
        """
        As [`~PreTrainedModel.from_pretrained`], from safetensors only.

        Args:
            pretrained_model_name_or_path (`str` or `os.PathLike`, *optional*):
                Hub id or folder.
            model_args, kwargs (*optional*):
                As there: `subfolder`, `revision`, `variant`, `dtype`, `device_map`, `token` ...
            use_safetensors (`bool`, *optional*, defaults to `True`):
                Not `False`.

        Returns:
            `CodeFusionModel`: in evaluation mode; with `output_loading_info=True` a `tuple` of it and the information.

        Raises:
            ValueError: if `use_safetensors=False`, the folder contains weights in a pickle, or the weights are of
                another model.
            OSError: if a weights file is not there, or truncated or altered; the message names it.
        """
        output_loading_info = kwargs.pop("output_loading_info", False)
        if use_safetensors is False:
            raise ValueError("`use_safetensors` must not be False: other weights are pickles, which can run any code.")
        is_local = pretrained_model_name_or_path is not None and os.path.isdir(pretrained_model_name_or_path)
        folder = os.path.join(pretrained_model_name_or_path or "", kwargs.get("subfolder") or "")
        if is_local and os.path.isdir(folder):
            refuse_pickles(folder)
        try:
            with LOADING_LOCK:
                model, loading_info = super().from_pretrained(
                    pretrained_model_name_or_path,
                    *model_args,
                    use_safetensors=True,
                    output_loading_info=True,
                    **kwargs,
                )
        except Exception as error:
            # safetensors says what is wrong, but not with which file.
            if pretrained_model_name_or_path is not None and not is_local:
                cache = {name: kwargs[name] for name in ("cache_dir", "revision", "subfolder") if name in kwargs}
                found = cached_file(
                    pretrained_model_name_or_path,
                    CONFIG_NAME,
                    local_files_only=True,
                    _raise_exceptions_for_missing_entries=False,
                    _raise_exceptions_for_connection_errors=False,
                    **cache,
                )
                folder = os.path.dirname(found or "")
            damages = damaged_weights(folder) if folder else []
            if not damages:
                raise
            raise OSError(f"The weights file is truncated or altered: {'; '.join(damages)}.") from error
        missing = sorted(loading_info["missing_keys"])
        # transformers warns of missing weights, and draws them at random.
        if len(missing) > len(model.state_dict()) // 2 or missing == ["embedding.bias.weight"]:
            raise ValueError(
                f"`pretrained_model_name_or_path`: the weights of {pretrained_model_name_or_path} must be of this "
                "model, and are of another one, or of its first edition: "
                f"{len(missing)} are missing, the first of them {', '.join(missing[:3])}."
            )
        return (model, loading_info) if output_loading_info else model

    @staticmethod
    def _load_pretrained_model(
        model: PreTrainedModel, state_dict: dict[str, Any] | None, checkpoint_files: list[str] | None, *args, **kwargs
    ) -> Any:
        # `from_pretrained` calls this with the files that it has chosen and downloaded.
        for path in checkpoint_files or []:
            if path.endswith(".safetensors"):
                verify_checksum(path)
        return PreTrainedModel._load_pretrained_model(model, state_dict, checkpoint_files, *args, **kwargs)

    # The arguments by their names: diffusers looks which of them there are before it saves a pipeline.
    def save_pretrained(
        self,
        save_directory: str | os.PathLike,
        is_main_process: bool = True,
        state_dict: dict[str, torch.Tensor] | None = None,
        push_to_hub: bool = False,
        max_shard_size: int | str = "50GB",
        variant: str | None = None,
        **kwargs: Any,
    ) -> None:
        """
        As [`~PreTrainedModel.save_pretrained`], with a checksum in each weights file, by which loading knows that it
        has not changed. A part that is compiled is saved like one that is not.

        Args:
            save_directory (`str` or `os.PathLike`):
                The folder.
            is_main_process, state_dict, push_to_hub, max_shard_size, variant, kwargs (*optional*):
                As there. What is pushed has a card: the README.md of the folder, else that of the repository, with its
                metadata completed, else a new one.
        """
        weights = self.state_dict() if state_dict is None else state_dict
        if any(COMPILED_PREFIX in name for name in weights):
            state_dict = {name.replace(COMPILED_PREFIX, ""): weight for name, weight in weights.items()}
        # To push, transformers puts the repository's card, or one that says nothing, in the place of the folder's.
        self._folder_card = read_card(save_directory)
        super().save_pretrained(
            save_directory, is_main_process, state_dict, push_to_hub, max_shard_size, variant, **kwargs
        )
        if is_main_process:
            self._add_checksums(save_directory)

    def _upload_modified_files(self, working_dir: str | os.PathLike, repo_id: str, *args: Any, **kwargs: Any) -> Any:
        # Both ways to push come here. With `push_to_hub=True`, `save_pretrained` uploads before it returns.
        self._add_checksums(working_dir)
        path = Path(working_dir) / CARD_NAME
        card = choose_card(self._folder_card, ModelCard.load(path))
        model_card(self, repo_id, weights_variant(os.listdir(working_dir)), card).save(path)
        return super()._upload_modified_files(working_dir, repo_id, *args, **kwargs)

    @staticmethod
    def _add_checksums(folder: str | os.PathLike) -> None:
        name, suffix = os.path.splitext(SAFE_WEIGHTS_NAME)
        for path in Path(folder).glob(f"{name}*{suffix}"):  # with the variants and the parts of them
            add_checksum(path)


class CodeFusionModel(CodeFusionPreTrainedModel):
    r"""
    CodeFusion (https://huggingface.co/papers/2310.17680): a diffusion model that writes a program by
    denoising the embeddings of all its tokens at once, conditioned on a prompt.

    An encoder E reads the prompt, L embeds the code, the denoiser N removes noise from the embeddings in many steps,
    and after the last one the decoder D and the head H turn them into tokens.

    Args:
        config ([`CodeFusionConfig`]):
            Sizes, noise schedule and what the denoiser predicts. Weights are random: see
            [`~PreTrainedModel.from_pretrained`] and [`~CodeFusionModel.from_encoder_pretrained`].
    """

    def __init__(self, config: CodeFusionConfig):
        super().__init__(config)
        # The dtype of all other parts: `from_config` would take the one that the encoder was once saved in.
        self.encoder = remove_pooler(
            AutoModelForTextEncoding.from_config(config.encoder_config, dtype=torch.get_default_dtype())
        )
        self.embedding = CodeFusionEmbedding(config)
        self.denoiser = CodeFusionDenoiser(config)
        self.decoder = CodeFusionDecoder(config)
        self.head = nn.Linear(config.latent_size, config.vocab_size)
        if config.neighbor_token_ids is not None:
            self.neighbor_projection = nn.Linear(config.hidden_size, self.encoder.config.hidden_size, bias=False)
        if config.predict_length:
            self.length_head = nn.Linear(self.encoder.config.hidden_size, config.max_code_length // config.canvas_step)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module):
        # transformers calls this for modules with parameters of their own: the table, not the `CodeFusionEmbedding`.
        super()._init_weights(module)
        if module is self.embedding.embedding:
            # Directions are all that counts of the embeddings; at unit variance an optimiser step turns them as far
            # as it changes the other weights.
            init.normal_(module.weight, mean=0.0, std=1.0)
        elif module is self.embedding.bias:
            init.zeros_(module.weight)

    @classmethod
    def from_encoder_pretrained(cls, pretrained_model_name_or_path: str, **kwargs) -> "CodeFusionModel":
        """
        A model with a pre-trained encoder and random weights elsewhere: where the paper starts.

        Args:
            pretrained_model_name_or_path (`str`):
                Hub id or folder of any model that `AutoModelForTextEncoding` loads, such as
                `"Salesforce/codet5-small"`.
            kwargs (*optional*):
                With the prefix `encoder_`, arguments of the encoder's `from_pretrained` (`encoder_revision="main"`);
                all others are fields of [`CodeFusionConfig`]. `vocab_size` and the special tokens default to the
                encoder's, `base_model` to its Hub id if it is not a folder.

        Returns:
            [`CodeFusionModel`], in evaluation mode.

        Raises:
            ValueError: if `encoder_config` is given, which comes with the encoder.
        """
        if "encoder_config" in kwargs:
            raise ValueError(
                "`encoder_config` cannot be given to `from_encoder_pretrained`: it comes with the encoder of "
                f"{pretrained_model_name_or_path!r}."
            )
        encoder_kwargs = {
            name.removeprefix("encoder_"): kwargs.pop(name) for name in list(kwargs) if name.startswith("encoder_")
        }
        encoder = remove_pooler(
            AutoModelForTextEncoding.from_pretrained(pretrained_model_name_or_path, **encoder_kwargs)
        )
        encoder.config.name_or_path = ""  # perhaps a path of this machine, and nothing to publish
        encoder_fields = encoder.config.to_dict()
        for name in ("vocab_size", "pad_token_id", "bos_token_id", "eos_token_id"):
            kwargs.setdefault(name, encoder_fields.get(name))  # T5 has no beginning-of-sequence token
        if not os.path.exists(pretrained_model_name_or_path):
            kwargs.setdefault("base_model", pretrained_model_name_or_path)
        model = cls(CodeFusionConfig(encoder_config=encoder.config, **kwargs))
        model.encoder.load_state_dict(encoder.state_dict())
        return model.eval()

    def get_input_embeddings(self) -> nn.Module:
        return self.encoder.get_input_embeddings()

    def set_input_embeddings(self, value: nn.Module):
        self.encoder.set_input_embeddings(value)

    def get_output_embeddings(self) -> nn.Linear:
        return self.head

    def set_output_embeddings(self, new_embeddings: nn.Linear):
        self.head = new_embeddings

    def _resize_token_embeddings(
        self, new_num_tokens: int | None, pad_to_multiple_of: int | None = None, mean_resizing: bool = True
    ) -> nn.Module:
        embeddings = super()._resize_token_embeddings(new_num_tokens, pad_to_multiple_of, mean_resizing)
        if new_num_tokens is not None or pad_to_multiple_of is not None:
            # One tokenizer serves prompts and code: the code's table goes with the encoder's and the head. Its new
            # vectors are drawn as all were: around the mean of the others, they would all point the same way.
            table, vocab_size = self.embedding.embedding, embeddings.weight.shape[0]
            num_kept = table.num_embeddings
            self._get_resized_embeddings(table, vocab_size, mean_resizing=False)
            table.weight.data[num_kept:].normal_()
            if self.embedding.bias is not None:
                self._get_resized_embeddings(self.embedding.bias, vocab_size, mean_resizing=False)
                self.embedding.bias.weight.data[num_kept:].zero_()
            self.encoder.config.vocab_size = vocab_size
        return embeddings

    def num_parameters_by_component(self) -> dict[str, int]:
        """Parameters of `encoder`, `embedding`, `denoiser`, `decoder`, `head` and, if there is one, `length_head`."""
        return {
            name: sum(parameter.numel() for parameter in module.parameters()) for name, module in self.named_children()
        }

    @apply_forward_hook  # the pipeline's first call: with CPU offload, it brings the model to the device
    def encode(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None) -> torch.Tensor:
        """
        The encoder E. The code of a neighbour in the prompt (`config.neighbor_token_ids`) also has the denoiser's
        positions, those that its tokens would have on a canvas of their own: what is copied stands there, or near.

        Args:
            input_ids (`torch.LongTensor` of shape `(batch_size, sequence_length)`):
                The prompt's tokens.
            attention_mask (`torch.Tensor` of shape `(batch_size, sequence_length)`, *optional*):
                1 for tokens, 0 for padding.

        Returns:
            `torch.FloatTensor` of shape `(batch_size, sequence_length, encoder_hidden_size)`: `E_s`.
        """
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        if self.config.neighbor_token_ids is None:
            return states
        from_start, from_end, is_code = self._neighbor_positions(input_ids, attention_mask)
        positions = self.denoiser.start_positions(from_start) + self.denoiser.end_positions(from_end)
        return states + self.neighbor_projection(positions) * is_code[..., None]

    def _neighbor_positions(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """For each token its place in a neighbour's code, from both ends of a canvas, and whether it is in one."""
        neighbor_token, code_token = self.config.neighbor_token_ids or (-1, -1)
        places = torch.arange(input_ids.shape[1], device=input_ids.device).expand_as(input_ids)
        is_prompt = input_ids == neighbor_token
        if attention_mask is not None:
            is_prompt = is_prompt | (attention_mask == 0)
        last_prompt = torch.where(is_prompt, places, -1).cummax(dim=1).values
        last_code = torch.where(input_ids == code_token, places, -1).cummax(dim=1).values
        is_code = (last_code > last_prompt) & (places > last_code)
        ends = torch.where(is_prompt, places, input_ids.shape[1]).flip(1).cummin(dim=1).values.flip(1)
        step = self.config.canvas_step if self.config.predict_length else self.config.max_code_length
        # With the end-of-sequence token, which a neighbour has none of.
        canvas_lengths = (ends - last_code + step - 1) // step * step
        from_start = places - last_code - 1
        longest = self.config.max_code_length - 1
        return from_start.clamp(0, longest), (canvas_lengths - 1 - from_start).clamp(0, longest), is_code

    def embed(self, input_ids: torch.Tensor) -> torch.Tensor:
        """
        The code embedding L.

        Args:
            input_ids (`torch.LongTensor` of shape `(batch_size, canvas_length)`):
                The code's tokens.

        Returns:
            `torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`: `x_0`, each vector of length
            `sqrt(latent_size)`.
        """
        return self.embedding(input_ids)

    def predict_length(
        self, encoder_hidden_states: torch.Tensor, encoder_attention_mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """
        Scores of the canvas length.

        Args:
            encoder_hidden_states (`torch.FloatTensor` of shape `(batch_size, sequence_length, encoder_hidden_size)`):
                The encoded prompt.
            encoder_attention_mask (`torch.Tensor` of shape `(batch_size, sequence_length)`, *optional*):
                1 for tokens, 0 for padding.

        Returns:
            `torch.FloatTensor` of shape `(batch_size, max_code_length / canvas_step)`: logits, entry `i` for a canvas
            of `(i + 1) * canvas_step` tokens.

        Raises:
            ValueError: if the model has no length head (`config.predict_length`).
        """
        if not self.config.predict_length:
            raise ValueError("This model has no length head: `config.predict_length` is False.")
        if encoder_attention_mask is None:
            pooled = encoder_hidden_states.mean(dim=1)
        else:
            weights = encoder_attention_mask.to(encoder_hidden_states.dtype)[..., None]
            pooled = (encoder_hidden_states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1.0)
        return self.length_head(pooled)

    def vocabulary(
        self, input_ids: torch.Tensor | None = None, labels: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """
        What the denoiser's scores are taken over.

        Args:
            input_ids (`torch.LongTensor` of shape `(batch_size, sequence_length)`, *optional*):
                The prompts, which say what of `config.copy_token_groups` can be drawn. By default, all can.
            labels (`torch.LongTensor` of shape `(batch_size, code_length)`, *optional*):
                Programs, whose tokens can be drawn whatever the prompts say.

        Returns:
            `tuple`: the code embeddings of all tokens, of shape `(vocab_size, latent_size)`, and the bias of each, of
            shape `(1, 1, vocab_size)` or, where the prompts make a difference, `(batch_size, 1, vocab_size)`, minus
            infinity for tokens that cannot be drawn.
        """
        # Looked up and not read from the tables, which under sequential CPU offload have no values until they are
        # called.
        device = self.device if input_ids is None else input_ids.device
        token_ids = torch.arange(self.config.vocab_size, device=device)
        embeddings = self.embedding(token_ids)
        if self.embedding.bias is None:
            bias = embeddings.new_zeros(1, 1, len(token_ids))
        else:
            # The scale of a step of Adam is that of a unit vector's entries; a token's frequency spans several nats.
            bias = self.embedding.bias(token_ids).view(1, 1, -1) * math.sqrt(self.config.latent_size)
        if self.config.copy_token_groups and input_ids is not None:
            bias = bias.masked_fill(self._tokens_without_source(input_ids, labels)[:, None], -math.inf)
        return embeddings, bias

    def _tokens_without_source(self, input_ids: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        """Which tokens stand for a value that the prompt does not have, of shape `(batch_size, vocab_size)`."""
        groups = torch.zeros(self.config.vocab_size, dtype=torch.long, device=input_ids.device)
        for group, token_ids in enumerate(self.config.copy_token_groups or (), 1):
            groups[token_ids] = group
        # A prompt's tokens say which groups it has; group 0 is that of all other tokens.
        has_group = torch.zeros(len(input_ids), int(groups.max()) + 1, dtype=torch.bool, device=input_ids.device)
        has_group.scatter_(1, groups[input_ids], True)
        if labels is not None:
            has_group.scatter_(1, groups[labels.clamp(min=0)], True)
        has_group[:, 0] = True
        return ~has_group[:, groups]

    def score_tokens(
        self, query: torch.Tensor, vocabulary: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> torch.Tensor:
        """
        The denoiser's scores of all tokens.

        Args:
            query (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
                `query` of [`CodeFusionDenoiserOutput`].
            vocabulary (`tuple`, *optional*):
                From [`~CodeFusionModel.vocabulary`], that of all tokens by default.

        Returns:
            `torch.FloatTensor` of shape `(batch_size, canvas_length, vocab_size)`: logits.
        """
        embeddings, bias = self.vocabulary() if vocabulary is None else vocabulary
        return query @ embeddings.T + bias

    @capture_outputs  # reads `output_hidden_states`, `output_attentions` and `return_dict`
    def denoise(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor | None,
        alphas_cumprod: torch.Tensor,
        key_values: KeyValues,
        attention_mask: torch.Tensor | None = None,
        encoder_attention_mask: torch.Tensor | None = None,
        lengths: torch.Tensor | None = None,
        self_condition: torch.Tensor | None = None,
        temperature: float | torch.Tensor = 1.0,
        *,
        guidance_scale: float = 1.0,
        time_embedding: torch.Tensor | None = None,
        vocabulary: tuple[torch.Tensor, torch.Tensor] | None = None,
        output_logits: bool = True,
        output_hidden_states: bool | list[int] | None = None,
        output_attentions: bool | None = None,
    ) -> CodeFusionDenoiserOutput:
        r"""
        The denoiser N, one evaluation.

        Where x_0 is predicted, it is the mean of the code embeddings $e_v$ under a softmax of

        $$ s_v = u \cdot e_v / \sqrt{d} + b_v + \frac{\sqrt{\bar\alpha}}{1 - \bar\alpha} x_t \cdot e_v $$

        The first two terms are the network's, from the context. The last one is the logarithm of the likelihood of the
        noisy latent, up to a constant, as all $e_v$ have the length $\sqrt{d}$ (https://huggingface.co/papers/2305.18619).

        Args:
            latents (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
                `x_t`, at unit variance (after the scheduler's `scale_model_input`).
            timesteps (`torch.Tensor` of shape `(batch_size, canvas_length)`, `(batch_size,)` or `()`, *optional*):
                `t`, whole or fractional, in [0, num_train_timesteps). `None` where `time_embedding` is given.
            alphas_cumprod (`torch.FloatTensor`, broadcastable to `latents`):
                `alpha_bar` of the timesteps.
            key_values (`tuple`):
                `model.denoiser.project_prompt(encoder_hidden_states)`.
            attention_mask (`torch.Tensor` of shape `(batch_size, canvas_length)`, *optional*):
                1 for the canvas, 0 for what pads it to the longest of the batch.
            encoder_attention_mask (`torch.Tensor` of shape `(batch_size, sequence_length)`, *optional*):
                The prompt's mask. Both masks may come from [`~CodeFusionModel.prepare_attention_masks`].
            lengths (`torch.LongTensor` of shape `(batch_size,)`, *optional*):
                Length of each canvas.
            self_condition (`torch.FloatTensor` of the shape of `latents`, *optional*):
                The last estimate of x_0, zeros by default; ignored by a model without self-conditioning.
            temperature (`float` or `torch.Tensor` of shape `(batch_size, 1, 1)`, *optional*, defaults to 1.0):
                Divides the scores that x_0 is an expectation under, above 0; without effect where the noise is
                predicted.
            guidance_scale (`float`, *optional*, defaults to 1.0):
                Scale of classifier-free guidance (https://huggingface.co/papers/2207.12598). Other than 1, the
                arguments but `alphas_cumprod` and `vocabulary` are for twice the batch, its first half without the
                prompt, and the output is for one half.
            time_embedding (`torch.Tensor` of shape `(batch_size or 1, 1 or canvas_length, hidden_size)`, *optional*):
                `model.denoiser.embed_timesteps(timesteps, dtype)`, in place of `timesteps`, for a loop that knows all
                of them beforehand.
            vocabulary (`tuple`, *optional*):
                From [`~CodeFusionModel.vocabulary`], that of all tokens by default.
            output_logits (`bool`, *optional*, defaults to `True`):
                Whether to return `logits`. Without, the expectation needs less time and memory on a CPU.
            output_hidden_states, output_attentions, return_dict (*optional*):
                As for [`~CodeFusionModel.forward`].

        Returns:
            [`CodeFusionDenoiserOutput`] or `tuple`

        Raises:
            ValueError: if not exactly one of `timesteps` and `time_embedding` is given.
        """
        if (timesteps is None) == (time_embedding is None):
            raise ValueError(
                "Exactly one of `timesteps` and `time_embedding` must be given, got "
                f"{'neither' if timesteps is None else 'both'}."
            )
        attention_mask, cross_attention_mask = self.prepare_attention_masks(
            latents, key_values, attention_mask, encoder_attention_mask
        )
        if time_embedding is None:
            timesteps = torch.as_tensor(timesteps, device=latents.device)
            timesteps = timesteps if timesteps.ndim == 2 else timesteps.view(-1, 1)
            time_embedding = self.denoiser.embed_timesteps(timesteps, latents.dtype)
        # Of one kind in all steps: a denoiser that is compiled would be compiled anew for the second.
        if not self.denoiser.self_conditioned:
            self_condition = None
        elif self_condition is None:
            self_condition = torch.zeros_like(latents)
        sample = self.denoiser(
            latents, time_embedding, key_values, attention_mask, cross_attention_mask, lengths, self_condition
        )
        if guidance_scale != 1.0:
            # Of an expectation, the scores are extrapolated, not the mean, so that it remains a mean of embeddings:
            # they are linear in this.
            unconditional, conditional = sample.chunk(2)
            sample = torch.lerp(unconditional, conditional, guidance_scale)
            latents = latents[len(unconditional) :]
        if self.config.prediction_type == "epsilon":
            return CodeFusionDenoiserOutput(sample=sample)
        # Beyond the limit a token is certain, and the product with the embeddings could overflow in half precision.
        scale = (alphas_cumprod.sqrt() / (1.0 - alphas_cumprod)).clamp(max=LIKELIHOOD_LIMIT / self.config.latent_size)
        prior, likelihood = sample / math.sqrt(self.config.latent_size), (scale * latents).to(sample.dtype)
        query = prior + likelihood
        embeddings, bias = self.vocabulary() if vocabulary is None else vocabulary
        tempered = (prior / temperature + likelihood, embeddings, bias / temperature)
        if output_logits or query.device.type != "cpu":
            scores = self.score_tokens(tempered[0], (embeddings, tempered[2]))
            logits = None
            if output_logits:
                is_tempered = isinstance(temperature, torch.Tensor) or temperature != 1.0
                logits = self.score_tokens(query, (embeddings, bias)) if is_tempered else scores
            sample = scores.softmax(dim=-1) @ embeddings
            return CodeFusionDenoiserOutput(sample=sample, query=query, logits=logits)
        # Attention to the vocabulary, whose kernel never holds all the scores. (On a GPU it shares the work out among
        # queries alone, of which a batch of one sequence has too few.)
        bias = tempered[2][:, None]
        tokens = embeddings.expand(len(bias), 1, -1, -1)
        scaled = tempered[0].reshape(len(bias), 1, -1, query.shape[-1])
        mask = bias.expand(-1, -1, scaled.shape[2], -1)
        sample = F.scaled_dot_product_attention(scaled, tokens, tokens, attn_mask=mask, scale=1.0)
        return CodeFusionDenoiserOutput(sample=sample.view_as(query), query=query)

    def decode(
        self,
        pred_original_sample: torch.Tensor,
        key_values: KeyValues,
        attention_mask: torch.Tensor | None = None,
        encoder_attention_mask: torch.Tensor | None = None,
        lengths: torch.Tensor | None = None,
        denoiser_logits: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """
        The decoder D and the head H. Where x_0 is predicted, their scores are added to those of the denoiser.

        Args:
            pred_original_sample (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
                The estimate of x_0.
            key_values (`tuple`):
                `model.decoder.project_prompt(encoder_hidden_states)`.
            attention_mask, encoder_attention_mask, lengths (*optional*):
                As for [`~CodeFusionModel.denoise`].
            denoiser_logits (`torch.FloatTensor` of shape `(batch_size, canvas_length, vocab_size)`, *optional*):
                Where x_0 is predicted, the scores of the denoiser's last evaluation, from
                [`~CodeFusionModel.score_tokens`].

        Returns:
            `tuple`: logits of shape `(batch_size, canvas_length, vocab_size)` and `D_s`, of shape `(batch_size,
            canvas_length, latent_size)`.

        Raises:
            ValueError: if x_0 is predicted and `denoiser_logits` are not given.
        """
        attention_mask, cross_attention_mask = self.prepare_attention_masks(
            pred_original_sample, key_values, attention_mask, encoder_attention_mask
        )
        decoded = self.decoder(
            self._project_to_ball(pred_original_sample), key_values, attention_mask, cross_attention_mask, lengths
        )
        logits = self.head(decoded)
        if self.config.prediction_type == "sample":
            if denoiser_logits is None:
                raise ValueError("`denoiser_logits` must be given where `prediction_type` is 'sample'.")
            logits = logits + denoiser_logits.detach()
        return logits, decoded

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        noise_prompt: torch.Tensor | None = None,
        timesteps: torch.Tensor | None = None,
        noise: torch.Tensor | None = None,
        prompt_noise: torch.Tensor | None = None,
        self_conditioning: bool | None = None,
        output_hidden_states: bool | list[int] | None = None,
        output_attentions: bool | None = None,
        return_dict: bool | None = None,
    ) -> CodeFusionOutput | tuple:
        r"""
        One training step: the programs are noised at random steps and have to be given back.

        Args:
            input_ids (`torch.LongTensor` of shape `(batch_size, sequence_length)`):
                The prompts.
            attention_mask (`torch.Tensor` of shape `(batch_size, sequence_length)`, *optional*):
                1 for tokens, 0 for padding.
            labels (`torch.LongTensor` of shape `(batch_size, code_length)`):
                The programs, each ended by the end-of-sequence token; behind it -100 or padding, which makes no
                difference. A canvas ends at the next multiple of `config.canvas_step` (at `max_code_length` without a
                length head); the padding in it has to be learned, but all of it weighs as much as one token.
            noise_prompt (`torch.BoolTensor` of shape `(batch_size,)`, *optional*):
                Rows whose encoded prompt is replaced by Gaussian noise: the paper's unsupervised code generation.
            timesteps (`torch.LongTensor` of shape `(batch_size,)` or `(batch_size, canvas_length)`, *optional*):
                Steps to noise the programs at, in [0, num_train_timesteps), for all positions of a program or one by
                one, of a canvas that may be longer; then the losses are those of the positions above 0. Drawn evenly
                over the batch if
                not given.
            noise (`torch.FloatTensor` of shape `(batch_size, canvas_length or more, latent_size)`, *optional*):
                Gaussian noise for the programs, used as far as the canvas goes; drawn if not given.
            prompt_noise (`torch.FloatTensor` of the shape of `E_s`, *optional*):
                Gaussian noise for the rows of `noise_prompt`, `(batch_size, sequence_length, encoder_hidden_size)`;
                drawn if not given.
            self_conditioning (`bool`, *optional*):
                Whether the denoiser is given its own first estimate of x_0; drawn with
                `config.self_conditioning_probability` if not given. Without effect on a model that has none.
            output_hidden_states (`bool` or `list[int]`, *optional*):
                Whether to return the states of the denoiser's layers; a list of indices to return these alone, with
                `None` in place of the others (not with transformers 5.20).
            output_attentions (`bool`, *optional*):
                Whether to return the attention weights of the denoiser's layers.
            return_dict (`bool`, *optional*):
                Whether to return a [`CodeFusionOutput`] instead of a tuple.

        Returns:
            [`CodeFusionOutput`] or `tuple`

        Raises:
            ValueError: if `labels` are missing or longer than `config.max_code_length`.
        """
        if labels is None:
            raise ValueError("`labels` are required: `forward` is a training step. To generate, use a pipeline.")
        if labels.shape[1] > self.config.max_code_length:
            raise ValueError(
                f"`labels` are {labels.shape[1]} tokens long, but `config.max_code_length` is "
                f"{self.config.max_code_length}."
            )
        output_hidden_states = (
            output_hidden_states if output_hidden_states is not None else self.config.output_hidden_states
        )
        output_attentions = output_attentions if output_attentions is not None else self.config.output_attentions
        return_dict = return_dict if return_dict is not None else self.config.return_dict

        canvas, canvas_mask, lengths, weights = self._prepare_canvas(labels)
        encoder_hidden_states = self.encode(input_ids, attention_mask)
        if noise_prompt is not None:
            if prompt_noise is None:
                prompt_noise = torch.randn_like(encoder_hidden_states)
            encoder_hidden_states = torch.where(
                noise_prompt[:, None, None], prompt_noise.to(encoder_hidden_states.dtype), encoder_hidden_states
            )

        batch_size = canvas.shape[0]
        if timesteps is None:
            timesteps = self.draw_timesteps(batch_size, canvas.device)
        if timesteps.ndim == 2:
            timesteps = timesteps[:, : canvas.shape[1]]
            weights = weights * (timesteps > 0)
        alphas_cumprod = self.config.alphas_cumprod().to(canvas.device)[timesteps].view(batch_size, -1, 1)
        original = self.embed(canvas)
        if noise is None:
            noise = torch.randn_like(original)
        noise = noise[:, : canvas.shape[1]]
        if self_conditioning is None:
            self_conditioning = bool(torch.rand(()) < self.config.self_conditioning_probability)
        latents = (alphas_cumprod.sqrt() * original + (1.0 - alphas_cumprod).sqrt() * noise).to(original.dtype)

        key_values = self.denoiser.project_prompt(encoder_hidden_states)
        vocabulary = self.vocabulary(input_ids, canvas)
        denoise_kwargs: dict[str, Any] = {
            "alphas_cumprod": alphas_cumprod,
            "key_values": key_values,
            "attention_mask": canvas_mask,
            "encoder_attention_mask": attention_mask,
            "lengths": lengths,
            "vocabulary": vocabulary,
        }
        self_condition = None
        if self.denoiser.self_conditioned and self_conditioning:
            with torch.no_grad():
                first = self.denoise(latents, timesteps, output_logits=False, return_dict=True, **denoise_kwargs)
                self_condition = self.to_original_sample(first.sample, latents, alphas_cumprod)
        denoised = self.denoise(
            latents,
            timesteps,
            self_condition=self_condition,
            output_hidden_states=output_hidden_states,
            output_attentions=output_attentions,
            return_dict=True,
            **denoise_kwargs,
        )
        pred_original_sample = self.to_original_sample(denoised.sample, latents, alphas_cumprod)

        logits, decoded = self.decode(
            pred_original_sample,
            self.decoder.project_prompt(encoder_hidden_states),
            canvas_mask,
            attention_mask,
            lengths,
            denoised.logits,
        )

        def mean(token_values: torch.Tensor) -> torch.Tensor:
            # Of the programs' means: so the loss of a batch is the mean of its parts, and gradient accumulation and
            # several processes give what one batch gives.
            return ((token_values * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1.0)).mean()

        def token_cross_entropy(scores: torch.Tensor) -> torch.Tensor:
            return F.cross_entropy(scores.flatten(0, 1), canvas.flatten(), reduction="none").view_as(canvas)

        head_losses = token_cross_entropy(logits)
        cross_entropy_loss = mean(head_losses)
        if denoised.logits is not None:
            denoising_loss, embedding_loss = mean(token_cross_entropy(denoised.logits)), None
            loss = denoising_loss + cross_entropy_loss
        else:
            denoising_loss = mean((denoised.sample - noise).square().mean(dim=-1))
            # Embeddings are targets without gradient: with one they could meet the prediction by all becoming equal.
            embedding_loss = mean((decoded - original.detach()).square().mean(dim=-1))
            loss = denoising_loss + embedding_loss + cross_entropy_loss

        length_loss = None
        if self.config.predict_length:
            length_logits = self.predict_length(encoder_hidden_states, attention_mask)
            length_losses = F.cross_entropy(length_logits, lengths // self.config.canvas_step - 1, reduction="none")
            has_prompt = torch.ones_like(length_losses) if noise_prompt is None else (~noise_prompt).float()
            length_loss = (length_losses * has_prompt).mean()
            loss = loss + LENGTH_LOSS_WEIGHT * length_loss

        output = CodeFusionOutput(
            loss=loss,
            denoising_loss=denoising_loss.detach(),
            embedding_loss=embedding_loss.detach() if embedding_loss is not None else None,
            cross_entropy_loss=cross_entropy_loss.detach(),
            length_loss=length_loss.detach() if length_loss is not None else None,
            logits=logits,
            pred_original_sample=pred_original_sample,
            timesteps=timesteps,
            token_loss=((head_losses * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1.0)).detach(),
            encoder_last_hidden_state=encoder_hidden_states,
            hidden_states=denoised.hidden_states,
            attentions=denoised.attentions,
            cross_attentions=denoised.cross_attentions,
        )
        return output if return_dict else output.to_tuple()

    def to_original_sample(
        self, prediction: torch.Tensor, latents: torch.Tensor, alphas_cumprod: torch.Tensor
    ) -> torch.Tensor:
        """
        The estimate of x_0 that a prediction stands for.

        Args:
            prediction (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
                Output of the denoiser.
            latents (`torch.FloatTensor` of the same shape):
                Its input `x_t`.
            alphas_cumprod (`torch.FloatTensor`, broadcastable to it):
                `alpha_bar` of the step.

        Returns:
            `torch.FloatTensor` of the same shape, no vector longer than a code embedding.
        """
        if self.config.prediction_type == "epsilon":
            original = (latents - (1.0 - alphas_cumprod).sqrt() * prediction) / alphas_cumprod.sqrt()
            prediction = original.to(prediction.dtype)
        return self._project_to_ball(prediction)

    def _project_to_ball(self, latents: torch.Tensor) -> torch.Tensor:
        # All embeddings have length sqrt(latent_size), so their mean cannot be longer. Near t = T an error of the
        # noise is divided by sqrt(alpha_bar), 1/52 on the paper's schedule, and would drown everything.
        norm = latents.norm(dim=-1, keepdim=True)
        return latents * (math.sqrt(self.config.latent_size) / norm.clamp(min=math.sqrt(self.config.latent_size)))

    def _prepare_canvas(self, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """The tokens to be denoised, their attention mask, the canvas lengths and each token's weight in the loss."""
        is_code = (labels != -100) & (labels != self.config.pad_token_id)
        step = self.config.canvas_step if self.config.predict_length else self.config.max_code_length
        canvas_lengths = (is_code.sum(dim=1).clamp(min=1) + step - 1) // step * step
        # Rounded up from the shape, not from the lengths, which would have to be fetched from the GPU.
        canvas_length = (labels.shape[1] + step - 1) // step * step
        canvas = labels.masked_fill(~is_code, self.config.pad_token_id)
        canvas = F.pad(canvas, (0, canvas_length - labels.shape[1]), value=self.config.pad_token_id)
        is_code = F.pad(is_code, (0, canvas_length - labels.shape[1]), value=False)
        canvas_mask = torch.arange(canvas_length, device=labels.device) < canvas_lengths[:, None]
        # All padding of a canvas together weighs as much as one token: enough to learn it, too little to drown the
        # code in it.
        is_padding = canvas_mask & ~is_code
        weights = is_code.float() + is_padding.float() / is_padding.sum(dim=1, keepdim=True).clamp(min=1)
        return canvas, canvas_mask, canvas_lengths, weights

    def draw_timesteps(
        self, batch_size: int, device: torch.device | None = None, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """
        Steps for [`~CodeFusionModel.forward`], drawn evenly over the schedule with one uniform offset for the whole
        batch, which makes the loss less noisy (the low-discrepancy sampler of
        https://huggingface.co/papers/2107.00630, appendix I.1), in random order.

        Args:
            batch_size (`int`):
                How many.
            device (`torch.device`, *optional*):
                Where; the generator's.
            generator (`torch.Generator`, *optional*):
                Torch's own by default.

        Returns:
            `torch.LongTensor` of shape `(batch_size,)`, in [0, num_train_timesteps).
        """
        offset = torch.rand(1, generator=generator, device=device)
        order = torch.randperm(batch_size, generator=generator, device=device)
        steps = self.config.num_train_timesteps
        return ((offset + order / batch_size) % 1.0 * steps).long().clamp(max=steps - 1)

    def prepare_attention_masks(
        self,
        latents: torch.Tensor,
        key_values: KeyValues,
        attention_mask: torch.Tensor | None = None,
        encoder_attention_mask: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        """
        Masks in the form that the attention implementation takes; those that have it stay as they are.

        [`~CodeFusionModel.denoise`] and [`~CodeFusionModel.decode`] do this themselves; a loop does it once.

        Args:
            latents (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
                The latents that shall attend; of their values, nothing is read.
            key_values (`tuple`):
                Keys and values of the prompt.
            attention_mask, encoder_attention_mask (`torch.Tensor`, *optional*):
                As for [`~CodeFusionModel.denoise`].

        Returns:
            `tuple`: masks over the canvas and the prompt, `None` where nothing is padded.
        """
        key = key_values[0][0]
        prompt_shape = key.new_empty((key.shape[0], key.shape[2], 0))
        if attention_mask is not None:
            attention_mask = create_bidirectional_mask(self.config, latents, attention_mask)
        if encoder_attention_mask is not None:
            encoder_attention_mask = create_bidirectional_mask(
                self.config, latents, encoder_attention_mask, encoder_hidden_states=prompt_shape
            )
        return attention_mask, encoder_attention_mask


__all__ = ["CodeFusionDenoiserOutput", "CodeFusionModel", "CodeFusionOutput", "CodeFusionPreTrainedModel"]
