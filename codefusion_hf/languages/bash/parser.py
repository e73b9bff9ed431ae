# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The one door to bashlex: trees of Bash code, or an error of one kind.

bashlex does not know all of Bash (`case`, `select`, `time`, `coproc`, `[[ ]]`, `(( ))`, arrays). What it cannot parse
ends in many errors: its own, `NotImplementedError` for what it knows but does not build, `RecursionError` for deep
nesting, and what its bugs come to on text that is not Bash. On some texts it never returns.
"""

import re


try:
    import bashlex
    from bashlex.ast import node as Node
    from bashlex.ast import nodevisitor as NodeVisitor
    from bashlex.ast import posshifter
except ImportError as error:
    raise ImportError(
        "Parsing Bash needs bashlex, which is not installed: `pip install 'codefusion-hf[training]'`."
    ) from error


# Where the word that holds `${` has no `}` after it (as in `x'${y'`), bashlex 0.18 starts the word again for ever
# (`subst._paramexpand`). Words are not known before parsing, so a `${` counts as closed only if its `}` comes before
# white space or a quote; of the 9,068 training commands of NL2Bash this turns away 5 that bashlex would parse.
_UNCLOSED_PARAMETER = re.compile(r"""\$\{[^}\s'"]*(?:[\s'"]|$)""")

# The end of a line that goes on, to be replaced by group 1: a backslash that is escaped itself stays.
_CONTINUED_LINE = re.compile(r"(\\\\)|\\\n")

# Blank lines and comments before a statement, and the end of the line before it. The look-ahead keeps what is matched
# from ending in the middle of a comment.
_NEXT_STATEMENT = re.compile(r"(?:[ \t\n]|\\\n|#[^\n]*(?:\n|\Z))*(?=[^ \t\n#\\]|\\(?!\n))")

# What follows the command in a substitution; anything else has not been parsed.
_SUBSTITUTION_END = re.compile(r"[ \t\n]*[)`]")


class BashSyntaxError(ValueError):
    """
    bashlex cannot parse the code.

    Args:
        message (`str`):
            Why.
        position (`int`, *optional*):
            Where, in characters, if bashlex says so.
    """

    def __init__(self, message: str, position: int | None = None):
        super().__init__(message)
        self.position = position


def parse_bash(code: str) -> list[Node]:
    """
    Parse code with bashlex.

    Args:
        code (`str`):
            The code to parse.

    Returns:
        `list[bashlex.ast.node]`: One tree for each statement that ends with its line; none if there is no statement.

    Raises:
        `BashSyntaxError`: If bashlex fails, if the code has a `${` on which it might never return, or a substitution
            that it does not read to the end.
    """
    if unsafe_positions(_CONTINUED_LINE.sub(r"\1", code)):
        raise BashSyntaxError(f"bashlex may not return from the `${{` in {code!r}.")
    # `bashlex.parse` takes a blank line or a comment for the end of the code.
    trees = []
    start = 0
    while following := _NEXT_STATEMENT.match(code, start):
        start = following.end()
        try:
            tree = parse_statement(code[start:])
        except BashSyntaxError as error:
            if error.position is not None:
                error.position += start
            raise
        try:
            posshifter(start).visit(tree)
            extent = _ExtentVisitor(code)
            extent.visit(tree)
        except RecursionError as error:
            raise BashSyntaxError(f"The code is nested too deep to walk: {code!r}.") from error
        trees.append(tree)
        start = extent.end
    return trees


def parse_statement(code: str) -> Node:
    """
    Parse the first statement of code with bashlex.

    Args:
        code (`str`):
            The code, without [`unsafe_positions`]: on these it might never return.

    Returns:
        `bashlex.ast.node`: The tree of the statement.

    Raises:
        `BashSyntaxError`: If bashlex fails.
    """
    try:
        tree = bashlex.parsesingle(code)
    except Exception as error:
        # Not narrower, for bashlex has no closed set of errors: see the documentation of this module.
        # Of its own errors, this is the attribute.
        position = getattr(error, "position", None)
        raise BashSyntaxError(f"bashlex cannot parse {code!r}: {type(error).__name__}: {error}", position) from error
    if tree is None:
        raise BashSyntaxError(f"bashlex finds no statement in {code!r}.")
    return tree


def unsafe_positions(code: str) -> list[int]:
    """
    Where a `${` stands on which bashlex might never return.

    Args:
        code (`str`):
            The code, its continued lines joined: bashlex joins them, too.

    Returns:
        `list[int]`: Positions in the code, in order.
    """
    return [match.start() for match in _UNCLOSED_PARAMETER.finditer(code)]


class _ExtentVisitor(NodeVisitor):
    """Finds where a tree ends, here-documents included, and checks the substitutions in its words."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.end = 0

    def visitnode(self, node: Node) -> None:
        self.end = max(self.end, node.pos[1])

    def visitword(self, node: Node, word: str) -> bool:
        # In a word, bashlex counts characters after it has joined continued lines.
        substitutions = _SubstitutionVisitor(_CONTINUED_LINE.sub(r"\1", self.code[slice(*node.pos)]), node.pos[0])
        for part in node.parts:
            substitutions.visit(part)
        return False

    visitassignment = visitword


class _SubstitutionVisitor(NodeVisitor):
    """Checks that substitutions are parsed to their ends: of several lines, bashlex takes all but one for text."""

    def __init__(self, word: str, start: int) -> None:
        self.word = word
        self.start = start

    def visitcommandsubstitution(self, node: Node, command: Node) -> None:
        if not _SUBSTITUTION_END.match(self.word, command.pos[1] - self.start):
            raise BashSyntaxError("bashlex does not read a substitution to its end.")

    visitprocesssubstitution = visitcommandsubstitution


__all__ = ["BashSyntaxError", "Node", "NodeVisitor", "parse_bash", "parse_statement", "unsafe_positions"]
