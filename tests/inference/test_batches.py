# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Work in batches: kept, found again after any interruption, and shared out among processes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from codefusion_hf.inference import batches
from codefusion_hf.inference.batches import lock_folder, run_batches


ROOT = Path(__file__).resolve().parents[2]
PROMPTS = ["list files", "show the date", "count “lines”", "print\ud800", "sort names", "go up", "say hi"]
OTHER_PROMPTS = "part-0000000002.jsonl has what was made for other prompts"
SETTINGS = {"checkpoint": "0123456789abcdef", "num_inference_steps": 20, "ks": (1, 3), "folder": None}


class Worker:
    """Answers with what it is asked, keeps the starts of its batches, and stops before one of them if told to."""

    def __init__(self, stop_at=None):
        self.stop_at = stop_at
        self.starts = []

    def __call__(self, rows, start):
        if start == self.stop_at:
            raise KeyboardInterrupt
        self.starts.append(start)
        return [
            {"candidates": [row["prompt"].upper(), row["prompt"]], "scores": [-1 / (start + place + 1), float("-inf")]}
            for place, row in enumerate(rows)
        ]


def run(work, folder=None, prompts=PROMPTS, batch_size=2, **settings):
    with ExitStack() as stack:
        if folder is not None:
            stack.enter_context(lock_folder(folder))
        rows = run_batches(
            work,
            lambda: ({"prompt": prompt} for prompt in prompts),
            len(prompts),
            batch_size=batch_size,
            folder=folder,
            settings={**SETTINGS, **settings},
            description="Testing",
        )
        return list(rows)


def test_batches_are_cut_in_order_and_kept(tmp_path):
    work, work_and_keep = Worker(), Worker()
    rows = run(work)
    assert work.starts == [0, 2, 4, 6]
    assert [row["candidates"][1] for row in rows] == PROMPTS
    assert rows[6]["scores"][0] == -1 / 7

    assert run(work_and_keep, tmp_path / "new" / "folder") == rows
    assert work_and_keep.starts == [0, 2, 4, 6]
    names = ["lock", *(f"part-000000000{start}.jsonl" for start in (0, 2, 4, 6)), "settings.json"]
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == names
    settings = json.loads((tmp_path / "new" / "folder" / "settings.json").read_text())
    assert settings == {**SETTINGS, "ks": [1, 3], "batch_size": 2}


def test_what_was_interrupted_goes_on(tmp_path, capsys):
    with pytest.raises(KeyboardInterrupt):
        run(Worker(stop_at=4), tmp_path)
    (tmp_path / "part-0000000000.jsonl").unlink()
    capsys.readouterr()
    work = Worker()
    assert run(work, tmp_path) == run(Worker())
    assert work.starts == [0, 4, 6]
    bars = capsys.readouterr().err.split("\r")
    assert any("Testing" in bar and " 2/7 " in bar for bar in bars) and not any(" 0/7 " in bar for bar in bars[:3])

    finished = Worker()
    assert run(finished, tmp_path) == run(Worker())
    assert finished.starts == []


def test_more_prompts_need_no_new_start(tmp_path):
    run(Worker(), tmp_path, prompts=PROMPTS[:4])
    work = Worker()
    assert run(work, tmp_path) == run(Worker())
    assert work.starts == [4, 6]


def test_no_prompts(tmp_path):
    assert run(Worker(), prompts=[]) == []
    assert run(Worker(), tmp_path, prompts=[]) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_inference_steps": 10}, "`num_inference_steps` is 10 and was 20.*another folder"),
        ({"ks": (1, 5)}, r"`ks` is \[1, 5\] and was \[1, 3\]"),
        ({"seed": 0}, "`seed` is 0 and was not given"),
        ({"batch_size": 3}, "`batch_size` is 3 and was 2"),
        (
            {"prompts": [*PROMPTS[:2], "another", *PROMPTS[3:]]},
            OTHER_PROMPTS,
        ),
        ({"prompts": PROMPTS[:3]}, OTHER_PROMPTS),
    ],
)
def test_predictions_of_something_else_are_refused(changes, message, tmp_path):
    run(Worker(), tmp_path)
    work = Worker()
    with pytest.raises(ValueError, match=message) as error:
        run(work, tmp_path, **changes)
    assert str(tmp_path) in str(error.value)
    assert work.starts == []
    # Nothing is lost by it.
    assert run(work, tmp_path) == run(Worker())
    assert work.starts == []


def test_settings_that_are_no_longer_given_are_named(tmp_path):
    run(Worker(), tmp_path, seed=1)
    with pytest.raises(ValueError, match="settings: `seed` is not given and was 1. Go on"):
        run(Worker(), tmp_path)


@pytest.mark.parametrize("content", ["", '{"prompt": "sort', '{"prompt": "sort\n', "\x00\n"])
def test_a_batch_whose_file_is_damaged_is_made_again(content, tmp_path):
    run(Worker(), tmp_path)
    (tmp_path / "part-0000000004.jsonl").write_text(content)
    work = Worker()
    assert run(work, tmp_path) == run(Worker())
    assert work.starts == [4]


@pytest.mark.parametrize("content", [None, "", "[]", "[" * 100_000])
def test_batches_without_their_settings_are_refused(content, tmp_path):
    run(Worker(), tmp_path)
    (tmp_path / "settings.json").unlink()
    if content is not None:
        (tmp_path / "settings.json").write_text(content)
    with pytest.raises(ValueError, match="has finished batches, but no readable settings.json"):
        run(Worker(), tmp_path)


def test_rows_may_hold_what_is_not_equal_to_itself(tmp_path):
    def add(rows, start):
        return [{"length": len(row["prompt"])} for row in rows]

    rows = [{"prompt": "a", "value": float("nan"), "tags": ["b", {"c": 1}]}]
    for _ in range(2):
        with lock_folder(tmp_path / "of_rows"):
            results = run_batches(
                add, lambda: rows, 1, batch_size=1, folder=tmp_path / "of_rows", settings={}, description="Testing"
            )
            assert json.dumps(list(results)) == '[{"prompt": "a", "value": NaN, "tags": ["b", {"c": 1}], "length": 1}]'


# --- Locks


def test_a_folder_without_batches_is_removed(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(Worker(stop_at=0), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_lock_says_who_holds_it(tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "LOCK_TIMEOUT", 0.1)
    with lock_folder(tmp_path / "new"):
        with pytest.raises(
            TimeoutError, match=rf"new is in use by process {os.getpid()} on .+, since \d\d:\d\d:\d\d: "
        ):
            with lock_folder(tmp_path / "new"):
                pass
    with lock_folder(tmp_path / "new"):
        pass


@pytest.mark.parametrize("target", ["elsewhere", "missing"])
def test_a_symbolic_link_is_refused(target, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "precious").write_text("text")
    (tmp_path / "link").symlink_to(tmp_path / target)
    with pytest.raises(ValueError, match=rf"link must be a folder of its own, and is a symbolic link to .*{target}"):
        with lock_folder(tmp_path / "link"):
            pass
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["precious"]
    assert not (tmp_path / "missing").exists()


def test_runs_that_wait_for_a_folder_get_it_one_after_the_other(tmp_path):
    """Each removes it at its end, while the others are waiting for it."""
    held, most, errors = [], [], []

    def hold():
        try:
            for _ in range(20):
                with lock_folder(tmp_path / "new"):
                    held.append(1)
                    most.append(len(held))
                    time.sleep(0.001)
                    held.pop()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=hold) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and most == [1] * 80
    assert not (tmp_path / "new").exists()


def test_bad_arguments_are_refused(tmp_path):
    with pytest.raises(ValueError, match="`batch_size` must be 1 or more, got 0"):
        run(Worker(), batch_size=0)
    with pytest.raises(ValueError, match="`work` must return one dictionary for each row, got 1 for 2 rows"):
        run(lambda rows, start: [{}], tmp_path)


WORKER = """
import json, sys, time
from contextlib import ExitStack
from pathlib import Path

from codefusion_hf.inference.batches import lock_folder, run_batches
from codefusion_hf.inference.processes import process_state

output, delay = Path(sys.argv[1]), float(sys.argv[2])
state = process_state()
results = []
for name in ("kept", "gathered"):

    def work(batch, start):
        time.sleep(delay)
        with open(output / f"{name}-{state.process_index}", "a") as calls:
            calls.write(f"{start}\\n")
        return [{"candidates": [f"{row['prompt']} at {start}"], "score": 1 / (start + 3)} for row in batch]

    def rows():
        return ({"prompt": f"prompt {number}"} for number in range(25))

    folder = output / "predictions" if name == "kept" else None
    with ExitStack() as stack:
        if folder is not None and state.is_main_process:
            stack.enter_context(lock_folder(folder))
        made = run_batches(work, rows, 25, batch_size=2, folder=folder, settings={}, description=name)
        results.append(list(made))
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
    while process.poll() is None and len(list(folder.glob("part-*.jsonl"))) < 4:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the kill came too late"
    kept = [int(path.stem.removeprefix("part-")) for path in sorted(folder.glob("part-*.jsonl"))]
    assert 4 <= len(kept) < 12
    (tmp_path / "kept-0").unlink()

    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
    process = start_worker(tmp_path, delay=0.0, launcher=launcher)
    log = tmp_path / "log"
    assert process.wait() == 0, log.read_text()[-3000:]
    starts = range(0, 25, 2)
    rows = [
        {"prompt": f"prompt {number}", "candidates": [f"prompt {number} at {start}"], "score": 1 / (start + 3)}
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
