# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The NLC2CMD score, and the utilities and flags that it compares."""

import random

import pytest


pytest.importorskip("bashlex")

from codefusion_hf.languages.bash.nlc2cmd import nlc2cmd_score  # noqa: E402
from codefusion_hf.languages.bash.parser import BashSyntaxError  # noqa: E402
from codefusion_hf.languages.bash.templates import utilities_and_flags  # noqa: E402


@pytest.mark.parametrize(
    ("code", "commands"),
    [
        ("x=1", []),
        ("/bin/ls -la docs", [("ls", "-l -a")]),
        ("du -s * | sort -nr | head -n5", [("du", "-s"), ("sort", "-n -r"), ("head", "-n")]),
        ("cd a && (ls; pwd) || exit", [("cd", ""), ("ls", ""), ("pwd", ""), ("exit", "")]),
        ("for f in *.c; do wc -l $f; done > log", [("wc", "-l")]),
        ("while read -r l; do echo $l; done", [("read", "-r"), ("echo", "")]),
        ("kill -s 9 $(pgrep -f bot)", [("kill", "-s"), ("pgrep", "-f")]),
        ("diff <(sort -u a) b", [("diff", ""), ("sort", "-u")]),
        ("n=$(wc -l < a)", [("wc", "-l")]),
        ("$cmd -x", [("ARG", "-x")]),
        ("ls | xargs -0 rm -f", [("ls", ""), ("xargs", "-0"), ("rm", "-f")]),
        ("sudo -u me nice -n 5 make -j", [("sudo", "-u"), ("nice", "-n"), ("make", "-j")]),
        ("timeout 5 ls -l", [("timeout", ""), ("ls", "-l")]),
        ("sudo $(which ls)", [("sudo", ""), ("which", "")]),
        ("find . -name x -o -type d", [("find", "-name -type")]),
        (r"find . ! \( -name x \) -exec grep -l y {} + -print", [("find", "-name -exec -print"), ("grep", "-l")]),
        (
            r"find a -exec sudo rm -r {} \; -exec ls \; -quit | wc",
            [("find", "-exec -quit"), ("sudo", ""), ("rm", "-r"), ("ls", ""), ("wc", "")],
        ),
        (r"find . -exec \;", [("find", "-exec")]),
    ],
)
def test_utilities_and_flags(code, commands):
    assert utilities_and_flags(code) == tuple((name, frozenset(flags.split())) for name, flags in commands)


@pytest.mark.parametrize("code", ["ls |", "case $x in a) ls;; esac", "echo ${x"])
def test_utilities_of_what_does_not_parse(code):
    with pytest.raises(BashSyntaxError):
        utilities_and_flags(code)


@pytest.mark.parametrize(
    ("candidate", "reference", "score"),
    [
        # Arguments and the order of flags do not count.
        ("df | grep sda", "df | grep home", 1),
        ("find / -type f -name x", "find . -name '*.c' -type d", 1),
        ("tar -x -z -f a", "tar -xzf b", 1),
        # Half of the flags: 1/2 (1 + (2 · 1 − 2) / 2).
        ("ls -l", "ls -la", 1 / 2),
        ("find . -type f | tail -n 5", "find . -type f -mtime 1 | tail -n 5", 3 / 4),
        # Nothing in common, and flags where there should be none: 1/2 (1 + (0 − 1) / 1).
        ("ls -l", "ls", 0),
        # Two flags against another two: 1/2 (1 + (0 − 4) / 2).
        ("ls -la", "ls -tr", -1 / 2),
        # Five flags against another one, and five too many: 1/2 (1 + (0 − 6) / 5), 1/2 (1 + (2 · 1 − 6) / 6).
        ("grep -acilv x", "grep -q x", -1 / 10),
        ("grep -acilqv x", "grep -q x", 1 / 6),
        # Another utility, another order, one missing, one too many.
        ("touch a", "mkdir a", -1),
        ("sort a | uniq", "uniq a | sort", -1),
        ("sort a", "sort a | uniq", 0),
        ("sort a | uniq | wc", "sort a", -1 / 3),
        # Not to be parsed, or no utility.
        ("", "ls", -1),
        ("ls |", "ls", -1),
        ("ls", "ls |", -1),
        ("ls  |", "ls |", 1),
        ("x=1", "x=1", 1),
        ("x=1", "x=2", -1),
        ("x=1", "ls", -1),
    ],
)
def test_score(candidate, reference, score):
    assert nlc2cmd_score(candidate, [reference]) == pytest.approx(score)


def test_best_reference_counts():
    assert nlc2cmd_score("ls -l", ["pwd", "ls -la", "ls -l docs"]) == 1
    assert nlc2cmd_score("ls -l", ["pwd", "ls -la"]) == 1 / 2
    with pytest.raises(ValueError, match="`references` must have at least one"):
        nlc2cmd_score("ls", [])


def test_any_string_has_a_score():
    draws = random.Random(0)
    pieces = [
        *"ab -x|;&()<>{}$`'\"\\!\n=2",
        "find ",
        "-exec ",
        "sudo ",
        "xargs ",
        "$(",
        "<<",
        "if ",
        "done",
        "\0",
        "é",
    ]
    for _ in range(2000):
        candidate = "".join(draws.choices(pieces, k=draws.randint(0, 15)))
        assert -1 <= nlc2cmd_score(candidate, ["ls -l | wc"]) <= 1
        assert nlc2cmd_score(candidate, [candidate]) == (1 if candidate.strip() else -1)


@pytest.mark.parametrize("code", ["$(" * 300 + "ls" + ")" * 300, "(" * 300 + "ls" + ")" * 300, "sudo " * 2000 + "ls"])
def test_deep_nesting_has_a_score(code):
    assert -1 <= nlc2cmd_score(code, ["ls"]) <= 1


def test_order_of_flags_never_counts():
    draws = random.Random(0)
    for _ in range(50):
        flags = [f"-{letter}" for letter in draws.sample("abcdeilqr", 4)]
        shuffled = draws.sample(flags, 4)
        assert nlc2cmd_score(f"foo {' '.join(flags)} x", [f"foo {' '.join(shuffled)} y"]) == 1
        assert nlc2cmd_score(f"foo {' '.join(flags[1:])} x", [f"foo {' '.join(shuffled)} y"]) < 1
