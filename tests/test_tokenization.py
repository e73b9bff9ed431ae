# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Tokenizers of small models: where their tokens end, so that what is to be copied is the same tokens twice."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from codefusion_hf.data.datasets import build_pair_dataset
from codefusion_hf.data.preparation import tokenizer_rows
from codefusion_hf.data.tokenization import encode_prompts, keeps_slot_values, train_tokenizer
from codefusion_hf.pipelines import slot_token_ids, slot_tokens
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


# Slots

SLOT_FORMS = [form for slot in slot_tokens() for form in (slot, f" {slot}")]
SLOTTED = ["find <path_0> below <path_1>", "count the <num_0> lines of '<str_0>'", "<var_0> <host_0>"] * 9


@pytest.fixture(scope="module", params=[{}, {"split_digits": True, "split_pattern": "[ '\"]"}], ids=["plain", "split"])
def slot_tokenizer(request):
    return train_tokenizer(SLOTTED, 400, slots=True, **request.param)


@given(
    st.lists(st.sampled_from([*SLOT_FORMS, " ", "  ", "x", "<", ">", "é", "\n"]) | st.text(max_size=3)).map("".join)
)
@settings(deadline=None, max_examples=200, database=None)
def test_texts_with_slots_come_back(slot_tokenizer, text):
    token_ids = slot_tokenizer(text, add_special_tokens=False).input_ids
    assert slot_tokenizer.decode(token_ids) == text
    assert slot_tokenizer.batch_decode([token_ids], skip_special_tokens=True) == [text]


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("<path_0>", ["<path_0>"]),
        ("x<path_0> <path_1>y", ["<path_0>", " <path_1>"]),
        ("a  <num_0>\t<num_1>", [" <num_0>", "<num_1>"]),
        ("'<str_0>'<<str_1>>", ["<str_0>", "<str_1>"]),
        (r"<\path_0> <path_9> <path>", []),
    ],
)
def test_a_slot_is_one_token_with_the_blank_in_front_of_it(slot_tokenizer, text, slots):
    assert [piece for piece in pieces(slot_tokenizer, text) if piece in SLOT_FORMS] == slots


def test_slots_count_as_part_of_the_vocabulary_and_no_merges_are_made_of_them(slot_tokenizer):
    assert len(train_tokenizer([f"word{number}" for number in range(300)], 400, slots=True)) == 400
    ids = slot_token_ids(slot_tokenizer.get_vocab())
    assert list(ids) == slot_tokens()
    assert sorted(sum(ids.values(), ())) == list(range(len(slot_tokenizer) - len(SLOT_FORMS), len(slot_tokenizer)))
    others = slot_tokenizer.get_vocab().keys() - {*SLOT_FORMS}
    assert not [token for token in others if "path" in token or "_" in token[1:]]
    with pytest.raises(ValueError, match=f"`vocab_size` must be at least {261 + len(SLOT_FORMS)}, got 300"):
        train_tokenizer(SLOTTED, 300, slots=True)


def test_a_saved_tokenizer_keeps_its_slots(tmp_path, slot_tokenizer):
    slot_tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    assert slot_token_ids(loaded.get_vocab()) == slot_token_ids(slot_tokenizer.get_vocab())
    assert loaded("x <path_0></s>").input_ids == slot_tokenizer("x <path_0></s>").input_ids
    assert not keeps_slot_values(loaded)


@pytest.mark.parametrize("text", ["show the date of ", "'", "/tmp/a ", "1 ", "x"])
def test_a_prompt_of_megabytes_is_read_as_far_as_a_model_reads(text, slot_tokenizer):
    start = time.monotonic()
    encoded, values = encode_prompts([text * (4 * 2**20 // len(text))], slot_tokenizer)
    assert time.monotonic() - start < 3.0
    short, short_values = encode_prompts([text * (2**15 // len(text))], slot_tokenizer)
    assert encoded.input_ids == short.input_ids and values == short_values


def test_prompts_are_slotted_first_and_then_normalised(slot_tokenizer):
    prompts = ["Find  'A  b' in /Tmp ", "List  <path_0>", "/Tmp/A  Is"]
    encoded, values = encode_prompts(prompts, slot_tokenizer)
    assert [slot_tokenizer.decode(row, skip_special_tokens=True) for row in encoded.input_ids] == [
        "find '<str_0>' in <path_0>",
        r"list <\path_0>",
        "<path_0> Is",
    ]
    assert values == [{"<str_0>": "A  b", "<path_0>": "/Tmp"}, {}, {"<path_0>": "/Tmp/A"}]


def test_values_of_slots_that_are_cut_off_are_left_out():
    tokenizer = train_tokenizer(["copy <path_0> to <path_1>"] * 9, 400, model_max_length=4, slots=True)
    encoded, values = encode_prompts(["copy /a to /b", "x"], tokenizer, padding=True, return_tensors="pt")
    assert encoded.input_ids.shape == (2, 4)
    assert values == [{"<path_0>": "/a"}, {}]


def test_values_can_be_read_behind_their_slots(tmp_path):
    train_tokenizer(SLOTTED, 400, slots=True, slot_values=True).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tmp_path).save_pretrained(tmp_path / "again")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "again")
    assert keeps_slot_values(tokenizer)
    encoded, values = encode_prompts(["copy /a to /a"], tokenizer)
    assert tokenizer.decode(encoded.input_ids[0], skip_special_tokens=True) == "copy <path_0> /a to <path_0>"
    assert values == [{"<path_0>": "/a"}]
    with pytest.raises(ValueError, match="`slot_values` needs `slots`"):
        train_tokenizer(SLOTTED, 400, slot_values=True)


def test_a_tokenizer_without_slots_reads_prompts_as_they_are():
    tokenizer = train_tokenizer(TEXTS, 300)
    encoded, values = encode_prompts(["Find  '/tmp' <path_0>"], tokenizer)
    assert tokenizer.decode(encoded.input_ids[0], skip_special_tokens=True) == "find '/tmp' <path_0>"
    assert values == [{}]


def test_rows_to_train_a_tokenizer_on_have_slots_if_it_is_to_have_them():
    rows = [
        {"text": "Copy /a to /b", "code": "cp /a /b"},
        {"prompt": "show 'x'", "code": "echo x <num_0>"},
        {"code": "ls <path_0>"},
    ]
    assert tokenizer_rows(rows, {"vocab_size": 400}, "bash") == rows
    assert tokenizer_rows(rows, {"slots": True}, "bash") == [
        {"text": "Copy <path_0> to <path_1>", "code": "cp <path_0> <path_1>"},
        {"prompt": "show '<str_0>'", "code": r"echo <str_0> <\num_0>"},
        {"code": r"ls <\path_0>"},
    ]
    with_values = tokenizer_rows(rows, {"slots": True, "slot_values": True}, "bash")
    assert with_values[0]["text"] == "Copy <path_0> /a to <path_1> /b"
    assert with_values[0]["code"] == "cp <path_0> <path_1>"


def test_a_pair_of_a_megabyte_takes_seconds(slot_tokenizer):
    pair = {"text": "copy '/tmp/a' to /tmp/b " * 40_000, "code": "cp /tmp/a /tmp/b; " * 60_000}
    start = time.monotonic()
    dataset = build_pair_dataset([pair, {"text": "show the date", "code": "date"}], slot_tokenizer, 32, "bash")
    assert time.monotonic() - start < 20.0
    assert len(dataset) == 1
