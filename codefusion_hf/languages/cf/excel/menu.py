# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Rules as entries of Excel's menu *Conditional Formatting*, see [`~codefusion_hf.languages.cf.excel.formulas`]."""

import re
from dataclasses import replace

from openpyxl.worksheet.cell_range import CellRange

from codefusion_hf.languages.cf.rules import FUNCTIONS, Argument, Arguments, Column, Node, Not, Number, Rule, Text

from .formula_reader import FormulaReader, formula_to_rule, without_wildcards
from .formula_syntax import parse_formula
from .formulas import rule_to_formula
from .rules import menu_rule, rank, rule_cells
from .values import (
    BETWEEN,
    COMPARISONS,
    cell_reference,
    dialog_text,
    number_literal,
    text_literal,
    value_formula,
)


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


def _typed(test: Rule, argument: Argument, cells: CellRange) -> str:
    """What is typed into a dialog: a text as it is, if it is then the same text."""
    if isinstance(argument, Column):
        return f"={cell_reference(argument.index, cells)}"
    text = dialog_text(test, argument)
    literal = text_literal(text)
    is_plain = text != "" and text == text.strip() and text[0] not in "=\"'" and "\n" not in text
    if is_plain and not (test.name in BETWEEN and re.search(' and |"', text)):
        return text
    return f"={value_formula(argument, cells)}" if test.name in COMPARISONS else f"={literal}"


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
        return f"Select {selected}. {entry}: {number_literal(rank(test))}"
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
    reader = FormulaReader(cells, cells.min_row, column_offset=0)
    arguments = tuple(
        _read_typed_value(part, is_text=takes is Arguments.TEXT)
        if part[0] != "="
        else (reader.text if takes is Arguments.TEXT else reader.argument)(parse_formula(part))
        for part in parts
    )
    if name == "TextContains" and isinstance(arguments[0], Text):
        arguments = (Text(without_wildcards(arguments[0].value)),)
    if takes is Arguments.COUNT and not isinstance(arguments[0], Number):
        raise ValueError(f"`wording` must have a number behind the entry of {name}, got {typed!r:.80}.")
    return arguments


def _read_typed_value(typed: str, is_text: bool) -> Argument:
    return Number(float(typed)) if not is_text and _TYPED_NUMBER.fullmatch(typed) else Text(typed)


__all__ = ["menu_to_rule", "rule_to_menu"]
