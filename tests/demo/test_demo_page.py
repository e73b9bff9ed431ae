# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The page's API, served in this process with a tiny checkpoint."""

import json
import os
import threading
import urllib.request

import pytest


# Before it is imported: the tests need no network.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
pytest.importorskip("gradio", reason="the page needs gradio")
pytest.importorskip("openpyxl", reason="the page reads workbooks with openpyxl")
pytest.importorskip("defusedxml", reason="the page reads workbooks with defusedxml")
gradio_client = pytest.importorskip("gradio_client")

from limits import MAX_UPLOAD_BYTES  # noqa: E402
from page import Page  # noqa: E402
from turns import Turns  # noqa: E402


@pytest.fixture(scope="module")
def turns():
    return Turns()


@pytest.fixture(scope="module")
def address(tiny_writer, turns):
    blocks = Page(tiny_writer, turns).build()
    blocks.queue(default_concurrency_limit=None)
    options = {"prevent_thread_lock": True, "quiet": True, "ssr_mode": False, "max_file_size": MAX_UPLOAD_BYTES}
    _, address, _ = blocks.launch(**options, footer_links=[])
    yield address
    blocks.close()


@pytest.fixture
def client(address):
    return gradio_client.Client(address, verbose=False)


def error_of(client, *arguments, **kwargs):
    with pytest.raises(gradio_client.exceptions.AppError) as error:
        client.submit(*arguments, **kwargs).result(timeout=60)
    return str(error.value)


def test_the_api_has_what_its_documentation_says(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert list(endpoints) == ["/generate", "/revise", "/infill", "/format_workbook"]
    names = {
        name: [parameter["parameter_name"] for parameter in endpoint["parameters"]]
        for name, endpoint in endpoints.items()
    }
    settings = ["steps", "candidates", "scheduler", "seed"]
    assert names == {
        "/generate": ["prompt", "language", *settings],
        "/revise": ["prompt", "code", "strength", "language", *settings],
        "/infill": ["prompt", "code", "language", *settings],
        "/format_workbook": ["workbook", "prompt", "sheet", *settings],
    }


def test_steps_and_an_answer(client):
    job = client.submit("show the date", steps=3, candidates=7, api_name="/generate")
    answer = job.result(timeout=60)
    assert set(answer) == {"waiting", "step", "num_steps", "drafts", "candidates"}
    assert (answer["step"], answer["num_steps"], len(answer["candidates"])) == (3, 3, 5)
    assert answer["drafts"] == [candidate["code"] for candidate in answer["candidates"]]
    steps = [step for step in job.outputs() if not step["waiting"]]
    assert [step["step"] for step in steps][:3] == [0, 1, 2]
    assert all(step["candidates"] == [] and len(step["drafts"]) == 5 for step in steps[:3])


def test_drafts_and_gaps(client):
    revised = client.submit("x", "wc -l notes.txt", 0, steps=2, api_name="/revise").result(timeout=60)
    assert {candidate["code"] for candidate in revised["candidates"]} == {"wc -l notes.txt"}
    filled = client.submit("", "wc <mask> notes.txt", steps=2, api_name="/infill").result(timeout=60)
    assert all(candidate["code"].endswith(" notes.txt") for candidate in filled["candidates"])


def test_a_workbook(client, demo_folder, tiny_writer, monkeypatch):
    # The tiny checkpoint writes no rules.
    write_rule, prompts = type(tiny_writer).write_rule, []

    def write(self, settings, prompt):
        prompts.append(prompt)
        for step in write_rule(self, settings, prompt):
            for candidate in step.candidates or ():
                object.__setattr__(candidate, "code", "GreaterThan(c[1], 12)")
            yield step

    monkeypatch.setattr(type(tiny_writer), "write_rule", write)
    workbook = gradio_client.handle_file(str(demo_folder / "students.xlsx"))
    table, frames, _, candidates, answer = client.submit(
        workbook, "older than 12", api_name="/format_workbook"
    ).result(timeout=60)
    assert prompts[0].startswith("older than 12 |c[0]") and "Age" in prompts[0]
    assert table.count('class="marked Highlight"') == 6 and "<section" in frames and "<table" in candidates
    assert answer["applied"]["cells"] == "B2:B11" and answer["applied"]["rule"] == "GreaterThan(c[1], 12)"
    assert answer["applied"]["marked"] == {"Highlight": ["B3", "B4", "B6", "B8", "B9", "B11"]}


def test_what_is_refused_is_an_error_with_a_message(client, tmp_path):
    assert error_of(client, " ", api_name="/generate") == "Prompt: please write something."
    assert "Prompt: expected a text, got 5" in error_of(client, 5, api_name="/generate")
    assert "Steps: expected a whole number from 1 to 30" in error_of(client, "x", steps=31, api_name="/generate")
    assert "Language: expected one of" in error_of(client, "x", language="perl", api_name="/generate")
    assert "Code: write <mask>" in error_of(client, "x", "date", api_name="/infill")
    assert "at most 23 tokens long" in error_of(client, "x", "wc " * 60, api_name="/revise")
    path = tmp_path / "fake.xlsx"
    path.write_bytes(b"no archive")
    fake = gradio_client.handle_file(str(path))
    assert "must be an .xlsx file" in error_of(client, fake, "x", api_name="/format_workbook")


def test_a_file_that_is_too_large_is_not_taken(client, tmp_path):
    path = tmp_path / "large.xlsx"
    path.write_bytes(bytes(MAX_UPLOAD_BYTES + 2**16))
    with pytest.raises(Exception, match="(?i)size|413|large"):
        client.submit(gradio_client.handle_file(str(path)), "x", api_name="/format_workbook").result(timeout=60)


@pytest.mark.parametrize("meta", [{"meta": {"_type": "gradio.FileData"}}, {}])
def test_files_of_the_server_are_not_read(meta, address, demo_folder, tmp_path):
    path = tmp_path / "of-the-server.xlsx"
    path.write_bytes((demo_folder / "students.xlsx").read_bytes())
    # Not by Gradio's client, which would upload it.
    url = f"{address}gradio_api/call/format_workbook"
    data = json.dumps({"data": [{"path": str(path), **meta}, "x", "", 2, 2, "CodeFusionScheduler", 0]}).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        event = json.load(response)["event_id"]
    with urllib.request.urlopen(f"{url}/{event}", timeout=60) as response:
        answer = response.read().decode()
    assert "event: error" in answer and "event: complete" not in answer


def test_what_goes_wrong_inside_stays_inside(client, monkeypatch, tiny_writer):
    def fail(self, settings, prompt):
        raise OSError("/a/secret/path")

    monkeypatch.setattr(type(tiny_writer), "generate", fail)
    assert error_of(client, "x", api_name="/generate") == "Something went wrong here. It is in the log."


def test_a_session_has_one_place_and_others_come_in_between(client, address, monkeypatch, tiny_writer):
    go, started = threading.Event(), threading.Event()
    generate = type(tiny_writer).generate

    def slow(self, settings, prompt):
        steps = generate(self, settings, prompt)

        def made():
            for step in steps:
                started.set()
                assert go.wait(60)
                yield step

        return made() if prompt == "slow" else steps

    monkeypatch.setattr(type(tiny_writer), "generate", slow)
    first = client.submit("slow", steps=2, api_name="/generate")
    assert started.wait(60)
    assert error_of(client, "fast", api_name="/generate").startswith("Busy: your last request")
    other = gradio_client.Client(address, verbose=False)
    assert other.submit("fast", steps=2, api_name="/generate").result(timeout=60)["candidates"]
    go.set()
    assert first.result(timeout=60)["candidates"]


def test_the_load_test_counts_what_happened(address):
    from benchmarks.space_load import is_good, measure

    figures = measure(address, num_clients=3, seconds=1.0)
    assert figures["errors"] == {} and figures["busy"] == figures["unfinished"] == 0
    assert figures["answers"] >= 3 and figures["median"] <= figures["longest"]
    good = {"errors": {}, "unfinished": 0, "answers": 9, "median": 2.0, "longest": 6.0}
    assert is_good(good)
    for bad in ({"errors": {"x": 1}}, {"unfinished": 1}, {"answers": 0}, {"longest": 6.1}):
        assert not is_good({**good, **bad})
