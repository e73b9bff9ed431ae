# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The registry of languages: what each can do, and what it takes to ask."""

import subprocess
import sys

import pytest

import codefusion_hf.languages
from codefusion_hf.languages import LANGUAGES, Language, get_language
from codefusion_hf.pipelines.slots import SLOT_LANGUAGES


CODE = {"bash": "ls -a | wc -l", "python": "x = len(names)", "cf": "TextEquals(c[1], 'red')"}
# Well-formed to none of them.
NO_CODE = "if ( 'a"


def test_languages_are_those_with_slots():
    assert sorted(LANGUAGES) == sorted(SLOT_LANGUAGES) == sorted(CODE)


def test_an_unknown_language_is_an_error_that_lists_the_known_ones():
    with pytest.raises(ValueError, match="`language` must be one of bash, python, cf, got 'cobol'"):
        get_language("cobol")


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_language_can_parse_mask_score_and_invent(name):
    for module in ("bashlex", "rapidfuzz"):
        pytest.importorskip(module)
    language, code = get_language(name), CODE[name]
    assert language.name == name
    assert language.is_valid(code) and language.is_parsable(code) and not language.is_valid(NO_CODE)
    assert language.maskable_spans(code).parsed and not language.maskable_spans(NO_CODE).parsed
    metrics = [metric.name for metric in language.metrics()]
    assert len(set(metrics)) == len(metrics) and "valid" in metrics
    assert language.main_metric in (*metrics, "chrf")
    row = next(language.generate_rows(1))
    assert language.is_valid(row["code"]) and row == next(language.generate_rows(1)) != next(language.generate_rows(2))
    # What is added to a prompt comes off again.
    assert language.bare_prompt(language.prepare_row(row)["text"]) == row["text"].rstrip()


@pytest.mark.parametrize("name", LANGUAGES)
def test_what_a_language_cannot_do_is_said(name):
    language = get_language(name)
    if name == "cf":
        with pytest.raises(ValueError, match="rules of Excel's conditional formatting has no source files"):
            language.cut("Top(5)")
        with pytest.raises(ValueError, match="nothing to compare rules"):
            language.coverage(["Top(5)"], ["Top(5)"])
        assert next(language.generate_held_out_rows(1))["data"]
    else:
        pytest.importorskip("bashlex")
        assert [snippet.code for snippet in language.cut(CODE[name])][0] == CODE[name]
        assert language.coverage([CODE[name]], [CODE[name]] * 5).covered_kinds == 1
        with pytest.raises(ValueError, match=f"of {language.title}, no rows are held out"):
            language.generate_held_out_rows()


def test_a_registered_language_is_found(monkeypatch):
    class Cobol(Language):
        name, title, main_metric = "cobol", "COBOL", "chrf"

        def is_valid(self, code):
            return code.isupper()

        def maskable_spans(self, code):
            raise NotImplementedError

        def metrics(self):
            return ()

        def generate_rows(self, seed=0):
            return iter(())

    monkeypatch.setitem(codefusion_hf.languages._REGISTRY, "cobol", Cobol())
    cobol = get_language("cobol")
    assert cobol.is_parsable("STOP RUN.") and not cobol.is_parsable("stop run.")
    assert cobol.prepare_row({"code": "STOP RUN."}) == {"code": "STOP RUN."}


def test_asking_for_a_language_imports_nothing_that_it_may_not_need():
    modules = ["bashlex", "openpyxl", "sklearn", "torch", "transformers", "yaml"]
    code = f"import sys, codefusion_hf.languages as l; print(l.LANGUAGES, set({modules}) & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "('bash', 'python', 'cf') set()\n"
