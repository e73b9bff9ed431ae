# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""All that is random in a training step, drawn from its number."""

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from transformers import PreTrainedTokenizerBase

from codefusion_hf.data.masking import DEFAULT_MASK_PROBABILITY, draw_cpd_mask
from codefusion_hf.modeling import CodeFusionModel

from .neighbors import NeighborDraw


@dataclass
class StepRandomness:
    """
    Draws timesteps, noise, masks and dropped prompts of a batch from the seed, the number of the step and that of the
    row among the rows of all processes, and from nothing else.

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
        neighbors ([`~codefusion_hf.training.neighbors.NeighborDraw`], *optional*):
            Which of their neighbours the rows of fine-tuning get.
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
    neighbors: NeighborDraw = field(default_factory=NeighborDraw)

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
        num_rows = len(inputs["labels"])
        first_row = self.process_index * num_rows

        # Low-discrepancy timesteps are drawn for all rows together.
        generator = seeded_generator("timesteps", key, torch.device("cpu"))
        timesteps = self.model.draw_timesteps(num_rows * self.num_processes, generator=generator)
        timesteps = timesteps[first_row : first_row + num_rows].to(device)
        draw = torch.rand((), generator=seeded_generator("self_conditioning", key, torch.device("cpu")))
        inputs["self_conditioning"] = bool(draw < config.self_conditioning_probability)

        def of_row(name: str, row: int) -> np.random.Generator:
            return row_generator(name, (*key, first_row + row))

        def uniform(name: str, lengths: list[int]) -> torch.Tensor:
            # As many as a row has, however far it is padded.
            draws = np.ones((num_rows, max(lengths)), dtype=np.float32)
            for row, length in enumerate(lengths):
                draws[row, :length] = of_row(name, row).random(length, dtype=np.float32)
            return torch.from_numpy(draws).to(device)

        if is_training and config.clean_position_probability > 0.0:
            # Of such a row, any share of the positions is clean.
            draws = uniform("clean_positions", [2 + config.max_code_length] * num_rows)
            is_clean = (draws[:, 2:] < draws[:, 1:2]) & (draws[:, :1] < config.clean_position_probability)
            timesteps = torch.where(is_clean, 0, timesteps[:, None])
        inputs["timesteps"] = timesteps
        # For the rows of all processes: a generator for each row would cost a GPU more than the numbers do.
        size = (num_rows * self.num_processes, config.max_code_length, config.latent_size)
        noise = torch.randn(size, generator=seeded_generator("noise", key, device), device=device)
        inputs["noise"] = noise[first_row : first_row + num_rows]
        if "span_ids" in inputs:
            span_ids = inputs.pop("span_ids")
            draws = uniform("cpd", span_ids.amax(dim=1).clamp(min=1).tolist())
            masked = draw_cpd_mask(span_ids, draws, self.cpd_mask_probability)
            inputs["input_ids"] = inputs["input_ids"].masked_fill(masked, self.tokenizer.mask_token_id)
            inputs["noise_prompt"] = uniform("noise_prompt", [1] * num_rows)[:, 0] >= self.cpd_probability
        elif is_training:
            if self.prompt_mask_probability > 0.0:
                draws = uniform("prompt_mask", inputs["attention_mask"].sum(dim=1).tolist())
                # Up to the last word of the longest prompt; the batch may be padded further.
                draws = F.pad(draws, (0, inputs["input_ids"].shape[1] - draws.shape[1]), value=1.0)
                is_word = inputs["attention_mask"].bool() & (inputs["input_ids"] != self.tokenizer.eos_token_id)
                inputs["input_ids"] = inputs["input_ids"].masked_fill(
                    (draws < self.prompt_mask_probability) & is_word, self.tokenizer.mask_token_id
                )
            if self.prompt_dropout_probability > 0.0:
                inputs["noise_prompt"] = (
                    uniform("noise_prompt", [1] * num_rows)[:, 0] < self.prompt_dropout_probability
                )
        if "neighbor_ids" in inputs:
            self.neighbors.draw(inputs, self.tokenizer, row_generator("neighbors", key), of_row, step[0], is_training)
        if "noise_prompt" in inputs:
            hidden_size = self.model.encoder.config.hidden_size
            prompt_noise = torch.zeros(*inputs["input_ids"].shape, hidden_size, device=device)
            lengths = inputs["attention_mask"].sum(dim=1).tolist()
            for row in inputs["noise_prompt"].nonzero()[:, 0].tolist():
                generator = seeded_generator("prompt_noise", (*key, first_row + row), device)
                prompt_noise[row, : lengths[row]] = torch.randn(
                    lengths[row], hidden_size, generator=generator, device=device
                )
            inputs["prompt_noise"] = prompt_noise
        return inputs


def seeded_generator(name: str, key: tuple[int, ...], device: torch.device) -> torch.Generator:
    """A generator for each thing that is drawn: how much of one is drawn does not move the others."""
    seed = np.random.SeedSequence((zlib.crc32(name.encode()), *key)).generate_state(1, np.uint64)[0]
    return torch.Generator(device).manual_seed(int(seed >> np.uint64(1)))


def row_generator(name: str, key: tuple[int, ...]) -> np.random.Generator:
    """
    As [`seeded_generator`], of numpy, whose small arrays cost less than torch's: for what is drawn for each row, so
    that a process draws for its own rows alone.
    """
    return np.random.default_rng((zlib.crc32(name.encode()), *key))


__all__ = ["StepRandomness", "row_generator", "seeded_generator"]
