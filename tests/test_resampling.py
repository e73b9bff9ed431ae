# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Programs that do not parse: where they fail, and what is written anew."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from codefusion_hf.languages import LANGUAGES, get_language
from codefusion_hf.pipelines import CodeFusionInfillPipeline, resample_errors
from codefusion_hf.pipelines.resampling import cut_out


PROMPT = "list the files"


def seeded():
    return torch.Generator().manual_seed(0)


def find_pipe(code):
    """No program of these tests may have `|`."""
    return code.find("|") if "|" in code else None


@pytest.fixture(scope="module")
def pipe(make_pipeline):
    return make_pipeline()


@pytest.mark.parametrize(
    ("language", "code", "place"),
    [
        ("bash", "ls -l", None),
        ("bash", "ls | | wc", 5),
        ("bash", "date\nls | | wc", 10),
        ("bash", "for f in *; do echo", 19),
        ("python", "a = 1", None),
        ("python", "a b", 2),
        ("python", "é = 1\r\nx = foo(bar[1)", 20),
        ("python", "a\0", 2),
        ("cf", "Top(c[0], 3)", None),
        ("cf", "Top(c[0],, 3)", 9),
        ("cf", "Foo", 0),
    ],
)
def test_where_a_parser_fails(language, code, place):
    assert get_language(language).find_error(code) == place


@pytest.mark.parametrize("language", LANGUAGES)
@given(code=st.text(alphabet="ab ()[]'\"|;\n\\$é,=", max_size=12))
def test_there_is_an_error_where_code_is_not_valid(language, code):
    language = get_language(language)
    place = language.find_error(code)
    assert (place is None) == language.is_valid(code)
    assert place is None or 0 <= place <= len(code)


@given(code=st.text(st.characters(exclude_characters="<")), place=st.integers(0, 31), num_words=st.integers(1, 16))
def test_what_is_cut_out_is_around_the_error(code, place, num_words):
    before, after = cut_out(code, place, num_words).split("<mask>")
    assert code.startswith(before) and code.endswith(after) and len(before) + len(after) <= len(code)
    assert cut_out(code, place, 1000).strip() == "<mask>" or not code.strip()
    if "".join(code.split()):
        assert len(before) + len(after) < len(code)


def test_only_the_words_around_the_error_change(pipe):
    code = "ls -l | a b c"
    codes = [code, "ls", " | ".join("abcdefghijklmnopqrstuvwxyz"), "|"]
    given = list(codes)
    mended, right, too_long, short = resample_errors(pipe, PROMPT, codes, find_pipe, generator=seeded())
    assert codes == given and right == "ls" and too_long == codes[2] and "|" not in short
    assert "|" not in mended and mended.startswith("ls -l ") and mended.endswith(" a b c")


@pytest.mark.parametrize("max_tries", [1, 3])
def test_it_ends(max_tries, pipe, monkeypatch):
    masked = []
    call = CodeFusionInfillPipeline.__call__

    def counted(self, prompts, codes, **arguments):
        masked.append(codes)
        return call(self, prompts, codes, **arguments)

    monkeypatch.setattr(CodeFusionInfillPipeline, "__call__", counted)
    codes = ["a b c d e f g", "x"]
    assert list(codes) == resample_errors(pipe, PROMPT, codes, lambda code: 6, max_tries, generator=seeded())
    assert masked == [["a b c <mask> e f g", "<mask>"], ["a b <mask> f g", "<mask>"], ["<mask>", "<mask>"]][:max_tries]


def test_programs_that_parse_cost_nothing(pipe, monkeypatch):
    monkeypatch.setattr(CodeFusionInfillPipeline, "__call__", None)
    assert resample_errors(pipe, PROMPT, ["ls", "ls -l"], find_pipe) == ["ls", "ls -l"]


@pytest.mark.parametrize("max_tries", [0, 11, 1.5, True])
def test_tries_are_bounded(max_tries, pipe):
    with pytest.raises(ValueError, match="`max_tries` must be"):
        resample_errors(pipe, PROMPT, "ls", find_pipe, max_tries)
