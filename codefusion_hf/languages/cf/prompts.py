# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
What a model of CF rules reads: the sentence, and behind it the columns of the table, if there is one.

```text
highlight students whose age is above 12 |c[0]$Name|c[1]#+*Age|c[2]$Passed=Yes/No|c[3]@Born
```

Each column is `|` and, with nothing between them:

- its name in the rule, such as `c[1]`;
- a sign for what its cells are: `#` numbers, `%` per cent (cells such as `7%`, which are 0.07 in the rule), `@` dates,
  `$` texts, `!` errors, `?` if there are none. If they differ, what most of its different cells are; errors count only
  where there is nothing else;
- `+` if the sentence has all words of the header, `~` if it has some of them that are no numbers (the schema linking
  of text-to-SQL, such as https://huggingface.co/papers/1911.04942), since a small model is slow to learn to compare
  words. Words are whole (`lot` is not in `plot`), of any case, with or without a plural's s; a header may also be
  written as one word;
- `*` if the sentence names what the cells hold: in `#` and `%`, a number from the smallest to the largest; in others,
  a word of one of them that is more than digits, so never a date. It tells columns of sentences that name none;
- its header, cut after `MAX_HEADER` characters;
- `=` and the two texts of a column that has no others, if they are short.

Any number of columns can have these marks, and words such as `of` make none. The first `MAX_ROWS` rows are looked at.
In the sentence itself, numbers stand as a rule writes them, too (`20 % (=0.2)`), and so do dates if there is a column
of dates: see [`~codefusion_hf.languages.cf.quantities`]. A prompt without a table has none of this, and gets a rule
that names no column.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from .cells import CellKind, read_cell, read_date
from .quantities import state_quantities, without_quantities, write_dates


# Longest header in characters; of longer ones the beginning tells them apart.
MAX_HEADER = 24
# Rows that are looked at: kinds and ranges hardly change behind them.
MAX_ROWS = 200

# What `cf_prompt` adds to a prompt.
_COLUMNS = re.compile(r"\s*\|c\[[0-9]+\].*", re.DOTALL)
_NUMBER_IN_TEXT = re.compile(r"(?<![\w.,])-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
# Texts that are written out behind `=`.
_SHORT = re.compile(r"\w{1,6}")
_WORD = re.compile(r"\w+")
# Words of a header, also where capitals, digits or underscores part them. Letters beyond ASCII part nothing.
_HEADER_WORD = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|\d+")
# Words that most sentences have, so that they name neither a header nor a cell.
_STOP_WORDS = frozenset(
    "a all and any by for from if in is it no not of on one or that the to top where with yes".split()
)


def _kind(value: Any) -> str:
    """The sign for what a cell is that is not empty."""
    cell = read_cell(value)
    if cell.kind is CellKind.ERROR:
        return "!"
    if cell.kind is not CellKind.NUMBER:
        return "$"
    if read_date(str(value).strip()):
        return "@"
    return "%" if cell.shown.rstrip(" )").endswith("%") else "#"


def _is_named(values: Sequence[Any], kind: str, words: set[str], numbers: Sequence[float]) -> bool:
    """Whether a sentence with these words and numbers names one of the cells, see `*`."""
    if kind in "#%":
        found = [cell.number for cell in map(read_cell, values) if cell.kind is CellKind.NUMBER]
        scale = 100 if kind == "%" else 1
        return bool(found) and any(scale * min(found) <= number <= scale * max(found) for number in numbers)
    return any(not words.isdisjoint(_WORD.findall(str(value).casefold())) for value in values)


def _singulars(words: Iterable[str]) -> set[str]:
    """The words without a plural's s. Those that merely end with one lose it too, in header and sentence alike."""
    return {word[:-1] if len(word) > 3 and word.endswith("s") else word for word in map(str.casefold, words)}


def _header_link(header: str, sentence_words: set[str]) -> str:
    """`+`, `~` or nothing, for a header and the singulars of a sentence."""
    words = _singulars(_HEADER_WORD.findall(header)) - _STOP_WORDS
    # As one word, too: "unitprice" for UnitPrice.
    if words and (words <= sentence_words or "".join(_WORD.findall(header)).casefold() in sentence_words):
        return "+"
    # A number alone names a value far more often than half a header.
    return "~" if any(not word.isdigit() for word in words & sentence_words) else ""


def cf_prompt(prompt: str, table: Sequence[Sequence[Any]] | None = None) -> str:
    """
    The prompt of a CF rule, with what the rule is about. The documentation of this module has the form.

    Args:
        prompt (`str`):
            What is to be formatted.
        table (sequence of sequences, *optional*):
            Rows of cells, the first of which is the header.

    Returns:
        `str`: the prompt as it is, without a table or one without columns.

    Example:

    ```python
    >>> cf_prompt("older than 12", [["Name", "Age"], ["Ann", 11], ["Bob", 13]])
    'older than 12 |c[0]$Name=Bob/Ann|c[1]#*Age'
    ```
    """
    if not table:
        return prompt
    words = {word for word in _WORD.findall(prompt.casefold()) if word not in _STOP_WORDS and not word.isdigit()}
    sentence_words = _singulars(_HEADER_WORD.findall(prompt)) | _singulars(_WORD.findall(prompt))
    numbers = [float(number.replace(",", "")) for number in _NUMBER_IN_TEXT.findall(prompt)]
    columns, names, all_kinds = [], [], set()
    for index, header in enumerate(table[0]):
        rows = (row for row in table[1 : MAX_ROWS + 1] if index < len(row) and row[index] is not None)
        cells = {text: row[index] for row in rows if (text := str(row[index]).strip())}
        kinds = [_kind(cell) for cell in cells.values()]
        valued = [kind for kind in kinds if kind != "!"] or kinds
        # Sorted, so that a tie does not depend on the order of rows.
        kind = max(sorted(set(valued)), key=valued.count, default="?")
        name = "" if header is None else " ".join(str(header).split())[:MAX_HEADER].rstrip()
        # The marks stand beside the column's name in the rule, which is what they are to be found by.
        marks = _header_link(name, sentence_words)
        if _is_named(list(cells.values()), kind, words, numbers):
            marks += "*"
        column = f"|c[{index}]{kind}{marks}{name}"
        if kind == "$" and len(cells) == 2 and all(map(_SHORT.fullmatch, cells)):
            column += f"={'/'.join(sorted(cells, reverse=True))}"
        columns.append(column)
        names.append(name)
        all_kinds.add(kind)
    if not columns:
        return prompt
    # A date that is a cell's text is written as the cell is.
    sentence = write_dates(prompt.rstrip()) if "@" in all_kinds else prompt.rstrip()
    return f"{state_quantities(sentence, names)} {''.join(columns)}"


def without_columns(prompt: str) -> str:
    """The sentence of a prompt, the same with what [`cf_prompt`] adds and without; dates are as a rule has them."""
    return write_dates(without_quantities(_COLUMNS.sub("", prompt)))


__all__ = ["cf_prompt", "without_columns"]
