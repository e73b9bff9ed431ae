# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Uploads: what is read, what is refused before it is read, and what a rule does to a table."""

import datetime
import io
import tracemalloc
import zipfile

import pytest


openpyxl = pytest.importorskip("openpyxl", reason="workbooks are read with openpyxl")
pytest.importorskip("defusedxml", reason="uploads are looked through with defusedxml")

from drawing import draw_rule  # noqa: E402
from limits import MAX_UPLOAD_BYTES, RequestError  # noqa: E402
from workbooks import check_workbook, choose_rule, read_workbook  # noqa: E402


HEADER = ["Name", "Age", "Joined", "Share"]
ROWS = [
    ["Ada", 36, datetime.datetime(2022, 11, 15), 0.25],
    ["<b>Grace", 54, datetime.datetime(2021, 3, 1), 0.5],
    ["Edsger", None, None, 0.125],
]


@pytest.fixture
def save(tmp_path):
    """A function that saves rows as a sheet, from a cell on."""

    def save(rows, name="book.xlsx", first_row=1, change=None):
        workbook = openpyxl.Workbook()
        workbook.active.title = "People"
        for number, row in enumerate(rows, first_row):
            for column, value in enumerate(row, 2):
                workbook.active.cell(number, column, value)
        if change:
            change(workbook)
        workbook.save(tmp_path / name)
        return tmp_path / name

    return save


@pytest.fixture
def repack(save):
    """A function that saves a good workbook with other or more parts."""

    def repack(parts, compression=zipfile.ZIP_DEFLATED):
        path = save([HEADER, *ROWS])
        with zipfile.ZipFile(path) as archive:
            content = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, data in {**content, **parts}.items():
                archive.writestr(name, data)
        return path

    return repack


def as_percent(workbook):
    for cell in workbook.active["E"]:
        cell.number_format = "0%"


def test_a_table_is_read_wherever_it_is(save):
    table = read_workbook(save([HEADER, *ROWS], first_row=3, change=as_percent))
    assert (table.sheet, table.first_row, table.first_column) == ("People", 3, 2)
    assert table.rows[0] == HEADER
    assert table.rows[1] == ["Ada", 36, datetime.date(2022, 11, 15), "25%"]
    assert table.rows[3] == ["Edsger", "", "", "12.5%"]


def test_a_sheet_by_its_name(save):
    def add(workbook):
        workbook.create_sheet("Empty")
        workbook.create_sheet("More").append(["a", "b"])
        workbook["More"].append([1, 2])

    path = save([HEADER, *ROWS], change=add)
    assert read_workbook(path, " More ").rows == [["a", "b"], [1, 2]]
    with pytest.raises(RequestError, match="Sheet: expected one of People, Empty, More, got Nobody"):
        read_workbook(path, "Nobody")
    with pytest.raises(RequestError, match="'Empty' must hold a table with a header, but it is empty"):
        read_workbook(path, "Empty")


def test_the_first_rule_that_fits_marks_its_cells(save):
    table = read_workbook(save([HEADER, *ROWS], first_row=3))
    rule = choose_rule(["Top(", "GreaterThan(c[4], 40)", "GreaterThan(c[1], 40)", "LessThan(c[1], 40)"], table)
    assert rule.to_json(table) == {
        "sheet": "People",
        "rule": "GreaterThan(c[1], 40)",
        "cells": "C4:C6",
        "excel": "Select C4:C6. Highlight Cells Rules > Greater Than: 40",
        "marked": {"Highlight": ["C5"]},
    }
    page = draw_rule(rule, table)
    assert '<td class="marked Highlight">54</td>' in page and page.count("marked") == 1
    assert "formats 1 cell of C4:C6 on People" in page
    assert "<b>" not in page and "&lt;b&gt;Grace" in page
    assert choose_rule(["Top(", "ls"], table) is None
    assert "None of the candidates is a rule" in draw_rule(None, table)


def test_scales_are_another_formatting(save):
    table = read_workbook(save([HEADER, *ROWS]))
    rule = choose_rule(["ColorScale(c[3])"], table)
    assert rule.to_json(table)["marked"] == {"ColorScale": ["E2", "E3", "E4"]}


def test_other_files_are_no_workbooks(tmp_path, save):
    good = save([HEADER, *ROWS]).read_bytes()
    for name, content in (
        ("book.xls", good),
        ("book.xlsx", b""),
        ("book.xlsx", b"no archive"),
        ("book.xlsx", good[: len(good) // 2]),
        ("book.xlsx", good.replace(b"PK\x03\x04", b"PK\x03\x05")),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(RequestError, match="must be an .xlsx file"):
            read_workbook(path)
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    path.write_bytes(empty.getvalue())
    with pytest.raises(RequestError, match="no .xlsx workbook"):
        read_workbook(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"x" * (MAX_UPLOAD_BYTES + 1))
    with pytest.raises(RequestError, match="at most 1,048,576 bytes"):
        check_workbook(path)


BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="1"><si><t>&c;</t></si></sst>
"""
OUTSIDE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><sst><si><t>&e;</t></si></sst>'


@pytest.mark.parametrize("text", [BOMB, OUTSIDE, "<!DOCTYPE sst><sst/>"])
@pytest.mark.parametrize("name", ["xl/sharedStrings.xml", "xl/media/image1.png", "anything"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_document_types_and_entities_are_refused_in_every_part(text, name, encoding, repack):
    content = text.replace('<?xml version="1.0"?>', "").strip().encode(encoding)
    with pytest.raises(RequestError, match="must not declare entities or a document type"):
        read_workbook(repack({name: content}))


def test_what_unpacks_to_hundreds_of_megabytes_is_not_unpacked(repack):
    path = repack({"xl/worksheets/sheet2.xml": b" " * (400 * 2**20)})
    assert path.stat().st_size < MAX_UPLOAD_BYTES
    tracemalloc.start()
    try:
        with pytest.raises(RequestError, match="at most 16,777,216 bytes when it is unpacked"):
            read_workbook(path)
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()


def test_an_archive_that_lies_about_its_size_is_refused(repack):
    path = repack({"xl/worksheets/sheet2.xml": b"<a>" + b" " * (30 * 2**20) + b"</a>"})
    size = (30 * 2**20 + 7).to_bytes(4, "little")
    data = path.read_bytes()
    assert data.count(size) == 2
    path.write_bytes(data.replace(size, (1000).to_bytes(4, "little")))
    tracemalloc.start()
    try:
        with pytest.raises(RequestError, match="must be an .xlsx file"):
            read_workbook(path)
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()


def test_methods_that_excel_does_not_use_are_refused(repack):
    with pytest.raises(RequestError, match="packed by Excel"):
        read_workbook(repack({}, compression=zipfile.ZIP_BZIP2))


def test_too_many_parts_or_elements_are_refused(repack):
    with pytest.raises(RequestError, match="at most 200 parts"):
        check_workbook(repack({f"xl/{number}.xml": b"<a/>" for number in range(200)}))
    with pytest.raises(RequestError, match="at most 150,000 elements"):
        check_workbook(repack({"xl/more.xml": b"<a>" + b"<b/>" * 150_000 + b"</a>"}))
    with pytest.raises(RequestError, match="at most 150,000 elements"):
        check_workbook(repack({"xl/more.xml": b"<a>" * 100 + b"</a>" * 100}))


def test_pictures_are_passed_over(repack):
    assert read_workbook(repack({"xl/media/image1.png": b"\x89PNG\r\n\x1a\n" + bytes(100)})).rows[0] == HEADER


def test_tables_that_are_too_large_are_refused(save):
    rows = [[number, number] for number in range(201)]
    assert len(read_workbook(save(rows)).rows) == 201
    for too_large in ([*rows, [1, 1]], [list(range(31))] * 2):
        with pytest.raises(RequestError, match="the first 201 rows and 30 columns of a sheet can be used"):
            read_workbook(save(too_large))


def test_ranges_that_are_huge_cost_nothing(save):
    """Merged cells and links of a range are a cell object each, were they read."""

    def change(workbook):
        workbook.active["B9"].hyperlink = "https://example.com"
        workbook.active.conditional_formatting.add(
            "A1:XFD1048576", openpyxl.formatting.rule.DataBarRule("min", 0, "max", 1, "638EC6")
        )

    path = save([HEADER, *ROWS], change=change)
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    sheet = content["xl/worksheets/sheet1.xml"]
    sheet = sheet.replace(
        b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="A20:XFD1048576"/></mergeCells>'
    )
    sheet = sheet.replace(b'ref="B9"', b'ref="A20:XFD1048576"')
    sheet = sheet.replace(b'ref="B1:E9"', b'ref="A1:XFD1048576"')
    assert sheet.count(b"XFD1048576") == 4
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**content, "xl/worksheets/sheet1.xml": sheet}.items():
            archive.writestr(name, data)
    assert read_workbook(path).rows[0] == HEADER


def test_the_example_workbook_can_be_used(demo_folder):
    table = read_workbook(demo_folder / "students.xlsx")
    rule = choose_rule(["GreaterThan(c[1], 12)"], table)
    assert len(rule.marks) == 6
