# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Renaming of what prompts quote, in prompt and code alike."""

import ast
import json
import random

import pytest

from codefusion_hf.cli import main
from codefusion_hf.data.pairs import load_pairs
from codefusion_hf.data.renaming import Renamable, augment_pairs, find_renamable, rename_pair


def rename(text, code, names=("new_name",), strings=("fresh",)):
    return rename_pair(text, code, names, strings, random.Random(0))


def test_variables_are_renamed_wherever_they_stand():
    text = "sort list `data` by `data[0]`, not by `data_x` or `x.data` of the data"
    code = "data = sorted(data, key=lambda y: y[data])\nprint('the data', data_x)"
    new_text, new_code = rename(text, code)
    assert new_text == "sort list `new_name` by `new_name[0]`, not by `data_x` or `x.data` of the data"
    assert new_code == "new_name = sorted(new_name, key=lambda y: y[new_name])\nprint('the data', data_x)"


def test_columns_are_counted_in_characters_that_take_several_bytes():
    assert rename("say `größe` and 'ü'", "print('ü', größe, größe)") == (
        "say `new_name` and 'ü'",
        "print('ü', new_name, new_name)",
    )


def test_strings_and_numbers_are_renamed_in_any_quotes():
    text, code = rename(
        "put 'first one' and \"first one\" with `42` at 42", "put('first one', \"first one\", 42, 420)"
    )
    number = code.split(", ")[2]
    assert text == f"put 'fresh' and \"fresh\" with `{number}` at 42"
    assert code == f"put('fresh', \"fresh\", {number}, 420)"
    assert number != "42" and number.isdigit() and len(number) == 2


def test_a_number_never_stays_as_it_is():
    for seed in range(500):
        text, code = rename_pair("put `42`", "put(42)", [], [], random.Random(seed))
        assert code != "put(42)" and code == text.replace(" `", "(").replace("`", ")")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sort mylist", "mylist.sort()"),
        ("sort `mylist`", "print mylist"),
        ("call `len` of `self`", "len(self)"),
        ("use `np` and `os`", "np.zeros(os.cpu_count())"),
        ("get `name` of it", "name = x.name"),
        ("plot `label`", "plot(label=label)"),
        ("import `tool`", "import tool\ntool()"),
        ("define `f`", "def f():\n    return f"),
        ("get 'key' of `key`", "key['key']"),
        ("format `x`", "f'{x}'"),
        ("join `how` by 'left'", "join(a, how='left')"),
        ("decode 'utf8' as 'w'", "decode('utf8', 'w')"),
        ("match '[a-z]'", "match('[a-z]')"),
        ("don't take x's y", "take('t take x', y)"),
        ("take `7`", "take(7)"),
    ],
)
def test_what_would_mean_something_else_keeps_its_name(text, code):
    assert find_renamable(text, code) == Renamable((), (), ())
    assert rename(text, code) is None


def test_new_names_are_not_yet_taken():
    assert rename("sort `b` by `c`", "b.sort(c, d)", names=("b", "c", "d")) is None
    text, code = rename("swap `b` and `c`", "b, c = c, b", names=("x", "y"))
    assert {text, code} in ({"swap `x` and `y`", "x, y = y, x"}, {"swap `y` and `x`", "y, x = x, y"})


ROWS = [
    {"text": "sort `names` by 'last name'", "code": "names.sort(key='last name', by=names['last name'])", "id": 1},
    {"text": "sum of `values` where 'first name'", "code": "sum(values['first name'])", "id": 2},
    {"text": "the time", "code": "now()", "id": 3},
]


def test_copies_follow_the_rows_and_depend_on_the_seed_alone():
    augmented = augment_pairs(ROWS, 3)
    assert augmented[:3] == ROWS
    copies = augmented[3:]
    assert copies and {row["id"] for row in copies} == {1, 2}
    for row in copies:
        ast.parse(row["code"])
        assert (row["text"], row["code"]) not in {(other["text"], other["code"]) for other in ROWS}
        assert find_renamable(row["text"], row["code"]).names
    assert augment_pairs(ROWS, 3) == augmented
    more = augment_pairs(ROWS, 3, name_rows=[{"text": f"`v{i}`", "code": f"v{i}"} for i in range(50)])
    assert len(more) == 3 + 6
    assert augment_pairs(ROWS, 3, seed=1, name_rows=[{"text": "`v`", "code": "v"}]) != more
    # A row is drawn for by itself.
    alone = augment_pairs(ROWS[:1], 1, name_rows=ROWS[1:])
    assert alone[1] == augment_pairs(ROWS, 1)[3]


def test_number_of_copies_is_checked():
    with pytest.raises(ValueError, match="`num_copies` must be at least 1, got 0"):
        augment_pairs(ROWS, 0)


def test_command_writes_the_same_file_each_time(tmp_path, capsys):
    pairs, output = tmp_path / "pairs.jsonl", tmp_path / "more.jsonl"
    pairs.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    assert main(["data", "rename", str(pairs), "--augment", "2", "--output", str(output)]) == 0
    assert "3 pairs and " in capsys.readouterr().out
    written = output.read_bytes()
    assert load_pairs(output)[:3] == load_pairs(pairs)
    assert main(["data", "rename", str(pairs), "--augment", "2", "--output", str(output)]) == 0
    assert output.read_bytes() == written
    arguments = [str(pairs), "--augment", "2", "--names-from", str(tmp_path / "none.jsonl"), "--output", "x"]
    assert main(["data", "rename", *arguments]) == 2
    assert "none.jsonl" in capsys.readouterr().err
