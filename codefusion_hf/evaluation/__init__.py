# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Evaluation of checkpoints; needs the extra `evaluation` (`pip install 'codefusion-hf[evaluation]'`)."""
