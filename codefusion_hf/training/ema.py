# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Exponential moving average of the weights, as a callback of `Trainer`."""

import numbers
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from diffusers.training_utils import EMAModel
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor, distribute_tensor
from transformers import TrainerCallback

from codefusion_hf.modeling.argument_checks import shorten


EMA_FILE = "ema.safetensors"


def _parameter_names(model: nn.Module) -> list[str]:
    # Activation checkpointing of FSDP wraps layers, which shows in the names of their parameters alone.
    return [name.replace("_checkpoint_wrapped_module.", "") for name, _ in model.named_parameters()]


def _reshard(model: nn.Module) -> None:
    # Behind a forward pass, FSDP keeps weights gathered for a backward pass that an evaluation never makes.
    for module in model.modules():
        if isinstance(module, FSDPModule):
            module.reshard()


class EMACallback(TrainerCallback):
    """
    Keeps diffusers' [`~diffusers.training_utils.EMAModel`] of the trained weights, and restores it when training
    resumes.

    Args:
        decay (`float`):
            Decay of the average, in [0, 1). It is lower at first: `(1 + step) / (10 + step)`.

    Raises:
        ValueError: if `decay` is no number, or outside its range.
    """

    def __init__(self, decay: float):
        is_number = isinstance(decay, numbers.Real) and not isinstance(decay, bool)
        if not is_number or not 0.0 <= decay < 1.0:
            raise ValueError(f"`decay` must be a number in [0, 1), got {shorten(decay)}.")
        self.decay = decay
        self.resume_from_checkpoint: str | None = None
        self._ema: EMAModel | None = None

    @property
    def ema(self) -> EMAModel:
        """
        The average.

        Raises:
            RuntimeError: if training has not begun.
        """
        if self._ema is None:
            raise RuntimeError("There is no average of the weights: training has not begun.")
        return self._ema

    def on_train_begin(self, args, state, control, model: nn.Module, **kwargs):
        # torch has no fused copy of sharded weights.
        is_sharded = any(isinstance(parameter, DTensor) for parameter in model.parameters())
        self._ema = EMAModel(model.parameters(), decay=self.decay, foreach=not is_sharded)
        # In half precision, steps as small as an average makes would be rounded away.
        self.ema.to(args.device, dtype=torch.float32)
        if self.resume_from_checkpoint is not None:
            self.load(Path(self.resume_from_checkpoint) / EMA_FILE, model)

    def on_step_end(self, args, state, control, model: nn.Module, **kwargs):
        self.ema.step(model.parameters())

    def copy_to(self, model: nn.Module):
        """
        Put the average into the model, for good.

        Args:
            model (`nn.Module`):
                The model that was trained.

        Raises:
            RuntimeError: if training has not begun.
        """
        self.ema.copy_to(model.parameters())

    @contextmanager
    def average_weights(self, model: nn.Module) -> Iterator[None]:
        """
        Put the average into the model, and its own weights back at the end.

        Args:
            model (`nn.Module`):
                The model that is trained. Nothing is changed before training has begun, or where the average is in it
            already.
        """
        if self._ema is None or self._ema.temp_stored_params is not None:
            yield
            return
        _reshard(model)
        self.ema.store(model.parameters())
        self.ema.copy_to(model.parameters())
        try:
            yield
        finally:
            _reshard(model)
            self.ema.restore(model.parameters())

    def state_dict(self, model: nn.Module) -> dict[str, torch.Tensor]:
        """
        The average by the names of the weights; sharded ones are gathered, for which all processes have to call this.

        Args:
            model (`nn.Module`):
                The model that is trained.
        """
        return {
            name: (shadow.full_tensor() if isinstance(shadow, DTensor) else shadow).contiguous()
            for name, shadow in zip(_parameter_names(model), self.ema.shadow_params, strict=True)
        }

    def save(self, path: Path, model: nn.Module, should_save: bool = True):
        """
        Write the average to a file.

        Args:
            path (`Path`):
                The file, in the safetensors format.
            model (`nn.Module`):
                The model that is trained.
            should_save (`bool`, *optional*, defaults to `True`):
                Whether this process writes; the others only help to gather.
        """
        tensors = self.state_dict(model)
        if should_save:
            temporary = path.with_suffix(".tmp")
            save_file(tensors, temporary, metadata={"optimization_step": str(self.ema.optimization_step)})
            os.replace(temporary, path)

    def load(self, path: Path, model: nn.Module):
        """
        Read the average from a file.

        Args:
            path (`Path`):
                What [`~EMACallback.save`] has written.
            model (`nn.Module`):
                The model that is trained.

        Raises:
            ValueError: if there is no such file, or it is not of this model; the message names it.
            RuntimeError: if training has not begun.
        """
        if not path.is_file():
            raise ValueError(f"Cannot resume: the checkpoint has no averaged weights, {path} is missing.")
        names = _parameter_names(model)
        try:
            file = safe_open(path, framework="pt")
            step = int((file.metadata() or {})["optimization_step"])
        except (LookupError, SafetensorError, ValueError) as error:
            raise ValueError(f"Cannot resume: {path} holds no averaged weights: {error}") from error
        with file, torch.no_grad():
            shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118 (no mapping)
            if shapes != {
                name: list(shadow.shape) for name, shadow in zip(names, self.ema.shadow_params, strict=True)
            }:
                raise ValueError(f"Cannot resume: {path} holds the averaged weights of another model.")
            self.ema.optimization_step = step
            for name, shadow in zip(names, self.ema.shadow_params, strict=True):
                tensor = file.get_tensor(name)
                if isinstance(shadow, DTensor):
                    tensor = distribute_tensor(tensor.to(shadow.device), shadow.device_mesh, shadow.placements)
                shadow.copy_(tensor)


__all__ = ["EMA_FILE", "EMACallback"]
