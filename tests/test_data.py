# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of reading, tokenising and batching the training data; tests/test_masking.py has those of the masking."""

import json
import logging
import re

import pytest
import torch
from transformers import AutoTokenizer

from codefusion_hf.data.bucketing import BucketSampler
from codefusion_hf.data.collators import PairCollator, PretrainingCollator
from codefusion_hf.data.datasets import BUCKET_STEP, build_code_dataset, build_masked_code_dataset, build_pair_dataset
from codefusion_hf.data.masking import draw_cpd_mask, token_span_ids
from codefusion_hf.data.pairs import load_pairs, load_snippets
from codefusion_hf.data.tokenization import SPECIAL_TOKENS, train_tokenizer
from codefusion_hf.pipelines import fill_slots, slot_prompt, slot_token_ids


PAIRS = [
    {"text": "List  all files ", "code": "ls -a"},
    {"text": "print the working directory", "code": "pwd"},
    {"text": "Count the lines of every log below the home folder", "code": "find $HOME -name '*.log' | xargs wc -l"},
    {"text": "go to the home folder", "code": "cd $HOME"},
]
SNIPPETS = ["for name in a b; do echo $name; done", "pwd", "x=1; export x", "grep -r foo . | wc -l"]


@pytest.fixture(scope="module")
def tokenizer():
    texts = [pair[key] for pair in PAIRS for key in ("text", "code")] + SNIPPETS
    return train_tokenizer(texts, vocab_size=300, model_max_length=16)


# Reading files


def test_pairs_keep_their_order_and_text_and_blank_lines_are_passed_over(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(["", json.dumps(PAIRS[0] | {"id": 7}), "  ", json.dumps(PAIRS[1]), ""]))
    assert load_pairs(path) == PAIRS[:2]


def test_pairs_are_read_from_the_columns_that_are_named(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"nl": "wo bin ich?", "cmd": "pwd  # où", "text": "not this"}\n', encoding="utf-8")
    assert load_pairs(path, text_column="nl", code_column="cmd") == [{"text": "wo bin ich?", "code": "pwd  # où"}]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{'text': 'a', 'code': 'b'}", "line 3: expected a JSON object, got \"{'text': 'a', 'code': 'b'}"),
        ('["a", "b"]', "line 3: expected a JSON object, got list"),
        ('{"text": "a"}', "line 3, field `code`: expected a string that is not empty, got None"),
        ('{"text": null, "code": "b"}', "line 3, field `text`: expected a string that is not empty, got None"),
        ('{"text": " ", "code": "b"}', "line 3, field `text`: expected a string that is not empty, got ' '"),
        ('{"text": "a", "code": 5}', "line 3, field `code`: expected a string that is not empty, got 5"),
    ],
)
def test_a_malformed_row_is_named_by_file_line_and_field(tmp_path, line, problem):
    path = tmp_path / "pairs.jsonl"
    path.write_text(f"{json.dumps(PAIRS[0])}\n\n{line}\n")
    with pytest.raises(ValueError, match=re.escape(f"{path}, {problem}")):
        load_pairs(path)


def test_snippets_are_the_lines_of_a_text_file(tmp_path):
    path = tmp_path / "snippets.txt"
    path.write_text("ls -a  \n\n\techo 'a b'\nls -a  \n")
    assert load_snippets(path) == ["ls -a  ", "\techo 'a b'", "ls -a  "]


def test_snippets_are_the_programs_of_a_json_lines_file(tmp_path):
    path = tmp_path / "snippets.jsonl"
    path.write_text('{"code": "if true\\nthen ls\\nfi"}\n{"code": "pwd", "text": "where am I?"}\n')
    assert load_snippets(path) == ["if true\nthen ls\nfi", "pwd"]


def test_a_malformed_snippet_is_named_by_file_line_and_field(tmp_path):
    path = tmp_path / "snippets.jsonl"
    path.write_text('{"code": "pwd"}\n{"text": "where am I?"}\n')
    with pytest.raises(ValueError, match=re.escape(f"{path}, line 2, field `code`")):
        load_snippets(path)


# Tokenizer


def test_special_tokens_have_the_ids_of_codet5(tokenizer):
    assert tokenizer.convert_tokens_to_ids(["<pad>", "<s>", "</s>", "<unk>", "<mask>"]) == [0, 1, 2, 3, 4]
    assert [getattr(tokenizer, name) for name in SPECIAL_TOKENS] == list(SPECIAL_TOKENS.values())


@pytest.mark.parametrize(
    "text",
    [
        "find . -name '*.txt' -exec rm {} \\;",
        "\t\tawk -F\"\\t\" '{print $2 , $3}'  \n",
        "  a  b ,c . d ! e ' s n't  ",
        "grep 'é∀日本語🙂' \u00a0\u200b\x00\x7f",
        "sed 's/<s>/<unk>/; s/<pad>//' <mask> </s>",
    ],
)
def test_odd_strings_come_back_to_the_byte(tokenizer, text):
    token_ids = tokenizer(text).input_ids
    assert token_ids[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(token_ids, skip_special_tokens=True) == text


def test_special_tokens_in_a_text_are_text(tokenizer):
    token_ids = tokenizer("echo </s> <pad><mask>", add_special_tokens=False).input_ids
    assert not set(token_ids) & set(tokenizer.all_special_ids)


def test_a_saved_tokenizer_loads_with_all_its_settings(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    texts = ["  ls , </s> 'é'", "a b c d e f g h i j k l m n o p q"]
    assert loaded(texts, truncation=True).input_ids == tokenizer(texts, truncation=True).input_ids
    assert loaded.decode(loaded(texts[0]).input_ids, skip_special_tokens=True) == texts[0]
    assert loaded.model_max_length == 16
    assert loaded.special_tokens_map == tokenizer.special_tokens_map


def test_vocabulary_has_the_size_asked_for_or_is_refused():
    texts = ["ls -a", "list all files, hidden ones too"] * 2
    assert len(train_tokenizer(texts, vocab_size=265)) == 265
    assert len(train_tokenizer([], vocab_size=261)) == 261
    with pytest.raises(ValueError, match="`vocab_size` must be at least 261, got 260"):
        train_tokenizer(texts, vocab_size=260)


# Datasets


def test_pairs_are_tokenised_with_normal_prompts_and_ended_code(tokenizer):
    dataset = build_pair_dataset(PAIRS, tokenizer, max_code_length=64)
    assert len(dataset) == len(PAIRS)
    for row, pair in zip(dataset, PAIRS, strict=True):
        assert row["labels"] == [*tokenizer(pair["code"], add_special_tokens=False).input_ids, tokenizer.eos_token_id]
    assert tokenizer.decode(dataset[0]["input_ids"]) == "list all files</s>"


SLOT_PAIRS = [
    {"text": "Copy  /A to 'x  y'", "code": "cp /A 'x  y'"},
    {"text": "list <path_0>", "code": "ls '<path_0>'"},
    {"text": "copy /a, and then to /b", "code": "cp /a /b"},
]


@pytest.fixture(scope="module")
def slot_tokenizer():
    return train_tokenizer(["copy <path_0> to '<str_0>'", "cp <path_0> <path_1>"] * 9, 400, 10, slots=True)


def test_pairs_have_slots_if_the_tokenizer_has_them(slot_tokenizer):
    dataset = build_pair_dataset(SLOT_PAIRS, slot_tokenizer, 64, "bash")
    prompts = slot_tokenizer.batch_decode(dataset["input_ids"][:], skip_special_tokens=True)
    codes = slot_tokenizer.batch_decode(dataset["labels"][:], skip_special_tokens=True)
    assert prompts[0] == "copy <path_0> to '<str_0>'"
    assert codes[0] == "cp <path_0> '<str_0>'"
    assert prompts[1].startswith("l") and codes[1] == r"ls '<\path_0>'"
    # The second slot does not fit into 10 tokens, so that the code cannot have it.
    assert prompts[2].startswith("copy <path_0>,") and "path_1" not in prompts[2]
    assert codes[2] == "cp <path_0> /b"
    for row, pair in zip(dataset, SLOT_PAIRS, strict=True):
        code = slot_tokenizer.decode(row["labels"], skip_special_tokens=True)
        assert fill_slots(code, slot_prompt(pair["text"]).values) == pair["code"]


def test_slots_need_the_language(slot_tokenizer):
    with pytest.raises(ValueError, match="`language` must be given, since the tokenizer has slots, got None"):
        build_pair_dataset(SLOT_PAIRS, slot_tokenizer, 64)
    with pytest.raises(ValueError, match="`language` must be one of bash, cf, python, got 'perl'"):
        build_pair_dataset(SLOT_PAIRS, slot_tokenizer, 64, "perl")


def test_code_alone_has_no_slots(slot_tokenizer):
    snippets = ["cp /a '<path_0>'", "ls"]
    dataset = build_code_dataset(snippets, slot_tokenizer, 64, "bash")
    slot_ids = set(sum(slot_token_ids(slot_tokenizer.get_vocab()).values(), ()))
    assert not slot_ids & set(sum(dataset["labels"][:], []))
    codes = slot_tokenizer.batch_decode(dataset["labels"][:], skip_special_tokens=True)
    assert [fill_slots(code, {}) for code in codes] == snippets


def test_long_prompts_are_cut_and_still_ended(tokenizer):
    row = build_pair_dataset([{"text": "x " * 50, "code": "pwd"}], tokenizer, max_code_length=8)[0]
    assert len(row["input_ids"]) == 16
    assert row["input_ids"][-1] == tokenizer.eos_token_id


def test_long_programs_are_left_out_and_counted(tokenizer, caplog):
    lengths = [len(tokenizer(pair["code"]).input_ids) for pair in PAIRS]
    longest_but_one = sorted(lengths)[-2]
    with caplog.at_level(logging.WARNING, logger="codefusion_hf.data.datasets"):
        dataset = build_pair_dataset(PAIRS, tokenizer, max_code_length=longest_but_one)
        assert [len(row["labels"]) for row in dataset] == [length for length in lengths if length <= longest_but_one]
        assert f"Left out 1 of 4 rows, whose code is longer than {longest_but_one} tokens." in caplog.text
        caplog.clear()
        build_pair_dataset(PAIRS, tokenizer, max_code_length=max(lengths))
        assert not caplog.records


def test_rows_sort_by_the_bucket_of_the_code_and_then_by_the_prompt(tokenizer):
    programs = ["a", "a" * 6, "a" * 11, "a" * 14]
    prompts = ["x", "x y z", "x y z x y z"]
    rows = [{"text": prompt, "code": code} for prompt in prompts for code in programs]
    dataset = sorted(build_pair_dataset(rows, tokenizer, max_code_length=64), key=lambda row: row["length"])
    keys = [(-(-len(row["labels"]) // BUCKET_STEP), len(row["input_ids"])) for row in dataset]
    assert len({bucket for bucket, _ in keys}) > 1
    assert keys == sorted(keys)


def test_snippets_are_tokenised_once_each_with_their_spans(tokenizer):
    dataset = build_code_dataset([*SNIPPETS, *SNIPPETS], tokenizer, max_code_length=64, language="bash")
    assert len(dataset) == len(SNIPPETS)
    names = [["for", "name", "in", "do", "echo", "name", "done"], ["pwd"], ["x", "export"], ["grep", "wc"]]
    for row, code, expected in zip(dataset, SNIPPETS, names, strict=True):
        assert row["labels"] == [*tokenizer(code, add_special_tokens=False).input_ids, tokenizer.eos_token_id]
        assert len(row["span_ids"]) == len(row["labels"])
        assert row["span_ids"][-1] == 0
        spans = {span_id: [] for span_id in sorted(set(row["span_ids"]) - {0})}
        for token, span_id in zip(row["labels"], row["span_ids"], strict=True):
            if span_id:
                spans[span_id].append(token)
        # A token may bring a blank or a neighbouring character with it.
        texts = [tokenizer.decode(tokens) for tokens in spans.values()]
        assert len(texts) == len(expected)
        assert all(name in text for name, text in zip(expected, texts, strict=True))
    assert dataset["length"].index(min(dataset["length"])) == SNIPPETS.index("pwd")


def test_long_snippets_are_left_out_with_their_spans(tokenizer):
    dataset = build_code_dataset(SNIPPETS, tokenizer, len(tokenizer("pwd").input_ids), "bash")
    assert tokenizer.decode(dataset["labels"][0], skip_special_tokens=True) == "pwd"
    assert dataset["span_ids"][:] == [[1] * (len(dataset["labels"][0]) - 1) + [0]]


def test_tokens_belong_to_the_spans_they_touch():
    offsets = [(0, 2), (2, 5), (5, 9), (9, 10), (10, 12), (0, 0)]
    assert token_span_ids(offsets, [(0, 2), (6, 8), (8, 11)]) == [1, 0, 2, 2, 2, 0]
    assert token_span_ids(offsets, [(3, 4), (40, 44)]) == [0, 1, 0, 0, 0, 0]
    assert token_span_ids(offsets, []) == [0] * 6


def test_spans_are_masked_whole_and_at_least_one():
    span_ids = torch.tensor([[1, 1, 0, 2, 3], [0, 1, 1, 0, 0], [0, 0, 0, 0, 0]])
    draws = torch.tensor([[0.2, 0.6, 0.4], [0.9, 0.0, 0.0], [0.0, 0.0, 0.0]])
    assert draw_cpd_mask(span_ids, draws, 0.5).int().tolist() == [[1, 1, 0, 0, 1], [0, 1, 1, 0, 0], [0] * 5]
    assert draw_cpd_mask(span_ids, draws, 0.1).int().tolist() == [[1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0] * 5]
    assert draw_cpd_mask(span_ids, draws, 1.0).equal(span_ids > 0)


def test_datasets_without_a_row_are_refused(tokenizer):
    with pytest.raises(ValueError, match="No program is at most `max_code_length` = 1 tokens long"):
        build_pair_dataset(PAIRS, tokenizer, max_code_length=1)
    with pytest.raises(ValueError, match="`pairs` is empty"):
        build_pair_dataset([], tokenizer, max_code_length=8)
    with pytest.raises(ValueError, match="`snippets` is empty"):
        build_code_dataset([], tokenizer, max_code_length=8, language="bash")


def test_an_unknown_language_is_refused(tokenizer):
    with pytest.raises(ValueError, match="`language` must be one of"):
        build_code_dataset(SNIPPETS, tokenizer, max_code_length=64, language="cobol")


# Batches


def test_pairs_are_padded_to_the_longest_prompt_and_program(tokenizer):
    dataset = build_pair_dataset(PAIRS, tokenizer, max_code_length=64)
    batch = PairCollator(tokenizer)(list(dataset))
    assert batch.keys() == {"input_ids", "attention_mask", "labels"}
    for name, key, padding in (("input_ids", "input_ids", tokenizer.pad_token_id), ("labels", "labels", -100)):
        rows = dataset[key][:]
        assert batch[name].shape == (len(PAIRS), max(map(len, rows)))
        assert batch[name].dtype == torch.long
        for tokens, row in zip(batch[name].tolist(), rows, strict=True):
            assert tokens == row + [padding] * (len(tokens) - len(row))
    assert batch["attention_mask"].sum(dim=1).tolist() == [len(row) for row in dataset["input_ids"][:]]
    assert (batch["attention_mask"].bool() == (batch["input_ids"] != tokenizer.pad_token_id)).all()


def test_snippets_are_padded_with_their_spans(tokenizer):
    rows = list(build_code_dataset(SNIPPETS, tokenizer, 64, "bash"))
    batch = PretrainingCollator(tokenizer)(rows)
    assert batch.keys() == {"input_ids", "attention_mask", "labels", "span_ids"}
    width = max(len(row["labels"]) for row in rows)
    for index, row in enumerate(rows):
        padding = width - len(row["labels"])
        assert batch["labels"][index].tolist() == row["labels"] + [-100] * padding
        assert batch["input_ids"][index].tolist() == row["labels"] + [tokenizer.pad_token_id] * padding
        assert batch["attention_mask"][index].tolist() == [1] * len(row["labels"]) + [0] * padding
        assert batch["span_ids"][index].tolist() == row["span_ids"] + [0] * padding


def test_prompts_that_contain_the_padding_token_are_read_whole(tokenizer):
    row = {"input_ids": [7, tokenizer.pad_token_id, 8], "labels": [9]}
    batch = PairCollator(tokenizer)([row, {"input_ids": [7], "labels": [9]}])
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]


def test_buckets_hold_rows_of_about_one_length_in_mixed_order():
    keys = torch.randint(1, 60, (1603,), generator=torch.Generator().manual_seed(0)).tolist()
    order = list(BucketSampler(keys, batch_size=16))
    assert sorted(order) == list(range(1603))
    batches = [[keys[row] for row in order[start : start + 16]] for start in range(0, 1603, 16)]
    # Two pools of 50 batches, each with about 14 rows of every length, and a rest of 3 rows.
    assert all(max(batch) - min(batch) <= 3 for batch in batches[:-1])
    # The smaller batch comes last; the others in no order of their lengths.
    means = [sum(batch) / len(batch) for batch in batches[:-1]]
    assert means != sorted(means) and means != sorted(means, reverse=True)
    assert sum(a < b for a, b in zip(means, means[1:], strict=False)) > 15


def test_the_order_of_an_epoch_depends_on_seed_and_epoch_alone():
    keys = [row % 7 for row in range(100)]
    sampler = BucketSampler(keys, batch_size=8, seed=3)
    first = list(sampler)
    torch.rand(5)
    assert list(sampler) == first == list(BucketSampler(keys, batch_size=8, seed=3))
    assert list(BucketSampler(keys, batch_size=8, seed=4)) != first
    sampler.set_epoch(1)
    assert list(sampler) != first
    with pytest.raises(ValueError, match="`batch_size` must be at least 1, got 0"):
        BucketSampler(keys, batch_size=0)


def test_code_alone_as_pairs(tokenizer):
    """Of half of the snippets the encoder reads all but some names and keywords, of the others nothing."""
    snippets = [f"cat file{n} | sort -u" for n in range(100)]
    code = list(build_code_dataset(snippets, tokenizer, 64, "bash"))
    dataset = build_masked_code_dataset(snippets, tokenizer, 64, "bash")
    assert list(dataset["labels"]) == [row["labels"] for row in code]
    generated, masked = 0, 0
    for row, source in zip(dataset, code, strict=True):
        prompt, labels = row["input_ids"], row["labels"]
        assert row["length"] == 1000 * -(-len(labels) // BUCKET_STEP) + len(prompt)
        if prompt == [tokenizer.eos_token_id]:
            generated += 1
            continue
        masked += 1
        hidden = [prompt_id != label for prompt_id, label in zip(prompt, labels, strict=True)]
        assert {prompt[index] for index, is_hidden in enumerate(hidden) if is_hidden} == {tokenizer.mask_token_id}
        assert all(source["span_ids"][index] for index, is_hidden in enumerate(hidden) if is_hidden)
        assert prompt[-1] == tokenizer.eos_token_id
    assert generated + masked == 100 and 30 < generated < 70
    assert list(build_masked_code_dataset(snippets, tokenizer, 64, "bash")["input_ids"]) == list(dataset["input_ids"])
    other = build_masked_code_dataset(snippets, tokenizer, 64, "bash", seed=1)
    assert list(other["input_ids"]) != list(dataset["input_ids"])
    alone = build_masked_code_dataset(snippets, tokenizer, 64, "bash", cpd_probability=0.0)
    assert list(alone["input_ids"]) == [[tokenizer.eos_token_id]] * 100
    # Nothing in it may be masked.
    assert build_masked_code_dataset(["'a b'"], tokenizer, 64, "bash", cpd_probability=1.0)[0]["input_ids"][-1] == (
        tokenizer.eos_token_id
    )
    with pytest.raises(ValueError, match="`tokenizer` has no mask token"):
        build_masked_code_dataset(snippets, type(tokenizer)(tokenizer_object=tokenizer.backend_tokenizer), 64, "bash")
