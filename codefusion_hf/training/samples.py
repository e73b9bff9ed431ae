# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Code for a few prompts at each evaluation: what a loss does not show."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerBase, TrainerCallback

from codefusion_hf.modeling import CodeFusionModel
from codefusion_hf.terminal import printable

from .ema import EMACallback
from .export import build_pipeline


logger = logging.getLogger(__name__)

SAMPLES_FILE = "samples.jsonl"


class SampleCallback(TrainerCallback):
    """
    Generates code for the same prompts, from the same noise, at each evaluation, with the averaged weights; logs it,
    and adds it to `samples.jsonl` in the output folder, a JSON object a prompt with `step`, `prompt`, `code`, `score`
    and `expected`.

    Args:
        pairs (`Sequence[dict[str, str]]`):
            Rows with `text` and `code`.
        tokenizer ([`~transformers.PreTrainedTokenizerBase`]):
            The model's tokenizer.
        ema_callback ([`~codefusion_hf.training.ema.EMACallback`]):
            Keeper of the average.
        num_inference_steps (`int`, *optional*, defaults to 10):
            Denoising steps.
    """

    def __init__(
        self,
        pairs: Sequence[dict[str, str]],
        tokenizer: PreTrainedTokenizerBase,
        ema_callback: EMACallback,
        num_inference_steps: int = 10,
    ):
        self.pairs = pairs
        self.tokenizer = tokenizer
        self.ema_callback = ema_callback
        self.num_inference_steps = num_inference_steps

    def on_evaluate(self, args, state, control, model: CodeFusionModel, **kwargs):
        if not state.is_world_process_zero:
            return
        was_training = model.training
        with self.ema_callback.average_weights(model):
            pipeline = build_pipeline(model.eval(), self.tokenizer)
            pipeline.set_progress_bar_config(disable=True)
            output = pipeline(
                [pair["text"] for pair in self.pairs],
                num_inference_steps=self.num_inference_steps,
                # One each: a row's noise is then the same however long the others get.
                generator=[torch.Generator().manual_seed(args.seed + row) for row in range(len(self.pairs))],
            )
        model.train(was_training)
        with open(Path(args.output_dir) / SAMPLES_FILE, "a", encoding="utf-8") as file:
            for pair, (code,), (score,) in zip(self.pairs, output.codes, output.scores, strict=True):
                row = {
                    "step": state.global_step,
                    "prompt": pair["text"],
                    "code": code,
                    "score": score,
                    "expected": pair["code"],
                }
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                logger.info(
                    "Step %d: %s -> %s (expected: %s)",
                    state.global_step,
                    *map(printable, (pair["text"], code, pair["code"])),
                )


__all__ = ["SAMPLES_FILE", "SampleCallback"]
