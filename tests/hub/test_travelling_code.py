# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The code that is saved beside the weights: one file for each class, that needs nothing of this package."""

import ast
import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import diffusers.utils.dynamic_modules_utils
import pytest
import transformers.dynamic_module_utils

import codefusion_hf
from codefusion_hf.modeling import self_contained_source


ROOT = Path(__file__).resolve().parents[2]

# huggingface_hub, safetensors and numpy come with these, but are not for this code to import.
LIBRARIES = {"diffusers", "torch", "transformers"}
FILES = {
    "pipeline.py": "codefusion_hf.pipelines.pipeline_codefusion",
    "modeling_codefusion.py": "codefusion_hf.modeling.modeling_codefusion",
    "model/modeling_codefusion.py": "codefusion_hf.modeling.modeling_codefusion",
    "scheduler/scheduling_codefusion.py": "codefusion_hf.pipelines.scheduling_codefusion",
}


@pytest.mark.parametrize("name", FILES)
def test_imports_nothing_but_torch_transformers_and_diffusers(name, checkpoint):
    imported = set()
    for node in ast.walk(ast.parse((checkpoint / name).read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, ast.unparse(node)
            imported.add(node.module.partition(".")[0])
    assert imported - sys.stdlib_module_names <= LIBRARIES
    assert "torch" in imported


@pytest.mark.parametrize("name", FILES)
def test_libraries_that_load_it_find_no_other_file_to_fetch(name, checkpoint):
    """They read the imports of remote code with regular expressions, docstrings and all."""
    assert diffusers.utils.dynamic_modules_utils.check_imports(checkpoint / name) == []
    assert transformers.dynamic_module_utils.check_imports(checkpoint / name) == []
    assert set(transformers.dynamic_module_utils.get_imports(checkpoint / name)) - sys.stdlib_module_names <= LIBRARIES


@pytest.mark.parametrize("name", FILES)
def test_says_version_and_licence(name, checkpoint):
    head, *_ = (checkpoint / name).read_text().partition('"""')
    assert all(line.startswith("#") for line in head.splitlines())
    assert "SPDX-License-Identifier: Apache-2.0" in head
    assert "http://www.apache.org/licenses/LICENSE-2.0" in head
    assert f"codefusion-hf {codefusion_hf.__version__} from `{FILES[name]}`" in head


def test_classes_of_the_package_are_all_there(checkpoint):
    defined = {}
    for name in FILES:
        tree = ast.parse((checkpoint / name).read_text())
        names = [node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
        assert len(names) == len(set(names)), name
        defined[name] = set(names)
    assert {"CodeFusionConfig", "CodeFusionModel", "CodeFusionOutput"} <= defined["modeling_codefusion.py"]
    assert {"CodeFusionScheduler", "square_root_alphas_cumprod"} <= defined["scheduler/scheduling_codefusion.py"]
    # Of the other modules no more than they need: diffusers takes the one pipeline of a file.
    assert not {"CodeFusionConfig", "CodeFusionModel"} & defined["scheduler/scheduling_codefusion.py"]
    assert not {"CodeFusionModel", "CodeFusionScheduler"} & defined["pipeline.py"]


@pytest.mark.parametrize("name", ["infill", "revise"])
def test_the_other_pipelines_are_whole_in_one_file(name):
    source = self_contained_source(sys.modules[f"codefusion_hf.pipelines.pipeline_codefusion_{name}"])
    names = [node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    assert len(names) == len(set(names)) and f"CodeFusion{name.title()}Pipeline" in names


def test_two_things_of_one_name_are_not_merged(tmp_path, monkeypatch):
    package = tmp_path / "merged"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "first.py").write_text("WORD = 1\n\n\ndef first():\n    return WORD\n")
    (package / "second.py").write_text(
        "from .first import first\n\n\nWORD = 2\n\n\ndef second():\n    return first()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="`WORD` must be one thing in all modules that merged.second needs"):
        self_contained_source(importlib.import_module("merged.second"))


@pytest.mark.skipif(importlib.util.find_spec("ruff") is None, reason="ruff is not installed")
def test_is_formatted(checkpoint):
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", str(checkpoint)]
    for command in (["format", "--check"], ["check"]):
        result = subprocess.run([*ruff, *command, *options], capture_output=True, text=True)
        assert result.returncode == 0, result.stdout


# --- The generator, on small packages


@pytest.fixture
def make_package(tmp_path, monkeypatch):
    """A function that imports a package of the given modules, and returns the one called `main`."""

    def make(**sources):
        folder = tmp_path / "parcel"
        folder.mkdir()
        for name, source in {"__init__": '__version__ = "1.0"\n', **sources}.items():
            (folder / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(str(tmp_path))
        module = importlib.import_module("parcel.main")
        return module

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] == "parcel"]:
        del sys.modules[name]


def test_takes_what_is_needed_in_an_order_that_runs(make_package):
    module = make_package(
        main='''"""Main."""

import json

from .first import Derived, first
from .second import LIMIT


WHOLE = first(LIMIT)


class Main(Derived):
    def dumps(self):
        return json.dumps(WHOLE)


__all__ = ["Main"]
''',
        first='''"""First."""

import math as m
import os

from .second import LIMIT, helper


# Not needed.
UNUSED = os.sep


class Base:
    limit = LIMIT


# Why it is derived.
class Derived(Base):
    pass


def first(value):
    return m.floor(helper(value))
''',
        second='''"""Second."""

from collections import OrderedDict

LIMIT = 2.5
unused = OrderedDict()


def helper(value):
    return value + LIMIT
''',
    )
    source = self_contained_source(module)
    assert "from ." not in source
    for absent in ("UNUSED", "unused", "OrderedDict", "import os", "Not needed"):
        assert absent not in source
    for present in ('"""Main."""', "# Why it is derived.", "import json\nimport math as m\n", '__all__ = ["Main"]'):
        assert source.count(present) == 1
    assert source.count("def helper") == source.count("LIMIT = 2.5") == 1
    order = ["LIMIT = 2.5", "def helper", "class Base", "class Derived", "def first", "WHOLE =", "class Main"]
    assert sorted(order, key=source.index) == order


def test_what_is_self_contained_stays_as_it_is(make_package):
    module = make_package(main='"""Main."""\n\nimport json\n\nx = json.dumps( 1 )  # as it is\n')
    assert self_contained_source(module) == Path(module.__file__).read_text()


@pytest.mark.parametrize(
    "statement",
    ["from .other import x as y", "def f():\n    from .other import x\n", "if True:\n    from .other import x"],
)
def test_relative_imports_of_another_form_are_refused(statement, make_package):
    module = make_package(main=f'"""Main."""\n\n{statement}\n', other='"""Other."""\n\nx = 1\n')
    with pytest.raises(ValueError, match=r"main\.py, line \d+: a relative import must stand at the top"):
        self_contained_source(module)
