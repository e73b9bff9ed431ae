# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
What may be masked in Bash, as Bash's own grammar has it:

- the name of every command, builtin or not, wherever the grammar has a command: behind `|`, `&&` and `;`, in
  subshells, in command and process substitutions. In `sudo rm`, `xargs rm` and `find -exec rm` the grammar has one
  command, and `rm` is an argument of it: it is not masked;
- the reserved words that `compgen -k` lists (`for`, `do`, `if`, `!`, `{`, `[[` ...), where they are reserved;
- the names of functions and variables: in assignments (also behind `export` and the other builtins that assign), in
  loops, and in expansions (`$NAME`, `${NAME...}`, `${#NAME}`). Positional and special parameters (`$1`, `$?`) are no
  names.

All the rest stays: arguments, flags, operators, comments, here-documents, and whatever `'`, `"` or a backslash quotes,
with the substitutions inside it.

The parser is bashlex. What it cannot read gets the rule of [`_lexical_spans`], from the same words and quotes.
"""

import enum
import re

from codefusion_hf.languages.bash.parser import BashSyntaxError, Node, NodeVisitor, parse_bash
from codefusion_hf.languages.snippets import MaskableSpans


# What `compgen -k` prints.
_RESERVED_WORDS = frozenset(
    "if then else elif fi case esac for select while until do done in function time { } ! [[ ]] coproc".split()
)
# Builtins that take assignments as arguments (https://www.gnu.org/software/bash/manual/html_node/Shell-Parameters.html).
_DECLARATION_BUILTINS = frozenset("alias declare export local readonly typeset".split())

# Stands for a quoted character in the text that is searched for names. Bash drops a NUL; to bashlex it is a letter.
_QUOTED = "\0"

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
# The first branch eats `$$`, the process id, so that the x of `$$x` is not taken for a variable.
_PARAMETER = re.compile(rf"\$(?:\$|(?:\{{[#!]?)?({_NAME}))")
# Patterns of a whole word, used with `match`; group 1 is what may be masked.
_ASSIGNMENT = re.compile(rf"({_NAME})(?:\[[^]]*\])?\+?=")
_VARIABLE = re.compile(rf"({_NAME})\Z")
_IN = re.compile(r"(in)\Z")
# `[`, `.` and `:` are the builtins without a letter. A word made by an expansion, a glob or a quote is not a name, and
# neither is a flag, which comes first where a snippet is only a piece of a command.
_COMMAND = re.compile(r"(\[|\.|:|(?!-)(?=[^A-Za-z]*[A-Za-z])[\w./~+@:%,^-]+)\Z")

_QUOTING = re.compile(
    r"""\\.?
    |   \$?['"]
    |   \$[({]
    |   [`()}\n]
    |   (?<![^\s;&|()`])\#
    |   (?<!<)<<-?[ \t]*\\?(?P<quote>['"]?)(?P<delimiter>\w+)(?P=quote)
    """,
    re.VERBOSE | re.DOTALL,
)
_STRING_END = re.compile(r"[^']*'")
_ANSI_C_STRING_END = re.compile(r"(?:[^'\\]|\\.)*'", re.DOTALL)

_ARITHMETIC = re.compile(r"\(\((?:[^()]|\([^()]*\))*\)\)")
_LEXEME = re.compile(
    rf"""(?P<arithmetic>\$?{_ARITHMETIC.pattern})
    |   (?P<function>\([ \t]*\))
    |   (?P<open>[$<>]?\()
    |   (?P<close>\))
    |   (?P<backtick>`)
    |   (?P<redirect>[0-9]*(?:&>>?|[<>][<>&|]*-?)[ \t]*[^\s|&;()<>`]*)
    |   (?P<separator>;;&|;;|;&|&&|\|\||\|&|[;|&\n])
    |   (?P<word>[^\s|&;()<>`\\]+)
    """,
    re.VERBOSE | re.ASCII,  # a no-break space does not end a word of Bash
)


class _Expect(enum.Enum):
    """What the lexical rule takes the next word for."""

    COMMAND = enum.auto()
    ARGUMENT = enum.auto()
    DECLARATION = enum.auto()
    FUNCTION_NAME = enum.auto()
    LOOP_NAME = enum.auto()
    LOOP_IN = enum.auto()
    CASE_WORD = enum.auto()
    CASE_IN = enum.auto()
    CASE_PATTERN = enum.auto()
    CONDITION = enum.auto()


_PATTERNS = {
    _Expect.COMMAND: _COMMAND,
    _Expect.DECLARATION: _ASSIGNMENT,
    _Expect.FUNCTION_NAME: _COMMAND,
    _Expect.LOOP_NAME: _VARIABLE,
    _Expect.LOOP_IN: _IN,
    _Expect.CASE_IN: _IN,
}
# In the other states a word changes nothing.
_AFTER_WORD = {
    _Expect.COMMAND: _Expect.ARGUMENT,
    _Expect.FUNCTION_NAME: _Expect.COMMAND,
    _Expect.LOOP_NAME: _Expect.LOOP_IN,
    _Expect.LOOP_IN: _Expect.ARGUMENT,
    _Expect.CASE_WORD: _Expect.CASE_IN,
    _Expect.CASE_IN: _Expect.CASE_PATTERN,
}
# The other reserved words are followed by a command.
_AFTER_RESERVED_WORD = {
    "case": _Expect.CASE_WORD,
    "for": _Expect.LOOP_NAME,
    "function": _Expect.FUNCTION_NAME,
    "select": _Expect.LOOP_NAME,
    "[[": _Expect.CONDITION,
}
_CLOSED_BY = {"]]": _Expect.CONDITION, "esac": _Expect.CASE_PATTERN}


class _SpanCollector(NodeVisitor):
    """
    Collects commands, reserved words and assigned names from bashlex's trees of a snippet. `plain` is the snippet
    without its quoted text: no pattern matches what is quoted.
    """

    def __init__(self, plain: str):
        self.plain = plain
        self.spans: list[tuple[int, int]] = []

    def add(self, node: Node, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self.plain, *node.pos)
        if match:
            self.spans.append(match.span(1))
        return match is not None

    def visitcommand(self, n: Node, parts: list[Node]) -> None:
        words = [part for part in parts if part.kind in ("assignment", "word")]
        # Not by kind: bashlex takes the assignment `array[0]=x` for a word.
        while words and self.add(words[0], _ASSIGNMENT):
            words.pop(0)
        if words:
            self.add(words[0], _COMMAND)
            if words[0].word in _DECLARATION_BUILTINS:
                for argument in words[1:]:
                    self.add(argument, _ASSIGNMENT)

    def visitreservedword(self, n: Node, word: str) -> None:
        # bashlex also calls `(`, `)` and `;` reserved words.
        if word in _RESERVED_WORDS:
            self.add(n, re.compile(rf"({re.escape(word)})\Z"))

    def visitfor(self, n: Node, parts: list[Node]) -> None:
        self.add(parts[1], _VARIABLE)

    def visitfunction(self, n: Node, name: Node, body: Node, parts: list[Node]) -> None:
        self.add(name, _COMMAND)


def _hide_quoted_text(code: str) -> tuple[str, bool]:
    """
    Replaces what Bash quotes (strings with all that is in them, escaped characters) by `_QUOTED`, and comments and
    here-documents by blanks, character by character, so that positions stay. Text behind a quote that is not closed
    counts as quoted, and the second value is then `False`.

    bashlex cannot be left to do this: the words of its trees do not say which part of them is quoted, and it expands
    `x'$y'`.
    """
    plain = list(code)

    def hide(start: int, end: int, by: str = _QUOTED) -> None:
        plain[start:end] = by * (end - start)

    is_closed = True
    # Open `"`, `(`, `{` (of an expansion) and backticks: a quote inside `"$( )"` opens a string of its own.
    nesting: list[str] = []
    string_start = 0
    delimiters: list[str] = []
    position = 0
    while token := _QUOTING.search(code, position):
        position = token.end()
        text, top = token.group(), nesting[-1] if nesting else ""
        if text[0] == "\\":
            if text != "\\\n":
                hide(token.start(), position)
        elif text[-1] == '"' and top == '"':
            nesting.pop()
            if '"' not in nesting:
                hide(string_start, position)
        elif top == '"':
            if text in ("$(", "${", "`"):
                nesting.append(text[-1])
        elif text in ('"', '$"'):
            if '"' not in nesting:
                string_start = token.start()
            nesting.append('"')
        elif text in ("'", "$'"):
            if nesting[-2:] == ['"', "{"]:  # an apostrophe, as in "${name:-it's}"
                continue
            end = (_STRING_END if text == "'" else _ANSI_C_STRING_END).match(code, position)
            is_closed = end is not None
            position = end.end() if end else len(code)
            hide(token.start(), position)
        elif text in ("(", "$(", "${"):
            nesting.append(text[-1])
        elif text == "`" and top != "`":
            nesting.append(text)
        elif text + top in (")(", "}{", "``"):
            nesting.pop()
        elif text == "#" and top != "{":
            newline = code.find("\n", position)
            position = newline if newline >= 0 else len(code)
            hide(token.start(), position, by=" ")
        elif token["delimiter"]:
            hide(token.start(), position, by=" ")
            delimiters.append(token["delimiter"])
        elif text == "\n":
            for delimiter in delimiters:
                last_line = re.compile(rf"^\t*{delimiter}$", re.MULTILINE).search(code, position)
                end_of_document = last_line.end() if last_line else len(code)
                hide(position, end_of_document, by=" ")
                position = end_of_document
            delimiters.clear()
    if '"' in nesting:
        is_closed = False
        hide(string_start, len(code))
    return "".join(plain), is_closed


def _lexical_spans(plain: str) -> list[tuple[int, int]]:
    """
    The rule for what bashlex cannot parse (`[[ ]]`, `case`, `(( ))`, `select`, `time`, arrays, and text that is not
    Bash): a word that follows an operator, an opening parenthesis or backtick, a reserved word or an assignment is a
    reserved word, an assignment or a command name, in this order, and words up to the next operator are arguments.
    """
    spans: list[tuple[int, int]] = []
    expect = _Expect.COMMAND
    outer: list[tuple[str, _Expect]] = []
    for lexeme in _LEXEME.finditer(plain):
        kind, text, span = lexeme.lastgroup, lexeme.group(), lexeme.span()
        if kind == "redirect":
            continue
        if kind == "separator":
            if text in (";;", ";&", ";;&"):
                expect = _Expect.CASE_PATTERN
            # `|` and `&&` are part of a pattern or condition, but a condition ends with its line.
            elif expect is not _Expect.CASE_PATTERN and (expect is not _Expect.CONDITION or text in ";\n"):
                expect = _Expect.COMMAND
        elif kind == "function":
            expect = _Expect.COMMAND
        elif expect in (_Expect.CASE_PATTERN, _Expect.CONDITION) and text in "()":
            if text == ")" and expect is _Expect.CASE_PATTERN:
                expect = _Expect.COMMAND
        elif kind == "open" or (kind == "backtick" and (not outer or outer[-1][0] != "`")):
            outer.append((")" if kind == "open" else "`", expect))
            is_array = text == "(" and plain[: span[0]].endswith("=")
            expect = _Expect.ARGUMENT if is_array else _Expect.COMMAND
        elif kind in ("close", "backtick"):
            if outer and outer[-1][0] == text:
                expect = outer.pop()[1]
                expect = _AFTER_WORD.get(expect, expect)
        elif expect is _Expect.COMMAND and (assignment := _ASSIGNMENT.match(plain, *span)):
            spans.append(assignment.span(1))
        elif expect is _Expect.COMMAND and text in _RESERVED_WORDS - {"in", "]]"}:
            spans.append(span)
            expect = _AFTER_RESERVED_WORD.get(text, _Expect.COMMAND)
        elif _CLOSED_BY.get(text) is expect:
            spans.append(span)
            expect = _Expect.ARGUMENT
        else:
            if expect in _PATTERNS and (name := _PATTERNS[expect].match(plain, *span)):
                spans.append(name.span(1))
            is_declaration = expect is _Expect.COMMAND and text in _DECLARATION_BUILTINS
            expect = _Expect.DECLARATION if is_declaration else _AFTER_WORD.get(expect, expect)
    return spans


def bash_maskable_spans(code: str) -> MaskableSpans:
    plain, is_closed = _hide_quoted_text(code)
    collector = _SpanCollector(plain)
    # bashlex does not know `(( ))` and takes it for two subshells, and `x++` in it for a command.
    parsed = is_closed and not _ARITHMETIC.search(plain)
    if parsed and plain.strip():
        try:
            for tree in parse_bash(plain):
                collector.visit(tree)
        except (BashSyntaxError, RecursionError):
            parsed = False
    spans = collector.spans if parsed else _lexical_spans(plain)
    # Expansions are found by pattern in both cases: where nothing is quoted, `$NAME` is always one, and bashlex does
    # not look for those inside of others, as in `${NAME:-$OTHER}`.
    spans += [match.span(1) for match in _PARAMETER.finditer(plain) if match[1]]
    return MaskableSpans(spans=tuple(sorted(set(spans))), parsed=parsed)


__all__ = ["bash_maskable_spans"]
