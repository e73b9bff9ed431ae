# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What a memory finds, and how it is built and changed."""

import numpy as np
import pytest
from datasets import Dataset, DatasetDict

from codefusion_hf.memory import CodeFusionMemory, load_memory
from codefusion_hf.memory.index import highest


PAIRS = [
    {"text": "count the lines of notes.txt", "code": "wc -l notes.txt"},
    {"text": "count the words of notes.txt", "code": "wc -w notes.txt"},
    {"text": "find files named '*.log' below /var", "code": "find /var -name '*.log'"},
    {"text": "find directories named 'src' in /home", "code": "find /home -type d -name src"},
    {"text": "show disk usage of /var", "code": "du -sh /var"},
    {"text": "print the current date", "code": "date"},
]


@pytest.fixture
def memory():
    return CodeFusionMemory.from_pairs(PAIRS)


def codes(found):
    return [neighbor.code for neighbor in found]


# --- What is found


def test_prompt_with_other_values_is_found(memory):
    found = memory.search(["count the lines of /etc/passwd", 'Find files named "*.tex" below ~/papers'], 1)
    assert [codes(neighbors) for neighbors in found] == [["wc -l notes.txt"], ["find /var -name '*.log'"]]


def test_the_same_value_decides_among_equal_sentences():
    pairs = [
        {"text": f"restart the service {name}.service", "code": f"run {name}"} for name in ("cron", "nginx", "sshd")
    ]
    assert codes(CodeFusionMemory.from_pairs(pairs).search("restart the service nginx.service")[0])[0] == "run nginx"


def test_rows_without_a_common_word_are_not_found(memory):
    assert memory.search(["zip everything", "?!"]) == [[], []]
    assert CodeFusionMemory().search("list files") == [[]]


def test_exclude_and_leave_one_out(memory):
    prompt = "Count the lines of  other.txt"
    (all_of_them,) = memory.search(prompt)
    (without_id,) = memory.search(prompt, exclude=[all_of_them[0].id])
    (left_out,) = memory.search(prompt, leave_one_out=True)
    assert codes(all_of_them)[:2] == ["wc -l notes.txt", "wc -w notes.txt"]
    assert codes(without_id)[0] == codes(left_out)[0] == "wc -w notes.txt"
    assert memory.search(prompt, exclude=["no id of a row", "-1", "f" * 40]) == [all_of_them]


def test_a_program_that_fills_the_memory_does_not_fill_the_answer(memory):
    memory.add(
        {"text": f"count the lines of notes.txt {number}", "code": " ls " * (number % 3 + 1)} for number in range(500)
    )
    memory.add({"text": f"count the lines of notes.txt {number}", "code": "wc"} for number in range(500))
    found = memory.search("count the lines of notes.txt", 6)[0]
    assert len(found) == 6 and len({" ".join(neighbor.code.split()) for neighbor in found}) == 6
    assert codes(found)[0] == "wc -l notes.txt"


def test_a_row_for_every_prompt_is_not_the_nearest():
    """A row that has all words of the memory, as often as fits, is behind those that are about the prompt."""
    cookbook = CodeFusionMemory.from_cookbook("bash")
    rows = list(cookbook)[::50]
    words = sorted({word for row in rows for word in row["text"].split()}, key=lambda word: (len(word), word))
    text = " ".join(words)[:2000]
    (hostile,) = cookbook.add([{"text": text, "code": "hostile"}])
    found = cookbook.search([row["text"] for row in rows], 1)
    assert sum(neighbors[0].id == hostile for neighbors in found) == 0


def test_slots_that_somebody_typed_are_text():
    memory = CodeFusionMemory.from_pairs(
        [
            {"text": "print <path_0> and <num_1>", "code": "echo '<path_0>' '<num_1>'"},
            {"text": "copy a.txt", "code": "cp a.txt"},
        ]
    )
    (neighbor,) = memory.search("print <path_0>", 1)[0]
    assert (neighbor.text, neighbor.code) == ("print <path_0> and <num_1>", "echo '<path_0>' '<num_1>'")
    # A path is a slot, which is another word than the text `<path_0>`.
    assert codes(memory.search("b.txt")[0]) == ["cp a.txt"]


def test_columns_behind_a_rule_do_not_matter():
    table = [["Name", "Age"], ["Ann", "11"]]
    pairs = [
        {"text": "older than 12", "code": "GreaterThan(c[1], 12)", "data": table},
        {"text": "name is Ann", "code": "TextEquals(c[0], 'Ann')", "data": table},
    ]
    memory = CodeFusionMemory.from_pairs(pairs, "cf")
    plain, with_columns = memory.search(["older than 7", "older than 7 |c[0]$Name=Ann/Bob|c[1]#*Age"], 2)
    assert plain == with_columns and plain[0].data == table
    assert memory.search("older than 7 |c[0]$Name|c[1]#Age", 2, leave_one_out=True) == [[]]


@pytest.mark.parametrize("count", [1, 3, 40])
def test_highest_scores_are_those_of_sorting(count):
    rng = np.random.default_rng(0)
    for size in (1, 5, 256, 3000, 20_000):
        scores = rng.integers(0, 9, size).astype(np.float32) * (rng.random(size) < 0.3)
        wanted = [place for place in np.argsort(-scores, kind="stable") if scores[place] > 0][:count]
        positions, best = highest(scores, count)
        assert positions.tolist() == wanted and best.tolist() == scores[wanted].tolist()


# --- What it is made of


def test_from_file_data_set_and_cookbook(tmp_path, memory):
    (tmp_path / "pairs.csv").write_text("text,code\n" + "".join(f"{p['text']},{p['code']}\n" for p in PAIRS), "utf-8")
    assert CodeFusionMemory.from_pairs(tmp_path / "pairs.csv") == memory
    assert CodeFusionMemory.from_pairs(str(tmp_path / "pairs.csv")) == memory
    renamed = Dataset.from_list([{"nl": pair["text"], "cmd": pair["code"], "data": 3} for pair in PAIRS])
    assert CodeFusionMemory.from_dataset(renamed, text_column="nl", code_column="cmd") == memory
    for language in ("bash", "cf", "python"):
        cookbook = CodeFusionMemory.from_cookbook(language)
        assert len(cookbook) > 500 and load_memory(f"cookbook:{language}", language) == cookbook


def test_a_memory_is_a_set(memory):
    assert memory.add(PAIRS) == [] and len(memory) == len(PAIRS)
    (added,) = memory.add([{"text": "print the current date", "code": " date"}])
    assert len(memory) == len(PAIRS) + 1
    assert memory.deduplicate() == 1 and memory.deduplicate() == 0
    # The first in the order of their content stays, whichever was there before.
    assert [row["id"] for row in memory if row["text"] == "print the current date"] == [added]
    assert memory != CodeFusionMemory.from_pairs(memory, "python") and memory != PAIRS


def test_remove_by_id_and_by_function(memory):
    ids = {row["code"]: row["id"] for row in memory}
    assert memory.remove([ids["date"], "nothing"]) == 1
    assert memory.remove(lambda row: row["code"].startswith("find") and row["id"] in ids.values()) == 2
    assert [row["code"] for row in memory] == ["wc -l notes.txt", "wc -w notes.txt", "du -sh /var"]
    assert memory.remove(memory_ids(memory)) == 3 and len(memory) == 0


def memory_ids(memory):
    return (row["id"] for row in memory)


def test_nothing_is_added_if_a_row_is_not_allowed(memory):
    new = {"text": "show free memory", "code": "free"}
    with pytest.raises(ValueError, match="row 2, field `code`"):
        memory.add([new, {"text": "x", "code": ""}])
    assert memory == CodeFusionMemory.from_pairs(PAIRS)
    assert len(memory.add([new, {"text": "x", "code": ""}], on_malformed="skip")) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda memory: CodeFusionMemory("perl"), "`language` must be one of bash, python, cf, got 'perl'"),
        (lambda memory: memory.search("x", 0), "`num_neighbors` must be a number of at least 1, got 0"),
        (lambda memory: memory.search("x", 1.5), "`num_neighbors` must be"),
        (lambda memory: memory.search(["x", None]), "`prompts` must be strings, got NoneType as number 2"),
        (lambda memory: memory.search("x", exclude="abc"), "`exclude` must be an iterable of ids"),
        (lambda memory: memory.remove("abc"), "`rows` must be an iterable of ids or a function"),
        (lambda memory: memory.add([], on_malformed="ignore"), "`on_malformed` must be one of raise, skip"),
        (lambda memory: CodeFusionMemory.from_cookbook("perl"), "`language` must be one of"),
        (lambda memory: load_memory("cookbook:bash", "python"), "`memory` must be one of python, got cookbook:bash"),
        (
            lambda memory: CodeFusionMemory.from_dataset(Dataset.from_list(PAIRS), text_column="nl"),
            "`text_column` must be one of text, code, got 'nl'",
        ),
        (
            lambda memory: CodeFusionMemory.from_dataset(DatasetDict({"train": Dataset.from_list(PAIRS)})),
            "`dataset` must be one split, got several: train",
        ),
    ],
)
def test_arguments_that_are_not_allowed(memory, call, message):
    with pytest.raises(ValueError, match=message):
        call(memory)


# --- Rows that are not allowed


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("ls", "row 2: expected a mapping"),
        ({"code": "ls"}, "row 2, field `text`: expected a string that is not empty, got None"),
        ({"text": "list", "code": " "}, "row 2, field `code`: expected a string that is not empty"),
        ({"text": "x" * 2001, "code": "ls"}, "row 2, field `text`: expected at most 2,000 characters, got 2,001"),
        ({"text": "list", "code": "x" * 8001}, "row 2, field `code`: expected at most 8,000 characters, got 8,001"),
        ({"text": "list\x1b[2J", "code": "ls"}, r"row 2, field `text`: expected no control characters, got '\\x1b'"),
        ({"text": "list", "code": "ls\x00"}, "row 2, field `code`: expected no control characters"),
        (
            {"text": "list", "code": "ls \u202e"},
            r"row 2, field `code`: expected no control .*'\\u202e' at character 3",
        ),
        ({"text": "list \ud800", "code": "ls"}, "row 2, field `text`: expected Unicode text"),
        ({"text": "list", "code": "ls", "data": {}}, "row 2, field `data`: expected a table"),
        ({"text": "list", "code": "ls", "data": [[{}]]}, "row 2, field `data`: expected cells"),
        ({"text": "list", "code": "ls", "data": [[float("nan")]]}, "row 2, field `data`: expected numbers that JSON"),
        (
            {"text": "list", "code": "ls", "data": [["x" * 1000] * 100]},
            "row 2, field `data`: expected at most 100,000",
        ),
        ({"text": "list", "code": "ls", "data": [["\x1b"]]}, "row 2, field `data`: expected no control characters"),
    ],
)
def test_rows_that_are_not_allowed(row, message):
    with pytest.raises(ValueError, match=message):
        CodeFusionMemory.from_pairs([PAIRS[0], row])


def test_the_largest_row_is_allowed():
    row = {"text": "ä" * 2000, "code": "中\n\t" * 2666, "data": [["x"] * 19_000]}
    memory = CodeFusionMemory.from_pairs([row], "cf")
    assert next(iter(memory))["data"] == row["data"] and memory.search(row["text"])[0][0].code == row["code"]
