# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The known collapses of diffusion in an embedding space, as numbers that an evaluation logs, with what to do about them.

- `embedding_norm`: mean length of the rows of the embedding table, relative to `sqrt(latent_size)`. They are used at
  that length, so only the table's directions count; but the longer it is, the slower an optimiser turns it.
- `embedding_similarity`: mean cosine similarity of the embeddings of two different tokens. At 1 all are the same, the
  collapse of Difformer (https://huggingface.co/papers/2212.09412, section 3.1).
- `rounding_accuracy`: share of the code's tokens whose embedding is the nearest one to the estimate of x_0, overall
  and, as `rounding_accuracy_q1` … `q4`, by quarter of the timestep.
- `pad_share`: share of the code's tokens for which the head gives padding; `empty_share`: share of the programs that
  it ends before the first token. Where padding counts as code, both go to 1.

And of any training: whether its weights are numbers still.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch.distributed.tensor import DTensor

from codefusion_hf.modeling import CodeFusionModel, CodeFusionOutput


# The largest number of half precision, in which checkpoints are stored and run, and far above any weight of a training
# that goes well.
LARGEST_WEIGHT = 65504.0


class TrainingDivergedError(ValueError):
    """A loss or a weight is not finite, or about to be: `learning_rate` is too high, or the data are broken."""


def find_divergence(named_tensors: Iterable[tuple[str, torch.Tensor]]) -> str | None:
    """
    The first weight that is none.

    Args:
        named_tensors (iterable of `tuple[str, torch.Tensor]`):
            Names and weights, such as `model.named_parameters()`. Of sharded ones, this process's part is looked at.

    Returns:
        `str`, *optional*: what is wrong, for an error message; `None` if all weights are finite and within half
        precision.
    """
    names, largest = [], []
    for name, tensor in named_tensors:
        local = (tensor.to_local() if isinstance(tensor, DTensor) else tensor).detach()
        if local.numel() > 0 and local.is_floating_point():
            names.append(name)
            largest.append(local.abs().amax().float())
    if not largest:
        return None
    # One transfer from a GPU for all weights. Nothing can be compared with NaN.
    maxima = torch.stack(largest).tolist()
    for name, maximum in zip(names, maxima, strict=True):
        if not maximum <= LARGEST_WEIGHT:
            return f"`{name}` has a weight of {maximum:g}, and {LARGEST_WEIGHT:g} is the largest of half precision"
    return None


def _embedding_table(model: CodeFusionModel) -> torch.Tensor:
    """The table as it is learned; one that is sharded is gathered, for which all processes have to be here."""
    weight = model.embedding.embedding.weight
    return weight.full_tensor() if isinstance(weight, DTensor) else weight


@dataclass
class TokenCounts:
    """
    Counts for each program of an evaluation, all of shape `(num_programs,)`.

    Args:
        tokens (`torch.FloatTensor`):
            Tokens of the code.
        correct (`torch.FloatTensor`):
            Those that the head gets right.
        rounded (`torch.FloatTensor`):
            Those whose embedding is the nearest one to the estimate of x_0.
        pads (`torch.FloatTensor`):
            Those for which the head gives padding.
        empty (`torch.FloatTensor`):
            1 where the first token is the end of the program or padding.
    """

    tokens: torch.Tensor
    correct: torch.Tensor
    rounded: torch.Tensor
    pads: torch.Tensor
    empty: torch.Tensor

    @classmethod
    def of(cls, model: CodeFusionModel, labels: torch.Tensor, outputs: CodeFusionOutput) -> "TokenCounts":
        """
        Args:
            model ([`CodeFusionModel`]):
                The model.
            labels (`torch.LongTensor` of shape `(batch_size, code_length)`):
                The programs, padded with -100.
            outputs ([`CodeFusionOutput`]):
                Of the model on them.
        """
        is_code = labels != -100
        tokens = outputs["logits"].argmax(dim=-1)
        # All embeddings have the same length: the nearest one is the one with the largest product.
        directions = F.normalize(_embedding_table(model), dim=-1)
        nearest = (outputs["pred_original_sample"] @ directions.T).argmax(dim=-1)
        # The canvas may be wider than the labels.
        tokens, nearest = tokens[:, : labels.shape[1]], nearest[:, : labels.shape[1]]
        first = tokens[:, 0]
        return cls(
            is_code.sum(dim=1).float(),
            ((tokens == labels) & is_code).sum(dim=1).float(),
            ((nearest == labels) & is_code).sum(dim=1).float(),
            ((tokens == model.config.pad_token_id) & is_code).sum(dim=1).float(),
            ((first == model.config.eos_token_id) | (first == model.config.pad_token_id)).float(),
        )

    def columns(self) -> tuple[torch.Tensor, ...]:
        """The counts in the order of the constructor."""
        return self.tokens, self.correct, self.rounded, self.pads, self.empty

    def __getitem__(self, rows: torch.Tensor) -> "TokenCounts":
        return TokenCounts(*(column[rows] for column in self.columns()))

    def accuracies(self) -> dict[str, float]:
        """`accuracy` and `rounding_accuracy`, shares of all tokens."""
        tokens = self.tokens.sum()
        return {
            "accuracy": (self.correct.sum() / tokens).item(),
            "rounding_accuracy": (self.rounded.sum() / tokens).item(),
        }

    def metrics(self) -> dict[str, float]:
        """`rounding_accuracy`, `pad_share` and `empty_share`."""
        tokens = self.tokens.sum()
        return {
            "rounding_accuracy": (self.rounded.sum() / tokens).item(),
            "pad_share": (self.pads.sum() / tokens).item(),
            "empty_share": self.empty.mean().item(),
        }


@torch.no_grad()
def embedding_metrics(model: CodeFusionModel) -> dict[str, float]:
    """
    State of the embedding table.

    Args:
        model ([`CodeFusionModel`]):
            The model.

    Returns:
        `dict` with `embedding_norm` and `embedding_similarity`.
    """
    table = _embedding_table(model).float()
    norm = table.norm(dim=-1).mean() / table.shape[-1] ** 0.5
    directions = F.normalize(table, dim=-1)
    # Mean over all pairs, without the products of all pairs: |sum of the directions|^2 is the sum of all of them.
    size = len(directions)
    similarity = (directions.sum(dim=0).square().sum() - size) / (size * (size - 1))
    return {"embedding_norm": norm.item(), "embedding_similarity": similarity.item()}


def collapse_warnings(metrics: dict[str, float]) -> Iterator[str]:
    """
    What is wrong, and what to change.

    Args:
        metrics (`dict[str, float]`):
            Of an evaluation, by the names of this module's documentation; one that is missing is not looked at.

    Returns:
        An iterator over warnings, empty if all is well.
    """

    def is_above(name: str, limit: float) -> bool:
        return metrics.get(name, limit) > limit

    def is_below(name: str, limit: float) -> bool:
        return metrics.get(name, limit) < limit

    if is_above("embedding_similarity", 0.5):
        yield (
            f"The code embeddings have become alike (mean cosine similarity {metrics['embedding_similarity']:.2f}): "
            "rounding cannot tell the tokens apart. Raise `noise_factor`, or lower `learning_rate`."
        )
    if is_above("embedding_norm", 10.0) or is_below("embedding_norm", 0.1):
        yield (
            f"The code embeddings are {metrics['embedding_norm']:.2g} times as long as they are used: they hardly "
            "turn, or jump. Lower `learning_rate`, and leave `weight_decay` at 0."
        )
    if is_above("pad_share", 0.5):
        yield (
            f"The head gives padding for {metrics['pad_share']:.0%} of the code's tokens. Pad `labels` with -100, and "
            "let the model predict the canvas length (`predict_length`, a small `canvas_step`)."
        )
    if is_above("empty_share", 0.5):
        yield (
            f"{metrics['empty_share']:.0%} of the programs end before their first token. Look for empty programs in "
            "the data, and lower `canvas_step`."
        )
    if is_below("rounding_accuracy_q1", 0.1):
        yield (
            f"Only {metrics['rounding_accuracy_q1']:.0%} of the tokens are found again in the quarter of the schedule "
            "with the least noise. Early in training that is how it starts; if it stays, lower `noise_factor` or "
            "raise `latent_size`."
        )
    if is_above("rounding_accuracy_q4", 0.95):
        yield (
            f"{metrics['rounding_accuracy_q4']:.0%} of the tokens are found again in the quarter of the schedule with "
            "the most noise: there is nothing to learn. Raise `noise_factor`."
        )


__all__ = ["TokenCounts", "TrainingDivergedError", "collapse_warnings", "embedding_metrics", "find_divergence"]
