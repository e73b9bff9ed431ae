# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Examples, and the scores of candidates in each language."""

import json
import math
import shutil
from pathlib import Path

import pytest


for module in ("bashlex", "rapidfuzz", "sacrebleu", "sklearn"):
    pytest.importorskip(module)

import codefusion_hf  # noqa: E402
from codefusion_hf.data.pairs import load_rows  # noqa: E402
from codefusion_hf.data.preparation import prepare_rows  # noqa: E402
from codefusion_hf.evaluation.examples import Example, group_examples, select_examples  # noqa: E402
from codefusion_hf.evaluation.scoring import (  # noqa: E402
    candidate_metrics,
    metric_title,
    score_candidates,
    score_diversity,
    unparsable_share,
)
from codefusion_hf.languages import LANGUAGES, get_language  # noqa: E402


COOKBOOK = Path(codefusion_hf.__file__).parent / "cookbook"

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


def values(scores):
    return {name: estimate.value for name, estimate in scores.items()}


# --- Examples


def test_examples_gather_the_references_of_a_prompt():
    rows = [
        {"text": "List files", "code": "ls"},
        {"text": "show date", "code": "date"},
        {"text": "list  files", "code": "ls -a"},
        {"text": "list files", "code": "ls"},
    ]
    assert group_examples(rows) == [Example("List files", ("ls", "ls -a")), Example("show date", ("date",))]


def test_examples_about_different_tables_are_different():
    row = {"text": "mark the top", "code": "Top(1)", "data": [["a"], [1]]}
    examples = group_examples([row, {**row, "code": "Top(2)"}, {**row, "data": [["a"], [2]]}])
    assert [(example.references, example.table) for example in examples] == [
        (("Top(1)", "Top(2)"), (("a",), (1,))),
        (("Top(1)",), (("a",), (2,))),
    ]


def test_novel_is_what_has_no_reference_among_the_codes():
    example = Example("list files", ("ls", "ls  -a"))
    assert example.is_novel({"ls -l"})
    assert not example.is_novel({"ls -a"})


def test_limit_always_selects_the_same_examples():
    examples = [Example(f"prompt {index}", ("ls",)) for index in range(50)]
    selected = select_examples(examples, 10)
    assert len(set(selected)) == 10
    assert select_examples(examples[::-1], 10) == selected
    assert select_examples(examples, 50) == sorted(examples, key=lambda example: example.prompt)
    with pytest.raises(ValueError, match="`limit`"):
        select_examples(examples, 0)


# --- Scores


@needs_bash
def test_scores_of_bash():
    examples = [
        Example("a", ("ls -la docs", "find docs")),
        Example("b", ("date",)),
        Example("c", ("cat a | wc -l",)),
        Example("d", ("pwd",)),
    ]
    candidates = [
        ["du docs", "find  docs"],  # exact match of the second reference at 2
        ["", "who", "ls", "date"],  # top-1 blank; exact match at 4
        ["cat b | wc -l"],  # template match at 1
        ["echo 'unclosed", "pwd -P"],  # top-1 not valid; no match
    ]
    scores = values(score_candidates(examples, candidates, "bash"))
    expected = {
        "non_empty_top1": 75.0,
        "valid_top1": 50.0,
        "parses_top1": 50.0,
        "exact_match_top1": 0.0,
        "exact_match_top3": 25.0,
        "exact_match_top5": 50.0,
        "template_match_top1": 25.0,
        "template_match_top3": 50.0,
        "template_match_top5": 75.0,
    }
    assert {name: scores[name] for name in expected} == expected
    assert scores["edit_distance_top5"] < scores["edit_distance_top3"] < scores["edit_distance_top1"]
    assert scores["nlc2cmd_top5"] > scores["nlc2cmd_top1"]
    assert scores["chrf_top5"] > scores["chrf_top1"]


def test_scores_of_python():
    examples = [Example("a", ("print(x)", "print( x )")), Example("b", ("y = f(1)",))]
    scores = values(score_candidates(examples, [["print(x", "print(x)"], ["y = f(2)"]], "python", ks=(1, 2)))
    assert scores["valid_top1"] == 50.0
    assert (scores["exact_match_top1"], scores["exact_match_top2"]) == (0.0, 50.0)
    assert 0 < scores["edit_distance_top2"] < scores["edit_distance_top1"] < 100
    assert scores["bleu_top1"] < scores["bleu_top2"]


def test_scores_of_cf_rules():
    table = (("name", "points"), ("Ann", 3), ("Bob", 7), ("Cy", 5))
    examples = [
        Example("a", ("AND(GreaterThanEqual(c[1], 3), LessThanEqual(c[1], 5))",), table),
        Example("b", ("Top(c[1], 1)",), table),
    ]
    candidates = [["Between(c[1], 5, 3)"], ["Top(1", "Top(c[0], 1)"]]
    scores = values(score_candidates(examples, candidates, "cf", ks=(1, 2)))
    assert scores["valid_top1"] == 50.0
    assert scores["exact_match_top2"] == 0.0
    assert (scores["execution_match_top1"], scores["execution_match_top2"]) == (50.0, 50.0)
    assert scores["execution_match_any_column_top2"] == 100.0


GOLD = {
    "bash": "find docs -name a.txt -size +1M",
    "python": "print(sorted(names, key=len)[0])",
    "cf": "TextContains(c[1], 'Harry')",
}


@needs_bash
@pytest.mark.parametrize("language", LANGUAGES)
def test_scores_of_gold_and_of_nothing(language):
    examples = [Example("a", (GOLD[language], GOLD[language].replace("a", "b")))]
    gold = values(score_candidates(examples, [[GOLD[language]]], language))
    nothing = values(score_candidates(examples, [[]], language))
    assert values(score_candidates(examples, [["", " \n"]], language)) == nothing
    assert gold.keys() == nothing.keys() and len(gold) > 10
    for name in gold:
        if name.startswith("edit_distance"):
            assert (gold[name], nothing[name]) == (0.0, 100.0)
        else:
            assert gold[name] == pytest.approx(100.0), name
            assert nothing[name] == (-100.0 if name.startswith("nlc2cmd") else pytest.approx(0.0, abs=1e-6)), name


def test_without_bash_there_is_no_such_row(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    scores = score_candidates([Example("a", ("ls",))], [["ls"]], "bash")
    assert "valid_top1" not in scores
    assert scores["parses_top1"].value == 100.0


def test_only_the_metrics_asked_for():
    scores = score_candidates([Example("a", ("f()",))], [["f()"]], "python", (1, 2), metrics=("chrf",))
    assert list(scores) == ["chrf_top1", "chrf_top2"]


def test_every_score_has_a_title():
    for language in LANGUAGES:
        for name in score_candidates([Example("a", ("f",))], [["f"]], language):
            assert metric_title(language, name).endswith(f"@{name[-1]}")
        assert metric_title(language, get_language(language).main_metric) in (
            "template match",
            "chrF",
            "execution match",
        )
        names = [metric.name for metric in candidate_metrics(language)]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("num_examples", "candidates", "language", "ks", "message"),
    [
        (0, [], "bash", (1,), "`examples` and `candidates`"),
        (2, [["ls"]], "bash", (1,), "`examples` and `candidates`.* 2 and 1"),
        (1, [["ls"]], "perl", (1,), "`language` must be one of bash, python, cf, got 'perl'"),
        (1, [["ls"]], "bash", (0, 1), "`ks`"),
        (1, [["ls"]], "bash", (), "`ks`"),
    ],
)
def test_scores_refuse_bad_input(num_examples, candidates, language, ks, message):
    with pytest.raises(ValueError, match=message):
        score_candidates([Example("a", ("ls",))] * num_examples, candidates, language, ks)


def test_diversity_leaves_out_what_is_not_defined():
    scores = values(score_diversity([["ls -a", "pwd"], ["date"]]))
    assert scores["distinct_candidates"] == 1.0
    assert scores["mean_edit_distance"] == values(score_diversity([["ls -a", "pwd"]]))["mean_edit_distance"]
    assert not any(math.isnan(value) for value in scores.values())
    assert "mean_edit_distance" not in score_diversity([["date"]])


def test_unparsable_share():
    examples = [Example("a", ("ls", "echo 'open")), Example("b", ("pwd", "date"))]
    assert unparsable_share(examples, "bash") == 25.0
    assert unparsable_share([Example("a", ("print(",))], "python") == 100.0
    assert unparsable_share([Example("a", ("Top(c[0], 3)",))], "cf") == 0.0


@needs_bash
@pytest.mark.parametrize("language", LANGUAGES)
def test_gold_scores_100_where_it_parses(language):
    rows = [row for path in sorted((COOKBOOK / language).glob("*.jsonl")) for row in load_rows(path).rows]
    examples = group_examples(prepare_rows(rows[:: len(rows) // 130], language))
    # Every reference is a candidate once: a metric that looks at the first reference alone would show.
    examples = [example for example in examples if unparsable_share([example], language) == 0.0]
    assert len(examples) > 80
    scores = values(score_candidates(examples, [example.references[-1:] for example in examples], language, ks=(1,)))
    assert scores.pop("edit_distance_top1") == 0.0
    assert json.dumps({name: value for name, value in scores.items() if value < 99.99}) == "{}"
