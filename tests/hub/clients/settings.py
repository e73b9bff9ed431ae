# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What the programs in this folder and the tests have to agree on."""

TOKEN = "hf_of_alice"
CHUNK_SIZE = 4096


__all__ = ["CHUNK_SIZE", "TOKEN"]
