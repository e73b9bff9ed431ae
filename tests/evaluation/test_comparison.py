# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Systems, their comparison on the same prompts, and the report of it."""

import io
import json
import shutil

import pytest
from rich.console import Console


for module in ("bashlex", "rapidfuzz", "sacrebleu", "sklearn"):
    pytest.importorskip(module)

from codefusion_hf.evaluation.arguments import EvaluationArguments  # noqa: E402
from codefusion_hf.evaluation.comparison import evaluate_systems, predict_system  # noqa: E402
from codefusion_hf.evaluation.examples import Example  # noqa: E402
from codefusion_hf.evaluation.report import report_markdown, report_table  # noqa: E402
from codefusion_hf.evaluation.systems import System, checkpoint_system, nearest_neighbour_system  # noqa: E402
from codefusion_hf.inference.arguments import SamplingArguments  # noqa: E402


pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")

EXAMPLES = (
    Example("count lines of a", ("wc -l a",)),
    Example("list files", ("ls", "ls -a")),
    Example("show the date", ("date",)),
)
CODES = {
    "count lines of a": ["wc -l b", "wc -c a"],
    "list files": ["ls -a", "ls"],
    "show the date": ["time", "date"],
}
TRAIN_ROWS = [{"text": "list all files", "code": "ls"}, {"text": "count words", "code": "wc -w a"}]


@pytest.fixture
def calls():
    return []


@pytest.fixture
def scripted(calls):
    """A system that looks its candidates up."""

    def predict(prompts, start):
        calls.append((prompts, start))
        return [{"candidates": CODES[prompt], "scores": [0.0, -1.0]} for prompt in prompts]

    return System("checkpoint", "CodeFusion", predict, {"seed": 3, "num_return_sequences": 2})


def evaluate(*systems, train_codes=None, **kwargs):
    arguments = EvaluationArguments(**{"data": "data/test.jsonl", "ks": [1, 2], "batch_size": 2, **kwargs})
    return evaluate_systems(systems, EXAMPLES, arguments, train_codes=train_codes)


def test_report(scripted, calls, tmp_path):
    report = evaluate(
        scripted,
        nearest_neighbour_system(TRAIN_ROWS, "bash", 2),
        train_codes=[row["code"] for row in TRAIN_ROWS],
        output_dir=tmp_path / "run",
    )
    assert calls == [(["count lines of a", "list files"], 0), (["show the date"], 2)]

    third = pytest.approx(100 / 3)
    ours, floor = report["systems"]["checkpoint"], report["systems"]["nearest_neighbour"]
    assert ours["metrics"]["exact_match_top1"]["value"] == third
    assert ours["metrics"]["exact_match_top2"]["value"] == pytest.approx(200 / 3)
    assert ours["metrics"]["template_match_top2"] == {"value": 100.0, "low": 100.0, "high": 100.0}
    assert floor["metrics"]["exact_match_top1"]["value"] == third
    # `ls` was trained on: two prompts are left.
    assert report["num_novel_prompts"] == 2
    assert floor["novel_metrics"]["exact_match_top2"]["value"] == 0.0
    assert ours["novel_metrics"]["template_match_top1"]["value"] == 50.0
    assert ours["diversity"]["distinct_candidates"]["value"] == 1.0
    assert ours["settings"] == {"seed": 3, "num_return_sequences": 2}
    assert {name: report[name] for name in ("language", "num_prompts", "data", "batch_size", "ks")} == {
        "language": "bash",
        "num_prompts": 3,
        "data": "test.jsonl",
        "batch_size": 2,
        "ks": [1, 2],
    }
    assert report["titles"]["template_match_top2"] == "template match @2"
    assert report["versions"].keys() == {"codefusion-hf", "torch", "transformers", "diffusers"}

    folder = tmp_path / "run"
    assert json.loads((folder / "report.json").read_text()) == report
    assert (folder / "report.md").read_text() == report_markdown(report)
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    assert rows[1] == {
        "prompt": "list files",
        "references": ["ls", "ls -a"],
        "novel": False,
        "checkpoint": {"candidates": ["ls -a", "ls"], "scores": [0.0, -1.0]},
        "nearest_neighbour": {"candidates": ["ls", "wc -w a"]},
    }


def test_an_interrupted_evaluation_goes_on(scripted, calls, tmp_path):
    whole = evaluate(scripted)
    calls.clear()

    def interrupted(prompts, start):
        if start:
            raise KeyboardInterrupt
        return scripted.predict(prompts, start)

    with pytest.raises(KeyboardInterrupt):
        evaluate(System("checkpoint", "CodeFusion", interrupted, scripted.settings), output_dir=tmp_path)
    assert not (tmp_path / "report.json").exists()
    resumed = evaluate(scripted, output_dir=tmp_path)
    assert [start for _, start in calls] == [0, 2]
    assert resumed["systems"]["checkpoint"]["metrics"] == whole["systems"]["checkpoint"]["metrics"]
    # The folder is of these settings.
    other = System("checkpoint", "CodeFusion", scripted.predict, {**scripted.settings, "seed": 4})
    with pytest.raises(ValueError, match="seed"):
        evaluate(other, output_dir=tmp_path)


def test_without_training_data_nothing_is_novel(scripted):
    report = evaluate(scripted)
    assert report["num_novel_prompts"] is None
    assert report["systems"]["checkpoint"]["novel_metrics"] is None


def test_a_checkpoint_repeats_with_its_seed_and_writes_its_settings(make_pipeline):
    pipe = make_pipeline()
    arguments = {"num_inference_steps": 3, "num_return_sequences": 2}
    one, same, other = (
        predict_system(checkpoint_system(pipe, SamplingArguments(seed=seed, **arguments)), EXAMPLES, batch_size=2)
        for seed in (0, 0, 5)
    )
    assert one == same != other
    assert [len(prediction["candidates"]) for prediction in one] == [2, 2, 2]
    sampling = SamplingArguments(rounding="clamping", **arguments)
    assert checkpoint_system(pipe, sampling, checkpoint="tiny").settings == {
        "checkpoint": "tiny",
        "num_inference_steps": 3,
        "num_return_sequences": 2,
        "temperature": 0.05,
        "guidance_scale": 1.0,
        "rounding": "clamping",
        "readout_noise": 0.5,
        "commit_tokens": False,
        "int8": False,
        "memory": None,
        "num_neighbors": 3,
        "early_exit_patience": 0,
        "early_exit_confidence": 0.9,
        "language": None,
        "num_candidates": 2,
        "ranking": "votes",
        "valid_first": False,
        "scheduler": "CodeFusionScheduler",
        "seed": 0,
    }


def test_how_candidates_are_ranked_is_written_in_the_settings(make_pipeline):
    sampling = SamplingArguments(num_inference_steps=1, ranking="chrf", valid_first=True)
    system = checkpoint_system(make_pipeline(), sampling, "bash")
    assert (system.settings["ranking"], system.settings["valid_first"]) == ("chrf", True)
    assert len(system.predict(["list files"], 0)[0]["candidates"]) == 5
    with pytest.raises(ValueError, match="--valid-first needs --language"):
        checkpoint_system(make_pipeline(), sampling)


def test_the_nearest_neighbour_takes_the_values_of_the_prompt():
    rows = [{"text": "count the lines of notes.txt", "code": "wc -l notes.txt"}]
    system = nearest_neighbour_system(rows, "bash", 1)
    assert system.predict(["count the lines of server.log"], 0) == [{"candidates": ["wc -l server.log"]}]
    assert system.settings["language"] == "bash"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "`batch_size` must be 1 or more, got 0"),
        ({"ks": [1, 0]}, "`ks`"),
        ({"ks": []}, "`ks`"),
        ({"limit": 0}, "`limit`"),
        ({"compare_steps": [5, -1], "output_dir": "x"}, "`compare_steps`"),
        ({"language": "perl"}, "`language` must be one of bash, python, cf, got 'perl'"),
        ({"novel": True}, "--train-data"),
        ({"plots": True}, "--output-dir"),
    ],
)
def test_arguments_out_of_their_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        EvaluationArguments(data="test.jsonl", **options)


def test_nothing_to_compare_is_refused(scripted):
    arguments = EvaluationArguments(data="test.jsonl")
    for systems, examples, message in (((scripted,), (), "`examples`"), ((), EXAMPLES, "`systems`")):
        with pytest.raises(ValueError, match=message):
            evaluate_systems(systems, examples, arguments)


def test_systems_have_names_of_their_own(scripted):
    with pytest.raises(ValueError, match="`systems` .* different names"):
        evaluate(scripted, scripted)


def table_text(report, **kwargs):
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(report_table(report, **kwargs))
    return console.export_text()


def test_report_table_and_markdown(scripted):
    systems = (scripted, nearest_neighbour_system(TRAIN_ROWS, "bash", 2))
    report = evaluate(*systems, train_codes=["ls"], limit=3)
    text = table_text(report)
    row = next(line for line in text.splitlines() if "template match @2" in line)
    assert row.count("100.0 ±0.0") == 1
    assert "nearest neighbour" in text and "not in the training data" not in text
    novel = table_text(report, novel=True)
    assert "2 prompts whose programs are" in novel
    assert novel.count("template match @2") == 2

    markdown = report_markdown(report)
    assert "| template match @2 | 100.0 (100.0 to 100.0) |" in markdown
    assert "| distinct candidates | 1.00 (1.00 to 1.00) | 1.00 (1.00 to 1.00) |" in markdown
    assert "CodeFusion: seed 3, num_return_sequences 2" in markdown
    tables = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables} == {4}
