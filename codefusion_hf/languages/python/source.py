# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
r"""
Cutting source files into snippets for pre-training. Files are parsed, never run.

**Python**, by `ast`: every function, whole, with its decorators, and every statement, simple or compound, at the top
or inside of functions, classes and other statements. So a function gives itself and, again, what it is made of, and
what is too long for the model still counts by its parts. Left out are classes as a whole, strings that stand alone (as
docstrings do) and `elif`, which is no statement by itself. Snippets start at column 0; strings stay as they are.
Expressions of one line that compute something give themselves, too: calls, subscripts, comprehensions, comparisons,
conditions and what operators join.

**Shell**, by bashlex: every command, where a pipeline and what `&&` and `||` join are one, with its here-documents;
every function and every compound command (`if`, `for`, `while`, `{ }`, `( )`), whole, and, again, the commands inside.
bashlex does not know all of Bash (`case`, `[[ ]]`, `(( ))`, arrays). Where it stops, one *logical line* is the
command: lines that end in a backslash are joined with the next, and comments are dropped. Parsing goes on behind it.
"""

import ast
import re
import warnings
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

import bashlex


class Snippet(NamedTuple):
    """
    A piece of a source file.

    Args:
        line (`int`):
            Line of the file where it starts, from 1.
        code (`str`):
            Its text.
        parsed (`bool`):
            Whether the parser of the language found it; `False` for a logical line of a shell script.
    """

    line: int
    code: str
    parsed: bool = True


# What a name, an attribute or a constant says by itself is too little to learn from.
_COMPUTING_EXPRESSIONS = (
    ast.BinOp,
    ast.BoolOp,
    ast.Call,
    ast.Compare,
    ast.DictComp,
    ast.IfExp,
    ast.ListComp,
    ast.SetComp,
    ast.Subscript,
)


def parse_python(source: str) -> tuple[ast.Module, list[bytes]]:
    """
    Parse Python source.

    Args:
        source (`str`):
            The text of a file.

    Returns:
        `tuple[ast.Module, list[bytes]]`: the tree, and the lines in UTF-8: `ast` counts columns in bytes.

    Raises:
        ValueError: if `ast` cannot parse the source.
    """
    # `ast` counts lines as Python does; `str.splitlines` would also break them at form feeds and the like.
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes such as "\d": it is not the user's code
            tree = ast.parse(source)
    except SyntaxError as error:
        raise ValueError(f"line {error.lineno}: expected Python that `ast` parses, got {error.msg}.") from error
    except (MemoryError, RecursionError, ValueError) as error:
        # What deep nesting and null bytes come to, depending on the version of Python.
        raise ValueError(f"expected Python that `ast` parses, got {type(error).__name__}: {error}.") from error
    return tree, source.encode("utf-8").split(b"\n")


def cut_python(source: str) -> list[Snippet]:
    """
    Cut Python source into functions, statements and expressions, by the rules in this module's documentation.

    Args:
        source (`str`):
            The text of a file.

    Returns:
        `list[Snippet]`: the snippets: statements in the order in which they start, each before its expressions.

    Raises:
        ValueError: if `ast` cannot parse the source.
    """
    tree, lines = parse_python(source)
    inside_string = {
        number
        for node in ast.walk(tree)
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and node.end_lineno is not None
        for number in range(node.lineno + 1, node.end_lineno + 1)
    }
    snippets = []
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.stmt) and _is_python_snippet(node, lines):
            first, code = _python_text(node, lines, inside_string)
            snippets.append(Snippet(first, code))
        for expression in _expressions(node):
            line = lines[expression.lineno - 1]
            code = line[expression.col_offset : expression.end_col_offset].decode("utf-8")
            snippets.append(Snippet(expression.lineno, code))
        # Only these hold statements; an expression may be nested deeper than Python's stack.
        children = [
            child
            for child in ast.iter_child_nodes(node)
            if isinstance(child, (ast.stmt, ast.excepthandler, ast.match_case))
        ]
        pending += reversed(children)
    return snippets


def _is_python_snippet(node: ast.stmt, lines: list[bytes]) -> bool:
    if isinstance(node, ast.If):
        return not lines[node.lineno - 1].startswith(b"elif", node.col_offset)
    is_bare_constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return not (is_bare_constant or isinstance(node, ast.ClassDef))


def _expressions(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions of a statement, not those of the statements in it."""
    # Of a call or the like that stands alone, the statement is the snippet.
    whole = node.value if isinstance(node, ast.Expr) else None
    pending = list(ast.iter_child_nodes(node))[::-1]
    while pending:
        child = pending.pop()
        # Before Python 3.12, what stands in an f-string has no place of its own.
        if isinstance(child, (ast.stmt, ast.excepthandler, ast.match_case, ast.JoinedStr)):
            continue
        if isinstance(child, _COMPUTING_EXPRESSIONS) and child.lineno == child.end_lineno and child is not whole:
            # Not `x[0]` of `x[0] = 1`, which computes nothing.
            if not isinstance(child, ast.Subscript) or isinstance(child.ctx, ast.Load):
                yield child
        pending += list(ast.iter_child_nodes(child))[::-1]


def _python_text(node: ast.stmt, lines: list[bytes], inside_string: set[int]) -> tuple[int, str]:
    """First line and text of a statement, without the indentation of the block it stands in."""
    first = node.lineno
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.decorator_list:
        first = node.decorator_list[0].lineno
    text = lines[first - 1 : node.end_lineno]
    text[-1] = text[-1][: node.end_col_offset]
    indentation, text[0] = text[0][: node.col_offset], text[0][node.col_offset :]
    for index, line in enumerate(text[1:], start=1):
        if first + index not in inside_string:
            # Comments and lines inside brackets may be indented less.
            text[index] = line[len(indentation) :] if line.startswith(indentation) else line.lstrip()
    return first, b"\n".join(text).decode("utf-8")


# bashlex 0.18 does not return from a word with a `${` that has no `}` behind it, as `x'${y'` (`subst._paramexpand`).
# Words are not known before parsing, so a `${` counts as closed only if its `}` comes before white space or a quote.
_UNCLOSED_PARAMETER = re.compile(r"""\$\{[^}\s'"]*(?:[\s'"]|$)""")
_LOGICAL_LINE = re.compile(r"(?:[^\\\n]|\\.|\\\Z)*", re.DOTALL)
_QUOTED_OR_COMMENT = re.compile(r"""\\.|'[^']*'|"(?:[^"\\]|\\.)*"|(?P<comment>(?<![^\s;&|()])\#.*)""", re.DOTALL)
_SEPARATORS = frozenset({";", "&", "\n"})


def cut_shell(source: str) -> list[Snippet]:
    """
    Cut a shell script into commands, by the rules in this module's documentation.

    Args:
        source (`str`):
            The text of a file; any text will do.

    Returns:
        `list[Snippet]`: the snippets, in the order in which they start.
    """
    source = source.replace("\r\n", "\n")
    unsafe = [match.start() for match in _UNCLOSED_PARAMETER.finditer(source)]
    snippets = []
    position, line_number, counted = 0, 1, 0
    while position < len(source):
        match = _LOGICAL_LINE.match(source, position)
        end = match.end() if match else position
        text = _without_comment(source[position:end].replace("\\\n", "")).strip()
        if text:
            line_number += source.count("\n", counted, position)
            counted = position
            next_unsafe = bisect_left(unsafe, position)
            limit = unsafe[next_unsafe] if next_unsafe < len(unsafe) else len(source)
            # The line that holds the next unsafe `${` is not given to the parser, nor is anything behind it.
            limit = len(source) if limit == len(source) else source.rfind("\n", 0, limit) + 1
            spans, parsed_end = _shell_spans(source[position:limit]) if limit > position else ([], 0)
            for start, stop in spans:
                number = line_number + source.count("\n", position, position + start)
                snippets.append(Snippet(number, source[position + start : position + stop]))
            if spans:
                end = source.find("\n", position + parsed_end)
                end = end if end >= 0 else len(source)
            else:
                snippets.append(Snippet(line_number, text, parsed=False))
        position = end + 1
    return snippets


def _without_comment(line: str) -> str:
    for match in _QUOTED_OR_COMMENT.finditer(line):
        if match["comment"]:
            return line[: match.start()]
    return line


def _shell_spans(text: str) -> tuple[list[tuple[int, int]], int]:
    """Start and end of each command in the first statement of a text, and the end of the statement."""
    try:
        tree = bashlex.parsesingle(text)
        return list(_command_spans(tree)), _end(tree)
    except Exception:
        # Not narrower, for bashlex has no closed set of errors: besides its own ParsingError it raises
        # NotImplementedError for what it knows but does not build, RecursionError for deep nesting, and what its bugs
        # come to on text that is not Bash. All mean the same: there is no tree, and the logical line counts.
        return [], 0


def _command_spans(node: "bashlex.ast.node") -> Iterator[tuple[int, int]]:
    if node.kind == "list":
        group: list[bashlex.ast.node] = []
        for part in node.parts:
            if part.kind != "operator" or part.op not in _SEPARATORS:
                group.append(part)
                continue
            yield from _group_spans(group)
            group = []
        yield from _group_spans(group)
    elif node.kind in ("command", "pipeline"):
        yield node.pos[0], _end(node)
    elif node.kind == "function":
        yield node.pos[0], _end(node)
        yield from _inner_spans(node.body)
    elif node.kind == "compound":
        yield node.pos[0], _end(node)
        yield from _inner_spans(node)


def _group_spans(group: list["bashlex.ast.node"]) -> Iterator[tuple[int, int]]:
    """What stands between two separators: one command, or several that `&&` and `||` join."""
    if len(group) == 1:
        yield from _command_spans(group[0])
    elif group:
        yield group[0].pos[0], max(_end(part) for part in group)


def _inner_spans(node: "bashlex.ast.node") -> Iterator[tuple[int, int]]:
    """The commands inside a compound command, which is a list of reserved words, commands and `if`, `for`, `while`."""
    for child in node.list if node.kind == "compound" else node.parts:
        if child.kind in ("for", "if", "until", "while"):
            yield from _inner_spans(child)
        else:
            yield from _command_spans(child)


def _end(node: "bashlex.ast.node") -> int:
    """Where a node ends, its here-documents included: bashlex gives them positions of their own."""
    end = node.pos[1]
    document = vars(node).get("heredoc")
    if document is not None:
        end = max(end, document.pos[1])
    for name in ("parts", "list", "redirects"):
        for child in vars(node).get(name, ()):
            end = max(end, _end(child))
    return end


__all__ = ["Snippet", "cut_python", "cut_shell", "parse_python"]
