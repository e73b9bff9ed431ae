# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What diffusion has to beat: an auto-regressive model of the same size, decoded with beam search or by sampling."""

import os
from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    LogitsProcessor,
    LogitsProcessorList,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from codefusion_hf.data.tokenization import encode_prompts
from codefusion_hf.memory import CodeFusionMemory
from codefusion_hf.pipelines import fill_slots, slot_token_ids
from codefusion_hf.pipelines.neighbors import check_memory, encode_with_neighbors, neighbor_token_ids


Value = TypeVar("Value")

METHODS = ("beam", "sampling")


class SlotLogitsProcessor(LogitsProcessor):
    """
    Takes the slots that a prompt does not have out of the scores of what is written for it.

    Args:
        values (sequence of `dict[str, str]`):
            The slots of each prompt, from [`~codefusion_hf.data.tokenization.encode_prompts`].
        slot_ids (`dict[str, tuple[int, ...]]`):
            From [`~codefusion_hf.pipelines.slots.slot_token_ids`].
        vocab_size (`int`):
            Tokens that the model gives scores for.
    """

    def __init__(
        self, values: Sequence[dict[str, str]], slot_ids: dict[str, tuple[int, ...]], vocab_size: int
    ) -> None:
        self.is_missing = torch.zeros(len(values), vocab_size, dtype=torch.bool)
        for row, of_prompt in enumerate(values):
            missing = [token_id for slot in slot_ids.keys() - of_prompt.keys() for token_id in slot_ids[slot]]
            self.is_missing[row, missing] = True

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self.is_missing = self.is_missing.to(scores.device)
        # The beams or samples of a prompt stand one after the other.
        is_missing = self.is_missing.repeat_interleave(len(scores) // len(self.is_missing), dim=0)
        return scores.masked_fill(is_missing, -torch.inf)


class AutoRegressiveBaseline:
    """
    Ranked programs from an auto-regressive encoder-decoder model, such as
    [`~codefusion_hf.training.baseline.train_baseline`] makes. If its tokenizer has slots, the values of a prompt are
    slots to the model ([`~codefusion_hf.pipelines.slots`]), which can write no others, and are put back at the end.

    Args:
        model ([`~transformers.PreTrainedModel`]):
            The model, in evaluation mode; the `max_new_tokens` of its `generation_config` bounds the programs.
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            Tokenizer of prompts and code.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self.model = model
        self.tokenizer = tokenizer

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | os.PathLike[str]) -> "AutoRegressiveBaseline":
        """
        Load a baseline, on a GPU where there is one.

        Args:
            pretrained_model_name_or_path (`str` or `os.PathLike`):
                Folder or Hub id of the model and its tokenizer.

        Returns:
            [`AutoRegressiveBaseline`]

        Raises:
            `OSError` or `ValueError`: If there is no such model, or it is no encoder-decoder model.
        """
        # Half precision, which a model may be stored in, is many times slower on a CPU.
        model = AutoModelForSeq2SeqLM.from_pretrained(
            pretrained_model_name_or_path, dtype=torch.float32, use_safetensors=True
        )
        tokenizer = AutoTokenizer.from_pretrained(pretrained_model_name_or_path)
        return cls(model.to("cuda" if torch.cuda.is_available() else "cpu").eval(), tokenizer)

    @property
    def reads_neighbors(self) -> bool:
        """Whether it was trained with a memory."""
        return neighbor_token_ids(self.tokenizer) is not None

    @torch.no_grad()
    def predict(
        self,
        prompts: Sequence[str],
        k: int,
        method: str = "beam",
        *,
        temperature: float = 0.8,
        top_p: float = 0.95,
        seed: int = 0,
        memory: CodeFusionMemory | None = None,
        num_neighbors: int = 3,
    ) -> list[list[str]]:
        """
        Generate code.

        Args:
            prompts (sequence of `str`):
                The prompts, one or more, generated for at once: as many as the memory holds. They are normalised with
                [`~codefusion_hf.pipelines.normalize_prompt`] and cut at the tokenizer's `model_max_length`.
            k (`int`):
                Candidates for each prompt, 1 or more.
            method (`str`, *optional*, defaults to `"beam"`):
                `"beam"`: beam search with `k` beams, which ends when `k` programs are complete; these are the
                candidates. `"sampling"`: `k` independent samples.
            temperature (`float`, *optional*, defaults to 0.8), top_p (`float`, *optional*, defaults to 0.95):
                Of sampling: what the logits are divided by, above 0, and the probability of the likeliest tokens that
                are drawn from, in (0, 1]. The defaults are those of Codex for many samples
                (https://huggingface.co/papers/2107.03374); 1.0 and 1.0 sample the model's distribution.
            seed (`int`, *optional*, defaults to 0):
                Seed of sampling. The same call gives the same candidates; among other prompts, a prompt gets others.
                (Beam search draws nothing and does not depend on the other prompts, but for rounding.)
            memory ([`~codefusion_hf.memory.CodeFusionMemory`], *optional*), num_neighbors (`int`, *optional*):
                As of [`CodeFusionPipeline`], for a baseline that was trained with neighbours.

        Returns:
            `list[list[str]]`: For each prompt `k` candidates, ranked by the mean log-probability that the model gives
            their tokens, as those of CodeFusion are: best first, empty samples last.

        Raises:
            `ValueError`: If an argument is out of its range.
        """
        if not prompts or not all(prompt.strip() for prompt in prompts):
            raise ValueError(f"`prompts` must be one or more strings that are not empty, got {prompts!r}.")
        if k < 1:
            raise ValueError(f"`k` must be 1 or more, got {k}.")
        if method not in METHODS:
            raise ValueError(f"`method` must be one of {', '.join(METHODS)}, got {method!r}.")
        if not temperature > 0.0:
            raise ValueError(f"`temperature` must be above 0, got {temperature}.")
        if not 0.0 < top_p <= 1.0:
            raise ValueError(f"`top_p` must be above 0 and at most 1, got {top_p}.")
        if memory is None:
            encoded, values = encode_prompts(prompts, self.tokenizer, padding=True, return_tensors="pt")
        else:
            check_memory(memory, num_neighbors, self.tokenizer)
            found = memory.search(prompts, num_neighbors)
            pairs = [[memory.as_read(neighbor) for neighbor in of_prompt] for of_prompt in found]
            encoded, values, _ = encode_with_neighbors(prompts, pairs, self.tokenizer, memory.language)
        inputs = {name: encoded[name].to(self.model.device) for name in ("input_ids", "attention_mask")}
        if slot_ids := slot_token_ids(self.tokenizer.get_vocab()):
            processor = SlotLogitsProcessor(values, slot_ids, self.model.config.vocab_size)
            inputs["logits_processor"] = LogitsProcessorList([processor])
        if method == "beam":
            # With the default `length_penalty` of 1, their order is that of the mean log-probability.
            sequences = self.model.generate(
                **inputs, do_sample=False, num_beams=k, num_return_sequences=k, early_stopping=k > 1
            )
            candidates = _chunks(self._to_text(sequences), k)
        else:
            candidates = self._sample(inputs, k, temperature, top_p, seed)
        if not slot_ids:
            return candidates
        return [
            [fill_slots(code, of_prompt) for code in chunk]
            for chunk, of_prompt in zip(candidates, values, strict=True)
        ]

    def _sample(self, inputs: dict[str, Any], k: int, temperature: float, top_p: float, seed: int) -> list[list[str]]:
        """`k` samples for each row, ranked."""
        devices = [self.model.device] if self.model.device.type == "cuda" else []
        # `generate` draws from the global generator, which is left as it was.
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(seed)
            output = self.model.generate(
                **inputs,
                do_sample=True,
                num_return_sequences=k,
                temperature=temperature,
                top_p=top_p,
                top_k=0,  # off; the default is 50
                output_logits=True,
                return_dict_in_generate=True,
            )
        log_probabilities = self.model.compute_transition_scores(
            output.sequences, output.logits, normalize_logits=True
        )
        token_ids = output.sequences[:, 1:]  # behind the start token
        is_code = token_ids != self.model.config.pad_token_id
        scores = (log_probabilities * is_code).sum(dim=1) / is_code.sum(dim=1).clamp(min=1)
        candidates = list(zip(self._to_text(token_ids), scores.tolist(), strict=True))
        return [
            [code for code, _ in sorted(chunk, key=lambda candidate: (not candidate[0], -candidate[1]))]
            for chunk in _chunks(candidates, k)
        ]

    def _to_text(self, token_ids: torch.Tensor) -> list[str]:
        return [code.strip() for code in self.tokenizer.batch_decode(token_ids, skip_special_tokens=True)]


def _chunks(values: list[Value], size: int) -> list[list[Value]]:
    return [values[start : start + size] for start in range(0, len(values), size)]


__all__ = ["METHODS", "AutoRegressiveBaseline", "SlotLogitsProcessor"]
