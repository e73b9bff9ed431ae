# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Cutting Python source into snippets."""

import ast

from codefusion_hf.languages.python.source import cut_python


PYTHON = '''\
"""Docstring."""
import os

class Reader:
    """A class."""
    size = 3; name = "ü"

    @property
    def path(self):
        """Docstring."""
        text = """one
      two"""
        if text:
            return os.path.join(  # comment
        "ä", text)
        elif self.name:
            del text
        else:
            pass

match size:
    case 3:
        print("d")
'''


def test_python_is_cut_into_functions_statements_and_expressions():
    snippets = cut_python(PYTHON)
    function = (
        '@property\ndef path(self):\n    """Docstring."""\n    text = """one\n      two"""\n    if text:\n'
        '        return os.path.join(  # comment\n    "ä", text)\n    elif self.name:\n        del text\n'
        "    else:\n        pass"
    )
    assert [(snippet.line, snippet.code) for snippet in snippets] == [
        (2, "import os"),
        (6, "size = 3"),
        (6, 'name = "ü"'),
        (8, function),
        (11, 'text = """one\n      two"""'),
        (
            13,
            'if text:\n    return os.path.join(  # comment\n"ä", text)\nelif self.name:\n    del text\n'
            "else:\n    pass",
        ),
        (14, 'return os.path.join(  # comment\n"ä", text)'),
        (17, "del text"),
        (19, "pass"),
        (21, 'match size:\n    case 3:\n        print("d")'),
        (23, 'print("d")'),
    ]  # The one call that is no statement has two lines.
    # Cutting changes no string: each snippet still says what it said in the file.
    whole = {ast.dump(node) for node in ast.walk(ast.parse(PYTHON)) if isinstance(node, ast.stmt)}
    assert {ast.dump(ast.parse(snippet.code).body[0]) for snippet in snippets} <= whole


def test_expressions_that_compute_something_are_cut_as_well():
    code = 'x[0], y = f(a[1:], f"{g(b)}"), [i for i in "ü" if h(i)]\nf(a.b)\nif not (c and d(\n    1)):\n    e = k + 1'
    snippets = [snippet for snippet in cut_python(code) if "=" not in snippet.code and ":\n" not in snippet.code]
    assert [(snippet.line, snippet.code) for snippet in snippets] == [
        (1, 'f(a[1:], f"{g(b)}")'),
        (1, "a[1:]"),
        (1, '[i for i in "ü" if h(i)]'),
        (1, "h(i)"),
        (2, "f(a.b)"),
        (5, "k + 1"),
    ]


def test_what_python_warns_about_in_a_file_is_not_the_reader_s_concern(recwarn):
    assert [snippet.code for snippet in cut_python('re.match("\\d", x is 3)')] == ['re.match("\\d", x is 3)', "x is 3"]
    assert not recwarn


def test_python_lines_end_where_python_says():
    assert [snippet.line for snippet in cut_python("a = 1\r\nb = 2\x0c\nc = '\u2028'\rd = 4")] == [1, 2, 3, 4]
