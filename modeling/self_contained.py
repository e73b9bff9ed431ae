# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""One file of a module and of all that it imports from this package: the code that travels with a checkpoint."""

import ast
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType


LINE_LENGTH = 119

HEADER = """\
# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
#
# Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
# the License. You may obtain a copy of the License at http://www.apache.org/licenses/LICENSE-2.0. Unless required by
# applicable law or agreed to in writing, software distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the License for the specific language
# governing permissions and limitations under the License.
#
# Made by codefusion-hf {version} from `{module}`
# and what it needs of that package, for `trust_remote_code=True` where the package is not installed.
"""

# The absolute imports of a file: module, name (`None` for `import module`), and the name after `as`.
Import = tuple[str, str | None, str | None]


class ModuleSource:
    """
    A module's source by its statements.

    Args:
        module (`ModuleType`):
            An imported module, with its file. Its relative imports are statements of the module itself (not of a
            function) and rename nothing.

    Raises:
        ValueError: if a relative import is of another form.
    """

    def __init__(self, module: ModuleType):
        self.text = Path(str(module.__file__)).read_text(encoding="utf-8")
        tree = ast.parse(self.text)
        self.docstring = ast.get_docstring(tree, clean=False)
        self.absolute: dict[str, Import] = {}
        self.relative: dict[str, str] = {}
        self.statements: list[tuple[set[str], ast.stmt, str]] = []
        at_top = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level > 0]
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level > 0:
                if node not in at_top or any(alias.asname is not None for alias in node.names):
                    raise ValueError(
                        f"{module.__file__}, line {node.lineno}: a relative import must stand at the top of the file "
                        f"and rename nothing, got `{ast.unparse(node)}`."
                    )
        lines = self.text.splitlines()
        end = 0
        for node in tree.body:
            # With the comment above it.
            text = "\n".join(lines[end : node.end_lineno]).strip("\n")
            end = node.end_lineno or end
            if isinstance(node, ast.Import):
                for alias in node.names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    self.absolute[bound] = (alias.name, None, alias.asname)
            elif isinstance(node, ast.ImportFrom) and node.level > 0:
                source = importlib.util.resolve_name(f"{'.' * node.level}{node.module}", module.__package__)
                self.relative.update((alias.name, source) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self.absolute[alias.asname or alias.name] = (str(node.module), alias.name, alias.asname)
            elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
                self.statements.append((_bound_names(node), node, text))

    def needed(self, names: set[str]) -> list[tuple[ast.stmt, str]]:
        """The statements, in their order, that define the names and all that these need of this module."""
        needed: set[int] = set()
        names = set(names)
        grown = True
        while grown:
            grown = False
            for number, (bound, node, _) in enumerate(self.statements):
                if number not in needed and bound & names:
                    needed.add(number)
                    names |= set(_used_names(node))
                    grown = True
        return [(node, text) for number, (_, node, text) in enumerate(self.statements) if number in needed]


def _bound_names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {name for target in targets for name in _used_names(target)}
    return set()


def _used_names(node: ast.AST) -> Iterator[str]:
    return (child.id for child in ast.walk(node) if isinstance(child, ast.Name))


def self_contained_source(module: ModuleType) -> str:
    """
    A module's source with everything in it that it imports from this package: its own statements, and before them
    those of the other modules that they need. The file is formatted as ruff would, with the version and the licence on
    top.

    Args:
        module (`ModuleType`):
            The module. All that it imports has been imported.

    Returns:
        `str`: the source; that of a module without relative imports unchanged.

    Raises:
        ValueError: if a relative import is not at the top of its file, or renames what it imports, or two modules have
            different things of one name.
    """
    main = ModuleSource(module)
    if not main.relative:
        return main.text

    parts: list[tuple[ModuleSource, list[tuple[ast.stmt, str]]]] = []

    def add(source: ModuleSource, statements: list[tuple[ast.stmt, str]]) -> None:
        used = {name for node, _ in statements for name in _used_names(node)}
        imported: dict[str, set[str]] = {}
        for name in used & source.relative.keys():
            imported.setdefault(source.relative[name], set()).add(name)
        for other_name in sorted(imported):
            other = ModuleSource(sys.modules[other_name])
            add(other, other.needed(imported[other_name]))
        parts.append((source, statements))

    add(main, [(node, text) for _, node, text in main.statements])

    imports: set[Import] = set()
    body: dict[str, ast.stmt] = {}
    binding: dict[str, str] = {}
    for source, statements in parts:
        for node, statement in statements:
            imports |= {source.absolute[name] for name in _used_names(node) if name in source.absolute}
            body.setdefault(statement, node)  # two modules may need the same one of a third
            for name in _bound_names(node):
                if binding.setdefault(name, statement) != statement:
                    raise ValueError(f"`{name}` must be one thing in all modules that {module.__name__} needs.")
    header = HEADER.format(version=sys.modules[module.__name__.partition(".")[0]].__version__, module=module.__name__)
    text = f'{header}"""{main.docstring}"""\n\n{_format_imports(imports)}\n'
    was_block = True
    for statement, node in body.items():
        is_block = isinstance(node, ast.FunctionDef | ast.ClassDef)
        text += ("\n\n" if was_block or is_block else "\n") + f"{statement}\n"
        was_block = is_block
    return text


def _format_imports(imports: set[Import]) -> str:
    """Import statements in ruff's order: the standard library's, then all others; by module, and names by kind."""
    sections: tuple[list[str], list[str]] = ([], [])
    plain = sorted((entry for entry in imports if entry[1] is None), key=lambda entry: entry[0].lower())
    for name, _, alias in plain:
        sections[_is_third_party(name)].append(f"import {name}" + (f" as {alias}" if alias else ""))
    grouped: dict[tuple[str, str], list[str]] = {}
    for name, member, alias in imports:
        if member is not None:
            # What is renamed has a line of its own, behind the others of its module.
            grouped.setdefault((name, f"{member} as {alias}" if alias else ""), []).append(member)
    for (name, renamed), members in sorted(grouped.items()):
        listed = [renamed] if renamed else sorted(members, key=_member_order)
        line = f"from {name} import {', '.join(listed)}"
        if len(line) > LINE_LENGTH:
            line = f"from {name} import (\n" + "".join(f"    {member},\n" for member in listed) + ")"
        sections[_is_third_party(name)].append(line)
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _is_third_party(name: str) -> bool:
    return name.partition(".")[0] not in sys.stdlib_module_names


def _member_order(name: str) -> tuple[int, str]:
    """Constants, classes, all else."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, name.lower()


__all__ = ["self_contained_source"]
