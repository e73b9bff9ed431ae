# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What is asked of the model, step by step, as the page and the API show it."""

import re
from html import unescape

import pytest
from generation import SCHEDULERS, Settings
from limits import MAX_SHOWN, RequestError


pytest.importorskip("openpyxl", reason="workbooks are read with openpyxl")
pytest.importorskip("defusedxml", reason="uploads are looked through with defusedxml")

from drawing import draw_candidates, draw_run, draw_step, draw_waiting  # noqa: E402


def text_of(page):
    return unescape(re.sub("<[^>]*>", "", page))


@pytest.mark.parametrize(
    ("task", "arguments"),
    [
        ("generate", ("show the date",)),
        ("revise", ("", "wc -l notes.txt", 1)),
        ("infill", ("", "wc <mask> notes.txt")),
    ],
)
def test_a_run_ends_with_ranked_candidates(task, arguments, tiny_writer):
    *steps, last = getattr(tiny_writer, task)(Settings(steps=3, candidates=6, seed=1), *arguments)
    assert [step.step for step in steps] == [0, 1, 2] and last.step == 3
    assert all(len(step.drafts) == 6 and step.candidates is None for step in steps)
    assert len(last.candidates) == len(last.drafts) == MAX_SHOWN
    assert [draft.code for draft in last.drafts] == [candidate.code for candidate in last.candidates]
    # What is well-formed comes first where the checkpoint says so; the tiny one does not.
    assert all(isinstance(candidate.is_valid, bool) and candidate.score <= 0 for candidate in last.candidates)
    if task == "infill":
        assert all(
            candidate.code.startswith("wc ") and candidate.code.endswith(" notes.txt") for candidate in last.candidates
        )


def test_the_seed_and_the_scheduler_decide(tiny_writer):
    def codes(**kwargs):
        *_, last = tiny_writer.generate(Settings(steps=2, candidates=4, **kwargs), "show the date")
        return [candidate.code for candidate in last.candidates]

    assert codes(seed=3) == codes(seed=3) != codes(seed=4)
    # Of second order: it evaluates the denoiser twice a step, but for the last.
    *_, last = tiny_writer.generate(Settings(steps=3, scheduler="HeunDiscreteScheduler"), "show the date")
    assert last.step == last.num_steps == 5


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_all_schedulers_are_there(scheduler, tiny_writer):
    *_, last = tiny_writer.generate(Settings(steps=2, candidates=1, scheduler=scheduler), "show the date")
    assert len(last.candidates) == 1


@pytest.mark.parametrize(
    "kwargs",
    [
        {"language": "perl"},
        {"steps": 31},
        {"steps": "many"},
        {"candidates": 21},
        {"candidates": 0},
        {"scheduler": "LMSDiscreteScheduler"},
        {"seed": -1},
        {"seed": 2**32},
    ],
)
def test_settings_that_are_not_allowed(kwargs):
    (name,) = kwargs
    with pytest.raises(RequestError, match=f"^{name.capitalize()}: expected"):
        Settings(**kwargs)


@pytest.mark.parametrize(
    ("task", "arguments", "message"),
    [
        ("generate", ("",), "Prompt: please write something"),
        ("generate", ("x" * 401,), "Prompt: at most 400 characters, got 401"),
        ("revise", ("x", "", 0.4), "Draft: please write something"),
        ("revise", ("x", "date", 2), "Strength: expected a number from 0 to 1, got 2"),
        ("infill", ("x", "date"), "Code: write <mask> where"),
    ],
)
def test_a_wrong_request_is_refused_before_its_turn(task, arguments, message, tiny_writer):
    with pytest.raises(RequestError, match=message):
        getattr(tiny_writer, task)(Settings(), *arguments)


def test_code_with_too_many_tokens_is_refused_with_a_message(tiny_writer):
    with pytest.raises(RequestError, match="`code` must be at most 23 tokens long"):
        next(tiny_writer.revise(Settings(), "x", "wc " * 60, 0.4))


def test_the_api_gets_lists_that_do_not_get_shorter(tiny_writer):
    """Gradio's client cannot put together the differences of others."""
    before = {"drafts": [], "candidates": []}
    for step in tiny_writer.generate(Settings(steps=3, candidates=7), "show the date"):
        as_json = step.to_json()
        assert set(as_json) == {"waiting", "step", "num_steps", "drafts", "candidates"}
        assert all(len(as_json[name]) >= len(before[name]) for name in before)
        before = {name: as_json[name] for name in before}
    assert len(before["candidates"]) == 5 and set(before["candidates"][0]) == {"code", "score", "is_valid"}


def test_a_draft_that_stays_has_no_steps(tiny_writer):
    *steps, last = tiny_writer.revise(Settings(steps=3, candidates=6, seed=1), "show the date", "wc -l notes.txt", 0.7)
    (draft,) = [draft for draft in last.drafts if draft.code == "wc -l notes.txt"]
    assert draft.candidate not in {before.candidate for before in steps[0].drafts}
    assert draw_run([*steps, last]).count(draft.page) == len(steps) + 1


def test_the_page_shows_each_step_of_the_programs_that_are_returned(tiny_writer):
    *steps, last = run = list(tiny_writer.generate(Settings(steps=3, candidates=7, seed=2), "show the date"))
    page = draw_run(run)
    frames = re.findall(r'<section class="frame"( hidden)?>(.*?)</section>', page)
    assert [hidden for hidden, _ in frames] == [" hidden"] * 3 + [""]
    for step, (_, frame) in zip(steps, frames[:-1], strict=True):
        shown = [text_of(row) for row in re.findall("<li>(.*?)</li>", frame, re.DOTALL)]
        assert shown == [step.drafts[candidate.candidate].code for candidate in last.candidates]
    assert 'class="changed"' in frames[0][1]
    assert draw_step(steps[0]).count("<li>") == MAX_SHOWN
    assert "1 person is before you" in draw_waiting(1) and "3 people are" in draw_waiting(3)


def test_code_is_text_on_the_page(tiny_writer):
    from generation import Candidate

    page = draw_candidates(
        [Candidate("<img src=x onerror=alert(1)>", -0.5, False, 0), Candidate("date", -1.0, True, 1)]
    )
    assert "<img" not in page and "&lt;img" in page
    assert "✗ not valid" in page and "✓ valid" in page and "-0.50" in page
