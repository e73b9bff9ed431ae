# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
What may be masked in conditional-formatting (CF) rules, by the grammar of [`~codefusion_hf.languages.cf.rules`]:

- the names of functions, `AND`, `OR` and `NOT` among them;
- column references, `c[1]`, whole;
- texts, quoted or not, without their quotes and outer blanks. Here they are what identifiers are elsewhere: the names
  that a table uses. The argument of a text test is a text also where it looks like a number (`TextEquals(18)`), and so
  is what a comparison compares with if it is no number (`GreaterThan(13 Days)`, `GreaterThan($E$13)`).

All the rest stays: numbers, percentages, punctuation and quotes.

What is no rule gets a lexical one: words in front of a `(`, and column references; nothing within quotes, as it is not
known which of them are texts.
"""

import re
from collections.abc import Iterator

from codefusion_hf.languages.cf.rules import CFRuleSyntaxError, Node, Not, Number, Rule, Span, parse_rule
from codefusion_hf.languages.snippets import MaskableSpans


_LEXEME = re.compile(
    r"""'[^']*' | "[^"]*" | (?P<name>\b[^\W\d]\w*\b)(?=\s*\() | (?P<column>[cC]\[\s*[0-9]+\s*\])""", re.VERBOSE
)


def _spans_of(node: Node) -> Iterator[Span | None]:
    yield node.name_span
    if isinstance(node, Rule):
        yield node.column_span
        for argument in node.arguments:
            if not isinstance(argument, Number):
                yield argument.span
    else:
        for operand in (node.operand,) if isinstance(node, Not) else node.operands:
            yield from _spans_of(operand)


def cf_maskable_spans(code: str) -> MaskableSpans:
    try:
        rule = parse_rule(code)
    except CFRuleSyntaxError:
        found = (match.span() for match in _LEXEME.finditer(code) if match.lastgroup)
        return MaskableSpans(spans=tuple(found), parsed=False)
    # In the order of the text, as the tree is; a rule without a column has no span of it, an empty text an empty one.
    return MaskableSpans(spans=tuple(span for span in _spans_of(rule) if span and span[0] < span[1]), parsed=True)


__all__ = ["cf_maskable_spans"]
