# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion evaluate`: the table, the report, and what cannot be."""

import json

import pytest
from transformers import T5Config, T5ForConditionalGeneration


@pytest.fixture(scope="module")
def baseline(tokenizer, tmp_path_factory):
    """Folder of a tiny T5."""
    folder = tmp_path_factory.mktemp("t5")
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_decoder_layers": 1, "num_heads": 2}
    special = {"pad_token_id": 0, "eos_token_id": 2, "decoder_start_token_id": 0}
    model = T5ForConditionalGeneration(T5Config(vocab_size=len(tokenizer), **sizes, **special))
    model.generation_config.max_new_tokens = 8
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture
def data(tmp_path):
    """A file of pairs."""
    path = tmp_path / "pairs.jsonl"
    rows = [{"text": "show the date", "code": "date"}, {"text": "count the lines of a", "code": "wc -l a"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_evaluate_prints_a_table_and_writes_the_report(checkpoint, baseline, data, tmp_path, run):
    for module in ("sklearn", "sacrebleu", "rapidfuzz", "matplotlib"):
        pytest.importorskip(module)
    folder = tmp_path / "report"
    code, out, err = run(
        *("evaluate", "--checkpoint", checkpoint, "--data", data, "--train-data", data, "--baseline", baseline),
        *("--num-inference-steps", "2", "--output-dir", str(folder), "--plots", "--compare-steps", "1", "2"),
    )
    assert code == 0, err
    assert "template match" in out and "nearest neighbour" in " ".join(out.split())
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert list(report["systems"]) == ["checkpoint", "nearest_neighbour", "t5_beam", "t5_sampling"]
    assert report["systems"]["nearest_neighbour"]["metrics"]["exact_match_top1"]["value"] == 100.0
    assert report["systems"]["checkpoint"]["settings"]["num_inference_steps"] == 2
    assert len(report["systems"]["checkpoint"]["settings"]["checkpoint_hash"]) >= 12
    assert (report["num_prompts"], report["num_novel_prompts"], report["data"]) == (2, 0, "pairs.jsonl")
    names = {path.name for path in folder.iterdir()}
    plots = {"match_at_k.png", "match_at_steps.png", "edit_distance.png"}
    assert names == {"report.json", "report.md", "predictions.jsonl", "predictions"} | plots
    # Nothing says where on this machine the files are.
    assert str(tmp_path) not in (folder / "report.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in (folder / "report.md").read_text(encoding="utf-8")


def test_evaluate_takes_published_files_and_other_languages(checkpoint, tmp_path, monkeypatch, run):
    monkeypatch.setenv("COLUMNS", "200")  # room for the columns of a bundled T5
    for module in ("sklearn", "sacrebleu", "rapidfuzz"):
        pytest.importorskip(module)
    published = tmp_path / "rules.json"
    row = {"ID": 1, "NL Utterance": "mark the top 2", "Code": "Top(c[1], 2)", "Data": [["a", "b"], [1, 2], [2, 5]]}
    splits = {"train": [{**row, "Code": "top(2)"}], "test": [row, {**row, "NL Utterance": None}]}
    published.write_text(json.dumps(splits), encoding="utf-8")
    arguments = ("evaluate", "--language", "cf", "--checkpoint", checkpoint, "--data", str(published))
    arguments += ("--split", "test", "--train-data", str(published), "--num-inference-steps", "1")
    code, _, err = run(*arguments)
    assert code == 2 and "NL Utterance" in err
    code, out, err = run(*arguments, "--skip-malformed")
    assert code == 0, err
    line = next(line for line in out.splitlines() if "execution match @1" in line)
    assert "100.0" in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--novel",), "--train-data"),
        (("--plots",), "--output-dir"),
        (("--ks", "1", "7"), "largest of --ks (7), got 5"),
        (("--limit", "0"), "`limit`"),
    ],
)
def test_evaluate_refuses_what_cannot_be(arguments, message, data, run):
    for module in ("sklearn", "sacrebleu", "rapidfuzz"):
        pytest.importorskip(module)
    code, _, err = run("evaluate", "--data", data, *arguments)
    assert code == 2
    assert message in err and len(err.splitlines()) == 1
