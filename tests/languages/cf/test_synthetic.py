# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Invented rows for CF rules: rules that hold what the documentation says, sentences that say what the rules do."""

import itertools
import random
import re

import pytest

from codefusion_hf.data.preparation import prepare_rows
from codefusion_hf.languages.cf.interpreter import marked_cells
from codefusion_hf.languages.cf.rules import FUNCTIONS, And, Not, Number, Or, Text, format_rule, parse_rule, rule_tests
from codefusion_hf.languages.cf.synthetic.domains import DOMAINS, HELD_OUT_DOMAINS, KINDS
from codefusion_hf.languages.cf.synthetic.generator import FAMILIES, NEED_TABLE, NO_TABLE, generate_rows
from codefusion_hf.languages.cf.synthetic.phrases import (
    CELL_LINKS,
    COLUMN_LINKS,
    COLUMN_SENTENCES,
    COLUMN_VERB_LINKS,
    COLUMN_VERB_SENTENCES,
    COMPARISONS,
    PHRASES,
    TENS,
    TEXT_VERBS,
    VERB_LINKS,
    add_typos,
)
from codefusion_hf.languages.cf.synthetic.tables import MAX_COLUMNS


NUM_ROWS = 2500
# Texts that a sentence may put in other words: dates, and what "that are paid" means.
SAID_OTHERWISE = re.compile(r"\d{4}-\d\d-\d\d|Yes|No|Y|N|TRUE|FALSE")


@pytest.fixture(scope="module")
def rows():
    return list(itertools.islice(generate_rows(seed=5), NUM_ROWS))


@pytest.fixture(scope="module")
def held_out_rows():
    return list(itertools.islice(generate_rows(seed=5, held_out_tables=True), 300))


def test_every_rule_is_canonical_and_can_be_run(rows, held_out_rows):
    marking = 0
    for row, prepared in zip([*rows, *held_out_rows], prepare_rows([*rows, *held_out_rows], "cf"), strict=True):
        rule = parse_rule(row["code"])
        assert row["code"] == format_rule(rule) == prepared["code"]
        columns = [test.column for test in rule_tests(rule)]
        if "data" not in row:
            assert set(columns) == {None}
            continue
        header = row["data"][0]
        assert all(column is not None and column < len(header) for column in columns)
        assert all(len(cells) == len(header) <= MAX_COLUMNS for cells in row["data"])
        marking += bool(marked_cells(rule, row["data"]))
    # A rule that marks nothing tells nothing apart.
    assert marking > 0.75 * sum("data" in row for row in [*rows, *held_out_rows])


def test_sentences_are_whole(rows, held_out_rows):
    for row in [*rows, *held_out_rows]:
        assert row["text"].strip()
        # No slot and no placeholder is left.
        assert not re.search(r"[{}\ue000-\uf8ff]", row["text"])
        assert not re.search(r"  |\bthe the\b", row["text"].rstrip().replace("The the", "the the"))


def test_texts_of_rules_are_written_in_the_sentence(rows):
    found = missing = 0
    for row in rows:
        for test in rule_tests(parse_rule(row["code"])):
            for argument in test.arguments:
                if isinstance(argument, Text) and not SAID_OTHERWISE.fullmatch(argument.value):
                    found += argument.value in row["text"]
                    missing += argument.value not in row["text"]
    assert missing == 0
    assert found > NUM_ROWS / 4


def test_numbers_come_in_many_forms(rows):
    def written(text):
        return re.fullmatch(r"-?[0-9.]+", text) and float(text)

    plain = others = 0
    for row in rows:
        numbers = {written(word) for word in re.findall(r"-?\d+(?:\.\d+)?", row["text"])}
        for test in rule_tests(parse_rule(row["code"])):
            for argument in test.arguments:
                if isinstance(argument, Number):
                    plain += argument.value in numbers
                    others += argument.value not in numbers
    assert plain > others > NUM_ROWS / 20
    text = " ".join(row["text"] for row in rows)
    for form in (r"\$\d", r"\d%", r"\d,\d{3}", r"\d[kK]\b", " thousand", "lakh", r" -\d", r"\bten\b", "percent"):
        assert re.search(form, text), form


def test_rules_are_of_all_families_in_the_shares_that_are_stated(rows):
    names = [test.name for row in rows for test in rule_tests(parse_rule(row["code"]))]
    assert set(names) == set(FUNCTIONS)
    nodes = [type(parse_rule(row["code"])) for row in rows]
    assert {And, Or, Not} < set(nodes)
    total = sum(weight for weight, _ in FAMILIES.values())
    expected = FAMILIES["ColorScale"][0] / total
    assert names.count("ColorScale") / NUM_ROWS == pytest.approx(expected, rel=0.35)
    expected = NO_TABLE * (1 - sum(FAMILIES[family][0] for family in NEED_TABLE) / total)
    assert sum("data" not in row for row in rows) / NUM_ROWS == pytest.approx(expected, rel=0.25)


def test_sentences_vary(rows):
    assert len({row["text"] for row in rows}) > 0.995 * NUM_ROWS
    assert len({" ".join(row["text"].lower().split()[:3]) for row in rows}) > NUM_ROWS / 3
    small = sum(row["text"] == row["text"].lower() for row in rows)
    assert NUM_ROWS / 5 < small < NUM_ROWS / 2


def test_the_same_seed_gives_the_same_rows_and_another_one_others():
    first, again, other = (list(itertools.islice(generate_rows(seed), 20)) for seed in (1, 1, 2))
    assert first == again
    assert not {row["text"] for row in first} & {row["text"] for row in other}


def test_held_out_tables_have_headers_and_texts_of_their_own(rows, held_out_rows):
    assert all("data" in row for row in held_out_rows)
    assert not {row["text"] for row in rows} & {row["text"] for row in held_out_rows}
    for own, others in itertools.product(HELD_OUT_DOMAINS, DOMAINS):
        names, other_names = (
            {name.casefold() for field in domain.fields for name in field.names} for domain in (own, others)
        )
        assert not names & other_names
        assert not set(own.entities) & set(others.entities)
        texts, other_texts = (
            {text for field in domain.fields if field.kind == "text" for text in field.texts}
            for domain in (own, others)
        )
        assert not texts & other_texts


def test_domains_are_well_formed():
    for domain in (*DOMAINS, *HELD_OUT_DOMAINS):
        for field in domain.fields:
            assert field.kind in KINDS, field
            assert bool(field.texts) == (field.kind in ("text", "code", "boolean")), field
            assert field.kind != "boolean" or len(field.texts) == 2, field
            assert all("{v}" in phrase for phrase in (*field.more, *field.less, *field.equal)), field
            texts = (*field.names, *field.texts, *field.words, *field.more, *field.less, *field.most, *field.least)
            assert all(text and text == " ".join(text.split()) for text in texts), field


def test_phrases_have_the_places_that_are_filled():
    assert all(
        any(place in phrase for place in ("{v}", "{w}")) for phrases in COMPARISONS.values() for phrase in phrases
    )
    assert all(len(forms) == 3 for verbs in TEXT_VERBS.values() for forms in verbs)
    for links in (CELL_LINKS, VERB_LINKS, COLUMN_LINKS, COLUMN_VERB_LINKS, COLUMN_SENTENCES, COLUMN_VERB_SENTENCES):
        assert all("{}" in link and form in ("are", "is", "they", "it", "ing", "value") for link, form in links)
    for section in ("column_frames", "entity_frames", "money", "units", "percentages", "sheet_frames"):
        assert all("{}" in phrase for phrase in PHRASES[section])
    assert len(PHRASES["months"]) == 12 and PHRASES["small_numbers"][15] == "fifteen" and TENS[100] == "a hundred"


def test_typos_change_plain_words_alone():
    generator = random.Random(0)
    text = "highlight values over \ue000 of Harry_s 2015 the"
    changed = [add_typos(generator, text, 1.0) for _ in range(20)]
    assert all(typo != text and "\ue000" in typo and "Harry_s 2015 the" in typo for typo in changed)
    assert add_typos(generator, text, 0.0) == text
