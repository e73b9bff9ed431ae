# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Code-specific CPD: the identifiers and built-in keywords of a snippet are found, and only their tokens masked."""

import pytest
import torch
from tokenizers import ByteLevelBPETokenizer

from codefusion_hf.data.masking import LANGUAGES, MaskableSpans, mask_code_tokens, maskable_spans


# Snippet, and what may be masked in it, in order.
PARSED = [
    ("ls -la /tmp", "ls"),
    ("cat notes.txt | grep -v todo | wc -l", "cat grep wc"),
    ("mkdir build && cd build || exit 1; make &", "mkdir cd exit make"),
    ("sudo apt install jq", "sudo"),
    ("find . -name '*.o' | xargs rm -f", "find xargs"),
    ("find . -type d -exec chmod 755 {} \\;", "find"),
    ("/usr/bin/python3 ./run.py", "/usr/bin/python3"),
    ("[ -f x ] && . ./env.sh", "[ ."),
    ("LANG=C sort -u names", "LANG sort"),
    ("paths[2]+=bin", "paths"),
    ("export EDITOR=vim PAGER", "export EDITOR"),
    ("env EDITOR=vim", "env"),
    ("echo $HOME ${USER} ${#word} ${file%.txt} ${a:-$b}", "echo HOME USER word file a b"),
    ("echo $1 $? $# $@ $$x ${1}", "echo"),
    ("today=$(date +%F)", "today date"),
    ("echo `hostname` <(sort a) > $log 2>&1", "echo hostname sort log"),
    ("for f in *.txt; do mv $f old; done", "for f in do mv f done"),
    ("while read line; do wc $line; done < in", "while read do wc line done"),
    ("until ping host; do sleep 1; done", "until ping do sleep done"),
    ("if test -d a; then ls; elif true; then pwd; else ls; fi", "if test then ls elif true then pwd else ls fi"),
    ("greet() { echo hi; }", "greet { echo }"),
    ("function greet { echo hi; }", "function greet { echo }"),
    ("! grep -q x f", "! grep"),
    ("(cd a; ls)", "cd ls"),
    ("echo for if done in", "echo"),
    ("ls # cat $x isn't here\npwd", "ls pwd"),
    ("#!/bin/bash\n\nls \\\n  -l", "ls"),
    ("cat <<EOF\nit's $x\nEOF\nls", "cat ls"),
    ("cat <<-'END' | wc\n\t$(rm x)\n\tEND\nls", "cat wc ls"),
    ("-name x -print", ""),
    ("$cmd $arg", "cmd arg"),
    ("", ""),
    (" \n", ""),
    ("# only a comment", ""),
]
QUOTED = [
    ("echo \"$x ${y} $(ls) `pwd`\" 'for $z'", "echo"),
    ('echo "a $(grep "$x" \'b\') $y" | wc $z', "echo wc z"),
    ('echo "${x:-it\'s}" $y', "echo y"),
    ("echo a'$x'b\"$y\"c$z", "echo z"),
    ("echo $'it\\'s $x' $y", "echo y"),
    ("echo \\$x \\\\$y \\; ls", "echo y"),
    ('echo \\" $x \\"', "echo x"),
    ("\\rm a; 'ls' b; \"$dir\"/bin/x", ""),
    # bashlex alone expands what these quote; on the second it never returns.
    ("awk x'$y'", "awk"),
    ("awk x'${'", "awk"),
]
UNPARSED = [
    ("[[ -n $x && a < b ]] && ls || pwd", "[[ x ]] ls pwd"),
    ("if [[ $(id -u) == 0 ]]; then ls; fi", "if [[ id ]] then ls fi"),
    ("case $1 in a|b) ls;; (*) rm x;; esac; pwd", "case in ls rm esac pwd"),
    ("case $x in\n a) [[ b ]] && ls\n ;;\nesac", "case x in [[ ]] ls esac"),
    ("for ((i=0; i<3; i++)); do echo $i; done", "for do echo i done"),
    ("(( n > 1 )) && ls $((n + $m))", "ls m"),
    ("(( count++ )); ls", "ls"),
    ("select x in a b; do echo $x; done", "select x in do echo x done"),
    ("time make -j", "time make"),
    ("names=(a b $c); ls", "names c ls"),
    ('time export A=1 B="$x"', "time export A B"),
    ("time x=$(cd $y; ls -l) | `cat f` g", "time x cd y ls cat"),
    ("time cat < in 2>&1 >> $out | wc", "time cat out wc"),
    ("function go() { time ls; }", "function go { time ls }"),
    ("echo 'never closed | ls", "echo"),
    ('ls | echo "never $(closed', "ls echo"),
    ("time 'x' | grep \"$(ls | wc)\" \\| cat", "time grep"),
    ("| sort -u", "sort"),
    ("kill <PID>", "kill"),
    ("if (x) return;", "if x"),
]


PYTHON_PARSED = [
    ("total = price * 2", "total price"),
    ("os.path.join(a, sep='/')", "os path join a sep"),
    ("from a.b import c as d", "from a b import c as d"),
    ("def f(x: int = 3, *, y) -> None: return x", "def f x int y None return x"),
    ("x if not y else True", "x if not y else True"),
    ("match = 1", "match"),
    ("match x:\n    case [_, type]: pass", "match x case _ type pass"),
    ("x = 'for y' + r\"\\d z\" + b'w'", "x"),
    ("f'{x + y} z' + z", "z"),
    ("f'{x!r:>{y}} {{z}}' 'w', v", "v"),
    ("x = '''\ny\n'''; z", "x z"),
    ("x  # y in z", "x"),
    ("x = 0xFF + 1e5 + 2j", "x"),
    ("x\r\nif y:\r\n\tz", "x if y z"),
    ("x\ry", "x y"),
    ("x = (\n\f  y, \\\n z)", "x y z"),
    ("naïve = 变量", "naïve 变量"),
    ("'é😀'; x", "x"),
    ("'\\d'; x", "x"),
    ("", ""),
]
PYTHON_UNPARSED = [
    ("print 'for x', y", "print y"),
    ("print >>f, ur'x' % 10L", "print f"),
    ("except x, e:", "except x e"),
    ("  x = 1", "x"),
    ("x = 'y z\nw", "x w"),
    ("x = '''y\nz", "x"),
    ("x = 'y\\\nz' w", "x w"),
    ("x = 'y\\", "x"),
    ("(f'{x}' y # it's z", "y"),
    ("df[1.5.x].2y 0.e5 1..real", "df x real"),
    ("a² b", "b"),
    ("$ x ?", "x"),
    ("x\0y", "x y"),
    ("'\ud800', x", "x"),
]
CF_PARSED = [
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
CF_UNPARSED = [
    ("if(NOT(Blanks(c[2])), red)", ["if", "NOT", "Blanks", "c[2]"]),
    ("GreaterThan(LEN (c[0]), 6)", ["GreaterThan", "LEN", "c[0]"]),
    ("Top(c[1], 'Top(c[2])'", ["Top", "c[1]"]),
    ("--", []),
    ("", []),
]


def found_in(code: str, language: str = "bash") -> list[str]:
    return [code[start:end] for start, end in maskable_spans(code, language).spans]


@pytest.mark.parametrize("code, expected", PARSED + QUOTED)
def test_names_and_keywords_of_what_parses(code, expected):
    assert found_in(code) == expected.split()
    assert maskable_spans(code).parsed


@pytest.mark.parametrize("code, expected", UNPARSED)
def test_what_bashlex_cannot_parse_gets_the_lexical_rule_and_is_marked(code, expected):
    assert found_in(code) == expected.split()
    assert not maskable_spans(code).parsed


@pytest.mark.parametrize("code, expected", PYTHON_PARSED)
@pytest.mark.filterwarnings("error")
def test_names_and_keywords_of_python(code, expected):
    assert found_in(code, "python") == expected.split()
    assert maskable_spans(code, "python").parsed


@pytest.mark.parametrize("code, expected", PYTHON_UNPARSED)
def test_what_python_refuses_gets_the_lexical_rule_and_is_marked(code, expected):
    assert found_in(code, "python") == expected.split()
    assert not maskable_spans(code, "python").parsed


@pytest.mark.parametrize("code", ["-" * 100_000 + "x", "(" * 500 + "x", "x" + "[x" * 300 + "]" * 300])
def test_deep_nesting_of_python_falls_back(code):
    assert set(found_in(code, "python")) == {"x"}
    assert not maskable_spans(code, "python").parsed


@pytest.mark.parametrize("code, expected", CF_PARSED)
def test_names_columns_and_texts_of_cf_rules(code, expected):
    assert found_in(code, "cf") == expected
    assert maskable_spans(code, "cf").parsed


@pytest.mark.parametrize("code, expected", CF_UNPARSED)
def test_what_is_no_cf_rule_gets_the_lexical_rule_and_is_marked(code, expected):
    assert found_in(code, "cf") == expected
    assert not maskable_spans(code, "cf").parsed


def test_unparsed_snippets_can_be_counted():
    assert sum(not maskable_spans(code).parsed for code, _ in PARSED + UNPARSED) == len(UNPARSED)


def test_what_bashlex_refuses_of_real_bash_is_found_by_the_lexical_rule():
    # Bash reads it, bashlex does not: the two rules have to agree.
    assert maskable_spans("ls $(a; b && c)") == MaskableSpans(((0, 2), (5, 6), (8, 9), (13, 14)), parsed=False)


@pytest.mark.parametrize(
    "code", ["(" * 500, "a $(" * 200 + "b" + ")" * 200, "if a; then " * 300, "`" * 501, "((" * 300]
)
def test_deep_nesting_falls_back(code):
    assert not maskable_spans(code).parsed


def test_unknown_language_is_an_error_that_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"`language` must be one of \['bash', 'cf', 'python'\], got 'cobol'"):
        maskable_spans("ls", language="cobol")


def test_a_registered_language_is_used(monkeypatch):
    monkeypatch.setitem(LANGUAGES, "first-letter", lambda code: MaskableSpans(((0, 1),), parsed=True))
    assert maskable_spans("abc", language="first-letter").spans == ((0, 1),)


MASK = 1


@pytest.fixture(scope="module")
def tokenizer() -> ByteLevelBPETokenizer:
    """A byte-level BPE whose offsets include the blank in front of a word, as the tokens do."""
    tokenizer = ByteLevelBPETokenizer(trim_offsets=False)
    corpus = [code for code, _ in PARSED] * 3 + ["echo ${directory} | wc -l", "ls | grep -r pattern ."] * 5
    tokenizer.train_from_iterator(corpus, vocab_size=330, special_tokens=["<pad>", "<mask>"], show_progress=False)
    return tokenizer


def mask(tokenizer, code, mask_probability, seed=0):
    encoding = tokenizer.encode(code)
    generator = torch.Generator().manual_seed(seed)
    masked = mask_code_tokens(
        encoding.ids, encoding.offsets, maskable_spans(code).spans, MASK, mask_probability, generator
    )
    return encoding, masked


@pytest.mark.parametrize("code", [code for code, _ in PARSED + QUOTED + UNPARSED])
def test_probability_of_one_masks_all_tokens_of_names_and_no_other(tokenizer, code):
    encoding, masked = mask(tokenizer, code, mask_probability=1.0)
    of_a_name = {index for start, end in maskable_spans(code).spans for index in range(start, end)}
    assert len(masked) == len(encoding.ids)
    for token_id, masked_id, (start, end) in zip(encoding.ids, masked, encoding.offsets, strict=True):
        assert masked_id == (MASK if of_a_name & set(range(start, end)) else token_id)


def test_quotes_stay_and_a_glued_blank_does_not_save_a_name(tokenizer):
    encoding, masked = mask(tokenizer, "ls | grep 'ls $x' | grep ls", mask_probability=1.0)
    assert "Ġgrep" in encoding.tokens
    assert tokenizer.decode([i for i in masked if i != MASK], skip_special_tokens=False) == " | 'ls $x' | ls"


def test_a_span_is_masked_whole_or_not_at_all(tokenizer):
    code = "frobnicate -v | echo $directory_name | unzip-all | sort"
    spans = maskable_spans(code).spans
    choices = set()
    for seed in range(50):
        encoding, masked = mask(tokenizer, code, mask_probability=0.5, seed=seed)
        is_masked = []
        for span_start, span_end in spans:
            tokens = [i for i, (start, end) in enumerate(encoding.offsets) if start < span_end and end > span_start]
            assert len({masked[i] == MASK for i in tokens}) == 1
            is_masked.append(masked[tokens[0]] == MASK)
        assert any(is_masked)
        choices.add(tuple(is_masked))
    assert len(encoding.ids) > 2 * len(spans)  # or there would be nothing to keep together
    assert len(choices) > 15


def test_the_choice_follows_the_generator(tokenizer):
    code = "a $b | c $d | e $f | g $h"
    masked = [mask(tokenizer, code, 0.5, seed)[1] for seed in (0, 0, 1)]
    assert masked[0] == masked[1] != masked[2]


@pytest.mark.parametrize("mask_probability", [0.2, 0.5, 0.8])
def test_the_probability_is_that_of_a_span(mask_probability):
    num_spans = 4000
    ids, offsets = [7] * num_spans, [(i, i + 1) for i in range(num_spans)]
    masked = mask_code_tokens(ids, offsets, offsets, MASK, mask_probability, torch.Generator().manual_seed(0))
    assert masked.count(MASK) / num_spans == pytest.approx(mask_probability, abs=0.03)  # 3.8 standard deviations


def test_one_span_is_masked_if_chance_takes_none_and_each_has_its_turn():
    offsets = [(0, 2), (3, 5), (6, 8)]
    generator = torch.Generator().manual_seed(0)
    seen = set()
    for _ in range(50):
        masked = mask_code_tokens([7, 8, 9], offsets, offsets, MASK, 1e-9, generator)
        assert masked.count(MASK) == 1
        seen.add(masked.index(MASK))
    assert seen == {0, 1, 2}


def test_special_tokens_and_spans_that_were_cut_off_are_left_out():
    # <s>, "ls", " -l", </s>, <pad>; the second span lies behind the cut, so the first has to be the one.
    ids, offsets = [2, 10, 11, 3, 0], [(0, 0), (0, 2), (2, 5), (0, 0), (0, 0)]
    for seed in range(10):
        generator = torch.Generator().manual_seed(seed)
        assert mask_code_tokens(ids, offsets, [(0, 2), (8, 12)], MASK, 1e-9, generator) == [2, MASK, 11, 3, 0]


def test_without_a_span_nothing_changes_and_the_input_is_not_written_to():
    ids = [10, 11]
    assert mask_code_tokens(ids, [(0, 2), (2, 5)], [], MASK) == [10, 11]
    assert mask_code_tokens(ids, [(0, 2), (2, 5)], [(0, 2)], MASK) == [MASK, 11]
    assert ids == [10, 11]


@pytest.mark.parametrize("mask_probability", [0.0, -0.1, 1.1, float("nan")])
def test_a_mask_probability_out_of_range_is_an_error(mask_probability):
    with pytest.raises(ValueError, match="`mask_probability` must be above 0 and at most 1"):
        mask_code_tokens([5], [(0, 2)], [(0, 2)], MASK, mask_probability)


def test_offsets_of_another_length_are_an_error():
    with pytest.raises(ValueError, match="`offsets` must be as long as `input_ids`, which has 2 tokens, got 1"):
        mask_code_tokens([5, 6], [(0, 2)], [(0, 2)], MASK)
