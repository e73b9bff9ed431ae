# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What may be masked in Python: names and keywords, by its tokenizer or by the lexical rule."""

import pytest

from codefusion_hf.languages.python.masking import python_maskable_spans


PARSED = [
    ("total = price * 2", "total price"),
    ("os.path.join(a, sep='/')", "os path join a sep"),
    ("from a.b import c as d", "from a b import c as d"),
    ("def f(x: int = 3, *, y) -> None: return x", "def f x int y None return x"),
    ("x if not y else True", "x if not y else True"),
    ("match = 1", "match"),
    ("match x:\n    case [_, type]: pass", "match x case _ type pass"),
    ("x = 'for y' + r\"\\d z\" + b'w'", "x"),
    ("f'{x + y} z' + z", "z"),
    ("f'{x!r:>{y}} {{z}}' 'w', v", "v"),
    ("x = '''\ny\n'''; z", "x z"),
    ("x  # y in z", "x"),
    ("x = 0xFF + 1e5 + 2j", "x"),
    ("x\r\nif y:\r\n\tz", "x if y z"),
    ("x\ry", "x y"),
    ("x = (\n\f  y, \\\n z)", "x y z"),
    ("naïve = 变量", "naïve 变量"),
    ("'é😀'; x", "x"),
    ("'\\d'; x", "x"),
    ("", ""),
]
UNPARSED = [
    ("print 'for x', y", "print y"),
    ("print >>f, ur'x' % 10L", "print f"),
    ("except x, e:", "except x e"),
    ("  x = 1", "x"),
    ("x = 'y z\nw", "x w"),
    ("x = '''y\nz", "x"),
    ("x = 'y\\\nz' w", "x w"),
    ("x = 'y\\", "x"),
    ("(f'{x}' y # it's z", "y"),
    ("df[1.5.x].2y 0.e5 1..real", "df x real"),
    ("a² b", "b"),
    ("$ x ?", "x"),
    ("x\0y", "x y"),
    ("'\ud800', x", "x"),
]


def found_in(code: str) -> list[str]:
    return [code[start:end] for start, end in python_maskable_spans(code).spans]


@pytest.mark.parametrize("code, expected", PARSED)
@pytest.mark.filterwarnings("error")
def test_names_and_keywords_of_python(code, expected):
    assert found_in(code) == expected.split()
    assert python_maskable_spans(code).parsed


@pytest.mark.parametrize("code, expected", UNPARSED)
def test_what_python_refuses_gets_the_lexical_rule_and_is_marked(code, expected):
    assert found_in(code) == expected.split()
    assert not python_maskable_spans(code).parsed


@pytest.mark.parametrize("code", ["-" * 100_000 + "x", "(" * 500 + "x", "x" + "[x" * 300 + "]" * 300])
def test_deep_nesting_of_python_falls_back(code):
    assert set(found_in(code)) == {"x"}
    assert not python_maskable_spans(code).parsed
