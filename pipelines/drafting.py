# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What pipelines that are given code have in common: prompts that may be empty, and code as the model has it."""

from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from diffusers.utils.torch_utils import randn_tensor

from ..modeling.argument_checks import shorten
from .argument_checks import check_texts
from .denoising import EncodedPrompts
from .pipeline_codefusion import CodeFusionPipeline
from .prompts import TOKENIZER_LOCK
from .slots import slot_code


# Tokens of the noise that stands for an empty prompt: about as many as a prompt has.
NUM_NOISE_TOKENS = 16


class CodeFusionDraftPipeline(CodeFusionPipeline):
    """
    A pipeline that is given code beside the prompt.

    A prompt may be empty. Gaussian noise then stands for `E_s`, drawn for each candidate, as in guidance: the paper's
    pre-training, and the prompts that training drops, have taught the model what code looks like under noise, while
    it has never seen the encoding of a text without words.
    """

    def _check_arguments(self, arguments: dict[str, Any], settings: dict[str, Any], **others: Any) -> None:
        prompts, codes = pair_up(arguments["prompt"], arguments["code"])
        self._check_codes(codes)
        # The empty ones have been let pass.
        others |= {"prompt": [prompt if prompt.strip() else "-" for prompt in prompts]}
        super()._check_arguments({**arguments, "target_length": None, "latents": None}, settings, **others)

    def _check_codes(self, codes: list[str]) -> None:
        """What code must be."""

    def _encode_prompts(self, arguments: dict[str, Any], num_candidates: int) -> EncodedPrompts:
        texts, _ = pair_up(arguments["prompt"], arguments["code"])
        prompts = self._encode(
            texts, arguments["memory"], arguments["num_neighbors"], drafts=self._drafts_to_read(arguments)
        )
        is_empty = torch.tensor([not text.strip() for text in texts], device=prompts.attention_mask.device)
        if not is_empty.any():
            return prompts
        # A row for each candidate, as their noise differs.
        embeddings, bias = prompts.vocabulary
        states, mask, bias, is_empty = (
            tensor.repeat_interleave(num_candidates, dim=0) if len(tensor) == len(texts) else tensor
            for tensor in (prompts.encoder_hidden_states, prompts.attention_mask, bias, is_empty)
        )
        missing = max(NUM_NOISE_TOKENS - states.shape[1], 0)
        states, mask = F.pad(states, (0, 0, 0, missing)), F.pad(mask, (0, missing))
        noise = randn_tensor(
            tuple(states.shape), generator=arguments["generator"], device=states.device, dtype=states.dtype
        )
        is_noise = torch.arange(states.shape[1], device=mask.device) < NUM_NOISE_TOKENS
        states = torch.where(is_empty[:, None, None], noise, states)
        mask = torch.where(is_empty[:, None], is_noise.to(mask.dtype), mask)
        return replace(prompts, encoder_hidden_states=states, attention_mask=mask, vocabulary=(embeddings, bias))

    def _drafts_to_read(self, arguments: dict[str, Any]) -> list[str] | None:
        """Codes that the encoder reads behind their prompts, if any."""

    def _slot(self, code: str, values: dict[str, str]) -> str:
        """Code with the slots of its prompt, if the model has any."""
        if not self.model.config.copy_token_groups:
            return code
        language = self.sampling_defaults["language"]
        # Without a language nothing is put in, but what looks like a slot is still made text.
        return slot_code(code, values if language else {}, language or "bash")

    def _tokenize(self, text: str) -> list[int]:
        """Tokens of code, without any around them."""
        with TOKENIZER_LOCK:
            return self.tokenizer(text, add_special_tokens=False).input_ids


def pair_up(prompt: str | list[str], code: str | list[str]) -> tuple[list[str], list[str]]:
    """
    Prompts and codes, one of each; a single one goes with all of the other.

    Args:
        prompt (`str` or `list[str]`):
            The prompts, which may be empty.
        code (`str` or `list[str]`):
            The codes.

    Returns:
        `tuple[list[str], list[str]]`

    Raises:
        ValueError: if one of them is no text, a code is empty, or there are not as many of both.
    """
    prompts, codes = check_texts("prompt", prompt, may_be_blank=True), check_texts("code", code)
    if isinstance(prompt, str):
        prompts = prompts * len(codes)
    elif isinstance(code, str):
        codes = codes * len(prompts)
    if len(prompts) != len(codes):
        raise ValueError(
            f"`code` must be a string, or a list of as many as `prompt` has, {len(prompts)}, got {shorten(code)}."
        )
    return prompts, codes


__all__ = ["CodeFusionDraftPipeline", "pair_up"]
