# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Neighbours in training: which of them stand behind a prompt, and lessons in copying from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from codefusion_hf.memory import CodeFusionMemory, load_memory
from codefusion_hf.pipelines.neighbors import append_neighbors, neighbor_token_ids


# What is changed of a program that is to be copied, at most: shares of its tokens that are left out and that are
# others. Some programs are nearly as they were. Of its prompt, this share of the tokens is left out.
DROPPED_CODE, OTHER_CODE, DROPPED_TEXT = 0.1, 0.1, 0.3
# Share of the rows that have their own program as a neighbour, at the first step and after `copy_steps`.
FIRST_COPIES, LAST_COPIES = 0.5, 0.1


@dataclass
class NeighborDraw:
    """
    Draws the neighbours of a batch: none for some batches, so that the model also writes without, and otherwise any
    number of them in any order. The number is one for the batch, as padding would cost what it saves.

    A neighbour is rarely the answer, so at first nothing is learned from it. Some rows therefore get their own program
    as one, with some tokens left out and some changed: half of the rows at the first step, and fewer and fewer until
    it is a tenth, by which the model goes on learning to mend what is nearly right.

    Args:
        dropout_probability (`float`, *optional*, defaults to 0.0):
            Share of the batches without neighbours, in [0, 1].
        copy_steps (`int`, *optional*, defaults to 0):
            Steps until a tenth of the rows gets its own program. With 0, none does.
    """

    dropout_probability: float = 0.0
    copy_steps: int = 0

    def draw(
        self,
        inputs: dict[str, Any],
        tokenizer: PreTrainedTokenizerBase,
        generator: Callable[..., torch.Generator],
        step: int = 0,
        is_training: bool = True,
    ) -> None:
        """
        Put neighbours behind the prompts.

        Args:
            inputs (`dict`):
                From [`~codefusion_hf.data.collators.PairCollator`], with `neighbor_ids`, which are taken out;
                `input_ids` and `attention_mask` become longer.
            tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
                The tokenizer, whose `model_max_length` holds for all of a row.
            generator (`Callable`):
                From a name, and for what is drawn for a row its number, to the random number generator on the CPU.
            step (`int`, *optional*, defaults to 0):
                Number of the training step.
            is_training (`bool`, *optional*, defaults to `True`):
                Whether anything is drawn; otherwise all neighbours are read, in their order.
        """
        neighbor_ids = inputs.pop("neighbor_ids")
        number = neighbor_ids.shape[1]
        if is_training:
            is_dropped, draw = torch.rand(2, generator=generator("neighbors")).tolist()
            if is_dropped < self.dropout_probability:
                return
            number = 1 + int(draw * number)
        copies = 0.0
        if is_training and self.copy_steps > 0:
            copies = LAST_COPIES + (FIRST_COPIES - LAST_COPIES) * max(1.0 - step / self.copy_steps, 0.0)
        device = inputs["input_ids"].device
        labels = inputs["labels"]
        all_labels = labels[labels != -100].cpu()
        rows = []
        for row, (prompt, mask, of_row) in enumerate(
            zip(inputs["input_ids"].cpu(), inputs["attention_mask"].bool().cpu(), neighbor_ids.cpu(), strict=True)
        ):
            neighbors = [ids[ids != -100].tolist() for ids in of_row if ids[0] != -100]
            if is_training:
                of_this = generator("neighbors of a row", row)
                order = torch.randperm(len(neighbors), generator=of_this).tolist()
                neighbors = [neighbors[index] for index in order[:number]]
                if torch.rand((), generator=of_this) < copies:
                    own = labels[row][labels[row] != -100].cpu()
                    place = int(torch.randint(max(len(neighbors), 1), (), generator=of_this))
                    neighbors[place : place + 1] = [_edited(prompt[mask], own, all_labels, tokenizer, of_this)]
            rows.append(append_neighbors(prompt[mask].tolist(), neighbors, tokenizer.model_max_length))
        inputs |= tokenizer.pad({"input_ids": rows}, return_tensors="pt").to(device)


def _edited(
    prompt: torch.Tensor,
    code: torch.Tensor,
    other_tokens: torch.Tensor,
    tokenizer: PreTrainedTokenizerBase,
    generator: torch.Generator,
) -> list[int]:
    """A row as its own neighbour, with a few edits."""
    token_ids = neighbor_token_ids(tokenizer)
    assert token_ids is not None, "rows have neighbours only where the tokenizer has tokens for them"
    prompt, code = prompt[prompt != tokenizer.eos_token_id], code[code != tokenizer.eos_token_id]
    share = torch.rand((), generator=generator)
    dropped, other = share * DROPPED_CODE, share * OTHER_CODE
    draws = torch.rand(len(code), generator=generator)
    others = other_tokens[torch.randint(len(other_tokens), (len(code),), generator=generator)]
    changed = torch.where(draws < dropped + other, others, code)[draws >= dropped]
    kept = prompt[torch.rand(len(prompt), generator=generator) >= DROPPED_TEXT]
    return [token_ids[0], *kept.tolist(), token_ids[1], *changed[changed != tokenizer.eos_token_id].tolist()]


def load_training_memory(memory: str | Path | None, phase: str, language: str) -> CodeFusionMemory | None:
    """
    The memory of a training.

    Args:
        memory (`str` or `Path`, *optional*):
            As for [`~codefusion_hf.training.run.run_training`].
        phase (`str`):
            One of `PHASES`.
        language (`str`):
            Language of the code.

    Returns:
        [`~codefusion_hf.memory.CodeFusionMemory`], *optional*

    Raises:
        ValueError: if it is none, of another language, or there is one in pre-training.
        OSError: if it cannot be read.
    """
    if memory is None:
        return None
    if phase != "finetune":
        raise ValueError("`memory` is for fine-tuning: code alone is not looked up.")
    return load_memory(memory, language)


def check_neighbor_tokens(memory: CodeFusionMemory | None, tokenizer: PreTrainedTokenizerBase) -> None:
    """
    Args:
        memory ([`~codefusion_hf.memory.CodeFusionMemory`], *optional*), tokenizer \
            ([`~transformers.PreTrainedTokenizerBase`]):
            Of a training.

    Raises:
        ValueError: if there is a memory, and the tokenizer has no tokens for neighbours.
    """
    if memory is not None and neighbor_token_ids(tokenizer) is None:
        raise ValueError("`memory` needs a tokenizer with tokens for neighbours: `tokenizer.neighbors=true`.")


def find_neighbors(
    memory: CodeFusionMemory, rows: Sequence[dict[str, Any]], num_neighbors: int
) -> list[list[tuple[str, str]]]:
    """
    What a memory has for each row, but for rows with its prompt.

    Args:
        memory ([`~codefusion_hf.memory.CodeFusionMemory`]):
            The memory.
        rows (`Sequence[dict[str, Any]]`):
            Rows with `text`.
        num_neighbors (`int`):
            Neighbours a row at most.

    Returns:
        `list[list[tuple[str, str]]]`: for each row prompts and programs as models read them, the most similar first.
    """
    # A file that counts twice is looked up once.
    prompts = list(dict.fromkeys(row["text"] for row in rows))
    found = memory.search(prompts, num_neighbors, leave_one_out=True)
    pairs = {
        prompt: [memory.as_read(neighbor) for neighbor in of_prompt]
        for prompt, of_prompt in zip(prompts, found, strict=True)
    }
    return [pairs[row["text"]] for row in rows]


__all__ = ["NeighborDraw", "check_neighbor_tokens", "find_neighbors", "load_training_memory"]
