# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What Python accepts, found out without running it."""

import sys
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codefusion_hf.languages.python.syntax import is_valid_python


@pytest.mark.parametrize(
    ("code", "is_valid"),
    [
        ("x = [i ** 2 for i in range(3)]", True),
        ("if x:\n    print(x)\n", True),
        ("# nothing but a comment", True),
        ("print x", False),
        ("if x:\nprint(x)", False),
        ("f(", False),
        ("", False),
        (" \n\t", False),
        ("x\0", False),
        ("'\ud800'", False),
        ("(" * 100_000, False),
        ("-" * 100_000 + "1", False),
        ("x" + ".a" * 100_000, sys.version_info < (3, 11)),  # too deep for the parser of later releases
    ],
)
def test_python_syntax(code, is_valid):
    assert is_valid_python(code) is is_valid


@pytest.mark.parametrize("code", [r"'\d'", "1 is 1", "0x1for x in y", "assert (x, 'y')"])
def test_python_syntax_prints_no_warnings(code):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert is_valid_python(code)


def test_python_syntax_runs_nothing(tmp_path):
    file = tmp_path / "made"
    assert is_valid_python(f"open({str(file)!r}, 'w').write('x')\nimport sys\nsys.was_run = True")
    assert not file.exists() and not hasattr(sys, "was_run")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30) | st.text(alphabet="()[]{}'\"\\:=,+-.\n\t x0#@", max_size=40))
def test_python_syntax_of_any_string(code):
    assert is_valid_python(code) in (True, False)
