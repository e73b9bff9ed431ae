# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The share of quoted names that arrive in the code."""

import pytest

from codefusion_hf.evaluation.examples import Example
from codefusion_hf.evaluation.metrics.name_copy import has_quoted_names, name_copy, quoted_names
from codefusion_hf.evaluation.scoring import score_candidates


@pytest.mark.parametrize(
    ("prompt", "reference", "names"),
    [
        ("sort `a` by 'b c' and \"d\"", "sort(a, 'b c', 'd')", ["a", "b c", "d"]),
        ("sort `a` and `a`", "sort(a)", ["a"]),
        ("sort `a` by `b`", "sort(data, b1, b)", ["b"]),
        ("sort `Data`", "sort(data)", []),
        ("split at ',' and `[0]`", "s.split(',')[0]", [",", "[0]"]),
        ("don't take the file's name", "t take the file", []),
        ("use ` x `", "x", ["x"]),
        ("sort x", "sort(x)", []),
        ("match `a.c`", "abc", []),
    ],
)
def test_names_are_what_the_prompt_quotes_and_the_reference_has(prompt, reference, names):
    assert quoted_names(prompt, reference) == names
    assert has_quoted_names(prompt, (reference,)) == bool(names)


def test_share_of_names_that_arrive():
    prompt, references = "add `total` to 'sum' in `d`", ("d['sum'] += total",)
    assert name_copy("d['sum'] += total", prompt, references) == 1.0
    assert name_copy("sum(total)", prompt, references) == pytest.approx(2 / 3)
    assert name_copy("data['sums'] += totals", prompt, references) == 0.0


def test_the_best_reference_counts():
    references = ("f(x, y)", "g(y)", "h()")
    assert name_copy("y", "of `x` and `y`", references) == 1.0
    assert name_copy("x", "of `x` and `y`", references) == 0.5
    with pytest.raises(ValueError, match="`prompt` must quote"):
        name_copy("x", "of x", references)


def test_score_is_a_mean_over_prompts_with_names():
    examples = [Example("sort `a`", ("a.sort()",)), Example("stop", ("exit()",)), Example("get `b` `c`", ("b[c]",))]
    candidates = [["x.sort()", "a"], ["exit()"], ["b[x]", "", "b[c]"]]
    scores = score_candidates(examples, candidates, "python", ks=(1, 2, 3), metrics=("name_copy",))
    assert {name: score.value for name, score in scores.items()} == {
        "name_copy_top1": 25.0,
        "name_copy_top2": 75.0,
        "name_copy_top3": 100.0,
    }
    assert score_candidates(examples[1:2], [["exit()"]], "python", metrics=("name_copy",)) == {}
    unanswered = score_candidates(examples, [[], [], [" "]], "python", metrics=("name_copy",))
    assert unanswered["name_copy_top5"].value == 0.0
