# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Invented tables, sentences about them, and the rules that the sentences ask for."""

from .generator import generate_rows


__all__ = ["generate_rows"]
