# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What may be masked in CF rules: functions, columns and texts, by the grammar or, of what is no rule, by words."""

import pytest

from codefusion_hf.languages.cf.masking import cf_maskable_spans


PARSED = [
    ("top(10%)", ["top"]),
    ("TextEquals( In Progress )", ["TextEquals", "In Progress"]),
    ("TextContains(c[1], 'Harry')", ["TextContains", "c[1]", "Harry"]),
    ('AND(GreaterThan(c[0], 5),not(TextEquals("")))', ["AND", "GreaterThan", "c[0]", "not", "TextEquals"]),
    ("Between(13 Days, 15)", ["Between", "13 Days"]),
    ("Equals(c[0], c[1])", ["Equals", "c[0]", "c[1]"]),
    ("TextEquals(18)", ["TextEquals", "18"]),
    ("TextContains('it\\'s')", ["TextContains", "it\\'s"]),
    ("TextEquals( )", ["TextEquals"]),
]
UNPARSED = [
    ("if(NOT(Blanks(c[2])), red)", ["if", "NOT", "Blanks", "c[2]"]),
    ("GreaterThan(LEN (c[0]), 6)", ["GreaterThan", "LEN", "c[0]"]),
    ("Top(c[1], 'Top(c[2])'", ["Top", "c[1]"]),
    ("--", []),
    ("", []),
]


def found_in(code: str) -> list[str]:
    return [code[start:end] for start, end in cf_maskable_spans(code).spans]


@pytest.mark.parametrize("code, expected", PARSED)
def test_names_columns_and_texts_of_cf_rules(code, expected):
    assert found_in(code) == expected
    assert cf_maskable_spans(code).parsed


@pytest.mark.parametrize("code, expected", UNPARSED)
def test_what_is_no_cf_rule_gets_the_lexical_rule_and_is_marked(code, expected):
    assert found_in(code) == expected
    assert not cf_maskable_spans(code).parsed
