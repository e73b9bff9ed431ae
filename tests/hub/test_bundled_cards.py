# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The cards of the bundled checkpoints say what these write."""

import re

import pytest
import torch

from codefusion_hf import CodeFusionPipeline
from codefusion_hf.checkpoints import checkpoint_path
from codefusion_hf.languages import get_language


ROW = re.compile(r"\| (.+?) \| `(.+)` \| (right|nearly|wrong).* \|")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["bash", "python", "cf"])
def test_the_ten_answers_of_a_card_are_what_comes(language):
    folder = checkpoint_path(f"{language}-tiny")
    rows = [match.groups() for match in map(ROW.fullmatch, (folder / "README.md").read_text().splitlines()) if match]
    assert len(rows) == 10
    pipe = CodeFusionPipeline.from_pretrained(folder)
    for prompt, code, _ in rows:
        generator = torch.Generator().manual_seed(0)
        output = pipe(prompt, is_valid=get_language(language).is_valid, generator=generator)
        assert output.codes[0][0] == code.replace(r"\|", "|"), prompt
