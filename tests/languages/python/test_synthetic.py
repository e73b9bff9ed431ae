# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Invented Python pairs: code that does what the sentence says, sentences that name what is in the code."""

import ast
import importlib.util
import itertools
import json
import random
import re
import subprocess
import sys
import time

import pytest

from codefusion_hf.languages.python.synthetic import generate_pairs
from codefusion_hf.languages.python.synthetic.catalogue import load_catalogue, load_phrases, parse_subject
from codefusion_hf.languages.python.synthetic.coverage import called_names, measure_coverage
from codefusion_hf.languages.python.synthetic.generator import PairGenerator, package_generator
from codefusion_hf.languages.python.synthetic.grammar import Joined, certain_slots, count_texts, draw, parse, slots
from codefusion_hf.languages.python.synthetic.kinds import load_kinds, parse_kinds
from codefusion_hf.languages.python.synthetic.sentences import load_synonyms, load_verbs
from codefusion_hf.languages.python.synthetic.values import literal, name

from .snippets import failures


NUM_PAIRS = 20000
CATALOGUE = load_catalogue()
SUBJECTS = [subject.name for subject in CATALOGUE]
ENTRIES = [entry for subject in CATALOGUE for entry in subject.entries]
TESTED = ("expect", "check")


@pytest.fixture(scope="module")
def pairs():
    return list(itertools.islice(generate_pairs(seed=3), NUM_PAIRS))


def missing_modules(entry):
    return [module for module in entry.needs if importlib.util.find_spec(module) is None]


@pytest.mark.parametrize("subject", [*CATALOGUE, *load_phrases()], ids=lambda subject: subject.name)
def test_every_snippet_gives_what_its_sentence_says(subject, tmp_path):
    entries = [
        entry
        for entry in subject.entries
        if "unrun" not in entry.fields and any(key in entry.fields for key in TESTED)
    ]
    # What needs only the standard library is run, or says why it cannot be.
    untested = [
        entry.label
        for entry in subject.entries
        if not entry.needs and "unrun" not in entry.fields and entry not in entries
    ]
    assert not untested
    assert entries
    available = [
        entry
        for entry in entries
        if not missing_modules(entry) or subject.name == "the web"  # of which only what needs nothing more is run
    ]
    assert failures(available, tmp_path, seconds=60) == []


def test_a_snippet_that_does_something_else_is_found(tmp_path):
    text = """
subject: broken
share: 1
entries:
- {text: "sort @list", code: "sorted($list)", run: {list: [2, 1]}, expect: [2, 1]}
- {text: "sort @list", code: "sorted($list)", run: {list: [2, 1]}, expect: [1, 2]}
- {text: "negate @list", code: "-$list", run: {list: [2, 1]}, expect: [1, 2]}
- {text: "clear @list", do: "$list.clear()", run: {list: [2, 1]}, expect: [2, 1]}
- {text: "get the maximum of @nums", code: "max($nums)", run: {nums: [2]}, check: it == 3}
"""
    subject = parse_subject(text, load_kinds(), "broken.yaml")
    assert [failure["label"] for failure in failures(list(subject.entries), tmp_path, 30)] == [
        "broken 1",
        "broken 3",
        "broken 4",
        "broken 5",
    ]


def first_word(node):
    if isinstance(node, Joined):
        return first_word(node.parts[0])
    return node.split(" ")[0] if isinstance(node, str) else ""


def count_wordings(entry):
    """How many sentences an entry has: its templates, the verbs they begin with, and nouns before values."""
    kinds, synonyms = load_kinds(), load_synonyms()
    total = 0
    for text in entry.texts:
        nouns = 1
        for slot in slots(text):
            if slot.noun and slot.name in certain_slots(text):
                nouns *= 1 + min(6, count_texts(kinds[slot.kind].noun))
        total += max(1, count_texts(text)) * nouns * (1 + len(synonyms.get(first_word(text), ())))
    return total


def test_there_are_idioms_enough_and_each_is_said_in_many_ways():
    assert len(ENTRIES) >= 2000
    assert len(SUBJECTS) == len(set(SUBJECTS))
    assert [entry.label for entry in ENTRIES if count_wordings(entry) < 5] == []


def test_every_idiom_and_form_is_drawn_and_parses():
    generator = package_generator()
    chance = random.Random(0)
    for idiom in generator.idioms.items:
        for form in idiom.entry.forms:
            for _ in range(2):
                text, code = generator._fill(
                    idiom, form, "`", set(form.names), chance, 0.2 if form.role == "code" else 0.0
                )
                ast.parse(code)
                assert text.strip()
                assert "$" not in re.sub(r"\$(?![a-z])", "", code) or form.source.count("$") > len(form.uses)
    # And all but the rarest of them are drawn by chance, in the course of 60,000 pairs.
    drawn = {generator.draw(chance)[0].label for _ in range(60000)}
    assert len(drawn) > 0.97 * len(ENTRIES)


def test_pairs_parse_and_are_whole(pairs):
    for pair in pairs:
        ast.parse(pair["code"])
        assert set(pair) == {"text", "code"}
        assert pair["text"] == " ".join(pair["text"].split())
        # No slot, stand-in or bracket of a template is left.
        assert not re.search(r"ZQ_|\$[a-z]+[0-9]*~", pair["text"] + pair["code"])
        assert not re.search(r"[$@](list|str|dict|df|file)\b", pair["text"])


def test_pairs_are_distinct_and_of_people_s_length(pairs):
    assert len({(pair["text"], pair["code"]) for pair in pairs}) > 0.97 * NUM_PAIRS
    assert len({pair["code"] for pair in pairs}) > 0.9 * NUM_PAIRS
    assert 45 < sum(len(pair["text"]) for pair in pairs) / NUM_PAIRS < 75
    assert 28 < sum(len(pair["code"]) for pair in pairs) / NUM_PAIRS < 50


def test_literals_and_variables_of_the_code_are_in_the_sentence():
    generator = PairGenerator(CATALOGUE)
    chance = random.Random(1)
    checked = 0
    for _ in range(3000):
        idiom = generator.idioms.draw(chance)
        form = idiom.forms.draw(chance)
        used = set(form.names)
        text, code = generator._fill(idiom, form, "`", used, chance, 0.0)
        static = re.sub(r"\$[a-z]+[0-9]*(~[a-z]+)?", " ", form.source)
        hidden = {str(n) for kind in load_kinds().values() if kind.hidden for n in kind.names}
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Name) and node.id not in form.names | hidden:
                assert node.id in text, (text, code)
                checked += 1
            elif isinstance(node, ast.Constant) and isinstance(node.value, float) and str(node.value) not in static:
                assert str(node.value) in text, (text, code)
    assert checked > 2000


def test_same_seed_same_pairs_in_any_process(pairs):
    assert list(itertools.islice(generate_pairs(seed=3), 100)) == pairs[:100]
    assert list(itertools.islice(generate_pairs(seed=4), 100)) != pairs[:100]
    program = (
        "import itertools, json; from codefusion_hf.languages.python.synthetic import generate_pairs;"
        "print(json.dumps(list(itertools.islice(generate_pairs(3), 100))))"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(other.stdout) == pairs[:100]


def test_pairs_come_fast():
    rows = generate_pairs(seed=5)
    next(rows)
    start = time.process_time()
    for _ in range(5000):
        next(rows)
    assert time.process_time() - start < 1.0


def test_subjects_are_drawn_as_often_as_their_shares_say():
    generator = package_generator()
    chance = random.Random(2)
    drawn = [generator.draw(chance)[0].subject for _ in range(NUM_PAIRS)]
    total = sum(subject.share for subject in CATALOGUE)
    for subject in CATALOGUE:
        assert drawn.count(subject.name) / NUM_PAIRS == pytest.approx(subject.share / total, abs=0.012)


def test_grammar():
    node = parse(r"(sort|order) [the] @list1 by \$ $i~nth")
    assert [(slot.name, slot.kind, slot.field, slot.noun) for slot in slots(node)] == [
        ("list1", "list", "", True),
        ("i", "i", "nth", False),
    ]
    assert count_texts(node) == 4
    chance = random.Random(0)
    texts = {" ".join(draw(node, chance, lambda slot: slot.name).split()) for _ in range(100)}
    assert texts == {f"{verb} {article}list1 by $ i" for verb in ("sort", "order") for article in ("", "the ")}
    assert certain_slots(parse("(a $x|b) [$y] $z")) == {"z"}
    assert certain_slots(parse("($x a|b $x)")) == {"x"}


@pytest.mark.parametrize("template", ["(a|b", "a)", "[a", "a $ b", "a @1"])
def test_malformed_templates_are_refused(template):
    with pytest.raises(ValueError, match="`template`"):
        parse(template)


def test_values():
    assert literal("a\nb").text == r"a\nb"
    assert literal(3).get("ord").text == "third"
    assert literal(3).get("nth").text == "fourth"
    assert literal(21).get("ord").text == "21st"
    assert literal(3).get("less").code == "2"
    assert literal("a.b").get("esc").code == r"a\\.b"
    with pytest.raises(ValueError, match="`name`"):
        name("x").get("ord")
    # A word that could be a variable or a string is told by its quotes.
    chance = random.Random(0)
    assert {literal("ham").quoted("`", chance, may_be_both=True) for _ in range(200)} == {"'ham'", '"ham"'}
    assert {name("ham").quoted("'", chance, may_be_both=True) for _ in range(20)} == {"`ham`"}


ENTRY = "subject: s\nshare: 1\nentries:\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subject: [", "must be YAML"),
        ("share: 1", "must have subject, share, entries"),
        ("subject: s\nshare: 0\nentries: []", "`share` must be a number above 0, got 0"),
        ("subject: s\nshare: 1\nentries: []\nweight: 3", "weight"),
        (ENTRY + "- sort", "must be a mapping, got 'sort'"),
        (ENTRY + "- {text: sort @list, code: 'sorted($list)', hint: x}", r"got \['hint'\]"),
        (ENTRY + "- {text: sort @list}", "must have `text`, and `code` or `do`"),
        (ENTRY + "- {text: sort @list, code: 'sorted($list'}", "code must parse"),
        (ENTRY + "- {text: sort @list, code: '$list = 1'}", "`code` must be one expression"),
        (ENTRY + "- {text: sort @liszt, code: 'sorted($liszt)'}", r"got `\$liszt`"),
        (ENTRY + "- {text: 'sort [$list]', code: 'sorted($list)'}", r"got none of `\$list`"),
        (ENTRY + "- {text: sort $list $n, code: 'sorted($list)'}", r"got `\$n`"),
        (ENTRY + "- {text: sort @lit, code: 'sorted($lit)'}", "`noun`, got `@lit`"),
        (ENTRY + "- {text: sort $list, code: ['sorted($list)', 'sorted(x)']}", "slots of the first, got 'sorted"),
        (
            ENTRY + "- {text: sort $list, code: 'sorted($list)', weight: -1}",
            "`weight` must be a number above 0, got -1",
        ),
        (ENTRY + "- {text: 3, code: 'sorted($list)'}", "`text` must be a string or a list of strings, got 3"),
    ],
)
def test_malformed_catalogues_are_refused(text, message):
    with pytest.raises(ValueError, match=message):
        parse_subject(text, load_kinds(), "s.yaml")


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ("x: 3", "must be a mapping, got 3"),
        ("x: {noun: list}", "must have `names`, `strings` or `make`"),
        ("x: {names: [a], colour: red}", "got `colour`"),
        ("x: {names: a}", "`names` of kind `x` must be a list, got 'a'"),
        ("x: {make: lists of lists}", "`make` of kind `x` must be one of"),
        ("x: {names: [$animal]}", r"got `\$animal`"),
        ("x: {names: [a], follows: k}", "`follows` of kind `x` must be a kind, got 'k'"),
    ],
)
def test_malformed_kinds_are_refused(kinds, message):
    with pytest.raises(ValueError, match=message):
        parse_kinds(kinds, "letter: [a]")


def test_malformed_pools_are_refused():
    with pytest.raises(ValueError, match="`answer` must be a list of strings, got"):
        parse_kinds("x: {names: [a]}", "answer: [yes, no]")


def test_kinds_draw_names_and_literals_that_are_valid():
    chance = random.Random(0)
    for kind in load_kinds().values():
        for _ in range(50):
            value = kind.draw(chance, ())
            if value.style == "name":
                assert value.code.isidentifier()
            else:
                assert ast.literal_eval(value.code) == value.data
                assert "  " not in value.text


def test_verbs_begin_orders():
    verbs = load_verbs()
    assert all(gerund.endswith("ing") for gerund in verbs.values())
    instead = load_synonyms()
    assert {text.split()[0] for texts in instead.values() for text in texts} | instead.keys() <= verbs.keys() | {
        "pull"
    }
    begun = 0
    generator = package_generator()
    chance = random.Random(4)
    for _ in range(2000):
        idiom = generator.idioms.draw(chance)
        text, _ = generator._fill(idiom, idiom.forms.draw(chance), "`", set(), chance, 0.0)
        begun += text.split()[0] in verbs
    assert begun > 1800


def test_coverage():
    assert list(called_names("', '.join(map(str, x)); sorted(")) == []
    assert sorted(called_names("', '.join(map(str, x))")) == ["join", "map"]
    coverage = measure_coverage(["len(a)", "len(b) + foo(c)"], ["len(x)"] * 5 + ["foo(x)"] * 4)
    assert (coverage.total, coverage.covered, coverage.kinds, coverage.covered_kinds) == (3, 2, 2, 1)
    assert coverage.missing == (("foo", 1),)
    with pytest.raises(ValueError, match="`references` must have code with calls, got none"):
        measure_coverage(["a"], ["len(a)"])
