# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The pipeline that revises code: image-to-image, for programs."""

from collections.abc import Callable
from typing import Any

import torch
from diffusers.utils import replace_example_docstring
from transformers.generation.streamers import BaseStreamer

from ..modeling.argument_checks import check_number
from ..modeling.canvas import canvas_length_for
from .batching import pad_rows
from .denoising import DenoisingCall
from .drafting import CodeFusionDraftPipeline, pair_up
from .neighbors import Memory, NeighborCode, neighbor_token_ids
from .pipeline_output import CodeFusionPipelineOutput
from .program_texts import GivenTexts
from .sampling_defaults import SAMPLING_DEFAULTS
from .scheduler_support import skip_steps


REVISE_EXAMPLE_DOC_STRING = """
    Examples:
        ```python
        >>> import torch
        >>> from codefusion_hf import CodeFusionRevisePipeline
        >>> from codefusion_hf.checkpoints import checkpoint_path

        >>> pipe = CodeFusionRevisePipeline.from_pretrained(checkpoint_path("bash-tiny"))
        >>> generator = torch.Generator().manual_seed(0)
        >>> draft = "find . -name '*.txt' -type d"
        >>> output = pipe("find all files named '*.txt'", code=draft, strength=0.4, generator=generator)
        >>> print(output.codes[0][0])
        ```
"""

# By how many steps of its length the canvas of each candidate differs from the draft's: one after the other.
CANVAS_CHANGES = (0, 1, 0, -1)


class CodeFusionRevisePipeline(CodeFusionDraftPipeline):
    r"""
    Pipeline that revises code: a draft is noised to a share of the schedule, and denoised under the prompt, as image
    to image does it (SDEdit, https://huggingface.co/papers/2108.01073). A model that
    reads neighbours also reads the draft behind a prompt, as if a memory had found it, where `strength` is between 0
    and 1: training has taught it to copy what is right of such a program. The draft is a candidate, too, with three
    tenths of the votes of all draws: it stays unless more of them agree on another program.

    This pipeline inherits from [`CodeFusionPipeline`]: the components are the same, and
    `CodeFusionRevisePipeline.from_pipe(pipe)` shares them.

    Args:
        model ([`CodeFusionModel`]), tokenizer ([`~transformers.PreTrainedTokenizerBase`]), scheduler \
            ([`SchedulerMixin`]), sampling_defaults (`dict`, *optional*):
            As of [`CodeFusionPipeline`].
    """

    _code_module = __name__

    def _check_arguments(self, arguments: dict[str, Any], settings: dict[str, Any], **others: Any) -> None:
        check_number("strength", arguments["strength"], 0.0, 1.0)
        # A draft that is left to some extent is not written token by token.
        settings["commit_tokens"] &= arguments["strength"] == 1.0
        super()._check_arguments(arguments, settings, **others)

    def _drafts_to_read(self, arguments: dict[str, Any]) -> list[str] | None:
        if neighbor_token_ids(self.tokenizer) is None or not 0.0 < arguments["strength"] < 1.0:
            return None
        return pair_up(arguments["prompt"], arguments["code"])[1]

    def _prepare_canvas(self, call: DenoisingCall, arguments: dict[str, Any]) -> None:
        call.strength = float(arguments["strength"])
        prompts, codes = pair_up(arguments["prompt"], arguments["code"])
        config, prompt_rows = self.model.config, call.prompts.encoder_hidden_states
        if call.strength == 1.0 and len(prompt_rows) == len(prompts) and all(map(str.strip, prompts)):
            # As without a draft.
            super()._prepare_canvas(call, {**arguments, "latents": None, "target_length": None})
            return
        drafts = []
        for code, values in zip(codes, call.prompts.slot_values, strict=True):
            drafts.append([*self._tokenize(self._slot(code, values)), config.eos_token_id])
            if len(drafts[-1]) > config.max_code_length:
                raise ValueError(
                    f"`code` must be at most {config.max_code_length - 1} tokens long, got {len(drafts[-1]) - 1}."
                )
        lengths = []
        for draft in drafts:
            length, step = canvas_length_for(len(draft), config), canvas_length_for(1, config)
            for candidate in range(call.num_candidates):
                change = CANVAS_CHANGES[candidate % len(CANVAS_CHANGES)] if call.strength > 0.0 else 0
                lengths.append(min(max(length + change * step, step), config.max_code_length))
        rows = [drafts[row // call.num_candidates][:length] for row, length in enumerate(lengths)]
        draft_ids = pad_rows(rows, max(lengths), config.pad_token_id)
        call.lengths = torch.tensor(lengths, device=prompt_rows.device)
        call.draft_ids = draft_ids.to(prompt_rows.device)
        if call.strength > 0.0:
            call.neighbor_codes = [[NeighborCode(draft[:-1], similarity=1.0)] for draft in drafts]
            # More noise would hide what has been kept of the draft.
            call.settings["readout_noise"] = min(call.settings["readout_noise"], call.strength)
        else:
            # Nothing is changed; what the model thinks of it is read where it cannot see it all.
            call.texts = GivenTexts(codes, call.texts)
            call.rounding = "decoder"
            call.settings["readout_noise"] = call.settings["readout_noise"] or SAMPLING_DEFAULTS["readout_noise"]

    def _prepare_start(self, call: DenoisingCall, arguments: dict[str, Any]) -> None:
        if call.strength == 1.0 or call.draft_ids is None:
            super()._prepare_start(call, arguments)
            return
        call.timesteps = skip_steps(
            call.scheduler, call.timesteps, call.settings["num_inference_steps"], call.strength
        )
        call.latents = self.model.embed(call.draft_ids).to(call.prompts.encoder_hidden_states.dtype)
        if len(call.timesteps) > 0:
            timesteps = call.timesteps[:1].expand(len(call.latents))
            noise = self._draw_noise(call, 1.0)
            call.latents = call.scheduler.add_noise(call.latents, noise, timesteps).to(call.latents.dtype)

    @torch.no_grad()
    @replace_example_docstring(REVISE_EXAMPLE_DOC_STRING)
    def __call__(
        self,
        prompt: str | list[str],
        code: str | list[str],
        strength: float = 0.4,
        num_inference_steps: int | None = None,
        num_return_sequences: int | None = None,
        temperature: float | list[float] | None = None,
        guidance_scale: float | None = None,
        rounding: str = "decoder",
        generator: torch.Generator | list[torch.Generator] | None = None,
        output_type: str = "text",
        return_dict: bool = True,
        callback_on_step_end: Callable[["CodeFusionRevisePipeline", int, torch.Tensor, dict], dict] | None = None,
        callback_on_step_end_tensor_inputs: list[str] = ["latents"],  # noqa: B006 (as all pipelines of diffusers)
        early_exit_patience: int | None = None,
        early_exit_confidence: float | None = None,
        readout_noise: float | None = None,
        num_candidates: int | None = None,
        ranking: str | Callable[[str, str], float] | None = None,
        is_valid: Callable[[str], bool] | None = None,
        streamer: BaseStreamer | None = None,
        memory: Memory | None = None,
        num_neighbors: int = 3,
    ) -> CodeFusionPipelineOutput | tuple:
        r"""
        Revise code.

        Args:
            prompt (`str` or `list[str]`):
                What the code shall do. An empty one says nothing: the code alone then says what it should have been.
            code (`str` or `list[str]`):
                The draft of each prompt, or one for all.
            strength (`float`, *optional*, defaults to 0.4):
                Share of the noise schedule that the draft is noised to, and of the steps that are made, in [0, 1];
                above 0, at least one. At 0 the draft comes back as it is, with the score that the model gives it; at
                1, it does not count, but for the length of the canvas where the prompt is empty. Between them, the
                canvas is the draft's, rounded up to `canvas_step`, and for some candidates a step longer or shorter.
            num_inference_steps (`int`, *optional*, defaults to 10):
                Steps of the whole schedule, in [1, `num_train_timesteps`].
            num_return_sequences, temperature, guidance_scale, rounding, generator, output_type, return_dict, \
                callback_on_step_end, callback_on_step_end_tensor_inputs, early_exit_patience, early_exit_confidence, \
                readout_noise, num_candidates, ranking, is_valid, streamer, memory, num_neighbors (*optional*):
                As of [`~CodeFusionPipeline.__call__`].

        Examples:

        Returns:
            [`CodeFusionPipelineOutput`] or `tuple`

        Raises:
            ValueError: if an argument is not allowed, or the scheduler does not fit the model.
        """
        arguments = {name: value for name, value in locals().items() if name != "self"}
        return self._run(self._prepare(arguments), arguments)


__all__ = ["CodeFusionPipelineOutput", "CodeFusionRevisePipeline"]
