# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The pipeline that fills gaps in code: inpainting, for programs."""

from collections.abc import Callable
from typing import Any

import torch
from diffusers.utils import replace_example_docstring
from transformers.generation.streamers import BaseStreamer

from ..modeling.argument_checks import check_integer, shorten
from ..modeling.canvas import canvas_length_for
from .denoising import DenoisingCall, HeldTokens
from .drafting import CodeFusionDraftPipeline, pair_up
from .infilling import (
    ANY,
    BLANK,
    BLANK_AND_WORD,
    MASK,
    WORD,
    GappedCode,
    InfilledTexts,
    allowed_tokens,
    placeholder_for,
    share_out_lengths,
)
from .neighbors import Memory
from .pipeline_output import CodeFusionPipelineOutput


INFILL_EXAMPLE_DOC_STRING = """
    Examples:
        ```python
        >>> import torch
        >>> from codefusion_hf import CodeFusionInfillPipeline
        >>> from codefusion_hf.checkpoints import checkpoint_path

        >>> pipe = CodeFusionInfillPipeline.from_pretrained(checkpoint_path("bash-tiny"))
        >>> generator = torch.Generator().manual_seed(0)
        >>> code = "find . -name <mask> | xargs <mask>"
        >>> prompt = "count the lines of all '*.py' files"
        >>> output = pipe(prompt, code=code, num_return_sequences=5, generator=generator)
        >>> for filled, score in zip(output.codes[0], output.scores[0]):
        ...     print(f"{score:.2f}  {filled}")
        ```
"""


class CodeFusionInfillPipeline(CodeFusionDraftPipeline):
    r"""
    Pipeline that fills gaps in code: what is given stays as it is, at t = 0 in all steps, and what stands for `<mask>`
    is denoised between it.

    This pipeline inherits from [`CodeFusionPipeline`]: the components are the same, and
    `CodeFusionInfillPipeline.from_pipe(pipe)` shares them. It is for models that have been trained with positions at
    t = 0 (`config.clean_position_probability`).

    Args:
        model ([`CodeFusionModel`]), tokenizer ([`~transformers.PreTrainedTokenizerBase`]), scheduler \
            ([`SchedulerMixin`]), sampling_defaults (`dict`, *optional*):
            As of [`CodeFusionPipeline`].
    """

    _code_module = __name__
    # So that gaps are tried at several lengths where nothing is said.
    _min_candidates = 10

    def _check_arguments(self, arguments: dict[str, Any], settings: dict[str, Any], **others: Any) -> None:
        check_integer("max_mask_length", arguments["max_mask_length"], 1, self.model.config.max_code_length - 1)
        super()._check_arguments(arguments, settings, **others)

    def _check_codes(self, codes: list[str]) -> None:
        for code in codes:
            if MASK not in code:
                raise ValueError(f"`code` must have `{MASK}` where something is to be filled in, got {shorten(code)}.")

    def _prepare_canvas(self, call: DenoisingCall, arguments: dict[str, Any]) -> None:
        config, device = self.model.config, call.prompts.encoder_hidden_states.device
        _, codes = pair_up(arguments["prompt"], arguments["code"])
        gapped = [self._split(code, values) for code, values in zip(codes, call.prompts.slot_values, strict=True)]
        lengths: list[tuple[int, ...]] = []
        for code in gapped:
            num_gaps, left = len(code.has_blank), config.max_code_length - code.num_tokens
            if left < num_gaps:
                raise ValueError(
                    f"`code` must leave a token for each `{MASK}` of the {config.max_code_length} that there are, got "
                    f"{code.num_tokens} and {num_gaps} of them."
                )
            lengths += share_out_lengths(num_gaps, arguments["max_mask_length"], left, call.num_candidates)

        rows = [self._lay_out(gapped[row // call.num_candidates], gaps) for row, gaps in enumerate(lengths)]
        canvas_lengths = [canvas_length_for(len(token_ids), config) for token_ids, _, _ in rows]
        shape = (len(rows), max(canvas_lengths))
        # Padding is held, too, as the end of the program is known.
        token_ids = torch.full(shape, config.pad_token_id)
        mask, kinds = torch.ones(shape, dtype=torch.bool), torch.full(shape, ANY)
        for row, (of_row, is_held, of_kind) in enumerate(rows):
            token_ids[row, : len(of_row)] = torch.tensor(of_row)
            mask[row, : len(of_row)] = torch.tensor(is_held)
            kinds[row, : len(of_row)] = torch.tensor(of_kind)
        token_ids = token_ids.to(device)
        call.held = HeldTokens(
            token_ids,
            mask.to(device),
            self.model.embed(token_ids),
            kinds.to(device),
            allowed_tokens(self.tokenizer, config.vocab_size).to(device),
        )
        call.lengths = torch.tensor(canvas_lengths, device=device)
        call.texts = InfilledTexts(call.texts, gapped, lengths)

    def _split(self, code: str, values: dict[str, str]) -> GappedCode:
        """The pieces of a code and their tokens."""
        pieces = code.split(MASK)
        placeholder = placeholder_for(code)
        slotted = self._slot(placeholder.join(pieces), values).split(placeholder)
        has_blank = [piece.endswith(" ") for piece in slotted[:-1]]
        texts = [piece[:-1] if blank else piece for piece, blank in zip(slotted, [*has_blank, False], strict=True)]
        return GappedCode(pieces, [self._tokenize(text) if text else [] for text in texts], has_blank)

    def _lay_out(self, code: GappedCode, lengths: tuple[int, ...]) -> tuple[list[int], list[bool], list[int]]:
        """Tokens of a canvas, whether each is held, and what those can be that are not."""
        token_ids: list[int] = []
        is_held: list[bool] = []
        kinds: list[int] = []
        for tokens, length, blank in zip(code.tokens, (*lengths, 0), (*code.has_blank, False), strict=True):
            token_ids += [*tokens, *[self.model.config.pad_token_id] * length]
            is_held += [True] * len(tokens) + [False] * length
            kinds += [ANY] * len(tokens)
            if length == 1:
                kinds.append(BLANK_AND_WORD if blank else WORD)
            elif length > 1:
                kinds += [BLANK if blank else ANY, *[ANY] * (length - 1)]
        return [*token_ids, self.model.config.eos_token_id], [*is_held, True], [*kinds, ANY]

    @torch.no_grad()
    @replace_example_docstring(INFILL_EXAMPLE_DOC_STRING)
    def __call__(
        self,
        prompt: str | list[str],
        code: str | list[str],
        max_mask_length: int = 8,
        num_inference_steps: int | None = None,
        num_return_sequences: int | None = None,
        temperature: float | list[float] | None = None,
        guidance_scale: float | None = None,
        rounding: str = "decoder",
        generator: torch.Generator | list[torch.Generator] | None = None,
        output_type: str = "text",
        return_dict: bool = True,
        callback_on_step_end: Callable[["CodeFusionInfillPipeline", int, torch.Tensor, dict], dict] | None = None,
        callback_on_step_end_tensor_inputs: list[str] = ["latents"],  # noqa: B006 (as all pipelines of diffusers)
        early_exit_patience: int | None = None,
        early_exit_confidence: float | None = None,
        readout_noise: float | None = None,
        commit_tokens: bool | None = None,
        num_candidates: int | None = None,
        ranking: str | Callable[[str, str], float] | None = None,
        is_valid: Callable[[str], bool] | None = None,
        streamer: BaseStreamer | None = None,
        memory: Memory | None = None,
        num_neighbors: int = 3,
    ) -> CodeFusionPipelineOutput | tuple:
        r"""
        Fill gaps in code.

        What is given comes back letter for letter. A gap takes a number of tokens that is not known: the candidates
        (at least 10 where nothing is said) try several, more of them the shorter ones. They are ranked by the votes of
        all, where each has as much of a vote as it is sure of its tokens.

        Args:
            prompt (`str` or `list[str]`):
                What the code shall do. An empty one says nothing.
            code (`str` or `list[str]`):
                For each prompt, or all of them, the code with `<mask>` in place of what is missing. A blank before it
                stays.
            max_mask_length (`int`, *optional*, defaults to 8):
                The most tokens that one `<mask>` stands for, in [1, `max_code_length` - 1].
            num_inference_steps, num_return_sequences, temperature, guidance_scale, rounding, generator, output_type, \
                return_dict, callback_on_step_end, callback_on_step_end_tensor_inputs, early_exit_patience, \
                early_exit_confidence, readout_noise, commit_tokens, num_candidates, ranking, is_valid, streamer, \
                memory, num_neighbors (*optional*):
                As of [`~CodeFusionPipeline.__call__`], but what is committed in a gap is read at `readout_noise`.

        Examples:

        Returns:
            [`CodeFusionPipelineOutput`] or `tuple`: the scores are those of what was filled in.

        Raises:
            ValueError: if an argument is not allowed (code without `<mask>` is not), or the scheduler does not fit the
                model.
        """
        arguments = {name: value for name, value in locals().items() if name != "self"}
        return self._run(self._prepare(arguments), arguments)


__all__ = ["CodeFusionInfillPipeline", "CodeFusionPipelineOutput"]
