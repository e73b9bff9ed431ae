# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion train`: from data files to a pipeline folder."""

import json

import yaml

from codefusion_hf.cli import main


def test_trains_in_both_phases(capsys, tmp_path):
    preset = {
        "tokenizer": {"vocab_size": 280},
        "model": {
            "encoder_config": {
                "model_type": "t5",
                "d_model": 16,
                "d_kv": 8,
                "d_ff": 16,
                "num_layers": 1,
                "num_heads": 2,
            },
            "latent_size": 8,
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_attention_heads": 2,
            "num_denoiser_layers": 1,
            "num_decoder_layers": 1,
            "max_code_length": 32,
        },
        "training": {"max_steps": 1, "use_cpu": True, "report_to": "none"},
    }
    (tmp_path / "preset.yaml").write_text(yaml.safe_dump(preset))
    data = tmp_path / "data.csv"
    data.write_text("question,code\nshow the date,date\nlist files,ls -l\n,\n")
    common = ["train", "--preset", str(tmp_path / "preset.yaml"), "--language", "bash", "--train-data", str(data)]
    common += ["--skip-malformed", "--text-column", "question", "--set", "model.max_code_length=16"]
    pretrained, finetuned = str(tmp_path / "pretrained"), str(tmp_path / "finetuned")
    assert main([*common, "--phase", "pretrain", "--output-dir", pretrained]) == 0
    assert main([*common, "--phase", "finetune", "--output-dir", finetuned, "--init-from", pretrained]) == 0
    capsys.readouterr()
    assert main(["generate", "show the date", "--checkpoint", finetuned, "--num-inference-steps", "2", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["candidates"]) == 5


def test_bad_training_data_is_one_line_and_exit_code_2(tmp_path, run):
    data = tmp_path / "train.jsonl"
    data.write_text('{"text": "show the date"}\n', encoding="utf-8")
    code, _, err = run(
        *("train", "--preset", "bash-tiny", "--phase", "finetune"),
        *("--train-data", str(data), "--output-dir", str(tmp_path / "out")),
    )
    assert code == 2
    assert len(err.splitlines()) == 1 and "line 1" in err and "`code`" in err
