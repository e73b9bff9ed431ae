# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Muon for the matrices of a model's layers, AdamW for the rest."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn


class MuonAdamW(torch.optim.Optimizer):
    """
    Two optimizers in one: [`torch.optim.Muon`] (https://kellerjordan.github.io/posts/muon/), whose steps have singular
    values of about 1, and [`torch.optim.AdamW`]. Muon's steps are scaled to the size of AdamW's ("Muon is Scalable for
    LLM Training", https://huggingface.co/papers/2502.16982, section 2.2), so that both take one learning rate.

    Args:
        matrices (iterable of `torch.Tensor`):
            Matrices for Muon.
        others (iterable of `torch.Tensor`):
            Parameters for AdamW, at least one.
        lr (`float`):
            Learning rate.
        betas (`tuple[float, float]`), eps (`float`):
            Of AdamW.
        weight_decay (`float`):
            Weight decay of the matrices; the others have none.
    """

    def __init__(
        self,
        matrices: Iterable[torch.Tensor],
        others: Iterable[torch.Tensor],
        lr: float,
        betas: tuple[float, float],
        eps: float,
        weight_decay: float,
    ):
        self.muon = torch.optim.Muon(matrices, lr=lr, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw")
        self.adamw = torch.optim.AdamW(others, lr=lr, betas=betas, eps=eps, weight_decay=0.0)
        super().__init__([*self.muon.param_groups, *self.adamw.param_groups], {})
        self._share_groups()

    def _share_groups(self) -> None:
        # Whoever sets a learning rate sets it here.
        self.param_groups = [*self.muon.param_groups, *self.adamw.param_groups]

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """
        Add parameters for AdamW.

        Args:
            param_group (`dict[str, Any]`):
                As of [`torch.optim.Optimizer.add_param_group`].
        """
        if any(param_group is group for group in (*self.muon.param_groups, *self.adamw.param_groups)):
            return  # as the base class initialises itself
        self.adamw.add_param_group(param_group)
        self._share_groups()

    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """
        One step of both.

        Args:
            closure (`Callable`, *optional*):
                A function that computes the loss and its gradients.

        Returns:
            `float`, *optional*: the loss.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self.muon.step()
        self.adamw.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """The states of both."""
        return {"muon": self.muon.state_dict(), "adamw": self.adamw.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """
        Restore both.

        Args:
            state_dict (`dict[str, Any]`):
                From [`~MuonAdamW.state_dict`].
        """
        self.muon.load_state_dict(state_dict["muon"])
        self.adamw.load_state_dict(state_dict["adamw"])
        self._share_groups()


def layer_matrices(model: nn.Module) -> list[torch.Tensor]:
    """
    The matrices that Muon is for: those of the linear maps within a stack of layers, and neither embeddings, nor what
    projects from and to them.

    Args:
        model (`nn.Module`):
            The model.

    Returns:
        `list[torch.Tensor]`: those that are trained, in the model's order.
    """
    return [
        module.weight
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear)
        and any(part.isdigit() for part in name.split("."))
        and module.weight.requires_grad
    ]


def muon_adamw(model: nn.Module, lr: float, betas: tuple[float, float], eps: float, weight_decay: float) -> MuonAdamW:
    """
    The optimizer of a model.

    Args:
        model (`nn.Module`):
            The model.
        lr, betas, eps, weight_decay:
            As of [`MuonAdamW`].

    Returns:
        [`MuonAdamW`]

    Raises:
        ValueError: if the model has no layers, or nothing else.
    """
    matrices = layer_matrices(model)
    chosen = set(matrices)
    others = [parameter for parameter in model.parameters() if parameter.requires_grad and parameter not in chosen]
    if not matrices or not others:
        raise ValueError(
            f"`muon` needs a model with layers and more to train, got {len(matrices)} matrices of layers and "
            f"{len(others)} other parameters."
        )
    return MuonAdamW(matrices, others, lr, betas, eps, weight_decay)


__all__ = ["MuonAdamW", "layer_matrices", "muon_adamw"]
