# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""All that is random in a training step, drawn from its number."""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from codefusion_hf.data.masking import DEFAULT_MASK_PROBABILITY, draw_cpd_mask
from codefusion_hf.modeling import CodeFusionModel


@dataclass
class StepRandomness:
    """
    Draws timesteps, noise, masks and dropped prompts of a batch from the seed and the number of the step alone, for
    the rows of all processes at once, of which each process keeps its own.

    So a run that was killed draws after its resumption what it would have drawn anyway, no matter what else uses
    torch's generator, and several processes draw what a single one would for the same batch.

    Args:
        model ([`CodeFusionModel`]):
            The model that is trained.
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Its tokenizer.
        seed (`int`):
            Seed of the run.
        cpd_probability (`float`, *optional*, defaults to 0.5):
            Share of the rows of pre-training that get CPD; the others are to be generated from noise.
        cpd_mask_probability (`float`, *optional*, defaults to 0.5):
            Share of the identifiers and keywords that CPD masks; at least one a snippet.
        prompt_dropout_probability (`float`, *optional*, defaults to 0.0):
            Share of the rows of fine-tuning that lose their prompt.
        prompt_mask_probability (`float`, *optional*, defaults to 0.0):
            Share of the prompts' tokens that are masked in fine-tuning.
        process_index, num_processes (`int`, *optional*, default to 0 and 1):
            Which rows of the batch these are.
    """

    model: CodeFusionModel
    tokenizer: PreTrainedTokenizerBase
    seed: int
    cpd_probability: float = 0.5
    cpd_mask_probability: float = DEFAULT_MASK_PROBABILITY
    prompt_dropout_probability: float = 0.0
    prompt_mask_probability: float = 0.0
    process_index: int = 0
    num_processes: int = 1

    def __call__(self, inputs: dict[str, Any], step: tuple[int, ...], is_training: bool = True) -> dict[str, Any]:
        """
        Args:
            inputs (`dict`):
                This process's rows of a batch, from [`~codefusion_hf.data.collators.PairCollator`] or
                [`~codefusion_hf.data.collators.PretrainingCollator`].
            step (`tuple[int, ...]`):
                The number of the step, and of the batch within it where there are several.
            is_training (`bool`, *optional*, defaults to `True`):
                Whether prompts are dropped and masked in fine-tuning. Evaluation draws from other numbers.

        Returns:
            `dict`: arguments of [`CodeFusionModel.forward`].
        """
        inputs = dict(inputs)
        config = self.model.config
        device = inputs["labels"].device
        key = (self.seed, int(is_training), *step)
        rows = len(inputs["labels"])
        all_rows = rows * self.num_processes
        own = slice(self.process_index * rows, (self.process_index + 1) * rows)

        inputs["timesteps"] = self.model.draw_timesteps(all_rows, device, _generator("timesteps", key, device))[own]
        inputs["noise"] = torch.randn(
            (all_rows, config.max_code_length, config.latent_size),
            generator=_generator("noise", key, device),
            device=device,
        )[own]
        # On the CPU: it decides which code runs, and should not be waited for.
        draw = torch.rand((), generator=_generator("self_conditioning", key, torch.device("cpu")))
        inputs["self_conditioning"] = bool(draw < config.self_conditioning_probability)

        def uniform(name: str, width: int) -> torch.Tensor:
            # Position by position: how far a batch is padded differs between processes, and must not matter.
            generator = _generator(name, key, device)
            draws = torch.empty(rows, width, device=device)
            for position in range(width):
                draws[:, position] = torch.rand(all_rows, generator=generator, device=device)[own]
            return draws

        if "span_ids" in inputs:
            span_ids = inputs.pop("span_ids")
            draws = uniform("cpd", max(1, int(span_ids.max())))
            masked = draw_cpd_mask(span_ids, draws, self.cpd_mask_probability)
            inputs["input_ids"] = inputs["input_ids"].masked_fill(masked, self.tokenizer.mask_token_id)
            inputs["noise_prompt"] = uniform("noise_prompt", 1)[:, 0] >= self.cpd_probability
        elif is_training:
            if self.prompt_mask_probability > 0.0:
                draws = uniform("prompt_mask", inputs["input_ids"].shape[1])
                is_word = inputs["attention_mask"].bool() & (inputs["input_ids"] != self.tokenizer.eos_token_id)
                inputs["input_ids"] = inputs["input_ids"].masked_fill(
                    (draws < self.prompt_mask_probability) & is_word, self.tokenizer.mask_token_id
                )
            if self.prompt_dropout_probability > 0.0:
                inputs["noise_prompt"] = uniform("noise_prompt", 1)[:, 0] < self.prompt_dropout_probability
        if "noise_prompt" in inputs:
            generator = _generator("prompt_noise", key, device)
            size = (all_rows, self.model.encoder.config.hidden_size)
            inputs["prompt_noise"] = torch.stack(
                [
                    torch.randn(size, generator=generator, device=device)[own]
                    for _ in range(inputs["input_ids"].shape[1])
                ],
                dim=1,
            )
        return inputs


def _generator(name: str, key: tuple[int, ...], device: torch.device) -> torch.Generator:
    """A generator for each thing that is drawn: how much of one is drawn does not move the others."""
    seed = np.random.SeedSequence((zlib.crc32(name.encode()), *key)).generate_state(1, np.uint64)[0]
    return torch.Generator(device).manual_seed(int(seed >> np.uint64(1)))


__all__ = ["StepRandomness"]
