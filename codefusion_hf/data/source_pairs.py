# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Pairs of a prompt and code that Python source has in it, for training between code alone and hand-written pairs:
`codefusion data pairs SOURCE... --output FILE.jsonl`. Files are parsed, never run.

There are four kinds, each with the code in the form that `ast.unparse` gives it, as most of CoNaLa's is:

- `docstring`: the first sentence of a function's docstring, and the function's body without it;
- `comment`: the first sentence of the comment above or behind a statement, and the statement;
- `name`: the words in the name of a function that has no docstring, and its body;
- `assignment`: the words in the name that something computed is given to, and the expression.

A body that is a single `return` gives its expression. As CoNaLa's prompts do, a prompt names what it could not be
answered without: the names in the code that are neither built in, imported nor a parameter or loop variable of its own
lambdas and comprehensions, and its strings. Those that are words of the sentence are put in backticks there, the
others are listed behind it: `Join the parts of `path` with `separator`, '.'`.
"""

import ast
import builtins
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from codefusion_hf.data.deduplication import deduplicate
from codefusion_hf.data.source_code import parse_python
from codefusion_hf.data.sources import Record, read_source_files


KINDS = ("docstring", "comment", "name", "assignment")
# About 64 tokens of a small vocabulary. Training leaves out what is still too long.
MAX_CODE_CHARACTERS = 240
WORDS = range(2, 31)
# A prompt that lists more is no intent.
MAX_NAMES = 6
MAX_STRING_CHARACTERS = 30

_SENTENCE_END = re.compile(r"(?<=[.!?:;])\s+(?=\S)|\.$")
_ROLE = re.compile(r":[\w:]+:(?=`)")
_NO_INTENT = re.compile(r"(?i)(?:(?:xxx|todo|fixme|hack|bug|note|noqa|pragma|pylint|mypy)\b|type:|fmt:|[\w.]+\()")
_NAME_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_BUILT_IN = frozenset(dir(builtins))
_COMPUTED = (ast.BinOp, ast.Call, ast.DictComp, ast.ListComp, ast.SetComp, ast.Subscript)


class SourcePair(NamedTuple):
    """
    A pair that source has in it.

    Args:
        line (`int`):
            Line of the file where the code starts, from 1.
        text (`str`):
            The prompt.
        code (`str`):
            The code.
        kind (`str`):
            One of `KINDS`.
    """

    line: int
    text: str
    code: str
    kind: str


def cut_python_pairs(source: str, kinds: Collection[str] = KINDS) -> list[SourcePair]:
    """
    Cut pairs out of Python source, by the rules in this module's documentation.

    Args:
        source (`str`):
            The text of a file.
        kinds (collection of `str`, *optional*):
            Which of `KINDS` to cut. All by default.

    Returns:
        `list[SourcePair]`: the pairs, in the order of the statements they are from.

    Raises:
        ValueError: if `ast` cannot parse the source, or a kind is unknown.
    """
    unknown = set(kinds) - set(KINDS)
    if unknown:
        raise ValueError(f"`kinds` must be of {', '.join(KINDS)}, got {', '.join(sorted(unknown))}.")
    tree, lines = parse_python(source)
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    statements.sort(key=lambda node: (node.lineno, node.col_offset))
    imported = {
        (alias.asname or alias.name).partition(".")[0]
        for node in statements
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    pairs = []
    for statement in statements:
        for kind, sentence, nodes in _candidates(statement, lines):
            if kind not in kinds or not nodes:
                continue
            code = _unparse(nodes)
            text = _intent(sentence, nodes, imported) if code is not None else None
            if text is not None and code is not None:
                pairs.append(SourcePair(nodes[0].lineno, text, code, kind))
    return pairs


def _candidates(
    statement: ast.stmt, lines: list[bytes]
) -> Iterator[tuple[str, str, Sequence[ast.stmt] | Sequence[ast.expr]]]:
    """Kind, sentence and code of the pairs that a statement may give."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        docstring = ast.get_docstring(statement)
        if docstring is not None:
            yield "docstring", docstring.partition("\n\n")[0], _answer(statement.body[1:])
        else:
            yield "name", _name_words(statement.name), _answer(statement.body)
    elif not isinstance(statement, (ast.ClassDef, ast.Import, ast.ImportFrom, ast.Pass)):
        comment = _comment_above(statement, lines) or _comment_behind(statement, lines)
        if comment:
            yield "comment", comment, _answer([statement])
    if isinstance(statement, ast.Assign) and isinstance(statement.value, _COMPUTED):
        target = statement.targets[0]
        if isinstance(target, (ast.Name, ast.Attribute)):
            words = _name_words(target.id if isinstance(target, ast.Name) else target.attr)
            # One word alone, as in `text = file.read()`, seldom says what is computed.
            if " " in words:
                yield "assignment", f"get {words}", [statement.value]


def _answer(body: Sequence[ast.stmt]) -> Sequence[ast.stmt] | Sequence[ast.expr]:
    """The code that a prompt about these statements asks for; empty if they do nothing that it could ask for."""
    if len(body) == 1:
        statement = body[0]
        if isinstance(statement, (ast.Return, ast.Expr)):
            value = statement.value
            return [] if value is None or isinstance(value, (ast.Constant, ast.Name)) else [value]
        if isinstance(statement, (ast.Break, ast.Continue, ast.Pass, ast.Raise)):
            return []
        if isinstance(statement, (ast.AnnAssign, ast.Assign)) and _is_start_value(statement.value):
            return []
    return body


def _is_start_value(value: ast.expr | None) -> bool:
    """Whether a value is made of constants alone: what is said of the variable that it is given to is not about it."""
    computing = (*_COMPUTED, ast.Attribute, ast.Compare, ast.Name)
    return value is None or not any(isinstance(node, computing) for node in ast.walk(value))


def _comment_above(statement: ast.stmt, lines: list[bytes]) -> str:
    indentation = lines[statement.lineno - 1][: statement.col_offset]
    comments: list[bytes] = []
    for line in reversed(lines[: statement.lineno - 1]):
        if not line.startswith(indentation + b"#"):
            break
        comments.insert(0, line.strip().lstrip(b"#:").strip())
    return b" ".join(comments).decode("utf-8")


def _comment_behind(statement: ast.stmt, lines: list[bytes]) -> str:
    # A statement ends behind its last token: what follows is white space, a semicolon or a comment.
    rest = lines[(statement.end_lineno or statement.lineno) - 1][statement.end_col_offset :].strip()
    return rest.lstrip(b"#:").strip().decode("utf-8") if rest.startswith(b"#") else ""


def _name_words(name: str) -> str:
    return " ".join(word if word.isupper() else word.lower() for word in _NAME_WORDS.findall(name))


def _unparse(nodes: Sequence[ast.stmt] | Sequence[ast.expr]) -> str | None:
    if (nodes[-1].end_lineno or 0) - nodes[0].lineno > MAX_CODE_CHARACTERS // 10:
        return None  # Surely too long; writing it out would take its time.
    try:
        code = "\n".join(ast.unparse(node) for node in nodes)
    except (RecursionError, ValueError):
        # Deep nesting; and f-strings whose quotes and backslashes older versions of Python cannot write.
        return None
    return code if len(code) <= MAX_CODE_CHARACTERS else None


def _intent(sentence: str, nodes: Sequence[ast.AST], imported: Collection[str]) -> str | None:
    """The prompt, or `None` if the sentence is none or the code needs too many names."""
    sentence = _ROLE.sub("", " ".join(sentence.split())).replace("``", "`")
    sentence = _SENTENCE_END.split(sentence, maxsplit=1)[0].rstrip(".:;, ")
    if len(sentence.split()) not in WORDS or not sentence[0].isalpha() or not sentence.isascii():
        return None
    if _NO_INTENT.match(sentence) or _is_python(sentence):
        return None

    names, strings = _names_and_strings(nodes, imported)
    if len(names) + len(strings) > MAX_NAMES:
        return None
    missing = []
    for name in names:
        # The article is no variable.
        found = None if name == "a" else re.search(rf"(?<![\w.`'\"]){re.escape(name)}(?![\w`'\"]|\.\w)", sentence)
        if found:
            # CPython's docstrings set arguments between asterisks.
            before, after = sentence[: found.start()], sentence[found.end() :]
            if before.endswith("*") and after.startswith("*"):
                before, after = before[:-1], after[1:]
            sentence = f"{before}`{name}`{after}"
        elif f"`{name}`" not in sentence:
            missing.append(f"`{name}`")
    for string in strings:
        if not any(f"{quote}{string}{quote}" in sentence for quote in "'\"`"):
            missing.append(repr(string))
    return f"{sentence} with {', '.join(missing)}" if missing else sentence


def _is_python(sentence: str) -> bool:
    """Whether a comment is code that was commented out."""
    try:
        parse_python(sentence)
    except ValueError:
        return False
    return True


def _names_and_strings(nodes: Sequence[ast.AST], imported: Collection[str]) -> tuple[list[str], list[str]]:
    """What the code could not be guessed without, in the order of the code."""
    found: dict[str, None] = {}
    strings: dict[str, None] = {}
    bound: set[str] = set()
    pending = list(reversed(nodes))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            found[f"{node.value.id}.{node.attr}"] = None
            continue
        if isinstance(node, ast.Name):
            found[node.id] = None
        elif isinstance(node, ast.comprehension):
            bound |= {target.id for target in ast.walk(node.target) if isinstance(target, ast.Name)}
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value.isprintable() and 0 < len(node.value) <= MAX_STRING_CHARACTERS:
                strings[node.value] = None
        elif isinstance(node, ast.JoinedStr):
            # Its parts are no strings that the code has.
            pending += reversed([value for value in node.values if not isinstance(value, ast.Constant)])
            continue
        pending += reversed(list(ast.iter_child_nodes(node)))
    names = [name for name in found if name not in bound and name not in imported and name not in _BUILT_IN]
    return [name for name in names if name not in ("self", "cls")], list(strings)


def read_source_pairs(
    paths: Sequence[str | Path], kinds: Collection[str] = KINDS
) -> tuple[list[dict[str, str]], int, int]:
    """
    Cut the pairs out of Python files, each once.

    Args:
        paths (`Sequence[str | Path]`):
            Python files, or folders with some.
        kinds (collection of `str`, *optional*):
            Which pairs to cut, of `KINDS`. Defaults to all.

    Returns:
        `tuple`: rows with `text`, `code` and `kind`; how many repeated another one; and how many files do not parse.

    Raises:
        OSError: if a file cannot be read.
        ValueError: if a kind is unknown, or there are no pairs.
    """
    rows: list[dict[str, str]] = []
    num_skipped = 0
    for path in paths:
        for _, source in read_source_files(Path(path), "python"):
            try:
                if isinstance(source, Record):
                    raise ValueError(source.problem)
                pairs = cut_python_pairs(source, kinds)
            except ValueError:
                # A standard library has files that are broken on purpose, to test with.
                num_skipped += 1
                continue
            rows += [{"text": pair.text, "code": pair.code, "kind": pair.kind} for pair in pairs]
    rows, num_duplicates = deduplicate(rows)
    if not rows:
        raise ValueError(f"{', '.join(map(str, paths))}: no pairs in there.")
    return rows, num_duplicates, num_skipped


__all__ = ["KINDS", "SourcePair", "cut_python_pairs", "read_source_pairs"]
