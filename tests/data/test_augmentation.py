# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""More pairs of Python: each once, and bad arguments named."""

import pytest

from codefusion_hf.data.augmentation import augment_pairs, read_source_pairs


def test_source_is_read_and_pairs_are_there_once(tmp_path):
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(
            "def count(words):\n    # count the words\n    total = len(words)\n    print(total)\n"
        )
    (tmp_path / "old.py").write_text("print 'x'\n")
    rows, num_duplicates, num_skipped = read_source_pairs([tmp_path], ["comment"])
    assert rows == [{"text": "count the `words` with `total`", "code": "total = len(words)", "kind": "comment"}]
    assert (num_duplicates, num_skipped) == (1, 1)


def test_an_unknown_kind_is_no_file_that_does_not_parse(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    with pytest.raises(ValueError, match="`kinds` must be of docstring, comment, name, assignment, got title"):
        read_source_pairs([tmp_path], ["title"])
    with pytest.raises(ValueError, match="no pairs in there"):
        read_source_pairs([tmp_path])


def test_copies_follow_the_rows_and_are_there_once():
    rows = [{"text": "sort `names`", "code": "names.sort()"}, {"text": "the time", "code": "now()"}]
    augmented = augment_pairs(rows, 3, name_rows=[{"text": "sum `values`", "code": "sum(values)"}])
    # There is one other name to draw, so that all copies are the same.
    assert augmented == [*rows, {"text": "sort `values`", "code": "values.sort()"}]
