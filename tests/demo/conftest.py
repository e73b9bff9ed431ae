# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The page's modules, which lie in a folder of their own as in a Space, and a tiny checkpoint for all languages."""

import sys
from pathlib import Path

import pytest


DEMO = Path(__file__).resolve().parents[2] / "demo"

# As Python does for `python demo/app.py`.
sys.path.insert(0, str(DEMO))


@pytest.fixture(scope="session")
def demo_folder():
    return DEMO


@pytest.fixture(scope="session")
def tiny_writer(make_pipeline, tmp_path_factory):
    """The page's writer, with a tiny pipeline for all languages."""
    from generation import Writer

    folder = tmp_path_factory.mktemp("writer")
    make_pipeline().save_pretrained(folder)
    return Writer(dict.fromkeys(("bash", "python", "cf"), str(folder)))
