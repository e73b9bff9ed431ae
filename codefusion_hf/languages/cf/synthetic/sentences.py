# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""One invented row: a condition of a table, and a sentence that asks for it, in the wording of `phrases`."""

import datetime
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from codefusion_hf.languages.cf.rules import And, Argument, Column, Node, Not, Number, Or, Rule, Text
from codefusion_hf.languages.cf.synthetic.constants import ConstantWriter
from codefusion_hf.languages.cf.synthetic.domains import NUMERIC_KINDS, TEXT_KINDS
from codefusion_hf.languages.cf.synthetic.phrases import (
    BOOLEANS,
    CELL_LINKS,
    COLUMN_LINKS,
    COLUMN_SENTENCES,
    COLUMN_VERB_LINKS,
    COLUMN_VERB_SENTENCES,
    COMPARISONS,
    DATE_COMPARISONS,
    OPERATOR_NAMES,
    PHRASES,
    SET_PHRASES,
    SUPERLATIVES,
    TENS,
    TEXT_COMPARISONS,
    TEXT_VERBS,
    VERB_LINKS,
    VISUALS,
    add_typos,
    invent_range,
)
from codefusion_hf.languages.cf.synthetic.tables import InventedTable


# Shares of sentences in small letters throughout, and of those with typos.
SMALL_LETTERS = 0.3
TYPOS = 0.12

# What pieces put together may have.
_TWO_ARTICLES = re.compile(r"\b(?:the|a|their|its|those) the\b")
_NEGATED = {
    "Not" + name: name for name in ("TextEquals", "TextContains", "TextStartsWith", "TextEndsWith", "Blanks", "Errors")
}
# What is drawn for dates, for two columns, and for each of several conditions.
_DATE_FAMILIES = "GreaterThan GreaterThan LessThan LessThan GreaterThanEqual LessThanEqual Equals Between".split()
_COLUMN_FAMILIES = "GreaterThan LessThan GreaterThan LessThan Equals NotEquals GreaterThanEqual LessThanEqual".split()
_TEXT_FAMILIES = (
    *["TextEquals"] * 6,
    *"TextContains TextStartsWith NotTextEquals NotTextContains Blanks NotBlanks TextEndsWith Duplicates".split(),
)
_NUMBER_FAMILIES = (
    *["GreaterThan"] * 4,
    *["LessThan"] * 4,
    *["GreaterThanEqual", "LessThanEqual"] * 2,
    *["Equals", "Between", "AboveAverage", "BelowAverage"],
)
_OF_COLUMN = frozenset(
    {"AboveAverage", "BelowAverage", "Duplicates", "Unique", "Blanks", "NotBlanks", "Errors", "NotErrors"}
)


@dataclass(frozen=True)
class _Condition:
    """What a sentence asks of a column, as it follows "are", "is", "they", "it" or a noun (`ing`), and its `value`."""

    node: Node
    column: int
    forms: dict[str, str]
    is_verb: bool
    # Phrases that imply the column, such as "older than 5".
    implied: tuple[str, ...] = ()


class Sentence(ConstantWriter):
    """
    One invented row: draws a rule and writes the sentence that asks for it.

    Args:
        generator (`random.Random`):
            Where the choices come from.
        table (`InventedTable`):
            The table that the rule is for.
        has_table (`bool`):
            Whether the reader of the sentence sees the table. If not, the rule names no column.
    """

    def __init__(self, generator: random.Random, table: InventedTable, has_table: bool):
        super().__init__(generator, small_letters=generator.random() < SMALL_LETTERS, has_table=has_table)
        self.table = table
        # Columns that sentences may be about.
        self.targets = [1] if table.is_anonymous else list(range(len(table.columns)))
        self.color = generator.choice(PHRASES["colors"])

    # Pieces

    def finish(self, text: str) -> str:
        text = text.replace("{k}", self.color).replace("{e}", self.entities())
        if self.chance(TYPOS):
            text = add_typos(self.generator, text, 0.15)
        text = _TWO_ARTICLES.sub("the", " ".join(text.split()))
        if self.small_letters:
            text = text.lower()
        elif text[:1].islower() and self.chance(0.6):
            text = text[:1].upper() + text[1:]
        text = self.with_constants(text)
        return text + self.pick(("", "", "", "", "", "", ".", ".", " ", "?", "!")) if self.chance(0.5) else text

    def entities(self) -> str:
        if not self.table.entities or self.chance(0.15):
            return self.pick(PHRASES["row_nouns"])
        noun = self.pick(self.table.entities)
        return self.pick(PHRASES["entity_frames"]).format(noun)

    def cells(self) -> str:
        return self.pick(PHRASES["cell_nouns"])

    def mention(self, column: int, short: bool = False) -> str:
        """Names a column, in one of the ways in which people do."""
        if self.table.is_anonymous:
            return self.pick(
                (
                    "the column",
                    "column",
                    "the value column",
                    "value",
                    "the data",
                    "the sheet",
                    f"column {self.pick('ABCDEFGHKMNPQ')}",
                    f"{self.pick('BCDEFGHKMN')} column",
                    "the second column",
                )
            )
        field, header = self.table.columns[column].field, self.table.columns[column].header
        style = self.generator.random()
        name = header
        if style < 0.12 and not short:
            letter = chr(ord("A") + column)
            name = self.pick((f"column {letter}", f"{letter} column", f"the column {letter}", f"col {letter}"))
            return name if self.has_table else f"column {letter}"
        if style < 0.18 and not short and self.has_table:
            options = [
                f"the {PHRASES['ordinals'][column]} column",
                f"{PHRASES['ordinals'][column]} column",
                f"column {column + 1}",
            ]
            if column == len(self.table.columns) - 1:
                options.append("the last column")
            return self.pick(options)
        if style < 0.42 and field.words and self.is_distinct(field.words):
            name = self.pick(field.words)
        elif style < 0.55:
            name = self.part_of(header)
        if self.chance(0.25) or (name == header and "_" in header and self.chance(0.4)):
            name = name.replace("_", " ")
        if self.chance(0.45):
            name = name.lower()
        if self.chance(0.1):
            return f'"{name}"'
        if short:
            return name
        return self.pick(PHRASES["column_frames"]).format(name)

    def is_distinct(self, words: tuple[str, ...]) -> bool:
        """Whether only one of the columns goes by these words."""
        asked = set(words)
        named = [{*column.field.words, column.header.lower()} for column in self.table.columns]
        return sum(bool(asked & names) for names in named) == 1

    def part_of(self, header: str) -> str:
        """One word of a header, where no other header has it; without its unit, if it has one."""
        if " (" in header:
            return header.partition(" (")[0]
        words = [word for word in header.split() if len(word) > 2]
        others = " ".join(column.header for column in self.table.columns if column.header != header).lower().split()
        words = [word for word in words if word.lower() not in others]
        return self.pick(words) if words and self.chance(0.7) else header

    # Conditions

    def rule(self, name: str, column: int, *arguments: Argument) -> Rule:
        return Rule(name, column if self.has_table else None, arguments)

    def condition(self, family: str, column: int) -> _Condition:
        """A condition of one column, of a family that has one."""
        if family in _OF_COLUMN or family in TEXT_VERBS:
            return self.verb_condition(family, column)
        if family in TEXT_COMPARISONS:
            return self.text_condition(family, column)
        if family == "date":
            return self.date_condition(column)
        return self.number_condition(family, column)

    def number_condition(self, family: str, column: int) -> _Condition:
        target = self.table.columns[column]
        v, number = self.number(target)
        w, arguments = "", [number]
        if family in ("Between", "NotBetween"):
            (v, number), (w, other) = self.two_numbers(target)
            arguments = [number, other]
            if other.value < number.value and not self.chance(0.05):
                v, w, arguments = w, v, [other, number]
        adjective = self.pick(COMPARISONS[family]).format(v=v, w=w)
        field = target.field
        phrases = {"GreaterThan": field.more, "LessThan": field.less, "Equals": field.equal}.get(family, ())
        implied = self.fill_implied(phrases, column, v)
        if field.kind == "year" and family == "Equals" and not self.chance(0.5):
            adjective = v
        forms = dict.fromkeys(("are", "is", "they", "it", "ing"), adjective) | {"value": v}
        return _Condition(self.rule(family, column, *arguments), column, forms, is_verb=False, implied=implied)

    def fill_implied(self, phrases: tuple[str, ...], column: int, v: str) -> tuple[str, ...]:
        if not phrases or self.table.is_anonymous:
            return ()
        header = self.table.columns[column].header
        return tuple(phrase.replace("{v}", v).replace("{c}", header) for phrase in phrases)

    def text_condition(self, family: str, column: int) -> _Condition:
        v, text = self.text(self.table.columns[column])
        adjective = self.pick(TEXT_COMPARISONS[family]).format(v=v)
        node: Node = self.rule("TextEquals", column, text)
        implied: tuple[str, ...] = ()
        if family == "NotTextEquals":
            node = Not(node)
            implied = tuple(
                f"not {phrase}"
                for phrase in self.fill_implied(self.table.columns[column].field.equal, column, v)
                if not phrase.startswith(("that", "who"))
            )
        else:
            implied = self.fill_implied(self.table.columns[column].field.equal, column, v)
        forms = dict.fromkeys(("are", "is", "they", "it", "ing"), adjective) | {"value": v}
        return _Condition(node, column, forms, is_verb=False, implied=implied)

    def verb_condition(self, family: str, column: int) -> _Condition:
        name = _NEGATED.get(family, family)
        v = ""
        arguments: tuple[Argument, ...] = ()
        parts = {"TextContains": "within", "TextStartsWith": "start", "TextEndsWith": "end"}
        if name in parts:
            v, text = self.text(self.table.columns[column], parts[name])
            arguments = (text,)
        they, it, ing = (form.format(v=v) for form in self.pick(TEXT_VERBS[family]))
        rule = self.rule(name, column, *arguments)
        forms = {"they": they, "it": it, "ing": ing, "are": ing, "is": ing, "value": v}
        return _Condition(rule if family == name else Not(rule), column, forms, is_verb=True)

    def date_condition(self, column: int) -> _Condition:
        target = self.table.columns[column]
        days = [value for value in target.values if isinstance(value, datetime.date)]
        day, field = self.pick(days), target.field
        family = self.pick(_DATE_FAMILIES)
        w = ""
        if self.chance(0.2):
            # A year alone, or a month of one.
            year = day.year
            first, last = Text(f"{year}-01-01"), Text(f"{year}-12-31")
            v = self.constant(str(year))
            family = self.pick(("GreaterThan", "LessThan", "Between"))
            arguments = {"GreaterThan": (last,), "LessThan": (first,), "Between": (first, last)}[family]
            adjective = {
                "GreaterThan": f"after {v}",
                "LessThan": f"before {v}",
                "Between": self.pick((f"in {v}", f"in the year {v}", f"from {v}", f"of {v}")),
            }[family]
            is_implied = family != "Between"
        else:
            v, text = self.date(day)
            arguments = (text,)
            if family == "Between":
                other_day = self.pick(days)
                if other_day < day:
                    # The earlier one first.
                    v, text = self.date(other_day)
                    other_day = day
                w, other = self.date(other_day)
                arguments = (text, other)
            adjective = self.pick(DATE_COMPARISONS[family]).format(v=v, w=w)
            is_implied = True
        phrases = {"GreaterThan": field.more, "LessThan": field.less, "Equals": field.equal}.get(family, ())
        implied = self.fill_implied(phrases if is_implied else (), column, v)
        forms = dict.fromkeys(("are", "is", "they", "it", "ing"), adjective) | {"value": v}
        return _Condition(self.rule(family, column, *arguments), column, forms, is_verb=False, implied=implied)

    # Sentences

    def is_told_by_kind(self, column: int, kinds: frozenset[str]) -> bool:
        """Whether a sentence need not name the column."""
        if self.table.is_anonymous or not self.has_table:
            return True
        fitting = [index for index, other in enumerate(self.table.columns) if other.field.kind in kinds]
        return fitting == [column] or (column == min(1, len(self.table.columns) - 1) and column in fitting)

    def verb(self) -> str:
        verb = self.pick(PHRASES["colored_verbs"]) if self.chance(0.15) else self.pick(PHRASES["verbs"])
        return f"{self.pick(PHRASES['polite'])} {verb}" if self.chance(0.15) else verb

    def ending(self, column: int) -> str:
        ending = ""
        if self.table.is_anonymous or not self.has_table or self.chance(0.04):
            letter = chr(ord("A") + column)
            if self.table.is_anonymous or not self.has_table:
                letter = self.pick("ABCDEFGHIJKLMNPQ")
            if self.chance(0.4):
                ending = " " + invent_range(self.generator, letter)
            if self.chance(0.25):
                sheet = self.table.sheet
                ending += " " + self.pick(PHRASES["sheet_frames"]).format(sheet)
        if self.chance(0.25):
            ending += " " + self.pick(PHRASES["endings"])
        return ending

    def clause(self, condition: _Condition) -> str:
        """What follows a noun for the rows."""
        if condition.implied and self.chance(0.45):
            return self.pick(condition.implied)
        link, form = self.pick(COLUMN_VERB_LINKS if condition.is_verb else COLUMN_LINKS)
        if form == "value" and not (
            isinstance(condition.node, Rule) and condition.node.name in ("Equals", "TextEquals")
        ):
            link, form = "with {c} {}", "is"
        short = self.chance(0.8)
        return link.replace("{c}", self.mention(condition.column, short)).replace("{}", condition.forms[form])

    def cell_clause(self, condition: _Condition) -> str:
        """What follows a noun for the cells."""
        link, form = self.pick(VERB_LINKS if condition.is_verb else CELL_LINKS)
        return link.replace("{}", condition.forms[form])

    def say(self, condition: _Condition, kinds: frozenset[str]) -> str:
        """A sentence with one condition."""
        style = self.generator.random()
        column = condition.column
        unnamed = self.is_told_by_kind(column, kinds)
        if unnamed and (self.table.is_anonymous or not self.has_table):
            style = style * 0.5 + 0.5
        if style < 0.5:
            text = f"{self.verb()} {self.entities()} {self.clause(condition)}"
        elif style < 0.68:
            sentence, form = self.pick(COLUMN_VERB_SENTENCES if condition.is_verb else COLUMN_SENTENCES)
            text = (
                sentence.replace("{c}", self.mention(column, self.chance(0.7)))
                .replace("{}", condition.forms[form])
                .replace("{a}", self.pick(PHRASES["actions"]))
            )
        elif style < 0.8 or not unnamed:
            where = self.pick(PHRASES["column_places"]).format(self.mention(column))
            clause = self.cell_clause(condition)
            text = self.pick(
                (
                    f"{self.verb()} {self.cells()} {where} {clause}",
                    f"{self.verb()} {self.cells()} {clause} {where}",
                    f"{self.verb()} {self.cells()} {where} {clause}",
                    f"{where}, {self.verb()} {self.cells()} {clause}",
                    f"{self.verb()} {self.mention(column, True)} values {clause}",
                    f"{self.verb()} {self.mention(column, True)} {clause}",
                    f"{self.verb()} {self.mention(column, True).removesuffix('s')}s {clause}",
                )
            )
        else:
            text = f"{self.verb()} {self.cells()} {self.cell_clause(condition)}"
        name = condition.node.name if isinstance(condition.node, Rule) else ""
        if name in OPERATOR_NAMES and (self.table.is_anonymous or not self.has_table) and self.chance(0.12):
            text = (
                self.pick(PHRASES["operator_sentences"])
                .replace("{f}", OPERATOR_NAMES[name])
                .replace("{v}", condition.forms["value"])
                .replace("{c}", self.mention(column))
            )
        return text + self.ending(column)

    def say_set(self, family: str, column: int, kinds: frozenset[str]) -> tuple[str, Node]:
        """`Top` and its like."""
        target = self.table.columns[column]
        arguments: tuple[Argument, ...] = ()
        key, n, p = family, "", ""
        if family in ("Top", "Bottom"):
            count = self.pick((3, 5, 10, 10, 2, 4, 20, 15, 1, 7, 100, 50, 25, 6, 8, 12, self.generator.randint(1, 60)))
            form = self.generator.random()
            if form < 0.25:
                count, key = 1, f"{family}1"
            elif form < 0.32:
                count, key = 10, f"{family}10"
            n = str(count)
            if self.chance(0.15) and count <= 15:
                n = PHRASES["small_numbers"][count]
            arguments = (Number(count),)
            n = self.constant(n)
        else:
            count = self.pick((10, 10, 20, 5, 25, 50, 1, 30, 15, 75, 2, 40, self.generator.randint(1, 90)))
            p = self.pick(PHRASES["percentages"]).format(TENS[count] if count in TENS and self.chance(0.06) else count)
            if p.endswith(("y%", "e%")) or (p.endswith("%") and not p[0].isdigit()):
                p = f"{count}%"
            if count in (25, 50) and self.chance(0.2):
                p = "quarter" if count == 25 else "half"
            arguments = (Number(count),)
            p = self.constant(p)
        field = target.field
        words = {"Top": field.most, "Bottom": field.least}.get(family, ())
        entity = self.table.entities[0] if self.table.entities else ""
        if words and entity and not self.table.is_anonymous and self.chance(0.35):
            word = self.pick(words)
            singular = self.pick((entity, entity.removesuffix("s")))
            entity = self.pick(self.table.entities)
            size = "ten" if key.endswith("10") else "one" if key.endswith("1") else "some"
            text = self.pick(SUPERLATIVES[size]).format(n=n, w=word, e=entity, s=singular)
        else:
            mention = self.mention(column, self.chance(0.7))
            if entity and not self.table.is_anonymous and self.chance(0.35):
                entity = self.pick(self.table.entities)
                options = self.pick(PHRASES["ranked_entities"]).format(e=entity, c=mention)
            elif self.is_told_by_kind(column, kinds) and self.chance(0.6 if self.table.is_anonymous else 0.25):
                options = self.pick(PHRASES["ranked_nouns"])
            else:
                options = self.pick(PHRASES["ranked_values"]).format(c=mention)
            text = self.pick(SET_PHRASES[key]).format(n=n, p=p, o=options)
            if options.startswith(("in ", "for ", "from ")):
                text = text.replace(" of in ", " in ").replace(" of for ", " for ").replace(" of from ", " from ")
            if entity and key in ("Top1", "Bottom1") and self.chance(0.2):
                text = f"{self.entities()} with {text}"
        if not self.chance(0.12):
            text = f"{self.verb()} {text}"
        return text + self.ending(column), self.rule(family, column, *arguments)

    def say_visual(self, family: str, column: int) -> tuple[str, Node]:
        mention = self.mention(column)
        options = self.pick((mention, mention, f"{mention} values", f"cells in {mention}"))
        if self.table.is_anonymous or not self.has_table:
            letter = self.pick("ABCDEFGHIJKLMNPQ")
            place = (
                invent_range(self.generator, letter)
                .removeprefix("from ")
                .removeprefix("in ")
                .removeprefix("for ")
                .removeprefix("on ")
            )
            options = self.pick((options, place, f"column {letter}", f"{letter} column", place))
        if family == "ColorScale" and self.chance(0.2):
            text = self.pick(PHRASES["color_scale_sentences"]).replace("{o}", options)
        else:
            text = (
                self.pick(PHRASES["visual_frames"]).replace("{x}", self.pick(VISUALS[family])).replace("{o}", options)
            )
        polite = f"{self.pick(PHRASES['polite'])} " if self.chance(0.06) else ""
        return polite + text + self.ending(column), self.rule(family, column)

    def say_bare(self, column: int) -> tuple[str, Node] | None:
        v, text = self.text(self.table.columns[column], self.pick(("", "", "within")))
        cells = [
            cell.lower()
            for other in self.table.columns
            for cell in set(other.cells)
            if text.value.lower() in cell.lower()
        ]
        mine = [cell for cell in set(self.table.columns[column].cells) if text.value.lower() in cell.lower()]
        is_clear = self.table.is_anonymous or not self.has_table or (len(cells) == len(mine) > 0)
        if len(text.value) < 3 or not is_clear:
            return None
        node = self.rule("TextContains", column, text)
        mention = self.mention(column, True)
        text_ = self.pick(
            (
                f"{self.verb()} {v}",
                f"{self.verb()} {v}",
                f"{self.verb()} all {v}",
                f"{self.verb()} {v} in {mention}",
                f"{self.verb()} the {v} ones",
                f"{self.verb()} every {v}",
                f"find {v}",
                f"where is {v}",
                f"apply {{k}} color to {v}",
                f"{self.verb()} {v} {self.entities()}",
                f"{self.verb()} the word {v}",
                f"{self.verb()} {v} from {mention}",
            )
        )
        return text_ + self.ending(column), node

    def say_boolean(self, column: int) -> tuple[str, Node]:
        """Rows that are something, where cells say yes or no."""
        target = self.table.columns[column]
        yes, no = target.field.texts
        wanted = self.chance(0.6)
        name = target.header.removeprefix("Is ").removeprefix("is ").replace(" (Y/N)", "").replace("_", " ").lower()
        text = self.pick(BOOLEANS["wanted" if wanted else "unwanted"])
        clause = text.format(name)
        node = self.rule("TextEquals", column, Text(yes if wanted else no))
        return f"{self.verb()} {self.entities()} {clause}{self.ending(column)}", node

    def say_columns(self, column: int) -> tuple[str, Node] | None:
        """A column compared with another one."""
        kind = self.table.columns[column].field.kind
        others = [
            index
            for index in self.targets
            if index != column
            and self.table.columns[index].field.kind in NUMERIC_KINDS
            and (self.table.columns[index].field.kind == "percent") == (kind == "percent")
        ]
        if not others:
            return None
        other = self.pick(others)
        family = self.pick(_COLUMN_FAMILIES)
        v = self.pick(PHRASES["other_column_frames"]).format(self.mention(other, True))
        adjective = self.pick(
            [
                phrase
                for phrase in COMPARISONS[family]
                if phrase != "{v}" and "more" not in phrase[3:] and not phrase.startswith("{v}")
            ]
        ).format(v=v)
        link, _ = self.pick(COLUMN_LINKS[:12])
        clause = link.replace("{c}", self.mention(column, True)).replace("{}", adjective)
        node = self.rule(family, column, Column(other))
        return f"{self.verb()} {self.entities()} {clause}{self.ending(column)}", node

    def say_range(self, family: str, column: int, kinds: frozenset[str]) -> tuple[str, Node]:
        """Two comparisons of one column."""
        target = self.table.columns[column]
        (v, low), (w, high) = self.two_numbers(target)
        if low.value > high.value:
            v, w, low, high = w, v, high, low
        first, second = self.pick(("GreaterThan", "GreaterThanEqual")), self.pick(("LessThan", "LessThanEqual"))
        word = "or" if family == "outside" else "and"
        if family == "outside":
            v, w, low, high, first, second = w, v, high, low, first, second
        parts = [(first, v, low), (second, w, high)]
        if self.chance(0.5):
            parts.reverse()
        phrases = [self.pick(COMPARISONS[name]).format(v=value) for name, value, _ in parts]
        tests = tuple(self.rule(name, column, number) for name, _, number in parts)
        node: Node = Or(tests) if family == "outside" else And(tests)
        joint = self.pick((f" {word} ", f" {word} ", f" {word} ", f", {word} ", f" {word} is ", f" {word} are "))
        adjective = joint.join(phrases)
        if family == "outside" and self.chance(0.4):
            adjective = "either " + adjective
        if family == "range" and self.chance(0.2):
            adjective = adjective.replace(f" {word} ", " but ", 1)
        forms = dict.fromkeys(("are", "is", "they", "it", "ing", "value"), adjective)
        return self.say(_Condition(node, column, forms, is_verb=False), kinds), node

    def say_either_text(self, column: int, kinds: frozenset[str]) -> tuple[str, Node]:
        """One of several texts."""
        target = self.table.columns[column]
        name = self.pick(("TextEquals", "TextEquals", "TextContains"))
        found: dict[str, tuple[str, Text]] = {}
        for _ in range(8):
            v, text = self.text(target, "within" if name == "TextContains" else "")
            found.setdefault(text.value.lower(), (v, text))
            if len(found) == (2 if self.chance(0.8) else 3):
                break
        if len(found) == 1:
            v, text = self.constant("other"), Text("other")
            found["other"] = (v, text)
        values = [value for value, _ in found.values()]
        listed = ", ".join(values[:-1]) + self.pick((" or ", " or ", " or ")) + values[-1]
        if name == "TextEquals":
            adjective = self.pick(PHRASES["either_texts"]).format(listed)
            forms = dict.fromkeys(("are", "is", "they", "it", "ing", "value"), adjective)
        else:
            they, it, ing = (form.format(v=listed) for form in self.pick(TEXT_VERBS[name][:6]))
            forms = {"they": they, "it": it, "ing": ing, "are": ing, "is": ing, "value": listed}
        node = Or(tuple(self.rule(name, column, text) for _, text in found.values()))
        return self.say(_Condition(node, column, forms, is_verb=name != "TextEquals"), kinds), node

    def say_both(self, family: str) -> tuple[str, Node] | None:
        """Conditions of several columns."""
        if len(self.targets) < 2:
            return None
        number = 3 if len(self.targets) > 2 and self.chance(0.12) else 2
        columns = self.generator.sample(self.targets, number)
        conditions = [self.condition(self.simple_family(column), column) for column in columns]
        joint = " and " if family == "AND" else " or "
        clauses = [self.clause(condition) for condition in conditions]
        if self.chance(0.25):
            clauses[1:] = [
                f"{self.mention(condition.column, True)} {condition.forms['it' if condition.is_verb else 'is']}"
                for condition in conditions[1:]
            ]
        if family == "AND" and self.chance(0.15):
            joint = self.pick((" but ", " and also ", ", and ", " & ", " AND ", " as well as "))
        elif family == "OR" and self.chance(0.1):
            joint = self.pick((", or ", " OR ", " or else "))
        text = f"{self.verb()} {self.entities()} {', '.join(clauses[:-1])}{joint}{clauses[-1]}"
        make = And if family == "AND" else Or
        return text + self.ending(columns[0]), make(tuple(condition.node for condition in conditions))

    def simple_family(self, column: int) -> str:
        kind = self.table.columns[column].field.kind
        if kind == "date":
            return "date"
        return self.pick(_TEXT_FAMILIES if kind in TEXT_KINDS else _NUMBER_FAMILIES)

    def draw(self, family: str, kinds: frozenset[str]) -> tuple[str, Node] | None:
        """
        Draws a sentence, to be made good by [`finish`], and its rule.

        Args:
            family (`str`):
                A key of [`~codefusion_hf.languages.cf.synthetic.generator.FAMILIES`].
            kinds (`frozenset[str]`):
                Kinds of columns that it is about.

        Returns:
            `tuple[str, Node]` or `None`: `None` if the table has nothing for the family.
        """
        fitting = [column for column in self.targets if self.table.columns[column].field.kind in kinds]
        if not fitting:
            return None
        column = self.pick(fitting)
        if family in ("AND", "OR"):
            return self.say_both(family)
        if family in ("range", "outside"):
            return self.say_range(family, column, kinds)
        special: dict[str, Callable[[], tuple[str, Node] | None]] = {
            "bare text": lambda: self.say_bare(column),
            "boolean": lambda: self.say_boolean(column),
            "columns": lambda: self.say_columns(column),
            "either text": lambda: self.say_either_text(column, kinds),
        }
        if family in special:
            return special[family]()
        if family in ("ColorScale", "DataBar", "IconSet"):
            return self.say_visual(family, column)
        if family in ("Top", "Bottom", "TopPercent", "BottomPercent"):
            return self.say_set(family, column, kinds)
        condition = self.condition(family, column)
        return self.say(condition, kinds), condition.node


__all__ = ["Sentence"]
