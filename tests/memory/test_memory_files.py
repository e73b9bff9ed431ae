# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The files of a memory: whole or not there, and refused where something is wrong with them."""

import json
import random
import shutil

import pyarrow
import pyarrow.parquet
import pytest

from codefusion_hf.memory import CodeFusionMemory, storage
from codefusion_hf.memory.storage import CONFIG_NAME, PAIRS_NAME


PAIRS = [{"text": f"print {number} lines", "code": f"head -n {number}"} for number in range(40)]


@pytest.fixture
def folder(tmp_path):
    CodeFusionMemory.from_pairs(PAIRS).save_pretrained(tmp_path / "memory")
    return tmp_path / "memory"


def change_config(folder, **changes):
    path = folder / CONFIG_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def replace_pairs(folder, table, **options):
    pyarrow.parquet.write_table(table, folder / PAIRS_NAME, **options)
    change_config(folder, num_rows=len(table), num_bytes=(folder / PAIRS_NAME).stat().st_size)


def columns(text=("list files",), code=("ls",), data=(None,), kind="string"):
    return pyarrow.table(
        {
            name: pyarrow.array(values, getattr(pyarrow, kind)())
            for name, values in (("text", text), ("code", code), ("data", data))
        }
    )


def test_files(folder):
    assert {path.name for path in folder.iterdir()} == {CONFIG_NAME, PAIRS_NAME, "README.md"}
    config = json.loads((folder / CONFIG_NAME).read_text())
    assert config["language"] == "bash" and config["num_rows"] == 40 and config["format_version"] == 1
    assert pyarrow.parquet.read_table(folder / PAIRS_NAME).column_names == ["text", "code", "data"]


def test_equal_memories_have_equal_files(folder, tmp_path):
    CodeFusionMemory.from_pairs(reversed(PAIRS)).save_pretrained(tmp_path / "other" / "memory")
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "other" / "memory" / path.name).read_bytes()


def test_several_row_groups(tmp_path):
    pairs = [{"text": f"print {number} lines", "code": f"head -n {number}"} for number in range(9000)]
    memory = CodeFusionMemory.from_pairs(pairs)
    memory.save_pretrained(tmp_path)
    assert pyarrow.parquet.ParquetFile(tmp_path / PAIRS_NAME).num_row_groups == 3
    assert CodeFusionMemory.from_pretrained(tmp_path) == memory


def test_a_save_that_fails_leaves_the_older_memory(folder, monkeypatch):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(storage.json, "dumps", fail)
    with pytest.raises(OSError, match="disk full"):
        CodeFusionMemory.from_pairs(PAIRS[:3]).save_pretrained(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_card_that_somebody_wrote_stays(folder):
    (folder / "README.md").write_text("---\nlicense: mit\n---\n\n# Ours\n\nOur snippets.\n")
    CodeFusionMemory.from_pairs(PAIRS[:3]).save_pretrained(folder)
    card = (folder / "README.md").read_text()
    assert "Our snippets." in card and "license: mit" in card and PAIRS_NAME in card


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format_version": 2}, "`format_version` must be 1, got 2"),
        ({"format_version": None}, "`format_version` must be 1, got None"),
        ({"_class_name": "Other"}, "`_class_name` must be 'CodeFusionMemory', got 'Other'"),
        ({"language": "perl"}, "`language` must be one of bash, python, cf, got 'perl'"),
        ({"language": ["bash"]}, "`language` must be one of"),
        ({"num_rows": -1}, "`num_rows` must be a number from 0 on"),
        ({"num_bytes": True}, "`num_bytes` must be a number from 0 on"),
        ({"num_rows": 41}, "pairs.parquet: expected 41 rows, as memory_config.json says, got 40"),
        ({"num_bytes": 5}, "pairs.parquet: expected 5 bytes"),
    ],
)
def test_configurations_that_are_refused(folder, changes, message):
    change_config(folder, **changes)
    with pytest.raises(ValueError, match=message):
        CodeFusionMemory.from_pretrained(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "\xff"])
def test_configurations_that_are_no_json_object(folder, text):
    (folder / CONFIG_NAME).write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match=f"{CONFIG_NAME}: expected"):
        CodeFusionMemory.from_pretrained(folder)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (columns(text=("x" * 2001,)), r"row 1, field `text`: expected at most 2,000 characters, got 2,001"),
        (columns(text=("x" * 9000,)), r"rows 1 to 1, field `text`: expected at most 2,000 characters"),
        (columns(text=(None,)), "row 1, field `text`: expected a string that is not empty, got None"),
        (columns(code=("ls\x07",)), "row 1, field `code`: expected no control characters"),
        (columns(data=("{",)), "row 1, field `data`: expected a table as JSON"),
        (columns(data=("[" * 50_000,)), "row 1, field `data`: expected a table as JSON"),
        (columns(data=("3",)), "row 1, field `data`: expected a table"),
        (columns(data=("[[NaN]]",)), "row 1, field `data`: expected numbers"),
        (columns().drop_columns(["data"]), "expected the columns text: string, code: string, data: string, got"),
        (columns().rename_columns(["text", "cmd", "data"]), "expected the columns"),
        (columns().append_column("x", [[1]]), "expected the columns"),
        (columns(kind="binary", text=(b"a",), code=(b"b",)), "expected the columns"),
        (columns(text=("a" * 2_000_000,)), "row group 1, column `text`: expected at most 1,056,576 bytes"),
        (columns(*[["x"] * 5000] * 2, [None] * 5000), "row group 1: expected at most 4,096 rows, got 5,000"),
    ],
)
def test_pairs_that_are_refused(folder, table, message):
    replace_pairs(folder, table)
    with pytest.raises(ValueError, match=message) as caught:
        CodeFusionMemory.from_pretrained(folder)
    assert str(folder / PAIRS_NAME) in str(caught.value)


def test_a_huge_value_that_many_rows_share_is_refused_before_it_is_copied(folder):
    """A megabyte, once in the file: for each of 4,000 rows it would be four gigabytes."""
    texts = pyarrow.DictionaryArray.from_arrays([0] * 4000, ["x" * 1_000_000])
    table = columns([""] * 4000, ["ls"] * 4000, [None] * 4000).set_column(0, "text", texts)
    # Without the schema of Arrow, which says that it is a dictionary.
    replace_pairs(folder, table, store_schema=False)
    assert (folder / PAIRS_NAME).stat().st_size < 200_000
    with pytest.raises(ValueError, match="rows 1 to 1024, field `text`: expected at most 2,000 characters"):
        CodeFusionMemory.from_pretrained(folder)


def test_bytes_that_are_no_text(folder):
    table = columns(text=(b"\xff\xfe",), code=(b"ls",), data=(None,), kind="binary")
    as_text = [pyarrow.StringArray.from_buffers(1, *column.chunk(0).buffers()[1:]) for column in table.columns[:2]]
    replace_pairs(folder, pyarrow.table({"text": as_text[0], "code": as_text[1], "data": columns()["data"]}))
    with pytest.raises(ValueError, match="pairs.parquet: expected Parquet, got an error of pyarrow"):
        CodeFusionMemory.from_pretrained(folder)


def test_broken_files_are_refused_or_read_as_they_were(folder, tmp_path):
    """Any byte may be another one: what has no checksum is refused or does not matter."""
    whole = CodeFusionMemory.from_pretrained(folder)
    content = (folder / PAIRS_NAME).read_bytes()
    rng = random.Random(0)
    num_refused = 0
    for number in range(150):
        broken = bytearray(content)
        broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
        other = tmp_path / str(number)
        shutil.copytree(folder, other)
        (other / PAIRS_NAME).write_bytes(broken)
        try:
            assert CodeFusionMemory.from_pretrained(other) == whole
        except ValueError as error:
            assert PAIRS_NAME in str(error)
            num_refused += 1
    assert num_refused > 75


@pytest.mark.parametrize("length", [0, 3, 500, -1])
def test_files_that_were_cut(folder, length):
    content = (folder / PAIRS_NAME).read_bytes()[:length]
    (folder / PAIRS_NAME).write_bytes(content)
    change_config(folder, num_bytes=len(content))
    with pytest.raises(ValueError, match="pairs.parquet: expected Parquet"):
        CodeFusionMemory.from_pretrained(folder)


def test_folders_that_are_no_memory(folder, tmp_path):
    (folder / PAIRS_NAME).unlink()
    with pytest.raises(ValueError, match=f"expected the file {PAIRS_NAME} beside"):
        CodeFusionMemory.from_pretrained(folder)
    with pytest.raises(ValueError, match=f"expected a memory, got a folder without {CONFIG_NAME}"):
        CodeFusionMemory.from_pretrained(tmp_path)
    with pytest.raises(ValueError, match="must be a folder or the id of a repository, got the file"):
        CodeFusionMemory.from_pretrained(folder / CONFIG_NAME)
    with pytest.raises(ValueError, match="neither the folder of a memory nor the id of a repository"):
        CodeFusionMemory.from_pretrained(tmp_path / "missing")
    with pytest.raises(ValueError, match="`folder` must be a folder"):
        CodeFusionMemory().save_pretrained(folder / CONFIG_NAME)
    with pytest.raises(ValueError, match="`private` can be given with `push_to_hub` alone"):
        CodeFusionMemory().save_pretrained(folder, private=True)
