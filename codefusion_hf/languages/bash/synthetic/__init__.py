# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Invented pairs of a sentence and a Bash command: a catalogue of utilities, and how people compose them."""

from .generator import generate_pairs


__all__ = ["generate_pairs"]
