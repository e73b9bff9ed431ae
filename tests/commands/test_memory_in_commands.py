# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A memory from its pairs to an answer: built, trained with, generated with, evaluated beside a T5 that reads it."""

import json

import pytest


pytest.importorskip("bm25s")

PAIRS = [
    {"text": f"show line {number} of notes {kind}", "code": f"sed -n {number}p notes.{kind}"}
    for number in range(4)
    for kind in ("txt", "md", "log")
]
TINY = (
    *("--preset", "bash-tiny", "--phase", "finetune"),
    *(
        "--set",
        "tokenizer.vocab_size=360",
        "--set",
        "tokenizer.neighbors=true",
        "--set",
        "model.num_denoiser_layers=1",
    ),
    *("--set", "model.hidden_size=32", "--set", "model.intermediate_size=32", "--set", "model.latent_size=16"),
    *("--set", "model.encoder_config.num_hidden_layers=1", "--set", "model.encoder_config.hidden_size=32"),
    *("--set", "model.encoder_config.embedding_size=32", "--set", "model.encoder_config.intermediate_size=32"),
    *(
        "--set",
        "finetune.max_steps=3",
        "--set",
        "training.per_device_train_batch_size=4",
        "--set",
        "training.muon=true",
    ),
    *("--set", "training.save_strategy=no", "--set", "training.report_to=none", "--set", "training.use_cpu=true"),
    *("--set", "training.neighbor_copy_steps=2", "--set", "model.num_denoiser_layers=1"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A file of pairs; what the commands make comes beside it."""
    folder = tmp_path_factory.mktemp("memory")
    (folder / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in PAIRS), encoding="utf-8")
    return folder


def test_from_pairs_to_a_report(folder, run):
    for module in ("sklearn", "sacrebleu", "rapidfuzz", "bashlex"):
        pytest.importorskip(module)
    data, memory = folder / "pairs.jsonl", folder / "pairs-memory"
    for argv in (
        ("memory", "build", data, "--output-dir", memory),
        ("train", *TINY, "--train-data", data, "--output-dir", folder / "model", "--memory", memory),
        ("train-baseline", *TINY, "--train-data", data, "--output-dir", folder / "t5", "--memory", memory),
    ):
        code, _, err = run(*argv)
        assert code == 0, err
    sampling = ("--checkpoint", folder / "model", "--memory", memory, "--num-inference-steps", "1")
    sampling += ("--num-candidates", "5", "--no-valid-first")
    code, out, err = run("generate", "show line 2 of notes txt", *sampling, "--json")
    assert code == 0, err
    (row,) = map(json.loads, out.splitlines())
    assert [neighbor["code"] for neighbor in row["neighbors"]][:1] == ["sed -n 2p notes.txt"]
    code, _, err = run(
        *("evaluate", "--data", data, "--baseline", folder / "t5", "--output-dir", folder / "report", *sampling)
    )
    assert code == 0, err
    report = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
    assert list(report["systems"]) == ["checkpoint", "without_memory", "t5_beam", "t5_sampling"]
    settings = {name: system["settings"] for name, system in report["systems"].items()}
    assert settings["checkpoint"]["memory"] == "pairs-memory" and settings["checkpoint"]["num_memory_rows"] == 12
    assert settings["without_memory"]["memory"] is None
    assert settings["t5_beam"]["num_memory_rows"] == 12
    assert str(folder) not in (folder / "report" / "report.json").read_text(encoding="utf-8")


def test_a_checkpoint_that_reads_none_says_so(checkpoint, refuse):
    arguments = ("generate", "show the date", "--checkpoint", checkpoint, "--memory")
    assert "has not been trained with neighbours" in refuse(*arguments, "cookbook:bash")
    assert "no-such-memory" in refuse(*arguments, "no-such-memory/folder")
    assert "got 'perl'" in refuse(*arguments, "cookbook:perl")


def test_a_checkpoint_names_no_memory_that_is_fetched(make_pipeline, tmp_path, refuse, run):
    pipe = make_pipeline()
    type(pipe)(**pipe.components, sampling_defaults={"memory": "someone/memory"}).save_pretrained(tmp_path)
    arguments = ("generate", "show the date", "--checkpoint", tmp_path)
    assert "nothing is fetched unasked" in refuse(*arguments)
    assert run(*arguments, "--memory", "none")[0] == 0
