# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What the trainers of CodeFusion and of its baseline share: batches by length, and checkpoints that are whole."""

import os
import re
import shutil
from pathlib import Path

from safetensors import SafetensorError
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR, get_last_checkpoint, rotate_checkpoints

from codefusion_hf.data.bucketing import BucketSampler


# Folder in `output_dir` in which a checkpoint is written until it is complete. `get_last_checkpoint` does not see it.
INCOMPLETE_DIR = "incomplete"


def _step_of(checkpoint: str) -> int:
    """The number in a checkpoint's name; 0 if it has another one."""
    match = re.fullmatch(rf"{PREFIX_CHECKPOINT_DIR}-(\d+)", Path(checkpoint).name)
    return int(match[1]) if match else 0


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
        ValueError: if there is nothing to resume, or `output_dir` has checkpoints of another run, with which those of
            this one would be mixed.
    """
    output_dir = args.output_dir
    last_checkpoint = get_last_checkpoint(output_dir) if Path(output_dir).is_dir() else None
    checkpoint = last_checkpoint if resume_from_checkpoint is True else resume_from_checkpoint or None
    if resume_from_checkpoint is True and checkpoint is None:
        raise ValueError(f"Cannot resume: no checkpoint in `output_dir`, {output_dir}.")
    if last_checkpoint is not None and (
        checkpoint is None or (args.save_strategy != "no" and _step_of(last_checkpoint) > _step_of(checkpoint))
    ):
        raise ValueError(
            f"`output_dir` has later checkpoints of another run, up to {last_checkpoint}: resume from that one, "
            "delete them, or give another folder."
        )
    return checkpoint


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
    - checkpoints that are visible only when they are complete, and are not mixed with those of another run.

    Args:
        args ([`~transformers.TrainingArguments`]), and all that [`~transformers.Trainer`] takes.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._epoch_of_sampler = _EpochOfSampler()
        self.add_callback(self._epoch_of_sampler)
        self._incomplete_dir: str | None = None

    def train(self, resume_from_checkpoint: str | bool | None = None, **kwargs):
        """
        As [`~transformers.Trainer.train`].

        Raises:
            ValueError: as of [`checkpoint_to_resume`].
            OSError: if a checkpoint cannot be written. The one before it is whole.
        """
        checkpoint = checkpoint_to_resume(self.args, resume_from_checkpoint)
        return super().train(resume_from_checkpoint=checkpoint, **kwargs)

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
