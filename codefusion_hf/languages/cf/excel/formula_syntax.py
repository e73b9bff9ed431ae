# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Excel's formulas as trees. openpyxl cuts a formula into tokens
(https://openpyxl.readthedocs.io/en/stable/formula.html); what belongs to what is told here. Nothing is evaluated.

Read are constants, references to cells and areas of the same sheet, operators and functions. Array constants, names,
structured references and other sheets are not: no rule comes of them.
"""

import re
from dataclasses import dataclass


try:
    from openpyxl.formula.tokenizer import Token, Tokenizer, TokenizerError
    from openpyxl.utils import column_index_from_string
except ImportError as error:
    raise ImportError(
        "Excel's formulas need openpyxl, which is not installed: `pip install 'codefusion-hf[excel]'`."
    ) from error


# Excel's own limit of functions inside of each other; it keeps recursion away from the interpreter's own.
MAX_DEPTH = 64
MAX_ROW = 1_048_576

_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_CELL = re.compile(r"(\$?)([A-Za-z]{1,3})(\$?)([1-9][0-9]{0,6})")
_COLUMNS = re.compile(r"\$?([A-Za-z]{1,3}):\$?([A-Za-z]{1,3})")

# How tight infix operators bind (https://support.microsoft.com/office/48be406d-4975-4d31-b2b8-7af9e0e2878a).
_PRECEDENCE = dict.fromkeys(("=", "<>", "<", ">", "<=", ">="), 1)
_PRECEDENCE |= {"&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 5}


@dataclass(frozen=True)
class Constant:
    """
    A constant.

    Args:
        value (`float`, `str` or `bool`):
            What it is; errors are none of these and not read.
    """

    value: float | str | bool


@dataclass(frozen=True)
class Reference:
    """
    A reference to a cell.

    Args:
        column (`int`):
            Number of the column, from 1.
        row (`int`):
            Number of the row, from 1.
        has_fixed_column (`bool`):
            Whether it is written with a `$` before the column, and stays there for all cells of a range.
        has_fixed_row (`bool`):
            Whether it is written with a `$` before the row.
    """

    column: int
    row: int
    has_fixed_column: bool
    has_fixed_row: bool


@dataclass(frozen=True)
class Area:
    """
    A reference to a rectangle of cells.

    Args:
        first (`Reference`):
            Its upper left cell; of whole columns, that of row 1.
        last (`Reference`):
            Its lower right cell; of whole columns, that of row `MAX_ROW`.
    """

    first: Reference
    last: Reference


@dataclass(frozen=True)
class Call:
    """
    A function or operator with what it is applied to.

    Args:
        name (`str`):
            The function in capitals, or the operator; `%` comes behind its operand.
        arguments (`tuple[Formula, ...]`):
            One for a prefix `-` or `+` and for `%`, two for the other operators.
    """

    name: str
    arguments: "tuple[Formula, ...]"


Formula = Constant | Reference | Area | Call


class _Parser:
    """Recursive descent, with precedence climbing for the operators."""

    def __init__(self, formula: str):
        self.formula = formula
        try:
            tokens = Tokenizer(formula if formula.startswith("=") else f"={formula}").items
        except (TokenizerError, IndexError) as error:  # the latter where a parenthesis is closed that was never opened
            raise self.error("parentheses and quotes in pairs") from error
        self.tokens = [token for token in tokens if token.type != Token.WSPACE]
        self.position = 0

    def error(self, expected: str) -> ValueError:
        return ValueError(f"Not a formula that can be read: expected {expected} in {self.formula!r:.200}.")

    def peek(self) -> Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def next(self, expected: str) -> Token:
        token = self.peek()
        if token is None:
            raise self.error(expected)
        self.position += 1
        return token

    def whole(self) -> Formula:
        formula = self.expression(1, depth=1)
        if self.peek() is not None:
            raise self.error("its end, or an operator")
        return formula

    def expression(self, tightness: int, depth: int) -> Formula:
        if depth > MAX_DEPTH:
            raise self.error(f"at most {MAX_DEPTH} formulas inside of each other")
        left = self.operand(depth)
        while (token := self.peek()) is not None and token.type == Token.OP_IN:
            binds = _PRECEDENCE.get(token.value, 0)
            if binds < tightness:
                break
            self.position += 1
            left = Call(token.value, (left, self.expression(binds + 1, depth + 1)))
        return left

    def operand(self, depth: int) -> Formula:
        token = self.next("a value")
        formula: Formula
        if token.type == Token.OP_PRE:
            if depth > MAX_DEPTH:
                raise self.error(f"at most {MAX_DEPTH} signs")
            return Call(token.value, (self.operand(depth + 1),))
        if token.type == Token.OPERAND:
            formula = self.value(token)
        elif token.type == Token.PAREN and token.subtype == Token.OPEN:
            formula = self.expression(1, depth + 1)
            self.close(Token.PAREN)
        elif token.type == Token.FUNC and token.subtype == Token.OPEN:
            formula = Call(token.value.removesuffix("(").upper(), self.arguments(depth))
        else:
            raise self.error("a value")
        while (behind := self.peek()) is not None and behind.type == Token.OP_POST:
            self.position += 1
            formula = Call(behind.value, (formula,))
        return formula

    def arguments(self, depth: int) -> tuple[Formula, ...]:
        token = self.peek()
        arguments = []
        if token is not None and token.subtype != Token.CLOSE:
            arguments.append(self.expression(1, depth + 1))
            while (token := self.peek()) is not None and token.type == Token.SEP:
                self.position += 1
                arguments.append(self.expression(1, depth + 1))
        self.close(Token.FUNC)
        return tuple(arguments)

    def close(self, kind: str) -> None:
        token = self.next("`)`")
        if token.type != kind or token.subtype != Token.CLOSE:
            raise self.error("`)`")

    def value(self, token: Token) -> Formula:
        text = token.value
        if token.subtype == Token.TEXT:
            return Constant(text[1:-1].replace('""', '"'))
        if token.subtype == Token.LOGICAL:
            return Constant(text == "TRUE")
        if _NUMBER.fullmatch(text):
            return Constant(float(text))
        if cell := _CELL.fullmatch(text):
            return _reference(cell)
        if columns := _COLUMNS.fullmatch(text):
            first, last = (column_index_from_string(name) for name in columns.groups())
            return Area(Reference(first, 1, True, True), Reference(last, MAX_ROW, True, True))
        corners = [_CELL.fullmatch(corner) for corner in text.split(":")]
        match corners:
            case [re.Match() as first_cell, re.Match() as last_cell]:
                return Area(_reference(first_cell), _reference(last_cell))
        raise self.error(f"a constant, or cells of the same sheet, and not {text!r:.60}")


def _reference(match: re.Match[str]) -> Reference:
    return Reference(column_index_from_string(match[2]), int(match[4]), match[1] == "$", match[3] == "$")


def parse_formula(formula: str) -> Formula:
    """
    Reads a formula.

    Args:
        formula (`str`):
            The formula in the form in which files have it (English names, commas), with or without its `=`.

    Returns:
        `Formula`: the tree.

    Raises:
        `ValueError`: If it is no formula, or has something in it that is not read.

    Example:

    ```python
    >>> parse_formula("=NOT(B2>=5%)").name
    'NOT'
    ```
    """
    return _Parser(formula).whole()


__all__ = ["MAX_ROW", "Area", "Call", "Constant", "Formula", "Reference", "parse_formula"]
