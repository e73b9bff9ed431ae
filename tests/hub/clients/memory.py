# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A user who pushes memories and loads them again, with and without the command: `memory.py WORKSPACE`."""

import contextlib
import io
import json
import sys
from pathlib import Path

import datasets
from client import check, finish, refusal, report, run_snippets
from huggingface_hub import DatasetCard, HfApi

from codefusion_hf.cli import main
from codefusion_hf.data.pairs import load_pairs
from codefusion_hf.memory import CodeFusionMemory


PAIRS = [
    {"text": "count the lines of a.txt", "code": "wc -l a.txt"},
    {"text": "count the lines\nof all files, \u00e4\u4e2d", "code": "wc -l *\n"},
    {"text": "delete empty folders", "code": "find . -type d -empty -delete"},
]
ADDED = {"text": "show the date", "code": "date"}
RULES = [
    {"text": "older than 12", "code": "GreaterThan(c[1], 12)", "data": [["Name", "Age"], ["Ann", 11.5], ["", None]]}
]

workspace = Path(sys.argv[1])
workspace.mkdir(parents=True)
memory = CodeFusionMemory.from_pairs(PAIRS)
report |= {"given": PAIRS, "added": ADDED}


def command(*arguments: str) -> list:
    """The exit code of a command and what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = main(["memory", *arguments])
    return [code, out.getvalue(), err.getvalue()]


with check("pushed"):
    report["url"] = memory.push_to_hub("alice/snippets", license="mit", private=True)
    loaded = CodeFusionMemory.from_pretrained("alice/snippets")
    report["equal"] = loaded == memory and loaded.search("count lines") == memory.search("count lines")
    report["rows"] = list(loaded)
    report["card"] = DatasetCard.load("alice/snippets").content
    report["snippets"] = run_snippets(report["card"])

with check("revisions"):
    HfApi().create_tag("alice/snippets", tag="v1", repo_type="dataset")
    larger = CodeFusionMemory.from_pairs([*PAIRS, ADDED])
    larger.push_to_hub("alice/snippets", commit_message="More")
    larger.push_to_hub("alice/snippets", revision="next")
    report["revisions"] = {
        revision: len(CodeFusionMemory.from_pretrained("alice/snippets", revision=revision))
        for revision in ("v1", "main", "next")
    }
    report["card_again"] = DatasetCard.load("alice/snippets").content

with check("read_by_others"):
    report["dataset"] = datasets.load_dataset("alice/snippets", split="train").to_list()
    report["pairs"] = load_pairs("hf://datasets/alice/snippets")

with check("rules"):
    rules = CodeFusionMemory.from_pairs(RULES, language="cf")
    rules.save_pretrained(workspace / "rules", push_to_hub=True, repo_id="alice/rules")
    report["rules"] = CodeFusionMemory.from_pretrained("alice/rules").search("older than 3")[0][0].data

with check("command"):
    (workspace / "pairs.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in PAIRS), encoding="utf-8")
    folder = str(workspace / "built")
    report["commands"] = {
        "build": command("build", str(workspace / "pairs.jsonl"), "--output-dir", folder),
        "push": command("push", folder, "alice/built"),
        "search": command("search", "alice/built", "count the lines of a.txt", "--num-neighbors", "1", "--json"),
        "missing": command("search", "alice/nothing", "count lines"),
    }
    report["built_equal"] = CodeFusionMemory.from_pretrained("alice/built") == memory

with check("cards"):
    text = "---\nlicense: mit\n---\n\n# By hand\n\nA text.\n"
    HfApi().upload_file(
        path_or_fileobj=text.encode(), path_in_repo="README.md", repo_id="alice/built", repo_type="dataset"
    )
    command("push", folder, "alice/built")
    report["card_in_repository"] = DatasetCard.load("alice/built").content
    (workspace / "built" / "README.md").write_text(text.replace("A text", "Another text"))
    command("push", folder, "alice/built")
    report["card_in_folder"] = DatasetCard.load("alice/built").content

with check("refused"):
    memory.push_to_hub("alice/secret", private=True)
    report["refused"] = {
        "token": refusal(lambda: memory.push_to_hub("alice/stolen", token="hf_of_somebody_else")),
        "licence": refusal(lambda: memory.push_to_hub("alice/refused", license="My own licence")),
        "name": refusal(lambda: memory.push_to_hub("alice//snippets")),
        "missing": refusal(lambda: CodeFusionMemory.from_pretrained("alice/nothing")),
        "stranger": refusal(lambda: CodeFusionMemory.from_pretrained("alice/secret", token="hf_of_somebody_else")),
        "revision": refusal(lambda: CodeFusionMemory.from_pretrained("alice/snippets", revision="nowhere")),
    }
    HfApi().create_repo("alice/no-memory", repo_type="dataset")
    report["refused"]["no_memory"] = refusal(lambda: CodeFusionMemory.from_pretrained("alice/no-memory"))
    HfApi().upload_file(path_or_fileobj=b"harm", path_in_repo="harm.py", repo_id="alice/snippets", repo_type="dataset")
    CodeFusionMemory.from_pretrained("alice/snippets")

finish()
