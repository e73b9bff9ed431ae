# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""From what a call's loop has come to, to the programs that it returns."""

from typing import Any

import torch
from transformers import PreTrainedModel

from .batching import make_batches
from .decoding import read_noised, score_latents, token_scores
from .denoising import DenoisingCall
from .pipeline_output import CodeFusionPipelineOutput
from .program_texts import ProgramTexts
from .ranking import Program, collect_programs, likeliest_sequences, rank_programs


# Programs that are read from each draw: enough for five that differ as text.
MIN_SEQUENCES = 10


@torch.no_grad()
def read_programs(
    model: PreTrainedModel, call: DenoisingCall, score_tokens: bool = False
) -> tuple[list[list[Program]], torch.Tensor]:
    """
    The programs of a call after its last step.

    Args:
        model ([`CodeFusionModel`]):
            The model.
        call ([`DenoisingCall`]):
            The call.
        score_tokens (`bool`, *optional*, defaults to `False`):
            Whether to score the programs token by token, which takes time and memory.

    Returns:
        `tuple`: for each prompt its programs, the best first, and the log-probability of each token of those that they
        were chosen from, of shape `(num_rows, num_sequences, canvas_length)`, zeros where these are not asked for.
    """
    config, latents, query, held = model.config, call.latents, call.query, call.held
    num_rows, canvas_length, _ = latents.shape
    num_sequences = 1 if call.strength == 0.0 else max(2 * call.settings["num_return_sequences"], MIN_SEQUENCES)
    shape = (num_rows, num_sequences, canvas_length)
    token_ids = latents.new_full(shape, config.pad_token_id, dtype=torch.long)
    scores, log_ratios = torch.empty((2, num_rows, num_sequences), device=latents.device)
    scores_of_tokens = torch.zeros(shape, device=latents.device)
    if config.prediction_type == "sample" and call.rounding == "decoder" and call.settings["readout_noise"] > 0.0:
        latents, query = read_noised(
            model,
            latents,
            call.make_batches(model, range(num_rows)),
            call.settings["readout_noise"],
            float(call.settings["guidance_scale"]),
            None if held is None else held.mask,
        )
    prompts = call.prompts
    key_values = model.decoder.project_prompt(prompts.encoder_hidden_states)
    lengths = call.lengths.tolist()
    for batch in make_batches(model, range(num_rows), lengths, key_values, prompts.attention_mask, prompts.vocabulary):
        logits = score_latents(
            model,
            batch.cut(latents),
            batch.vocabulary,
            None if query is None else batch.cut(query),
            call.rounding,
            **batch.conditioning,
        )
        if call.strength == 0.0 and call.draft_ids is not None:
            read = score_drafts(logits, call.draft_ids[batch.rows, : batch.canvas_length], config.pad_token_id)
        else:
            read = likeliest_sequences(
                logits if held is None else held.constrain(logits, batch.rows),
                num_sequences,
                config.eos_token_id,
                config.pad_token_id,
                batch.canvas_mask,
            )
        token_ids[batch.rows, :, : batch.canvas_length], scores[batch.rows], log_ratios[batch.rows] = read
        if score_tokens or held is not None:
            scores_of_tokens[batch.rows, :, : batch.canvas_length] = token_scores(logits, read[0])
    if held is not None:
        # What is held is certain, and says nothing about the rest.
        scores_of_tokens = scores_of_tokens.masked_fill(held.mask[:, None], 0.0)
        scores = scores_of_tokens.sum(dim=-1) / (~held.mask[:, None]).sum(dim=-1).clamp(min=1)
    programs = rank_rows(
        call.texts, token_ids, scores, log_ratios, call.settings, call.is_valid, by_confidence=held is not None
    )
    return programs, scores_of_tokens


def score_drafts(
    logits: torch.Tensor, draft_ids: torch.Tensor, pad_token_id: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """
    What [`~codefusion_hf.pipelines.ranking.likeliest_sequences`] gives, for programs that are given.

    Args:
        logits (`torch.FloatTensor` of shape `(batch_size, canvas_length, vocab_size)`):
            Scores of all tokens.
        draft_ids (`torch.LongTensor` of shape `(batch_size, canvas_length)`):
            Tokens of the programs.
        pad_token_id (`int`):
            What stands behind them.

    Returns:
        `tuple`: their tokens, mean log-probabilities and log-ratios, which are 0: there is one of each.
    """
    token_ids = draft_ids[:, None]
    is_code = token_ids != pad_token_id
    scores = token_scores(logits, token_ids).masked_fill(~is_code, 0.0).sum(dim=-1) / is_code.sum(dim=-1).clamp(min=1)
    return token_ids, scores, torch.zeros_like(scores)


def rank_rows(
    texts: ProgramTexts,
    token_ids: torch.Tensor,
    scores: torch.Tensor,
    log_ratios: torch.Tensor,
    settings: dict[str, Any],
    is_valid: Any = None,
    by_confidence: bool = False,
) -> list[list[Program]]:
    """
    Choose and sort the programs of each prompt.

    Args:
        texts ([`ProgramTexts`]):
            How tokens become programs.
        token_ids (`torch.LongTensor` of shape `(num_rows, num_sequences, canvas_length)`):
            Programs of each candidate, the likeliest first.
        scores, log_ratios (`torch.FloatTensor` of shape `(num_rows, num_sequences)`):
            Their mean log-probabilities, and how likely they are beside the first.
        settings (`dict`):
            With `num_return_sequences` and `ranking`.
        is_valid (`Callable`, *optional*), by_confidence (`bool`, *optional*, defaults to `False`):
            As for [`~codefusion_hf.pipelines.ranking.rank_programs`] and
            [`~codefusion_hf.pipelines.ranking.collect_programs`].

    Returns:
        `list[list[Program]]`: `num_return_sequences` for each prompt, the best first.
    """
    num_programs = settings["num_return_sequences"]
    ranked = []
    for first in range(0, len(token_ids), texts.num_candidates):
        draws = [
            list(
                zip(
                    texts.read(row, token_ids[row].cpu()),
                    token_ids[row].tolist(),
                    scores[row].tolist(),
                    log_ratios[row].tolist(),
                    strict=True,
                )
            )
            for row in range(first, first + texts.num_candidates)
        ]
        programs = rank_programs(collect_programs(draws, by_confidence), num_programs, settings["ranking"], is_valid)
        # Only where there are fewer programs than were asked for, some come again.
        ranked.append([programs[number % len(programs)] for number in range(num_programs)])
    return ranked


def to_output(ranked: list[list[Program]], device: torch.device) -> CodeFusionPipelineOutput:
    """
    Args:
        ranked (`list[list[Program]]`):
            From [`rank_rows`].
        device (`torch.device`):
            Where the sequences shall be.

    Returns:
        [`CodeFusionPipelineOutput`]
    """
    return CodeFusionPipelineOutput(
        codes=[[program.text for program in programs] for programs in ranked],
        scores=[[program.score for program in programs] for programs in ranked],
        sequences=torch.tensor([[program.token_ids for program in programs] for programs in ranked], device=device),
    )


__all__ = ["rank_rows", "read_programs", "score_drafts", "to_output"]
