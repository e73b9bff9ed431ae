# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Programs for prompts: loading a checkpoint, and batches that go on where they were interrupted."""
