# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
What the trainers of CodeFusion and of its baseline share: batches by length, checkpoints that are whole, and an end
that comes in time.
"""

import json
import logging
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from transformers import AutoTokenizer, PreTrainedTokenizerBase, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR, get_last_checkpoint, rotate_checkpoints

from codefusion_hf.data.bucketing import BucketSampler
from codefusion_hf.manifest import describe, find_damages

from .checkpoints import check_resumable, checkpoint_step, last_whole_checkpoint, write_checkpoint_manifest
from .diagnostics import TrainingDivergedError, find_divergence
from .muon import muon_adamw


logger = logging.getLogger(__name__)


# Folder in `output_dir` in which a checkpoint is written until it is complete. `get_last_checkpoint` does not see it.
INCOMPLETE_DIR = "incomplete"


# With fp16, a step whose gradients overflow is skipped, and the scale of the loss halved, from 65536 on: so many of
# them in a row are not the scale's fault.
MAX_SKIPPED_STEPS = 50


def checkpoint_to_resume(args: TrainingArguments, resume_from_checkpoint: str | bool | None) -> str | None:
    """
    Which checkpoint a training starts from.

    Args:
        args ([`~transformers.TrainingArguments`]):
            Of the training.
        resume_from_checkpoint (`str` or `bool`, *optional*):
            Folder of one, or `True` for the last one in `output_dir`.

    Returns:
        `str`, *optional*: its folder, or `None` to start anew.

    Raises:
        ValueError: if there is nothing to resume, the checkpoint is damaged
            ([`~codefusion_hf.training.checkpoints.check_resumable`]), or `output_dir` has checkpoints of another run,
            with which those of this one would be mixed.
        OSError: if a file of the checkpoint cannot be read.
    """
    output_dir = args.output_dir
    last_checkpoint = get_last_checkpoint(output_dir) if Path(output_dir).is_dir() else None
    checkpoint = last_checkpoint if resume_from_checkpoint is True else resume_from_checkpoint or None
    if resume_from_checkpoint is True and checkpoint is None:
        raise ValueError(f"Cannot resume: no checkpoint in `output_dir`, {output_dir}.")
    if last_checkpoint is not None and (
        checkpoint is None
        or (args.save_strategy != "no" and checkpoint_step(last_checkpoint) > checkpoint_step(checkpoint))
    ):
        raise ValueError(
            f"`output_dir` has later checkpoints of another run, up to {last_checkpoint}: resume from that one, "
            "delete them, or give another folder."
        )
    if checkpoint is not None:
        check_resumable(checkpoint)
    return checkpoint


@contextmanager
def _cannot_resume(path: Path) -> Iterator[None]:
    """What is whole may be of another training: say which file could not be loaded into this one."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except (AttributeError, EOFError, LookupError, RuntimeError, SafetensorError, TypeError, ValueError) as error:
        message = " ".join(str(error).split())
        raise ValueError(f"Cannot resume: {path} does not fit this training: {message[:300]}") from error


def _rules(tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    """All by which a tokenizer makes numbers of a text. How it last padded and cut a batch does not count."""
    rules: dict[str, Any] = {
        "vocabulary": tokenizer.get_vocab(),
        "special tokens": tokenizer.special_tokens_map,
        "model_max_length": tokenizer.model_max_length,
        "sides": (tokenizer.padding_side, tokenizer.truncation_side),
    }
    if tokenizer.is_fast:
        backend = json.loads(tokenizer.backend_tokenizer.to_str())
        rules |= {name: value for name, value in backend.items() if name not in ("padding", "truncation")}
    return rules


class _EpochOfSampler(TrainerCallback):
    """
    Tells a sampler its epoch. Trainer does, too, but where it skips batches to resume and the sampler is shared out
    among processes, neither it nor accelerate gets through to it.
    """

    def __init__(self):
        self.sampler: BucketSampler | None = None

    def on_epoch_begin(self, args, state, control, **kwargs):
        if self.sampler is not None:
            self.sampler.set_epoch(int(state.epoch))


class BaseTrainer(Trainer):
    """
    [`~transformers.Trainer`] with

    - batches that [`BucketSampler`] buckets by length (`train_sampling_strategy="group_by_length"`),
    - checkpoints that are visible only when they are complete, are not mixed with those of another run, and have a
      manifest ([`~codefusion_hf.manifest`]) by which a damaged one is refused,
    - a training that stops where it diverges, and before it writes that down,
    - a training that stops in time (`max_minutes`), with a checkpoint to go on from.

    A checkpoint is gone on from with the learning rate of `args`, which may be another one than before.

    Args:
        args ([`~transformers.TrainingArguments`]), and all that [`~transformers.Trainer`] takes.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._epoch_of_sampler = _EpochOfSampler()
        self.add_callback(self._epoch_of_sampler)
        self._incomplete_dir: str | None = None
        self._skipped_steps = 0
        # Whether the last training was stopped by `max_minutes`, before its end.
        self.is_unfinished = False

    def train(self, resume_from_checkpoint: str | bool | None = None, **kwargs):
        """
        As [`~transformers.Trainer.train`].

        Raises:
            TrainingDivergedError: if a loss or a weight is not finite; the message names the last good checkpoint.
            ValueError: as of [`checkpoint_to_resume`], or if the checkpoint is of another model or tokenizer.
            OSError: if a checkpoint cannot be written. The one before it is whole.
        """
        checkpoint = checkpoint_to_resume(self.args, resume_from_checkpoint)
        if checkpoint is not None:
            self._check_tokenizer(Path(checkpoint))
        self.is_unfinished = False
        self._skipped_steps = 0
        self.prepare_resume(checkpoint)
        output = super().train(resume_from_checkpoint=checkpoint, **kwargs)
        self._check_weights()
        return output

    def prepare_resume(self, checkpoint: str | None) -> None:
        """
        Note where what [`~BaseTrainer.save_beside_weights`] has written is to be read from.

        Args:
            checkpoint (`str`, *optional*):
                Folder of the checkpoint that the training starts from, which is whole; `None` if it starts anew.
        """

    def _check_tokenizer(self, checkpoint: Path) -> None:
        """Another tokenizer, or a damaged one, makes other numbers of the same data."""
        tokenizer = self.processing_class
        if not isinstance(tokenizer, PreTrainedTokenizerBase) or not (checkpoint / "tokenizer_config.json").is_file():
            return
        with _cannot_resume(checkpoint / "tokenizer_config.json"):
            saved = AutoTokenizer.from_pretrained(checkpoint)
        if _rules(saved) != _rules(tokenizer):
            raise ValueError(
                f"Cannot resume: the tokenizer of this training is not the one of {checkpoint}. Start from the same "
                "checkpoint or tokenizer as before."
            )

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        with _cannot_resume(Path(resume_from_checkpoint)):
            super()._load_from_checkpoint(resume_from_checkpoint, model)

    def _issue_warnings_after_load(self, load_result: Any) -> None:
        # Trainer warns, and goes on with what it has: random weights.
        state = self.model.state_dict()
        loaded = {tensor.data_ptr() for name, tensor in state.items() if name not in load_result.missing_keys}
        # A weight that goes by two names is saved under one of them.
        missing = [name for name in load_result.missing_keys if state[name].data_ptr() not in loaded]
        if others := [*missing, *load_result.unexpected_keys]:
            raise ValueError(f"it has other weights than the model: {', '.join(others[:3])} ...")

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        learning_rates = list(getattr(self.lr_scheduler, "base_lrs", ()))
        with _cannot_resume(Path(checkpoint or "") / "optimizer.pt"):
            super()._load_optimizer_and_scheduler(checkpoint)
        scheduler = self.lr_scheduler
        if checkpoint is None or not isinstance(scheduler, LambdaLR) or scheduler.base_lrs == learning_rates:
            return
        # What is loaded are the former ones. To go on from before a training diverged, a lower one is needed.
        logger.info("The learning rate is %s from here on, and was %s.", learning_rates[0], scheduler.base_lrs[0])
        scheduler.base_lrs = learning_rates
        for group, base, factor in zip(self.optimizer.param_groups, learning_rates, scheduler.lr_lambdas, strict=True):
            group["initial_lr"] = base
            group["lr"] = base * factor(scheduler.last_epoch)
        scheduler._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def _load_rng_state(self, checkpoint: str | None) -> None:
        with _cannot_resume(Path(checkpoint or "")):
            super()._load_rng_state(checkpoint)

    def _load_best_model(self) -> None:
        if damages := find_damages(self.state.best_model_checkpoint):
            raise ValueError(f"Cannot load the best checkpoint: {describe(damages)}.")
        super()._load_best_model()

    def training_step(self, model: nn.Module, *args, **kwargs) -> torch.Tensor:
        """
        As [`~transformers.Trainer.training_step`].

        Raises:
            TrainingDivergedError: if the loss is not finite.
        """
        loss = super().training_step(model, *args, **kwargs)
        # Trainer looks at it as well, but to hide it from the log.
        if torch.isfinite(loss).all():
            self._skipped_steps = 0
        else:
            self._skipped_steps += 1
            if self._skipped_steps > (MAX_SKIPPED_STEPS if getattr(self.accelerator, "scaler", None) else 0):
                raise self._divergence(self.state.global_step + 1, f"the loss is {loss.float().mean().item()}")
        return loss

    def _check_weights(self) -> None:
        """All processes have to call this."""
        damage = find_divergence(self.accelerator.unwrap_model(self.model).named_parameters())
        flag = torch.tensor([damage is not None], device=self.args.device)
        if self.accelerator.gather(flag).any():
            raise self._divergence(self.state.global_step, damage or "a weight of another process is not finite")

    def _divergence(self, step: int, what: str) -> TrainingDivergedError:
        checkpoint = last_whole_checkpoint(self.args.output_dir)
        good = (
            f"the last good checkpoint is {checkpoint}: go on from it with a lower `learning_rate`"
            if checkpoint is not None
            else "there is no checkpoint before it: start again with a lower `learning_rate`"
        )
        return TrainingDivergedError(
            f"Training diverged at step {step}: {what}. Nothing is saved of it; {good} than "
            f"{self.args.learning_rate:g}, or longer `warmup_steps`."
        )

    def _maybe_log_save_evaluate(self, *args, **kwargs):
        # At the end of each step and of each epoch, also of one that is broken off, which has been saved already.
        if self.is_unfinished:
            self.control.should_save = self.control.should_evaluate = False
        if not self.control.should_training_stop and self._time_is_up():
            self.is_unfinished = self.control.should_training_stop = self.control.should_save = True
            logger.info(
                "Stopped by `max_minutes` at step %d of %d, with a checkpoint to resume from.",
                self.state.global_step,
                self.state.max_steps,
            )
        if self.control.should_evaluate or self.control.should_save:
            self._check_weights()
        super()._maybe_log_save_evaluate(*args, **kwargs)

    def _time_is_up(self) -> bool:
        max_minutes = getattr(self.args, "max_minutes", None)
        if max_minutes is None:
            return False
        flag = torch.tensor([time.monotonic() - self.args.start_time >= 60.0 * max_minutes], device=self.args.device)
        # The clocks of several processes tick one behind the other.
        return bool((self.accelerator.gather(flag) if self.args.world_size > 1 else flag).any())

    def _finalize_training(self, *args, **kwargs):
        if not self.is_unfinished:
            return super()._finalize_training(*args, **kwargs)
        # Trainer would put the best weights in the place of the last ones, and delete the checkpoint to resume from.
        best, self.state.best_model_checkpoint = self.state.best_model_checkpoint, None
        try:
            return super()._finalize_training(*args, **kwargs)
        finally:
            self.state.best_model_checkpoint = best

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """
        As [`~transformers.Trainer.create_optimizer`], or [`~codefusion_hf.training.muon.MuonAdamW`] with `muon`.

        Raises:
            ValueError: if `muon` is set, and the matrices are sharded or there are none.
        """
        if not getattr(self.args, "muon", False) or self.optimizer is not None:
            return super().create_optimizer(model)
        if self.is_fsdp_enabled or self.is_deepspeed_enabled:
            raise ValueError("`muon` needs whole matrices, which FSDP and DeepSpeed shard: use DDP.")
        args = self.args
        optimizer = muon_adamw(
            self.model if model is None else model,
            args.learning_rate,
            (args.adam_beta1, args.adam_beta2),
            args.adam_epsilon,
            args.weight_decay,
        )
        self.optimizer: Any = optimizer
        return optimizer

    def _run_epoch(self, *args, **kwargs):
        if self.state.global_step >= self.state.max_steps:
            # Trainer looks only behind a step, and would make one more when a finished run is resumed.
            self.control.should_training_stop = True
        else:
            super()._run_epoch(*args, **kwargs)

    def _get_train_sampler(self, train_dataset=None):
        if self.args.train_sampling_strategy != "group_by_length":
            return super()._get_train_sampler(train_dataset)
        dataset = self.train_dataset if train_dataset is None else train_dataset
        # The batches of all processes together: each of them then gets rows of about one length.
        batch_size = self.args.train_batch_size * self.args.world_size
        sampler = BucketSampler(dataset[self.args.length_column_name], batch_size, self.args.seed)
        self._epoch_of_sampler.sampler = sampler
        return sampler

    def save_beside_weights(self, checkpoint: Path) -> None:
        """
        Write what a checkpoint has beside Trainer's own files.

        Args:
            checkpoint (`Path`):
                Its folder while it is written. All processes call this; the main one makes it.

        Raises:
            OSError: if it cannot be written.
        """

    def _save_checkpoint(self, model, trial):
        run_dir = Path(self._get_output_dir(trial))
        checkpoint = run_dir / f"{PREFIX_CHECKPOINT_DIR}-{self.state.global_step}"
        incomplete_dir = run_dir / INCOMPLETE_DIR
        try:
            if self.args.should_save:
                shutil.rmtree(incomplete_dir, ignore_errors=True)  # of a run that was killed
                (incomplete_dir / checkpoint.name).mkdir(parents=True)
            self.accelerator.wait_for_everyone()
            self._incomplete_dir = str(incomplete_dir)
            super()._save_checkpoint(model, trial)
            self.save_beside_weights(incomplete_dir / checkpoint.name)
            self._point_to_best_checkpoint(run_dir, incomplete_dir / checkpoint.name)
            self.accelerator.wait_for_everyone()  # until all have written their files
            if self.args.should_save:
                write_checkpoint_manifest(incomplete_dir / checkpoint.name, is_resumable=not self.args.save_only_model)
        except (OSError, RuntimeError, SafetensorError) as error:
            if self.args.should_save:
                shutil.rmtree(incomplete_dir, ignore_errors=True)
            # torch reports a full disk as a RuntimeError of its writer.
            if isinstance(error, RuntimeError) and not re.search("PytorchStreamWriter|unexpected pos", str(error)):
                raise
            raise OSError(
                f"Cannot write the checkpoint {checkpoint} ({error}). Nothing of it is left; the checkpoint before it "
                "is whole, and `resume_from_checkpoint=True` goes on from there."
            ) from error
        finally:
            self._incomplete_dir = None
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            (incomplete_dir / checkpoint.name).rename(checkpoint)
            shutil.rmtree(incomplete_dir)
            # By their numbers: one that a kill left half deleted is the latest by its time.
            rotate_checkpoints(
                str(run_dir), self.args.save_total_limit, self.state.best_model_checkpoint, use_mtime=False
            )
        if self.args.push_to_hub:
            self._push_from_checkpoint(str(checkpoint))
        self.accelerator.wait_for_everyone()

    def _get_output_dir(self, trial):
        # `Trainer._save_checkpoint` writes, and deletes, where this says.
        return self._incomplete_dir or super()._get_output_dir(trial)

    def _push_from_checkpoint(self, checkpoint_folder: str) -> None:
        if self._incomplete_dir is None:
            super()._push_from_checkpoint(checkpoint_folder)

    def _point_to_best_checkpoint(self, run_dir: Path, incomplete_checkpoint: Path) -> None:
        """Name the best checkpoint as it will be called: Trainer has looked for it among the incomplete ones."""
        if self.state.best_global_step is not None:
            best = run_dir / f"{PREFIX_CHECKPOINT_DIR}-{self.state.best_global_step}"
            if best.exists() or self.state.best_global_step == self.state.global_step:
                self.state.best_model_checkpoint = str(best)
        if self.args.should_save:
            self.state.save_to_json(os.fspath(incomplete_checkpoint / "trainer_state.json"))


__all__ = ["INCOMPLETE_DIR", "BaseTrainer", "checkpoint_to_resume"]
