# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""From what a call's loop has come to, to the programs that it returns."""

from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from transformers import PreTrainedModel

from ..modeling.canvas import canvas_length_for
from .batching import make_batches, pad_rows
from .decoding import read_noised, score_latents, token_scores
from .denoising import DenoisingCall
from .neighbors import NeighborCode
from .pipeline_output import CodeFusionPipelineOutput
from .program_texts import ProgramTexts
from .ranking import Program, add_programs, collect_programs, likeliest_sequences, rank_programs
from .sampling_defaults import SAMPLING_DEFAULTS


# The votes of the nearest neighbour's program, as a share of those of the draws, where both prompts have the same
# words; where they have no more than this share of their words in common, it is no candidate.
NEIGHBOR_SHARE = 0.3
LEAST_SIMILARITY = 0.4

# Programs that are read from each draw: enough for five that differ as text.
MIN_SEQUENCES = 10
# Log-ratio of the likeliest of them to what has been committed, where tokens are.
SECOND_GUESS = -10.0


@torch.no_grad()
def read_programs(
    model: PreTrainedModel, call: DenoisingCall, score_tokens: bool = False
) -> tuple[list[list[Program]], torch.Tensor]:
    """
    The programs of a call after its last step: those that were drawn and, with a memory, those of the neighbours, of
    which the nearest one has up to three tenths of the votes of all draws, fewer the less its prompt has in common
    with the other one; each further place halves them.

    Args:
        model ([`CodeFusionModel`]):
            The model.
        call ([`DenoisingCall`]):
            The call.
        score_tokens (`bool`, *optional*, defaults to `False`):
            Whether to score the programs token by token, which takes time and memory.

    Returns:
        `tuple`: for each prompt its programs, the best first, and the log-probability of each token of those that they
        were chosen from, of shape `(batch_size, num_candidates, num_sequences, canvas_length)`, zeros where these are
        not asked for. Neighbours are the last of the candidates.
    """
    token_ids, scores, log_ratios, of_tokens = read_canvases(model, call, score_tokens)
    of_tokens = of_tokens.unflatten(0, (call.batch_size, -1))
    neighbors: list[list[Program]] = [[] for _ in range(call.batch_size)]
    if call.neighbor_codes is not None:
        neighbors, of_neighbors = read_neighbors(model, call, call.neighbor_codes, score_tokens)
        canvas_length = max(of_tokens.shape[-1], of_neighbors.shape[-1])
        of_tokens, of_neighbors = (
            F.pad(values, (0, canvas_length - values.shape[-1])) for values in (of_tokens, of_neighbors)
        )
        of_tokens = torch.cat([of_tokens, of_neighbors.expand(-1, -1, of_tokens.shape[2], -1)], dim=1)
    programs = rank_rows(
        call.texts,
        token_ids,
        scores,
        log_ratios,
        call.settings,
        call.is_valid,
        by_confidence=call.held is not None,
        neighbors=neighbors,
        # In what is given, the values of the prompt are where they shall be.
        count_values=call.held is None and call.strength == 1.0,
    )
    return programs, of_tokens


def read_canvases(
    model: PreTrainedModel, call: DenoisingCall, score_tokens: bool = False
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """
    What the canvases of a call can be read as.

    Args:
        model ([`CodeFusionModel`]), call ([`DenoisingCall`]), score_tokens (`bool`, *optional*, defaults to `False`):
            As for [`read_programs`].

    Returns:
        `tuple`: tokens of shape `(num_rows, num_sequences, canvas_length)`; of shape `(num_rows, num_sequences)` their
        mean log-probabilities and how likely they are beside the first; and of the shape of the tokens, the
        log-probability of each.
    """
    config, latents, query, held = model.config, call.latents, call.query, call.held
    num_rows, canvas_length, _ = latents.shape
    num_sequences = 1 if call.strength == 0.0 else max(2 * call.settings["num_return_sequences"], MIN_SEQUENCES)
    shape = (num_rows, num_sequences, canvas_length)
    token_ids = latents.new_full(shape, config.pad_token_id, dtype=torch.long)
    scores, log_ratios = torch.empty((2, num_rows, num_sequences), device=latents.device)
    scores_of_tokens = torch.zeros(shape, device=latents.device)
    # What a token could have been when it was committed, with what came later still open; a gap is read in its place.
    committed = call.committed if held is None else None
    readout_noise = 1.0 if committed is not None else call.settings["readout_noise"]
    if config.prediction_type == "sample" and call.rounding == "decoder" and readout_noise > 0.0:
        latents, query = read_noised(
            model,
            latents,
            call.make_batches(model, range(num_rows)),
            readout_noise,
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
    if committed is not None:
        # The second guesses come behind all that was committed.
        of_canvases = committed.log_probabilities[:, None]
        token_ids = torch.cat([committed.token_ids[:, None], token_ids], dim=1)
        scores = torch.cat([of_canvases.sum(dim=-1) / call.lengths[:, None], scores], dim=1)
        log_ratios = torch.cat([torch.zeros_like(scores[:, :1]), log_ratios + SECOND_GUESS], dim=1)
        scores_of_tokens = torch.cat([of_canvases, scores_of_tokens], dim=1)
    return token_ids, scores, log_ratios, scores_of_tokens


def read_neighbors(
    model: PreTrainedModel, call: DenoisingCall, codes: list[list[NeighborCode]], score_tokens: bool = False
) -> tuple[list[list[Program]], torch.Tensor]:
    """
    Programs of neighbours as candidates, with the scores that the model gives them.

    Args:
        model ([`CodeFusionModel`]), call ([`DenoisingCall`]), score_tokens (`bool`, *optional*, defaults to `False`):
            As for [`read_programs`].
        codes (`list[list[NeighborCode]]`):
            For each prompt the programs, the nearest first.

    Returns:
        `tuple`: for each prompt its programs, and the log-probabilities of their tokens, of shape `(batch_size,
        num_neighbors, 1, canvas_length)`.
    """
    config, device = model.config, call.latents.device
    votes_of_nearest = call.num_candidates * NEIGHBOR_SHARE
    # Those that fit on a canvas, each with its votes.
    fitting: list[list[tuple[list[int], float]]] = []
    for of_prompt in codes:
        fitting.append([])
        for place, code in enumerate(of_prompt):
            nearness = (code.similarity - LEAST_SIMILARITY) / (1.0 - LEAST_SIMILARITY)
            if nearness > 0.0 and len(code.token_ids) < config.max_code_length:
                fitting[-1].append((code.token_ids, votes_of_nearest * nearness / 2**place))
    number = max(map(len, fitting))
    if number == 0:
        return [[] for _ in codes], torch.zeros((len(codes), 0, 1, 0), device=device)
    # Where a prompt has fewer than others, empty programs that nobody will see.
    rows = [
        [*tokens, config.eos_token_id]
        for some in fitting
        for tokens in [*(tokens for tokens, _ in some), *[[]] * (number - len(some))]
    ]
    lengths = [canvas_length_for(len(row), config) for row in rows]
    draft_ids = pad_rows(rows, max(lengths), config.pad_token_id).to(device)

    def first_rows(tensor: torch.Tensor) -> torch.Tensor:
        # Where prompts are empty, there is a row for each candidate.
        return tensor[:: max(len(tensor) // call.batch_size, 1)]

    prompts, (embeddings, bias) = call.prompts, call.prompts.vocabulary
    given = replace(
        call,
        prompts=replace(
            prompts,
            encoder_hidden_states=first_rows(prompts.encoder_hidden_states),
            attention_mask=first_rows(prompts.attention_mask),
            vocabulary=(embeddings, first_rows(bias)),
        ),
        key_values=tuple((first_rows(key), first_rows(value)) for key, value in call.key_values),
        settings={
            **call.settings,
            "readout_noise": call.settings["readout_noise"] or SAMPLING_DEFAULTS["readout_noise"],
            "guidance_scale": 1.0,
        },
        rounding="decoder",
        lengths=torch.tensor(lengths, device=device),
        latents=model.embed(draft_ids).to(call.latents.dtype),
        query=None,
        noise_key_values=None,
        draft_ids=draft_ids,
        strength=0.0,
        committed=None,
    )
    _, scores, _, of_tokens = read_canvases(model, given, score_tokens)
    programs: list[list[Program]] = []
    for prompt, some in enumerate(fitting):
        first = prompt * number
        texts = call.texts.read(prompt * call.num_candidates, draft_ids[first : first + number].cpu())
        programs.append(
            [
                Program(
                    texts[place],
                    draft_ids[first + place].tolist(),
                    float(scores[first + place, 0]),
                    is_drawn=True,
                    votes=votes,
                    source=(call.num_candidates + place, 0),
                )
                for place, (_, votes) in enumerate(some)
            ]
        )
    return programs, of_tokens.unflatten(0, (len(codes), number))


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
    neighbors: list[list[Program]] | None = None,
    count_values: bool = True,
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
        neighbors (`list[list[Program]]`, *optional*):
            For each prompt, programs beside those of its candidates.
        count_values (`bool`, *optional*, defaults to `True`):
            Whether programs that lack a value of the prompt's slots count less.

    Returns:
        `list[list[Program]]`: `num_return_sequences` for each prompt, the best first.
    """
    num_programs = settings["num_return_sequences"]
    ranked = []
    for prompt, first in enumerate(range(0, len(token_ids), texts.num_candidates)):
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
        programs = collect_programs(draws, by_confidence)
        if neighbors is not None:
            programs = add_programs(programs, neighbors[prompt])
        values = set(texts.slot_values[prompt].values()) if count_values else ()
        programs = rank_programs(programs, num_programs, settings["ranking"], is_valid, values)
        # Only where there are fewer programs than were asked for, some come again.
        ranked.append([programs[number % len(programs)] for number in range(num_programs)])
    return ranked


def to_output(ranked: list[list[Program]], pad_token_id: int, device: torch.device) -> CodeFusionPipelineOutput:
    """
    Args:
        ranked (`list[list[Program]]`):
            From [`rank_rows`].
        pad_token_id (`int`):
            What stands behind programs that others are longer than.
        device (`torch.device`):
            Where the sequences shall be.

    Returns:
        [`CodeFusionPipelineOutput`]
    """
    rows = [program.token_ids for programs in ranked for program in programs]
    sequences = pad_rows(rows, max(map(len, rows)), pad_token_id)
    return CodeFusionPipelineOutput(
        codes=[[program.text for program in programs] for programs in ranked],
        scores=[[program.score for program in programs] for programs in ranked],
        sequences=sequences.unflatten(0, (len(ranked), -1)).to(device),
    )


__all__ = ["rank_rows", "read_programs", "score_drafts", "to_output"]
