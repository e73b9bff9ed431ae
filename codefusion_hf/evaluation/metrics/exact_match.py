# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Exact match: two programs are equal when they differ in whitespace only."""


def normalize_whitespace(code: str) -> str:
    """
    Collapse every run of whitespace to one space and strip both ends.

    Whitespace inside quotes collapses too: exact match is a comparison of strings and knows no language.

    Args:
        code (`str`):
            The code, of any language.

    Returns:
        `str`: The normalised code; two programs match exactly when theirs are equal.
    """
    return " ".join(code.split())
