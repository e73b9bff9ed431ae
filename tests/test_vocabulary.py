# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A trained model with another tokenizer: which weights go along."""

import json

import pytest
import torch
from transformers import AutoTokenizer, T5Config, T5ForConditionalGeneration

from codefusion_hf.cli import main
from codefusion_hf.data.tokenization import train_tokenizer
from codefusion_hf.pipelines import CodeFusionPipeline
from codefusion_hf.training.vocabulary import shared_tokens, with_vocabulary


TEXTS = ["print the value of every key in items", "for key, value in items: print(key, value)", "sort items by key"]
OF_TOKENS = {"encoder.shared.weight", "encoder.encoder.embed_tokens.weight", "embedding.embedding.weight"}
OF_TOKENS |= {"embedding.bias.weight", "head.weight", "head.bias"}


@pytest.fixture(scope="module")
def new_tokenizer():
    return train_tokenizer(TEXTS * 9, 340, split_pattern=r"[^\w\s]+|\s")


@pytest.fixture(scope="module")
def t5(tokenizer):
    torch.manual_seed(0)
    sizes = {"d_model": 24, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2}
    config = T5Config(vocab_size=len(tokenizer), decoder_start_token_id=0, **sizes)
    model = T5ForConditionalGeneration(config).eval()
    model.generation_config.max_new_tokens = 32
    return model


def test_words_are_the_same_with_and_without_their_blank(tokenizer, new_tokenizer):
    old_ids, new_ids = tokenizer.get_vocab(), new_tokenizer.get_vocab()
    shared = {new: old for old, new in shared_tokens(tokenizer, new_tokenizer)}
    assert "Ġthe" in old_ids and "Ġthe" not in new_ids
    assert shared[new_ids["the"]] == old_ids["Ġthe"]
    for token in ("(", "Ġ", "<s>", "</s>", "<mask>"):
        assert shared[new_ids[token]] == old_ids[token]
    assert "items" in new_ids and "items" not in old_ids and new_ids["items"] not in shared


def test_a_tokenizer_shares_all_tokens_with_itself(tokenizer):
    assert shared_tokens(tokenizer, tokenizer) == [(token, token) for token in range(len(tokenizer))]


def test_weights_of_shared_tokens_go_along_and_others_are_drawn(make_model, tokenizer, new_tokenizer):
    model = make_model()
    model.embedding.bias.weight.data.normal_()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    torch.manual_seed(1)
    new_model = with_vocabulary(model, tokenizer, new_tokenizer)
    assert new_model.config.vocab_size == new_model.config.encoder_config.vocab_size == len(new_tokenizer)
    old_rows, new_rows = torch.tensor(shared_tokens(tokenizer, new_tokenizer)).T
    drawn = sorted(set(range(len(new_tokenizer))) - set(new_rows.tolist()))
    assert drawn
    for name, tensor in new_model.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], before[name])
        if name not in OF_TOKENS:
            torch.testing.assert_close(tensor, before[name])
            continue
        assert tensor.shape[0] == len(new_tokenizer)
        torch.testing.assert_close(tensor[new_rows], before[name][old_rows])
        if name == "embedding.embedding.weight":
            assert tensor[drawn].std() == pytest.approx(1.0, abs=0.1)
        if name == "embedding.bias.weight":
            assert not tensor[drawn].any()
    assert not new_model.training


def test_t5_goes_along_too(t5, tokenizer, new_tokenizer):
    new_t5 = with_vocabulary(t5, tokenizer, new_tokenizer)
    old_rows, new_rows = torch.tensor(shared_tokens(tokenizer, new_tokenizer)).T
    for name in ("shared.weight", "lm_head.weight"):
        torch.testing.assert_close(new_t5.state_dict()[name][new_rows], t5.state_dict()[name][old_rows])
    assert new_t5.lm_head.weight is new_t5.shared.weight
    torch.testing.assert_close(
        new_t5.decoder.block[0].layer[0].SelfAttention.q.weight, t5.decoder.block[0].layer[0].SelfAttention.q.weight
    )
    assert new_t5.generation_config.max_new_tokens == 32


def test_the_same_tokenizer_changes_nothing(make_pipeline, tokenizer):
    pipe = make_pipeline()
    codes = []
    for model in (pipe.model, with_vocabulary(pipe.model, tokenizer, tokenizer)):
        generator = torch.Generator().manual_seed(0)
        codes.append(make_pipeline(model)("list files", num_inference_steps=2, generator=generator).codes)
    assert codes[0] == codes[1]


# --- On the command line


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "train.jsonl"
    rows = [{"text": TEXTS[0], "code": TEXTS[1]}, {"text": "sort items", "code": "items.sort()"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def options(data, output_dir):
    settings = ["finetune.max_steps=1", "training.learning_rate=0.0", "training.use_cpu=true"]
    settings += ["training.report_to=none", "training.eval_strategy=no", "tokenizer.vocab_size=330"]
    arguments = [
        "--preset",
        "python-tiny",
        "--phase",
        "finetune",
        "--train-data",
        str(data),
        "--output-dir",
        str(output_dir),
    ]
    return [*arguments, *(part for setting in settings for part in ("--set", setting))]


def test_training_goes_on_in_another_language(make_pipeline, tokenizer, data, tmp_path, capsys):
    start = make_pipeline()
    start.save_pretrained(tmp_path / "start")
    command = ["train", *options(data, tmp_path / "end"), "--init-from", str(tmp_path / "start")]
    assert main([*command, "--new-tokenizer"]) == 0
    end = CodeFusionPipeline.from_pretrained(tmp_path / "end")
    assert 263 < len(end.tokenizer) <= 330 and end.tokenizer.get_vocab() != tokenizer.get_vocab()
    assert end.model.config.vocab_size == len(end.tokenizer)
    old_rows, new_rows = torch.tensor(shared_tokens(tokenizer, end.tokenizer)).T
    torch.testing.assert_close(end.model.head.weight[new_rows], start.model.head.weight[old_rows])
    torch.testing.assert_close(end.model.denoiser.state_dict(), start.model.denoiser.state_dict())


def test_the_baseline_goes_on_in_another_language(t5, tokenizer, data, tmp_path):
    t5.save_pretrained(tmp_path / "start")
    tokenizer.save_pretrained(tmp_path / "start")
    command = ["train-baseline", *options(data, tmp_path / "end"), "--init-from", str(tmp_path / "start")]
    assert main([*command, "--new-tokenizer"]) == 0
    end = T5ForConditionalGeneration.from_pretrained(tmp_path / "end")
    new_tokenizer = AutoTokenizer.from_pretrained(tmp_path / "end")
    assert new_tokenizer.get_vocab() != tokenizer.get_vocab()
    old_rows, new_rows = torch.tensor(shared_tokens(tokenizer, new_tokenizer)).T
    torch.testing.assert_close(end.shared.weight[new_rows], t5.shared.weight[old_rows])


@pytest.mark.parametrize("command", ["train", "train-baseline"])
def test_random_weights_have_a_new_tokenizer_in_any_case(command, data, tmp_path, capsys):
    assert main([command, *options(data, tmp_path / "end"), "--new-tokenizer"]) == 2
    assert "`new_tokenizer` needs `init_from`" in capsys.readouterr().err
