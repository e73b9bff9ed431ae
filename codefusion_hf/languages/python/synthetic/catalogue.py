# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
The catalogue of idioms: YAML files of the folder `catalogue`, one a subject.

A file has `subject`, `share` (how often it is drawn), `imports` (what its code needs to run), `needs` (what beyond the
standard library) and `entries`, each with

- `text`: templates of sentences, see [`~codefusion_hf.languages.python.synthetic.grammar`];
- `code`: expressions that give what is asked for, the idiomatic one first; `do`: code that does it instead; `old`: the
  same as people wrote it for versions that are gone, which is drawn seldom and never run;
- `weight` (1 if missing): how often it is drawn among those of its subject;
- `run`: values of its slots for a test, `= ...` for a Python expression, `setup`: code to run before;
- `expect`: what `code` gives, or `after` (the first slot if missing) is when `do` has been done; or `check`: what then
  holds of `it`; or `unrun`: why it cannot be run in a test.

`$slot` is a slot of the kind that its name is without digits. Every slot of the code, unless its kind is hidden, must
stand in each sentence: whatever is in the code is said.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from codefusion_hf.languages.python.synthetic.grammar import SLOT, Node, Slot, certain_slots, parse, slots
from codefusion_hf.languages.python.synthetic.kinds import Kind, load_kinds


# How often the first, second ... of the ways to write a thing are drawn, and one of the old ways.
FORM_WEIGHTS = (1.0, 0.4, 0.25, 0.2, 0.15)
OLD_WEIGHT = 0.25
# The same as programs wrote it that were translated from Python 2: its views are copied into lists.
COPIED_VIEW_WEIGHT = 0.4
_VIEW = re.compile(r"(?<= in )(\$[a-z0-9]+\.(?:items|values|keys)\(\))(?!\w|\.)")

_ENTRY_KEYS = {"text", "code", "do", "old", "weight", "run", "setup", "expect", "after", "check", "unrun"}
_FILE_KEYS = {"subject", "share", "imports", "needs", "entries"}
# Numerals that are to stay as they are, where `ast.unparse` writes decimal ones.
_NUMERAL = re.compile(r"\b0[ox][0-9a-fA-F]+\b(?!')")
# A slot while the code around it is parsed: a name that no code has.
_STAND_IN = re.compile(r"ZQ_([a-z]+[0-9]*)_([a-z]*)_QZ")


@dataclass(frozen=True)
class Form:
    """
    One way to write an idiom.

    Args:
        source (`str`):
            The code, with its slots.
        pieces (`tuple[str | Slot, ...]`):
            The code, cut at its slots.
        role (`str`):
            The key of the entry that it is from: `"code"`, `"do"` or `"old"`.
        weight (`float`):
            How often it is drawn among those of its entry.
        names (`frozenset[str]`):
            Names in the code that no slot may be called.
        uses (`Mapping[str, int]`):
            How often each slot stands in the code.
        with_attribute (`frozenset[str]`):
            Slots whose attributes are asked for.
        is_value (`bool`):
            Whether it is one expression whose value is what is asked for.
        gives (`str`):
            `"list"`, `"str"` ... if its value is surely one, else `""`.
    """

    source: str
    pieces: tuple[str | Slot, ...]
    role: str
    weight: float
    names: frozenset[str]
    uses: Mapping[str, int]
    with_attribute: frozenset[str]
    is_value: bool
    gives: str


@dataclass(frozen=True)
class Entry:
    """
    An idiom: sentences and code for them.

    Args:
        subject (`str`):
            The file that it is from.
        number (`int`):
            Its place there, from 1.
        texts (`tuple[Node, ...]`):
            Templates of sentences.
        forms (`tuple[Form, ...]`):
            Ways to write it.
        weight (`float`):
            How often it is drawn among those of its subject.
        literals (`frozenset[str]`):
            Slots of which something is asked that only a literal tells.
        named (`frozenset[str]`):
            Slots that hold what invented literals do not, such as digits in strings: names stand for them.
        imports (`tuple[str, ...]`):
            Import statements that the code relies on.
        needs (`tuple[str, ...]`):
            Modules beyond the standard library.
        fields (`Mapping[str, Any]`):
            What is for tests: `run`, `setup`, `expect`, `after`, `check`, `unrun`.
    """

    subject: str
    number: int
    texts: tuple[Node, ...]
    forms: tuple[Form, ...]
    weight: float
    literals: frozenset[str]
    named: frozenset[str]
    imports: tuple[str, ...]
    needs: tuple[str, ...]
    fields: Mapping[str, Any]

    @property
    def label(self) -> str:
        """What errors and reports call it."""
        return f"{self.subject} {self.number}"


@dataclass(frozen=True)
class Subject:
    """
    The idioms of one file.

    Args:
        name (`str`):
            What they are about.
        share (`float`):
            How often one of them is drawn, among all subjects.
        entries (`tuple[Entry, ...]`):
            The idioms.
    """

    name: str
    share: float
    entries: tuple[Entry, ...]


def read_form(source: str, role: str, weight: float, kinds: Mapping[str, Kind], where: str) -> Form:
    """
    Read a way to write an idiom; the code is put in the form that `ast.unparse` gives.

    Args:
        source (`str`):
            Python code with slots.
        role (`str`):
            `"code"`, `"do"` or `"old"`.
        weight (`float`):
            How often it is drawn.
        kinds (`Mapping[str, Kind]`):
            Kinds of slots.
        where (`str`):
            What errors call it.

    Returns:
        `Form`: the way to write it.

    Raises:
        ValueError: if the code does not parse or a slot is of no kind that there is.
    """

    def stand_in(match: re.Match[str]) -> str:
        if Slot(match[1], "", False).kind not in kinds:
            raise ValueError(f"{where}: a slot must be of one of the kinds of words/kinds.yaml, got `${match[1]}`.")
        return f"ZQ_{match[1]}_{match[2] or ''}_QZ"

    try:
        source_of_names = _NUMERAL.sub(r"ZN_\g<0>_NZ", source)
        tree = ast.parse(re.sub(r"\$([a-z]+[0-9]*)(?:~([a-z]+))?", stand_in, source_of_names))
    except SyntaxError as error:
        raise ValueError(f"{where}: code must parse ({error.msg}), got {source!r}.") from None
    body = tree.body
    is_value = role != "do" and len(body) == 1 and isinstance(body[0], ast.Expr)
    if role == "code" and not is_value:
        raise ValueError(f"{where}: `code` must be one expression, and what is none stand in `do`, got {source!r}.")
    # A `return` or `yield` is read outside of its function, as in the questions that people ask.
    unparsed = _bare_tuple(_single_parentheses(ast.unparse(tree)))
    unparsed = re.sub(r"ZN_(\w+)_NZ", r"\1", unparsed)
    canonical = _STAND_IN.sub(lambda match: f"${match[1]}" + (f"~{match[2]}" if match[2] else ""), unparsed)
    names: set[str] = set()
    with_attribute: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            match = _STAND_IN.fullmatch(node.value.id)
            if match:
                with_attribute.add(match[1])
    pieces: list[str | Slot] = []
    position = 0
    for match in SLOT.finditer(canonical):
        if match[0][0] == "$":
            pieces += [canonical[position : match.start()], Slot(match[1], match[2] or "", False)]
            position = match.end()
    pieces.append(canonical[position:])
    return Form(
        source=canonical,
        pieces=tuple(piece for piece in pieces if piece != ""),
        role=role,
        weight=weight,
        names=frozenset(name for name in names if not _STAND_IN.fullmatch(name) and not name.startswith("ZN_")),
        uses=Counter(piece.name for piece in pieces if isinstance(piece, Slot)),
        with_attribute=frozenset(with_attribute),
        is_value=is_value,
        gives=_what_it_gives(body[0].value) if is_value and isinstance(body[0], ast.Expr) else "",
    )


def _single_parentheses(code: str) -> str:
    """Code of `ast.unparse` without the second parentheses that it gives to a generator that is the only argument."""
    for match in reversed(list(re.finditer(r"(?<=\w)\(\(", code))):
        depth, end = 0, match.start() + 1
        for end in range(match.start() + 1, len(code)):
            depth += (code[end] == "(") - (code[end] == ")")
            if not depth:
                break
        inner = code[match.start() + 1 : end + 1]
        if code[end + 1 : end + 2] == ")" and " for " in inner:
            try:
                is_generator = isinstance(ast.parse(inner, mode="eval").body, ast.GeneratorExp)
            except SyntaxError:  # a parenthesis in a string
                continue
            if is_generator:
                code = code[: match.start() + 1] + inner[1:-1] + code[end + 1 :]
    return code


def _bare_tuple(code: str) -> str:
    """Code of `ast.unparse` without the parentheses around the tuple of `a, b = (b, a)`."""
    match = re.fullmatch(r"([^=()]+ = )\((.*)\)", code)
    bare = "".join(match.groups()) if match else code
    return bare if ast.dump(ast.parse(bare)) == ast.dump(ast.parse(code)) else code


def _what_it_gives(node: ast.expr) -> str:
    if isinstance(node, ast.List | ast.ListComp):
        return "list"
    if isinstance(node, ast.Dict | ast.DictComp):
        return "dict"
    if isinstance(node, ast.Set | ast.SetComp):
        return "set"
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Name):
            return {"sorted": "list", "list": "list", "dict": "dict", "set": "set", "str": "str"}.get(function.id, "")
        if isinstance(function, ast.Attribute):
            return {"split": "list", "findall": "list", "join": "str"}.get(function.attr, "")
    return ""


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


def _is_plain(data: Any) -> bool:
    """Whether a value that a test gives is like the literals that are invented: of words, in the case of text."""
    if isinstance(data, str):
        return all(character.isalpha() or character == " " for character in data) and "  " not in f" {data} "
    return all(map(_is_plain, data)) if isinstance(data, list) else True


def _read_entry(
    raw: Any, subject: str, number: int, imports: tuple[str, ...], needs: tuple[str, ...], kinds: Mapping[str, Kind]
) -> Entry:
    where = f"{subject} {number}"
    if not isinstance(raw, dict):
        raise ValueError(f"{where}: an entry must be a mapping, got {raw!r}.")
    where = f"{where} ({str(raw.get('text'))[:60]})"
    unknown = raw.keys() - _ENTRY_KEYS
    if unknown:
        raise ValueError(f"{where}: an entry may have {', '.join(sorted(_ENTRY_KEYS))}, got {sorted(unknown)}.")
    for key in ("text", "code", "do", "old"):
        value = _texts(raw.get(key, []))
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ValueError(f"{where}: `{key}` must be a string or a list of strings, got {raw[key]!r}.")
    if "text" not in raw or not raw.keys() & {"code", "do"}:
        raise ValueError(f"{where}: an entry must have `text`, and `code` or `do`, got {sorted(raw)}.")
    weight = raw.get("weight", 1)
    if not isinstance(weight, int | float) or weight <= 0:
        raise ValueError(f"{where}: `weight` must be a number above 0, got {weight!r}.")
    forms: list[Form] = []
    for role in ("code", "do"):
        for source in _texts(raw.get(role, [])):
            form = read_form(source, role, FORM_WEIGHTS[min(len(forms), len(FORM_WEIGHTS) - 1)], kinds, where)
            forms.append(form)
    for form in tuple(forms):
        copied = _VIEW.sub(r"list(\1)", form.source)
        if copied != form.source:
            forms.append(read_form(copied, form.role, form.weight * COPIED_VIEW_WEIGHT, kinds, where))
    forms += [read_form(source, "old", OLD_WEIGHT, kinds, where) for source in _texts(raw.get("old", []))]
    texts = tuple(parse(template) for template in _texts(raw["text"]))
    said_by_all = set.intersection(*(certain_slots(text) for text in texts))
    for form in forms:
        shown = {slot for slot in form.uses if not kinds[Slot(slot, "", False).kind].hidden}
        if shown != {slot for slot in forms[0].uses if not kinds[Slot(slot, "", False).kind].hidden}:
            raise ValueError(f"{where}: all ways to write it must have the slots of the first, got {form.source!r}.")
        if shown - said_by_all:
            missing = ", ".join(f"`${slot}`" for slot in sorted(shown - said_by_all))
            raise ValueError(f"{where}: each `text` must say every slot of the code, got none of {missing}.")
    in_code = {slot for form in forms for slot in form.uses}
    for text in texts:
        for slot in slots(text):
            if slot.name not in in_code:
                raise ValueError(f"{where}: `text` may have the slots of the code, got `${slot.name}`.")
            if slot.noun and kinds[slot.kind].noun is None:
                raise ValueError(f"{where}: `@` needs a kind that has a `noun`, got `@{slot.name}`.")
    asked = [slot for text in texts for slot in slots(text)]
    asked += [piece for form in forms for piece in form.pieces if isinstance(piece, Slot)]
    return Entry(
        subject=subject,
        number=number,
        texts=texts,
        forms=tuple(forms),
        weight=float(weight),
        literals=frozenset(slot.name for slot in asked if slot.field not in ("", "raw")),
        named=frozenset(slot for slot, data in raw.get("run", {}).items() if not _is_plain(data)),
        imports=imports,
        needs=needs,
        fields={key: raw[key] for key in ("run", "setup", "expect", "after", "check", "unrun") if key in raw},
    )


def parse_subject(text: str, kinds: Mapping[str, Kind], where: str) -> Subject:
    """
    Read a file of the catalogue.

    Args:
        text (`str`):
            The file's YAML.
        kinds (`Mapping[str, Kind]`):
            Kinds of slots.
        where (`str`):
            What errors call the file.

    Returns:
        `Subject`: its idioms.

    Raises:
        ValueError: if the YAML is malformed, or an entry is (the documentation of this module says how it is to be).
    """
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{where}: the file must be YAML, got: {' '.join(str(error).split())}.") from None
    if not isinstance(raw, dict) or raw.keys() - _FILE_KEYS or not {"subject", "share", "entries"} <= raw.keys():
        got = sorted(raw) if isinstance(raw, dict) else raw
        raise ValueError(f"{where}: a file must have subject, share, entries, may have imports, needs, got {got!r}.")
    if not isinstance(raw["share"], int | float) or raw["share"] <= 0:
        raise ValueError(f"{where}: `share` must be a number above 0, got {raw['share']!r}.")
    imports, needs = tuple(raw.get("imports", ())), tuple(raw.get("needs", ()))
    entries = tuple(
        _read_entry(entry, raw["subject"], number, imports, needs, kinds)
        for number, entry in enumerate(raw["entries"], 1)
    )
    return Subject(raw["subject"], float(raw["share"]), entries)


def _read_folder(folder: str) -> Iterator[Subject]:
    kinds = load_kinds()
    path = files("codefusion_hf.languages.python.synthetic") / folder
    for file in sorted(path.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".yaml"):
            yield parse_subject(file.read_text(encoding="utf-8"), kinds, f"{folder}/{file.name}")


@lru_cache(maxsize=1)
def load_catalogue() -> tuple[Subject, ...]:
    """The idioms of the package, by subject."""
    return tuple(_read_folder("catalogue"))


@lru_cache(maxsize=1)
def load_phrases() -> tuple[Subject, ...]:
    """The idioms that a phrase of a sentence stands for, by the kind of slots that they may fill."""
    return tuple(_read_folder("phrases"))


__all__ = ["Entry", "Form", "Subject", "load_catalogue", "load_phrases", "parse_subject", "read_form"]
