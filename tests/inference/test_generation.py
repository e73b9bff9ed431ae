# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Generation from file to file: that each row is there once, however often and wherever the work was stopped."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from codefusion_hf.cli import main
from codefusion_hf.inference import batches, processes
from codefusion_hf.inference.arguments import SamplingArguments
from codefusion_hf.inference.generation import generate_to_file
from codefusion_hf.inference.prompts import read_prompts
from codefusion_hf.pipelines import CodeFusionPipelineOutput


ROOT = Path(__file__).resolve().parents[2]
FAST = {"num_inference_steps": 2, "num_return_sequences": 2}


@pytest.fixture(scope="module")
def pipe(make_pipeline):
    return make_pipeline()


@pytest.fixture(scope="module")
def checkpoint(make_pipeline, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    make_pipeline().save_pretrained(folder)
    return str(folder)


def generate(pipe, path, output, batch_size=16, overwrite=False, **sampling):
    sampling = SamplingArguments(**sampling)
    generate_to_file(pipe, path, output, sampling, batch_size=batch_size, overwrite=overwrite)


def write_prompts(path, num_prompts):
    rows = [{"id": number, "prompt": f"print line {number} of notes.txt"} for number in range(num_prompts)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read_rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


class Watched:
    """A pipeline that notes its prompts, and does something at a given call."""

    def __init__(self, pipe, at=None, do=None):
        self.model, self.scheduler, self.sampling_defaults = pipe.model, pipe.scheduler, pipe.sampling_defaults
        self.pipe, self.at, self.do = pipe, at, do
        self.prompts = []
        self.num_calls = 0

    def __call__(self, prompt, **kwargs):
        if self.num_calls == self.at:
            self.do()
        self.num_calls += 1
        self.prompts += prompt
        return self.pipe(prompt=prompt, **kwargs)


def stop():
    raise KeyboardInterrupt


def test_prompts_are_read_from_json_lines_and_from_text(tmp_path):
    lines = [
        '\ufeff{"id": 7, "prompt": "show the date"}\r\n',
        "\n",
        '{"text": "count lines", "id": null}\n',
        '{"prompt": null, "text": "line\u2028separator \\u00e9", "tags": ["a", {"b": 1}]}',
    ]
    path = tmp_path / "prompts.jsonl"
    path.write_bytes("".join(lines).encode("utf-8"))
    assert list(read_prompts(path)) == [
        {"id": 7, "prompt": "show the date"},
        {"text": "count lines", "id": None, "prompt": "count lines"},
        {
            "prompt": "line\u2028separator é",
            "text": "line\u2028separator é",
            "tags": ["a", {"b": 1}],
        },
    ]
    path = tmp_path / "prompts.txt"
    path.write_bytes('\ufeff{"prompt": 1}\r\n  \n show the date\x0cnow \n'.encode())
    assert list(read_prompts(path)) == [{"prompt": '{"prompt": 1}'}, {"prompt": " show the date\x0cnow "}]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (b'{"prompt": "x"', "expected a JSON object"),
        (b"[" * 100_000, "expected a JSON object"),
        (b"1" * 5_000, "expected a JSON object"),
        (b'["show the date"]', "expected a JSON object, got list"),
        (b'{"nl": "show the date", "id": 3}', "expected a field `prompt` or `text`, got nl, id"),
        (b"{}", "got no fields"),
        (b'{"prompt": " "}', "field `prompt`: expected a string that is not empty"),
        (b'{"prompt": ["show", "the date"]}', "field `prompt`: expected a string"),
        (b'{"text": 5}', "field `text`: expected a string"),
        (b'{"prompt": "show the date", "candidates": []}', "`candidates`"),
        (b'{"prompt": "show \\ud800"}', "lone surrogate '\\\\ud800'"),
        (b'{"prompt": "show", "note": {"\\ud800": 1}}', "lone surrogate"),
        (b'{"prompt": "caf\xe9"}', "byte 0xe9"),
    ],
)
def test_a_malformed_row_is_named_before_anything_is_generated(line, named, pipe, tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_bytes(b'{"prompt": "show the date"}\n' * 4 + b"\n" + line + b"\n")
    watched = Watched(pipe)
    with pytest.raises(ValueError, match=rf"prompts\.jsonl, line 6.*{named}"):
        generate(watched, path, tmp_path / "out.jsonl", batch_size=1)
    assert watched.num_calls == 0
    assert list(tmp_path.iterdir()) == [path]


def test_rows_are_those_of_the_pipeline_in_the_order_of_the_input(pipe, tmp_path):
    path = tmp_path / "prompts.jsonl"
    inputs = [{"id": "a", "text": "show the date"}, {"prompt": "liste é", "n": 1.5}, {"prompt": "count lines"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in inputs), encoding="utf-8")
    out = tmp_path / "new" / "out.jsonl"
    generate(pipe, path, out, batch_size=2, seed=5, **FAST)

    expected = []
    for start in (0, 2):
        prompts = [row.get("prompt") or row["text"] for row in inputs[start : start + 2]]
        output = pipe(prompts, generator=torch.Generator().manual_seed(5 + start), **FAST)
        expected += [
            [{"code": code, "score": score} for code, score in zip(*candidates, strict=True)]
            for candidates in zip(output.codes, output.scores, strict=True)
        ]
    assert read_rows(out) == [
        {"id": "a", "text": "show the date", "prompt": "show the date", "candidates": expected[0]},
        {"prompt": "liste é", "n": 1.5, "candidates": expected[1]},
        {"prompt": "count lines", "candidates": expected[2]},
    ]
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("at", [0, 1, 3])
def test_an_interrupted_run_goes_on_without_repeating_or_losing_a_row(at, pipe, tmp_path):
    path = write_prompts(tmp_path / "prompts.jsonl", 11)
    prompts = [row["prompt"] for row in read_prompts(path)]
    generate(pipe, path, tmp_path / "whole.jsonl", batch_size=3, **FAST)

    first, second = Watched(pipe, at, stop), Watched(pipe)
    out = tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        generate(first, path, out, batch_size=3, **FAST)
    assert not out.exists()
    generate(second, path, out, batch_size=3, **FAST)
    assert first.prompts + second.prompts == prompts
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert {file.name for file in tmp_path.iterdir()} == {"prompts.jsonl", "whole.jsonl", "out.jsonl"}


def test_a_batch_whose_file_was_cut_is_generated_again(pipe, tmp_path):
    path = write_prompts(tmp_path / "prompts.jsonl", 8)
    generate(pipe, path, tmp_path / "whole.jsonl", batch_size=2, **FAST)
    with pytest.raises(KeyboardInterrupt):
        generate(Watched(pipe, 3, stop), path, tmp_path / "out.jsonl", batch_size=2, **FAST)
    parts = sorted((tmp_path / "out.jsonl.partial").glob("part-*.jsonl"))
    assert len(parts) == 3
    parts[1].write_bytes(parts[1].read_bytes()[:-10])
    parts[2].write_bytes(b"")
    watched = Watched(pipe)
    generate(watched, path, tmp_path / "out.jsonl", batch_size=2, **FAST)
    assert watched.prompts == [row["prompt"] for row in read_prompts(path)][2:]
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seed": 1}, "`seed` is 1 and was 0"),
        ({"batch_size": 4}, "`batch_size` is 4 and was 2"),
        ({"temperature": [0.1]}, "`temperature` is 0.1 and was 0.05"),
        ({"num_return_sequences": 3}, "`num_return_sequences` is 3 and was 2"),
        ("weights", "`weights_sha256`"),
        ("scheduler", "`scheduler_config_sha256`"),
        ("input", "`input_sha256`"),
    ],
)
def test_what_was_begun_with_other_settings_is_not_gone_on_with(change, named, pipe, make_pipeline, tmp_path):
    path = write_prompts(tmp_path / "prompts.jsonl", 6)
    with pytest.raises(KeyboardInterrupt):
        generate(Watched(pipe, 2, stop), path, tmp_path / "out.jsonl", batch_size=2, **FAST)
    before = {file: file.read_bytes() for file in (tmp_path / "out.jsonl.partial").iterdir()}

    other = make_pipeline()
    arguments = {"batch_size": 2, **FAST}
    if change == "weights":
        with torch.no_grad():
            next(other.model.denoiser.parameters())[0] += 1e-3
    elif change == "scheduler":
        other.scheduler = type(other.scheduler).from_config(other.scheduler.config, timestep_spacing="leading")
    elif change == "input":
        path.write_text(path.read_text().replace("line 5", "line 6"))
    else:
        arguments |= change
    with pytest.raises(ValueError, match=named):
        generate(other, path, tmp_path / "out.jsonl", overwrite=True, **arguments)
    assert {file: file.read_bytes() for file in (tmp_path / "out.jsonl.partial").iterdir()} == before


def test_settings_that_nothing_was_made_with_do_not_count(pipe, tmp_path):
    path = write_prompts(tmp_path / "prompts.jsonl", 2)
    with pytest.raises(ValueError, match="num_return_sequences"):
        generate(pipe, path, tmp_path / "out.jsonl", num_return_sequences=0)
    generate(pipe, path, tmp_path / "out.jsonl", **FAST)
    assert len(read_rows(tmp_path / "out.jsonl")) == 2


@pytest.mark.parametrize("content", [None, "{"])
def test_finished_batches_without_readable_settings_are_refused(content, pipe, tmp_path):
    path = write_prompts(tmp_path / "prompts.jsonl", 4)
    with pytest.raises(KeyboardInterrupt):
        generate(Watched(pipe, 1, stop), path, tmp_path / "out.jsonl", batch_size=2, **FAST)
    settings = tmp_path / "out.jsonl.partial" / "settings.json"
    settings.unlink() if content is None else settings.write_text(content)
    with pytest.raises(ValueError, match="no readable settings.json"):
        generate(pipe, path, tmp_path / "out.jsonl", batch_size=2, **FAST)


def test_an_output_that_is_there_is_replaced_only_if_told_to(pipe, tmp_path):
    path = write_prompts(tmp_path / "prompts.jsonl", 3)
    out = tmp_path / "out.jsonl"
    out.write_text("precious\n")
    with pytest.raises(ValueError, match=r"out\.jsonl exists"):
        generate(pipe, path, out, **FAST)
    with pytest.raises(KeyboardInterrupt):
        generate(Watched(pipe, 1, stop), path, out, overwrite=True, batch_size=2, **FAST)
    assert out.read_text() == "precious\n"
    watched = Watched(pipe)
    generate(watched, path, out, overwrite=True, batch_size=2, **FAST)
    assert [row["id"] for row in read_rows(out)] == [0, 1, 2] and watched.num_calls == 1


def test_an_output_that_cannot_be_written_is_refused(pipe, tmp_path):
    path = write_prompts(tmp_path / "prompts.jsonl", 1)
    with pytest.raises(ValueError, match="must be a file"):
        generate(pipe, path, tmp_path)
    with pytest.raises(ValueError, match="must not be the input"):
        generate(pipe, path, tmp_path / "." / "prompts.jsonl", overwrite=True)
    watched = Watched(pipe)
    with pytest.raises(OSError, match=r"prompts\.jsonl"):
        generate(watched, path, path / "out.jsonl")
    assert watched.num_calls == 0


def test_a_folder_for_finished_batches_that_is_a_symbolic_link_is_refused(pipe, tmp_path):
    """It would be deleted at the end, and cannot."""
    path, elsewhere = write_prompts(tmp_path / "prompts.jsonl", 1), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "part-0000000000.jsonl").write_text("precious\n")
    (tmp_path / "out.jsonl.partial").symlink_to(elsewhere)
    watched = Watched(pipe)
    with pytest.raises(
        ValueError, match=r"out\.jsonl\.partial must be a folder of its own, and is a symbolic link to"
    ):
        generate(watched, path, tmp_path / "out.jsonl")
    assert watched.num_calls == 0 and not (tmp_path / "out.jsonl").exists()
    assert (elsewhere / "part-0000000000.jsonl").read_text() == "precious\n"


@pytest.mark.skipif(not Path("/dev/null").is_char_device(), reason="needs a device")
def test_a_device_is_not_replaced(pipe, tmp_path):
    with pytest.raises(ValueError, match="must be a file, but /dev/null is a folder or a device"):
        generate(pipe, write_prompts(tmp_path / "prompts.jsonl", 1), "/dev/null", overwrite=True)
    assert Path("/dev/null").is_char_device()


def test_an_input_without_prompts_is_refused(pipe, tmp_path):
    (tmp_path / "empty.jsonl").write_text("\n \n")
    with pytest.raises(ValueError, match=r"empty\.jsonl: expected at least one prompt"):
        generate(pipe, tmp_path / "empty.jsonl", tmp_path / "out.jsonl")
    with pytest.raises(FileNotFoundError, match=r"missing\.jsonl"):
        generate(pipe, tmp_path / "missing.jsonl", tmp_path / "out.jsonl")
    with pytest.raises(ValueError, match="`batch_size` must be 1 or more, got 0"):
        generate(pipe, tmp_path / "empty.jsonl", tmp_path / "out.jsonl", batch_size=0)


@pytest.mark.parametrize("change", ["appended", "cut", "replaced"])
def test_an_input_that_changes_meanwhile_is_an_error(change, pipe, tmp_path):
    # More than is read ahead.
    path = write_prompts(tmp_path / "prompts.jsonl", 1500)

    def change_it():
        text = path.read_text()
        if change == "replaced":
            text = text.replace("line 1499", "line 9941")
        with path.open("r+") as file:
            file.write(text + '{"prompt": "show the date"}\n' if change == "appended" else text)
            if change == "cut":
                file.truncate(len(text) - len(text.splitlines()[-1]) - 1)

    with pytest.raises(ValueError, match=r"prompts\.jsonl was changed"):
        generate(
            Watched(lookup(pipe), 1, change_it), path, tmp_path / "out.jsonl", batch_size=50, num_return_sequences=1
        )
    assert not (tmp_path / "out.jsonl").exists()


def lookup(pipe):
    """A pipeline that answers at once."""

    def answer(prompt, **_):
        return CodeFusionPipelineOutput(codes=[["date"] for _ in prompt], scores=[[-0.5] for _ in prompt])

    components = {"model": pipe.model, "scheduler": pipe.scheduler, "sampling_defaults": pipe.sampling_defaults}
    return type("Lookup", (), {**components, "__call__": staticmethod(answer)})()


def test_neither_input_nor_output_is_held_in_memory(pipe, tmp_path):
    path = tmp_path / "prompts.jsonl"
    with path.open("w") as file:
        for number in range(1_000):
            file.write(json.dumps({"prompt": f"print line {number}", "note": "x" * 10_000}) + "\n")
    generate(lookup(pipe), write_prompts(tmp_path / "warm.jsonl", 1), tmp_path / "warm-out.jsonl")
    tracemalloc.start()
    try:
        generate(lookup(pipe), path, tmp_path / "out.jsonl")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 10_000_000 and peak < 1_000_000
    assert sum(1 for _ in (tmp_path / "out.jsonl").open()) == 1_000


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")
def test_what_is_finished_is_kept_when_the_disk_is_full(pipe, tmp_path, capsys):
    import resource

    path = write_prompts(tmp_path / "prompts.jsonl", 6)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill():
        # No file may become longer. The progress bar is written to memory, by `capsys`.
        resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))

    try:
        with pytest.raises(OSError, match=r"What is finished is kept in .*out\.jsonl\.partial"):
            generate(Watched(pipe, 2, fill), path, tmp_path / "out.jsonl", batch_size=2, **FAST)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    watched = Watched(pipe)
    generate(watched, path, tmp_path / "out.jsonl", batch_size=2, **FAST)
    assert watched.num_calls == 1 and len(read_rows(tmp_path / "out.jsonl")) == 6


def test_two_runs_do_not_write_the_same_output(pipe, tmp_path, monkeypatch):
    path = write_prompts(tmp_path / "prompts.jsonl", 4)
    monkeypatch.setattr(batches, "LOCK_TIMEOUT", 0.1)

    def run_another():
        with pytest.raises(TimeoutError, match=rf"out\.jsonl\.partial is in use by process {os.getpid()} on "):
            generate(pipe, path, tmp_path / "out.jsonl", batch_size=2, **FAST)

    watched = Watched(pipe, 1, run_another)
    generate(watched, path, tmp_path / "out.jsonl", batch_size=2, **FAST)
    assert watched.num_calls == 2 and len(read_rows(tmp_path / "out.jsonl")) == 4


def test_one_of_several_processes_stops_when_their_launcher_is_gone(monkeypatch):
    processes.process_state()
    for num_processes in (1, 2):
        processes.check_launcher(SimpleNamespace(num_processes=num_processes))
    monkeypatch.setattr(os, "getppid", lambda: 1)
    processes.check_launcher(SimpleNamespace(num_processes=1))
    with pytest.raises(InterruptedError, match="launcher"):
        processes.check_launcher(SimpleNamespace(num_processes=2))


# Processes, by the command that people run.


def start(checkpoint, path, out, *arguments, num_processes=1, num_threads=1):
    launcher = ["torch.distributed.run", "--standalone", "--nproc_per_node", str(num_processes), "-m"]
    command = [sys.executable, "-m", *(launcher if num_processes > 1 else []), "codefusion_hf.cli", "generate"]
    command += ["--checkpoint", checkpoint, "--input", str(path), "--output", str(out), *arguments]
    # With as many threads, whatever is compared: the scores are equal to the last bit then.
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(num_threads)}
    with open(f"{out}.log", "a") as log:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)


def wait_for_parts(process, out, num_parts):
    folder = Path(f"{out}.partial")
    while sum(1 for _ in folder.glob("part-*.jsonl")) < num_parts:
        assert process.poll() is None, f"it ended first: {Path(f'{out}.log').read_text()[-3000:]}"
        time.sleep(0.005)


def finish(process, out):
    assert process.wait() == 0, Path(f"{out}.log").read_text()[-3000:]


def test_a_killed_process_is_resumed_to_the_same_file(checkpoint, tmp_path, capsys):
    path = write_prompts(tmp_path / "prompts.jsonl", 60)
    out = tmp_path / "killed.jsonl"
    arguments = ["--batch-size", "2", "--num-inference-steps", "10", "--num-return-sequences", "2"]
    process = start(checkpoint, path, out, *arguments, num_threads=torch.get_num_threads())
    wait_for_parts(process, out, 5)
    process.kill()
    assert process.wait() == -signal.SIGKILL and not out.exists()
    num_parts = len(list(Path(f"{out}.partial").glob("part-*.jsonl")))
    assert 5 <= num_parts < 30
    for name in ("killed", "whole"):
        files = ["--input", str(path), "--output", str(tmp_path / f"{name}.jsonl")]
        assert main(["generate", "--checkpoint", checkpoint, *files, *arguments]) == 0
        assert f"{2 * num_parts}/60" in capsys.readouterr().err or name == "whole"
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert [row["id"] for row in read_rows(out)] == list(range(60))


@pytest.fixture(scope="module")
def thousand(checkpoint, tmp_path_factory):
    """1,000 prompts, and the file that one process makes of them if nobody stops it."""
    folder = tmp_path_factory.mktemp("thousand")
    path, out = write_prompts(folder / "prompts.jsonl", 1000), folder / "whole.jsonl"
    finish(start(checkpoint, path, out, "--num-inference-steps", "3"), out)
    assert [row["id"] for row in read_rows(out)] == list(range(1000))
    return path, out.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("num_processes", "killed"), [(1, "all"), (2, "all"), (2, "launcher"), (2, "worker"), (2, "none")]
)
def test_a_thousand_prompts_killed_and_resumed_are_those_of_the_whole_run(
    num_processes, killed, checkpoint, thousand, tmp_path
):
    path, whole = thousand
    out = tmp_path / "out.jsonl"
    moments = random.Random(0)
    arguments = ["--num-inference-steps", "3"]
    for num_parts in () if killed == "none" else (10, 40):
        process = start(checkpoint, path, out, *arguments, num_processes=num_processes)
        wait_for_parts(process, out, num_parts)
        time.sleep(moments.uniform(0.0, 0.1))
        workers = psutil.Process(process.pid).children()
        assert len(workers) == (num_processes if num_processes > 1 else 0)
        if killed != "worker":
            process.kill()
        for worker in {"all": workers, "launcher": [], "worker": workers[:1]}[killed]:
            worker.kill()
        assert process.wait() != 0 and not out.exists()
        print(f"{killed} of {num_processes} killed behind", len(list(Path(f"{out}.partial").glob("part-*.jsonl"))))
    finish(start(checkpoint, path, out, *arguments, num_processes=num_processes), out)
    assert out.read_bytes() == whole
    assert not Path(f"{out}.partial").exists()


@pytest.mark.slow
def test_a_run_begun_by_two_processes_is_finished_by_one(checkpoint, thousand, tmp_path):
    path, whole = thousand
    out = tmp_path / "out.jsonl"
    process = start(checkpoint, path, out, "--num-inference-steps", "3", num_processes=2)
    wait_for_parts(process, out, 20)
    process.kill()
    process.wait()
    finish(start(checkpoint, path, out, "--num-inference-steps", "3"), out)
    assert out.read_bytes() == whole


@pytest.mark.slow
def test_of_four_commands_for_one_output_one_writes_it_and_the_others_say_why_not(checkpoint, tmp_path):
    path, out = write_prompts(tmp_path / "prompts.jsonl", 40), tmp_path / "out.jsonl"
    processes = [start(checkpoint, path, out, "--num-inference-steps", "3", "--batch-size", "2") for _ in range(4)]
    assert sorted(process.wait() for process in processes) == [0, 2, 2, 2]
    errors = [line for line in Path(f"{out}.log").read_text().splitlines() if "error" in line]
    # Whoever waited for the end of the first one finds its output.
    assert len(errors) == 3
    assert all("out.jsonl exists" in line or "is in use by process" in line for line in errors)
    assert [row["id"] for row in read_rows(out)] == list(range(40))
    assert not Path(f"{out}.partial").exists()


@pytest.mark.slow
def test_two_processes_say_what_is_wrong_with_the_input(checkpoint, tmp_path):
    path = write_prompts(tmp_path / "prompts.jsonl", 3)
    with path.open("a") as file:
        file.write("no JSON\n")
    process = start(checkpoint, path, tmp_path / "out.jsonl", num_processes=2)
    assert process.wait() != 0
    log = (tmp_path / "out.jsonl.log").read_text()
    assert "codefusion: error:" in log and "line 4: expected a JSON object, got 'no JSON'" in log
    assert "RuntimeError" not in log and "Broken" not in log
    assert not (tmp_path / "out.jsonl.partial").exists()
