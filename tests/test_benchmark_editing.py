# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The measurement of filling in and mending: what is masked and broken, and that shares are those of what comes."""

import json

import pytest

from benchmarks.editing import (
    MASKED,
    STRENGTHS,
    Trigrams,
    main,
    make_faults,
    make_gaps,
    measure_infilling,
    measure_neighbors,
    measure_revising,
    same,
)
from codefusion_hf.pipelines import CodeFusionInfillPipeline, CodeFusionPipelineOutput, CodeFusionRevisePipeline


ROWS = {
    "bash": [
        {"text": f"find files {number} below a", "code": f"find a -name 'b{number}.txt' | xargs grep -l word{number}"}
        for number in range(30)
    ],
    "python": [{"text": f"sort {number}", "code": f"values{number}.sort(key=len)"} for number in range(10)],
    "cf": [{"text": f"above {number}", "code": f"GreaterThan(c[1], {number})"} for number in range(10)],
}


@pytest.mark.parametrize("language", MASKED)
def test_one_word_is_masked(language):
    rows = ROWS[language]
    gaps = make_gaps(rows, language, 9)
    codes = [gap.before + gap.word + gap.after for gap in gaps]
    assert len(gaps) == len(set(codes)) == 9 and set(codes) <= {row["code"] for row in rows}
    kinds = [gap.kind for gap in gaps]
    assert {kind: kinds.count(kind) for kind in kinds} == dict.fromkeys(MASKED[language], 9 // len(MASKED[language]))
    assert all(gap.code == f"{gap.before}<mask>{gap.after}" for gap in gaps)
    if language == "bash":
        words = {kind: {gap.word for gap in gaps if gap.kind == kind} for kind in kinds}
        assert words["utility"] <= {"find", "xargs"} and words["flag"] <= {"-name", "-l"}
    assert make_gaps(rows, language, 9) == gaps


def test_trigrams_know_what_stands_between():
    (gap,) = [gap for gap in make_gaps(ROWS["bash"], "bash", 30) if gap.word == "-name"][:1]
    assert Trigrams([row["code"] for row in ROWS["bash"]], "bash").predict(gap)[0] == "-name"
    assert Trigrams([], "bash").predict(gap) == []
    gap = make_gaps(ROWS["cf"], "cf", 1)[0]
    assert gap.word in Trigrams([gap.before + gap.word + gap.after] * 2, "cf").predict(gap)


def test_each_fault_is_one():
    faults = make_faults(ROWS["bash"], 20)
    kinds = {fault["kind"] for fault in faults}
    assert kinds == {"flag dropped", "flag swapped", "misspelt", "order", "quote lost"}
    for fault in faults:
        assert not same(fault["draft"], fault["code"])
        draft, code = fault["draft"].split(), fault["code"].split()
        assert len(code) - len(draft) == (fault["kind"] == "flag dropped")


def test_shares_are_those_of_what_comes(make_pipeline, monkeypatch):
    """A pipeline that always fills in the same word, and one that gives every draft back."""
    gaps = make_gaps(ROWS["bash"], "bash", 9)
    word = gaps[0].word

    def fill(self, prompts, codes, **kwargs):
        return CodeFusionPipelineOutput(codes=[[code.replace("<mask>", word)] * 5 for code in codes])

    monkeypatch.setattr(CodeFusionInfillPipeline, "__call__", fill)
    pipe = make_pipeline()
    figures = measure_infilling(pipe, gaps, Trigrams([row["code"] for row in ROWS["bash"]], "bash"), "bash")
    expected = 100.0 * sum(gap.word == word for gap in gaps) / 9
    assert figures["all"]["infill"] == figures["all"]["infill, top-1"] == pytest.approx(expected)
    assert figures["all"]["number"] == 9

    def give_back(self, prompts, codes, **kwargs):
        return CodeFusionPipelineOutput(codes=[[code] for code in codes])

    monkeypatch.setattr(CodeFusionRevisePipeline, "__call__", give_back)
    figures = measure_revising(pipe, make_faults(ROWS["bash"], 10), "bash")
    assert list(figures) == [f"{strength}" for strength in STRENGTHS]
    assert all(of_strength["all"].get("mended", 0.0) == 0.0 for of_strength in figures.values())
    assert all(of_strength["all"].get("broken", 0.0) == 0.0 for of_strength in figures.values())
    right = {"text": "list all files", "code": "ls -a"}
    rows = [right, {"text": "print the date", "code": "date"}]
    figures = measure_neighbors(pipe, rows, [right, {"text": "print the date", "code": "date -u"}], "bash")
    assert figures == {"number": 2} | {f"{strength}": 50.0 for strength in (0.0, *STRENGTHS)}


def test_the_command_writes_its_figures(make_pipeline, tmp_path, capsys):
    pipe = make_pipeline()
    type(pipe)(**pipe.components, sampling_defaults={"num_inference_steps": 1}).save_pretrained(tmp_path / "model")
    data, output = tmp_path / "pairs.jsonl", tmp_path / "figures.json"
    data.write_text("".join(json.dumps({"text": row["text"], "code": "ls -l a"}) + "\n" for row in ROWS["bash"]))
    arguments = ["--checkpoint", str(tmp_path / "model"), "--data", str(data), "--train-data", str(data)]
    main([*arguments, "--number", "3", "--output", str(output)])
    figures = json.loads(output.read_text())
    assert figures["infilling"]["all"]["trigram"] == 100.0
    assert figures["resampling"]["number"] == 3
    assert figures["resampling"]["drawn: parse"] <= figures["resampling"]["resampled: parse"]
    assert figures["neighbors"]["0.0"] == 100.0
    assert set(figures["revising"]) == {f"{strength}" for strength in STRENGTHS}
    assert "infilling" in capsys.readouterr().out
