# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Bash templates and validity, scoring, the nearest-neighbour floor and the evaluation of a checkpoint."""

import io
import json
import random
import shutil
from types import SimpleNamespace

import pytest
import torch
from diffusers import DDPMScheduler
from rich.console import Console


pytest.importorskip("bashlex")
pytest.importorskip("sklearn")

from codefusion_hf.evaluation import (  # noqa: E402
    NearestNeighbourBaseline,
    bash_template,
    evaluate_checkpoint,
    group_references,
    is_valid_bash,
    report_table,
    score_candidates,
    select_prompts,
)


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
    with pytest.raises(RuntimeError, match="no `bash` was found"):
        is_valid_bash("echo a command that no other test has cached")


def test_group_references():
    pairs = [
        {"text": "List files", "code": "ls"},
        {"text": "show date", "code": "date"},
        {"text": "list  files", "code": "ls -a"},
        {"text": "list files", "code": "ls"},
    ]
    assert group_references(pairs) == {"list files": ["ls", "ls -a"], "show date": ["date"]}


@needs_bash
def test_scores():
    references = [["ls -la docs", "find docs"], ["date"], ["cat a | wc -l"], ["pwd"]]
    candidates = [
        ["du docs", "find  docs"],  # exact match of the second reference at 2
        ["", "who", "ls", "date"],  # top-1 blank; exact match at 4
        ["cat b | wc -l"],  # template match at 1
        ["echo 'unclosed", "pwd -P"],  # top-1 not valid; no match
    ]
    assert score_candidates(candidates, references) == {
        "non_empty_top1": 75.0,
        "valid_top1": 50.0,
        "exact_match_top1": 0.0,
        "exact_match_top3": 25.0,
        "exact_match_top5": 50.0,
        "template_match_top1": 25.0,
        "template_match_top3": 50.0,
        "template_match_top5": 75.0,
    }


@needs_bash
def test_scores_of_gold_and_of_nothing():
    references = [["ls -la docs", "find docs"], ["time ls"]]
    assert set(score_candidates(references, references).values()) == {100.0}
    assert set(score_candidates([[], [""]], references).values()) == {0.0}


@pytest.mark.parametrize(
    ("candidates", "references", "ks", "message"),
    [
        ([], [], (1,), "`candidates` and `references`"),
        ([["ls"]], [["ls"], ["pwd"]], (1,), "`candidates` and `references`"),
        ([["ls"]], [[]], (1,), "`references`.*index 0"),
        ([["ls"]], [["ls"]], (0, 1), "`ks`"),
        ([["ls"]], [["ls"]], (), "`ks`"),
    ],
)
def test_scores_refuse_bad_input(candidates, references, ks, message):
    with pytest.raises(ValueError, match=message):
        score_candidates(candidates, references, ks)


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


def test_limit_always_selects_the_same_prompts():
    references = {f"prompt {index}": ["ls"] for index in range(50)}
    shuffled = dict(reversed(references.items()))
    selected = select_prompts(references, 10)
    assert len(set(selected)) == 10
    assert select_prompts(shuffled, 10) == selected
    assert select_prompts(references, 50) == sorted(references)
    with pytest.raises(ValueError, match="`limit`"):
        select_prompts(references, 0)


class ScriptedPipeline:
    """Answers like `CodeFusionPipeline`, with the codes it is given, and keeps what it was called with."""

    def __init__(self, codes):
        self.codes = codes
        self.scheduler = DDPMScheduler()
        self.calls = []

    def __call__(self, prompt, num_inference_steps, num_return_sequences, temperature, guidance_scale, generator):
        noise = torch.rand(1, generator=generator).item()
        self.calls.append((prompt, num_inference_steps, num_return_sequences, noise))
        codes = [self.codes[text][:num_return_sequences] for text in prompt]
        return SimpleNamespace(codes=codes, scores=[[-float(rank) for rank, _ in enumerate(row)] for row in codes])


PAIRS = [
    {"text": "List files", "code": "ls"},
    {"text": "list files", "code": "ls -a"},
    {"text": "show the date", "code": "date"},
    {"text": "count lines of a", "code": "wc -l a"},
]
CODES = {
    "list files": ["ls -a", "ls"],
    "show the date": ["time", "date"],
    "count lines of a": ["wc -l b", "wc -c a"],
}


@needs_bash
def test_evaluate_checkpoint(tmp_path):
    pipe = ScriptedPipeline(CODES)
    train_pairs = [{"text": "list all files", "code": "ls"}, {"text": "count words", "code": "wc -w a"}]
    report = evaluate_checkpoint(
        pipe,
        PAIRS,
        train_pairs,
        num_inference_steps=7,
        num_return_sequences=2,
        batch_size=2,
        ks=(1, 2),
        output_dir=tmp_path / "run",
    )

    assert [call[:3] for call in pipe.calls] == [
        (["count lines of a", "list files"], 7, 2),
        (["show the date"], 7, 2),
    ]
    assert pipe.calls[0][3] != pipe.calls[1][3]
    third = pytest.approx(100 / 3)
    assert report["checkpoint"]["exact_match_top1"] == third
    assert report["checkpoint"]["exact_match_top2"] == pytest.approx(200 / 3)
    assert report["checkpoint"]["template_match_top2"] == 100.0
    assert report["nearest_neighbour"]["exact_match_top1"] == third
    settings = {name: report[name] for name in ("num_prompts", "num_return_sequences", "num_inference_steps", "seed")}
    assert settings == {"num_prompts": 3, "num_return_sequences": 2, "num_inference_steps": 7, "seed": 0}
    assert report["scheduler"] == "DDPMScheduler"

    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["predictions.jsonl", "report.json"]
    assert json.loads((tmp_path / "run" / "report.json").read_text()) == report
    rows = [json.loads(line) for line in (tmp_path / "run" / "predictions.jsonl").read_text().splitlines()]
    assert rows[1] == {
        "prompt": "list files",
        "references": ["ls", "ls -a"],
        "candidates": ["ls -a", "ls"],
        "scores": [0.0, -1.0],
        "nearest_neighbour": ["ls", "wc -w a"],
    }


@needs_bash
def test_evaluation_repeats_and_needs_no_training_pairs():
    pipes = [ScriptedPipeline(CODES), ScriptedPipeline(CODES)]
    reports = [evaluate_checkpoint(pipe, PAIRS, num_return_sequences=2, ks=(1,), limit=2) for pipe in pipes]
    assert pipes[0].calls == pipes[1].calls
    assert len(pipes[0].calls[0][0]) == 2
    assert reports[0]["nearest_neighbour"] is None
    assert reports[0]["checkpoint"] == reports[1]["checkpoint"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pairs": []}, "`pairs`"),
        ({"batch_size": 0}, "`batch_size`"),
        ({"num_return_sequences": 3}, "`num_return_sequences`"),
        ({"limit": 0}, "`limit`"),
    ],
)
def test_evaluation_refuses_bad_input(options, message):
    with pytest.raises(ValueError, match=message):
        evaluate_checkpoint(ScriptedPipeline(CODES), **{"pairs": PAIRS, **options})


def test_report_table():
    report = {
        "checkpoint": {"valid_top1": 50.0, "template_match_top5": 12.34},
        "nearest_neighbour": {"valid_top1": 100.0, "template_match_top5": 22.75},
        "num_prompts": 300,
        "num_return_sequences": 5,
        "num_inference_steps": 20,
        "temperature": 0.05,
        "guidance_scale": 1.0,
        "scheduler": "DDPMScheduler",
        "seed": 0,
        "seconds": 61.5,
    }
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(report_table(report))
    text = console.export_text()
    assert "300 prompts, 5 candidates" in text
    row = next(line for line in text.splitlines() if "template match, top-5" in line)
    assert "12.3" in row and "22.8" in row

    console.print(report_table({**report, "nearest_neighbour": None}))
    assert "nearest neighbour" not in console.export_text()
