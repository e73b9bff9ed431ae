# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""`codefusion revise`: drafts of files and of standard input, revised, and bad input in one line."""

import io
import json

import pytest

from codefusion_hf.pipelines import CodeFusionRevisePipeline


@pytest.fixture
def draft(tmp_path):
    path = tmp_path / "draft.sh"
    path.write_bytes(b"\xef\xbb\xbfwc -l notes.txt\r\n")
    return path


@pytest.fixture
def revise(run, checkpoint):
    """A function that runs `codefusion revise` with a tiny checkpoint."""
    return lambda *argv: run("revise", "--checkpoint", checkpoint, "--num-inference-steps", "4", *argv)


def test_revise_prints_ranked_candidates(draft, revise):
    code, out, err = revise("count lines", "--code", draft, "--temperature", "1", "--num-return-sequences", "3")
    lines = out.splitlines()
    assert code == 0 and err == ""
    assert lines[0] == "count lines"
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3"]


def test_json_has_the_draft_and_strength_0_leaves_it(draft, revise):
    code, out, _ = revise("count lines", "--code", draft, "--strength", "0", "--json")
    row = json.loads(out)
    assert code == 0
    assert (row["prompt"], row["code"]) == ("count lines", "wc -l notes.txt")
    assert {candidate["code"] for candidate in row["candidates"]} == {"wc -l notes.txt"}
    assert row["candidates"][0]["score"] <= 0


def test_what_is_said_reaches_the_pipeline(draft, monkeypatch, revise):
    calls = []
    call = CodeFusionRevisePipeline.__call__
    monkeypatch.setattr(
        CodeFusionRevisePipeline,
        "__call__",
        lambda self, *args, **kwargs: calls.append(kwargs) or call(self, *args, **kwargs),
    )
    outputs = {}
    for strength in ("0.3", "0.9"):
        code, out, _ = revise("", "--code", draft, "--strength", strength, "--json", "--num-candidates", "6")
        assert code == 0
        outputs[strength] = json.loads(out)["candidates"]
    assert [call["strength"] for call in calls] == [0.3, 0.9]
    assert {(call["num_candidates"], call["num_return_sequences"], call["code"]) for call in calls} == {
        (6, 5, "wc -l notes.txt")
    }
    assert outputs["0.3"] != outputs["0.9"]


def test_a_draft_may_come_on_standard_input(draft, monkeypatch, revise):
    _, of_file, _ = revise("count lines", "--code", draft, "--json")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(draft.read_bytes())))
    _, of_stdin, _ = revise("count lines", "--code", "-", "--json")
    assert json.loads(of_stdin) == json.loads(of_file)


def test_show_steps_prints_the_share_of_the_steps_that_is_made(draft, revise):
    code, out, _ = revise("count lines", "--code", draft, "--strength", "0.5", "--show-steps")
    steps = [line for line in out.splitlines() if line.startswith("step")]
    assert code == 0
    assert [line.split()[1] for line in steps] == ["1/2", "2/2"]


def test_bad_input_is_one_line_and_exit_code_2(checkpoint, draft, tmp_path, monkeypatch, refuse):
    def error(*argv):
        return refuse("revise", "--checkpoint", checkpoint, *argv)

    def write(content):
        path = tmp_path / "bad.sh"
        path.write_bytes(content)
        return path

    assert "--code" in error("count lines")
    assert "PROMPT" in error("--code", draft)
    assert "no-such-file" in error("x", "--code", "no-such-file")
    assert str(tmp_path) in error("x", "--code", tmp_path)
    assert "expected a program, got nothing" in error("x", "--code", write(b" \n"))
    assert "expected UTF-8, got the byte 0xff" in error("x", "--code", write(b"wc \xff"))
    assert "at most 1048576 bytes, got more" in error("x", "--code", write(b"x" * (2**20 + 1)))
    assert "`code` must be at most 23 tokens long" in error("x", "--code", write(b"wc " * 100))
    assert "`strength` must be a number in [0, 1], got 1.5" in error("x", "--code", draft, "--strength", "1.5")
    assert "`num_inference_steps`" in error("x", "--code", draft, "--num-inference-steps", "0")
    assert "--commit-tokens is not for `codefusion revise`" in error("x", "--code", draft, "--commit-tokens")
    assert "`prompt` must be Unicode" in error("\udcff", "--code", draft)
    monkeypatch.setattr("sys.stdin", None)
    assert "standard input, which is closed" in error("x", "--code", "-")
