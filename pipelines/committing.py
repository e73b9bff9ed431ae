# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Tokens that are committed on the way: of each canvas the surest ones, step by step."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from diffusers.utils.torch_utils import randn_tensor
from transformers import PreTrainedModel

from .batching import CandidateBatch, make_batches, spread_temperatures
from .decoding import score_latents
from .denoising import CommittedTokens, DenoisingCall, DenoisingStep, HeldTokens, Times
from .scheduler_support import interpolate_alphas_cumprod


# Positions whose probabilities of all tokens are in memory at once.
_POSITIONS_AT_ONCE = 2048


def commit_tokens(model: PreTrainedModel, call: DenoisingCall) -> Iterator[DenoisingStep]:
    """
    Write programs in the order of confidence, as MaskGIT does (https://huggingface.co/papers/2202.04200): at first,
    all positions are noise; at each step tokens are drawn for all that are left, and those that the model is surest of
    are committed, so many that every canvas is done after the last step and at least one, and beyond them all whose
    probability is `early_exit_confidence` or more, as in Fast-dLLM (https://huggingface.co/papers/2505.22618); a
    canvas that is done leaves the batch. What is committed is clean from then on, at t = 0, and the rest is written to
    fit it. (Noise that is taken away little by little decides on all positions at once, none of which knows what the
    others become.)

    Args:
        model ([`CodeFusionModel`]):
            The model, trained with positions at t = 0 and to predict x_0.
        call ([`DenoisingCall`]):
            The call, with its noise in `latents`. Of its timesteps, the first is that of the noise, and their number
            that of the steps. At the end it has the tokens in `committed` and their embeddings in `latents`.

    Returns:
        Iterator over [`DenoisingStep`].

    Raises:
        ValueError: if the model gives values that are not finite.
    """
    config, device, timesteps = model.config, call.latents.device, call.timesteps
    num_rows, canvas_length, _ = call.latents.shape
    temperatures = spread_temperatures(call.settings["temperature"], num_rows, call.num_candidates, call.latents)
    times = torch.stack([timesteps[0], timesteps.new_zeros(())])
    embeddings = model.denoiser.embed_timesteps(times.to(device), call.latents.dtype)[:, None, None]
    noisy, clean = map(Times, embeddings, interpolate_alphas_cumprod(call.scheduler.alphas_cumprod, times).to(device))
    prompts, lengths = call.prompts, call.lengths.tolist()
    key_values = model.decoder.project_prompt(prompts.encoder_hidden_states)
    batches: list[CandidateBatch] = []
    decoder_batches: list[CandidateBatch] = []
    num_evaluations = torch.zeros_like(call.lengths)
    noise = call.scheduler.scale_model_input(call.latents, timesteps[0])
    on_canvas = torch.arange(canvas_length, device=device) < call.lengths[:, None]
    token_ids = torch.full((num_rows, canvas_length), config.pad_token_id, device=device)
    log_probabilities = torch.zeros((num_rows, canvas_length), device=device)
    given = call.held
    if given is None:
        anything = torch.ones((1, config.vocab_size), dtype=torch.bool, device=device)
        nothing = torch.zeros_like(on_canvas)
        call.held = HeldTokens(token_ids, nothing, model.embed(token_ids), torch.zeros_like(token_ids), anything)
    else:
        call.held, token_ids = given, given.token_ids
    is_gap = on_canvas & ~call.held.mask
    estimate, query = None, torch.zeros_like(call.latents)
    for index, timestep in enumerate(timesteps):
        is_open = on_canvas & ~call.held.mask
        unfinished = is_open.any(dim=1).nonzero()[:, 0].tolist()
        if not unfinished:
            break
        if len(unfinished) != sum(len(batch.rows) for batch in batches):
            batches = call.make_batches(model, unfinished)
            mask, vocabulary = prompts.attention_mask, prompts.vocabulary
            decoder_batches = make_batches(model, unfinished, lengths, key_values, mask, vocabulary)
        num_evaluations[unfinished] += 1
        latents, of_positions = call.held.put_back(noise), noisy.hold(call.held, clean)
        last_estimate, estimate = estimate, torch.zeros_like(latents)
        for batch in batches:
            denoised = model.denoise(
                batch.cut(latents),
                None,
                self_condition=None if last_estimate is None else batch.cut(last_estimate),
                guidance_scale=float(call.settings["guidance_scale"]),
                vocabulary=batch.vocabulary,
                output_logits=False,
                return_dict=True,
                **of_positions.cut(batch),
                **batch.conditioning,
            )
            estimate[batch.rows, : batch.canvas_length] = denoised.sample.to(estimate.dtype)
            query[batch.rows, : batch.canvas_length] = denoised.query.to(query.dtype)
        # One number for each position, as a generator may be of one row alone.
        uniform = torch.special.ndtr(
            randn_tensor((num_rows, canvas_length), generator=call.generator, device=device, dtype=torch.float32)
        )
        drawn, confidences = token_ids.clone(), torch.full_like(uniform, -1.0)
        for batch in decoder_batches:
            conditioning = {"query": batch.cut(query), "rounding": call.rounding, **batch.conditioning}
            logits = score_latents(model, batch.cut(estimate), batch.vocabulary, **conditioning)
            if given is not None:
                logits = call.held.constrain(logits, batch.rows)
            _draw(logits, batch, is_open, temperatures, uniform, drawn, confidences)
        if not (estimate.isfinite().all() and confidences.isfinite().all()):
            raise ValueError("`model`: its weights gave latents that are not finite.")
        planned = (is_gap.sum(dim=1) * (index + 1) / len(timesteps)).ceil() - (is_gap & ~is_open).sum(dim=1)
        # At least one: a row that is ahead, as some was certain, or has fewer positions than steps, need not wait.
        numbers = planned.clamp(min=1)
        ranks = confidences.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
        is_sure = confidences >= call.settings["early_exit_confidence"]
        is_new = is_open & (is_sure | (ranks < numbers[:, None]))
        token_ids = torch.where(is_new, drawn, token_ids)
        log_probabilities = torch.where(is_new, confidences.log(), log_probabilities)
        call.held = replace(
            call.held, token_ids=token_ids, mask=call.held.mask | is_new, embeds=model.embed(token_ids)
        )
        estimate = call.held.put_back(estimate)
        call.latents = call.held.put_back(noise)
        call.committed = CommittedTokens(token_ids, log_probabilities, num_evaluations)
        yield DenoisingStep(index, timestep, estimate, query)
        # As a callback may have left it.
        noise = call.latents
    is_end = (token_ids == config.pad_token_id) | (token_ids == config.eos_token_id)
    is_behind = is_end.cumsum(dim=1) > is_end.long()
    token_ids = token_ids.masked_fill(is_behind, config.pad_token_id)
    call.committed = CommittedTokens(token_ids, log_probabilities, num_evaluations)
    call.latents, call.query, call.held = model.embed(token_ids).to(noise.dtype), query, given


def _draw(
    logits: torch.Tensor,
    batch: CandidateBatch,
    is_open: torch.Tensor,
    temperatures: float | torch.Tensor,
    uniform: torch.Tensor,
    drawn: torch.Tensor,
    confidences: torch.Tensor,
) -> None:
    """Draw tokens for the open positions of a batch; they and their probabilities go into the last two tensors."""
    rows, positions = is_open[batch.rows, : batch.canvas_length].nonzero(as_tuple=True)
    for some in torch.arange(len(rows), device=rows.device).split(_POSITIONS_AT_ONCE):
        places = (batch.rows[rows[some]], positions[some])
        scores = logits[rows[some], positions[some]].float()
        temperature = temperatures[places[0], 0] if isinstance(temperatures, torch.Tensor) else temperatures
        sums = (scores / temperature).softmax(dim=-1).cumsum(dim=-1)
        # Below 1, or the last token could be drawn whatever its probability.
        below_one = uniform[places].clamp(max=1.0 - 2.0**-20)
        token_ids = (sums <= below_one[:, None] * sums[:, -1:]).sum(dim=-1).clamp(max=sums.shape[-1] - 1)
        drawn[places] = token_ids
        confidences[places] = scores.softmax(dim=-1).gather(1, token_ids[:, None])[:, 0].clamp(min=1e-30)


__all__ = ["commit_tokens"]
