# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Pictures of a call, read back as an image viewer reads them."""

import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageColor, ImageFont

from codefusion_hf.inference import pictures
from codefusion_hf.inference.pictures import CHANGED, RESULT_TIME, STEP_TIME, show_revisions
from codefusion_hf.pipelines import CodeFusionDraft, CodeFusionRevision


ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def revisions(make_pipeline):
    generator = torch.Generator().manual_seed(0)
    prompts = ["show the date", "count the lines of notes.txt"]
    return list(make_pipeline().stream(prompts, num_inference_steps=5, num_candidates=3, generator=generator))


def make_revisions(*drafts):
    """A call whose last draft is the result, of tokens with whether each changed."""
    made = [
        CodeFusionDraft("".join(tokens), list(tokens), list(changed), [0.9] * len(tokens), 0, [0] * len(tokens))
        for tokens, changed in drafts
    ]
    steps = [CodeFusionRevision(step, len(made) - 1, 1.0, [[draft]]) for step, draft in enumerate(made)]
    return [*steps[:-1], replace(steps[-1], timestep=None, output={})]


def pages_of(path):
    """The pictures of a file, as arrays, and how long each is shown."""
    with Image.open(path) as image:
        pages, times = [], []
        for number in range(image.n_frames):
            image.seek(number)
            pages.append(np.asarray(image.convert("RGB")).astype(int))
            times.append(image.info.get("duration"))
    return pages, times


def is_colored(page, color=CHANGED):
    """Where a page has about that colour: a GIF's are rounded."""
    return np.abs(page - np.array(ImageColor.getrgb(color))).max(axis=-1) < 12


def test_animation_has_the_steps_and_stays_on_the_result(revisions, tmp_path):
    path = show_revisions(revisions, tmp_path / "run.gif", title="show the date")
    assert path == tmp_path / "run.gif"
    pages, times = pages_of(path)
    assert len({page.shape for page in pages}) == 1
    # Equal pages one after the other are one page, for as long as both.
    assert 1 < len(pages) <= len(revisions)
    assert sum(times) == STEP_TIME * (len(revisions) - 1) + RESULT_TIME
    with Image.open(path) as image:
        assert image.info["loop"] == 0
    assert [file.name for file in tmp_path.iterdir()] == ["run.gif"]


@pytest.mark.parametrize("suffix", ["gif", "png"])
def test_changed_tokens_alone_are_coloured(suffix, tmp_path):
    steps = make_revisions((["ab", "cd"], [True, True]), (["ab", "ef"], [False, True]), (["ab", "ef"], [False, False]))
    pages, _ = pages_of(show_revisions(steps, tmp_path / f"run.{suffix}"))
    counts = [int(is_colored(page).sum()) for page in pages]
    if suffix == "png":
        rows = np.flatnonzero(is_colored(pages[0]).any(axis=1))
        # Two lines with a gap between them, of which the first is coloured twice as far.
        (gap,) = np.flatnonzero(np.diff(rows) > 1)
        counts = [int(is_colored(pages[0])[part].any(axis=0).sum()) for part in np.split(rows, [gap + 1])]
        assert counts[0] == pytest.approx(2 * counts[1], rel=0.1)
    else:
        assert counts[2] == 0 < counts[1]
        assert counts[0] == pytest.approx(2 * counts[1], rel=0.3)


def test_what_the_model_is_unsure_of_is_pale(tmp_path):
    darkest = []
    for confidence in (0.0, 0.5, 1.0):
        steps = make_revisions((["MW"], [False]), (["MW"], [False]))
        steps[0].drafts[0][0].confidences = [confidence]
        pages, _ = pages_of(show_revisions(steps, tmp_path / "run.gif"))
        first_line = pages[0][: pictures.MARGIN + round(pictures.FONT_SIZE * pictures.LINE_HEIGHT)]
        darkest.append(first_line.sum(axis=-1).min())
    assert darkest[0] > darkest[1] + 60 > darkest[2] + 120


def test_strip_leaves_out_steps_in_which_nothing_changed(tmp_path):
    first, same, last = (["ab"], [True]), (["ab"], [False]), (["cd"], [True])
    short, _ = pages_of(show_revisions(make_revisions(first, last), tmp_path / "short.png"))
    with_same, _ = pages_of(show_revisions(make_revisions(first, same, same, last), tmp_path / "same.png"))
    longer, _ = pages_of(show_revisions(make_revisions(first, last, first, last), tmp_path / "longer.png"))
    assert short[0].shape == with_same[0].shape
    assert longer[0].shape[0] > short[0].shape[0]


def test_draws_the_candidate_that_became_the_best_program(revisions, tmp_path):
    last = revisions[-1].drafts[1][0]
    alone = [replace(step, drafts=[[step.drafts[1][0 if step.is_last else last.candidate]]]) for step in revisions]
    alone[-1].drafts[0][0] = replace(last, candidate=0)
    expected = show_revisions(alone, tmp_path / "alone.png").read_bytes()
    assert show_revisions(revisions, tmp_path / "of_two.png", prompt_index=1).read_bytes() == expected
    assert show_revisions(revisions, tmp_path / "first.png").read_bytes() != expected


def test_a_run_that_was_left_early_is_drawn_as_far_as_it_came(revisions, tmp_path):
    _, times = pages_of(show_revisions(revisions[:2], tmp_path / "run.gif"))
    assert sum(times) == 2 * STEP_TIME


def test_long_lines_are_wrapped_and_no_character_is_lost(tmp_path):
    long = "x" * 40
    steps = make_revisions(([f"a\n\tb\x1b{long}"], [True]), (["a"], [True]))
    narrow, _ = pages_of(show_revisions(steps, tmp_path / "narrow.gif", title=long, columns=16))
    wide, _ = pages_of(show_revisions(steps, tmp_path / "wide.gif", title=long, columns=100))
    assert narrow[0].shape[0] > wide[0].shape[0] and narrow[0].shape[1] < wide[0].shape[1]
    # 2 lines of code, of 1 and of 4 + 1 + 4 (of the escape) + 40 characters, which are the coloured ones.
    cell = (wide[0].shape[1] - 2 * pictures.MARGIN) / 100
    for page, num_lines in ((narrow[0], 5), (wide[0], 2)):
        widths = [line.sum() for line in is_colored(page) if line.any()]
        assert len(widths) // (round(pictures.FONT_SIZE * pictures.LINE_HEIGHT) - 4) == num_lines
    assert max(np.flatnonzero(is_colored(wide[0]).any(axis=0))) == pytest.approx(pictures.MARGIN + 49 * cell, abs=2)


def test_needs_no_other_font_than_pillows_own(revisions, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MONOSPACED_FONT", "no.ttf")
    show_revisions(revisions, tmp_path / "run.gif")
    assert pictures._load_font().getname() == ImageFont.load_default(12).getname()


@pytest.mark.parametrize(
    "kwargs, named",
    [
        ({"path": "run.jpg"}, "path"),
        ({"revisions": []}, "revisions"),
        ({"prompt_index": 2}, "prompt_index"),
        ({"columns": 8}, "columns"),
    ],
)
def test_refuses_what_it_cannot_draw(kwargs, named, revisions, tmp_path):
    arguments = {"revisions": revisions, "path": "run.gif", **kwargs}
    with pytest.raises(ValueError, match=f"`{named}`"):
        show_revisions(**{**arguments, "path": tmp_path / arguments["path"]})
    assert not list(tmp_path.iterdir())


def test_a_file_stays_as_it_was_where_drawing_fails(revisions, tmp_path, monkeypatch):
    path = tmp_path / "run.gif"
    path.write_bytes(b"older")
    monkeypatch.setattr(Image.Image, "save", lambda *args, **kwargs: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        show_revisions(revisions, path)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("run.gif", b"older")]


@pytest.mark.parametrize("code", [None, "find . -name '*.py'", "find . <mask>"])
def test_example_draws_what_it_generates_revises_or_fills_in(code, tmp_path, monkeypatch, capsys):
    path = tmp_path / "run.gif"
    given = [] if code is None else ["--code", code]
    monkeypatch.setattr(sys, "argv", ["show_revisions.py", "list all files", str(path), *given])
    runpy.run_path(str(ROOT / "examples" / "show_revisions.py"), run_name="__main__")
    assert capsys.readouterr().out == f"Written to {path}\n"
    assert len(pages_of(path)[0]) > 1
