# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Invented pairs of a sentence and Python code, in the manner of questions that are asked about Python.

The catalogue of idioms is YAML (`catalogue`), as are what may stand for a value (`phrases`) and the words (`words`).
"""

from codefusion_hf.languages.python.synthetic.generator import generate_pairs


__all__ = ["generate_pairs"]
