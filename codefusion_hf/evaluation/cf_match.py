# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
CF rules: syntactic validity and execution match.

**Execution match.** The CodeFusion paper (https://huggingface.co/papers/2310.17680) calls a CF rule right if it marks
the same cells as the reference, and publishes no interpreter; what rules mean is stated in
[`~codefusion_hf.evaluation.cf_interpreter`]. On the few cells of one table different rules often mark the same, so two
rules match only if they do so on the row's own table **and** on probe columns, made from the constants of both:

- each number, the floats next to it, what lies between two numbers and outside of all;
- each text, in another case, shorter, longer at either end, and joined with the others;
- blanks, errors, booleans, and texts and numbers that no rule names;
- for `Duplicates` and `Unique`: all of these, once with the even and once with the odd ones repeated;
- for `Top`, `Bottom` and averages: long columns, skewed to either side, with and without ties, below, around and above
  the constants. They tell any two counts apart, and per cents that differ by a tenth.

The probe columns of a rule with several columns vary independently: what each column can say of its tests is found
first, and all that the columns can say together is looked at (up to `MAX_ROWS` rows, else a sample). So a mismatch is
always right, and a match is unless two rules differ only where no probe looks. Rules of more than `MAX_TESTS` tests,
both together, are not run: they match if they are the same.

*Columns required:* both rules must test the same columns. One that names none tests the table's second column, see
[`~codefusion_hf.data.cf_rules.default_column`].

*Columns ignored:* the columns of the candidate are erased and filled in again in its favour: it matches if some choice
of the reference's columns for its tests does. For a reference with one column, that is to drop them from both rules.
For `AND(TextEquals(c[1], 'Yes'), TextEquals(c[2], 'No'))` it is not: dropped, its tests would contradict each other,
and it would match whatever else marks nothing.

A candidate that does not parse matches only a reference that does not parse either and is the same text, whitespace
normalised.

**Constants.** A rule can be wrong because it asks for something else, or because a constant was not copied from the
prompt as it stands. [`constants_match`] looks at the latter alone.
"""

import functools
import itertools
import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from codefusion_hf.data.cf_cells import Cell, CellKind, read_cell, read_constant
from codefusion_hf.data.cf_rules import (
    FUNCTIONS,
    Arguments,
    CFRuleSyntaxError,
    Column,
    Node,
    Number,
    Rule,
    Text,
    compared_columns,
    default_column,
    fill_columns,
    map_tests,
    parse_rule,
    rule_tests,
)
from codefusion_hf.evaluation.cf_interpreter import (
    Truths,
    apply_test,
    combine_tests,
    read_columns,
    rule_formattings,
)
from codefusion_hf.evaluation.metrics.exact_match import normalize_whitespace


# Tests of two rules together, if they are to be told apart by execution. Longer rules match only if they are the same,
# so that no text can make the comparison take long.
MAX_TESTS = 64
# Choices of columns that are tried for a candidate where columns are ignored.
MAX_FILLINGS = 64
# Rows of a probe table; of more, a sample is taken.
MAX_ROWS = 4096
# Cells of a column that is compared with another one, in all combinations, and texts that are joined in all pairs.
MAX_LINKED_CELLS = 64
MAX_JOINED_TEXTS = 6

ProbeTable = dict[int | None, Sequence[Cell]]

_RANKS = frozenset({"Top", "Bottom", "TopPercent", "BottomPercent", "AboveAverage", "BelowAverage"})
_REPEATS = frozenset({"Duplicates", "Unique"})
# A letter that hardly any rule has, for texts around the constants (with `1`, for rules that do have it).
_PAD = "\u00a7"
_PLAIN_CELLS = tuple(read_cell(value) for value in (None, "#N/A", "#REF!", True, False, _PAD, 0, 1, -1))
# What two columns need to be told equal, part of each other, or neither.
_LINKED_CONSTANTS = (Text("ab"), Number(7.0))


def is_valid_cf_rule(code: str) -> bool:
    """
    Whether a CF rule can be parsed.

    Args:
        code (`str`):
            The rule, in either dialect.

    Returns:
        `bool`: `True` if [`~codefusion_hf.data.cf_rules.parse_rule`] accepts it.
    """
    return _parse(code) is not None


@functools.lru_cache(maxsize=2**14)
def _parse(code: str) -> Node | None:
    try:
        return parse_rule(code)
    except CFRuleSyntaxError:
        return None


def execution_match(
    candidate: str,
    reference: str,
    table: Sequence[Sequence[object]] | None = None,
    column_required: bool = True,
) -> bool:
    """
    Whether two CF rules mark the same cells, on the table and on probe columns. The documentation of this module has
    the definition.

    Args:
        candidate (`str`):
            The rule to judge. Any text will do.
        reference (`str`):
            The right rule.
        table (sequence of sequences of `object`, *optional*):
            The table that the rules are about, the first row of which is the header. Without one, it is not known
            which column a rule tests that names none, and it tests the same as others that name none.
        column_required (`bool`, *optional*, defaults to `True`):
            Whether the candidate has to test the right columns.

    Returns:
        `bool`: `True` if they match.

    Example:

    ```python
    >>> execution_match("AND(GreaterThanEqual(c[1], 3), LessThanEqual(c[1], 5))", "Between(c[1], 5, 3)")
    True
    >>> execution_match("TextContains(c[0], 'Yes')", "TextEquals(c[0], 'Yes')")
    False
    ```
    """
    candidate_rule, reference_rule = _parse(candidate), _parse(reference)
    if candidate_rule is None or reference_rule is None:
        neither_parses = candidate_rule is reference_rule
        return neither_parses and normalize_whitespace(candidate) == normalize_whitespace(reference)
    if table and table[0]:
        column = default_column(table[0])
        candidate_rule, reference_rule = fill_columns(candidate_rule, column), fill_columns(reference_rule, column)
    if candidate_rule == reference_rule:
        return True
    if len(rule_tests(candidate_rule)) + len(rule_tests(reference_rule)) > MAX_TESTS:
        return False
    if column_required:
        return _mark_the_same(candidate_rule, reference_rule, table)
    fillings = itertools.islice(_fillings(candidate_rule, reference_rule), MAX_FILLINGS)
    return any(_mark_the_same(rule, reference_rule, table) for rule in dict.fromkeys(fillings))


def constants_match(candidate: str, reference: str) -> bool:
    """
    Whether two CF rules have the same constants, each as often, in any order and whatever is asked of them.

    Args:
        candidate (`str`):
            The rule to judge. Any text will do.
        reference (`str`):
            The right rule.

    Returns:
        `bool`: `True` if they have. Numbers and dates are the same if they are equal, however written; texts if they
        are letter by letter. Of rules that do not parse, nothing matches.

    Example:

    ```python
    >>> constants_match("LessThan(c[2], 7)", "GreaterThan(c[1], 7.0)")
    True
    >>> constants_match("TextEquals(c[1], 'harry')", "TextEquals(c[1], 'Harry')")
    False
    ```
    """
    candidate_rule, reference_rule = _parse(candidate), _parse(reference)
    if candidate_rule is None or reference_rule is None:
        return False
    return _constants(candidate_rule) == _constants(reference_rule)


def has_constants(code: str) -> bool:
    """
    Whether a CF rule has constants.

    Args:
        code (`str`):
            The rule.

    Returns:
        `bool`: `False` also if it does not parse.
    """
    rule = _parse(code)
    return rule is not None and _constants(rule).total() > 0


def _constants(rule: Node) -> Counter[float | str]:
    arguments = [argument for test in rule_tests(rule) for argument in test.arguments]
    constants: Counter[float | str] = Counter()
    for argument in arguments:
        if not isinstance(argument, Column):
            cell = read_constant(argument)
            is_number = cell.kind is CellKind.NUMBER or isinstance(argument, Number)
            constants[cell.number if is_number else argument.value] += 1
    return constants


def _fillings(candidate: Node, reference: Node) -> Iterator[Node]:
    """The candidate, then the candidate with all choices of the reference's columns."""
    yield candidate
    candidate_tests, reference_tests = rule_tests(candidate), rule_tests(reference)
    tested = list(dict.fromkeys(test.column for test in reference_tests))
    compared = list(dict.fromkeys(index for test in reference_tests for index in compared_columns(test)))
    own = [index for test in candidate_tests for index in compared_columns(test)]
    for first in itertools.product(tested, repeat=len(candidate_tests)):
        for others in itertools.product(*([compared or [index] for index in own])):
            yield _with_columns(candidate, iter(first), iter(others))


def _with_columns(rule: Node, tested: Iterator[int | None], compared: Iterator[int]) -> Node:
    def change(test: Rule) -> Rule:
        arguments = tuple(
            replace(argument, index=next(compared)) if isinstance(argument, Column) else argument
            for argument in test.arguments
        )
        return replace(test, column=next(tested), arguments=arguments)

    return map_tests(rule, change)


def _mark_the_same(candidate: Node, reference: Node, table: Sequence[Sequence[object]] | None) -> bool:
    if {test.column for test in rule_tests(candidate)} != {test.column for test in rule_tests(reference)}:
        return False
    if rule_formattings(candidate) != rule_formattings(reference):
        return False
    tests = list(dict.fromkeys([*rule_tests(candidate), *rule_tests(reference)]))
    for formatting in rule_formattings(reference):
        for truths in (_table_truths(tests, table or [], formatting), _probe_truths(tests, formatting)):
            candidate_rows, reference_rows = (
                [truth is True for truth in combine_tests(rule, truths.__getitem__)] for rule in (candidate, reference)
            )
            if candidate_rows != reference_rows:
                return False
    return True


def _table_truths(tests: Sequence[Rule], table: Sequence[Sequence[object]], formatting: str) -> dict[Rule, Truths]:
    """What the tests say of the rows of the table."""
    # Without a table, tests may have no column, and there is nothing to look at.
    tested = {test.column for test in tests if test.column is not None}
    columns = read_columns(table, tested.union(*map(compared_columns, tests)))
    columns[None] = []
    return {test: apply_test(test, columns, formatting) for test in tests}


def _probe_truths(tests: Sequence[Rule], formatting: str) -> dict[Rule, Truths]:
    """
    What the tests can say together: columns that no test compares with each other say it independently, so each
    group of columns is probed alone, and what their tests say of a row is combined in all ways.
    """
    groups = _linked_tests(tests)
    answers = []
    for group in groups:
        found: dict[tuple[bool | None, ...], None] = {}
        for columns in _probe_tables(group):
            found.update(dict.fromkeys(zip(*(apply_test(test, columns, formatting) for test in group), strict=True)))
        answers.append(list(found))
    rows = _combinations(answers, MAX_ROWS)
    return {
        test: [row[number][position] for row in rows]
        for number, group in enumerate(groups)
        for position, test in enumerate(group)
    }


def _combinations(choices: Sequence[Sequence], max_rows: int) -> list[tuple]:
    if math.prod(len(options) for options in choices) <= max_rows:
        return list(itertools.product(*choices))
    generator = random.Random(0)
    return list(zip(*(generator.choices(options, k=max_rows) for options in choices), strict=True))


def _linked_tests(tests: Sequence[Rule]) -> list[list[Rule]]:
    """Tests that share a column, directly or through others, are one group."""
    groups: list[tuple[set[int | None], list[Rule]]] = []
    for test in tests:
        columns, members = {test.column, *compared_columns(test)}, [test]
        for group in [group for group in groups if group[0] & columns]:
            groups.remove(group)
            columns |= group[0]
            members = group[1] + members
        groups.append((columns, members))
    return [members for _, members in groups]


def _probe_tables(tests: Sequence[Rule]) -> Iterator[ProbeTable]:
    columns = list(dict.fromkeys(index for test in tests for index in (test.column, *compared_columns(test))))
    constants: list[Number | Text] = []
    for test in tests:
        if FUNCTIONS[test.name] is not Arguments.COUNT:
            constants += [argument for argument in test.arguments if not isinstance(argument, Column)]
    if len(columns) > 1:
        constants += _LINKED_CONSTANTS
    numbers = sorted({cell.number for cell in map(read_constant, constants) if cell.kind is CellKind.NUMBER})
    cells = _probe_cells(constants, numbers)
    if len(columns) > 1:
        rows = _combinations([cells[:MAX_LINKED_CELLS]] * len(columns), MAX_ROWS)
        yield dict(zip(columns, zip(*rows, strict=True), strict=True))
    for column in _probe_columns(tests, cells, numbers):
        # Linked columns hold the same cells, shifted against each other.
        yield {index: [*column[7 * shift :], *column[: 7 * shift]] for shift, index in enumerate(columns)}


def _probe_columns(tests: Sequence[Rule], cells: Sequence[Cell], numbers: Sequence[float]) -> Iterator[Sequence[Cell]]:
    names = {test.name for test in tests}
    yield cells
    if names & _REPEATS:
        different = list({cell[:3]: cell for cell in cells}.values())
        yield [*different, *different[::2]]
        yield [*different, *different[1::2]]
    if names & _RANKS:
        ranked = [test for test in tests if test.name in _RANKS]
        counts = [argument.value for test in ranked for argument in test.arguments if isinstance(argument, Number)]
        is_long = any(count > 198 or not float(count).is_integer() for count in counts)
        yield from _ranked_columns(tuple(numbers), is_long)


def _probe_cells(constants: Sequence[Number | Text], numbers: Sequence[float]) -> list[Cell]:
    """Cells on either side of every limit that the constants draw, the constants first."""
    texts = list(dict.fromkeys(constant.value for constant in constants if isinstance(constant, Text)))
    cells = [*_PLAIN_CELLS, *(read_constant(constant) for constant in constants)]
    cells += map(read_cell, _around_numbers(numbers))
    cells += map(read_cell, _around_texts(texts))
    return list(dict.fromkeys(cells))


def _around_numbers(numbers: Sequence[float]) -> Iterator[float]:
    for number in numbers:
        yield from (math.nextafter(number, -math.inf), math.nextafter(number, math.inf))
    for low, high in itertools.pairwise(numbers):
        yield low / 2 + high / 2
    if numbers:
        yield from (numbers[0] - max(1.0, abs(numbers[0])), numbers[-1] + max(1.0, abs(numbers[-1])))


def _around_texts(texts: list[str]) -> Iterator[str]:
    for text in texts:
        yield from (text.swapcase(), text[1:], text[:-1], f"{text} ", f" {text}")
        for pad in (_PAD, "1"):
            yield from (pad + text, text + pad, pad + text + pad)
    for first, second in itertools.permutations(texts[:MAX_JOINED_TEXTS], 2):
        yield from (first + second, first + _PAD + second)
    # All of them, and all but one, in a row: what `AND` of several text tests asks for.
    if len(texts) > 2:
        for joined in (texts, *(texts[:index] + texts[index + 1 :] for index in range(len(texts)))):
            yield from (_PAD.join(joined), _PAD.join(reversed(joined)))


@functools.lru_cache(maxsize=8)
def _ranked_columns(numbers: tuple[float, ...], is_long: bool) -> tuple[tuple[Cell, ...], ...]:
    """
    Columns to be ranked, scaled from 0 to 1 and, if the rules name numbers, to intervals in which those are near the
    lower end, near the upper end, above all cells and below all cells.
    """
    intervals = [(0.0, 1.0)]
    if numbers:
        low, high = numbers[0], numbers[-1]
        width = max(high - low, abs(low), abs(high), 1.0)
        intervals += [
            (low - width, high + 10 * width),
            (low - 10 * width, high + width),
            (low - 3 * width, low - width),
            (high + width, high + 3 * width),
        ]
    # n and n per cent are the same on 100 cells alone. The skews are opposite, so that no per cent is always the share
    # of cells above the average.
    shapes = [
        [(rank / 200) ** 2 for rank in range(1, 201)],
        # 60 cells, in which every second number occurs twice.
        [1 - (rank / 40) ** 2 for rank in range(40) for _ in range(1 + rank % 2)],
    ]
    if is_long:
        # Longer than the largest rank, and than the reciprocal of the smallest difference of per cents.
        shapes.append([(rank / 1002) ** 2 for rank in range(1, 1003)])
    columns = []
    for low, high in intervals:
        for shape in shapes:
            scaled = [low + (high - low) * height for height in shape]
            columns.append((*_PLAIN_CELLS[:6], *map(read_cell, filter(math.isfinite, (*scaled, *numbers)))))
    return tuple(columns)


__all__ = ["constants_match", "execution_match", "has_constants", "is_valid_cf_rule"]
