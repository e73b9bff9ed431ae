# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The example for Excel: a workbook in, a copy with a conditional format out, and nothing else touched."""

import datetime
import time
import zipfile

import pytest


openpyxl = pytest.importorskip("openpyxl")
pytest.importorskip("defusedxml")

from codefusion_hf.languages.cf.excel.archive import WorkbookLimits, read_workbook_file  # noqa: E402
from codefusion_hf.languages.cf.excel.workbook import cells_below_header, find_table, read_rules  # noqa: E402
from codefusion_hf.languages.cf.rules import format_rule, parse_rule  # noqa: E402
from examples import excel_rules  # noqa: E402


HEADER = ["Name", "Age", "Joined", "Share"]
ROWS = [
    ["Ada", 36, datetime.date(2022, 11, 15), 0.25],
    ["Grace", "=6*9", datetime.date(2021, 3, 1), 0.5],
    ["Edsger", None, None, 0.125],
]


@pytest.fixture
def book(tmp_path):
    """A workbook with a table, and sheets without one."""
    workbook = openpyxl.Workbook()
    workbook.active.title = "People"
    for row in (HEADER, *ROWS):
        workbook.active.append(row)
    for cell in workbook.active["D"]:
        cell.number_format = "0%"
    workbook.create_sheet("Empty")
    workbook.create_chartsheet("Chart").add_chart(openpyxl.chart.BarChart())
    path = tmp_path / "people.xlsx"
    workbook.save(path)
    return path


@pytest.fixture(scope="module")
def checkpoint(make_pipeline, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    make_pipeline().save_pretrained(folder)
    return folder


@pytest.fixture
def with_candidates(checkpoint, monkeypatch):
    """A function that lets the pipeline of the checkpoint decode to the given codes, and gives the prompts it got."""

    generate = excel_rules.CodeFusionPipeline.__call__

    def prepare(*codes):
        prompts = []

        def with_codes(pipe, prompt, **kwargs):
            prompts.append(prompt)
            output = generate(pipe, prompt, **kwargs)
            assert len(output.codes[0]) == kwargs["num_return_sequences"] == 5
            assert (kwargs["num_candidates"], kwargs["temperature"]) == (20, 1.0)
            output.codes = [list(codes)]
            return output

        monkeypatch.setattr(excel_rules.CodeFusionPipeline, "__call__", with_codes)
        return prompts

    return prepare


def run(book, checkpoint, *options, sentence="who is older than 40"):
    return excel_rules.main([str(book), sentence, "--checkpoint", str(checkpoint), *options])


def rules_of(path, sheet="People"):
    return [(found.cells, format_rule(found.rule)) for found in read_rules(openpyxl.load_workbook(path)[sheet])]


def test_a_sentence_becomes_a_format_of_a_copy(book, checkpoint, with_candidates, capsys):
    before = book.read_bytes()
    prompts = with_candidates("Top(", "GreaterThan(c[4], 40)", "DataBar(c[1]) GreaterThan", "GreaterThan(c[1], 40)")
    output = run(book, checkpoint)
    assert output == book.with_name("people-formatted.xlsx")
    assert rules_of(output) == [("B2:B4", "GreaterThan(c[1], 40)")]
    assert book.read_bytes() == before
    assert sorted(path.name for path in book.parent.iterdir()) == ["people-formatted.xlsx", "people.xlsx"]
    assert "Select B2:B4. Highlight Cells Rules > Greater Than: 40" in capsys.readouterr().out
    # The prompt is that of training, with the table as it is shown.
    table = [HEADER, ["Ada", 36, "2022-11-15", "25%"], ["Grace", "", "2021-03-01", "50%"], ["Edsger", "", "", "12.5%"]]
    assert prompts == [excel_rules.cf_prompt("who is older than 40", table)]
    # All else is as it was, formulas too.
    copy, original = (openpyxl.load_workbook(path) for path in (output, book))
    assert copy.sheetnames == original.sheetnames
    rows = [list(workbook["People"].iter_rows(values_only=True)) for workbook in (copy, original)]
    assert rows[0] == rows[1]
    assert copy["People"]["B3"].value == "=6*9"


def test_rules_are_added_to_those_that_are_there(book, checkpoint, with_candidates, tmp_path):
    with_candidates("AND(GreaterThan(c[1], 40), LessThan(c[2], '2022-01-01'))")
    first = run(book, checkpoint, "--output", str(tmp_path / "new.xlsx"))
    with_candidates("ColorScale(c[3])")
    second = run(first, checkpoint, "--sheet", "People")
    assert second.name == "new-formatted.xlsx"
    assert rules_of(second) == [
        ("D2:D4", "ColorScale(c[3])"),
        ("B2:B4 C2:C4", "AND(GreaterThan(c[1], 40), LessThan(c[2], '2022-01-01'))"),
    ]


def test_without_a_valid_candidate_all_are_listed(book, checkpoint):
    """A random checkpoint writes no rules."""
    with pytest.raises(ValueError, match="None of the 3 candidates is a rule for this table:") as raised:
        run(book, checkpoint, "--num-return-sequences", "3", "--seed", "1")
    assert len(str(raised.value).splitlines()) == 4
    assert str(raised.value).count("Not a CF rule: expected") == 3
    assert list(book.parent.iterdir()) == [book]


@pytest.mark.parametrize(
    "options, problem",
    [
        (["--sheet", "Nobody"], "`sheet` must be one of 'People', 'Empty', got 'Nobody'"),
        (["--sheet", "Chart"], "`sheet` must be one of 'People', 'Empty', got 'Chart'"),
        (["--sheet", "Empty"], "'Empty' must hold a table with a header, but it is empty"),
        (["--output", "{folder}/people.xlsx"], "`output` must be an .xlsx file and not the workbook itself"),
        (["--output", "{folder}/people.csv"], "`output` must be an .xlsx file"),
    ],
)
def test_wrong_options_are_named_before_anything_is_generated(book, options, problem):
    options = [option.format(folder=book.parent) for option in options]
    with pytest.raises(ValueError, match=problem):
        run(book, "no-checkpoint", *options)
    assert list(book.parent.iterdir()) == [book]


@pytest.mark.parametrize("name, content", [("book.xls", b""), ("book.xlsx", b"no archive")])
def test_other_files_are_no_workbooks(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match="workbook"):
        run(tmp_path / name, "no-checkpoint")


def repacked(book, path, change):
    """A copy of a workbook, with other parts: `change` gives the content of each by its name and content."""
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return path


def test_an_entity_bomb_is_refused(book, tmp_path):
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE bomb [<!ENTITY l0 "lol">{lol}]>'.encode()

    def change(name, content):
        return doctype + content.partition(b"?>")[2] if name.endswith("sheet1.xml") else content

    bomb = repacked(book, tmp_path / "bomb.xlsx", change)
    start = time.monotonic()
    with pytest.raises(ValueError, match="must not declare entities"):
        run(bomb, "no-checkpoint")
    assert time.monotonic() - start < 5.0


def test_a_workbook_that_unpacks_to_hundreds_of_megabytes_is_refused(book, tmp_path):
    def change(name, content):
        return b"<a>" + b" " * 300 * 2**20 + b"</a>" if name.endswith("styles.xml") else content

    bomb = repacked(book, tmp_path / "large.xlsx", change)
    assert bomb.stat().st_size < 2**20
    with pytest.raises(ValueError, match="must be of at most 268,435,456 bytes when it is unpacked"):
        run(bomb, "no-checkpoint")


def test_a_workbook_with_more_than_is_allowed_is_refused(book, tmp_path):
    for limits, message in (
        (WorkbookLimits(file_bytes=100), "at most 100 bytes"),
        (WorkbookLimits(parts=2), "at most 2 parts"),
        (WorkbookLimits(elements=5), "at most 5 elements"),
        (WorkbookLimits(depth=1), "1 of them within each other"),
    ):
        with pytest.raises(ValueError, match=message):
            read_workbook_file(book, limits)
    assert read_workbook_file(book) == book.read_bytes()


def test_a_failed_save_leaves_nothing(book, tmp_path):
    workbook = openpyxl.load_workbook(book)
    cells = cells_below_header(find_table(workbook["People"]))
    rule = excel_rules.choose_rule(["no rule", "Duplicates(c[0])"], cells)
    assert rule == parse_rule("Duplicates(c[0])")
    instruction = excel_rules.apply_rule(workbook, "People", rule)
    assert instruction == "Select A2:A4. Highlight Cells Rules > Duplicate Values > Duplicate"
    for worksheet in workbook.worksheets:
        worksheet.sheet_state = "hidden"
    # openpyxl refuses to save a workbook without a visible sheet when the file is already begun.
    workbook._sheets = workbook.worksheets
    with pytest.raises(IndexError, match="visible"):
        excel_rules.save_copy(workbook, tmp_path / "copy.xlsx")
    assert list(tmp_path.iterdir()) == [book]
