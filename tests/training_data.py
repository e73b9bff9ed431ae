# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The data of a training, for tests of both kinds of them."""

from codefusion_hf.training.arguments import TrainingDataArguments


def data_of(*paths, **options):
    """The files to train on, and more arguments."""
    return TrainingDataArguments(train_data=list(map(str, paths)), **options)
