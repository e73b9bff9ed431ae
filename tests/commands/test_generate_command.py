# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion generate`: what it prints, and that bad input ends in one line and exit code 2."""

import io
import json

import pytest
from torch.ao.nn.quantized.dynamic import Linear as QuantizedLinear

from codefusion_hf.checkpoints import available_checkpoints
from codefusion_hf.evaluation.metrics import text_similarity
from codefusion_hf.inference.loading import load_pipeline
from codefusion_hf.languages import get_language
from codefusion_hf.pipelines import CodeFusionPipeline


@pytest.fixture
def generate(run, checkpoint):
    """A function that runs `codefusion generate` with a tiny checkpoint."""
    return lambda *argv: run("generate", "--checkpoint", checkpoint, "--num-inference-steps", "2", *argv)


def test_generate_prints_ranked_candidates(generate):
    code, out, err = generate("show the date", "--num-return-sequences", "3")
    lines = out.splitlines()
    assert code == 0 and err == ""
    assert lines[0] == "show the date"
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3"]


def test_json_has_prompts_codes_and_scores(generate):
    code, out, _ = generate("show the date", "count lines", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["prompt"] for row in rows] == ["show the date", "count lines"]
    assert all(len(row["candidates"]) == 5 for row in rows)
    assert all(set(candidate) == {"code", "score"} for row in rows for candidate in row["candidates"])


def test_seed_decides_and_other_prompts_do_not(generate):
    _, alone, _ = generate("show the date", "--json", "--seed", "3")
    _, second, _ = generate("count lines", "show the date", "--json", "--seed", "3")
    _, other_seed, _ = generate("show the date", "--json", "--seed", "4")
    assert alone.splitlines()[0] == second.splitlines()[1]
    assert json.loads(alone) != json.loads(other_seed)


def test_prompts_from_a_file_and_from_standard_input(tmp_path, monkeypatch, generate):
    path = tmp_path / "prompts.txt"
    path.write_text("show the date\n\ncount lines\n", encoding="utf-8")
    _, from_file, _ = generate("--input", str(path), "--json")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"show the date\ncount lines\n")))
    _, from_stdin, _ = generate("--json")
    assert [json.loads(line)["prompt"] for line in from_file.splitlines()] == ["show the date", "count lines"]
    assert from_file == from_stdin


def test_json_lines_in_are_rows_out(tmp_path, generate):
    path = tmp_path / "prompts.jsonl"
    path.write_text('{"id": 4, "text": "show the date"}\n', encoding="utf-8")
    code, out, _ = generate("--input", str(path), "--json")
    row = json.loads(out)
    assert code == 0
    assert (row["id"], row["text"], row["prompt"], len(row["candidates"])) == (4, *["show the date"] * 2, 5)


def test_output_is_a_file_and_progress_goes_to_standard_error(tmp_path, generate):
    prompts, output = tmp_path / "prompts.txt", tmp_path / "out.jsonl"
    prompts.write_text("show the date\ncount lines\nlist files\n", encoding="utf-8")
    files = ["--input", str(prompts), "--output", str(output)]
    code, out, err = generate(*files, "--batch-size", "2", "--num-return-sequences", "3")
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert code == 0 and out == "" and "3/3" in err
    assert [row["prompt"] for row in rows] == ["show the date", "count lines", "list files"]
    assert all(len(row["candidates"]) == 3 for row in rows)
    for argv, expected in (([], 2), (["--overwrite"], 0)):
        code, _, err = generate(*files, "--seed", "1", *argv)
        assert code == expected and ("out.jsonl exists" in err) == (expected == 2)
    assert [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()] != rows


def test_show_steps_prints_each_draft(generate):
    code, out, _ = generate("show the date", "--show-steps")
    steps = [line for line in out.splitlines() if line.startswith("step")]
    assert code == 0
    assert [line.split()[1] for line in steps] == ["1/2", "2/2"]


def test_int8_changes_the_denoiser_alone(generate, checkpoint):
    _, expected, _ = generate("show the date", "--json")
    code, out, err = generate("show the date", "--json", "--int8")
    assert code == 0 and err == ""
    scores, others = ([c["score"] for c in json.loads(text)["candidates"]] for text in (expected, out))
    assert scores != others and scores == pytest.approx(others, abs=0.5)
    model = load_pipeline(checkpoint, int8=True).model
    kinds = {name.split(".")[0] for name, module in model.named_modules() if isinstance(module, QuantizedLinear)}
    assert kinds == {"denoiser"}


@pytest.mark.parametrize("name", ["DDIM", "DDIMScheduler", "HeunDiscreteScheduler"])
def test_scheduler_by_name(name, generate):
    code, out, _ = generate("show the date", "--scheduler", name)
    assert code == 0 and len(out.splitlines()) == 6


def test_control_characters_do_not_reach_the_terminal(generate):
    code, out, _ = generate("show \x1b[31m the date")
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
        (["show the date", "--language", "perl"], "perl"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(argv, named, generate):
    code, out, err = generate(*argv)
    assert code == 2
    assert len(err.splitlines()) == 1 and named in err
    assert "Traceback" not in err


def test_missing_checkpoint_is_one_line_and_exit_code_2(tmp_path, run):
    for checkpoint in ("/no/such/folder", "no-such-user/no-such-repo", str(tmp_path)):
        code, out, err = run("generate", "show the date", "--checkpoint", checkpoint)
        assert code == 2 and out == ""
        assert len(err.splitlines()) == 1 and checkpoint in err


def test_generate_ranks_candidates_as_it_is_told(checkpoint, monkeypatch, run):
    for module in ("bashlex", "sacrebleu", "rapidfuzz"):
        pytest.importorskip(module)
    monkeypatch.setattr(type(get_language("cf")), "is_valid", lambda language, code: len(code) % 2 == 0)
    monkeypatch.setattr(text_similarity, "sentence_chrf", lambda text, other: float(len(text)))
    arguments = ("generate", "list files", "--checkpoint", checkpoint, "--json", "--num-inference-steps", "1")
    arguments += ("--temperature", "1", "--num-candidates", "12", "--num-return-sequences", "12")

    def codes(*options):
        code, out, err = run(*arguments, *options)
        assert code == 0, err
        return [candidate["code"] for candidate in json.loads(out)["candidates"]]

    by_votes, by_chrf, valid_first = codes(), codes("--ranking", "chrf"), codes("--valid-first", "--language", "cf")
    assert [len(set(ranked)) for ranked in (by_votes, by_chrf, valid_first)] == [12] * 3
    assert by_votes != by_chrf
    # Each draw has more programs than are asked for: enough of them are valid.
    assert all(len(code) % 2 == 0 for code in valid_first) and any(len(code) % 2 for code in by_votes)
    code, _, err = run(*arguments, "--valid-first")
    assert code == 2 and "--valid-first needs --language" in err


def test_what_is_not_said_is_the_checkpoints(make_pipeline, monkeypatch, tmp_path, run):
    defaults = {"num_inference_steps": 2, "num_candidates": 7, "temperature": [0.5, 2.0], "guidance_scale": 1.5}
    defaults |= {"language": "cf", "valid_first": True, "readout_noise": 0.25, "commit_tokens": True}
    pipe = make_pipeline()
    CodeFusionPipeline(**pipe.components, sampling_defaults=defaults).save_pretrained(tmp_path)
    calls = []
    call = CodeFusionPipeline.__call__
    monkeypatch.setattr(
        CodeFusionPipeline,
        "__call__",
        lambda self, *args, **kwargs: calls.append(kwargs) or call(self, *args, **kwargs),
    )
    argv = ("generate", "list files", "--checkpoint", tmp_path)
    assert run(*argv)[0] == 0
    given = calls.pop()
    assert {name: given[name] for name in defaults if name in given} == {
        name: value for name, value in defaults.items() if name not in ("language", "valid_first")
    }
    assert given["is_valid"] == get_language("cf").is_valid
    options = ("--num-inference-steps", 3, "--num-candidates", 6, "--temperature", 1, "--guidance-scale", 1)
    assert run(*argv, *options, "--no-valid-first", "--no-commit-tokens")[0] == 0
    given = calls.pop()
    assert given["commit_tokens"] is False
    assert (given["num_inference_steps"], given["num_candidates"], given["temperature"]) == (3, 6, 1.0)
    assert given["guidance_scale"] == 1.0 and "is_valid" not in given
    assert run(*argv, "--scheduler", "DDIM")[0] == 0
    assert calls.pop()["commit_tokens"] is False


def test_generate_without_bash_says_so(checkpoint, monkeypatch, tmp_path, run):
    for module in ("bashlex", "sacrebleu", "rapidfuzz"):
        pytest.importorskip(module)
    monkeypatch.setenv("PATH", str(tmp_path))
    arguments = ("generate", "list files", "--checkpoint", checkpoint, "--num-inference-steps", "1")
    code, _, err = run(*arguments, "--temperature", "1", "--valid-first", "--language", "bash")
    assert code == 2
    assert "no `bash` was found" in err and len(err.splitlines()) == 1


@pytest.mark.skipif("bash-tiny" not in available_checkpoints(), reason="the checkpoint is not bundled")
def test_bundled_checkpoint_writes_code(run):
    code, out, _ = run("generate", "list all files", "--json")
    candidates = json.loads(out)["candidates"]
    assert code == 0
    assert candidates[0]["code"]
    assert len({candidate["code"] for candidate in candidates}) == len(candidates) == 5


@pytest.mark.skipif(len(available_checkpoints()) < 3, reason="the checkpoints are not bundled")
@pytest.mark.parametrize("language", ["python", "cf"])
def test_language_picks_the_bundled_checkpoint(language, run):
    prompt = "values above 10"
    code, by_language, _ = run("generate", "--language", language, prompt, "--json")
    assert code == 0
    _, by_name, _ = run("generate", "--checkpoint", f"{language}-tiny", prompt, "--json")
    _, default, _ = run("generate", prompt, "--json")
    assert by_language == by_name != default
