# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""CF rules in Excel: formulas that mean what the interpreter says, formats that Excel knows, and the way back."""

import fnmatch
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


openpyxl = pytest.importorskip("openpyxl")

from openpyxl.formatting.rule import CellIsRule, FormulaRule, IconSetRule  # noqa: E402
from openpyxl.formatting.rule import Rule as CellFormat  # noqa: E402
from openpyxl.worksheet.cell_range import CellRange, MultiCellRange  # noqa: E402

from codefusion_hf.languages.cf.cells import read_constant, read_date  # noqa: E402
from codefusion_hf.languages.cf.excel.formula_reader import formula_to_rule  # noqa: E402
from codefusion_hf.languages.cf.excel.formula_syntax import Area, Call, Constant, Reference, parse_formula  # noqa: E402
from codefusion_hf.languages.cf.excel.formulas import rule_to_formula  # noqa: E402
from codefusion_hf.languages.cf.excel.menu import menu_to_rule, rule_to_menu  # noqa: E402
from codefusion_hf.languages.cf.excel.rules import rule_cells, simplify  # noqa: E402
from codefusion_hf.languages.cf.excel.workbook import (  # noqa: E402
    FoundRule,
    add_rule,
    cells_below_header,
    find_table,
    format_to_rules,
    read_rules,
    read_table,
    rule_to_format,
)
from codefusion_hf.languages.cf.interpreter import marked_cells  # noqa: E402
from codefusion_hf.languages.cf.match import execution_match  # noqa: E402
from codefusion_hf.languages.cf.rules import (  # noqa: E402
    FUNCTIONS,
    And,
    Arguments,
    Column,
    Not,
    Number,
    Or,
    Rule,
    Text,
    format_rule,
    normalize_rule,
    parse_rule,
    rule_tests,
)


# Not at A1, so that columns and rows are not taken for each other.
TABLE = CellRange("C4:E11")
CELLS = cells_below_header(TABLE)


def quick(max_examples: int) -> settings:
    return settings(deadline=None, max_examples=max_examples, database=None)


def make_worksheet(rows=()):
    worksheet = openpyxl.Workbook().active
    for number, row in enumerate([["Name", "Age", "Grade"], *rows] if rows else [["Name", "Age", "Grade"]] * 8):
        for index, value in enumerate(row):
            worksheet.cell(TABLE.min_row + number, TABLE.min_col + index, value)
    return worksheet


def saved_and_loaded(worksheet, tmp_path):
    worksheet.parent.save(tmp_path / "book.xlsx")
    return openpyxl.load_workbook(tmp_path / "book.xlsx").active


# Rule, formula, menu, type of the format, and what comes back from it if it is another tree.
FAMILIES = [
    ("Equals(c[1], 5)", "=$D5=5", "Highlight Cells Rules > Equal To: 5", "cellIs", None),
    ("TextEquals(c[1], '5')", "=$D5=5", "Highlight Cells Rules > Equal To: 5", "cellIs", "Equals(c[1], 5)"),
    ("TextEquals(c[0], 'In \"a\"')", '=$C5="In ""a"""', 'Highlight Cells Rules > Equal To: In "a"', "cellIs", None),
    ("Equals(c[0], 'Yes')", '=$C5="Yes"', "Highlight Cells Rules > Equal To: Yes", "cellIs",
     "TextEquals(c[0], 'Yes')"),
    ("TextEquals(c[0], '')", '=$C5=""', 'Highlight Cells Rules > Equal To: =""', "cellIs", None),
    ("TextEquals(c[0], 'TRUE')", "=$C5=TRUE", "Highlight Cells Rules > Equal To: TRUE", "cellIs", None),
    ("NotEquals(c[0], 'Yes')", '=$C5<>"Yes"', "Cell Value > not equal to: Yes", "cellIs", None),
    ("GreaterThan(c[1], 40)", "=$D5>40", "Highlight Cells Rules > Greater Than: 40", "cellIs", None),
    ("GreaterThan(40)", "=$D5>40", "Highlight Cells Rules > Greater Than: 40", "cellIs", "GreaterThan(c[1], 40)"),
    ("GreaterThan(c[1], c[2])", "=$D5>$E5", "Highlight Cells Rules > Greater Than: =$E5", "cellIs", None),
    ("GreaterThanEqual(c[1], -0.5)", "=$D5>=-0.5", "Cell Value > greater than or equal to: -0.5", "cellIs", None),
    ("LessThan(c[1], '2022-11-15')", "=$D5<DATE(2022,11,15)", "Cells Rules > Less Than: 2022-11-15", "cellIs", None),
    ("LessThanEqual(c[1], 1e20)", "=$D5<=1E+20", "Cell Value > less than or equal to: 1E+20", "cellIs", None),
    ("Between(c[1], 9, 3)", "=AND($D5>=3,$D5<=9)", "Highlight Cells Rules > Between: 9 and 3", "cellIs", None),
    ("Between('c', 'a and b')", '=AND($D5>="a and b",$D5<="c")', 'Between: c and ="a and b"', "cellIs",
     "Between(c[1], 'c', 'a and b')"),
    ("NotBetween(c[1], 3, 9)", "=NOT(AND($D5>=3,$D5<=9))", "Cell Value > not between: 3 and 9", "cellIs", None),
    ("TextContains(c[0], 'Harry')", '=NOT(ISERROR(SEARCH("Harry",$C5)))', "Text that Contains: Harry",
     "containsText", None),
    ("TextContains(c[0], '5*?~')", '=NOT(ISERROR(SEARCH("5~*~?~~",$C5)))', "Text that Contains: 5~*~?~~",
     "containsText",
     None),
    ("TextContains(c[0], ' SN')", '=NOT(ISERROR(SEARCH(" SN",$C5)))', 'Text that Contains: =" SN"',
     "containsText", None),
    ("TextContains(c[0], '5')", '=NOT(ISERROR(SEARCH("5",$C5)))', "Text that Contains: 5", "containsText", None),
    ("TextContains(c[0], c[2])", "=NOT(ISERROR(SEARCH($E5,$C5)))", "Text that Contains: =$E5", "containsText", None),
    ("NOT(TextContains(c[0], 'x'))", '=ISERROR(SEARCH("x",$C5))', "Specific Text > not containing: x",
     "notContainsText", None),
    ("TextStartsWith(c[0], 'A')", '=LEFT($C5,LEN("A"))="A"', "Specific Text > beginning with: A", "beginsWith", None),
    ("TextEndsWith(c[0], '=5')", '=RIGHT($C5,LEN("=5"))="=5"', 'Specific Text > ending with: ="=5"', "endsWith", None),
    ("Blanks(c[2])", "=LEN(TRIM($E5))=0", "> Blanks", "containsBlanks", None),
    ("NOT(Blanks(c[2]))", "=NOT(IFERROR(LEN(TRIM($E5))=0,FALSE))", "> No Blanks", "notContainsBlanks", None),
    ("Errors(c[2])", "=ISERROR($E5)", "> Errors", "containsErrors", None),
    ("NOT(Errors(c[2]))", "=NOT(ISERROR($E5))", "> No Errors", "notContainsErrors", None),
    ("Top(c[1], 2)", "=IF(ISNUMBER($D5),$D5>=LARGE($D$5:$D$11,MIN(2,COUNT($D$5:$D$11))),FALSE)",
     "Top/Bottom Rules > Top 10 Items: 2", "top10", None),
    ("Bottom()", "=IF(ISNUMBER($D5),$D5<=SMALL($D$5:$D$11,MIN(1,COUNT($D$5:$D$11))),FALSE)",
     "Top/Bottom Rules > Bottom 10 Items: 1", "top10", "Bottom(c[1], 1)"),
    ("TopPercent(c[1], 20)", "=IF(ISNUMBER($D5),$D5>=LARGE($D$5:$D$11,MAX(1,INT(COUNT($D$5:$D$11)*20/100))),FALSE)",
     "Top/Bottom Rules > Top 10%: 20", "top10", None),
    ("BottomPercent(c[1], 12.5)",
     "=IF(ISNUMBER($D5),$D5<=SMALL($D$5:$D$11,MAX(1,INT(COUNT($D$5:$D$11)*12.5/100))),FALSE)",
     "to format: =IF(", "expression", None),
    ("Top(c[1], 5000)", "=IF(ISNUMBER($D5),$D5>=LARGE($D$5:$D$11,MIN(1000,COUNT($D$5:$D$11))),FALSE)",
     "Top 10 Items: 1000", "top10", "Top(c[1], 1000)"),
    ("AboveAverage(c[1])", "=IF(ISNUMBER($D5),$D5>AVERAGE($D$5:$D$11),FALSE)", "> Above Average",
     "aboveAverage", None),
    ("BelowAverage(c[1])", "=IF(ISNUMBER($D5),$D5<AVERAGE($D$5:$D$11),FALSE)", "> Below Average",
     "aboveAverage", None),
    ("Duplicates(c[0])", "=IF(ISBLANK($C5),FALSE,COUNTIF($C$5:$C$11,$C5)>1)", "Duplicate Values > Duplicate",
     "duplicateValues", None),
    ("Unique(c[0])", "=IF(ISBLANK($C5),FALSE,COUNTIF($C$5:$C$11,$C5)=1)", "Duplicate Values > Unique",
     "uniqueValues", None),
    ("ColorScale(c[1])", None, "Color Scales", "colorScale", None),
    ("DataBar(c[1])", None, "Data Bars", "dataBar", None),
    ("IconSet(c[1])", None, "Icon Sets", "iconSet", None),
    ("AND(GreaterThan(c[1], 4), Blanks(c[0]))", "=AND($D5>4,IFERROR(LEN(TRIM($C5))=0,FALSE))", "to format: =AND(",
     "expression", None),
    ("OR(LessThan(c[1], 2), GreaterThan(c[1], 9))", "=OR($D5<2,$D5>9)", "to format: =OR(", "expression", None),
    ("OR(LessThan(c[1], 2), Equals(c[2], 9))", "=OR(IFERROR($D5<2,FALSE),IFERROR($E5=9,FALSE))", "to format: =OR(",
     "expression", None),
    ("NOT(AND(LessThan(c[1], 2), Errors(c[2])))", "=NOT(AND(IFERROR($D5<2,TRUE),ISERROR($E5)))", "to format: =NOT(",
     "expression", None),
    ("NOT(LessThan(c[1], 2))", "=NOT($D5<2)", "Cell Value > greater than or equal to: 2", "cellIs",
     "GreaterThanEqual(c[1], 2)"),
    ("AND(Top(c[1], 2))", "=AND(IF(ISNUMBER($D5),$D5>=LARGE($D$5:$D$11,MIN(2,COUNT($D$5:$D$11))),FALSE))",
     "Top 10 Items: 2", "top10", "Top(c[1], 2)"),
    ("TextEquals(c[1], '#N/A')", "=IFERROR(ERROR.TYPE($D5)=7,FALSE)", "to format: =IFERROR(", "expression", None),
    ("TextEquals(c[1], '#ERR')", '=$D5="#ERR"', "Equal To: #ERR", "cellIs", None),
]  # fmt: skip


@pytest.mark.parametrize("code, formula, menu, kind, back", FAMILIES, ids=[family[0] for family in FAMILIES])
def test_every_family_goes_to_excel_and_comes_back(code, formula, menu, kind, back, tmp_path):
    rule = parse_rule(code)
    expected = back or code
    if formula is not None:
        assert rule_to_formula(rule, CELLS) == formula
        assert execution_match(format_rule(formula_to_rule(formula, CELLS)), expected)
    wording = rule_to_menu(rule, CELLS)
    assert wording.startswith(f"Select {rule_cells(rule, CELLS).replace(' ', ',')}. ")
    assert menu in wording
    assert format_rule(menu_to_rule(wording, CELLS)) == normalize_rule(expected)

    worksheet = make_worksheet()
    assert add_rule(worksheet, rule, CELLS) == rule_cells(rule, CELLS)
    worksheet = saved_and_loaded(worksheet, tmp_path)
    (formatting,) = worksheet.conditional_formatting
    assert [cell_format.type for cell_format in formatting.rules] == [kind]
    (found,) = read_rules(worksheet)
    assert (found.cells, found.problem) == (rule_cells(rule, CELLS), None)
    assert format_rule(found.rule) == normalize_rule(expected)


def test_every_function_has_a_family():
    assert {name for name in FUNCTIONS if any(code.startswith(f"{name}(") for code, *_ in FAMILIES)} == set(FUNCTIONS)


@pytest.mark.parametrize(
    "code, problem",
    [
        ("GreaterThan(c[3], 1)", r"names c\[3\], and the table has 3 columns"),
        ("GreaterThan(c[0], c[7])", r"names c\[7\]"),
        ("Top(c[1], 0)", "at least 1 cell"),
        ("TopPercent(c[1], -5)", "more than 0 %"),
        ("AND(DataBar(c[1]), GreaterThan(c[1], 1))", "must not combine DataBar"),
        ("NOT(ColorScale(c[1]))", "must not combine ColorScale"),
        ("GreaterThan(c[1], '#N/A')", "compare with an error"),
        ("GreaterThan(c[1], 1e308)", "numbers up to"),
        (f"TextContains(c[0], '{'x' * 256}')", "at most 255 characters"),
        ("TextContains(c[0], 'a\x07')", "control characters"),
    ],
)
def test_what_excel_cannot_hold_is_refused(code, problem):
    worksheet = make_worksheet()
    for convert in (rule_to_format, rule_to_menu):
        with pytest.raises(ValueError, match=problem):
            convert(parse_rule(code), CELLS)
    with pytest.raises(ValueError, match=problem):
        add_rule(worksheet, parse_rule(code), CELLS)
    assert len(worksheet.conditional_formatting) == 0


# Formulas, evaluated as Excel does, on the tables of the interpreter


class ExcelError(Exception):
    def __init__(self, name):
        self.name = name


def excel_value(formula, rows, row):
    """A formula's value in a row of a table whose first cell is that of CELLS."""

    def cell(reference):
        number = reference.row - CELLS.min_row if reference.has_fixed_row else row
        return rows[number][reference.column - CELLS.min_col]

    def value(formula):
        if isinstance(formula, Constant):
            return formula.value
        if isinstance(formula, Reference):
            found = cell(formula)
            if isinstance(found, str) and found.startswith("#"):
                raise ExcelError(found)
            return found
        return FUNCTIONS_OF_EXCEL[formula.name](*formula.arguments)

    def fails(formula):
        try:
            value(formula)
        except ExcelError:
            return True
        return False

    def numbers(area):
        column = area.first.column - CELLS.min_col
        assert area.first.row == CELLS.min_row and area.last.row == CELLS.min_row + len(rows) - 1
        found = [row[column] for row in rows]
        if any(isinstance(entry, str) and entry.startswith("#") for entry in found):
            raise ExcelError("#N/A")
        return sorted(entry for entry in found if type(entry) in (int, float))

    def shown(formula):
        found = value(formula)
        if isinstance(found, bool):
            return str(found).upper()
        return f"{found:.15g}" if isinstance(found, float | int) else found or ""

    def compare(left, right):
        left, right = value(left), value(right)

        def key(own, other):
            own = ("" if isinstance(other, str) else False if isinstance(other, bool) else 0) if own is None else own
            kind = 2 if isinstance(own, bool) else 1 if isinstance(own, str) else 0
            return kind, own.casefold() if kind == 1 else own

        left, right = key(left, right), key(right, left)
        return (left > right) - (left < right)

    def search(part, text):
        pattern = re.sub(r"~([~*?])", lambda match: f"[{match[1]}]", shown(part).casefold())
        if not any(fnmatch.fnmatchcase(shown(text).casefold()[start:], f"{pattern}*") for start in range(99)):
            raise ExcelError("#VALUE!")
        return 1

    def error_type(reference):
        found = cell(reference)
        if not (isinstance(found, str) and found.startswith("#")):
            raise ExcelError("#N/A")
        return {"#DIV/0!": 2, "#N/A": 7}[found]

    def count_equal(area, criterion):
        return sum(
            type(other[0]) is type(criterion) and str(other[0]).casefold() == str(criterion).casefold()
            for other in [[row[area.first.column - CELLS.min_col]] for row in rows]
        )

    FUNCTIONS_OF_EXCEL = {
        "AND": lambda *operands: all(list(map(value, operands))),
        "OR": lambda *operands: any(list(map(value, operands))),
        "NOT": lambda operand: not value(operand),
        "=": lambda left, right: compare(left, right) == 0,
        "<>": lambda left, right: compare(left, right) != 0,
        ">": lambda left, right: compare(left, right) > 0,
        ">=": lambda left, right: compare(left, right) >= 0,
        "<": lambda left, right: compare(left, right) < 0,
        "<=": lambda left, right: compare(left, right) <= 0,
        "-": lambda operand: -value(operand),
        "*": lambda left, right: value(left) * value(right),
        "/": lambda left, right: value(left) / value(right),
        "IF": lambda condition, yes, no: value(yes if value(condition) else no),
        "IFERROR": lambda operand, otherwise: value(otherwise if fails(operand) else operand),
        "ISERROR": fails,
        "ISBLANK": lambda reference: cell(reference) is None,
        "ISNUMBER": lambda reference: type(cell(reference)) in (int, float),
        "SEARCH": search,
        "LEFT": lambda text, length: shown(text)[: value(length)],
        "RIGHT": lambda text, length: shown(text)[-value(length) :] if value(length) else "",
        "LEN": lambda text: len(shown(text)),
        "TRIM": lambda text: shown(text).strip(),
        "ERROR.TYPE": error_type,
        "COUNT": lambda area: len(numbers(area)),
        "COUNTIF": lambda area, criterion: count_equal(area, cell(criterion)),
        "LARGE": lambda area, rank: numbers(area)[-int(value(rank))],
        "SMALL": lambda area, rank: numbers(area)[int(value(rank)) - 1],
        "AVERAGE": lambda area: math.fsum(numbers(area)) / len(numbers(area)),
        "MIN": lambda left, right: min(value(left), value(right)),
        "MAX": lambda left, right: max(value(left), value(right)),
        "INT": lambda operand: math.floor(value(operand)),
        "DATE": lambda *parts: read_constant(Text("{:04.0f}-{:02.0f}-{:02.0f}".format(*map(value, parts)))).number,
    }
    try:
        return value(formula) is True
    except ExcelError:
        return False


CONSTANTS = st.one_of(
    st.sampled_from([0.0, 1.0, 2.0, -3.0, 2.5, 44880.0]).map(Number),
    st.sampled_from(["", "a", "Ab", "b c", "2", "TRUE", "2022-11-15", "*", "~"]).map(Text),
)
TEXTS = st.sampled_from(["a", "AB", "b", "2", "", "*", "?", "~", " ", "."]).map(Text)
COLUMNS = st.integers(0, 2)
EQUALITIES = ("Equals", "NotEquals", "TextEquals")


@st.composite
def single_rules(draw):
    name = draw(st.sampled_from(sorted(set(FUNCTIONS) - {"ColorScale", "DataBar", "IconSet"})))
    takes = FUNCTIONS[name]
    constant = st.one_of(CONSTANTS, st.just(Text("#N/A"))) if name in EQUALITIES else CONSTANTS
    value = st.one_of(constant, COLUMNS.map(Column))
    arguments = {
        Arguments.NONE: st.just(()),
        Arguments.COUNT: st.sampled_from([(), (Number(2.0),), (Number(30.0),), (Number(150.0),)]),
        Arguments.VALUE: st.tuples(value),
        Arguments.TWO_VALUES: st.tuples(CONSTANTS, CONSTANTS),
        Arguments.TEXT: st.tuples(constant if name in EQUALITIES else TEXTS),
    }
    return Rule(name, draw(COLUMNS), draw(arguments[takes]))


RULES = st.recursive(
    single_rules(),
    lambda rules: st.one_of(
        rules.map(Not),
        st.lists(rules, min_size=1, max_size=3).map(lambda operands: And(tuple(operands))),
        st.lists(rules, min_size=1, max_size=3).map(lambda operands: Or(tuple(operands))),
    ),
    max_leaves=5,
)
VALUES = st.sampled_from([None, None, 0, 1, 2, 2.5, -3, 44880, "a", "ab", "AB", "b c", "x*", "~", True, False])


def columns_for_errors(rule):
    """Columns in which errors mean the same to Excel: see the documentation of `formulas`."""
    plain = {"GreaterThan", "GreaterThanEqual", "LessThan", "LessThanEqual", "Errors", *EQUALITIES}
    others = {test.column for test in rule_tests(rule) if test.name not in plain}
    compared = {
        argument.index for test in rule_tests(rule) for argument in test.arguments if isinstance(argument, Column)
    }
    return {0, 1, 2} - others - compared


@quick(300)
@given(RULES, st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=7, max_size=7), st.data())
def test_formulas_mean_what_the_interpreter_says(rule, rows, data):
    rows = [list(row) for row in rows]
    for column in columns_for_errors(rule):
        for number in data.draw(st.sets(st.integers(0, 6), max_size=2)):
            rows[number][column] = "#N/A"
    formula = parse_formula(rule_to_formula(rule, CELLS))
    marked = {mark.row for mark in marked_cells(rule, [["x", "y", "z"], *rows])}
    assert {row for row in range(7) if excel_value(formula, rows, row)} == marked
    # What is taken away changes nothing.
    assert {mark.row for mark in marked_cells(simplify(rule), [["x", "y", "z"], *rows])} == marked


@quick(150)
@given(RULES)
def test_what_comes_back_matches(rule):
    code = format_rule(rule)
    cell_format = rule_to_format(rule, CELLS)
    (found,) = format_to_rules(cell_format, MultiCellRange(rule_cells(rule, CELLS)), CELLS)
    for back in (
        formula_to_rule(rule_to_formula(rule, CELLS), CELLS),
        menu_to_rule(rule_to_menu(rule, CELLS), CELLS),
        found,
    ):
        assert execution_match(format_rule(back), code)
        # Back once, it stays as it is.
        again = formula_to_rule(rule_to_formula(back, CELLS), CELLS)
        assert formula_to_rule(rule_to_formula(again, CELLS), CELLS) == again


@quick(200)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20))
def test_texts_survive(text):
    for name in ("TextContains", "TextStartsWith", "TextEndsWith"):
        rule = Rule(name, 0, (Text(text),))
        assert formula_to_rule(rule_to_formula(rule, CELLS), CELLS) == rule
        assert menu_to_rule(rule_to_menu(rule, CELLS), CELLS) == rule


@quick(200)
@given(st.floats(-1e300, 1e300))
def test_numbers_survive(number):
    rule = Rule("LessThan", 2, (Number(number),))
    assert formula_to_rule(rule_to_formula(rule, CELLS), CELLS) == rule
    assert menu_to_rule(rule_to_menu(rule, CELLS), CELLS) == rule


# What others wrote


@pytest.mark.parametrize(
    "formula, code",
    [
        ("=D5>5%", "GreaterThan(c[1], 0.05)"),
        ("40 < $D5", "GreaterThan(c[1], 40)"),
        ("=($C5=$E5)", "Equals(c[0], c[2])"),
        ('=ISNUMBER(SEARCH("x", C5))', "TextContains(c[0], 'x')"),
        ('=LEFT(C5,2)="ab"', "TextStartsWith(c[0], 'ab')"),
        ("=LEN(TRIM(C5))>0", "NOT(Blanks(c[0]))"),
        ("=OR(D5>3,E5=TRUE)", "OR(GreaterThan(c[1], 3), TextEquals(c[2], 'TRUE'))"),
        ("=IF(ISNUMBER(D5),D5>AVERAGE($D:$D),FALSE)", "AboveAverage(c[1])"),
    ],
)
def test_formulas_of_others_are_read(formula, code):
    assert format_rule(formula_to_rule(formula, CELLS)) == normalize_rule(code)


@pytest.mark.parametrize(
    "formula, problem",
    [
        ("=$D$5>3", "cells of the same row"),
        ("=D6>3", "cells of the same row"),
        ("=F5>3", "Column F is not one of the table"),
        ("=Other!D5>3", "cells of the same sheet"),
        ("=D5>AVERAGE($D$5:$D$11)", "AVERAGE"),
        ("=IF(ISNUMBER(D5),D5>AVERAGE($D$5:$D$9),FALSE)", "all cells of its column"),
        ("=IF(ISNUMBER(D5),D5>AVERAGE(D5:D11),FALSE)", "all cells of its column"),
        ("=IF(ISNUMBER(D5),D5>AVERAGE($C$5:$C$11),FALSE)", "all cells of its column"),
        ('=ISERROR(SEARCH("a*",C5))', "no wildcards"),
        ("=NOT(IFERROR(D5>3,FALSE))", "IFERROR"),
        ('=C5="5"', "cannot name the text '5'"),
        ("=D5+1>3", "does with >"),
        ("=D5>TODAY()", "TODAY"),
        ("=MOD(ROW(),2)=0", "does with ="),
        ("=D5", "does not compare"),
        ("=D5>DATE(2022,13,1)", "DATE"),
        ("=D5>", "a value"),
        ("=D5>1)", "parentheses"),
        ("=AND(D5>1", r"`\)`"),
        ("=D5>{1,2}", "a value"),
        ('="', "quotes"),
        ("", "a value"),
        ("=" + "NOT(" * 500 + "D5>1" + ")" * 500, "inside of each other"),
        ("=D5>" + "-" * 500 + "1", "signs"),
    ],
)
def test_other_formulas_are_no_rules(formula, problem):
    with pytest.raises(ValueError, match=problem):
        formula_to_rule(formula, CELLS)


def test_a_formula_is_a_tree():
    assert parse_formula('=-B2+2*$A$1>=LEN("a""b")%') == Call(
        ">=",
        (
            Call(
                "+",
                (
                    Call("-", (Reference(2, 2, False, False),)),
                    Call("*", (Constant(2.0), Reference(1, 1, True, True))),
                ),
            ),
            Call("%", (Call("LEN", (Constant('a"b'),)),)),
        ),
    )
    assert parse_formula("F(A1:$B2)") == Call(
        "F", (Area(Reference(1, 1, False, False), Reference(2, 2, True, False)),)
    )


@pytest.mark.parametrize(
    "ranges, cell_format, codes",
    [
        ("D5:D11", CellIsRule("greaterThan", ["5"]), ["GreaterThan(c[1], 5)"]),
        ("D1:D1048576", CellIsRule("greaterThan", ["5"]), ["GreaterThan(c[1], 5)"]),
        ("C5:D11", CellIsRule("equal", ['"x"']), ["TextEquals(c[0], 'x')", "TextEquals(c[1], 'x')"]),
        ("C5:D11", CellIsRule("lessThan", ["E5"]), "Column F is not one of the table"),
        ("C5:D11", CellIsRule("lessThan", ["D5"]), ["LessThan(c[0], c[1])", "LessThan(c[1], c[2])"]),
        ("C1:E20", FormulaRule(["LEN(TRIM(C1))=0"]), ["Blanks(c[0])", "Blanks(c[1])", "Blanks(c[2])"]),
        ("C5:D11", FormulaRule(["AND($C5>1,$D5>2)"]), ["AND(GreaterThan(c[0], 1), GreaterThan(c[1], 2))"]),
        ("C5:E11", FormulaRule(["$D5>1"]), "mark the columns that they test"),
        ("C5:C11", FormulaRule(["$D5>1"]), "mark the columns that they test"),
        ("D5:D9", CellIsRule("greaterThan", ["5"]), "all rows of the table"),
        ("D5:D7 D8:D11", CellIsRule("greaterThan", ["5"]), "all rows of the table"),
        ("H5:H11", CellIsRule("greaterThan", ["5"]), "no column of the table"),
        ("D5:D11", CellIsRule("between", ["5"]), "with 1 values"),
        ("D5:D11", CellFormat("top10"), ["Top(c[1], 10)"]),
        ("C5:D11", CellFormat("top10", rank=3), "one column at a time"),
        ("D5:D11", CellFormat("aboveAverage", stdDev=2), "aboveAverage"),
        ("D5:D11", CellFormat("aboveAverage", equalAverage=True), "aboveAverage"),
        ("D5:D11", CellFormat("timePeriod", timePeriod="today"), "timePeriod"),
        ("D5:D11", CellFormat("containsText", text="x"), "with 0 formulas"),
        ("D5:D11", IconSetRule("5Arrows", "percent", [0, 20, 40, 60, 80]), ["IconSet(c[1])"]),
    ],
)
def test_formats_of_others(ranges, cell_format, codes, tmp_path):
    worksheet = make_worksheet()
    worksheet.conditional_formatting.add(ranges, cell_format)
    found = read_rules(saved_and_loaded(worksheet, tmp_path))
    if isinstance(codes, str):
        (only,) = found
        assert only.rule is None and re.search(codes, only.problem)
    else:
        assert found == [FoundRule(found[0].cells, parse_rule(code)) for code in codes]


def test_the_newest_rule_comes_first_and_the_others_stay(tmp_path):
    worksheet = make_worksheet()
    worksheet.conditional_formatting.add("D5:D11", CellIsRule("lessThan", ["0"]))
    for code in ("Top(c[1], 3)", "Blanks(c[0])"):
        add_rule(worksheet, parse_rule(code), CELLS)
        worksheet = saved_and_loaded(worksheet, tmp_path)
    found = [format_rule(found.rule) for found in read_rules(worksheet)]
    assert found == ["Blanks(c[0])", "Top(c[1], 3)", "LessThan(c[1], 0)"]


def test_highlighted_cells_are_light_red(tmp_path):
    worksheet = make_worksheet()
    add_rule(worksheet, parse_rule("Duplicates(c[0])"), CELLS)
    (formatting,) = saved_and_loaded(worksheet, tmp_path).conditional_formatting
    (cell_format,) = formatting.rules
    assert cell_format.dxf.fill.bgColor.rgb == "00FFC7CE"
    assert cell_format.dxf.font.color.rgb == "009C0006"


# Tables


def test_a_table_is_where_the_cells_are():
    worksheet = make_worksheet()
    # Formats are no content.
    worksheet["H20"].font = openpyxl.styles.Font(bold=True)
    assert find_table(worksheet).coord == TABLE.coord
    assert rule_cells(parse_rule("OR(Blanks(c[2]), Blanks(c[0]))"), CELLS) == "C5:C11 E5:E11"
    assert rule_cells(parse_rule("Blanks()"), CellRange("B2:B3")) == "B2:B3"


@pytest.mark.parametrize("rows, problem", [([], "it is empty"), ([["Name", "Age"]], "only row 1 has cells")])
def test_a_table_has_rows_below_its_header(rows, problem):
    worksheet = openpyxl.Workbook().active
    for row in rows:
        worksheet.append(row)
    with pytest.raises(ValueError, match=f"'Sheet' must hold a table .*{problem}"):
        find_table(worksheet)


def test_cells_are_read_as_they_are_shown():
    worksheet = openpyxl.Workbook().active
    worksheet.append(["Share", None, "Day"])
    worksheet.append([0.07, 1.5, read_date("2022-11-15")])
    worksheet["A2"].number_format = "0.00%"
    rows = read_table(worksheet, find_table(worksheet))
    assert [[str(value) for value in row] for row in rows] == [["Share", "", "Day"], ["7%", "1.5", "2022-11-15"]]


@pytest.mark.parametrize(
    "wording, problem",
    [
        ("Greater Than: 5", "Select CELLS"),
        ("Select C5:C11. Format > Bold", "an entry of Excel's menu"),
        ("Select C5:C9. Highlight Cells Rules > Greater Than: 5", "must select columns of C5:E11"),
        ("Select C5:C11. Highlight Cells Rules > Greater Than", "the values that GreaterThan takes"),
        ("Select C5:C11. Highlight Cells Rules > Between: 5", "the values that Between takes"),
        ("Select C5:C11. Data Bars: red", "behind it"),
        ("Select C5:C11. Top/Bottom Rules > Top 10 Items: ten", "must have a number"),
    ],
)
def test_other_words_are_no_menu(wording, problem):
    with pytest.raises(ValueError, match=problem):
        menu_to_rule(wording, CELLS)
