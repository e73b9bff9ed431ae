# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A memory: pairs of a prompt and code to look up, in a folder or on the Hub."""

from .memory import CodeFusionMemory, Neighbor, load_memory


__all__ = ["CodeFusionMemory", "Neighbor", "load_memory"]
