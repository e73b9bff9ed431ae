# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The notebook: every cell runs, and prints what it shows."""

from pathlib import Path

import pytest


ROOT = Path(__file__).resolve().parents[1]
PATH = ROOT / "examples" / "tour.ipynb"


def texts_of(notebook):
    """What the cells print, and of what they return the text; pictures and addresses are others each time."""
    texts = []
    for cell in notebook.cells:
        # In as many pieces as the kernel happens to send.
        texts.append("".join(output["text"] for output in cell.get("outputs", []) if output.get("name") == "stdout"))
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                texts.append(output["data"]["text/html"])
    return [text for text in texts if text]


@pytest.mark.slow
def test_every_cell_runs_and_prints_what_is_shown(tmp_path, monkeypatch):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    shown = nbformat.read(PATH, as_version=4)
    notebook = nbformat.read(PATH, as_version=4)
    for cell in notebook.cells:
        cell.update({"outputs": []} if cell.cell_type == "code" else {})
    nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    texts = texts_of(notebook)
    assert len(texts) == len(texts_of(shown)) > 3
    assert texts[0] == texts_of(shown)[0] and texts[2:] == texts_of(shown)[2:]
    # The confidences in a page may round otherwise.
    assert [text.count("<pre") for text in texts] == [text.count("<pre") for text in texts_of(shown)]
    assert (tmp_path / "steps.png").stat().st_size > 0
