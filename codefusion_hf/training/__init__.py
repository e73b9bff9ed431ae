# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Training CodeFusion: the trainer, its two phases and the presets."""
