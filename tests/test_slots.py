# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Slots: what becomes one in prompt and code, and that everything comes back to the letter."""

import ast
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codefusion_hf.pipelines.slots import (
    MAX_SLOT_LENGTH,
    SLOT_COUNTS,
    SLOT_LANGUAGES,
    fill_slots,
    slot_code,
    slot_prompt,
    slot_token_ids,
    slot_tokens,
    slots_in,
)


ROOT = Path(__file__).parent.parent

# What texts are made of that slots could stumble over.
PIECES = [
    *slot_tokens(),
    "<\\path_0>",
    "<\\\\num_1>",
    "<path_",
    "_0>",
    "<",
    ">",
    "\\",
    *"'\"`“”‘’",
    "''",
    '""',
    "`'",
    "a",
    "foo",
    "foo.txt",
    "*.py",
    "/tmp",
    "/tmp/a b",
    "$HOME",
    "${x}",
    "user@host",
    "1.2.3.4",
    "10",
    "10M",
    "2nd",
    "-5",
    "my_list",
    "myList",
    "a.b",
    "d['x']",
    "[1, 2]",
    " ",
    "\n",
    "\t",
    ",",
    "=",
    "(",
    ")",
    "é",
    "日本",
    "🙂",
    "\ud800",
    "\x00",
    "|c[0]#+*Age",
    "|c[1]$a=Yes/No",
    " Yes",
    " NO 情報.",
    "Age",
    "2>&1",
    "print",
]
ODD_TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=25).map("".join)
SURROGATES = st.text(st.characters(exclude_categories=()), max_size=60)
TEXTS = ODD_TEXTS | SURROGATES
LANGUAGES = st.sampled_from(SLOT_LANGUAGES)


def slots_of(text):
    return [match[0] for match in re.finditer(r"<[a-z]+_[0-9]>", text) if match[0] in slot_tokens()]


# Everything comes back


@given(prompt=TEXTS)
@settings(deadline=None, max_examples=400, database=None)
def test_every_prompt_comes_back(prompt):
    slotted = slot_prompt(prompt)
    assert fill_slots(slotted.text, slotted.values) == prompt
    # Whatever the user typed, no slot is there but those that have a value, each of them its own.
    assert set(slots_of(slotted.text)) == set(slotted.values)
    assert len(set(slotted.values.values())) == len(slotted.values)
    assert all(0 < len(value) <= MAX_SLOT_LENGTH for value in slotted.values.values())


@given(prompt=TEXTS, code=TEXTS, language=LANGUAGES, kept=st.integers(min_value=0))
@settings(deadline=None, max_examples=600, database=None)
def test_every_program_comes_back_whichever_slots_it_may_have(prompt, code, language, kept):
    values = slot_prompt(prompt).values
    values = {slot: value for number, (slot, value) in enumerate(values.items()) if kept >> number & 1}
    slotted = slot_code(code, values, language)
    assert fill_slots(slotted, values) == code
    assert set(slots_of(slotted)) <= values.keys()


@given(text=TEXTS, language=LANGUAGES)
@settings(deadline=None, max_examples=300, database=None)
def test_a_program_of_nothing_but_the_prompt_s_values_comes_back(text, language):
    values = slot_prompt(text).values
    for code in (
        text,
        *values.values(),
        " ".join(values.values()),
        "".join(f"'{value}'" for value in values.values()),
    ):
        assert fill_slots(slot_code(code, values, language), values) == code


@given(values=st.dictionaries(st.sampled_from(slot_tokens()), ODD_TEXTS, max_size=6), code=TEXTS, language=LANGUAGES)
@settings(deadline=None, max_examples=300, database=None)
def test_values_may_overlap_contain_slots_or_be_empty(values, code, language):
    assert fill_slots(slot_code(code, values, language), values) == code


@given(prompt=TEXTS)
@settings(deadline=None, max_examples=200, database=None)
def test_slots_are_numbered_by_kind_in_the_order_of_the_prompt(prompt):
    slotted = slot_prompt(prompt)
    assert list(dict.fromkeys(slots_of(slotted.text))) == list(slotted.values)
    numbers = {}
    for slot in slotted.values:
        kind, number = re.fullmatch(r"<([a-z]+)_([0-9])>", slot).groups()
        assert int(number) == numbers.setdefault(kind, 0)
        numbers[kind] += 1
    assert all(count <= SLOT_COUNTS[kind] for kind, count in numbers.items())


@pytest.mark.parametrize("text", ["<path_0>", r"<\path_0>", r"<\\path_0> <str_9>", "a <num_0> b", "<<path_0>>"])
def test_what_looks_like_a_slot_is_none(text):
    slotted = slot_prompt(text)
    assert not slotted.values and not slots_of(slotted.text)
    assert fill_slots(slotted.text, {"<path_0>": "/tmp", "<num_0>": "1"}) == text
    for language in SLOT_LANGUAGES:
        assert not slots_of(slot_code(text, {}, language))


def test_a_slot_without_a_value_stays():
    assert fill_slots("ls <path_0> <path_1>", {"<path_1>": "/tmp"}) == "ls <path_0> /tmp"
    # A value is put in as it is, also where it looks like a slot.
    assert fill_slots("<str_0> <str_1>", {"<str_0>": "<str_1>", "<str_1>": r"<\str_0>"}) == r"<str_1> <\str_0>"


# Prompts


@pytest.mark.parametrize(
    ("prompt", "text", "values"),
    [
        ("find '*.txt' in /tmp", "find '<path_0>' in <path_1>", ["*.txt", "/tmp"]),
        ("find *.txt files, and .c files.", "find <path_0> files, and <path_1> files.", ["*.txt", ".c"]),
        ("copy a/b.c and ~/x/ to ../y", "copy <path_0> and <path_1> to <path_2>", ["a/b.c", "~/x/", "../y"]),
        ("rename read/write and/or n/a", "rename read/write and/or n/a", []),
        ("list it, e.g. with Node.js, i.e. a.k.a. js.", "list it, e.g. with Node.js, i.e. a.k.a. js.", []),
        ('the word "not here" in "notes.md"', 'the word "<str_0>" in "<path_0>"', ["not here", "notes.md"]),
        ("“one” and ‘two’, `three' too", "“<str_0>” and ‘<str_1>’, `<str_2>' too", ["one", "two", "three"]),
        ("don't touch users' files' names", "don't touch users' files' names", []),
        ("replace '' by \"\" or ``", "replace '' by \"\" or ``", []),
        ('a 5" disk', 'a <num_0>" disk', ["5"]),
        ("sort 'a' by 'a' and \"a\"", "sort '<str_0>' by '<str_0>' and \"<str_0>\"", ["a"]),
        ("split by ', ' and ' '", "split by '<str_0>' and '<str_1>'", [", ", " "]),
        ("larger than 10MB or 10 GB, +5 -3 50%", "larger than <num_0>MB or <num_0> GB, +<num_1> -<num_2> <num_3>%",
         ["10", "5", "3", "50"]),
        ("the 2nd and 3rd column, not 2d", "the <num_0>nd and <num_1>rd column, not 2d", ["2", "3"]),
        ("since 2014-04-30 at 8:00 in 3.1.2", "since <num_0> at <num_1> in <num_2>", ["2014-04-30", "8:00", "3.1.2"]),
        ("utf-8 file1 x86 md5sum ten", "utf-8 file1 x86 md5sum ten", []),
        ("$HOME, ${x} and \"$1\"", "<var_0>, <var_1> and \"<var_2>\"", ["$HOME", "${x}", "$1"]),
        ("ping 1.2.3.4 and www.example.org", "ping <host_0> and <host_1>", ["1.2.3.4", "www.example.org"]),
        ("ssh me@box, get https://a.b/c?d=e", "ssh <host_0>, get <host_1>", ["me@box", "https://a.b/c?d=e"]),
        ("sort `df` by my_col, np.nan", "sort `<name_0>` by <name_1>, <name_2>", ["df", "my_col", "np.nan"]),
        ("call getName in GitHub for UTC on iOS", "call <name_0> in GitHub for UTC on iOS", ["getName"]),
        ("set `None` where `not` is", "set `None` where `not` is", []),
        ("add `[1, 2]` to `d['x']`", "add `<expr_0>` to `<expr_1>`", ["[1, 2]", "d['x']"]),
        ("an empty list `[]`", "an empty list `[]`", []),
        ("over $500, 20€ but 1,200 and 65,000.5", "over $<num_0>, <num_1>€ but 1,200 and 65,000.5", ["500", "20"]),
        ("1,2,3 with topItems or equalTo", "<num_0>,<num_1>,<num_2> with topItems or equalTo", ["1", "2", "3"]),
        ("set key=my_value, f(a_b)", "set key=<name_0>, f(<name_1>)", ["my_value", "a_b"]),
        ("(see /etc/x) [/tmp]", "(see <path_0>) [<path_1>]", ["/etc/x", "/tmp"]),
        ("größer als 5 日本 'ключ'", "größer als <num_0> 日本 '<str_0>'", ["5", "ключ"]),
    ],
)  # fmt: skip
def test_values_of_prompts(prompt, text, values):
    slotted = slot_prompt(prompt)
    assert slotted.text == text
    assert list(slotted.values.values()) == values


def test_more_values_than_slots_stay_text():
    count = SLOT_COUNTS["path"]
    paths = [f"/dir{number}" for number in range(count + 2)]
    slotted = slot_prompt(" ".join([*paths, paths[0]]))
    assert slotted.text == " ".join([*(f"<path_{number}>" for number in range(count)), *paths[count:], "<path_0>"])
    code = slot_code(f"rm {' '.join(paths)}", slotted.values, "bash")
    assert code == "rm " + slotted.text.removesuffix(" <path_0>")


def test_long_values_stay_text():
    long = "x" * (MAX_SLOT_LENGTH + 1)
    assert slot_prompt(f"print '{long}' to /{long}").values == {}
    assert slot_prompt(f"print '{long[1:]}'").values == {"<str_0>": long[1:]}


def test_values_can_stay_behind_their_slots():
    slotted = slot_prompt("copy /tmp to '<str_0> b', not /tmp", keep_values=True)
    assert slotted.text == r"copy <path_0> /tmp to '<str_0> <\str_0> b', not <path_0>"
    assert slotted.values == slot_prompt("copy /tmp to '<str_0> b', not /tmp").values


def test_rules_have_slots_for_columns_that_are_named_and_for_cells():
    prompt = "paint Unit Price above 20 if Passed is No |c[0]#+*Unit Price|c[1]$+Passed=Yes/No|c[2]#Cost 2|c[3]?X"
    slotted = slot_prompt(prompt)
    assert slotted.text == (
        "paint <name_0> above <num_0> if <name_1> is <str_0> "
        "|c[0]#+*<name_0>|c[1]$+<name_1>=Yes/<str_0>|c[2]#Cost 2|c[3]?X"
    )
    rule = "AND(GreaterThan(c[0], 20), TextEquals(c[1], 'No'))"
    assert slot_code(rule, slotted.values, "cf") == "AND(GreaterThan(c[0], <num_0>), TextEquals(c[1], '<str_0>'))"
    quoted = slot_prompt("""'No' in "Passed" and No Passed |c[0]$Passed=Yes/No""").text
    assert quoted == """'<str_0>' in "<str_1>" and <str_0> <str_1> |c[0]$<str_1>=Yes/<str_0>"""
    # The number of a column is no constant.
    one = slot_prompt("the 1 largest |c[0]#a|c[1]#b").values
    assert slot_code("Top(c[1], 1)", one, "cf") == "Top(c[1], <num_0>)"
    assert slot_code("Top(c[1], 10)", one, "cf") == "Top(c[1], 10)"
    # The names of functions are none of the prompt's words.
    assert slot_code("Top(c[1], 1)", {"<str_0>": "Top"}, "cf") == "Top(c[1], 1)"


@pytest.mark.parametrize(
    "sentence, values",
    [
        ("cells that are equal to BUONO", ["BUONO"]),
        ("Highlight Mexico city", ["Mexico"]),
        ("paint what is Not Started. Other cells stay", ["Started"]),
        ("DONE is green, Late is Red", ["DONE", "Late"]),
        ("cells that do not have 情報 in them", ["情報"]),
        # Words of Excel, references to cells, the first word of a sentence, and what is no word.
        ("Apply Icon Sets to Column AB of D1:D36", []),
        ("mark X, Ünder_score, don't, it.Is and 'quoted'", ["quoted"]),
        # Six at most, with those in quotes.
        ("mark 'a b' or Aa Bb Cc Dd Ee Ff Gg Aa", ["a b", "Aa", "Bb", "Cc", "Dd", "Ee"]),
    ],
)
def test_in_a_rule_a_capitalised_word_is_a_cells_text(sentence, values):
    prompt = f"{sentence} |c[0]#Age|c[1]$?"
    slotted = slot_prompt(prompt)
    found = {value for slot, value in slotted.values.items() if slot.startswith("<str_")}
    assert found == set(values)
    assert fill_slots(slotted.text, slotted.values) == prompt
    for value in values:
        assert slot_code(f"TextEquals(c[1], '{value}')", slotted.values, "cf").startswith("TextEquals(c[1], '<str_")
    # Elsewhere they are words like any other.
    assert set(slot_prompt(sentence).values.values()) <= {"a b", "quoted", "it.Is", "Ünder_score"}


# Programs


@pytest.mark.parametrize(
    ("value", "code", "slotted"),
    [
        ("/tmp", "ls /tmp '/tmp' \"/tmp\" if=/tmp -I/tmp", "ls @ '@' \"@\" if=@ -I@"),
        ("/tmp", "ls /tmp2 a/tmp /tmp.d ../tmp", "ls /tmp2 a/tmp /tmp.d ../tmp"),
        ("/tmp", "ls /tmp/a $d/tmp host:/tmp", "ls @/a $d@ host:@"),
        (".txt", "ls *.txt a.txt $f.txt '\\.txt$'", "ls *@ a.txt $f@ '\\@$'"),
        ("*.txt", "ls *.txt a*.txt *.txt~ \\*.txt", "ls @ a*.txt *.txt~ \\@"),
        ("foo", "foo --foo foo-bar foo.txt a.foo food", "@ --foo foo-bar foo.txt a.foo food"),
        ("foo", "echo \"a foo b\" '*foo*' s/foo/bar/ $foo ${foo} a=foo", "echo \"a @ b\" '*@*' s/@/bar/ $@ ${@} a=@"),
        ("JPG", "ls *.JPG 's/\\.JPG/x/' a.JPG", "ls *.@ 's/\\.@/x/' a.JPG"),
        ("a b", "echo 'a b' a b a bc", "echo '@' @ a bc"),
        (",", "cut -d, -f1 | sort -t , | cut -d ',' x , y a,b", "cut -d@ -f1 | sort -t @ | cut -d '@' x , y a,b"),
        ("|", "a | b '|'", "a | b '@'"),
        (".", "find . '.' -d . a.b", "find . '@' -d @ a.b"),
        (" ", "tr ' ' x", "tr '@' x"),
        ("$x", "echo $x $xy \"$x.txt\" -$x \\$x $$x", "echo @ $xy \"@.txt\" -@ \\$x $$x"),
    ],
)  # fmt: skip
def test_values_are_words_of_bash(value, code, slotted):
    found = slot_code(code, {"<str_0>": value}, "bash")
    assert found == slotted.replace("@", "<str_0>")
    assert fill_slots(found, {"<str_0>": value}) == code


@pytest.mark.parametrize(
    ("code", "slotted"),
    [
        ("head -n2 -2 -n 2 -c+2", "head -n@ -@ -n @ -c+2"),
        ("find -size +2M -mtime -2 -size 2k", "find -size +@M -mtime -@ -size @k"),
        ("seq 2 10 {1..2} 1,2 2..3", "seq @ 10 {1..@} 1,@ @..3"),
        ("sed '2d;2,5p' | awk '{print $2}' | cut -f2-3", "sed '@d;@,5p' | awk '{print $@}' | cut -f@-3"),
        ("ls 2>&1 >&2 2>/dev/null", "ls 2>&1 >&2 2>/dev/null"),
        ("a2 2.5 1.2 x86_2 print2 22 [2-9] [0-2] 2e5x", "a2 2.5 1.2 x86_2 print2 22 [2-9] [0-2] 2e5x"),
    ],
)
def test_numbers_are_numbers_of_bash(code, slotted):
    assert slot_code(code, {"<num_0>": "2"}, "bash") == slotted.replace("@", "<num_0>")


@pytest.mark.parametrize(
    ("slot", "value", "code", "slotted"),
    [
        ("<name_0>", "a", "a.a(a, 'a', ab, \"x a\", a='b')", "@.@(@, '@', ab, \"x @\", @='b')"),
        ("<name_0>", "r", "r + r'x' + f(r)", "@ + r'x' + f(@)"),
        ("<name_0>", "np.nan", "np.nan + xnp.nan + np.nano", "@ + xnp.nan + np.nano"),
        ("<str_0>", "in", "x in y + 'in'", "x in y + '@'"),
        ("<str_0>", "%Y-%m", "f('%Y-%m', '%Y-%m-%d')", "f('@', '%Y-%m-%d')"),
        ("<str_0>", "+", "a + '+' + '++'", "a + '@' + '++'"),
        ("<str_0>", ", ", "', '.join((a, b))", "'@'.join((a, b))"),
        ("<str_0>", "it's", "\"it's\" + 'it\\'s'", "\"@\" + 'it\\'s'"),
        ("<str_0>", "a", '"""a""" + """ba"""', '"""@""" + """ba"""'),
        ("<num_0>", "2", "x[2] + 2.5 + 1.2 + a2 + '2' + 2 ** 2", "x[@] + 2.5 + 1.2 + a2 + '@' + @ ** @"),
        ("<num_0>", "2", "-2 + '%.2f {:.2f} %2d x2'", "-@ + '%.@f {:.@f} %2d x2'"),
        ("<expr_0>", "[1, 2]", "f([1, 2]) + [1,2] + [[1, 2]]", "f(@) + [1,2] + [@]"),
        ("<expr_0>", "= 5", "x == 5; y = 5", "x == 5; y @"),
        ("<path_0>", "x.py", "open('x.py'), 'ax.py', 'x.pyc', './x.py'", "open('@'), 'ax.py', 'x.pyc', './@'"),
    ],
)  # fmt: skip
def test_values_are_tokens_and_strings_of_python(slot, value, code, slotted):
    found = slot_code(code, {slot: value}, "python")
    assert found == slotted.replace("@", slot)
    assert fill_slots(found, {slot: value}) == code


def test_of_overlapping_values_the_first_and_longest_is_taken():
    values = {"<str_0>": "a", "<str_1>": "a b", "<str_2>": "b c d", "<path_0>": "a"}
    assert slot_code("a b c d", values, "bash") == "<str_1> c d"
    assert slot_code("b c d a", values, "bash") == "<str_2> <path_0>"
    assert slot_code("b c d a", dict(reversed(values.items())), "bash") == "<str_2> <path_0>"


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="`language` must be one of bash, cf, python, got 'perl'"):
        slot_code("x", {}, "perl")


# Tokens


def test_tokens_are_the_counts_of_all_kinds():
    tokens = slot_tokens()
    assert len(set(tokens)) == len(tokens) == sum(SLOT_COUNTS.values())
    assert all(re.fullmatch(r"<[a-z]+_[0-9]>", token) for token in tokens)


def test_slots_that_are_cut_off_are_left_out():
    slot_ids = slot_token_ids({"<path_0>": 7, " <path_0>": 8, "<num_0>": 9, "<other_0>": 5})
    assert slot_ids == {"<path_0>": (7, 8), "<num_0>": (9,)}
    values = {"<path_0>": "/tmp", "<num_0>": "1", "<str_0>": "x"}
    assert slots_in([1, 8, 2], values, slot_ids) == {"<path_0>": "/tmp"}
    assert slots_in([9, 7], values, slot_ids) == {"<path_0>": "/tmp", "<num_0>": "1"}
    assert slots_in([], values, slot_ids) == {}


# What travels


def test_no_name_of_the_file_is_one_of_another_that_it_is_joined_with():
    """All files of `modeling` and `pipelines` may become one, see `codefusion_hf.modeling.self_contained`."""

    def names(path):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield node.name
            elif isinstance(node, ast.Assign):
                yield from (target.id for target in node.targets if isinstance(target, ast.Name))

    own = set(names(ROOT / "pipelines" / "slots.py")) - {"__all__"}
    others = [path for folder in ("modeling", "pipelines") for path in (ROOT / folder).glob("*.py")]
    assert own and not own & {name for path in others if path.name != "slots.py" for name in names(path)}


@pytest.mark.parametrize(
    "piece", ["a", "'a ", "`", "“", "<\\", "_", "a/", "(", "a@", "1.", "c[", " x_y", '"""\\', "${"]
)
def test_time_is_linear(piece):
    """What is not takes minutes here."""
    text = (piece * 100_000)[:100_000]
    start = time.process_time()
    slotted = slot_prompt(text)
    assert fill_slots(slotted.text, slotted.values) == text
    values = {"<str_0>": piece, "<str_1>": (piece * MAX_SLOT_LENGTH)[: MAX_SLOT_LENGTH - 1] + "!", **slotted.values}
    for language in SLOT_LANGUAGES:
        assert fill_slots(slot_code(text, values, language), values) == text
    assert time.process_time() - start < 20
