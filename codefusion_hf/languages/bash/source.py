# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
r"""
Cutting shell scripts into snippets for pre-training. Files are parsed, never run.

By bashlex: every command, where a pipeline and what `&&` and `||` join are one, with its here-documents; every
function and every compound command (`if`, `for`, `while`, `{ }`, `( )`), whole, and, again, the commands inside. Where
bashlex stops, one *logical line* is the command: lines that end in a backslash are joined with the next, and comments
are dropped. Parsing goes on behind it.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator

from codefusion_hf.languages.bash.parser import BashSyntaxError, Node, parse_statement, unsafe_positions
from codefusion_hf.languages.snippets import Snippet


_LOGICAL_LINE = re.compile(r"(?:[^\\\n]|\\.|\\\Z)*", re.DOTALL)
_QUOTED_OR_COMMENT = re.compile(r"""\\.|'[^']*'|"(?:[^"\\]|\\.)*"|(?P<comment>(?<![^\s;&|()])\#.*)""", re.DOTALL)
_SEPARATORS = frozenset({";", "&", "\n"})


def cut_bash(source: str) -> list[Snippet]:
    """
    Cut a shell script into commands, by the rules in this module's documentation.

    Args:
        source (`str`):
            The text of a file; any text will do.

    Returns:
        `list[Snippet]`: the snippets, in the order in which they start.
    """
    source = source.replace("\r\n", "\n")
    unsafe = unsafe_positions(source)
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
        tree = parse_statement(text)
        return list(_command_spans(tree)), _end(tree)
    except (BashSyntaxError, RecursionError):
        return [], 0


def _command_spans(node: Node) -> Iterator[tuple[int, int]]:
    if node.kind == "list":
        group: list[Node] = []
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


def _group_spans(group: list[Node]) -> Iterator[tuple[int, int]]:
    """What stands between two separators: one command, or several that `&&` and `||` join."""
    if len(group) == 1:
        yield from _command_spans(group[0])
    elif group:
        yield group[0].pos[0], max(_end(part) for part in group)


def _inner_spans(node: Node) -> Iterator[tuple[int, int]]:
    """The commands inside a compound command, which is a list of reserved words, commands and `if`, `for`, `while`."""
    for child in node.list if node.kind == "compound" else node.parts:
        if child.kind in ("for", "if", "until", "while"):
            yield from _inner_spans(child)
        else:
            yield from _command_spans(child)


def _end(node: Node) -> int:
    """Where a node ends, its here-documents included: bashlex gives them positions of their own."""
    end = node.pos[1]
    document = vars(node).get("heredoc")
    if document is not None:
        end = max(end, document.pos[1])
    for name in ("parts", "list", "redirects"):
        for child in vars(node).get(name, ()):
            end = max(end, _end(child))
    return end


__all__ = ["cut_bash"]
