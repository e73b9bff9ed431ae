# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""CodeFusion: encoder, code embedding, denoiser, decoder and head in one `PreTrainedModel`."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from diffusers.utils.accelerate_utils import apply_forward_hook
from torch import nn
from transformers import AutoModelForTextEncoding, PreTrainedModel
from transformers import initialization as init
from transformers.masking_utils import create_bidirectional_mask
from transformers.utils.output_capturing import OutputRecorder, capture_outputs

from .canvas import neighbor_positions, prepare_canvas
from .configuration_codefusion import CodeFusionConfig
from .model_hub import CodeFusionModelHubMixin, remove_pooler
from .modeling_output import CodeFusionDenoiserOutput, CodeFusionOutput
from .networks import (
    CodeFusionAttention,
    CodeFusionDecoder,
    CodeFusionDenoiser,
    CodeFusionEmbedding,
    CodeFusionLayer,
    KeyValues,
)


# Weight of the length head's cross-entropy beside the three terms of the paper: as in Mask-Predict
# (https://huggingface.co/papers/1904.09324), a side task that must not outweigh the code.
LENGTH_LOSS_WEIGHT = 0.1

# The most that the likelihood of a latent without noise sets the right token apart from an orthogonal one, in nats.
LIKELIHOOD_LIMIT = 512.0


# diffusers looks for `PreTrainedModel` among the names of this module to know how its models are loaded.
class CodeFusionPreTrainedModel(CodeFusionModelHubMixin, PreTrainedModel):
    """What transformers has to know of CodeFusion."""

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
        from_start, from_end, is_code = neighbor_positions(input_ids, attention_mask, self.config)
        positions = self.denoiser.start_positions(from_start) + self.denoiser.end_positions(from_end)
        return states + self.neighbor_projection(positions) * is_code[..., None]

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
        copy_token_groups = self.config.copy_token_groups or ()
        # On the CPU first: each write to a GPU with a list for an index waits for it.
        groups = torch.zeros(self.config.vocab_size, dtype=torch.long)
        for group, token_ids in enumerate(copy_token_groups, 1):
            groups[token_ids] = group
        groups = groups.to(input_ids.device)
        # A prompt's tokens say which groups it has; group 0 is that of all other tokens.
        has_group = torch.zeros(len(input_ids), len(copy_token_groups) + 1, dtype=torch.bool, device=input_ids.device)
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

        canvas, canvas_mask, lengths, weights = prepare_canvas(labels, self.config)
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


__all__ = ["CodeFusionModel", "CodeFusionPreTrainedModel"]
