# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What is installed, under which names, and which folder may import what."""

import ast
import importlib.metadata
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import codefusion_hf
import codefusion_hf.modeling
import codefusion_hf.pipelines


ROOT = Path(__file__).resolve().parents[1]

# What may be imported by the files that are pushed to the Hub beside the weights.
HUB_IMPORTS = {"diffusers", "torch", "transformers"} | sys.stdlib_module_names
CHECKPOINT_SUFFIXES = {".json", ".py", ".md", ".safetensors", ".txt"}

# A room imports from those before it. `languages` has one for each language, which know nothing of each other; scores
# that depend on no language are below the evaluation, since candidates are ranked by one of them.
ROOMS = (
    "modeling",
    "pipelines",
    "languages",
    "data",
    "memory",
    "evaluation.metrics",
    "inference",
    "training",
    "evaluation",
    "hub",
    "commands",
    "cli",
)
# Data that the code reads, from the folder of the package on.
DATA_FILES = ("cookbook/README.md", "cookbook/**/*.jsonl", "languages/**/*.yaml", "training/presets/*.yaml")

HUB_FILES = sorted([*ROOT.glob("modeling/**/*.py"), *ROOT.glob("pipelines/**/*.py")])
PACKAGE_FILES = sorted(
    path for path in ROOT.glob("codefusion_hf/**/*.py") if ROOT / "codefusion_hf" / "checkpoints" not in path.parents
)


def name_in_checkout(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported_modules(path: Path) -> list[tuple[int, str]]:
    """Every import of a file, inside functions too, as (number of leading dots, dotted name)."""
    imports = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imports += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            imports.append((node.level, node.module))
        elif isinstance(node, ast.ImportFrom):
            imports += [(node.level, alias.name) for alias in node.names]
    return imports


def imported_from_package(path: Path) -> list[tuple[str, ...]]:
    """What a file of the package imports from it, by the parts of the names behind `codefusion_hf`."""
    package = path.relative_to(ROOT / "codefusion_hf").parent.parts
    names = []
    for level, module in imported_modules(path):
        parts = tuple(module.split("."))
        if level:
            names.append((*package[: len(package) - level + 1], *parts))
        elif parts[0] == "codefusion_hf":
            names.append(parts[1:])
    return names


def room_of(parts: tuple[str, ...]) -> str | None:
    """The room that a module is in; none for what any of them may use."""
    return next((name for name in (".".join(parts[:2]), parts[0]) if name in ROOMS), None) if parts else None


def run_python(code: str, cwd: Path = ROOT, **env: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_versions_agree():
    assert importlib.metadata.version("codefusion-hf") == codefusion_hf.__version__


def test_console_script_is_declared():
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="codefusion")
    assert script.value == "codefusion_hf.cli:main"


def test_public_names_are_the_submodules_classes():
    assert codefusion_hf.CodeFusionConfig is codefusion_hf.modeling.CodeFusionConfig
    assert codefusion_hf.CodeFusionModel is codefusion_hf.modeling.CodeFusionModel
    assert codefusion_hf.CodeFusionPipeline is codefusion_hf.pipelines.CodeFusionPipeline
    assert codefusion_hf.CodeFusionPipelineOutput is codefusion_hf.pipelines.CodeFusionPipelineOutput
    assert codefusion_hf.CodeFusionScheduler is codefusion_hf.pipelines.CodeFusionScheduler
    assert set(codefusion_hf.__all__) <= set(dir(codefusion_hf))


def test_there_is_one_copy_of_each_class():
    assert codefusion_hf.CodeFusionModel.__module__ == "codefusion_hf.modeling.modeling_codefusion"
    assert codefusion_hf.CodeFusionPipeline.__module__ == "codefusion_hf.pipelines.pipeline_codefusion"
    assert not {"modeling", "pipelines"} & set(sys.modules)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'CodeFussionModel'"):
        _ = codefusion_hf.CodeFussionModel


def test_importing_the_package_does_not_import_torch():
    code = "import sys, codefusion_hf; print(sorted({'diffusers', 'torch', 'transformers'} & set(sys.modules)))"
    assert run_python(code) == "[]"


def test_generating_imports_the_core_requirements_only():
    extras = ["bashlex", "datasets", "openpyxl", "pytest", "scipy", "sklearn", "torchsde"]
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({extras}))\n"  # `None` there makes an import fail
        "import codefusion_hf.cli\n"
        "print(codefusion_hf.CodeFusionPipeline.__name__)"
    )
    assert run_python(code) == "CodeFusionPipeline"


@pytest.mark.parametrize("path", HUB_FILES, ids=name_in_checkout)
def test_files_for_the_hub_import_only_what_a_hub_user_has(path):
    for level, module in imported_modules(path):
        if level == 0:
            assert module.partition(".")[0] in HUB_IMPORTS, f"{name_in_checkout(path)} imports {module}"
        elif level > 1:
            assert path.parent.name == "pipelines" and level == 2 and module.partition(".")[0] == "modeling", (
                f"{name_in_checkout(path)} imports {'.' * level}{module}; only pipelines may import from ..modeling"
            )


@pytest.mark.parametrize("path", PACKAGE_FILES, ids=name_in_checkout)
def test_package_never_imports_the_top_level_folders_by_their_bare_names(path):
    bare = {"modeling", "pipelines"}
    names = {module.partition(".")[0] for level, module in imported_modules(path) if level == 0}
    assert not names & bare, f"{name_in_checkout(path)} makes second copies of the classes in {names & bare}"


@pytest.mark.parametrize("path", PACKAGE_FILES, ids=name_in_checkout)
def test_imports_run_one_way(path):
    parts = path.relative_to(ROOT / "codefusion_hf").with_suffix("").parts
    room = room_of(parts)
    for imported in imported_from_package(path):
        target = room_of(imported)
        if room and target:
            assert ROOMS.index(target) <= ROOMS.index(room), f"{name_in_checkout(path)} imports from {target}"
        # The registry knows all languages, as `__init__` of the room.
        if room == target == "languages" and len(parts) > 2:
            assert len(imported) < 3 or imported[1] == parts[1], f"{name_in_checkout(path)} imports {imported}"


@pytest.mark.parametrize("path", HUB_FILES + PACKAGE_FILES, ids=name_in_checkout)
def test_no_file_is_long(path):
    limit = 600 if path.name == "pipeline_codefusion.py" else 700
    assert len(path.read_text(encoding="utf-8").splitlines()) < limit


def test_one_file_opens_the_door_to_bashlex():
    importers = [path for path in PACKAGE_FILES if any(name == "bashlex" for _, name in imported_modules(path))]
    assert [name_in_checkout(path) for path in importers] == ["codefusion_hf/languages/bash/parser.py"]


def test_the_command_line_does_not_wait_for_torch():
    code = (
        "import sys, codefusion_hf.cli as cli; cli.make_parser().format_help()\n"
        "print(sorted({'datasets', 'diffusers', 'sklearn', 'tokenizers', 'torch'} & set(sys.modules)))"
    )
    assert run_python(code) == "[]"


@pytest.mark.slow
def test_source_distribution_and_wheel_hold_the_whole_package(tmp_path):
    pytest.importorskip("setuptools")
    # Built from a copy, since setuptools writes into the folder it builds and packs what lay in build/ before.
    source = tmp_path / "source"
    shutil.copytree(
        ROOT, source, ignore=shutil.ignore_patterns(".*", "build", "dist", "runs", "*.egg-info", "__pycache__")
    )
    # The wheel is made from the source distribution, so it has only what that one holds.
    build = f"from setuptools import build_meta; build_meta.build_sdist({str(tmp_path)!r})"
    run_python(build, cwd=source)
    (sdist,) = tmp_path.glob("*.tar.gz")
    shutil.unpack_archive(sdist, tmp_path / "sdist")
    (unpacked,) = (tmp_path / "sdist").iterdir()
    build = f"from setuptools import build_meta; build_meta.build_wheel({str(tmp_path)!r})"
    run_python(build, cwd=unpacked)
    (wheel,) = tmp_path.glob("*.whl")

    expected = {"codefusion_hf/py.typed"}
    expected |= {name_in_checkout(path) for path in PACKAGE_FILES}
    expected |= {f"codefusion_hf/{name_in_checkout(path)}" for path in HUB_FILES}
    expected |= {name_in_checkout(path) for glob in DATA_FILES for path in ROOT.glob(f"codefusion_hf/{glob}")}
    expected |= {
        name_in_checkout(path)
        for path in ROOT.glob("codefusion_hf/checkpoints/**/*")
        if path.suffix in CHECKPOINT_SUFFIXES
    }
    with zipfile.ZipFile(wheel) as archive:
        installed = {name for name in archive.namelist() if ".dist-info/" not in name}
        archive.extractall(tmp_path / "site")
    assert installed == expected
    assert any(name.endswith("/model/model.safetensors") for name in installed)
    assert (unpacked / "LICENSE").is_file()
    assert {path.name for path in (unpacked / "examples").iterdir()} >= {
        path.name for path in (ROOT / "examples").glob("*.py")
    }

    # Installed it is whole; and in the checkout's root, where the local folder comes first, so is the checkout.
    code = "import codefusion_hf.modeling as m, codefusion_hf.pipelines; print(m.__file__)"
    site = tmp_path / "site"
    assert Path(run_python(code, tmp_path, PYTHONPATH=str(site))).is_relative_to(site)
    assert Path(run_python(code, ROOT, PYTHONPATH=str(site))) == ROOT / "modeling" / "__init__.py"
    code = (
        "from codefusion_hf.languages import *; print(all(next(get_language(n).generate_rows()) for n in LANGUAGES))"
    )
    assert run_python(code, tmp_path, PYTHONPATH=str(site)) == "True"
