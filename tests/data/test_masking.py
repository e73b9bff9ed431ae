# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Code-specific CPD: only the tokens of what may be masked in a snippet are, and each span whole or not at all."""

import pytest
import torch
from tokenizers import ByteLevelBPETokenizer


pytest.importorskip("bashlex")

from languages.bash.test_masking import PARSED, QUOTED, UNPARSED  # noqa: E402

from codefusion_hf.data.masking import mask_code_tokens  # noqa: E402
from codefusion_hf.languages.bash.masking import bash_maskable_spans  # noqa: E402


MASK = 1


@pytest.fixture(scope="module")
def tokenizer() -> ByteLevelBPETokenizer:
    """A byte-level BPE whose offsets include the blank in front of a word, as the tokens do."""
    tokenizer = ByteLevelBPETokenizer(trim_offsets=False)
    corpus = [code for code, _ in PARSED] * 3 + ["echo ${directory} | wc -l", "ls | grep -r pattern ."] * 5
    tokenizer.train_from_iterator(corpus, vocab_size=330, special_tokens=["<pad>", "<mask>"], show_progress=False)
    return tokenizer


def mask(tokenizer, code, mask_probability, seed=0):
    encoding = tokenizer.encode(code)
    generator = torch.Generator().manual_seed(seed)
    masked = mask_code_tokens(
        encoding.ids, encoding.offsets, bash_maskable_spans(code).spans, MASK, mask_probability, generator
    )
    return encoding, masked


@pytest.mark.parametrize("code", [code for code, _ in PARSED + QUOTED + UNPARSED])
def test_probability_of_one_masks_all_tokens_of_names_and_no_other(tokenizer, code):
    encoding, masked = mask(tokenizer, code, mask_probability=1.0)
    of_a_name = {index for start, end in bash_maskable_spans(code).spans for index in range(start, end)}
    assert len(masked) == len(encoding.ids)
    for token_id, masked_id, (start, end) in zip(encoding.ids, masked, encoding.offsets, strict=True):
        assert masked_id == (MASK if of_a_name & set(range(start, end)) else token_id)


def test_quotes_stay_and_a_glued_blank_does_not_save_a_name(tokenizer):
    encoding, masked = mask(tokenizer, "ls | grep 'ls $x' | grep ls", mask_probability=1.0)
    assert "Ġgrep" in encoding.tokens
    assert tokenizer.decode([i for i in masked if i != MASK], skip_special_tokens=False) == " | 'ls $x' | ls"


def test_a_span_is_masked_whole_or_not_at_all(tokenizer):
    code = "frobnicate -v | echo $directory_name | unzip-all | sort"
    spans = bash_maskable_spans(code).spans
    choices = set()
    for seed in range(50):
        encoding, masked = mask(tokenizer, code, mask_probability=0.5, seed=seed)
        is_masked = []
        for span_start, span_end in spans:
            tokens = [i for i, (start, end) in enumerate(encoding.offsets) if start < span_end and end > span_start]
            assert len({masked[i] == MASK for i in tokens}) == 1
            is_masked.append(masked[tokens[0]] == MASK)
        assert any(is_masked)
        choices.add(tuple(is_masked))
    assert len(encoding.ids) > 2 * len(spans)  # or there would be nothing to keep together
    assert len(choices) > 15


def test_the_choice_follows_the_generator(tokenizer):
    code = "a $b | c $d | e $f | g $h"
    masked = [mask(tokenizer, code, 0.5, seed)[1] for seed in (0, 0, 1)]
    assert masked[0] == masked[1] != masked[2]


@pytest.mark.parametrize("mask_probability", [0.2, 0.5, 0.8])
def test_the_probability_is_that_of_a_span(mask_probability):
    num_spans = 4000
    ids, offsets = [7] * num_spans, [(i, i + 1) for i in range(num_spans)]
    masked = mask_code_tokens(ids, offsets, offsets, MASK, mask_probability, torch.Generator().manual_seed(0))
    assert masked.count(MASK) / num_spans == pytest.approx(mask_probability, abs=0.03)  # 3.8 standard deviations


def test_one_span_is_masked_if_chance_takes_none_and_each_has_its_turn():
    offsets = [(0, 2), (3, 5), (6, 8)]
    generator = torch.Generator().manual_seed(0)
    seen = set()
    for _ in range(50):
        masked = mask_code_tokens([7, 8, 9], offsets, offsets, MASK, 1e-9, generator)
        assert masked.count(MASK) == 1
        seen.add(masked.index(MASK))
    assert seen == {0, 1, 2}


def test_special_tokens_and_spans_that_were_cut_off_are_left_out():
    # <s>, "ls", " -l", </s>, <pad>; the second span lies behind the cut, so the first has to be the one.
    ids, offsets = [2, 10, 11, 3, 0], [(0, 0), (0, 2), (2, 5), (0, 0), (0, 0)]
    for seed in range(10):
        generator = torch.Generator().manual_seed(seed)
        assert mask_code_tokens(ids, offsets, [(0, 2), (8, 12)], MASK, 1e-9, generator) == [2, MASK, 11, 3, 0]


def test_without_a_span_nothing_changes_and_the_input_is_not_written_to():
    ids = [10, 11]
    assert mask_code_tokens(ids, [(0, 2), (2, 5)], [], MASK) == [10, 11]
    assert mask_code_tokens(ids, [(0, 2), (2, 5)], [(0, 2)], MASK) == [MASK, 11]
    assert ids == [10, 11]


@pytest.mark.parametrize("mask_probability", [0.0, -0.1, 1.1, float("nan")])
def test_a_mask_probability_out_of_range_is_an_error(mask_probability):
    with pytest.raises(ValueError, match="`mask_probability` must be above 0 and at most 1"):
        mask_code_tokens([5], [(0, 2)], [(0, 2)], MASK, mask_probability)


def test_offsets_of_another_length_are_an_error():
    with pytest.raises(ValueError, match="`offsets` must be as long as `input_ids`, which has 2 tokens, got 1"):
        mask_code_tokens([5, 6], [(0, 2)], [(0, 2)], MASK)
