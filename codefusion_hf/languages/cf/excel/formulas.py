# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
CF rules in the words of Excel: as formulas, and as the entries of its menu *Conditional Formatting*; and back.

A rule is about the cells of a table below its header, a [`~openpyxl.worksheet.cell_range.CellRange`]; `c[0]` is its
first column. A rule that names no column is about the second, or the only one, as for
[`~codefusion_hf.languages.cf.rules.default_column`]. Constants are read as if typed into Excel, see
[`~codefusion_hf.languages.cf.cells`]; dates become `DATE(2022,11,15)`.

**Formulas** are those of the first row, as a conditional format has them: `$B2` moves down with the row. They mean
what [`~codefusion_hf.languages.cf.interpreter`] says. So they have an `IFERROR` where an error in one cell must not
decide for another, and tests of the whole column look at numbers, or cells that are not blank, alone. Differences that
remain: text tests do not see the text of an error, and see of a number what it is, not how it is formatted (the same
holds for Excel's own text tests); an error in a column leaves its averages and ranks undefined, and one in a column
that is compared with equals nothing; `Duplicates` and `Unique` inside of other rules count as `COUNTIF` does, to which
`*` and `?` are wildcards, as they are in a cell that a text test looks for.

**Back** comes a rule that means the same, or a `ValueError`: of what the language of rules cannot say, nothing is made
up. It is the same tree but for what Excel does not tell apart: `TextEquals('5')` is `Equals(5)`, `Equals('Yes')` is
`TextEquals('Yes')`, a bare `Top` is `Top(1)`, numbers and dates have one form each, `NOT` of a comparison is its
opposite, and in formulas `Between` is two comparisons. Formulas that others wrote without `IFERROR` are read as if no
cell had an error.
"""

import re
from dataclasses import dataclass, replace

from codefusion_hf.languages.cf.cells import Cell, CellKind, read_constant, read_date
from codefusion_hf.languages.cf.rules import (
    DEFAULT_PERCENT,
    DEFAULT_RANK,
    FUNCTIONS,
    MAX_RANK,
    VISUAL_RULES,
    And,
    Argument,
    Arguments,
    Column,
    Node,
    Not,
    Number,
    Or,
    Rule,
    Text,
    compared_columns,
    default_column,
    fill_columns,
    rule_tests,
)

from .formula_syntax import Area, Call, Constant, Formula, Reference, parse_formula


try:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.cell_range import CellRange
except ImportError as error:
    raise ImportError(
        "Excel's rules need openpyxl, which is not installed: `pip install 'codefusion-hf[excel]'`."
    ) from error


# https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
MAX_TEXT_LENGTH = 255
MAX_FORMULA_LENGTH = 8192
MAX_NUMBER = 9.99999999999999e307
# DATE() counts days as we do from here on: before it, Excel has a 29 February 1900.
_FIRST_DATE = "1900-03-01"

_OPERATORS = {
    "Equals": "=",
    "TextEquals": "=",
    "NotEquals": "<>",
    "GreaterThan": ">",
    "GreaterThanEqual": ">=",
    "LessThan": "<",
    "LessThanEqual": "<=",
}
_BETWEEN = frozenset({"Between", "NotBetween"})
_COMPARISONS = frozenset(_OPERATORS) | _BETWEEN
_INVERSES = {
    "Equals": "NotEquals",
    "TextEquals": "NotEquals",
    "NotEquals": "Equals",
    "GreaterThan": "LessThanEqual",
    "GreaterThanEqual": "LessThan",
    "LessThan": "GreaterThanEqual",
    "LessThanEqual": "GreaterThan",
    "Between": "NotBetween",
    "NotBetween": "Between",
}
_OF_OPERATOR = {operator: name for name, operator in _OPERATORS.items() if name != "TextEquals"}
_SWAPPED = {"=": "=", "<>": "<>", ">": "<", ">=": "<=", "<": ">", "<=": ">="}

# https://support.microsoft.com/office/10958677-7c8d-44f7-ae77-b9a9ee6eefaa (ERROR.TYPE)
_ERROR_TYPES = {
    "#NULL!": 1,
    "#DIV/0!": 2,
    "#VALUE!": 3,
    "#REF!": 4,
    "#NAME?": 5,
    "#NUM!": 6,
    "#N/A": 7,
    "#GETTING_DATA": 8,
    "#SPILL!": 9,
    "#CONNECT!": 10,
    "#BLOCKED!": 11,
    "#UNKNOWN!": 12,
    "#FIELD!": 13,
    "#CALC!": 14,
}
_OF_ERROR_TYPE = {number: name for name, number in _ERROR_TYPES.items()}

# What stands before the colon of a menu's entry, for the rules that are one. https://support.microsoft.com/office/
# fed60dfa-1d3f-4e13-9ecb-f1951ff89d7f names the entries.
_CELL_RULES = "Highlight Cells Rules > "
_RANK_RULES = "Top/Bottom Rules > "
_MORE_RULES = "New Rule > Format only cells that contain > "
_MENU = {
    "GreaterThan": _CELL_RULES + "Greater Than",
    "LessThan": _CELL_RULES + "Less Than",
    "Between": _CELL_RULES + "Between",
    "Equals": _CELL_RULES + "Equal To",
    "TextContains": _CELL_RULES + "Text that Contains",
    "Duplicates": _CELL_RULES + "Duplicate Values > Duplicate",
    "Unique": _CELL_RULES + "Duplicate Values > Unique",
    "Top": _RANK_RULES + "Top 10 Items",
    "TopPercent": _RANK_RULES + "Top 10%",
    "Bottom": _RANK_RULES + "Bottom 10 Items",
    "BottomPercent": _RANK_RULES + "Bottom 10%",
    "AboveAverage": _RANK_RULES + "Above Average",
    "BelowAverage": _RANK_RULES + "Below Average",
    "DataBar": "Data Bars",
    "ColorScale": "Color Scales",
    "IconSet": "Icon Sets",
    "NotEquals": _MORE_RULES + "Cell Value > not equal to",
    "GreaterThanEqual": _MORE_RULES + "Cell Value > greater than or equal to",
    "LessThanEqual": _MORE_RULES + "Cell Value > less than or equal to",
    "NotBetween": _MORE_RULES + "Cell Value > not between",
    "TextStartsWith": _MORE_RULES + "Specific Text > beginning with",
    "TextEndsWith": _MORE_RULES + "Specific Text > ending with",
    "Blanks": _MORE_RULES + "Blanks",
    "Errors": _MORE_RULES + "Errors",
}
_NEGATED_MENU = {
    "TextContains": _MORE_RULES + "Specific Text > not containing",
    "Blanks": _MORE_RULES + "No Blanks",
    "Errors": _MORE_RULES + "No Errors",
}
_FORMULA_MENU = "New Rule > Use a formula to determine which cells to format"
_OF_MENU = {entry: (name, False) for name, entry in _MENU.items()}
_OF_MENU |= {entry: (name, True) for name, entry in _NEGATED_MENU.items()}
_MENU_CHOICE = re.compile(r"Select (\S+)\. ([^:]+)(?:: (.*))?", re.DOTALL)
# Not within quotes.
_SEPARATOR = re.compile(r' and (?=(?:[^"]*"[^"]*")*[^"]*$)')
_TYPED_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:E[-+]?[0-9]+)?")


@dataclass(frozen=True)
class MenuRule:
    """
    A rule that Excel has an entry for: no formula has to be written for it.

    Args:
        test (`Rule`):
            The rule, without the negation. Its column is named.
        is_negated (`bool`):
            Whether it is the opposite that Excel has: `Not(TextContains)`, `Not(Blanks)`, `Not(Errors)`.
    """

    test: Rule
    is_negated: bool


# Trees


def resolve_columns(rule: Node, num_columns: int) -> Node:
    """
    Lets all tests of a rule name their column.

    Args:
        rule (`Node`):
            The rule.
        num_columns (`int`):
            How many columns the table has, at least 1.

    Returns:
        `Node`: a new rule.

    Raises:
        `ValueError`: If the rule names a column that the table does not have.
    """
    rule = fill_columns(rule, default_column(range(num_columns)))
    for test in rule_tests(rule):
        for index in (test.column, *compared_columns(test)):
            if index is not None and index >= num_columns:
                raise ValueError(f"`rule` names c[{index}], and the table has {num_columns} columns, c[0] the first.")
    return rule


def _column_of(test: Rule, num_columns: int) -> int:
    return default_column(range(num_columns)) if test.column is None else test.column


def simplify(rule: Node) -> Node:
    """
    Takes away what changes nothing: `AND` and `OR` of one rule, `NOT` of `NOT`, and `NOT` of a comparison that has an
    opposite.

    Args:
        rule (`Node`):
            The rule.

    Returns:
        `Node`: a rule that means the same.
    """
    if isinstance(rule, Rule):
        return rule
    if isinstance(rule, Not):
        operand = simplify(rule.operand)
        if isinstance(operand, Not):
            return operand.operand
        if isinstance(operand, Rule) and operand.name in _INVERSES:
            return replace(operand, name=_INVERSES[operand.name])
        return Not(operand)
    operands = tuple(simplify(operand) for operand in rule.operands)
    return operands[0] if len(operands) == 1 else type(rule)(operands)


def menu_rule(rule: Node, num_columns: int) -> MenuRule | None:
    """
    The rule as one that Excel has an entry for.

    Args:
        rule (`Node`):
            The rule.
        num_columns (`int`):
            How many columns the table has.

    Returns:
        `MenuRule`: the same as `rule`; `None` if Excel has to be given a formula.

    Raises:
        `ValueError`: As for [`resolve_columns`].
    """
    rule = simplify(resolve_columns(rule, num_columns))
    test = rule.operand if isinstance(rule, Not) else rule
    if not isinstance(test, Rule) or (isinstance(rule, Not) and test.name not in _NEGATED_MENU):
        return None
    if any(_is_error(argument) for argument in test.arguments) and test.name in _COMPARISONS:
        return None
    if test.name.endswith("Percent") and not rank(test).is_integer():
        return None
    return MenuRule(test, is_negated=isinstance(rule, Not))


def rank(test: Rule) -> float:
    """
    How many cells, or how many per cent of them, a rule ranks.

    Args:
        test (`Rule`):
            `Top`, `Bottom`, `TopPercent` or `BottomPercent`.

    Returns:
        `float`: 1 to 1,000, whole, or above 0 to 100 for per cent.

    Raises:
        `ValueError`: If it is less, so that the rule marks nothing.
    """
    is_percent = test.name.endswith("Percent")
    default = DEFAULT_PERCENT if is_percent else DEFAULT_RANK
    asked = next((argument.value for argument in test.arguments if isinstance(argument, Number)), default)
    number = min(asked, 100.0) if is_percent else float(int(min(asked, float(MAX_RANK))))
    if number <= 0:
        raise ValueError(f"`rule` must rank at least 1 cell, or more than 0 %, got {test.name} of {asked:g}.")
    return number


def rule_cells(rule: Node, cells: CellRange) -> str:
    """
    The cells that a rule formats, or not: all of the columns that it tests.

    Args:
        rule (`Node`):
            The rule.
        cells ([`~openpyxl.worksheet.cell_range.CellRange`]):
            The cells of the table, without the header.

    Returns:
        `str`: their ranges with blanks between them, such as `B2:B9 D2:D9`.

    Raises:
        `ValueError`: As for [`resolve_columns`].
    """
    tests = rule_tests(resolve_columns(rule, cells.size["columns"]))
    columns = sorted({_column_of(test, cells.size["columns"]) for test in tests})
    return " ".join(_column_range(column, cells).coord for column in columns)


def _column_range(column: int, cells: CellRange) -> CellRange:
    number = cells.min_col + column
    return CellRange(min_col=number, max_col=number, min_row=cells.min_row, max_row=cells.max_row)


# Rules to formulas


def _is_error(argument: Argument) -> bool:
    return _error_type(argument) is not None


def _error_type(argument: Argument) -> int | None:
    """The number that Excel gives an error. Errors that it does not have, such as `#ERR`, are texts to it."""
    return _ERROR_TYPES.get(argument.value.strip().upper()) if isinstance(argument, Text) else None


def _text_literal(text: str) -> str:
    if len(text) > MAX_TEXT_LENGTH:
        raise ValueError(f"`rule` must have texts of at most {MAX_TEXT_LENGTH} characters, got {text!r:.80}.")
    if ILLEGAL_CHARACTERS_RE.search(text):
        raise ValueError(f"`rule` must have no control characters in its texts, got {text!r:.80}.")
    return '"' + text.replace('"', '""') + '"'


def _number_literal(number: float) -> str:
    if abs(number) > MAX_NUMBER:
        raise ValueError(f"`rule` must have numbers up to {MAX_NUMBER}, got {number}.")
    return repr(float(number)).removesuffix(".0").upper()


def value_formula(argument: Argument, cells: CellRange) -> str:
    """
    What a cell is compared with, in a formula.

    Args:
        argument (`Argument`):
            The argument of a rule.
        cells ([`~openpyxl.worksheet.cell_range.CellRange`]):
            The cells of the table, without the header.

    Returns:
        `str`: a constant, a date such as `DATE(2022,11,15)`, or a cell of the first row.

    Raises:
        `ValueError`: If Excel cannot hold it.
    """
    if isinstance(argument, Column):
        return _cell_reference(argument.index, cells)
    cell = read_constant(argument)
    if cell.kind is CellKind.BOOLEAN:
        return "TRUE" if cell.number else "FALSE"
    if cell.kind is not CellKind.NUMBER:
        return _text_literal(_text_of(argument))
    date = read_date(argument.value.strip()) if isinstance(argument, Text) else None
    if date is None or date.time() != date.min.time() or date.isoformat() < _FIRST_DATE:
        return _number_literal(cell.number)
    return f"DATE({date.year},{date.month},{date.day})"


def _text_of(argument: Number | Text) -> str:
    return argument.value if isinstance(argument, Text) else _number_literal(argument.value)


def dialog_text(test: Rule, argument: Number | Text) -> str:
    """
    A text as Excel's dialogs have it.

    Args:
        test (`Rule`):
            The test that looks for it.
        argument (`Number` or `Text`):
            The text.

    Returns:
        `str`: the text; for `TextContains` with a `~` before what would be a wildcard.
    """
    text = _text_of(argument)
    return re.sub(r"[~*?]", r"~\g<0>", text) if test.name == "TextContains" else text


def _cell_reference(column: int, cells: CellRange) -> str:
    return f"${get_column_letter(cells.min_col + column)}{cells.min_row}"


def _column_reference(column: int, cells: CellRange) -> str:
    letter = _cell_reference(column, cells).removesuffix(str(cells.min_row))
    return f"{letter}${cells.min_row}:{letter}${cells.max_row}"


def _order(cell: Cell) -> tuple[CellKind, float, str]:
    return cell[:3]


@dataclass(frozen=True)
class _Writer:
    """
    Formulas of a rule.

    Args:
        cells (`CellRange`):
            The cells of the table.
        is_combined (`bool`):
            Whether the rule is more than a test: what a test leaves undefined then has to be false.
        needs_guards (`bool`):
            Whether comparisons too need that, see [`_needs_guards`].
    """

    cells: CellRange
    is_combined: bool
    needs_guards: bool

    def write(self, rule: Node, is_positive: bool = True) -> str:
        if isinstance(rule, Not):
            if isinstance(rule.operand, Rule) and rule.operand.name == "TextContains":
                return self.lacks(rule.operand)
            return f"NOT({self.write(rule.operand, not is_positive)})"
        if isinstance(rule, And | Or):
            name = "AND" if isinstance(rule, And) else "OR"
            return f"{name}({','.join(self.write(operand, is_positive) for operand in rule.operands)})"
        if rule.name in VISUAL_RULES:
            raise ValueError(f"`rule` must not combine {rule.name} with other rules, nor write it as a formula.")
        if rule.name in _COMPARISONS:
            return self.comparison(rule, is_positive)
        index = _column_of(rule, self.cells.size["columns"])
        cell, column = _cell_reference(index, self.cells), _column_reference(index, self.cells)
        if rule.name in ("Duplicates", "Unique"):
            return f"IF(ISBLANK({cell}),FALSE,COUNTIF({column},{cell}){'>' if rule.name == 'Duplicates' else '='}1)"
        if limit := self.limit(rule, column):
            return f"IF(ISNUMBER({cell}),{cell}{limit},FALSE)"
        if rule.name == "Errors":
            return f"ISERROR({cell})"
        if rule.name == "TextContains":
            return f"NOT({self.lacks(rule)})"
        if rule.name == "Blanks":
            formula = f"LEN(TRIM({cell}))=0"
        else:
            text = self.text(rule.arguments[0])
            formula = f"{'LEFT' if rule.name == 'TextStartsWith' else 'RIGHT'}({cell},LEN({text}))={text}"
        return f"IFERROR({formula},FALSE)" if self.is_combined else formula

    def text(self, argument: Argument) -> str:
        """What a text test looks for: never a number."""
        if isinstance(argument, Column):
            return _cell_reference(argument.index, self.cells)
        return _text_literal(_text_of(argument))

    def lacks(self, rule: Rule) -> str:
        argument = rule.arguments[0]
        cell = _cell_reference(_column_of(rule, self.cells.size["columns"]), self.cells)
        if isinstance(argument, Column):
            return f"ISERROR(SEARCH({_cell_reference(argument.index, self.cells)},{cell}))"
        return f"ISERROR(SEARCH({_text_literal(dialog_text(rule, argument))},{cell}))"

    def limit(self, rule: Rule, column: str) -> str | None:
        """What a test of the whole column compares numbers with."""
        if rule.name == "AboveAverage":
            return f">AVERAGE({column})"
        if rule.name == "BelowAverage":
            return f"<AVERAGE({column})"
        if FUNCTIONS[rule.name] is not Arguments.COUNT:
            return None
        comparison = ">=LARGE" if rule.name.startswith("Top") else "<=SMALL"
        number = _number_literal(rank(rule))
        if rule.name.endswith("Percent"):
            return f"{comparison}({column},MAX(1,INT(COUNT({column})*{number}/100)))"
        return f"{comparison}({column},MIN({number},COUNT({column})))"

    def comparison(self, rule: Rule, is_positive: bool) -> str:
        cell = _cell_reference(_column_of(rule, self.cells.size["columns"]), self.cells)
        error_types = [_error_type(argument) for argument in rule.arguments]
        if error_types != [None] * len(error_types):
            if rule.name not in ("Equals", "TextEquals", "NotEquals"):
                raise ValueError(f"`rule` must not compare with an error unless it asks for it, got {rule.name}.")
            formula = f"IFERROR(ERROR.TYPE({cell})={error_types[0]},FALSE)"
            return f"NOT({formula})" if rule.name == "NotEquals" else formula
        is_inverse = rule.name == "NotBetween"
        if rule.name in _BETWEEN:
            formula = self.between(cell, rule.arguments, is_positive is not is_inverse)
            return f"NOT({formula})" if is_inverse else formula
        formula = f"{cell}{_OPERATORS[rule.name]}{value_formula(rule.arguments[0], self.cells)}"
        return self.guarded(formula, is_positive)

    def between(self, cell: str, bounds: tuple[Argument, ...], is_positive: bool) -> str:
        first, second = bounds
        is_known = False
        if not isinstance(first, Column) and not isinstance(second, Column):
            is_known = True
            if _order(read_constant(first)) > _order(read_constant(second)):
                first, second = second, first
        low, high = value_formula(first, self.cells), value_formula(second, self.cells)

        def inside(low: str, high: str) -> str:
            lower, upper = (self.guarded(f"{cell}{bound}", is_positive) for bound in (f">={low}", f"<={high}"))
            return f"AND({lower},{upper})"

        return inside(low, high) if is_known else f"OR({inside(low, high)},{inside(high, low)})"

    def guarded(self, comparison: str, is_positive: bool) -> str:
        """What is not defined is false, and below `NOT` true, so that it is false there too."""
        return f"IFERROR({comparison},{'FALSE' if is_positive else 'TRUE'})" if self.needs_guards else comparison


def _chooses(rule: Node, is_positive: bool = True) -> bool:
    """Whether one of several tests is enough somewhere in a rule: for `OR`, and for `AND` below `NOT`."""
    if isinstance(rule, Rule):
        return False
    if isinstance(rule, Not):
        return _chooses(rule.operand, not is_positive)
    is_choice = isinstance(rule, Or) is is_positive and len(rule.operands) > 1
    return is_choice or any(_chooses(operand, is_positive) for operand in rule.operands)


def _needs_guards(rule: Node) -> bool:
    """Whether an error in one cell leaves one test undefined where another can still decide."""
    seen = {
        frozenset({test.column, *compared_columns(test)})
        if test.name in _COMPARISONS and not any(map(_is_error, test.arguments))
        else None
        for test in rule_tests(rule)
    }
    return _chooses(rule) and len(seen) > 1


def rule_to_formula(rule: Node, cells: CellRange) -> str:
    """
    Writes a rule as the formula of a conditional format.

    Args:
        rule (`Node`):
            The rule, see [`~codefusion_hf.languages.cf.rules.parse_rule`].
        cells ([`~openpyxl.worksheet.cell_range.CellRange`]):
            The cells of the table, without the header.

    Returns:
        `str`: the formula for the first row, for all columns that the rule tests.

    Raises:
        `ValueError`: If the rule names a column that the table does not have, or there is no such formula: for
            `ColorScale`, `DataBar` and `IconSet`, for ranks that mark nothing, comparisons with errors that are never
            true, and constants that are too long or too large for Excel.

    Example:

    ```python
    >>> rule_to_formula(parse_rule("AND(GreaterThan(c[1], 40), TextStartsWith(c[0], 'A'))"), CellRange("A2:B9"))
    '=AND($B2>40,IFERROR(LEFT($A2,LEN("A"))="A",FALSE))'
    ```
    """
    rule = resolve_columns(rule, cells.size["columns"])
    formula = "=" + _Writer(cells, not isinstance(rule, Rule), _needs_guards(rule)).write(rule)
    if len(formula) > MAX_FORMULA_LENGTH:
        raise ValueError(f"`rule` must be a formula of at most {MAX_FORMULA_LENGTH} characters, got {len(formula)}.")
    return formula


# Formulas to rules


@dataclass(frozen=True)
class _Reader:
    """
    Rules of formulas.

    Args:
        cells (`CellRange`):
            The cells of the table.
        first_row (`int`):
            The row of the sheet that the formulas are written for.
        column_offset (`int`):
            How far columns without a `$` have moved.
    """

    cells: CellRange
    first_row: int
    column_offset: int

    def column(self, formula: Formula) -> int:
        if not isinstance(formula, Reference):
            raise _inexpressible(formula)
        if formula.has_fixed_row or formula.row != self.first_row:
            raise ValueError(f"Rules compare cells of the same row, and not with a cell of row {formula.row}.")
        column = formula.column + (0 if formula.has_fixed_column else self.column_offset)
        if not self.cells.min_col <= column <= self.cells.max_col:
            raise ValueError(f"Column {get_column_letter(column)} is not one of the table, {self.cells.coord}.")
        return column - self.cells.min_col

    def check_area(self, area: Area, column: int) -> None:
        """A test of the whole column has to see the whole column."""
        rows = area.first.row <= self.cells.min_row and area.last.row >= self.cells.max_row
        # Where the row has no `$`, the area moves with the row.
        is_fixed = area.first.has_fixed_row and area.last.has_fixed_row
        columns = {
            corner.column + (0 if corner.has_fixed_column else self.column_offset)
            for corner in (area.first, area.last)
        }
        if not rows or not is_fixed or columns != {self.cells.min_col + column}:
            expected = _column_reference(column, self.cells)
            raise ValueError(f"Rules rank a cell among all cells of its column, {expected}, and no others.")

    def argument(self, formula: Formula) -> Argument:
        match formula:
            case Reference():
                return Column(self.column(formula))
            case Constant(bool() as value):
                return Text("TRUE" if value else "FALSE")
            case Constant(str() as value):
                kind = read_constant(Text(value)).kind
                if kind is not CellKind.TEXT and (kind is not CellKind.ERROR or _is_error(Text(value))):
                    raise ValueError(
                        f"Rules cannot name the text {value!r}, which Excel would read as something else."
                    )
                return Text(value)
            case Constant(float() as value):
                return Number(value)
            case Call("DATE", (Constant(float() as year), Constant(float() as month), Constant(float() as day))):
                date = f"{year:04.0f}-{month:02.0f}-{day:02.0f}"
                if read_date(date) is not None and date >= _FIRST_DATE:
                    return Text(date)
            case Call("-" | "+" as sign, (operand,)):
                if isinstance(number := self.argument(operand), Number):
                    return Number(-number.value if sign == "-" else number.value)
            case Call("%", (operand,)):
                if isinstance(number := self.argument(operand), Number):
                    return Number(number.value / 100)
        raise _inexpressible(formula)

    def text(self, formula: Formula) -> Argument:
        match formula:
            case Reference():
                return Column(self.column(formula))
            case Constant(str() as value):
                return Text(value)
            case Constant(float() as value):
                return Text(_number_literal(value))
        raise _inexpressible(formula)

    def searched(self, formula: Formula) -> Argument:
        argument = self.text(formula)
        return Text(_without_wildcards(argument.value)) if isinstance(argument, Text) else argument

    def read(self, formula: Formula, is_positive: bool = True) -> Node:
        match formula:
            case Call("AND" | "OR" as name, (_, *_) as operands):
                rules = tuple(self.read(operand, is_positive) for operand in operands)
                return And(rules) if name == "AND" else Or(rules)
            case Call("NOT", (Call("ISERROR", (Call("SEARCH"),)) as inner,)):
                return simplify(Not(self.read(inner, not is_positive)))
            case Call("NOT", (operand,)):
                return Not(self.read(operand, not is_positive))
            case Call("ISNUMBER", (Call("SEARCH", _) as search,)):
                return simplify(Not(self.read(Call("ISERROR", (search,)), not is_positive)))
            case Call("ISERROR", (Call("SEARCH", (part, cell)),)):
                return Not(Rule("TextContains", self.column(cell), (self.searched(part),)))
            case Call("ISERROR", (Reference() as cell,)):
                return Rule("Errors", self.column(cell))
            case Call(
                "IFERROR", (Call("=", (Call("ERROR.TYPE", (cell,)), Constant(float() as number))), Constant(False))
            ):
                if number in _OF_ERROR_TYPE:
                    return Rule("TextEquals", self.column(cell), (Text(_OF_ERROR_TYPE[int(number)]),))
            case Call("IFERROR", (inner, Constant(bool() as otherwise))):
                rule = self.read(inner, is_positive)
                is_comparison = isinstance(rule, Rule) and rule.name in _COMPARISONS
                if isinstance(rule, Rule) and otherwise is (is_comparison and not is_positive):
                    return rule
            case Call("IF", (Call("ISNUMBER", (cell,)), Call(_, (same, limit)) as comparison, Constant(False))):
                if cell == same and isinstance(limit, Call):
                    return self.ranked(comparison.name, self.column(cell), limit)
            case Call(
                "IF",
                (
                    Call("ISBLANK", (cell,)),
                    Constant(False),
                    Call(">" | "=" as operator, (Call("COUNTIF", (Area() as area, same)), Constant(1.0))),
                ),
            ) if cell == same:
                self.check_area(area, column := self.column(cell))
                return Rule("Duplicates" if operator == ">" else "Unique", column)
            case Call(operator, (left, right)) if operator in _SWAPPED:
                return self.comparison(operator, left, right)
        raise _inexpressible(formula)

    def comparison(self, operator: str, left: Formula, right: Formula) -> Node:
        match operator, left, right:
            case "=" | ">", Call("LEN", (Call("TRIM", (cell,)),)), Constant(0.0):
                blanks = Rule("Blanks", self.column(cell))
                return blanks if operator == "=" else Not(blanks)
            case "=", Call("LEFT" | "RIGHT" as side, (cell, length)), text:
                argument = self.text(text)
                is_whole = length == Call("LEN", (text,))
                is_whole |= isinstance(argument, Text) and length == Constant(float(len(argument.value)))
                if is_whole:
                    name = "TextStartsWith" if side == "LEFT" else "TextEndsWith"
                    return Rule(name, self.column(cell), (argument,))
            case _, Reference(), _:
                return self.compared(_OF_OPERATOR[operator], self.column(left), self.argument(right))
            case _, _, Reference():
                return self.compared(_OF_OPERATOR[_SWAPPED[operator]], self.column(right), self.argument(left))
        raise _inexpressible(Call(operator, (left, right)))

    def compared(self, name: str, column: int, *arguments: Argument) -> Rule:
        is_text = name == "Equals" and isinstance(arguments[0], Text)
        return Rule("TextEquals" if is_text else name, column, arguments)

    def ranked(self, operator: str, column: int, limit: Call) -> Rule:
        match operator, limit:
            case ">" | "<", Call("AVERAGE", (Area() as area,)):
                self.check_area(area, column)
                return Rule("AboveAverage" if operator == ">" else "BelowAverage", column)
            case (">=", Call("LARGE", (Area() as area, count))) | ("<=", Call("SMALL", (Area() as area, count))):
                self.check_area(area, column)
                name = "Top" if operator == ">=" else "Bottom"
                match count:
                    case Call("MIN", (Constant(float() as number), Call("COUNT", (same,)))) if same == area:
                        return Rule(name, column, (Number(number),))
                    case Call(
                        "MAX",
                        (
                            Constant(1.0),
                            Call("INT", (Call("/", (Call("*", (counted, Constant(float() as number))), hundred)),)),
                        ),
                    ) if counted == Call("COUNT", (area,)) and hundred == Constant(100.0):
                        return Rule(f"{name}Percent", column, (Number(number),))
        raise _inexpressible(limit)


def _without_wildcards(pattern: str) -> str:
    if re.search(r"(?<!~)(?:~~)*[*?]", pattern):
        raise ValueError(f"Rules have no wildcards, and {pattern!r} does.")
    return re.sub(r"~([~*?])", r"\1", pattern)


def _inexpressible(formula: Formula) -> ValueError:
    match formula:
        case Call(name, _):
            return ValueError(f"No rule says what this formula does with {name}.")
        case Constant(value):
            return ValueError(f"No rule says what this formula does with the constant {value!r:.60}.")
    return ValueError("No rule says what this formula does with a cell that it does not compare.")


def formula_to_rule(formula: str, cells: CellRange, *, first_row: int | None = None, column_offset: int = 0) -> Node:
    """
    Reads a rule from the formula of a conditional format.

    Args:
        formula (`str`):
            The formula, with or without its `=`.
        cells ([`~openpyxl.worksheet.cell_range.CellRange`]):
            The cells of the table, without the header.
        first_row (`int`, *optional*):
            The row of the sheet that the formula is written for: the first of the conditional format. Defaults to the
            first of the table.
        column_offset (`int`, *optional*, defaults to 0):
            How many columns the formula has moved to the right since it was written. Columns with a `$` stay.

    Returns:
        `Node`: a rule that marks the same rows; see the documentation of this module.

    Raises:
        `ValueError`: If there is none.

    Example:

    ```python
    >>> format_rule(formula_to_rule('=OR(B2>=40,NOT(ISERROR(SEARCH("late",C2))))', CellRange("A2:C9")))
    "OR(GreaterThanEqual(c[1], 40), TextContains(c[2], 'late'))"
    ```
    """
    reader = _Reader(cells, cells.min_row if first_row is None else first_row, column_offset)
    return reader.read(parse_formula(formula))


def value_to_argument(
    formula: str, cells: CellRange, *, first_row: int | None = None, column_offset: int = 0
) -> Argument:
    """
    Reads what a cell is compared with from the formula of a conditional format, as [`value_formula`] writes it.

    Args:
        formula (`str`):
            The formula.
        cells, first_row, column_offset:
            As for [`formula_to_rule`].

    Returns:
        `Argument`: the argument of a rule.

    Raises:
        `ValueError`: If it is no constant and no cell of the same row.
    """
    reader = _Reader(cells, cells.min_row if first_row is None else first_row, column_offset)
    return reader.argument(parse_formula(formula))


# The menu


def _typed(test: Rule, argument: Argument, cells: CellRange) -> str:
    """What is typed into a dialog: a text as it is, if it is then the same text."""
    if isinstance(argument, Column):
        return f"={_cell_reference(argument.index, cells)}"
    text = dialog_text(test, argument)
    literal = _text_literal(text)
    is_plain = text != "" and text == text.strip() and text[0] not in "=\"'" and "\n" not in text
    if is_plain and not (test.name in _BETWEEN and re.search(' and |"', text)):
        return text
    return f"={value_formula(argument, cells)}" if test.name in _COMPARISONS else f"={literal}"


def rule_to_menu(rule: Node, cells: CellRange) -> str:
    """
    Says which cells to select, what to choose in Excel's menu *Conditional Formatting*, and what to type there.

    Args:
        rule (`Node`):
            The rule.
        cells ([`~openpyxl.worksheet.cell_range.CellRange`]):
            The cells of the table, without the header.

    Returns:
        `str`: the instruction.

    Raises:
        `ValueError`: As for [`rule_to_formula`].

    Example:

    ```python
    >>> rule_to_menu(parse_rule("GreaterThan(c[1], 40)"), CellRange("A2:B9"))
    'Select B2:B9. Highlight Cells Rules > Greater Than: 40'
    ```
    """
    selected = rule_cells(rule, cells).replace(" ", ",")
    found = menu_rule(rule, cells.size["columns"])
    if found is None:
        return f"Select {selected}. {_FORMULA_MENU}: {rule_to_formula(rule, cells)}"
    test = found.test
    name = "Equals" if test.name == "TextEquals" else test.name
    entry = (_NEGATED_MENU if found.is_negated else _MENU)[name]
    if FUNCTIONS[test.name] is Arguments.COUNT:
        return f"Select {selected}. {entry}: {_number_literal(rank(test))}"
    values = [_typed(test, argument, cells) for argument in test.arguments]
    return f"Select {selected}. {entry}" + (f": {' and '.join(values)}" if values else "")


def menu_to_rule(wording: str, cells: CellRange) -> Node:
    """
    Reads the instruction that [`rule_to_menu`] writes.

    Args:
        wording (`str`):
            The instruction.
        cells ([`~openpyxl.worksheet.cell_range.CellRange`]):
            The cells of the table, without the header.

    Returns:
        `Node`: a rule that means the same.

    Raises:
        `ValueError`: If it is no such instruction, or one about other cells.
    """
    choice = _MENU_CHOICE.fullmatch(wording)
    if choice is None:
        raise ValueError(f"`wording` must be `Select CELLS. ENTRY: VALUE`, got {wording!r:.120}.")
    selected, entry, typed = choice.groups()
    rule: Node
    if entry == _FORMULA_MENU:
        rule = formula_to_rule(typed or "", cells)
    elif entry in _OF_MENU:
        name, is_negated = _OF_MENU[entry]
        test = Rule(name, CellRange(selected).min_col - cells.min_col, _read_typed(name, typed or "", cells))
        if name == "Equals" and isinstance(test.arguments[0], Text):
            test = replace(test, name="TextEquals")
        rule = Not(test) if is_negated else test
    else:
        raise ValueError(f"`wording` must name an entry of Excel's menu, got {entry!r:.80}.")
    if selected != rule_cells(rule, cells).replace(" ", ","):
        raise ValueError(f"`wording` must select columns of {cells.coord} that the rule tests, got {selected}.")
    return rule


def _read_typed(name: str, typed: str, cells: CellRange) -> tuple[Argument, ...]:
    takes = FUNCTIONS[name]
    if takes is Arguments.NONE:
        if typed:
            raise ValueError(f"`wording` must end with the entry of {name}, got {typed!r:.80} behind it.")
        return ()
    parts = _SEPARATOR.split(typed) if takes is Arguments.TWO_VALUES else [typed]
    if len(parts) != (2 if takes is Arguments.TWO_VALUES else 1) or not all(parts):
        raise ValueError(f"`wording` must have the values that {name} takes behind its entry, got {typed!r:.80}.")
    reader = _Reader(cells, cells.min_row, column_offset=0)
    arguments = tuple(
        _read_typed_value(part, is_text=takes is Arguments.TEXT)
        if part[0] != "="
        else (reader.text if takes is Arguments.TEXT else reader.argument)(parse_formula(part))
        for part in parts
    )
    if name == "TextContains" and isinstance(arguments[0], Text):
        arguments = (Text(_without_wildcards(arguments[0].value)),)
    if takes is Arguments.COUNT and not isinstance(arguments[0], Number):
        raise ValueError(f"`wording` must have a number behind the entry of {name}, got {typed!r:.80}.")
    return arguments


def _read_typed_value(typed: str, is_text: bool) -> Argument:
    return Number(float(typed)) if not is_text and _TYPED_NUMBER.fullmatch(typed) else Text(typed)


__all__ = [
    "MenuRule",
    "dialog_text",
    "formula_to_rule",
    "menu_rule",
    "menu_to_rule",
    "rank",
    "resolve_columns",
    "rule_to_formula",
    "rule_to_menu",
    "simplify",
    "rule_cells",
    "value_formula",
    "value_to_argument",
]
