# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`transformers.Trainer` for CodeFusion."""

import dataclasses
import logging
import math
import numbers
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import TrainingArguments
from transformers.integrations import is_deepspeed_zero3_enabled

from codefusion_hf.data.masking import DEFAULT_MASK_PROBABILITY
from codefusion_hf.modeling import CodeFusionModel
from codefusion_hf.modeling.argument_checks import check_number, shorten

from .base_trainer import BaseTrainer
from .diagnostics import TokenCounts, collapse_warnings, embedding_metrics
from .ema import EMA_FILE, EMACallback
from .lora import merged_model
from .neighbors import NeighborDraw
from .randomness import StepRandomness


logger = logging.getLogger(__name__)

# Minutes of a year: more is a mistake.
MAX_MINUTES = 366.0 * 24 * 60


ATTENTIONS = ("eager", "sdpa")


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
        cpd_probability (`float`, *optional*, defaults to 0.5):
            Share of the rows of pre-training that get code-specific CPD, in [0, 1]; the others get unsupervised code
            generation. The mixing weight of the paper's two tasks.
        cpd_mask_probability (`float`, *optional*, defaults to 0.5):
            Share of a snippet's identifiers and keywords that CPD masks, in (0, 1]; at least one.
        prompt_dropout_probability (`float`, *optional*, defaults to 0.0):
            Share of the rows of fine-tuning whose encoded prompt is replaced by Gaussian noise, in [0, 1]: the model
            then also learns code without a prompt, as in the paper's pre-training, which is what classifier-free
            guidance (https://huggingface.co/papers/2207.12598) leads away from.
        prompt_mask_probability (`float`, *optional*, defaults to 0.0):
            Share of the prompt's tokens that are replaced by the mask token in fine-tuning, in [0, 1]: against
            learning a small data set by heart, at no cost, where dropout costs a CPU a quarter of a step.
        attn_implementation (`str`, *optional*):
            `"eager"` or `"sdpa"`: how attention is computed in training. Defaults to the model's choice. With `bf16`
            on a CPU, a step is a fifth faster with `"eager"`, for the backward pass of the other.
        muon (`bool`, *optional*, defaults to `False`):
            Whether the matrices of the layers are trained with Muon, and only the rest with AdamW, see
            [`~codefusion_hf.training.muon.MuonAdamW`]. `weight_decay` then is that of these matrices; `optim` must be
            left as it is.
        neighbor_dropout_probability (`float`, *optional*, defaults to 0.4):
            With a memory, share of the batches of fine-tuning whose prompts are read without neighbours, in [0, 1].
        neighbor_copy_steps (`int`, *optional*, defaults to 0):
            With a memory, first steps in which more rows than later have their own program, with a few edits, as a
            neighbour, to learn copying from (see [`~codefusion_hf.training.neighbors.NeighborDraw`]). With 0, none
            ever has.
        num_sample_prompts (`int`, *optional*, defaults to 4):
            Prompts of the validation data that `codefusion train` generates code for at each evaluation, see
            [`~codefusion_hf.training.samples.SampleCallback`].
        label_smoothing_factor (`float`, *optional*, defaults to 0.0):
            As of [`~transformers.TrainingArguments`], in [0, 1), for
            [`~codefusion_hf.training.baseline.BaselineTrainer`] alone.
        max_minutes (`float`, *optional*):
            A time box, above 0: training stops behind the first step that ends so many minutes after these arguments
            were made (which `codefusion train` does before it reads the data), with a checkpoint that `--resume` goes
            on from, whatever `save_strategy` says. Minutes of each process, not of all resumed ones together.
        export_unfinished (`bool`, *optional*, defaults to `False`):
            Whether what `max_minutes` has stopped is exported all the same, as if it were finished.

    `prediction_loss_only` is always `True` and `remove_unused_columns` always `False`.

    Raises:
        ValueError: if an argument is outside its range.
    """

    ema_decay: float = field(default=0.999, metadata={"help": "Decay of the moving average of the weights."})
    train_encoder: bool = field(default=True, metadata={"help": "Whether the encoder is trained."})
    cpd_probability: float = field(default=0.5, metadata={"help": "Share of the rows of pre-training that get CPD."})
    cpd_mask_probability: float = field(
        default=DEFAULT_MASK_PROBABILITY, metadata={"help": "Share of the names that CPD masks."}
    )
    prompt_dropout_probability: float = field(
        default=0.0, metadata={"help": "Share of the rows of fine-tuning that lose their prompt."}
    )
    prompt_mask_probability: float = field(
        default=0.0, metadata={"help": "Share of the prompts' tokens that are masked in fine-tuning."}
    )
    attn_implementation: str | None = field(
        default=None, metadata={"help": "How attention is computed in training: eager or sdpa (the model's choice)."}
    )
    muon: bool = field(default=False, metadata={"help": "Whether the layers' matrices are trained with Muon."})
    neighbor_dropout_probability: float = field(
        default=0.4, metadata={"help": "Share of the batches of fine-tuning that are read without neighbours."}
    )
    neighbor_copy_steps: int = field(
        default=0,
        metadata={"help": "First steps in which more rows have their own program as a neighbour."},
    )
    num_sample_prompts: int = field(default=4, metadata={"help": "Prompts to generate code for at each evaluation."})
    max_minutes: float | None = field(default=None, metadata={"help": "Minutes after which training stops."})
    export_unfinished: bool = field(
        default=False, metadata={"help": "Whether what `max_minutes` has stopped is exported all the same."}
    )

    def __post_init__(self):
        self.start_time = time.monotonic()
        _check_numbers(self)
        super().__post_init__()
        if not 0.0 <= self.ema_decay < 1.0:
            raise ValueError(f"`ema_decay` must be in [0, 1), got {self.ema_decay}.")
        if self.max_minutes is not None:
            check_number("max_minutes", self.max_minutes, 0.0, MAX_MINUTES)
            if self.max_minutes == 0.0:
                raise ValueError("`max_minutes` must be above 0, got 0.")
        for name in (
            "cpd_probability",
            "prompt_dropout_probability",
            "prompt_mask_probability",
            "neighbor_dropout_probability",
        ):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"`{name}` must be in [0, 1], got {getattr(self, name)}.")
        if not 0.0 < self.cpd_mask_probability <= 1.0:
            raise ValueError(f"`cpd_mask_probability` must be above 0 and at most 1, got {self.cpd_mask_probability}.")
        if not 0.0 <= self.label_smoothing_factor < 1.0:
            raise ValueError(f"`label_smoothing_factor` must be in [0, 1), got {self.label_smoothing_factor}.")
        if self.attn_implementation not in (None, *ATTENTIONS):
            raise ValueError(
                f"`attn_implementation` must be None or one of {', '.join(ATTENTIONS)}, got "
                f"{self.attn_implementation!r}."
            )
        if self.neighbor_copy_steps < 0:
            raise ValueError(f"`neighbor_copy_steps` must be at least 0, got {self.neighbor_copy_steps}.")
        if self.num_sample_prompts < 0:
            raise ValueError(f"`num_sample_prompts` must be at least 0, got {self.num_sample_prompts}.")
        # The loss is all that evaluation needs; gathering the scores of a whole vocabulary would fill the memory.
        self.prediction_loss_only = True
        # The collators pick their columns. Trainer would drop the others before it looks for the one to bucket by.
        self.remove_unused_columns = False


def _check_numbers(args: TrainingArguments) -> None:
    """Refuse a text where a number is needed, and numbers that are none: Trainer compares and multiplies with them."""
    for argument in dataclasses.fields(args):
        value = getattr(args, argument.name)
        if argument.type not in (int, float) or value is None:
            continue
        kind = numbers.Integral if argument.type is int else numbers.Real
        is_number = isinstance(value, kind) and not isinstance(value, bool)
        if not is_number or not -math.inf < value < math.inf:
            allowed = "an integer" if argument.type is int else "a finite number"
            raise ValueError(f"`{argument.name}` must be {allowed}, got {shorten(value)}.")


class CodeFusionTrainer(BaseTrainer):
    """
    [`~transformers.Trainer`] for both phases of CodeFusion.

    - It keeps a moving average of the weights, which is what is evaluated and what `save_model` writes.
    - It buckets by length with [`~codefusion_hf.data.bucketing.BucketSampler`]
      (`train_sampling_strategy="group_by_length"`).
    - All that is random in a step is drawn from the seed and the number of the step ([`StepRandomness`]): a resumed
      run goes on bit for bit, and several processes train as one would on the same batch.
    - A checkpoint is visible only when it is complete.

    The metrics of an evaluation are, beside `eval_loss`: `eval_cross_entropy_q1` … `q4` (nats a token, mean over
    programs) and `eval_accuracy_q1` … `q4` (share of the code's tokens that the head gets right), for timesteps in the
    first to the last quarter of the schedule, since an average over all of them hides what happens at either end; and
    those of [`~codefusion_hf.training.diagnostics`], which warns where they show a collapse.

    Args:
        args ([`CodeFusionTrainingArguments`]), and all that [`~transformers.Trainer`] takes.

    Raises:
        ValueError: if `label_smoothing_factor` is not 0, or DeepSpeed ZeRO stage 3 or FSDP version 1 is used.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.args.label_smoothing_factor != 0.0:
            # Trainer's smoother would take the labels from the model, whose likelihood wants the tokens themselves.
            raise ValueError(
                "`label_smoothing_factor` must be 0 for CodeFusion, which makes its losses itself, got "
                f"{self.args.label_smoothing_factor}."
            )
        if is_deepspeed_zero3_enabled() or (
            self.is_fsdp_enabled and self.accelerator.state.fsdp_plugin.fsdp_version == 1
        ):
            raise ValueError(
                "The moving average needs whole or DTensor weights: use DeepSpeed ZeRO stage 2 or FSDP version 2, not "
                "ZeRO stage 3 or FSDP version 1."
            )
        model = self.accelerator.unwrap_model(self.model)
        if self.args.attn_implementation is not None:
            model.set_attn_implementation(self.args.attn_implementation)
        if not self.args.train_encoder:
            model.encoder.requires_grad_(False)
        self.ema_callback = EMACallback(self.args.ema_decay)
        self.add_callback(self.ema_callback)
        self.randomness = StepRandomness(
            model,
            self.processing_class,
            self.args.seed,
            self.args.cpd_probability,
            self.args.cpd_mask_probability,
            self.args.prompt_dropout_probability,
            self.args.prompt_mask_probability,
            self.args.process_index,
            self.args.world_size,
            NeighborDraw(self.args.neighbor_dropout_probability, self.args.neighbor_copy_steps),
        )
        self._last_batch = (-1, 0)
        self._loss_terms: dict[str, tuple[torch.Tensor, int]] = {}
        self._eval_rows: list[torch.Tensor] = []

    def prepare_resume(self, checkpoint: str | None) -> None:
        """The moving average."""
        self.ema_callback.resume_from_checkpoint = checkpoint

    def compute_loss(self, model: nn.Module, inputs: dict[str, Any], return_outputs: bool = False, **kwargs):
        if model.training:
            if not self.args.train_encoder:
                self.accelerator.unwrap_model(model).encoder.eval()  # no dropout in what is frozen
            step, batch = self._last_batch
            self._last_batch = (self.state.global_step, batch + 1 if step == self.state.global_step else 0)
            inputs = self.randomness(inputs, self._last_batch)
        loss, outputs = super().compute_loss(model, inputs, return_outputs=True, **kwargs)
        if model.training:
            for name in ("denoising_loss", "embedding_loss", "cross_entropy_loss", "length_loss"):
                if outputs.get(name) is not None:
                    total, count = self._loss_terms.get(name, (0.0, 0))
                    self._loss_terms[name] = (total + outputs[name], count + 1)
        return (loss, outputs) if return_outputs else loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in logs:
            for name, (total, count) in self._loss_terms.items():
                logs[name] = self.accelerator.gather(total / count).mean().item()
            self._loss_terms.clear()
        super().log(logs, start_time)

    def prediction_step(self, model, inputs, prediction_loss_only, ignore_keys=None):
        inputs = self._prepare_inputs(inputs)
        inputs = self.randomness(inputs, (len(self._eval_rows),), is_training=False)
        with torch.no_grad(), self.compute_loss_context_manager():
            loss, outputs = self.compute_loss(model, inputs, return_outputs=True)
            counts = TokenCounts.of(self.accelerator.unwrap_model(model), inputs["labels"], outputs)
        rows = torch.stack([outputs["timesteps"].float(), outputs["token_loss"], *counts.columns()], dim=1)
        self._eval_rows.append(self.accelerator.gather_for_metrics(rows))
        return loss.detach(), None, None

    def evaluation_loop(self, *args, metric_key_prefix: str = "eval", **kwargs):
        """As [`~transformers.Trainer.evaluation_loop`], with the averaged weights and the same noise at each call."""
        self._eval_rows.clear()
        model = self.accelerator.unwrap_model(self.model)
        # A data loader draws a seed for its workers, and a training with dropout must not notice.
        devices = [self.args.device] if self.args.device.type == "cuda" else []
        with self.ema_callback.average_weights(model), torch.random.fork_rng(devices=devices):
            output = super().evaluation_loop(*args, metric_key_prefix=metric_key_prefix, **kwargs)
            embeddings = embedding_metrics(model)
        timesteps, token_loss, *columns = torch.cat(self._eval_rows).unbind(dim=1)
        counts = TokenCounts(*columns)
        metrics = {**counts.metrics(), **embeddings}
        quartiles = (timesteps * 4 / model.config.num_train_timesteps).long()
        for quartile in range(4):
            rows = quartiles == quartile
            if rows.any():
                metrics[f"cross_entropy_q{quartile + 1}"] = token_loss[rows].mean().item()
                metrics |= {f"{name}_q{quartile + 1}": value for name, value in counts[rows].accuracies().items()}
        for warning in collapse_warnings(metrics):
            logger.warning(warning)
        output.metrics.update({f"{metric_key_prefix}_{name}": value for name, value in metrics.items()})
        return output

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """As [`~transformers.Trainer.save_model`]: the averaged weights, as that is what is evaluated."""
        if self._incomplete_dir is not None:  # a checkpoint, which has both
            super().save_model(output_dir, _internal_call)
        else:
            with self.ema_callback.average_weights(self.model):
                super().save_model(output_dir, _internal_call)

    def averaged_model(self) -> CodeFusionModel:
        """
        A model of its own with the averaged weights, wherever and however the trained one is kept: LoRA is merged,
        shards are gathered (all processes have to call this).

        Returns:
            [`CodeFusionModel`], in evaluation mode, on the CPU.
        """
        trained = self.accelerator.unwrap_model(self.model)
        weights = self.ema_callback.state_dict(trained)
        return merged_model(trained, weights)

    def save_beside_weights(self, checkpoint: Path) -> None:
        """The moving average."""
        self.ema_callback.save(checkpoint / EMA_FILE, self.model, self.args.should_save)

    def _load_best_model(self):
        super()._load_best_model()
        self.ema_callback.load(Path(self.state.best_model_checkpoint) / EMA_FILE, self.model)


__all__ = ["CodeFusionTrainer", "CodeFusionTrainingArguments"]
