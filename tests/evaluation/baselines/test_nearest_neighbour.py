# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The nearest-neighbour floor."""

import pytest


pytest.importorskip("sklearn")

from codefusion_hf.evaluation.baselines.nearest_neighbour import NearestNeighbourBaseline  # noqa: E402


def test_nearest_neighbour():
    baseline = NearestNeighbourBaseline(
        ["Show the current date", "show date in words", "list hidden files", "show the current date"],
        ["date", "date +%A", "ls -a", " date"],
    )
    assert baseline.predict(["Show the current date", "hidden files?"], k=2) == [
        ["date", "date +%A"],
        ["ls -a", "date"],
    ]
    assert len(baseline.predict(["files"], k=5)[0]) == 3
    with pytest.raises(ValueError, match="`k`"):
        baseline.predict(["files"], k=0)
    with pytest.raises(ValueError, match="`train_prompts` and `train_codes`"):
        NearestNeighbourBaseline(["a"], [])


def test_nearest_neighbour_with_the_values_of_the_prompt():
    prompts = ["copy /a/b to 'new  dir'", "copy /x to /y and 'z'", "count lines of a.txt in <path_0>"]
    codes = ["cp /a/b 'new  dir'", "cp /x /y; echo z", "wc -l a.txt '<path_0>'"]
    baseline = NearestNeighbourBaseline(prompts, codes, "bash")
    assert baseline.predict(["copy /C to 'D  e'"], k=1) == [["cp /C 'D  e'"]]
    # What there is nothing for stays: here is one path, and no text.
    assert baseline.predict(["copy /q to and"], k=1) == [["cp /q /y; echo z"]]
    assert baseline.predict(["count lines of b.txt in <path_0>"], k=1) == [["wc -l b.txt '<path_0>'"]]
    # Codes that become the same are one.
    assert baseline.predict(["copy /q to '/r' and 's'"], k=3)[0] == [
        "cp /q /r; echo s",
        "cp /q 's'",
        "wc -l /q '<path_0>'",
    ]
    with pytest.raises(ValueError, match="`language` must be one of bash, cf, python, got 'perl'"):
        NearestNeighbourBaseline(prompts, codes, "perl")
