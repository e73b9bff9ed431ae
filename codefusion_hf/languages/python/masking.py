# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
What may be masked in Python: every word that Python's tokenizer calls a name.

- identifiers: variables, attributes, parameters and the names of keyword arguments, functions, classes, modules;
- keywords, as `keyword.iskeyword` has them: the operators that are words (`and`, `or`, `not`, `in`, `is`) are among
  them, and so are `True`, `False` and `None`, though they are values. Soft keywords (`match`, `case`, `type`, `_`) are
  either keywords or identifiers, and count as both.

All the rest stays: numbers, strings, other operators, comments. An f-string is a string, with all that its braces
hold: Python 3.12 and later make names of that, earlier ones do not, and a snippet has to give the same spans.

`parsed` says whether `ast` accepts the snippet as a module of the Python that runs. For what it does not (Python 2,
pieces of code, text that is not Python) the rule is lexical: the words outside of strings, comments and numbers. A
string that is not closed ends with its line, or with the snippet if its quotes are triple.
"""

import io
import re
import token
import tokenize

from codefusion_hf.languages.python.syntax import parse_python
from codefusion_hf.languages.snippets import MaskableSpans


_NEWLINE = re.compile(r"\r\n?|\n")
_LEXEME = re.compile(
    r"""\#[^\r\n]*
    |   (?:[bB][rR]? | [rR][bBfFtT]? | [uU][rR]? | [fFtT][rR]?)?
        (?: \"{3}(?:[^\\]|\\.|\\\Z)*?(?:\"{3}|\Z)
        |   '{3}(?:[^\\]|\\.|\\\Z)*?(?:'{3}|\Z)
        |   "(?:[^"\\\r\n]|\\(?:\r\n|.)|\\\Z)*"?
        |   '(?:[^'\\\r\n]|\\(?:\r\n|.)|\\\Z)*'?
        )
    |   (?:\d\w*\.?|\.\d)\w*
    |   (?P<name>\w+)
    """,
    re.VERBOSE | re.DOTALL,
)


def _token_spans(code: str) -> list[tuple[int, int]]:
    # The tokenizer is given one kind of newline, as versions differ in what they make of `\r`; its columns stay.
    line_starts = [0, *(newline.end() for newline in _NEWLINE.finditer(code))]
    spans = []
    open_f_strings = 0
    for found in tokenize.generate_tokens(io.StringIO(_NEWLINE.sub("\n", code)).readline):
        kind = token.tok_name[found.type]
        # FSTRING_START and, since Python 3.14, TSTRING_START. Before 3.12 an f-string is one STRING.
        if kind.endswith("STRING_START"):
            open_f_strings += 1
        elif kind.endswith("STRING_END"):
            open_f_strings -= 1
        elif kind == "NAME" and not open_f_strings:
            line_start = line_starts[found.start[0] - 1]
            spans.append((line_start + found.start[1], line_start + found.end[1]))
    return spans


def _lexical_spans(code: str) -> list[tuple[int, int]]:
    names = (match for match in _LEXEME.finditer(code) if match["name"])
    # `\w` takes characters in that Python does not, such as `²`.
    return [match.span() for match in names if match[0].isidentifier()]


def python_maskable_spans(code: str) -> MaskableSpans:
    try:
        parse_python(code)
        spans = _token_spans(code)
    except (SyntaxError, ValueError, tokenize.TokenError):
        return MaskableSpans(spans=tuple(_lexical_spans(code)), parsed=False)
    return MaskableSpans(spans=tuple(spans), parsed=True)


__all__ = ["python_maskable_spans"]
