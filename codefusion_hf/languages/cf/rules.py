# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
r"""
The language of conditional-formatting (CF) rules: one tree for its two dialects, read by [`parse_rule`] and written by
[`format_rule`].

The files published with CodeFusion (https://huggingface.co/papers/2310.17680) write the same rules in two ways. The
training split names no column and quotes nothing: `top(10%)`, `TextEquals(In Progress)`,
`AND(GreaterThanEqual(25),LessThan(50))`. The test split does: `TopPercent(c[1], 20)`, `TextContains(c[1], 'Harry')`.
The grammar takes both, and any mixture; names are read in any case and by the aliases of `ALIASES`.

```text
rule    = ("AND" | "OR") "(" rule {"," rule} ")"
        | "NOT" "(" rule ")"
        | name "(" [column] ["," arguments] ")"        (without a column, no comma before the arguments)
column  = "c[" digits "]"
value   = number ["%"] | column | quoted | unquoted    (unquoted: no parenthesis, comma or quote)
quoted  = "'" ... "'" | '"' ... '"'
```

In a quoted text, `\'`, `\"` and `\\` stand for their second character, and so does its own quote written twice.

`FUNCTIONS` says which arguments each name takes. The text of a text test is the one place where anything may stand
unquoted, commas and parentheses too: it runs to the parenthesis that closes the rule, may be empty, and blanks at its
ends count; behind a column, it may not be empty and they do not count. A `(` in it that is never closed is allowed in
a rule that stands alone (`TextContains(()` occurs); a `)` too many is an error. What begins with a quote has to be a
quoted text as a whole.

Nothing is evaluated here. What a rule means (that `TextEquals('2015')` is met by the number 2015, what
`GreaterThan('13 Days')` compares) is up to who interprets the tree, but for what a rule leaves out: see
[`default_column`], `DEFAULT_RANK` and `DEFAULT_PERCENT`.
"""

import enum
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace


# No rule of the published files is more than 6 deep; the bound keeps recursion away from the interpreter's own.
MAX_DEPTH = 32


class Arguments(enum.Enum):
    """What the functions of the language take behind the column."""

    NONE = enum.auto()
    # A number of cells (of per cent, where the name says so), or nothing.
    COUNT = enum.auto()
    # A number, text or other column.
    VALUE = enum.auto()
    TWO_VALUES = enum.auto()
    # A text, also where it looks like a number, or another column.
    TEXT = enum.auto()


FUNCTIONS = {
    "Equals": Arguments.VALUE,
    "NotEquals": Arguments.VALUE,
    "GreaterThan": Arguments.VALUE,
    "GreaterThanEqual": Arguments.VALUE,
    "LessThan": Arguments.VALUE,
    "LessThanEqual": Arguments.VALUE,
    "Between": Arguments.TWO_VALUES,
    "NotBetween": Arguments.TWO_VALUES,
    "TextEquals": Arguments.TEXT,
    "TextContains": Arguments.TEXT,
    "TextStartsWith": Arguments.TEXT,
    "TextEndsWith": Arguments.TEXT,
    "Top": Arguments.COUNT,
    "Bottom": Arguments.COUNT,
    "TopPercent": Arguments.COUNT,
    "BottomPercent": Arguments.COUNT,
    "AboveAverage": Arguments.NONE,
    "BelowAverage": Arguments.NONE,
    "Duplicates": Arguments.NONE,
    "Unique": Arguments.NONE,
    "Blanks": Arguments.NONE,
    "Errors": Arguments.NONE,
    "ColorScale": Arguments.NONE,
    "DataBar": Arguments.NONE,
    "IconSet": Arguments.NONE,
}

# The functions that format a whole column instead of marking some of its cells.
VISUAL_RULES = frozenset({"ColorScale", "DataBar", "IconSet"})

# How many cells, and how many per cent of them, a rule ranks that does not say it.
DEFAULT_RANK = 1.0
DEFAULT_PERCENT = 10.0
# https://learn.microsoft.com/office/vba/api/excel.top10.rank
MAX_RANK = 1000

# Other names of the published files, and those of Excel's own operators
# (https://learn.microsoft.com/javascript/api/office-scripts/excelscript/excelscript.conditionalcellvalueoperator,
# .conditionaltextoperator, .conditionalformatpresetcriterion), from which the training split was made.
ALIASES = {
    "EqualTo": "Equals",
    "NotEqualTo": "NotEquals",
    "GreaterThanOrEqual": "GreaterThanEqual",
    "LessThanOrEqual": "LessThanEqual",
    "Contains": "TextContains",
    "StartsWith": "TextStartsWith",
    "BeginsWith": "TextStartsWith",
    "EndsWith": "TextEndsWith",
    "Duplicate": "Duplicates",
    "DuplicateValues": "Duplicates",
    "UniqueValues": "Unique",
}

_CANONICAL_NAMES = {name.lower(): name for name in ("AND", "OR", "NOT", *FUNCTIONS)}
_CANONICAL_NAMES |= {alias.lower(): name for alias, name in ALIASES.items()}
_OF_PERCENT = {"Top": "TopPercent", "Bottom": "BottomPercent"}

_BLANKS = re.compile(r"\s*")
_FUNCTION_NAME = re.compile(r"[A-Za-z]+")
_COLUMN = re.compile(r"[cC]\[\s*([0-9]{1,6})\s*\]")
_NUMBER = re.compile(r"([-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?)(?:\s*(%))?")
_UNQUOTED_VALUE = re.compile(r"""[^(),'"]*""")
_PARENTHESIS = re.compile(r"[()]")
# What `format_rule` writes for a number: of other forms, such as 007 or 1,000, the writing would be lost.
_WRITTEN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{0,8}[1-9])?")
# The look-ahead makes `''` a quote within the text wherever it can be one.
_QUOTED_TEXT = {
    "'": re.compile(r"'((?:[^'\\]|\\.|'')*)'(?!')", re.DOTALL),
    '"': re.compile(r'"((?:[^"\\]|\\.|"")*)"(?!")', re.DOTALL),
}
_ESCAPE = {"'": re.compile(r"""\\(['"\\])|'(')"""), '"': re.compile(r"""\\(['"\\])|"(")""")}


Span = tuple[int, int]


@dataclass(frozen=True)
class Number:
    """
    A number.

    Args:
        value (`float`):
            The number, finite. `50%` is 0.5 in a comparison and 50 as a count.
        span (`tuple[int, int]`, *optional*):
            Where it stands in the rule that was parsed, in characters. No span of a tree takes part in comparisons.
    """

    value: float
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Text:
    """
    A text: all that is neither number nor column, dates and `$B$6` too.

    Args:
        value (`str`):
            The text, without quotes and escapes.
        span (`tuple[int, int]`, *optional*):
            Where it stands in the rule that was parsed, without quotes and outer blanks; may be empty.
    """

    value: str
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Column:
    """
    Another column to compare with, cell by cell. It takes a rule that names its own column first.

    Args:
        index (`int`):
            Number of the column, from 0.
        span (`tuple[int, int]`, *optional*):
            Where `c[index]` stands in the rule that was parsed.
    """

    index: int
    span: Span | None = field(default=None, compare=False, repr=False)


Argument = Number | Text | Column


@dataclass(frozen=True)
class Rule:
    """
    A test of one column, or a formatting of all of it.

    Args:
        name (`str`):
            A key of `FUNCTIONS`.
        column (`int`, *optional*):
            Number of the column, from 0. `None` where the rule names none.
        arguments (`tuple[Argument, ...]`, *optional*, defaults to `()`):
            What `FUNCTIONS[name]` says.
        name_span (`tuple[int, int]`, *optional*):
            Where the name stands in the rule that was parsed.
        column_span (`tuple[int, int]`, *optional*):
            Where `c[column]` stands in it.
    """

    name: str
    column: int | None = None
    arguments: tuple[Argument, ...] = ()
    name_span: Span | None = field(default=None, compare=False, repr=False)
    column_span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Not:
    """
    The cells that a rule does not mark.

    Args:
        operand (`Node`):
            The rule.
        name_span (`tuple[int, int]`, *optional*):
            Where `NOT` stands in the rule that was parsed.
    """

    operand: "Node"
    name_span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class And:
    """
    The cells (or rows) that all of some rules mark.

    Args:
        operands (`tuple[Node, ...]`):
            The rules, in the order in which they are written; at least one.
        name_span (`tuple[int, int]`, *optional*):
            Where `AND` stands in the rule that was parsed.
    """

    operands: "tuple[Node, ...]"
    name_span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Or:
    """
    The cells (or rows) that any of some rules marks.

    Args:
        operands (`tuple[Node, ...]`):
            As for [`And`].
        name_span (`tuple[int, int]`, *optional*):
            Where `OR` stands in the rule that was parsed.
    """

    operands: "tuple[Node, ...]"
    name_span: Span | None = field(default=None, compare=False, repr=False)


Node = Rule | Not | And | Or


class CFRuleSyntaxError(ValueError):
    """
    What [`parse_rule`] raises.

    Args:
        position (`int`):
            Where the rule cannot be read on, in characters.
        expected (`str`):
            What could have stood there.
        found (`str`):
            What stands there, cut short; empty at the end of the rule.
    """

    def __init__(self, position: int, expected: str, found: str):
        super().__init__(position, expected, found)
        self.position = position
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        found = repr(self.found) if self.found else "the end"
        return f"Not a CF rule: expected {self.expected} at position {self.position}, got {found}."


class _Parser:
    """Recursive descent without a lexer of its own: what a character means depends on the function that it is in."""

    def __init__(self, code: str):
        self.code = code
        self.position = 0

    def error(self, expected: str) -> CFRuleSyntaxError:
        return CFRuleSyntaxError(self.position, expected, self.code[self.position : self.position + 20])

    def skip_blanks(self) -> None:
        self.take(_BLANKS)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self.code, self.position)
        if match:
            self.position = match.end()
        return match

    def next_is(self, characters: str) -> bool:
        self.skip_blanks()
        return self.code[self.position : self.position + 1] in tuple(characters)

    def expect(self, character: str) -> None:
        if not self.next_is(character):
            raise self.error(f"`{character}`")
        self.position += 1

    def whole(self) -> Node:
        rule = self.rule(depth=1)
        self.skip_blanks()
        if self.position < len(self.code):
            raise self.error("the end of the rule")
        return rule

    def rule(self, depth: int) -> Node:
        self.skip_blanks()
        if depth > MAX_DEPTH:
            raise self.error(f"at most {MAX_DEPTH} rules inside of each other")
        start = self.position
        word = self.take(_FUNCTION_NAME)
        name = _CANONICAL_NAMES.get(word[0].lower()) if word else None
        if word is None or name is None:
            self.position = start
            raise self.error("the name of a rule")
        self.expect("(")
        node: Node
        if name == "NOT":
            node = Not(self.rule(depth + 1), name_span=word.span())
        elif name in ("AND", "OR"):
            operands = [self.rule(depth + 1)]
            while self.next_is(","):
                self.expect(",")
                operands.append(self.rule(depth + 1))
            node = (And if name == "AND" else Or)(tuple(operands), name_span=word.span())
        else:
            node = self.test(name, word.span(), is_outermost=depth == 1)
        self.expect(")")
        return node

    def test(self, name: str, name_span: Span, is_outermost: bool) -> Rule:
        takes = FUNCTIONS[name]
        column = self.column(before=",)")
        arguments: tuple[Argument, ...] = ()
        if takes is not Arguments.NONE and not (takes is Arguments.COUNT and self.next_is(")")):
            if column:
                self.expect(",")
            if takes is Arguments.TEXT:
                arguments = (self.text(is_outermost, has_column=column is not None),)
            elif takes is Arguments.COUNT:
                count, is_percent = self.count()
                arguments = (count,)
                name = _OF_PERCENT.get(name, name) if is_percent else name
            else:
                arguments = (self.value(),)
                if takes is Arguments.TWO_VALUES:
                    self.expect(",")
                    arguments = (*arguments, self.value())
        return Rule(
            name,
            column.index if column else None,
            arguments,
            name_span=name_span,
            column_span=column.span if column else None,
        )

    def column(self, before: str) -> Column | None:
        """A column, if one of the characters `before` follows: `c[1]x` is a text, and blanks before it may count."""
        start = self.position
        self.skip_blanks()
        match = self.take(_COLUMN)
        if match and self.next_is(before):
            return Column(int(match[1]), span=match.span())
        self.position = start
        return None

    def count(self) -> tuple[Number, bool]:
        self.skip_blanks()
        match = self.take(_NUMBER)
        if match is None:
            raise self.error("a number")
        return Number(self.finite(match), span=match.span()), match[2] is not None

    def finite(self, match: re.Match[str]) -> float:
        number = float(match[1])
        if not math.isfinite(number):
            self.position = match.start()
            raise self.error("a number that a float can hold")
        return number

    def quoted_text(self) -> Text:
        quote = self.code[self.position]
        match = self.take(_QUOTED_TEXT[quote])
        if match is None:
            raise self.error(f"a text that ends with {quote}")
        return Text(_ESCAPE[quote].sub(lambda escape: escape[1] or escape[2], match[1]), span=match.span(1))

    def unquoted_text(self, end: int) -> Text:
        """The text up to `end`, as it stands; its span leaves outer blanks out."""
        text = self.code[self.position : end]
        start = self.position + len(text) - len(text.lstrip())
        self.position = end
        return Text(text, span=(start, start + len(text.strip())))

    def value(self) -> Argument:
        if self.next_is("'\""):
            return self.quoted_text()
        if column := self.column(before=",)"):
            return column
        unquoted = _UNQUOTED_VALUE.match(self.code, self.position)
        text = unquoted[0].rstrip() if unquoted else ""
        if not text:
            raise self.error("a value")
        end = self.position + len(text)
        if number := _NUMBER.fullmatch(self.code, self.position, end):
            value = self.finite(number)
            self.position = end
            return Number(value / 100 if number[2] else value, span=number.span())
        return self.unquoted_text(end)

    def text(self, is_outermost: bool, has_column: bool) -> Argument:
        start = self.position
        if self.next_is("'\""):
            return self.quoted_text()
        if has_column:
            if column := self.column(before=")"):
                return column
            if self.next_is(")"):
                raise self.error("a text")
        else:
            self.position = start
        text = self.unquoted_text(self.end_of_unquoted_text(is_outermost))
        return Text(text.value.strip(), text.span) if has_column else text

    def end_of_unquoted_text(self, is_outermost: bool) -> int:
        opened = 0
        for parenthesis in _PARENTHESIS.finditer(self.code, self.position):
            if parenthesis[0] == "(":
                opened += 1
            elif opened:
                opened -= 1
            else:
                return parenthesis.start()
        rule = self.code.rstrip()
        if not is_outermost or not rule.endswith(")"):
            self.position = len(self.code)
            raise self.error("`)`")
        return len(rule) - 1


def parse_rule(code: str) -> Node:
    """
    Reads a CF rule of either dialect. The documentation of this module has the grammar.

    Args:
        code (`str`):
            The rule. Any text will do, of any length and nesting.

    Returns:
        `Node`: the tree, a [`Rule`], [`Not`], [`And`] or [`Or`], with canonical names and positions in `code`.

    Raises:
        CFRuleSyntaxError: a `ValueError` that names the position and what was expected there.

    Example:

    ```python
    >>> parse_rule("top(10%)") == parse_rule("TopPercent(10)")
    True
    >>> parse_rule("NOT(TextContains(c[1], 'Harry'))")
    Not(operand=Rule(name='TextContains', column=1, arguments=(Text(value='Harry'),)))
    ```
    """
    return _Parser(code).whole()


def _format_text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def format_number(number: Number) -> str:
    """A number as a rule has it: bare, and as short as it can be."""
    return repr(float(number.value)).removesuffix(".0")


def format_rule(node: Node) -> str:
    """
    Writes a rule in the canonical dialect, that of the published test split: canonical names, the column where it is
    known, texts in single quotes, numbers bare and as short as they can be, a blank behind each comma.

    Args:
        node (`Node`):
            A tree, as of [`parse_rule`].

    Returns:
        `str`: the rule. `parse_rule` gives back an equal tree.

    Example:

    ```python
    >>> format_rule(Rule("TextContains", column=1, arguments=(Text("Harry"),)))
    "TextContains(c[1], 'Harry')"
    ```
    """
    if isinstance(node, Not):
        return f"NOT({format_rule(node.operand)})"
    if isinstance(node, And | Or):
        return f"{'AND' if isinstance(node, And) else 'OR'}({', '.join(format_rule(rule) for rule in node.operands)})"
    parts = [] if node.column is None else [f"c[{node.column}]"]
    for argument in node.arguments:
        if isinstance(argument, Number):
            parts.append(format_number(argument))
        elif isinstance(argument, Column):
            parts.append(f"c[{argument.index}]")
        else:
            parts.append(_format_text(argument.value))
    return f"{node.name}({', '.join(parts)})"


def normalize_rule(code: str) -> str:
    """
    Writes a rule of either dialect in the canonical one.

    Args:
        code (`str`):
            The rule.

    Returns:
        `str`: see [`format_rule`].

    Raises:
        CFRuleSyntaxError: if `code` is no rule.

    Example:

    ```python
    >>> normalize_rule("AND(GreaterThanEqual(25),NOT(duplicate()))")
    'AND(GreaterThanEqual(25), NOT(Duplicates()))'
    ```
    """
    return format_rule(parse_rule(code))


def rule_tests(rule: Node) -> list[Rule]:
    """
    The tests that a rule combines.

    Args:
        rule (`Node`):
            The rule.

    Returns:
        `list[Rule]`: its leaves, in the order in which they are written.
    """
    if isinstance(rule, Rule):
        return [rule]
    operands = [rule.operand] if isinstance(rule, Not) else rule.operands
    return [test for operand in operands for test in rule_tests(operand)]


def compared_columns(test: Rule) -> list[int]:
    """
    The columns that a test compares its own with.

    Args:
        test (`Rule`):
            The test.

    Returns:
        `list[int]`: numbers of the columns among its arguments.
    """
    return [argument.index for argument in test.arguments if isinstance(argument, Column)]


def map_tests(rule: Node, change: Callable[[Rule], Rule]) -> Node:
    """
    Changes the tests of a rule and leaves `AND`, `OR` and `NOT` as they are.

    Args:
        rule (`Node`):
            The rule.
        change (callable from `Rule` to `Rule`):
            Called for the tests in the order of [`rule_tests`].

    Returns:
        `Node`: a new rule.
    """
    if isinstance(rule, Rule):
        return change(rule)
    if isinstance(rule, Not):
        return replace(rule, operand=map_tests(rule.operand, change))
    operands = tuple(map_tests(operand, change) for operand in rule.operands)
    return And(operands) if isinstance(rule, And) else Or(operands)


def default_column(header: Sequence[object]) -> int:
    """
    The column that a rule tests if it names none.

    Args:
        header (sequence of `object`):
            The first row of the table, one cell or more.

    Returns:
        `int`: 1, or 0 if the table has no other column.
    """
    return min(1, len(header) - 1)


def fill_columns(rule: Node, column: int) -> Node:
    """
    Lets the tests that name no column name one.

    Args:
        rule (`Node`):
            The rule.
        column (`int`):
            Number of the column, such as that of [`default_column`].

    Returns:
        `Node`: a new rule.
    """
    return map_tests(rule, lambda test: replace(test, column=column) if test.column is None else test)


def unify_equalities(node: Node) -> Node:
    """
    Writes equality in one way: `Equals` and `NotEquals` for numbers, `TextEquals` and `NOT(TextEquals(...))` for
    texts, dates among them. The published rules do either for both, and mean the same.

    Args:
        node (`Node`):
            The rule.

    Returns:
        `Node`: a new rule, which marks the same cells of any table.
    """
    if isinstance(node, And | Or):
        return type(node)(tuple(map(unify_equalities, node.operands)))
    if isinstance(node, Not):
        operand = unify_equalities(node.operand)
        if isinstance(operand, Rule) and operand.name == "Equals":
            return replace(operand, name="NotEquals")
        return Not(operand)
    if node.name not in ("Equals", "NotEquals", "TextEquals"):
        return node
    (argument,) = node.arguments
    if isinstance(argument, Text) and _WRITTEN_NUMBER.fullmatch(argument.value):
        argument = Number(float(argument.value))
    is_negative = node.name == "NotEquals"
    if isinstance(argument, Text):
        equality = replace(node, name="TextEquals", arguments=(argument,))
        return Not(equality) if is_negative else equality
    return replace(node, name="NotEquals" if is_negative else "Equals", arguments=(argument,))


__all__ = [
    "ALIASES",
    "And",
    "Argument",
    "Arguments",
    "CFRuleSyntaxError",
    "Column",
    "DEFAULT_PERCENT",
    "DEFAULT_RANK",
    "FUNCTIONS",
    "MAX_DEPTH",
    "MAX_RANK",
    "Node",
    "Not",
    "Number",
    "Or",
    "Rule",
    "Text",
    "VISUAL_RULES",
    "compared_columns",
    "default_column",
    "fill_columns",
    "format_number",
    "format_rule",
    "map_tests",
    "normalize_rule",
    "parse_rule",
    "rule_tests",
    "unify_equalities",
]
