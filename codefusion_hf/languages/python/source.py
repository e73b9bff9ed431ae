# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
r"""
Cutting Python source into snippets for pre-training. Files are parsed, never run.

By `ast`: every function, whole, with its decorators, and every statement, simple or compound, at the top or inside of
functions, classes and other statements. So a function gives itself and, again, what it is made of, and
what is too long for the model still counts by its parts. Left out are classes as a whole, strings that stand alone (as
docstrings do) and `elif`, which is no statement by itself. Snippets start at column 0; strings stay as they are.
Expressions of one line that compute something give themselves, too: calls, subscripts, comprehensions, comparisons,
conditions and what operators join.
"""

import ast
from collections.abc import Iterator

from codefusion_hf.languages.python.syntax import parse_python
from codefusion_hf.languages.snippets import Snippet


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


__all__ = ["cut_python"]
