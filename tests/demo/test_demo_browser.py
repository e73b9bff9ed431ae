# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The page in a browser, as a visitor uses it, on a screen and on a phone.

It needs Playwright and a Chromium: `pip install playwright`, and Debian's `apt-get install chromium` or the one that
CHROMIUM names. DEMO_SCREENSHOTS=FOLDER keeps pictures of what was seen.
"""

import os
import shutil
from pathlib import Path

import pytest


pytest.importorskip("gradio", reason="the page needs gradio")
sync_api = pytest.importorskip("playwright.sync_api", reason="the browser is driven by playwright")

from serving import served_page  # noqa: E402


CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM, reason="there is no chromium")]

SIZES = {"wide": (1280, 900), "narrow": (390, 844)}
TIMEOUT = 60_000


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with served_page(tmp_path_factory.mktemp("page") / "log.txt") as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(params=SIZES)
def visitor(request, address, browser):
    """A visitor of the page, with a screen of a size, who sees no error of JavaScript."""
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(address)
    page.get_by_role("button", name="Write code").wait_for()
    page.size = request.param
    yield page
    assert problems == []
    context.close()


def open_tab(page, name):
    tab = page.get_by_role("tab", name=name, exact=True)
    tab.click()
    assert tab.get_attribute("aria-selected") == "true"


def run(page, name):
    """Press the button of a tab, and wait for the candidates."""
    page.locator(f"#{name}-candidates table.candidates").wait_for(state="detached")
    page.locator(f"#{name}-button").click()
    page.locator(f"#{name}-candidates table.candidates").wait_for()


def codes(page, name):
    return page.locator(f"#{name}-candidates tbody td:nth-child(2)").all_inner_texts()


def check_fit(page):
    """Nothing is wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[page.size][0]


def keep_picture(page, name):
    folder = os.environ.get("DEMO_SCREENSHOTS")
    if folder:
        page.evaluate("document.activeElement.blur()")
        page.screenshot(path=Path(folder) / f"demo-{name}-{page.size}.png", full_page=page.size == "narrow")


def test_write_and_replay(visitor):
    frames = visitor.locator("#generate-frames .frame")
    visitor.locator("#generate-prompt textarea").fill("find all files larger than 10 MB")
    run(visitor, "generate")
    assert len(codes(visitor, "generate")) == 5
    assert visitor.locator("#generate-candidates .valid, #generate-candidates .not-valid").count() == 5
    assert frames.count() == 11
    visible = visitor.locator("#generate-frames .frame:not([hidden])")
    assert visible.count() == 1 and "Read by the decoder" in visible.inner_text()
    check_fit(visitor)
    # The slider replays the steps.
    number = visitor.locator("#generate-replay input[type=number]")
    number.fill("1")
    number.press("Enter")
    visitor.get_by_text("Step 1 of 10").wait_for()
    assert visible.count() == 1
    assert visible.locator(".changed").count() > 0
    keep_picture(visitor, "write")
    number.fill("11")
    number.press("Enter")
    visitor.get_by_text("Read by the decoder").first.wait_for()


def test_revise(visitor):
    open_tab(visitor, "Revise")
    visitor.get_by_text("wc -c notes.txt ⟵ count the lines of notes.txt").click()
    sync_api.expect(visitor.locator("#revise-code textarea")).to_have_value("wc -c notes.txt")
    visitor.locator("#revise-prompt textarea").fill("find all files named '*.txt'")
    visitor.locator("#revise-code textarea").fill("find . -name '*.txt' -type d")
    run(visitor, "revise")
    assert len(codes(visitor, "revise")) == 5
    check_fit(visitor)
    keep_picture(visitor, "revise")


def test_fill_in(visitor):
    open_tab(visitor, "Fill in")
    visitor.locator("#infill-code textarea").fill("find . -name <mask> -type f")
    run(visitor, "infill")
    found = codes(visitor, "infill")
    assert len(found) == 5
    assert all(code.startswith("find . -name ") and code.endswith(" -type f") for code in found)
    check_fit(visitor)
    keep_picture(visitor, "infill")


def test_upload_a_workbook(visitor, demo_folder):
    open_tab(visitor, "Excel")
    visitor.locator("input[type=file]").first.set_input_files(demo_folder / "students.xlsx")
    visitor.get_by_text("students.xlsx").first.wait_for()
    run(visitor, "workbook")
    result = visitor.locator("#workbook-result")
    assert "Chiara" in result.inner_text()
    has_rule = "In Excel: Select" in result.inner_text()
    assert has_rule or "None of the candidates is a rule" in result.inner_text()
    assert (result.locator("td.marked").count() > 0) <= has_rule
    check_fit(visitor)
    keep_picture(visitor, "workbook")


def test_an_error_is_a_message(visitor, tmp_path):
    visitor.locator("#generate-prompt textarea").fill(" ")
    visitor.locator("#generate-button").click()
    visitor.get_by_text("Prompt: please write something.").wait_for()
    visitor.wait_for_timeout(600)
    assert visitor.get_by_text("Prompt: please write something.").is_visible()
    keep_picture(visitor, "error")
    # The next request is answered.
    visitor.locator("#generate-prompt textarea").fill("list all files")
    run(visitor, "generate")
    # What is no workbook, and what is too large, are refused.
    open_tab(visitor, "Excel")
    (tmp_path / "fake.xlsx").write_bytes(b"no archive")
    visitor.locator("input[type=file]").first.set_input_files(tmp_path / "fake.xlsx")
    visitor.get_by_text("fake.xlsx").first.wait_for()
    visitor.locator("#workbook-button").click()
    visitor.get_by_text("A workbook must be an .xlsx file that can be read").first.wait_for()
    (tmp_path / "large.xlsx").write_bytes(bytes(3 * 2**20))
    visitor.get_by_label("Clear").first.click()
    visitor.locator("input[type=file]").first.set_input_files(tmp_path / "large.xlsx")
    visitor.get_by_text("exceed the maximum allowed size of 1.0 Mb").first.wait_for()
