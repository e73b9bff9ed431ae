# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion infill`: gaps filled, what is given kept, and bad input in one line."""

import json

import pytest

from codefusion_hf.pipelines import CodeFusionInfillPipeline


@pytest.fixture
def infill(run, checkpoint):
    """A function that runs `codefusion infill` with a tiny checkpoint."""
    return lambda *argv: run("infill", "--checkpoint", checkpoint, "--num-inference-steps", "2", *argv)


def test_infill_prints_ranked_candidates_with_what_is_given(infill):
    code, out, err = infill("count lines", "--code", "wc <mask> notes.txt", "--temperature", "1")
    lines = out.splitlines()
    assert code == 0 and err == ""
    assert lines[0] == "count lines"
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3", "4", "5"]
    assert all("wc " in line and line.endswith(" notes.txt") for line in lines[1:])


def test_json_has_the_code_with_its_gaps_and_a_prompt_may_be_empty(infill):
    code, out, _ = infill("", "--code", "<mask> -l <mask>", "--json", "--num-return-sequences", "2", "--seed", "3")
    row = json.loads(out)
    assert code == 0
    assert (row["prompt"], row["code"], len(row["candidates"])) == ("", "<mask> -l <mask>", 2)
    assert all(set(candidate) == {"code", "score"} for candidate in row["candidates"])
    assert all(" -l " in candidate["code"] for candidate in row["candidates"])


def test_lengths_are_the_pipelines_where_nothing_is_said(infill, monkeypatch):
    calls = []
    call = CodeFusionInfillPipeline.__call__

    def keep(self, *args, **kwargs):
        output = call(self, *args, **kwargs)
        calls.append((len(self.lengths), kwargs.get("max_mask_length")))
        return output

    monkeypatch.setattr(CodeFusionInfillPipeline, "__call__", keep)
    assert infill("x", "--code", "wc <mask>")[0] == 0
    assert infill("x", "--code", "wc <mask>", "--num-candidates", "6", "--max-mask-length", "2")[0] == 0
    assert infill("x", "--code", "wc <mask>", "--show-steps")[0] == 0
    assert calls == [(10, None), (6, 2), (1, None)]


def test_show_steps_prints_each_draft(infill):
    code, out, _ = infill("count lines", "--code", "wc <mask> notes.txt", "--show-steps")
    steps = [line for line in out.splitlines() if line.startswith("step")]
    assert code == 0
    assert [line.split()[1] for line in steps] == ["1/2", "2/2"]
    assert all(line.endswith(" notes.txt") for line in steps)


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["x"], "--code"),
        (["--code", "wc <mask>"], "PROMPT"),
        (["x", "--code", "wc -l"], "`code` must have `<mask>`"),
        (["x", "--code", ""], "`code`"),
        (["x", "--code", "wc <mask> \udcff"], "`code` must be Unicode text"),
        (["x", "--code", "wc <mask>" * 30], "`code` must leave a token for each `<mask>`"),
        (["x", "--code", "wc <mask>", "--max-mask-length", "0"], "`max_mask_length` must be an integer in [1, 23]"),
        (["x", "--code", "wc <mask>", "--scheduler", "Nonsense"], "Nonsense"),
        (["x", "--code", "wc <mask>", "--output", "x.jsonl"], "--output"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(argv, named, checkpoint, refuse):
    assert named in refuse("infill", "--checkpoint", checkpoint, *argv)
