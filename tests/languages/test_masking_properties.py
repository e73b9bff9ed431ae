# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Code-specific CPD on programs that hypothesis writes: each writer notes, as it goes, the positions of all that may be
masked, and its strings and comments are full of names, keywords and operators that may not.
"""

import ast
import dataclasses
import inspect
import itertools
import keyword
import re
import shutil
import subprocess
import textwrap
import tokenize
import unicodedata

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from codefusion_hf.data.masking import mask_code_tokens
from codefusion_hf.languages import LANGUAGES, get_language
from codefusion_hf.languages.snippets import MaskableSpans


def quick(max_examples: int) -> settings:
    return settings(deadline=None, max_examples=max_examples, database=None)


class Writer:
    """A program that is being written. Subclasses write one of their language in `program`."""

    def __init__(self, draw: st.DrawFn):
        self.draw = draw
        self.code = ""
        self.spans: list[tuple[int, int]] = []
        self.program()

    def __repr__(self) -> str:
        return repr(self.code)

    def program(self) -> None:
        raise NotImplementedError

    def one_of(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def times(self, most: int) -> range:
        return range(self.draw(st.integers(0, most)))

    def write(self, *pieces: str) -> None:
        self.code += "".join(pieces)

    def maskable(self, *pieces: str) -> None:
        for piece in pieces:
            self.spans.append((len(self.code), len(self.code) + len(piece)))
            self.code += piece


class BashWriter(Writer):
    ARGUMENTS = (
        "-l",
        "--all",
        "f.txt",
        "3",
        "/tmp/x",
        "if",
        "done",
        "a=b",
        "\\;",
        "\\$x",
        "$1",
        "*.py",
        "{}",
        "[a-z]",
    )
    QUOTED_ARGUMENTS = (
        "'ls $x; for'",
        '"$x | cat"',
        '"a $(ls "$y" \'z\') b"',
        '"it\'s"',
        "'\"'",
        '"`ls`"',
        "$'\\'$x'",
    )

    def program(self) -> None:
        self.script(depth=2)

    def script(self, depth: int) -> None:
        self.command(depth)
        for _ in self.times(2):
            self.write(self.one_of(" | ", " && ", " || ", "; ", " & "))
            self.command(depth)

    def command(self, depth: int) -> None:
        kind = self.one_of("simple", "assigned", "for", "if", "subshell") if depth else "simple"
        if kind == "for":
            for word in ("for", "item", "in"):
                self.maskable(word)
                self.write(" ")
            self.argument(depth - 1)
            self.write("; ")
            self.maskable("do")
            self.write(" ")
            self.script(depth - 1)
            self.write("; ")
            self.maskable("done")
        elif kind == "if":
            for word in ("if", "then", "else"):
                self.maskable(word)
                self.write(" ")
                self.script(depth - 1)
                self.write("; ")
            self.maskable("fi")
        elif kind == "subshell":
            self.write("( ")
            self.script(depth - 1)
            self.write(" )")
        else:
            if kind == "assigned":
                self.maskable("LC_ALL")
                self.write(self.one_of("=C ", "='$x' ", "= "))
            self.maskable(self.one_of("ls", "echo", "[", "./run.sh", "git-lfs", "python3.11"))
            for _ in self.times(3):
                self.write(" ")
                self.argument(depth)
            self.write(self.one_of("", " > out", " 2>&1", " < 'in $x'"))

    def argument(self, depth: int) -> None:
        kind = self.one_of("plain", "quoted", "variable", "braces", "substitution")
        if kind == "variable":
            self.write("$")
            self.maskable(self.one_of("x", "HOME", "my_var2"))
        elif kind == "braces":
            self.write("pre${")
            self.maskable("x")
            self.write(self.one_of("}", "%.txt}", ":-default}post"))
        elif kind == "substitution" and depth:
            self.write(self.one_of("$( ", "<( "))  # `$((` would be arithmetic
            self.script(depth - 1)
            self.write(")")
        else:
            self.write(self.one_of(*(self.QUOTED_ARGUMENTS if kind == "quoted" else self.ARGUMENTS)))


class PythonWriter(Writer):
    NAMES = ("x", "naïve", "_", "match", "type", "print", "self", "r", "f", "变量")
    STRINGS = (
        "'for x in y'",
        "\"if x: 'y'\"",
        "r'\\d x'",
        'b"x"',
        "'''a\nx = 1 # y\n'''",
        '"""it\'s "x" """',
        "'\\'x'",
        "f'{x} y'",
        'f"{x!r:>{y}} {{z}}"',
        "'x' f'{y.z(w)}'",
        "rf'''{x}\n{y}'''",
        "''",
    )
    NUMBERS = ("0", "1.5", ".5", "1e-5", "0xFF", "2j", "1_000", "...")

    def program(self) -> None:
        self.newline = self.one_of("\n", "\r\n")
        self.block(indentation=self.one_of("    ", "\t", "  "), depth=0)
        if self.draw(st.booleans()):
            self.code = self.code.rstrip()

    def block(self, indentation: str, depth: int) -> None:
        for _ in range(self.draw(st.integers(1, 3))):
            self.write(indentation * depth)
            self.statement(indentation, depth)

    def name(self) -> None:
        self.maskable(self.one_of(*self.NAMES))

    def statement(self, indentation: str, depth: int) -> None:
        simple = ("assignment", "expression", "import", "assert")
        kind = self.one_of(*simple, *(("def", "class", "for", "if", "try") if depth < 2 else ()))
        if kind == "assignment":
            self.name()
            self.write(self.one_of(" = ", "=", " += "))
            self.expression(2)
        elif kind == "expression":
            self.expression(2)
        elif kind == "assert":
            self.maskable("assert")
            self.write(" ")
            self.expression(2)
        elif kind == "import":
            self.maskable("from")
            self.write(" ")
            self.maskable("os")
            self.write(".")
            self.maskable("path")
            self.write(" ")
            self.maskable("import")
            self.write(" ")
            self.name()
            self.write(" ")
            self.maskable("as")
            self.write(" ")
            self.name()
        elif kind == "def":
            self.write("@")
            self.name()
            self.write(self.newline, indentation * depth)
            self.maskable("def")
            self.write(" ")
            self.name()
            self.write("(")
            self.maskable("first")
            self.write(": ")
            self.maskable("int")
            self.write("=3, *, ")
            self.maskable("second")
            self.write(") -> ")
            self.maskable("None")
            self.body(indentation, depth)
        elif kind == "class":
            self.maskable("class")
            self.write(" ")
            self.name()
            self.write("(")
            self.expression(1)
            self.write(")")
            self.body(indentation, depth)
        elif kind == "for":
            self.maskable("for")
            self.write(" ")
            self.name()
            self.write(" ")
            self.maskable("in")
            self.write(" ")
            self.expression(1)
            self.body(indentation, depth)
        elif kind == "if":
            self.maskable("if")
            self.write(" ")
            self.expression(1)
            self.body(indentation, depth)
            self.write(indentation * depth)
            self.maskable("else")
            self.body(indentation, depth)
        else:
            self.maskable("try")
            self.body(indentation, depth)
            self.write(indentation * depth)
            self.maskable("except")
            self.write(" ")
            self.name()
            self.body(indentation, depth)
        if not self.code.endswith(("\n", "\r\n")):
            self.write(self.one_of("", "  # for x in 'y", " ; "), self.newline)

    def body(self, indentation: str, depth: int) -> None:
        self.write(":", self.one_of("", "  # it's x"), self.newline)
        self.block(indentation, depth + 1)

    def expression(self, depth: int) -> None:
        kinds = ("name", "string", "number", "constant")
        nested = ("attribute", "call", "compare", "ternary", "lambda", "comprehension", "subscript", "lines")
        kind = self.one_of(*kinds, *(nested if depth else ()))
        if kind == "name":
            self.name()
        elif kind == "string":
            self.write(self.one_of(*self.STRINGS))
        elif kind == "number":
            self.write(self.one_of(*self.NUMBERS))
        elif kind == "constant":
            self.maskable(self.one_of("True", "None"))
        elif kind == "attribute":
            self.name()
            self.write(self.one_of(".", " . "))
            self.name()
        elif kind == "call":
            self.name()
            self.write("(")
            self.expression(depth - 1)
            self.write(", ")
            self.maskable("key")
            self.write("=")
            self.expression(depth - 1)
            self.write(")")
        elif kind == "compare":
            self.write("(")
            self.expression(depth - 1)
            self.write(" ")
            self.maskable("not")
            self.write(" ")
            self.maskable("in")
            self.write(" ")
            self.expression(depth - 1)
            self.write(")")
        elif kind == "ternary":
            self.write("(")
            self.expression(depth - 1)
            self.write(" ")
            self.maskable("if")
            self.write(" ")
            self.name()
            self.write(" ")
            self.maskable("else")
            self.write(" ")
            self.expression(depth - 1)
            self.write(")")
        elif kind == "lambda":
            self.write("(")
            self.maskable("lambda")
            self.write(" ")
            self.name()
            self.write(": ")
            self.expression(depth - 1)
            self.write(")")
        elif kind == "comprehension":
            self.write("[")
            self.name()
            self.write(" ")
            self.maskable("for")
            self.write(" ")
            self.name()
            self.write(" ")
            self.maskable("in")
            self.write(" ")
            self.name()
            self.write("]")
        elif kind == "subscript":
            self.name()
            self.write("[")
            self.expression(depth - 1)
            self.write(":]")
        else:
            self.write("(", self.newline, "\f# 'x", self.newline)
            self.expression(depth - 1)
            self.write(" \\", self.newline, ")")


class CFWriter(Writer):
    UNQUOTED_TEXTS = ("In Progress", "City, Country", "a (b)", "it's", "18", "10%", "$B$6", "適", "AND(x)", "c[1]x")

    def program(self) -> None:
        self.rule(depth=2)

    def rule(self, depth: int) -> None:
        kind = self.one_of("text", "value", "count", "none", *(("logic", "not") if depth else ()))
        if kind == "logic":
            self.maskable(self.one_of("AND", "OR", "or"))
            self.write("(")
            self.rule(depth - 1)
            for _ in self.times(2):
                self.write(self.one_of(",", ", "))
                self.rule(depth - 1)
        elif kind == "not":
            self.maskable("NOT")
            self.write("(")
            self.rule(depth - 1)
        elif kind == "none":
            self.maskable(self.one_of("Duplicate", "Duplicates", "aboveAverage", "ColorScale", "Blanks"))
            self.write(self.one_of("(", "( "))
            self.column("")
        elif kind == "count":
            self.maskable(self.one_of("top", "Bottom", "TopPercent"))
            self.write("(")
            self.column(", ")
            self.write(self.one_of("10", "10%", " 5 "))
        elif kind == "value":
            is_between = self.draw(st.booleans())
            self.maskable("Between" if is_between else self.one_of("GreaterThan", "equals"))
            self.write("(")
            has_column = self.column(self.one_of(",", ", "))
            self.value(has_column)
            if is_between:
                self.write(", ")
                self.value(has_column)
        else:
            self.maskable(self.one_of("TextEquals", "TextContains", "StartsWith"))
            self.write("(")
            self.column(", ")
            if self.draw(st.booleans()):
                self.write(self.one_of("", " "))
                self.maskable(self.one_of(*self.UNQUOTED_TEXTS))
                self.write(self.one_of("", " "))
            else:
                self.quoted()
        self.write(")")

    def column(self, behind: str) -> bool:
        if self.draw(st.booleans()):
            self.maskable(self.one_of("c[0]", "c[12]"))
            self.write(behind)
            return True
        return False

    def value(self, has_column: bool) -> None:
        kind = self.one_of("number", "unquoted", "quoted", *(("column",) if has_column else ()))
        if kind == "number":
            self.write(self.one_of("3", "-0.5", "1E-32", "50%", ".5"))
        elif kind == "unquoted":
            self.maskable(self.one_of("13 Days", "2020-01-31", "$E$13"))
        elif kind == "quoted":
            self.quoted()
        else:
            self.maskable("c[3]")

    def quoted(self) -> None:
        quote = self.one_of("'", '"')
        text = self.draw(st.text(alphabet="aT),(' \"\\\n=3é", max_size=8))
        text = text.replace("\\", "\\\\").replace(quote, self.one_of("\\" + quote, quote * 2))
        self.write(quote)
        if text:
            self.maskable(text)
        self.write(quote)


WRITERS = {"bash": BashWriter, "cf": CFWriter, "python": PythonWriter}


@st.composite
def written(draw: st.DrawFn, language: str) -> Writer:
    return WRITERS[language](draw)


def test_every_language_has_a_writer():
    assert set(WRITERS) == set(LANGUAGES)


@quick(60)
@given(written("bash"))
def test_bash_spans_are_those_that_were_written(script):
    assert get_language("bash").maskable_spans(script.code).spans == tuple(script.spans)
    # A construct that bashlex does not know sends the same script to the lexical rule.
    spans = ((0, 2), (5, 7), *((start + 11, end + 11) for start, end in script.spans))
    assert get_language("bash").maskable_spans("[[ a ]] && " + script.code) == MaskableSpans(spans, parsed=False)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@quick(10)
@given(written("bash"))
def test_bash_itself_reads_what_is_written(script):
    # `-n` reads a script and does not run it.
    assert subprocess.run(["bash", "-n"], input=script.code, text=True).returncode == 0


def python_names(tree: ast.AST) -> set[str]:
    """Every identifier of the tree, whatever the field that holds it; nothing of the literals."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            continue
        for _, value in ast.iter_fields(node):
            for word in value if isinstance(value, list) else [value]:
                if isinstance(word, str):
                    names.update(word.split("."))  # a module is one field
    return names


def check_against_tree(code: str) -> None:
    tree = ast.parse(code)
    # `re.split` also gives the newlines: no other character ends a row of the tree. Columns are in bytes.
    pieces = re.split(r"(\r\n|\n)", code)
    lines = pieces[::2]
    starts = [
        0,
        *itertools.accumulate(len(line + newline) for line, newline in zip(lines, pieces[1::2], strict=False)),
    ]

    def offset(row: int, column: int) -> int:
        return starts[row - 1] + len(lines[row - 1].encode()[:column].decode())

    names, strings = set(), set()
    nodes: list[ast.AST] = [tree]
    while nodes:
        node = nodes.pop()
        # Python 3.11 and earlier know where an f-string is, but not where its parts are.
        if not isinstance(node, ast.JoinedStr):
            nodes += ast.iter_child_nodes(node)
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.Name):
            span = (offset(node.lineno, node.col_offset), offset(node.end_lineno, node.end_col_offset))
            if isinstance(node, ast.Name):
                names.add(span)
            elif isinstance(node, ast.JoinedStr) or isinstance(node.value, str | bytes):
                strings.update(range(*span))

    found = get_language("python").maskable_spans(code)
    assert found.parsed
    allowed = python_names(tree) | set(keyword.kwlist) | set(keyword.softkwlist)
    assert {unicodedata.normalize("NFKC", code[start:end]) for start, end in found.spans} <= allowed
    assert names <= set(found.spans)
    assert not strings & {index for start, end in found.spans for index in range(start, end)}


@quick(60)
@given(written("python"))
def test_python_spans_are_those_that_were_written(program):
    found = get_language("python").maskable_spans(program.code)
    assert [program.code[start:end] for start, end in found.spans] == [
        program.code[start:end] for start, end in program.spans
    ]
    assert found == MaskableSpans(tuple(program.spans), parsed=True)
    check_against_tree(program.code)
    # What is no Python in front of it sends the same program to the lexical rule.
    spans = tuple((start + 2, end + 2) for start, end in program.spans)
    assert get_language("python").maskable_spans("$\n" + program.code) == MaskableSpans(spans, parsed=False)


@pytest.mark.parametrize("module", [dataclasses, inspect, textwrap, tokenize])
def test_python_spans_of_the_standard_library_are_names_of_its_trees(module):
    check_against_tree(inspect.getsource(module))


@quick(150)
@given(written("cf"))
def test_cf_spans_are_those_that_were_written(rule):
    assert get_language("cf").maskable_spans(rule.code) == MaskableSpans(tuple(rule.spans), parsed=True)


PIECES = {
    "bash": "' \" ` $( ${ } ) ( (( )) \\ $x a if then fi case in esac ;; ; && | < <<E E # = [[ ]] $ ! {",
    "cf": "' \" ( ) , AND( OR( NOT( TextEquals( Top( Between( c[1] 10 % \\ x -- c[ ] . 1e999 ColorScale(",
    "python": "' \" ''' \"\"\" f' f\" { } ( ) [ ] : = # \\ x if for def 1 . 0x 1e ; , ! $ lambda match case rb' u",
}


def odd_text(language: str) -> st.SearchStrategy[str]:
    pieces = (*PIECES[language].split(), " ", "\n", "\r", "\t", "\f", "\0", "\ud800", "é", "²", "\u2028", "\xa0", "变")
    return st.one_of(st.text(), st.lists(st.sampled_from(pieces), max_size=30).map("".join))


@pytest.mark.parametrize("language", LANGUAGES)
@quick(200)
@given(data=st.data())
def test_any_text_has_sorted_disjoint_spans_in_range(language, data):
    code = data.draw(odd_text(language))
    found = get_language(language).maskable_spans(code)
    previous_end = 0
    for start, end in found.spans:
        assert previous_end <= start < end <= len(code)
        if language != "cf":  # the texts of CF rules are maskable, and hold anything
            assert not set("'\"\\ \n\r#") & set(code[start:end])
        if language == "python":
            assert code[start:end].isidentifier()
        previous_end = end


@pytest.mark.parametrize("language", LANGUAGES)
@quick(40)
@given(data=st.data())
def test_masking_keeps_the_length_and_touches_nothing_but_spans(language, data):
    code = data.draw(st.one_of(written(language).map(lambda program: program.code), odd_text(language)))
    spans = get_language(language).maskable_spans(code).spans
    cuts = sorted(data.draw(st.sets(st.integers(0, len(code)), max_size=20)) | {0, len(code)})
    offsets = [(0, 0), *zip(cuts, cuts[1:], strict=False), (0, 0)]
    input_ids = list(range(1, len(offsets) + 1))
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 2**32)))
    masked = mask_code_tokens(
        input_ids, offsets, spans, 0, data.draw(st.floats(0, 1, exclude_min=True)), generator=generator
    )
    assert len(masked) == len(input_ids)
    for token_id, masked_id, (start, end) in zip(input_ids, masked, offsets, strict=True):
        of_a_span = any(start < span_end and end > span_start for span_start, span_end in spans)
        assert masked_id == token_id or (masked_id == 0 and of_a_span)
    assert masked.count(0) >= bool(spans)
