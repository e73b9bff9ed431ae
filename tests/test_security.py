# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What SECURITY.md promises of the package's source, and that the tests that it names are there."""

import ast
import re
from pathlib import Path

import pytest


ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(path for folder in ("codefusion_hf", "modeling", "pipelines") for path in (ROOT / folder).rglob("*.py"))
# Built into Python, or a function of a module.
RUNS_CODE = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "runpy.run_path", "runpy.run_module"}
PICKLES = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal"}


def name_of(node):
    """The dotted name of a function that is called."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def problems(path):
    """What a file does that it must not."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            if PICKLES & {module.partition(".")[0] for module in modules}:
                yield f"{node.lineno}: imports {modules}"
        if not isinstance(node, ast.Call):
            continue
        name = name_of(node.func)
        if name in RUNS_CODE:
            yield f"{node.lineno}: calls {name}"
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}

        def is_true(argument, keywords=keywords):
            value = keywords.get(argument)
            return isinstance(value, ast.Constant) and value.value is True

        if is_true("shell") or is_true("trust_remote_code"):
            yield f"{node.lineno}: shell or trust_remote_code in {name}"
        if name == "torch.load" and not is_true("weights_only"):
            yield f"{node.lineno}: torch.load without weights_only=True"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_file_runs_what_it_reads(path):
    assert list(problems(path)) == []


def test_what_is_looked_for_is_found(tmp_path):
    path = tmp_path / "evil.py"
    lines = ["import pickle", "eval('1')", "torch.load(f)", "run(x, shell=True)", "os.system('x')"]
    path.write_text(
        "\n".join([*lines, "f(trust_remote_code=True)", "re.compile('x')", "torch.load(f, weights_only=True)"])
    )
    assert [problem.partition(":")[0] for problem in sorted(problems(path))] == ["1", "2", "3", "4", "5", "6"]


def test_the_tests_that_stand_for_a_promise_are_there():
    named = re.findall(r"`(tests/[\w/]+(?:\.py)?)/?`", (ROOT / "SECURITY.md").read_text(encoding="utf-8"))
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []
