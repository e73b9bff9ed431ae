# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A call step by step: drafts, which tokens changed, and how sure the model is of them."""

import html
import inspect
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.generation.streamers import BaseStreamer

from ..modeling.argument_checks import shorten
from .decoding import nearest_tokens, to_texts
from .denoising import DenoisingCall, DenoisingStep
from .pipeline_output import CodeFusionPipelineOutput
from .reading import read_programs, to_output


# How a terminal shows what changed.
_YELLOW, _PLAIN = "\033[33m", "\033[0m"
_SAVE_CURSOR, _RESTORE_AND_CLEAR = "\0337", "\0338\033[J"


@dataclass
class CodeFusionDraft:
    """
    A program as it stands.

    Args:
        text (`str`):
            The program.
        tokens (`list[str]`):
            Its parts, which together are the program: a token each or, in infilling, a piece that was given.
        changed (`list[bool]`):
            Whether each part is another one than a step before. At the first step all are, but for those of a draft
            that is revised and has the same there, and what was given.
        confidences (`list[float]`):
            The probability that the model gives to each, in [0, 1], or gave when it was committed; 1 for what was
            given.
        candidate (`int`):
            Which of the prompt's candidates it is of; from `num_candidates` on, the program of a neighbour.
        token_ids (`list[int]`):
            The tokens of its canvas, padded behind the end.
        score (`float`, *optional*):
            At the end, as `scores` of [`CodeFusionPipelineOutput`].
    """

    text: str
    tokens: list[str]
    changed: list[bool]
    confidences: list[float]
    candidate: int
    token_ids: list[int]
    score: float | None = None

    def to_ansi(self) -> str:
        """The program for a terminal, what changed in yellow; control characters of the code as `repr` shows them."""
        parts = []
        for token, is_changed in zip(self.tokens, self.changed, strict=True):
            shown = "".join(
                letter if letter in "\n\t" or letter.isprintable() else repr(letter)[1:-1] for letter in token
            )
            parts.append(f"{_YELLOW}{shown}{_PLAIN}" if is_changed and shown else shown)
        return "".join(parts)

    def to_html(self) -> str:
        """
        The program for a page or a notebook: `<pre>` with a `<span>` for each part, of the class `changed` where it
        changed, as transparent as the model is unsure of it, the confidence in its `title`.
        """
        parts = []
        for token, is_changed, confidence in zip(self.tokens, self.changed, self.confidences, strict=True):
            style = f"opacity:{0.35 + 0.65 * confidence:.2f}" + (
                ";background:#ffe58a;color:#000" if is_changed else ""
            )
            name = ' class="changed"' if is_changed else ""
            parts.append(f'<span{name} style="{style}" title="{confidence:.0%}">{html.escape(token)}</span>')
        return f'<pre class="codefusion-draft">{"".join(parts)}</pre>'


@dataclass
class CodeFusionRevision:
    """
    What a call has come to at a step.

    Args:
        step (`int`), num_steps (`int`):
            Which evaluation of the denoiser this is, from 0, of how many at most. The last one of all, what the call
            returns, is one behind the last step that was made.
        timestep (`float`, *optional*):
            Its time, in [0, num_train_timesteps - 1]; `None` at the end.
        drafts (`list[list[CodeFusionDraft]]`):
            For each prompt, a draft of each candidate in their order; at the end, the programs that are returned, the
            best first, each with the number of its candidate.
        output ([`CodeFusionPipelineOutput`], *optional*):
            At the end, what the call returns.
    """

    step: int
    num_steps: int
    timestep: float | None
    drafts: list[list[CodeFusionDraft]]
    output: CodeFusionPipelineOutput | None = None

    @property
    def is_last(self) -> bool:
        """Whether this is what the call returns."""
        return self.output is not None

    @property
    def codes(self) -> list[list[str]]:
        """The texts of the drafts."""
        return [[draft.text for draft in drafts] for drafts in self.drafts]


class CodeFusionStreamer(BaseStreamer):
    """
    Shows a call in a terminal while it runs, as [`~transformers.TextDiffusionStreamer`] does: for each prompt the
    draft of its first candidate, what changed in yellow, each step in the place of the last; at the end the programs.
    What is not a terminal gets the programs alone.

    Args:
        file (`TextIO`, *optional*):
            Where to; `sys.stdout` by default.
        sleep_time (`float`, *optional*, defaults to 0.0):
            Seconds that each step stays, for a model that is too fast to be watched.
    """

    # The pipeline hands out a [`CodeFusionRevision`] in place of token ids.
    takes_revisions = True

    def __init__(self, file: TextIO | None = None, sleep_time: float = 0.0):
        self.file = sys.stdout if file is None else file
        self.sleep_time = sleep_time
        self._has_draft = False

    def put_draft(self, value: CodeFusionRevision) -> None:
        """
        Show a step.

        Args:
            value ([`CodeFusionRevision`]):
                The step.
        """
        if not self.file.isatty():
            return
        self._clear()
        lines = [drafts[0].to_ansi() for drafts in value.drafts]
        self.file.write(_SAVE_CURSOR + "\n".join(lines))
        self.file.flush()
        self._has_draft = True
        time.sleep(self.sleep_time)

    def put(self, value: CodeFusionRevision) -> None:
        """
        Show what a call returns.

        Args:
            value ([`CodeFusionRevision`]):
                The last one.
        """
        self._clear()
        for codes in value.codes:
            self.file.write("".join(f"{code}\n" for code in codes))

    def end(self) -> None:
        """No more comes."""
        self._clear()
        self.file.flush()

    def _clear(self) -> None:
        if self._has_draft:
            self.file.write(_RESTORE_AND_CLEAR)
            self._has_draft = False


class CodeFusionStreamMixin:
    """Calls of a pipeline, step by step or at once."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase

    def decode_drafts(
        self,
        pred_original_sample: torch.Tensor,
        lengths: torch.Tensor,
        slot_values: list[dict[str, str]] | None = None,
    ) -> list[str]:
        """
        The programs as they stand in the middle of a call: each position shows the token whose embedding is nearest.
        (The decoder, which corrects the last estimate by the prompt, runs once, at the end.) A `callback_on_step_end`
        gets them as `drafts`.

        Args:
            pred_original_sample (`torch.FloatTensor` of shape `(batch_size, canvas_length, latent_size)`):
                The estimate of x_0.
            lengths (`torch.LongTensor` of shape `(batch_size,)`):
                Canvas lengths.
            slot_values (`list[dict[str, str]]`, *optional*):
                From [`~CodeFusionPipeline.encode_prompt`], for each prompt; the rows are shared out among them.

        Returns:
            `list[str]`: a draft for each row.
        """
        token_ids = self._draft_tokens(pred_original_sample, lengths)
        prompts = slot_values or [{}]
        texts: list[str] = []
        for rows, values in zip(token_ids.chunk(len(prompts)), prompts, strict=True):
            texts += to_texts(self.model, self.tokenizer, rows, values)
        return texts

    def _draft_tokens(self, estimate: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """The tokens nearest to an estimate of x_0, padded behind the canvases."""
        token_ids = nearest_tokens(self.model, estimate)
        positions = torch.arange(token_ids.shape[1], device=token_ids.device)
        return token_ids.masked_fill(positions >= lengths[:, None], self.model.config.pad_token_id)

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[CodeFusionRevision]:
        """
        A call step by step.

        Args:
            args, kwargs:
                As of `__call__`, without `streamer`; `output_type` is `"text"`.

        Returns:
            Iterator over [`CodeFusionRevision`]: one for each evaluation of the denoiser, and one for what the call
            returns, which is the same as `pipe(...)` returns with the same arguments. The arguments are checked at
            once; the steps are made as they are asked for.

        Raises:
            ValueError: as `__call__`, or if `output_type` is another.
        """
        bound = inspect.signature(self.__call__).bind(*args, **kwargs)  # type: ignore[operator]
        bound.apply_defaults()
        arguments = bound.arguments
        if arguments["output_type"] != "text":
            raise ValueError(f"`output_type` must be 'text' in `stream`, got {shorten(arguments['output_type'])}.")
        if arguments["streamer"] is not None:
            raise ValueError(f"`streamer` must be None in `stream`, got {shorten(arguments['streamer'])}.")
        with torch.no_grad():
            call = self._prepare(arguments)
        return self._revisions(call)

    def _run(self, call: DenoisingCall, arguments: dict[str, Any]) -> CodeFusionPipelineOutput | tuple:
        """The steps of a call, and what it returns."""
        streamer, output_type = arguments["streamer"], arguments["output_type"]
        if streamer is not None:
            output = self._run_for(streamer, call)
        else:
            for _ in self._denoise(call):
                pass
            if output_type == "latent":
                output = CodeFusionPipelineOutput(latents=call.latents.unflatten(0, (call.batch_size, -1)))
            else:
                ranked, _ = read_programs(self.model, call)
                output = to_output(ranked, self.model.config.pad_token_id, call.latents.device)
            output.neighbors = call.prompts.neighbors
            self.maybe_free_model_hooks()  # type: ignore[attr-defined]  # of `DiffusionPipeline`
        if output_type == "token_ids":
            output = CodeFusionPipelineOutput(
                scores=output.scores, sequences=output.sequences, neighbors=output.neighbors
            )
        return output if arguments["return_dict"] else output.to_tuple()

    def _run_for(self, streamer: BaseStreamer, call: DenoisingCall) -> CodeFusionPipelineOutput:
        takes_revisions = getattr(streamer, "takes_revisions", False)
        output = CodeFusionPipelineOutput()
        for revision in self._revisions(call):
            value = revision if takes_revisions else self._first_tokens(revision)
            if revision.output is not None:
                streamer.put(value)
                output = revision.output
            elif hasattr(streamer, "put_draft"):
                streamer.put_draft(value)
        streamer.end()
        return output

    def _first_tokens(self, revision: CodeFusionRevision) -> torch.Tensor:
        """What streamers of transformers get: the tokens of the first program up to its end."""
        token_ids, config = torch.tensor(revision.drafts[0][0].token_ids), self.model.config
        is_end = (token_ids == config.eos_token_id) | (token_ids == config.pad_token_id)
        return token_ids[is_end.cumsum(dim=0) == 0][None]

    @torch.no_grad()
    def _revisions(self, call: DenoisingCall) -> Iterator[CodeFusionRevision]:
        num_steps, last = -1, call.draft_ids
        try:
            for step in self._denoise(call):
                num_steps = step.index
                token_ids = self._draft_tokens(step.estimate, call.lengths)
                if call.held is not None:
                    token_ids = torch.where(call.held.mask, call.held.token_ids, token_ids)
                probabilities = draft_probabilities(self.model, call, step, token_ids)
                drafts = [
                    make_draft(
                        call,
                        row,
                        token_ids[row],
                        None if last is None else last[row],
                        probabilities[row],
                        call.texts.read(row, token_ids[row : row + 1].cpu())[0],
                    )
                    for row in range(len(token_ids))
                ]
                last = token_ids
                yield CodeFusionRevision(
                    step.index, len(call.timesteps), float(step.timestep), split_rows(drafts, call.num_candidates)
                )
            ranked, scores = read_programs(self.model, call, score_tokens=True)
            ends = []
            for prompt, programs in enumerate(ranked):
                for program in programs:
                    candidate, number = program.source
                    row, token_ids = prompt * call.num_candidates, torch.tensor(program.token_ids)
                    if candidate < call.num_candidates:
                        row += candidate
                        before = None if last is None else last[row]
                    else:
                        # A neighbour's program has no canvas, and has not changed from one step to the other.
                        before = token_ids
                    probabilities = scores[prompt, candidate, number].exp()
                    draft = make_draft(call, row, token_ids, before, probabilities, program.text)
                    draft.candidate = candidate
                    draft.score = program.score
                    ends.append(draft)
            output = to_output(ranked, self.model.config.pad_token_id, call.latents.device)
            output.neighbors = call.prompts.neighbors
            drafts_of_prompts = split_rows(ends, len(ranked[0]))
            yield CodeFusionRevision(num_steps + 1, len(call.timesteps), None, drafts_of_prompts, output)
        finally:
            self.maybe_free_model_hooks()  # type: ignore[attr-defined]

    def _prepare(self, arguments: dict[str, Any]) -> DenoisingCall:
        raise NotImplementedError

    def _denoise(self, call: DenoisingCall) -> Iterator[DenoisingStep]:
        raise NotImplementedError


def check_streamer(streamer: Any, prompt: str | list[str], output_type: str) -> None:
    """
    Args:
        streamer (`BaseStreamer`, *optional*):
            What was given.
        prompt (`str` or `list[str]`), output_type (`str`):
            Of the call.

    Raises:
        ValueError: if it is no streamer, or cannot show such a call.
    """
    if streamer is None:
        return
    if not isinstance(streamer, BaseStreamer):
        raise ValueError(f"`streamer` must be None or a `BaseStreamer` of transformers, got {shorten(streamer)}.")
    if output_type == "latent":
        raise ValueError("`output_type` must be 'text' or 'token_ids' with a `streamer`, got 'latent'.")
    num_prompts = 1 if isinstance(prompt, str) else len(prompt)
    if num_prompts > 1 and not getattr(streamer, "takes_revisions", False):
        raise ValueError(
            f"`streamer` must be a `CodeFusionStreamer` for several prompts, got a {type(streamer).__name__} for "
            f"{num_prompts}."
        )


def draft_probabilities(
    model: PreTrainedModel, call: DenoisingCall, step: DenoisingStep, token_ids: torch.Tensor
) -> torch.Tensor:
    """
    How sure the denoiser is of the tokens of a step.

    Args:
        model ([`CodeFusionModel`]):
            The model.
        call ([`DenoisingCall`]), step ([`DenoisingStep`]):
            The step.
        token_ids (`torch.LongTensor` of shape `(num_rows, canvas_length)`):
            The tokens.

    Returns:
        `torch.FloatTensor` of the shape of `token_ids`: probabilities; of what has been committed, those that it had
        when it was, and 1 of what was given.
    """
    embeddings, bias = call.prompts.vocabulary
    rows_of_bias = len(token_ids) // len(bias)
    probabilities = torch.ones(token_ids.shape, device=token_ids.device)
    # Prompt by prompt, so that the scores of all tokens are not in memory for all candidates at once.
    for first in range(0, len(token_ids), call.num_candidates):
        rows = slice(first, first + call.num_candidates)
        numbers = torch.arange(first, min(first + call.num_candidates, len(token_ids)), device=bias.device)
        of_rows = bias[numbers // rows_of_bias]
        if step.query is None:
            logits = step.estimate[rows] @ embeddings.T + of_rows
        else:
            logits = model.score_tokens(step.query[rows], (embeddings, of_rows))
        chosen = logits.float().softmax(dim=-1).gather(2, token_ids[rows, :, None])[..., 0]
        probabilities[rows] = chosen
    if call.held is None:
        return probabilities
    certain = torch.ones_like(probabilities) if call.committed is None else call.committed.log_probabilities.exp()
    return torch.where(call.held.mask, certain, probabilities)


def make_draft(
    call: DenoisingCall,
    row: int,
    token_ids: torch.Tensor,
    last: torch.Tensor | None,
    probabilities: torch.Tensor,
    text: str,
) -> CodeFusionDraft:
    """
    A candidate as it stands.

    Args:
        call ([`DenoisingCall`]), row (`int`):
            The candidate.
        token_ids, last (`torch.LongTensor` of shape `(canvas_length,)`):
            Its tokens, now and, if there was one, at the step before.
        probabilities (`torch.FloatTensor` of shape `(canvas_length,)`):
            Of the tokens.
        text (`str`):
            The program that they are.

    Returns:
        [`CodeFusionDraft`]
    """
    pieces = call.texts.split(row, token_ids)
    ids, confidences = token_ids.tolist(), probabilities.tolist()
    before = [None] * len(ids) if last is None else last.tolist()
    return CodeFusionDraft(
        text=text,
        tokens=[piece.text for piece in pieces],
        changed=[piece.position is not None and ids[piece.position] != before[piece.position] for piece in pieces],
        confidences=[
            1.0 if piece.position is None or math.isnan(confidences[piece.position]) else confidences[piece.position]
            for piece in pieces
        ],
        candidate=row % call.num_candidates,
        token_ids=ids,
    )


def split_rows(drafts: list[CodeFusionDraft], num_drafts: int) -> list[list[CodeFusionDraft]]:
    """Drafts by their prompts, of which each has as many."""
    return [drafts[first : first + num_drafts] for first in range(0, len(drafts), num_drafts)]


__all__ = [
    "CodeFusionDraft",
    "CodeFusionRevision",
    "CodeFusionStreamMixin",
    "CodeFusionStreamer",
    "check_streamer",
]
