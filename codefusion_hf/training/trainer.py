# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`transformers.Trainer` for CodeFusion."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from transformers import Trainer, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from codefusion_hf.data.bucketing import BucketSampler

from .ema import EMACallback


@dataclass
class CodeFusionTrainingArguments(TrainingArguments):
    """
    [`~transformers.TrainingArguments`] with what CodeFusion needs beside them.

    Args:
        ema_decay (`float`, *optional*, defaults to 0.999):
            Decay of the moving average of the weights, in [0, 1), which is what is evaluated and exported.
        train_encoder (`bool`, *optional*, defaults to `True`):
            Whether the encoder is trained. The paper freezes it in pre-training; one that starts from random weights
            has to be trained along.
    """

    ema_decay: float = field(default=0.999, metadata={"help": "Decay of the moving average of the weights."})
    train_encoder: bool = field(default=True, metadata={"help": "Whether the encoder is trained."})

    def __post_init__(self):
        super().__post_init__()
        # The loss is all that evaluation needs; gathering the scores of a whole vocabulary would fill the memory.
        self.prediction_loss_only = True
        # The collators pick their columns. Trainer would drop the others before it looks for the one to bucket by.
        self.remove_unused_columns = False


class CodeFusionTrainer(Trainer):
    """
    [`~transformers.Trainer`] that keeps a moving average of the weights, buckets by length with [`BucketSampler`]
    (`train_sampling_strategy="group_by_length"`), logs the terms of the loss, and evaluates with fixed noise, reported
    by quartile of the timestep, since an average over all of them hides what happens at either end.

    The metrics of an evaluation are, beside `eval_loss`: `eval_cross_entropy_q1` … `q4` (nats a token, mean over
    programs) and `eval_accuracy_q1` … `q4` (share of the code's tokens that the head gets right), for timesteps in the
    first to the last quarter of the schedule.

    Args:
        args ([`CodeFusionTrainingArguments`]), and all that [`~transformers.Trainer`] takes.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.model.encoder.requires_grad_(self.args.train_encoder)
        self.ema_callback = EMACallback(self.args.ema_decay)
        self.add_callback(self.ema_callback)
        self._loss_terms: dict[str, list[torch.Tensor]] = defaultdict(list)
        self._eval_rows: list[torch.Tensor] = []

    def train(self, resume_from_checkpoint: str | bool | None = None, **kwargs):
        """As [`~transformers.Trainer.train`]; the moving average is restored as well."""
        if resume_from_checkpoint is True:
            resume_from_checkpoint = get_last_checkpoint(self.args.output_dir)
            if resume_from_checkpoint is None:
                raise ValueError(f"Cannot resume: no checkpoint in `output_dir`, {self.args.output_dir}.")
        self.ema_callback.resume_from_checkpoint = resume_from_checkpoint or None
        return super().train(resume_from_checkpoint=resume_from_checkpoint, **kwargs)

    def _get_train_sampler(self, train_dataset=None):
        if self.args.train_sampling_strategy != "group_by_length":
            return super()._get_train_sampler(train_dataset)
        dataset = self.train_dataset if train_dataset is None else train_dataset
        return BucketSampler(dataset[self.args.length_column_name], self.args.train_batch_size, self.args.seed)

    def compute_loss(self, model: nn.Module, inputs: dict[str, Any], return_outputs: bool = False, **kwargs):
        loss, outputs = super().compute_loss(model, inputs, return_outputs=True, **kwargs)
        if model.training:
            for name in ("denoising_loss", "embedding_loss", "cross_entropy_loss", "length_loss"):
                if outputs.get(name) is not None:
                    self._loss_terms[name].append(outputs[name])
        return (loss, outputs) if return_outputs else loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in logs:
            for name, values in self._loss_terms.items():
                logs[name] = torch.stack(values).mean().item()
            self._loss_terms.clear()
        super().log(logs, start_time)

    def prediction_step(self, model, inputs, prediction_loss_only, ignore_keys=None):
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            loss, outputs = self.compute_loss(model, inputs, return_outputs=True)
        labels = inputs["labels"]
        logits = outputs["logits"][:, : labels.shape[1]]
        is_code = labels != -100
        correct = ((logits.argmax(dim=-1) == labels) & is_code).sum(dim=1)
        rows = torch.stack(
            [outputs["timesteps"].float(), outputs["token_loss"], correct.float(), is_code.sum(dim=1).float()], dim=1
        )
        self._eval_rows.append(self.accelerator.gather_for_metrics(rows))
        return loss.detach(), None, None

    def evaluation_loop(self, *args, metric_key_prefix: str = "eval", **kwargs):
        """As [`~transformers.Trainer.evaluation_loop`], with the averaged weights and the same noise at each call."""
        self._eval_rows.clear()
        model = self.accelerator.unwrap_model(self.model)
        devices = [self.args.device] if self.args.device.type == "cuda" else []
        with self.ema_callback.average_weights(model), torch.random.fork_rng(devices=devices):
            torch.manual_seed(self.args.seed)
            output = super().evaluation_loop(*args, metric_key_prefix=metric_key_prefix, **kwargs)
        timesteps, token_loss, correct, tokens = torch.cat(self._eval_rows).unbind(dim=1)
        quartiles = (timesteps * 4 / model.config.num_train_timesteps).long()
        for quartile in range(4):
            in_quartile = quartiles == quartile
            if in_quartile.any():
                name = f"q{quartile + 1}"
                output.metrics[f"{metric_key_prefix}_cross_entropy_{name}"] = token_loss[in_quartile].mean().item()
                output.metrics[f"{metric_key_prefix}_accuracy_{name}"] = (
                    correct[in_quartile].sum() / tokens[in_quartile].sum()
                ).item()
        return output


__all__ = ["CodeFusionTrainer", "CodeFusionTrainingArguments"]
