# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A checkpoint on the Hub: its card, and the push."""
