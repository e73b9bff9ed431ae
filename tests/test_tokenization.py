# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Tokenizers of small models: where their tokens end, so that what is to be copied is the same tokens twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codefusion_hf.data.tokenization import train_tokenizer
from codefusion_hf.training.presets import load_preset


TEXTS = [f"above 20{year} in Harry's total |c[0]$Name|c[1]#Total" for year in range(10, 24)] * 9
CODES = [f"AND(GreaterThan(c[1], 20{year}), TextContains(c[0], 'Harry'))" for year in range(10, 24)] * 9


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer([*TEXTS, *CODES], **load_preset("cf-tiny")["tokenizer"])


def pieces(tokenizer, text):
    return [tokenizer.decode([token]) for token in tokenizer(text, add_special_tokens=False).input_ids]


def test_digits_can_be_tokens_of_their_own():
    texts = ["2020 2021 2022"] * 9
    assert pieces(train_tokenizer(texts, 300, split_digits=True), "2022 20") == ["2", "0", "2", "2", " ", "2", "0"]
    assert len(pieces(train_tokenizer(texts, 300), "2022")) < 4


def test_matches_of_the_pattern_are_tokens_by_themselves():
    texts = ["say 'same' or 'same'"] * 9
    quoted = pieces(train_tokenizer(texts, 300, split_pattern="[ ']"), "say 'same'")
    assert quoted == ["say", " ", "'", "same", "'"]
    # Without it, `'s` is a word, as in "it's".
    assert "same" not in pieces(train_tokenizer(texts, 300), "'same'")


def test_an_added_token_is_one_wherever_it_stands_and_counts_as_part_of_the_vocabulary(tokenizer):
    assert pieces(tokenizer, "|c[3]#Total") == ["|", "c[3]", "#", *pieces(tokenizer, "Total")]
    assert pieces(tokenizer, "Top(c[0], 5)")[-5:] == ["c[0]", ",", " ", "5", ")"]
    texts = [f"word{number}" for number in range(300)]
    assert len(train_tokenizer(texts, 300, added_tokens=["c[0]", "c[1]"])) == 300
    with pytest.raises(ValueError, match="`vocab_size` must be at least 263, got 262"):
        train_tokenizer(texts, 262, added_tokens=["c[0]", "c[1]"])


@pytest.mark.parametrize("constant", ["Harry", "harry potter", "2015", "-1.5", "s", "don't", "Total"])
def test_a_constant_is_the_same_tokens_in_prompt_and_rule(tokenizer, constant):
    alone = pieces(tokenizer, constant)
    for text in (f"above {constant} in", f'is "{constant}"', f"above {constant}", f"(c[1], '{constant}')"):
        found = pieces(tokenizer, text)
        assert any(found[start : start + len(alone)] == alone for start in range(len(found)))


@given(text=st.text(max_size=40))
@settings(deadline=None, max_examples=200, database=None)
def test_every_string_comes_back(tokenizer, text):
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False).input_ids) == text


def test_tokenizers_of_other_presets_split_nothing_more():
    plain = train_tokenizer(TEXTS, 300).backend_tokenizer.to_str()
    assert train_tokenizer(TEXTS, 300, split_digits=False, split_pattern=None).backend_tokenizer.to_str() == plain
    assert load_preset("bash-tiny")["tokenizer"].keys().isdisjoint({"split_digits", "split_pattern"})
