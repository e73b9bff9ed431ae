# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What may be masked in Bash: commands, reserved words and names, by bashlex or by the lexical rule."""

import pytest


pytest.importorskip("bashlex")

from codefusion_hf.languages.bash.masking import bash_maskable_spans  # noqa: E402
from codefusion_hf.languages.snippets import MaskableSpans  # noqa: E402


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


def found_in(code: str) -> list[str]:
    return [code[start:end] for start, end in bash_maskable_spans(code).spans]


@pytest.mark.parametrize("code, expected", PARSED + QUOTED)
def test_names_and_keywords_of_what_parses(code, expected):
    assert found_in(code) == expected.split()
    assert bash_maskable_spans(code).parsed


@pytest.mark.parametrize("code, expected", UNPARSED)
def test_what_bashlex_cannot_parse_gets_the_lexical_rule_and_is_marked(code, expected):
    assert found_in(code) == expected.split()
    assert not bash_maskable_spans(code).parsed


def test_unparsed_snippets_can_be_counted():
    assert sum(not bash_maskable_spans(code).parsed for code, _ in PARSED + UNPARSED) == len(UNPARSED)


def test_what_bashlex_refuses_of_real_bash_is_found_by_the_lexical_rule():
    # Bash reads it, bashlex does not: the two rules have to agree.
    assert bash_maskable_spans("ls $(a; b && c)") == MaskableSpans(((0, 2), (5, 6), (8, 9), (13, 14)), parsed=False)


@pytest.mark.parametrize(
    "code", ["(" * 500, "a $(" * 200 + "b" + ")" * 200, "if a; then " * 300, "`" * 501, "((" * 300]
)
def test_deep_nesting_falls_back(code):
    assert not bash_maskable_spans(code).parsed
