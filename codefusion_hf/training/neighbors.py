# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Neighbours in training: which of them stand behind a prompt, and lessons in copying from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
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
        of_batch: np.random.Generator,
        of_row: Callable[[str, int], np.random.Generator],
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
            of_batch (`np.random.Generator`):
                For what is drawn once.
            of_row (`Callable`):
                From a name and the number of a row to the generator for what is drawn for it.
            step (`int`, *optional*, defaults to 0):
                Number of the training step.
            is_training (`bool`, *optional*, defaults to `True`):
                Whether anything is drawn; otherwise all neighbours are read, in their order.
        """
        neighbor_ids = inputs.pop("neighbor_ids").cpu().numpy()
        number = neighbor_ids.shape[1]
        if is_training:
            is_dropped, draw = of_batch.random(2)
            if is_dropped < self.dropout_probability:
                return
            number = 1 + int(draw * number)
        copies = 0.0
        if is_training and self.copy_steps > 0:
            copies = LAST_COPIES + (FIRST_COPIES - LAST_COPIES) * max(1.0 - step / self.copy_steps, 0.0)
        device = inputs["input_ids"].device
        prompts, masks = inputs["input_ids"].cpu().numpy(), inputs["attention_mask"].cpu().numpy() > 0
        labels = inputs["labels"].cpu().numpy()
        # Asked once, as a tokenizer makes a dictionary of its whole vocabulary to answer.
        edits = _Edits(tokenizer, labels[labels != -100]) if copies > 0.0 else None
        rows = []
        for row, prompt in enumerate(prompts):
            prompt = prompt[masks[row]]
            neighbors = [ids[ids != -100].tolist() for ids in neighbor_ids[row] if ids[0] != -100]
            if is_training:
                generator = of_row("neighbors of a row", row)
                neighbors = [neighbors[index] for index in generator.permutation(len(neighbors))[:number]]
                if edits is not None and generator.random() < copies:
                    own = labels[row][labels[row] != -100]
                    place = int(generator.integers(max(len(neighbors), 1)))
                    neighbors[place : place + 1] = [edits.edited(prompt, own, generator)]
            rows.append(append_neighbors(prompt.tolist(), neighbors, tokenizer.model_max_length))
        inputs |= tokenizer.pad({"input_ids": rows}, return_tensors="pt").to(device)


class _Edits:
    """
    Makes rows their own neighbours, with a few edits.

    Args:
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            The tokenizer, with tokens for neighbours.
        other_tokens (`np.ndarray`):
            What takes the place of tokens of the code.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, other_tokens: np.ndarray):
        token_ids = neighbor_token_ids(tokenizer)
        assert token_ids is not None, "rows have neighbours only where the tokenizer has tokens for them"
        self.prompt_token, self.code_token = token_ids
        self.end_token = tokenizer.eos_token_id
        self.other_tokens = other_tokens[other_tokens != self.end_token]

    def edited(self, prompt: np.ndarray, code: np.ndarray, generator: np.random.Generator) -> list[int]:
        """Tokens of the neighbour that a row is to itself."""
        prompt, code = prompt[prompt != self.end_token], code[code != self.end_token]
        share = generator.random()
        dropped, other = share * DROPPED_CODE, share * OTHER_CODE
        draws = generator.random(len(code))
        others = generator.choice(self.other_tokens, len(code))
        changed = np.where(draws < dropped + other, others, code)[draws >= dropped]
        kept = prompt[generator.random(len(prompt)) >= DROPPED_TEXT]
        return [self.prompt_token, *kept.tolist(), self.code_token, *changed.tolist()]


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
