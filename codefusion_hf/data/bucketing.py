# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Batches of rows of about the same length, as padding costs more than anything else."""

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler


# Batches that are sorted together: enough to find rows alike, few enough that batches change with the epoch.
BATCHES_PER_POOL = 50


class BucketSampler(Sampler[int]):
    """
    Draws the rows of an epoch so that each `batch_size` of them in turn are about as long as each other.

    The rows are shuffled, sorted within pools of 50 batches, and the batches are shuffled again. (transformers'
    [`~transformers.trainer_pt_utils.LengthGroupedSampler`] leaves each pool in order, the longest first: the loss is
    then a sawtooth, and the length head sees nothing but one length for many steps.) The order depends on seed and
    epoch alone, so that a resumed run gets the same one.

    Args:
        keys (`Sequence[int]`):
            What the rows are sorted by, one a row.
        batch_size (`int`):
            Rows of a batch (over all processes), 1 or more.
        seed (`int`, *optional*, defaults to 0):
            Seed of the order.

    Raises:
        ValueError: if `batch_size` is below 1.
    """

    def __init__(self, keys: Sequence[int], batch_size: int, seed: int = 0):
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be at least 1, got {batch_size}.")
        self.keys = torch.tensor(keys)
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """
        Choose the order of an epoch; `Trainer` calls it.

        Args:
            epoch (`int`):
                The epoch, 0 or more.
        """
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed + self.epoch)
        rows = torch.randperm(len(self.keys), generator=generator)
        pools = rows.split(BATCHES_PER_POOL * self.batch_size)
        rows = torch.cat([pool[self.keys[pool].argsort(stable=True)] for pool in pools])
        batches = rows.split(self.batch_size)
        # Only the last batch may be smaller: behind it, all others would be cut in the wrong places.
        whole = len(rows) // self.batch_size
        order = torch.randperm(whole, generator=generator).tolist()
        for batch in [*(batches[index] for index in order), *batches[whole:]]:
            yield from batch.tolist()


__all__ = ["BATCHES_PER_POOL", "BucketSampler"]
