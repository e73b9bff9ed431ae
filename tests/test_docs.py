# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The README and the pages of docs/: what they show runs, and what they link to is there."""

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest


ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/**/*.md"))]

LINK = re.compile(r"!?\[[^\]\[]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# Pages whose Python runs as it is. That of the others needs the Hub.
PYTHON_PAGES = ("README.md", "docs/generating.md", "docs/languages.md", "docs/memory.md", "docs/revising.md")
NEEDS_HUB = "user/my-codefusion"


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors_of(text: str) -> set[str]:
    """What headings can be linked by."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_somewhere(path):
    for target in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        linked = (path.parent / file) if file else path
        assert linked.exists(), f"{name_of(path)} links to {target}"
        if anchor:
            assert anchor in anchors_of(linked.read_text(encoding="utf-8")), f"{name_of(path)} links to {target}"


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_pages_say_nothing_of_how_they_were_written(path):
    found = re.findall(r"\b(?:sessions?|sittings?)\b", path.read_text(encoding="utf-8"), re.IGNORECASE)
    assert not found


@pytest.mark.slow
@pytest.mark.parametrize("name", [*PYTHON_PAGES, "docs/schedulers.md"])
def test_python_runs_and_prints_what_is_shown(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = FENCE.findall((ROOT / name).read_text(encoding="utf-8"))
    namespace: dict[str, object] = {}
    num_run = 0
    for (language, code), (next_language, shown) in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        if language != "python" or NEEDS_HUB in code:
            continue
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, name, "exec"), namespace)  # our own pages
        if next_language == "text":
            assert printed.getvalue() == shown
        num_run += 1
    assert num_run > 0


@pytest.mark.slow
def test_site_builds_without_a_warning(tmp_path):
    pytest.importorskip("material")
    pytest.importorskip("mkdocstrings")
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert result.returncode == 0, result.stderr
    page = (tmp_path / "site" / "api" / "pipelines" / "index.html").read_text(encoding="utf-8")
    # Arguments are items of a list, and methods are there that are called by no name.
    assert "<strong>num_inference_steps</strong>" in page and "__call__" in page
