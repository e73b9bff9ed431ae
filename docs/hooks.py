# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
What mkdocs needs to know about this repository: where the package is, pages that are kept elsewhere, links that work
in the repository and on the site, and how docstrings are written here.
"""

import os
import re
from pathlib import Path
from typing import Any

import griffe
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page


ROOT = Path(__file__).resolve().parents[1]
# The package as it is installed, with `modeling` and `pipelines` inside it, for mkdocstrings to read.
LAID_OUT = ROOT / "build" / "api" / "codefusion_hf"

# Pages that are kept elsewhere in the repository.
PAGES = {
    "benchmarks.md": "benchmarks/README.md",
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "checkpoints/bash-tiny.md": "codefusion_hf/checkpoints/bash-tiny/README.md",
    "checkpoints/cf-tiny.md": "codefusion_hf/checkpoints/cf-tiny/README.md",
    "checkpoints/python-tiny.md": "codefusion_hf/checkpoints/python-tiny/README.md",
    "cookbook.md": "codefusion_hf/cookbook/README.md",
}
ASSETS = {"assets/sampling-steps.png": "benchmarks/sampling-steps.png"}

LINK = re.compile(r"(!?)\[([^\]\[]*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)

SECTIONS = {
    "Args": "Arguments",
    "Attributes": "Attributes",
    "Returns": "Returns",
    "Yields": "Yields",
    "Raises": "Raises",
    "Examples": "Examples",
}
# A type and what may stand behind it, as in "(`int`, *optional*, defaults to 3)" or "of shape `(batch_size,)`".
TYPE = re.compile(r"\((?:[^()`]|`[^`]*`)*\)")
REFERENCE = re.compile(r"\[`~?([\w.]+)`\]")


def on_startup(command: str, dirty: bool) -> None:
    """Lays out the package."""
    LAID_OUT.mkdir(parents=True, exist_ok=True)
    for path in LAID_OUT.iterdir():
        path.unlink()
    for source in (*(ROOT / "codefusion_hf").iterdir(), ROOT / "modeling", ROOT / "pipelines"):
        if source.name not in ("__pycache__", "cookbook"):
            (LAID_OUT / source.name).symlink_to(source)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are kept elsewhere."""
    for name, source in {**PAGES, **ASSETS}.items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """
    Links are written for who reads the repository. On the site, they lead to the page of a file, if it has one, and
    are plain text where it has none.
    """
    uri = page.file.src_uri
    source = ROOT / PAGES.get(uri, f"docs/{uri}")
    names = {(ROOT / path).resolve(): name for name, path in {**PAGES, **ASSETS}.items()}

    def rewrite(match: re.Match[str]) -> str:
        mark, text, target = match.groups()
        path, _, anchor = target.partition("#")
        if not path or "://" in target or target.startswith("mailto:"):
            return match[0]
        file = (source.parent / path).resolve()
        name = names.get(file)
        if name is None and file.is_relative_to(ROOT / "docs"):
            name = file.relative_to(ROOT / "docs").as_posix()
        if name is None:
            return text if file.exists() else match[0]
        relative = os.path.relpath(name, Path(uri).parent)
        return f"{mark}[{text}]({relative}{'#' if anchor else ''}{anchor})"

    parts = FENCE.split(re.sub(r"\A---\n.*?\n---\n", "", markdown, flags=re.DOTALL))
    return "".join(part if number % 2 else LINK.sub(rewrite, part) for number, part in enumerate(parts))


class Docstrings(griffe.Extension):
    """Docstrings, which are written as those of transformers, to Markdown."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        if isinstance(obj, griffe.Object) and obj.docstring is not None:
            obj.docstring.value = to_markdown(obj.docstring.value)


def to_markdown(docstring: str) -> str:
    """
    A docstring with its sections as headings, and its arguments as a list.

    Args:
        docstring (`str`):
            The docstring, its indentation taken off.

    Returns:
        `str`: Markdown.
    """
    lines, section = [], ""
    for line in REFERENCE.sub(lambda match: f"`{match[1].rpartition('.')[2]}`", docstring).splitlines():
        stripped = line.strip()
        if line == stripped and stripped.rstrip(":") in SECTIONS and stripped.endswith(":"):
            section = stripped.rstrip(":")
            lines += ["", f"**{SECTIONS[section]}**", ""]
        elif not section or (stripped and line == line.lstrip()):
            section = ""
            lines.append(line)
        else:
            lines.append(line[4:])
    return "\n".join(_list_arguments(lines))


def _list_arguments(lines: list[str]) -> list[str]:
    """The lines of a docstring, those below "Arguments" and the like as a list."""
    result: list[str] = []
    listed, head = False, ""
    for line in lines:
        if line.startswith("**") and line.endswith("**"):
            listed = line.strip("*") in ("Arguments", "Attributes")
            result.append(line)
        elif not listed or not line.strip():
            result.append(line)
            listed = listed and not line.startswith("```")
        elif not line.startswith(" ") or head:
            # The names and types of an argument or of several, maybe on several lines.
            head = f"{head} {line.strip()}".strip()
            if head.endswith("\\"):
                head = head[:-1].rstrip()
            elif head.endswith(":"):
                names = re.sub(r"(^|, )(\w+)(?= \(|, |$|:)", r"\1**\2**", _without_types(head[:-1]))
                result += ["", f"- {_with_types(names, head)}", ""]
                head = ""
            else:
                result += ["", f"- {head}"]
                head = ""
        else:
            result.append(line)
    return result


def _without_types(head: str) -> str:
    """The head of an argument, a type in brackets as `(number)`."""
    return TYPE.sub("(#)", head)


def _with_types(names: str, head: str) -> str:
    types = iter(TYPE.findall(head))
    return re.sub(r"\(#\)", lambda match: next(types), names)
