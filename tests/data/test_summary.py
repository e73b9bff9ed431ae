# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What is told of a data file: its language by its looks, and an example as CPD masks it."""

import pytest


pytest.importorskip("bashlex")

from codefusion_hf.data.summary import guess_language, mask_example  # noqa: E402


@pytest.mark.parametrize(
    ("snippets", "language"),
    [
        (["ls -a", "pwd", "grep x y | wc -l"], "bash"),
        (["x = [a for a in b]", "pwd", "f(x).y"], "python"),
        (["top(10)", "Duplicate()", "AND(LessThan(5),GreaterThan(2))"], "cf"),
    ],
)
def test_the_language_is_the_one_that_parses_most(snippets, language):
    shares = guess_language(snippets)
    assert next(iter(shares)) == language
    assert shares[language] == 1.0
    assert list(shares.values()) == sorted(shares.values(), reverse=True)


def test_masked_examples_keep_what_is_no_name(tokenizer):
    code = "find . -name '*.log' | wc -l"
    masked = mask_example(code, tokenizer, "bash")
    assert masked != code
    assert masked == mask_example(code, tokenizer, "bash")
    assert " . -name '*.log' |" in masked and masked.endswith(" -l")
    assert mask_example("5", tokenizer, "python") == "5"
