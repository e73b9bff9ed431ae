# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
More pairs from Python pairs, by other names: `codefusion data rename FILE --augment N --output FILE.jsonl`. What a
model learns from these is to copy names from the prompt instead of guessing them.

Renamed is what a prompt has between backticks or quotes and the code has as well, in both, consistently:

- variables: but not what the code imports, takes from an imported library or from Python itself, or also uses as an
  attribute, keyword argument, string or name of a function or class, where another name would mean something else;
- strings of letters, digits, blanks and underscores, but not single letters, encodings and keyword arguments
  (`how='left'`);
- whole numbers from 10 up, by others of as many digits.

New names and strings are those of other rows of the file, and of the files that `--names-from` adds. All draws follow
from the seed, the copy and the row, so the same command always writes the same file, and training on it can be resumed
bit for bit.
"""

import ast
import builtins
import encodings.aliases
import keyword
import random
import re
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from codefusion_hf.data.deduplication import deduplicate
from codefusion_hf.data.source_code import parse_python


# What prompts quote, with its quotes. A quote inside a word is an apostrophe.
QUOTED = re.compile(r"`[^`]+`|(?<!\w)'[^']+'(?!\w)|(?<!\w)\"[^\"]+\"(?!\w)")
_WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")
_PLAIN_STRING = re.compile(r"[A-Za-z]\w[\w ]*", re.ASCII)
_NUMBER = re.compile(r"[1-9]\d{1,8}")
_ENCODINGS = frozenset(encodings.aliases.aliases) | frozenset(encodings.aliases.aliases.values())
# Beside the standard library, what snippets use without importing it.
_LIBRARIES = sys.stdlib_module_names | frozenset(
    (
        "bs4 cv2 django flask matplotlib nltk np numpy pandas pd plt pylab "
        "requests scipy selenium simplejson sklearn sns sqlalchemy tf tk yaml"
    ).split()
)
_KEPT_NAMES = _LIBRARIES | frozenset(dir(builtins)) | frozenset(keyword.kwlist) | {"cls", "self"}


class Renamable(NamedTuple):
    """
    What a pair can have by other names.

    Args:
        names (`tuple[str, ...]`):
            Variables, in the order of the prompt.
        strings (`tuple[str, ...]`):
            Strings, without their quotes.
        numbers (`tuple[str, ...]`):
            Whole numbers.
    """

    names: tuple[str, ...]
    strings: tuple[str, ...]
    numbers: tuple[str, ...]


class _Place(NamedTuple):
    """Where the code has a name, string or number: line from 0, columns in bytes."""

    line: int
    start: int
    end: int
    text: str


def find_renamable(text: str, code: str) -> Renamable:
    """
    Find what a pair can have by other names, by the rules in this module's documentation.

    Args:
        text (`str`):
            The prompt.
        code (`str`):
            The Python code.

    Returns:
        [`Renamable`]: nothing if the code does not parse.
    """
    places = _find_places(code)
    quoted = [match[0] for match in QUOTED.finditer(text)]
    contents = dict.fromkeys(span[1:-1] for span in quoted)
    # Variables may be parts of what is quoted, as in `data[key]`.
    words = dict.fromkeys(word for span in quoted if span[0] == "`" for word in _WORD.findall(span[1:-1]))
    return Renamable(
        tuple(name for name in {**words, **contents} if name in places["names"] and name not in places["strings"]),
        tuple(string for string in contents if string in places["strings"] and string not in places["names"]),
        tuple(number for number in contents if number in places["numbers"]),
    )


def rename_pair(
    text: str, code: str, names: Sequence[str], strings: Sequence[str], generator: random.Random
) -> tuple[str, str] | None:
    """
    Give a pair other names.

    Args:
        text (`str`):
            The prompt.
        code (`str`):
            The Python code.
        names (`Sequence[str]`):
            Variables to draw from.
        strings (`Sequence[str]`):
            Strings to draw from.
        generator (`random.Random`):
            What draws.

    Returns:
        `tuple[str, str]`, *optional*: prompt and code, with all that is renamable renamed, or `None` if nothing is.
    """
    renamable = find_renamable(text, code)
    taken = {*_WORD.findall(text), *_WORD.findall(code)}
    new_names: dict[str, str] = {}
    for name in renamable.names:
        if choices := [choice for choice in names if choice not in taken]:
            new_names[name] = generator.choice(choices)
            taken.add(new_names[name])
    new_contents: dict[str, str] = {}
    for string in renamable.strings:
        if choices := [choice for choice in strings if choice not in taken and choice not in text]:
            new_contents[string] = generator.choice(choices)
            taken.add(new_contents[string])
    for number in renamable.numbers:
        low = 10 ** (len(number) - 1)
        drawn = generator.randrange(low, 10 * low - 1)
        new_contents[number] = str(drawn + (drawn >= int(number)))  # any but the old one
    if not new_names and not new_contents:
        return None

    def rename_span(match: re.Match[str]) -> str:
        quote, content = match[0][0], match[0][1:-1]
        if content in new_contents:
            content = new_contents[content]
        elif quote == "`" or content in new_names:
            content = _WORD.sub(lambda word: new_names.get(word[0], word[0]), content)
        return f"{quote}{content}{quote}"

    lines = code.encode("utf-8").split(b"\n")
    found = _find_places(code)
    places = [
        (place, new_names.get(value) or new_contents.get(value))
        for kind in found.values()
        for value, of_value in kind.items()
        for place in of_value
    ]
    for place, new in sorted(places, reverse=True):
        if new is not None:
            line = lines[place.line]
            content = f"{place.text[0]}{new}{place.text[0]}" if place.text[0] in "'\"" else new
            lines[place.line] = line[: place.start] + content.encode("utf-8") + line[place.end :]
    return QUOTED.sub(rename_span, text), b"\n".join(lines).decode("utf-8")


def augment_pairs(
    rows: Sequence[dict[str, Any]], num_copies: int, seed: int = 0, name_rows: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """
    Add copies of pairs by other names.

    Args:
        rows (`Sequence[dict[str, Any]]`):
            Rows with `text` and Python `code`.
        num_copies (`int`):
            Copies of each row that has something to rename, 1 or more.
        seed (`int`, *optional*, defaults to 0):
            Seed of all draws.
        name_rows (`Sequence[dict[str, Any]]`, *optional*):
            More rows whose names and strings are drawn.

    Returns:
        `list[dict[str, Any]]`: the rows as they are, then the copies, without those that came out equal.

    Raises:
        ValueError: if `num_copies` is below 1.
    """
    if num_copies < 1:
        raise ValueError(f"`num_copies` must be at least 1, got {num_copies}.")
    renamable = [find_renamable(row["text"], row["code"]) for row in rows]
    seen = renamable + [find_renamable(row["text"], row["code"]) for row in name_rows]
    names = sorted({name for row in seen for name in row.names})
    strings = sorted({string for row in seen for string in row.strings})
    copies = []
    for copy in range(num_copies):
        for index, row in enumerate(rows):
            if not any(renamable[index]):
                continue
            # Seeded by a string, for the draws of one row not to move those of another.
            pair = rename_pair(row["text"], row["code"], names, strings, random.Random(f"{seed} {copy} {index}"))
            if pair is not None:
                copies.append({**row, "text": pair[0], "code": pair[1]})
    return [*rows, *deduplicate(copies)[0]]


def _find_places(code: str) -> dict[str, dict[str, list[_Place]]]:
    """Where the code has what can be renamed: kind, then value, then its places."""
    places: dict[str, dict[str, list[_Place]]] = {"names": {}, "strings": {}, "numbers": {}}
    try:
        tree, lines = parse_python(code)
    except ValueError:
        return places
    nodes = list(ast.walk(tree))
    # Before Python 3.12, what stands in an f-string has no place of its own.
    if any(isinstance(node, ast.JoinedStr) for node in nodes):
        return places
    kept = _KEPT_NAMES | {name for node in nodes for name in _names_with_meaning(node)}
    by_keyword = {node.value for node in nodes if isinstance(node, ast.keyword)}
    for node in nodes:
        if isinstance(node, ast.Name):
            kind, value, length = "names", node.id, len(node.id.encode("utf-8"))
        elif isinstance(node, ast.arg):
            kind, value, length = "names", node.arg, len(node.arg.encode("utf-8"))
        elif isinstance(node, ast.Constant) and node.lineno == node.end_lineno and node not in by_keyword:
            kind = "strings" if isinstance(node.value, str) else "numbers"
            value, length = str(node.value), (node.end_col_offset or 0) - node.col_offset
        else:
            continue
        text = lines[node.lineno - 1][node.col_offset : node.col_offset + length].decode("utf-8")
        if _is_renamable(kind, value, text) and value not in kept:
            place = _Place(node.lineno - 1, node.col_offset, node.col_offset + length, text)
            places[kind].setdefault(value, []).append(place)
    return places


def _is_renamable(kind: str, value: str, text: str) -> bool:
    if kind == "names":
        return text == value  # Python reads some letters as others.
    if kind == "numbers":
        return text == value and _NUMBER.fullmatch(value) is not None
    is_plain = text in (f"'{value}'", f'"{value}"') and _PLAIN_STRING.fullmatch(value) is not None
    return is_plain and value.lower().replace(" ", "_") not in _ENCODINGS


def _names_with_meaning(node: ast.AST) -> list[str]:
    """Names in a node that are more than those of variables."""
    if isinstance(node, ast.Attribute):
        return [node.attr]
    if isinstance(node, ast.keyword):
        return [node.arg] if node.arg else []
    if isinstance(node, ast.alias):
        return [*node.name.split("."), node.asname or node.name]
    if isinstance(node, (ast.AsyncFunctionDef, ast.ClassDef, ast.FunctionDef)):
        return [node.name]
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        return node.names
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        return [node.name] if node.name else []
    if isinstance(node, ast.MatchMapping):
        return [node.rest] if node.rest else []
    return []


__all__ = ["QUOTED", "Renamable", "augment_pairs", "find_renamable", "rename_pair"]
