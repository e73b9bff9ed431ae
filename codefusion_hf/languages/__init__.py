# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What is particular to each language."""

# The first is what commands take by default.
LANGUAGES = ("bash", "python", "cf")
