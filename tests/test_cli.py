# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The command line: what it prints, and that bad input ends in one line and exit code 2."""

import io
import json

import pytest
import yaml
from transformers import T5Config, T5ForConditionalGeneration

from codefusion_hf.checkpoints import available_checkpoints
from codefusion_hf.cli import main
from codefusion_hf.evaluation import text_similarity
from codefusion_hf.languages import get_language


@pytest.fixture(scope="module")
def checkpoint(make_pipeline, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    make_pipeline().save_pretrained(folder)
    return str(folder)


def run(capsys, *argv):
    """Exit code, standard output and standard error of a command."""
    try:
        code = main(list(argv))
    except SystemExit as stop:
        code = stop.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def generate(capsys, checkpoint, *argv):
    return run(capsys, "generate", "--checkpoint", checkpoint, "--num-inference-steps", "2", *argv)


def test_generate_prints_ranked_candidates(checkpoint, capsys):
    code, out, err = generate(capsys, checkpoint, "show the date", "--num-return-sequences", "3")
    lines = out.splitlines()
    assert code == 0 and err == ""
    assert lines[0] == "show the date"
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3"]


def test_json_has_prompts_codes_and_scores(checkpoint, capsys):
    code, out, _ = generate(capsys, checkpoint, "show the date", "count lines", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["prompt"] for row in rows] == ["show the date", "count lines"]
    assert all(len(row["candidates"]) == 5 for row in rows)
    assert all(set(candidate) == {"code", "score"} for row in rows for candidate in row["candidates"])


def test_seed_decides_and_other_prompts_do_not(checkpoint, capsys):
    _, alone, _ = generate(capsys, checkpoint, "show the date", "--json", "--seed", "3")
    _, second, _ = generate(capsys, checkpoint, "count lines", "show the date", "--json", "--seed", "3")
    _, other_seed, _ = generate(capsys, checkpoint, "show the date", "--json", "--seed", "4")
    assert alone.splitlines()[0] == second.splitlines()[1]
    assert json.loads(alone) != json.loads(other_seed)


def test_prompts_from_a_file_and_from_standard_input(checkpoint, capsys, tmp_path, monkeypatch):
    path = tmp_path / "prompts.txt"
    path.write_text("show the date\n\ncount lines\n", encoding="utf-8")
    _, from_file, _ = generate(capsys, checkpoint, "--input", str(path), "--json")
    monkeypatch.setattr("sys.stdin", io.StringIO("show the date\ncount lines\n"))
    _, from_stdin, _ = generate(capsys, checkpoint, "--json")
    assert [json.loads(line)["prompt"] for line in from_file.splitlines()] == ["show the date", "count lines"]
    assert from_file == from_stdin


def test_json_lines_in_are_rows_out(checkpoint, capsys, tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_text('{"id": 4, "text": "show the date"}\n', encoding="utf-8")
    code, out, _ = generate(capsys, checkpoint, "--input", str(path), "--json")
    row = json.loads(out)
    assert code == 0
    assert (row["id"], row["text"], row["prompt"], len(row["candidates"])) == (4, *["show the date"] * 2, 5)


def test_output_is_a_file_and_progress_goes_to_standard_error(checkpoint, capsys, tmp_path):
    prompts, output = tmp_path / "prompts.txt", tmp_path / "out.jsonl"
    prompts.write_text("show the date\ncount lines\nlist files\n", encoding="utf-8")
    files = ["--input", str(prompts), "--output", str(output)]
    code, out, err = generate(capsys, checkpoint, *files, "--batch-size", "2", "--num-return-sequences", "3")
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert code == 0 and out == "" and "3/3" in err
    assert [row["prompt"] for row in rows] == ["show the date", "count lines", "list files"]
    assert all(len(row["candidates"]) == 3 for row in rows)
    for argv, expected in (([], 2), (["--overwrite"], 0)):
        code, _, err = generate(capsys, checkpoint, *files, "--seed", "1", *argv)
        assert code == expected and ("out.jsonl exists" in err) == (expected == 2)
    assert [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()] != rows


def test_show_steps_prints_each_draft(checkpoint, capsys):
    code, out, _ = generate(capsys, checkpoint, "show the date", "--show-steps")
    steps = [line for line in out.splitlines() if line.startswith("step")]
    assert code == 0
    assert [line.split()[1] for line in steps] == ["1/2", "2/2"]


@pytest.mark.parametrize("name", ["DDIM", "DDIMScheduler", "HeunDiscreteScheduler"])
def test_scheduler_by_name(checkpoint, capsys, name):
    code, out, _ = generate(capsys, checkpoint, "show the date", "--scheduler", name)
    assert code == 0 and len(out.splitlines()) == 6


def test_control_characters_do_not_reach_the_terminal(checkpoint, capsys):
    code, out, _ = generate(capsys, checkpoint, "show \x1b[31m the date")
    assert code == 0 and "\x1b" not in out


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        ([""], "prompt"),
        (["   "], "prompt"),
        (["show the date", "--scheduler", "Nonsense"], "Nonsense"),
        (["show the date", "--scheduler", "IPNDMScheduler"], "IPNDMScheduler"),
        (["show the date", "--num-inference-steps", "0"], "num_inference_steps"),
        (["show the date", "--num-inference-steps", "5000"], "num_inference_steps"),
        (["show the date", "--num-inference-steps", "many"], "many"),
        (["show the date", "--num-return-sequences", "0"], "num_return_sequences"),
        (["show the date", "--input", "prompts.txt"], "--input"),
        (["--input", "no-such-file.txt"], "no-such-file.txt"),
        (["--input", "no-such-file.txt", "--output", "out.jsonl"], "no-such-file.txt"),
        (["show the date", "--output", "out.jsonl"], "--input"),
        (["--input", "-", "--output", "out.jsonl"], "--input"),
        (["--input", "prompts.txt", "--output", "out.jsonl", "--json"], "--json"),
        (["--input", "prompts.txt", "--output", "out.jsonl", "--batch-size", "0"], "batch_size"),
        (["show the date", "--overwrite"], "--output"),
        (["show the date", "--no-such-option"], "--no-such-option"),
        (["show the date", "--language", "bash"], "--language"),
        (["show the date", "--language", "perl"], "perl"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(checkpoint, capsys, argv, named):
    code, out, err = generate(capsys, checkpoint, *argv)
    assert code == 2
    assert len(err.splitlines()) == 1 and named in err
    assert "Traceback" not in err


def test_missing_checkpoint_is_one_line_and_exit_code_2(capsys, tmp_path):
    for checkpoint in ("/no/such/folder", "no-such-user/no-such-repo", str(tmp_path)):
        code, out, err = generate(capsys, checkpoint, "show the date")
        assert code == 2 and out == ""
        assert len(err.splitlines()) == 1 and checkpoint in err


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


def test_bad_training_data_is_one_line_and_exit_code_2(capsys, tmp_path):
    data = tmp_path / "train.jsonl"
    data.write_text('{"text": "show the date"}\n', encoding="utf-8")
    code, _, err = run(
        capsys,
        *("train", "--preset", "bash-tiny", "--phase", "finetune"),
        *("--train-data", str(data), "--output-dir", str(tmp_path / "out")),
    )
    assert code == 2
    assert len(err.splitlines()) == 1 and "line 1" in err and "`code`" in err


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


def test_evaluate_prints_a_table_and_writes_the_report(checkpoint, baseline, data, capsys, tmp_path):
    for module in ("sklearn", "sacrebleu", "rapidfuzz", "matplotlib"):
        pytest.importorskip(module)
    folder = tmp_path / "report"
    code, out, err = run(
        capsys,
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


def test_evaluate_takes_published_files_and_other_languages(checkpoint, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # room for the columns of a bundled T5
    for module in ("sklearn", "sacrebleu", "rapidfuzz"):
        pytest.importorskip(module)
    published = tmp_path / "rules.json"
    row = {"ID": 1, "NL Utterance": "mark the top 2", "Code": "Top(c[1], 2)", "Data": [["a", "b"], [1, 2], [2, 5]]}
    splits = {"train": [{**row, "Code": "top(2)"}], "test": [row, {**row, "NL Utterance": None}]}
    published.write_text(json.dumps(splits), encoding="utf-8")
    arguments = ("evaluate", "--language", "cf", "--checkpoint", checkpoint, "--data", str(published))
    arguments += ("--split", "test", "--train-data", str(published), "--num-inference-steps", "1")
    code, _, err = run(capsys, *arguments)
    assert code == 2 and "NL Utterance" in err
    code, out, err = run(capsys, *arguments, "--skip-malformed")
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
def test_evaluate_refuses_what_cannot_be(arguments, message, data, capsys):
    for module in ("sklearn", "sacrebleu", "rapidfuzz"):
        pytest.importorskip(module)
    code, _, err = run(capsys, "evaluate", "--data", data, *arguments)
    assert code == 2
    assert message in err and len(err.splitlines()) == 1


def test_generate_ranks_candidates_as_it_is_told(checkpoint, capsys, monkeypatch):
    for module in ("bashlex", "sacrebleu", "rapidfuzz"):
        pytest.importorskip(module)
    monkeypatch.setattr(type(get_language("cf")), "is_valid", lambda language, code: len(code) % 2 == 0)
    monkeypatch.setattr(text_similarity, "sentence_chrf", lambda text, other: float(len(text)))
    arguments = ("generate", "list files", "--checkpoint", checkpoint, "--json", "--num-inference-steps", "1")
    arguments += ("--temperature", "1", "--num-candidates", "12", "--num-return-sequences", "12")

    def codes(*options):
        code, out, err = run(capsys, *arguments, *options)
        assert code == 0, err
        return [candidate["code"] for candidate in json.loads(out)["candidates"]]

    by_votes, by_chrf, valid_first = codes(), codes("--ranking", "chrf"), codes("--valid-first", "--language", "cf")
    assert [len(set(ranked)) for ranked in (by_votes, by_chrf, valid_first)] == [12] * 3
    assert by_votes != by_chrf
    # Each draw has more programs than are asked for: enough of them are valid.
    assert all(len(code) % 2 == 0 for code in valid_first) and any(len(code) % 2 for code in by_votes)
    code, _, err = run(capsys, *arguments, "--valid-first")
    assert code == 2 and "--valid-first with --checkpoint needs --language" in err


def test_generate_without_bash_says_so(checkpoint, capsys, monkeypatch, tmp_path):
    for module in ("bashlex", "sacrebleu", "rapidfuzz"):
        pytest.importorskip(module)
    monkeypatch.setenv("PATH", str(tmp_path))
    arguments = ("generate", "list files", "--checkpoint", checkpoint, "--num-inference-steps", "1")
    code, _, err = run(capsys, *arguments, "--temperature", "1", "--valid-first", "--language", "bash")
    assert code == 2
    assert "no `bash` was found" in err and len(err.splitlines()) == 1


@pytest.mark.skipif("bash-tiny" not in available_checkpoints(), reason="the checkpoint is not bundled")
def test_bundled_checkpoint_writes_code(capsys):
    code, out, _ = run(capsys, "generate", "list all files", "--json")
    candidates = json.loads(out)["candidates"]
    assert code == 0
    assert candidates[0]["code"]
    assert len({candidate["code"] for candidate in candidates}) == len(candidates) == 5


@pytest.mark.skipif(len(available_checkpoints()) < 3, reason="the checkpoints are not bundled")
@pytest.mark.parametrize("language", ["python", "cf"])
def test_language_picks_the_bundled_checkpoint(language, capsys):
    prompt = "values above 10"
    code, by_language, _ = run(capsys, "generate", "--language", language, prompt, "--json")
    assert code == 0
    _, by_name, _ = run(capsys, "generate", "--checkpoint", f"{language}-tiny", prompt, "--json")
    _, default, _ = run(capsys, "generate", prompt, "--json")
    assert by_language == by_name != default
