# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What a pipeline's loop works on, and what it hands out at each step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from diffusers import SchedulerMixin
from transformers import PreTrainedModel

from ..modeling.argument_checks import shorten
from ..modeling.networks import KeyValues
from .batching import CandidateBatch, make_batches
from .neighbors import NeighborCode
from .program_texts import ProgramTexts


@dataclass
class EncodedPrompts:
    """
    Prompts as the denoiser reads them.

    Args:
        encoder_hidden_states (`torch.FloatTensor` of shape `(batch_size, sequence_length, encoder_hidden_size)`):
            `E_s`.
        attention_mask (`torch.Tensor` of shape `(batch_size, sequence_length)`):
            1 for tokens, 0 for padding.
        vocabulary (`tuple`):
            What tokens the programs can have, as of [`CodeFusionModel.vocabulary`].
        slot_values (`list[dict[str, str]]`):
            For each prompt the values of its slots.
        neighbors (`list[list[Neighbor]]`, *optional*), neighbor_codes (`list[list[NeighborCode]]`, *optional*):
            With a memory: for each prompt what was found, and the tokens of these programs.
    """

    encoder_hidden_states: torch.Tensor
    attention_mask: torch.Tensor
    vocabulary: tuple[torch.Tensor, torch.Tensor]
    slot_values: list[dict[str, str]]
    neighbors: list[list[Any]] | None = None
    neighbor_codes: list[list[NeighborCode]] | None = None


@dataclass
class HeldTokens:
    """
    Tokens that stay as they are: clean positions, of which the denoiser is told that they are at t = 0.

    Args:
        token_ids (`torch.LongTensor` of shape `(num_rows, canvas_length)`):
            The tokens; those of other positions do not count.
        mask (`torch.BoolTensor` of shape `(num_rows, canvas_length)`):
            Which are held.
        embeds (`torch.FloatTensor` of shape `(num_rows, canvas_length, latent_size)`):
            Their embeddings.
        kinds (`torch.LongTensor` of shape `(num_rows, canvas_length)`):
            What the other positions can be read as: rows of `allowed`, or if there is none, its first row.
        allowed (`torch.BoolTensor` of shape `(num_kinds, vocab_size)`):
            The tokens of each kind.
    """

    token_ids: torch.Tensor
    mask: torch.Tensor
    embeds: torch.Tensor
    kinds: torch.Tensor
    allowed: torch.Tensor

    def put_back(self, latents: torch.Tensor) -> torch.Tensor:
        """
        Args:
            latents (`torch.FloatTensor` of shape `(num_rows, canvas_length, latent_size)`):
                Latents or estimates of x_0.

        Returns:
            `torch.FloatTensor` of the same shape, with the embeddings of what is held in their places.
        """
        return torch.where(self.mask[..., None], self.embeds.to(latents.dtype), latents)

    def constrain(self, logits: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """
        Scores under which nothing but the held tokens can be read, and elsewhere only what is allowed.

        Args:
            logits (`torch.FloatTensor` of shape `(len(rows), length, vocab_size)`):
                Scores of the tokens, up to a length of the canvas.
            rows (`torch.LongTensor`):
                Which rows they are of.

        Returns:
            `torch.FloatTensor` of the shape of `logits`.
        """
        length = logits.shape[1]
        mask = self.mask[rows, :length, None]
        is_possible = self.allowed[self.kinds[rows, :length]] & ~mask
        # No token of the kind may be left, as where those that begin with a blank are slots without a value.
        is_any = ~(is_possible & (logits > -torch.inf)).any(dim=-1, keepdim=True) & ~mask
        is_possible = is_possible | (is_any & self.allowed[0])
        logits = logits.masked_fill(~is_possible, -torch.inf)
        # What is held may have been impossible, as a slot that the prompt does not have.
        is_held = torch.zeros_like(is_possible).scatter_(2, self.token_ids[rows, :length, None], True) & mask
        return logits.masked_fill(is_held, 0.0)


@dataclass
class CommittedTokens:
    """
    What a call has written by committing.

    Args:
        token_ids (`torch.LongTensor` of shape `(num_rows, canvas_length)`):
            Its programs.
        log_probabilities (`torch.FloatTensor` of shape `(num_rows, canvas_length)`):
            How likely each token was when it was committed: their sum is the log-probability of the whole canvas,
            written in this order.
        num_evaluations (`torch.LongTensor` of shape `(num_rows,)`):
            Evaluations of the denoiser until the last token was committed.
    """

    token_ids: torch.Tensor
    log_probabilities: torch.Tensor
    num_evaluations: torch.Tensor


@dataclass
class Times:
    """
    The time of a step, for the denoiser: of all positions, or position by position where some are clean.

    Args:
        embedding (`torch.FloatTensor` of shape `(1, 1, hidden_size)` or `(num_rows, canvas_length, hidden_size)`):
            From [`CodeFusionDenoiser.embed_timesteps`].
        alphas_cumprod (`torch.FloatTensor` of shape `()` or `(num_rows, canvas_length, 1)`):
            `alpha_bar`.
    """

    embedding: torch.Tensor
    alphas_cumprod: torch.Tensor

    def hold(self, held: HeldTokens | None, clean: "Times") -> "Times":
        """These, and those of `clean` where tokens are held."""
        if held is None:
            return self
        mask = held.mask[..., None]
        return Times(
            torch.where(mask, clean.embedding, self.embedding),
            torch.where(mask, clean.alphas_cumprod, self.alphas_cumprod),
        )

    def cut(self, batch: CandidateBatch) -> dict[str, torch.Tensor]:
        """Arguments of [`CodeFusionModel.denoise`] for the rows of a batch."""
        if self.alphas_cumprod.ndim == 0:
            return {"time_embedding": self.embedding, "alphas_cumprod": self.alphas_cumprod}
        alphas_cumprod = self.alphas_cumprod[batch.rows, : batch.canvas_length]
        return {"time_embedding": batch.cut(self.embedding), "alphas_cumprod": alphas_cumprod}


@dataclass
class DenoisingCall:
    """
    All that the loop of one call needs, and at its end what it has come to: calls in other threads have their own.

    Args:
        settings (`dict`):
            How it samples, see [`~codefusion_hf.pipelines.sampling_defaults.SAMPLING_DEFAULTS`].
        rounding (`str`), num_candidates (`int`), is_valid (`Callable`, *optional*):
            As of [`~CodeFusionPipeline.__call__`].
        generator (`torch.Generator` or `list[torch.Generator]`, *optional*):
            Random number generator, or one a candidate.
        callback (`Callable`, *optional*), callback_inputs (`list[str]`):
            What is called after each step, and what it gets.
        scheduler ([`SchedulerMixin`]):
            A copy of the pipeline's.
        prompts ([`EncodedPrompts`]):
            The prompts: one row a prompt, or one a candidate where these differ.
        batch_size (`int`):
            How many prompts there are.
        texts ([`ProgramTexts`]):
            How tokens become programs.
        lengths (`torch.LongTensor` of shape `(num_rows,)`):
            Canvas lengths.
        timesteps (`torch.Tensor`), step_kwargs (`dict`):
            One for each evaluation of the denoiser, on the CPU, and keyword arguments of the scheduler's `step`.
        latents (`torch.FloatTensor` of shape `(num_rows, canvas_length, latent_size)`):
            What the loop starts from; after it, the denoised embeddings.
        query (`torch.FloatTensor` of the same shape, *optional*):
            After the loop, where the model predicts x_0: what its last evaluation scored the tokens by.
        key_values, noise_key_values (`tuple`, *optional*):
            The denoiser's keys and values of the prompts, and for guidance of what stands for no prompt, one row a
            candidate.
        held ([`HeldTokens`], *optional*):
            Tokens that stay as they are.
        draft_ids (`torch.LongTensor` of shape `(num_rows, canvas_length)`, *optional*):
            Tokens of the programs that are to be revised.
        strength (`float`, *optional*, defaults to 1.0):
            Share of the noise schedule that these are noised to.
        neighbor_codes (`list[list[NeighborCode]]`, *optional*):
            For each prompt, programs that are candidates beside those that are drawn.
        committed ([`CommittedTokens`], *optional*):
            Where `commit_tokens` is set, what has been written so far.
    """

    settings: dict[str, Any]
    rounding: str
    num_candidates: int
    is_valid: Callable[[str], bool] | None
    generator: torch.Generator | list[torch.Generator] | None
    callback: Callable | None
    callback_inputs: list[str]
    scheduler: SchedulerMixin
    prompts: EncodedPrompts
    batch_size: int
    texts: ProgramTexts
    lengths: torch.Tensor
    timesteps: torch.Tensor
    latents: torch.Tensor
    step_kwargs: dict[str, Any] = field(default_factory=dict)
    query: torch.Tensor | None = None
    key_values: KeyValues = ()
    noise_key_values: KeyValues | None = None
    held: HeldTokens | None = None
    draft_ids: torch.Tensor | None = None
    strength: float = 1.0
    neighbor_codes: list[list[NeighborCode]] | None = None
    committed: CommittedTokens | None = None

    def make_batches(self, model: PreTrainedModel, rows: Sequence[int]) -> list[CandidateBatch]:
        """Some rows as the denoiser gets them, see [`~codefusion_hf.pipelines.batching.make_batches`]."""
        mask, vocabulary = self.prompts.attention_mask, self.prompts.vocabulary
        lengths = self.lengths.tolist()
        return make_batches(model, rows, lengths, self.key_values, mask, vocabulary, self.noise_key_values)

    def call_back(
        self,
        pipe: Any,
        index: int,
        timestep: torch.Tensor,
        latents: torch.Tensor,
        pred_original_sample: torch.Tensor,
    ) -> torch.Tensor:
        """
        Call what is called after each step.

        Args:
            pipe ([`CodeFusionPipeline`]):
                The pipeline that makes the call.
            index (`int`), timestep (`torch.Tensor` of shape `()`):
                Which step it was.
            latents, pred_original_sample (`torch.FloatTensor` of shape `(num_rows, canvas_length, latent_size)`):
                The latents after it, and its estimate of x_0.

        Returns:
            `torch.FloatTensor` of the shape of `latents`: these, or what the callback has put in their place.

        Raises:
            ValueError: if the callback returns no dictionary.
        """
        if self.callback is None:
            return latents
        values: dict[str, Any] = {"latents": latents, "pred_original_sample": pred_original_sample}
        if "drafts" in self.callback_inputs:
            token_ids = pipe._draft_tokens(pred_original_sample, self.lengths)
            values["drafts"] = [self.texts.read(row, of_row[None])[0] for row, of_row in enumerate(token_ids)]
        returned = self.callback(pipe, index, timestep, {name: values[name] for name in self.callback_inputs})
        if not isinstance(returned, dict):
            raise ValueError(f"`callback_on_step_end` must return a dict, got {shorten(returned)}.")
        return returned.pop("latents", latents)


@dataclass
class DenoisingStep:
    """
    A step of the loop.

    Args:
        index (`int`), timestep (`torch.Tensor` of shape `()`):
            Which it is.
        estimate (`torch.FloatTensor` of shape `(num_rows, canvas_length, latent_size)`):
            The estimate of x_0.
        query (`torch.FloatTensor` of the same shape, *optional*):
            Where the model predicts x_0, what it scores the tokens by.
    """

    index: int
    timestep: torch.Tensor
    estimate: torch.Tensor
    query: torch.Tensor | None


__all__ = ["CommittedTokens", "DenoisingCall", "DenoisingStep", "EncodedPrompts", "HeldTokens", "Times"]
