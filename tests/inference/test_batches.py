# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Predictions in batches: kept, found again after any interruption, and shared out among processes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codefusion_hf.inference.batches import predict_all


ROOT = Path(__file__).resolve().parents[2]
PROMPTS = ["list files", "show the date", "count “lines”", "print\ud800", "sort names", "go up", "say hi"]
SETTINGS = {"checkpoint": "0123456789abcdef", "num_inference_steps": 20, "ks": (1, 3), "folder": None}


class Predictor:
    """Answers with what it is asked, keeps the starts of its batches, and stops before one of them if told to."""

    def __init__(self, stop_at=None):
        self.stop_at = stop_at
        self.starts = []

    def __call__(self, prompts, start):
        if start == self.stop_at:
            raise KeyboardInterrupt
        self.starts.append(start)
        return [
            {"candidates": [prompt.upper(), prompt], "scores": [-1 / (start + place + 1), float("-inf")]}
            for place, prompt in enumerate(prompts)
        ]


def run(predict, folder=None, prompts=PROMPTS, batch_size=2, **settings):
    return predict_all(
        predict,
        prompts,
        batch_size=batch_size,
        folder=folder,
        settings={**SETTINGS, **settings},
        description="Testing",
    )


def test_batches_are_cut_in_order_and_kept(tmp_path):
    predict, predict_and_keep = Predictor(), Predictor()
    rows = run(predict)
    assert predict.starts == [0, 2, 4, 6]
    assert [row["candidates"][1] for row in rows] == PROMPTS
    assert rows[6]["scores"][0] == -1 / 7

    assert run(predict_and_keep, tmp_path / "new" / "folder") == rows
    assert predict_and_keep.starts == [0, 2, 4, 6]
    names = ["batch-00000.json", "batch-00001.json", "batch-00002.json", "batch-00003.json", "lock", "settings.json"]
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == names
    settings = json.loads((tmp_path / "new" / "folder" / "settings.json").read_text())
    assert settings == {**SETTINGS, "ks": [1, 3], "batch_size": 2}


def test_what_was_interrupted_goes_on(tmp_path, capsys):
    with pytest.raises(KeyboardInterrupt):
        run(Predictor(stop_at=4), tmp_path)
    (tmp_path / "batch-00000.json").unlink()
    capsys.readouterr()
    predict = Predictor()
    assert run(predict, tmp_path) == run(Predictor())
    assert predict.starts == [0, 4, 6]
    bars = capsys.readouterr().err.split("\r")
    assert any("Testing" in bar and " 2/7 " in bar for bar in bars) and not any(" 0/7 " in bar for bar in bars[:3])

    finished = Predictor()
    assert run(finished, tmp_path) == run(Predictor())
    assert finished.starts == []


def test_more_prompts_need_no_new_start(tmp_path):
    run(Predictor(), tmp_path, prompts=PROMPTS[:4])
    predict = Predictor()
    assert run(predict, tmp_path) == run(Predictor())
    assert predict.starts == [4, 6]


def test_no_prompts(tmp_path):
    assert run(Predictor(), prompts=[]) == []
    assert run(Predictor(), tmp_path, prompts=[]) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_inference_steps": 10}, "`num_inference_steps` is 10 and was 20.*another folder"),
        ({"ks": (1, 5)}, r"`ks` is \[1, 5\] and was \[1, 3\]"),
        ({"seed": 0}, "`seed` is 0 and was not given"),
        ({"batch_size": 3}, "`batch_size` is 3 and was 2"),
        ({"prompts": [*PROMPTS[:2], "another", *PROMPTS[3:]]}, "batch-00001.json has predictions for other prompts"),
        ({"prompts": PROMPTS[:3]}, "batch-00001.json has predictions for other prompts"),
    ],
)
def test_predictions_of_something_else_are_refused(changes, message, tmp_path):
    run(Predictor(), tmp_path)
    predict = Predictor()
    with pytest.raises(ValueError, match=message) as error:
        run(predict, tmp_path, **changes)
    assert str(tmp_path) in str(error.value)
    assert predict.starts == []
    # Nothing is lost by it.
    assert run(predict, tmp_path) == run(Predictor())
    assert predict.starts == []


def test_settings_that_are_no_longer_given_are_named(tmp_path):
    run(Predictor(), tmp_path, seed=1)
    with pytest.raises(ValueError, match="settings: `seed` is not given and was 1. Go on"):
        run(Predictor(), tmp_path)


def test_damaged_folders_are_refused(tmp_path):
    run(Predictor(), tmp_path)
    (tmp_path / "batch-00002.json").write_text('{"prompts": ["sort')
    with pytest.raises(ValueError, match="batch-00002.json is not JSON.*delete it"):
        run(Predictor(), tmp_path)
    (tmp_path / "settings.json").unlink()
    with pytest.raises(ValueError, match="has finished batches, but no readable settings.json"):
        run(Predictor(), tmp_path)


def test_bad_arguments_are_refused(tmp_path):
    with pytest.raises(ValueError, match="`batch_size` must be 1 or more, got 0"):
        run(Predictor(), batch_size=0)
    with pytest.raises(ValueError, match="`predict` must return one dictionary for each prompt, got 1 for 2 prompts"):
        run(lambda prompts, start: [{}], tmp_path)


WORKER = """
import json, sys, time
from pathlib import Path

from codefusion_hf.inference.batches import predict_all
from codefusion_hf.inference.processes import process_state

output, delay = Path(sys.argv[1]), float(sys.argv[2])
state = process_state()
prompts = [f"prompt {number}" for number in range(25)]
results = []
for name in ("kept", "gathered"):

    def predict(batch, start):
        time.sleep(delay)
        with open(output / f"{name}-{state.process_index}", "a") as calls:
            calls.write(f"{start}\\n")
        return [{"candidates": [f"{prompt} at {start}"], "score": 1 / (start + 3)} for prompt in batch]

    folder = output / "predictions" if name == "kept" else None
    results.append(predict_all(predict, prompts, batch_size=2, folder=folder, settings={}, description=name))
(output / f"results-{state.process_index}.json").write_text(json.dumps(results))
"""


def start_worker(output, delay, launcher=()):
    (output / "worker.py").write_text(WORKER)
    command = [sys.executable, *launcher, str(output / "worker.py"), str(output), str(delay)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    with open(output / "log", "w") as log:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)


def calls(output, name):
    return [int(start) for start in (output / name).read_text().split()]


@pytest.mark.slow
def test_a_killed_run_goes_on_in_two_processes(tmp_path):
    process = start_worker(tmp_path, delay=0.05)
    folder = tmp_path / "predictions"
    while process.poll() is None and len(list(folder.glob("batch-*.json"))) < 4:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the kill came too late"
    kept = [2 * int(path.stem.removeprefix("batch-")) for path in sorted(folder.glob("batch-*.json"))]
    assert 4 <= len(kept) < 12
    (tmp_path / "kept-0").unlink()

    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
    process = start_worker(tmp_path, delay=0.0, launcher=launcher)
    log = tmp_path / "log"
    assert process.wait() == 0, log.read_text()[-3000:]
    starts = range(0, 25, 2)
    rows = [
        {"candidates": [f"prompt {number} at {start}"], "score": 1 / (start + 3)}
        for start in starts
        for number in range(start, min(start + 2, 25))
    ]
    for index in range(2):
        assert json.loads((tmp_path / f"results-{index}.json").read_text()) == [rows, rows]
    # What is missing is shared out evenly, and nothing is done twice; the main process alone shows how far it is.
    missing = [start for start in starts if start not in kept]
    assert [calls(tmp_path, f"kept-{index}") for index in range(2)] == [missing[0::2], missing[1::2]]
    assert [calls(tmp_path, f"gathered-{index}") for index in range(2)] == [list(starts[0::2]), list(starts[1::2])]
    assert log.read_text().count("gathered: 100%") == 1
