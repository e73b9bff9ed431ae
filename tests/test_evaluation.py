# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Bash templates and validity, and the nearest-neighbour floor."""

import random
import shutil

import pytest


pytest.importorskip("bashlex")
pytest.importorskip("sklearn")

from codefusion_hf.evaluation.baselines.nearest_neighbour import NearestNeighbourBaseline  # noqa: E402
from codefusion_hf.evaluation.bash import bash_template, is_valid_bash  # noqa: E402


needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


@pytest.mark.parametrize(
    ("code", "template"),
    [
        ("ls", "ls"),
        ("/bin/ls -la ~/docs", "ls -a -l ARG"),
        ("sort -nrk2,2 -t, table | head -n5", "sort -k -n -r -t ARG ARG ARG | head -n ARG"),
        ("head -20 notes", "head ARG ARG"),
        ("head -n -1 notes", "head -n ARG ARG"),
        ("comm -23 a b", "comm -2 -3 ARG ARG"),
        ("tar xzf a.tgz", "tar -f -x -z ARG"),
        ("java -cp lib -jar a.jar", "java -cp -jar ARG ARG"),
        ("make > log 2>&1", "make > ARG 2>&1"),
        ("diff <(sort a) <(sort b)", "diff <( sort ARG ) <( sort ARG )"),
        ("kill $(pgrep -f bot) &", "kill $( pgrep -f ARG ) &"),
        ("LC_ALL=C sort a", "ARG=ARG sort ARG"),
        ("n=$(wc -l < a)", "ARG=$( wc -l < ARG )"),
        ("(cd a && ls) || { pwd; }", "( cd ARG && ls ) || { pwd }"),
        ("for f in *.c; do cat $f; done", "for ARG in ARG do cat ARG done"),
        ("while read l; do echo $l; done < a", "while read ARG do echo ARG done < ARG"),
        ("if [ -f a -a 3 -gt 2 ]; then ls; fi", "if [ -f ARG -a ARG -gt ARG ] then ls fi"),
        ("greet() { echo hi; }; greet", "greet () { echo ARG } ; greet"),
        ("! grep -q x a", "! grep -q ARG ARG"),
        ("sudo -u me find / -type f", "sudo -u ARG find ARG -type ARG"),
        ("ls | xargs -0 -I {} mv -n {} b", "ls | xargs -0 -I ARG mv -n ARG ARG"),
        ("timeout -k 5 10 env A=1 ls -l", "timeout -k ARG ARG env ARG ls -l"),
        (
            r"find . -name '*.log' -mtime +7 -exec rm -f {} \;",
            r"find ARG -mtime ARG -name ARG -exec rm -f ARG \;",
        ),
        (
            r"find a b \( -name '*.c' -o ! -perm -u+x \) -prune -o -print0",
            r"find ARG ARG \( -name ARG -o ! -perm ARG \) -prune -o -print0",
        ),
        (r"\; x; ls", "ARG ARG ; ls"),
        ("watch 'ls -l'", "watch ARG"),
        ("find . -exec grep -l x {} +", "find ARG -exec grep -l ARG ARG +"),
    ],
)
def test_template(code, template):
    assert bash_template(code) == template


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rm -rf a", "rm -f -r b"),
        ("grep -i -n x a", "grep -ni y b"),
        ("grep x a -i", "grep -i x a"),
        ("cut -d, -f2 a", "cut -f 2 -d ' ' a"),
        ("head --lines=5 a", "head --lines 5 a"),
        ("xargs -n1 rm -rf", "xargs -n 1 rm -f -r"),
        ("make 1> log", "> log make"),
        ("echo `date`", 'echo "$(date)"'),
        ("ls;", "ls"),
        ("cd a\nls", "cd a; ls"),
        ("for f in a\ndo\n  cat $f\ndone", "for f in a; do cat $f; done"),
        ("find . -name x -type f", "find . -type d -name y"),
        ("find . -name x -maxdepth 1", "find . -maxdepth 2 -name x"),
        ("find . -name x -a -not -empty", "find . ! -empty -name x"),
        (r"find . -name a -or -name b", "find . -name a -o -name b"),
        (r"find . \( -name a -o -name b \) -type f", r"find . -type f \( -name a -o -name b \)"),
    ],
)
def test_templates_match(one, other):
    assert bash_template(one) == bash_template(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ls a", "cat a"),
        ("ls -l a", "ls -a a"),
        ("ls -1", "ls -2"),
        ("cat a", "cat a b"),
        ("tar xf a", "tar cf a"),
        ("a | b", "a || b"),
        ("a && b", "a; b"),
        ("a > b", "a >> b"),
        ("a 2> b", "a > b"),
        ("a > b 2>&1", "a 2>&1 > b"),
        ("diff <(a) <(b)", "diff <(b) <(a)"),
        ("echo $(ls)", "echo $(pwd)"),
        ("[ a = b ]", "[ a != b ]"),
        ("xargs rm", "xargs ls"),
        ("find . -name a", "find . -iname a"),
        ("find . -name a -o -type f", "find . -name a -type f"),
        ("find . ! -name a", "find . -name a"),
        ("find . -name a -delete", "find . -delete -name a"),
        (r"find . -exec rm {} \;", "find . -exec rm {} +"),
        (r"find . -exec rm {} \;", r"find . -exec cat {} \;"),
    ],
)
def test_templates_differ(one, other):
    assert bash_template(one) != bash_template(other)


@pytest.mark.parametrize(
    "code",
    [
        "",
        " \n",
        "# nothing",
        "ls |",
        "time ls",
        "case a in b) ls;; esac",
        "echo $((1 + 2))",
        "[[ -f a ]]",
        "echo 'a",
        "((((",
        "a\x00b\ud800",
        "cat <<EOF",
        # bashlex alone does not return from these.
        "echo $'${a'",
        "echo x'${a' }",
        "$(" * 200,
        # Too deep to walk.
        "find . " + r"\( " * 2000,
    ],
)
def test_template_of_what_does_not_parse_is_the_string(code):
    assert bash_template(code) == " ".join(code.split())


def test_template_takes_any_string():
    pieces = list("ab -$(){}[]<>|&;!\\'\"`#~*?=+,\n\t019é\x00")
    pieces += ["find ", " -exec ", r" \;", "$((", "<<E\n", "<(", "${", "; do ", "sudo "]
    generator = random.Random(0)
    for _ in range(2000):
        code = "".join(generator.choices(pieces, k=generator.randint(0, 25)))
        assert isinstance(bash_template(code), str)


@needs_bash
def test_bash_validity(tmp_path, monkeypatch):
    assert is_valid_bash("for f in *; do echo $f; done")
    assert not is_valid_bash("for f in *; echo $f; done")
    assert not is_valid_bash("fi\nls")
    assert not is_valid_bash(" \n")
    # Nothing runs: neither the code nor a start-up file.
    startup = tmp_path / "startup"
    startup.write_text(f"touch {tmp_path}/started\n")
    monkeypatch.setenv("BASH_ENV", str(startup))
    assert is_valid_bash(f"touch {tmp_path}/ran; echo $(touch {tmp_path}/ran)")
    assert [path.name for path in tmp_path.iterdir()] == ["startup"]


def test_bash_validity_without_bash(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="no `bash` was found"):
        is_valid_bash("echo a command that no other test has cached")


def test_nearest_neighbour():
    baseline = NearestNeighbourBaseline(
        ["Show the current date", "show date in words", "list hidden files", "show the current date"],
        ["date", "date +%A", "ls -a", " date"],
    )
    assert baseline.predict(["Show the current date", "hidden files?"], k=2) == [
        ["date", "date +%A"],
        ["ls -a", "date"],
    ]
    assert len(baseline.predict(["files"], k=5)[0]) == 3
    with pytest.raises(ValueError, match="`k`"):
        baseline.predict(["files"], k=0)
    with pytest.raises(ValueError, match="`train_prompts` and `train_codes`"):
        NearestNeighbourBaseline(["a"], [])


def test_nearest_neighbour_with_the_values_of_the_prompt():
    prompts = ["copy /a/b to 'new  dir'", "copy /x to /y and 'z'", "count lines of a.txt in <path_0>"]
    codes = ["cp /a/b 'new  dir'", "cp /x /y; echo z", "wc -l a.txt '<path_0>'"]
    baseline = NearestNeighbourBaseline(prompts, codes, "bash")
    assert baseline.predict(["copy /C to 'D  e'"], k=1) == [["cp /C 'D  e'"]]
    # What there is nothing for stays: here is one path, and no text.
    assert baseline.predict(["copy /q to and"], k=1) == [["cp /q /y; echo z"]]
    assert baseline.predict(["count lines of b.txt in <path_0>"], k=1) == [["wc -l b.txt '<path_0>'"]]
    # Codes that become the same are one.
    assert baseline.predict(["copy /q to '/r' and 's'"], k=3)[0] == [
        "cp /q /r; echo s",
        "cp /q 's'",
        "wc -l /q '<path_0>'",
    ]
    with pytest.raises(ValueError, match="`language` must be one of bash, cf, python, got 'perl'"):
        NearestNeighbourBaseline(prompts, codes, "perl")
