# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
r"""
Slots: what a prompt names itself - quoted texts, numbers, paths, variables, hosts, names that look like code - is one
token such as `<path_0>`, in the prompt and in the code, and is put back at the end. What is copied arrives exactly.

```python
>>> prompt = slot_prompt("find all '*.txt' files below /tmp larger than 10 MB")
>>> prompt.text
"find all '<path_0>' files below <path_1> larger than <num_0> MB"
>>> slot_code("find /tmp -name '*.txt' -size +10M", prompt.values, "bash")
"find <path_1> -name '<path_0>' -size +<num_0>M"
>>> fill_slots("find <path_1> -name '<path_0>' -size +<num_0>M", prompt.values)
"find /tmp -name '*.txt' -size +10M"
```

Slots are numbered by kind, in the order of the prompt; a value that occurs twice has one. Quotes and units stay
outside. What looks like a slot in somebody's own text gets a backslash, `<\path_0>`, which `fill_slots` takes away
again: it gives back every prompt and program to the letter, whatever has become a slot in them.

A value is known by its form alone, so a word like any other is none, unless it is quoted; in a prompt for a rule, the
columns of a table tell that it is one, a capitalised word in a sentence is a cell's text. In a program it is replaced
where it is a word, string, name or number by itself; a model that sees `<num_0>` in the prompt could not write the
number elsewhere, as in `{print $2}`, so that what is a word is taken generously.
"""

import itertools
import keyword
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass


# How many values of a kind a prompt can have: further ones stay text.
SLOT_COUNTS = {"str": 6, "num": 4, "path": 4, "var": 3, "host": 2, "name": 8, "expr": 3}
SLOT_LANGUAGES = ("bash", "cf", "python")
# Longer values, in characters, stay text, which bounds the time to look for them.
MAX_SLOT_LENGTH = 200
# Columns of a table whose names and cells are looked at, which bounds it, too.
MAX_SLOT_COLUMNS = 64

# Kind, start and end of a value in a prompt.
SlotSpan = tuple[str, int, int]

_SLOT = re.compile(rf"<(\\*)((?:{'|'.join(SLOT_COUNTS)})_[0-9])>")

_WORD_OR_SLOT = re.compile(rf"<(?:{'|'.join(SLOT_COUNTS)})_[0-9]>|\w+")

# A prompt, piece by piece; no alternative runs on further than MAX_SLOT_LENGTH and then fails, so that the time is
# linear. An apostrophe in a word is no quote, and neither is one after it.
_SLOT_PIECE = re.compile(
    rf"""
    (?P<skip> [A-Z]?[a-z]+ (?= [.,;:!?]? (?: \s | \Z )) | {_SLOT.pattern} | (?<!\w)''(?!\w) | "" | `` | \bc\[[0-9]+\] )
    | ` (?P<tex> [\w./*$~@-]{{1,{MAX_SLOT_LENGTH}}} ) ' (?!\w)
    | ` (?P<backtick> [^`]{{1,{MAX_SLOT_LENGTH}}} ) `
    | " (?P<double> [^"]{{1,{MAX_SLOT_LENGTH}}} ) "
    | (?<!\w) ' (?P<single> [^']{{1,{MAX_SLOT_LENGTH}}} ) ' (?!\w)
    | “ (?P<curly> [^“”]{{1,{MAX_SLOT_LENGTH}}} ) ”
    | ‘ (?P<curly_single> [^‘’]{{1,{MAX_SLOT_LENGTH}}} ) ’
    | (?P<bare> (?: [^\s"'`“”‘’<>] | (?<=\w) ['’] (?=\w) )+ )
    """,
    re.VERBOSE,
)
# The columns of a table behind the prompt of a rule, as `|c[1]$+*Passed=Yes/No`.
_CELL = re.compile(r"[^/]+")
_NAMED = re.compile(r"\w.|.\w", re.DOTALL)
_SLOT_COLUMN = re.compile(r"\|c\[[0-9]+\][#%@$!?][+~*]*(?P<name>[^|=]*)(?:=(?P<cells>[^|]*))?")

# A word in such a prompt that is capitalised, or of a script that has no capitals; words of Excel's own are none.
_CAPITALISED = re.compile(r"(?<![\w.'`-])[^\W\d_]{2,}(?![\w'])")
_SENTENCE_BEGINS = re.compile(r"(?:\A|[.!?:])\s*\Z")
_CELL_REFERENCE = re.compile(r"[A-Z]{1,2}")
_EXCEL_WORDS = frozenset(
    "above all and any applied apply average averages bar bars below between black blank blanks blue bottom cell "
    "cells change color colors colour colours column columns conditional contain contains dark data date dates "
    "duplicate duplicates each equal equals error errors excel fill find first for format formatting formula from "
    "gradient gray greater green grey highlight highlighted icon icons id if in is item items last less light make "
    "mark max min no not number numbers on or orange percent percentage pink purple range red row rows rule rules "
    "scale scales set sets sheet show table text than that the then to today top total unique use value values "
    "where which white with workbook yellow yesterday".split()
)

_HOST = re.compile(
    r"[a-z][a-z0-9+.-]*://\S+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)*(?::\S*)?"
    r"|[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:[:/][0-9]+)?"
    r"|(?:[\w-]+\.)+(?:com|edu|gov|info|io|net|org)(?::[0-9]+)?(?:/\S*)?",
    re.ASCII,
)
# `$5` is a variable, `$500` is money.
_VARIABLE = re.compile(r"\$(?:[^\W\d]\w*|[0-9]|\{[^{}\s]+\})")
# A date, a time or a version is one value; of `10MB`, `+5`, `50%` and `3rd`, the number is.
_NUMBER = re.compile(
    r"(?P<whole>[0-9]{4}-[0-9]{1,2}(?:-[0-9]{1,2})?|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?|[0-9]+(?:\.[0-9]+){2,}"
    r"|[0-9]+(?:/[0-9]+){2}|0x[0-9a-fA-F]+)"
    r"|(?:[-+€£]|\$(?=[0-9]{2}))?(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"(?:[%$€£]|st|nd|rd|th|[bckmgtpBKMGTP]|[kmgtKMGT]i?[bB]|ms|px|s|min|h)?"
)
_EXTENSION = re.compile(
    r"[^\s/]*\.(?:a|aac|avi|awk|bak|bash|bat|bin|bmp|bz2|c|cc|cfg|cgi|class|conf|cpp|crt|csr|css|csv|dat|db|deb|dll|"
    r"docx?|dmg|env|exe|flac|gif|go|gpg|gz|h|hpp|html?|ico|img|ini|ipynb|iso|jar|java|jpe?g|js|json|key|list|lock|log|"
    r"lua|m4a|md|mkv|mov|mp3|mp4|o|ogg|old|orig|out|pcap|pdf|pem|php|pid|pkl|pl|png|ppm|ps|psd|pub|py|pyc|rar|rb|rpm|"
    r"rs|rst|sh|so|sock|sql|sqlite3?|srt|svg|swf|swp|tar|tex|tgz|tiff?|tmp|toml|ts|tsv|ttf|txt|vim|war|wav|webm|webp|"
    r"xlsx?|xml|xz|ya?ml|z|zip|zst)",
    re.IGNORECASE,
)
_PATH_START = re.compile(r"(?:~|\.{1,2}|\$\{?\w+\}?)?/.")
_DOT_FILE = re.compile(r"\.[A-Za-z_][\w.-]+")
_GLOB = re.compile(r"[\w.,?{}\[\]$-]*\*[\w.,?{}\[\]*$-]*")
_IDENTIFIER = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_CAMEL_CASE = re.compile(r"[a-z]+[0-9]*[A-Z][a-z0-9]\w*")
# What looks like a name or a file and is prose; in prompts for rules, the kinds that Excel has of them.
_PROSE = re.compile(
    r"(?:[A-Za-z]\.)+[A-Za-z]|_+|Node\.js|\.NET"
    r"|(?:top|bottom)(?:Items|Percent)|(?:less|greater)Than(?:OrEqual)?(?:To)?|(?:notE|e)qualTo|not(?:Between|Contains)"
    r"|(?:above|below)Average|(?:begins|starts|ends)With|(?:contains|text|cell|duplicate|unique)[A-Z][a-z]+"
)
# A program has 1200 for it: not to be copied, but read.
_THOUSANDS = re.compile(r"(?<![0-9,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])")
_WORD = re.compile(r"\w")
_PART = re.compile(r"[^,;=:()\[\]{}|]+")

# Where a value may begin and end in a program of Bash and in a string: `foo` is no word of `foo.txt` nor of `--foo`;
# it may follow an option of one letter if it is a path (`-I/usr`), and a variable's dollar (`$foo`).
_WORD_BEGINS = re.compile(r"(?<![\w\-.\\%+~])|(?<=[*\\]\.)")
_WORD_ENDS = re.compile(r"(?![\w\-%+~]|\.[^\s'\"])")
_SYMBOL_BEGINS = re.compile(r"(?<![\w.$~\-])|(?<=\s-[A-Za-z])|(?<=\$[A-Za-z])")
_VARIABLE_BEGINS = re.compile(r"(?<![\\$])")
_VARIABLE_ENDS = re.compile(r"(?!\w)")
# A number also in `+10M`, `-n5`, `{1..5}`, `5d`, `%.2f` and `$2`, but not in `2>&1`, `[0-9]` and `print0`.
_NUMBER_BEGINS = re.compile(
    r"(?<![\w.\-+\\%&~}])|(?<=[\s'\"=:,(\[][-+])|(?<=\s-[A-Za-z])|(?<=[^.]\.\.)|(?<=[%:]\.)|(?<=%[0-9]\.)"
    r"|(?<!\[[0-9]-)(?<=[0-9]-)"
)
_NUMBER_ENDS = re.compile(
    r"(?![\w\-.%<>~])|(?=(?:[KMGTP]i?B|[kMGTP]?[bB]|[a-zKMGTP%])(?!\w))|(?=\.\.)|(?=\.(?!\w))|(?=-(?![0-9]?\]))"
)
# In Python, outside of strings: one token or several. In rules, numbers.
_TOKEN_BEGINS = re.compile(r"(?<!\w)")
# What a name stands in front of without a blank is its string, of which it is the prefix.
_TOKEN_ENDS = re.compile(r"(?![\w'\"])")
_DIGITS_BEGIN = re.compile(r"(?<![\w.])")
_DIGITS_END = re.compile(r"(?!\w|\.[0-9])")
# `=` is no token of `==`.
_OPERATOR_BEGINS = re.compile(r"(?<![=<>!*/+\-%&|^~@:.])|(?![=<>!*/+\-%&|^~@:.])")
_OPERATOR_ENDS = re.compile(r"(?![=<>!*/+\-%&|^~@:.])|(?<![=<>!*/+\-%&|^~@:.])")
_ANYWHERE = re.compile("")

# Programs, as far as their strings go.
_STRINGS = {
    "bash": re.compile(r"\\.|'(?P<single>[^']*)'?|\"(?P<double>(?:[^\"\\]|\\.)*)\"?", re.DOTALL),
    "python": re.compile(
        r"#[^\n]*"
        r"|\"\"\"(?P<long_double>(?:[^\\]|\\.)*?)\"\"\"|'''(?P<long_single>(?:[^\\]|\\.)*?)'''"
        r"|\"(?P<double>(?:[^\"\\\n]|\\.)*)\"?|'(?P<single>(?:[^'\\\n]|\\.)*)'?",
        re.DOTALL,
    ),
    "cf": re.compile(
        r"(?P<column>c\[[0-9]+\])|\"(?P<double>(?:[^\"\\]|\\.)*)\"?|'(?P<single>(?:[^'\\]|\\.)*)'?", re.DOTALL
    ),
}


def slot_tokens() -> list[str]:
    """
    The slots that prompts and programs can have.

    Returns:
        `list[str]`: all of them, such as `"<path_0>"`, in a fixed order.
    """
    return [f"<{kind}_{number}>" for kind, count in SLOT_COUNTS.items() for number in range(count)]


@dataclass(frozen=True)
class SlottedPrompt:
    """
    A prompt with slots for its values.

    Args:
        text (`str`):
            The prompt.
        values (`dict[str, str]`):
            What stands behind each slot, such as `{"<path_0>": "/tmp"}`, in the order of the prompt.
    """

    text: str
    values: dict[str, str]


def slot_token_ids(vocabulary: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """
    The ids that stand for each slot in a tokenizer, which has it as it is and with a blank in front.

    Args:
        vocabulary (`Mapping[str, int]`):
            The tokenizer's `get_vocab()`.

    Returns:
        `dict[str, tuple[int, ...]]`: ids of each slot; empty if the tokenizer has no slots.
    """
    ids = {
        slot: tuple(vocabulary[form] for form in (slot, f" {slot}") if form in vocabulary) for slot in slot_tokens()
    }
    return {slot: of_slot for slot, of_slot in ids.items() if of_slot}


def slots_in(
    token_ids: Iterable[int], values: Mapping[str, str], slot_ids: Mapping[str, tuple[int, ...]]
) -> dict[str, str]:
    """
    The values whose slots are among the tokens of a prompt: those that are cut off cannot be asked for.

    Args:
        token_ids (`Iterable[int]`):
            Tokens of the prompt as the model gets it.
        values (`Mapping[str, str]`):
            Values of [`slot_prompt`].
        slot_ids (`Mapping[str, tuple[int, ...]]`):
            From [`slot_token_ids`].

    Returns:
        `dict[str, str]`: those of `values`, in their order.
    """
    present = set(token_ids)
    return {slot: value for slot, value in values.items() if not present.isdisjoint(slot_ids.get(slot, ()))}


def slot_prompt(prompt: str, keep_values: bool = False) -> SlottedPrompt:
    """
    Put slots in place of a prompt's values.

    Args:
        prompt (`str`):
            The prompt as somebody wrote it, not yet normalised; that of a rule with the columns of its table.
        keep_values (`bool`, *optional*, defaults to `False`):
            Whether each value stands behind the first of its slots, too (`below <path_0> /tmp`), for an encoder to
            read; the text is then not for [`fill_slots`].

    Returns:
        [`SlottedPrompt`]: `fill_slots(slotted.text, slotted.values)` is the prompt.
    """
    slots: dict[str, str] = {}
    counts = dict.fromkeys(SLOT_COUNTS, 0)
    replacements = []
    for kind, start, end in _values_of_prompt(prompt):
        value = prompt[start:end]
        is_new = value not in slots
        if is_new:
            if counts[kind] == SLOT_COUNTS[kind] or len(value) > MAX_SLOT_LENGTH:
                continue
            slots[value] = f"<{kind}_{counts[kind]}>"
            counts[kind] += 1
        shown = f" {_with_slots(value)}" if is_new and keep_values else ""
        replacements.append((start, end, slots[value] + shown))
    return SlottedPrompt(_with_slots(prompt, replacements), {slot: value for value, slot in slots.items()})


def slot_code(code: str, values: Mapping[str, str], language: str) -> str:
    """
    Put the slots of a prompt in place of its values in a program, wherever these are words, strings, names or numbers
    of the language: from left to right, the longest first.

    Args:
        code (`str`):
            The program.
        values (`Mapping[str, str]`):
            The slots that may be used, of [`slot_prompt`], and what stands behind them.
        language (`str`):
            Language of the program: `"bash"`, `"cf"` or `"python"`.

    Returns:
        `str`: the program with slots; `fill_slots` of it and `values` is the program.

    Raises:
        ValueError: if the language is unknown.
    """
    if language not in SLOT_LANGUAGES:
        raise ValueError(f"`language` must be one of {', '.join(SLOT_LANGUAGES)}, got {language!r}.")
    slots: dict[str, list[tuple[str, str]]] = {}
    for slot, value in sorted(values.items(), key=lambda item: (-len(item[1]), item[0])):
        if value:
            slots.setdefault(value[0], []).append((slot, value))
    replacements: list[tuple[int, int, str]] = []
    if slots:
        program = _SlotProgram(code, language)
        end = 0
        for first in re.finditer("|".join(map(re.escape, slots)), code):
            start = first.start()
            if start < end:
                continue
            for slot, value in slots[code[start]]:
                if code.startswith(value, start) and program.is_whole(start, start + len(value), slot[1:-3]):
                    end = start + len(value)
                    replacements.append((start, end, slot))
                    break
    return _with_slots(code, replacements)


def keep_slots(slotted: SlottedPrompt, kept: Container[str]) -> SlottedPrompt:
    """
    A prompt with some of its slots: the values of the others stand in it again.

    Args:
        slotted ([`SlottedPrompt`]):
            The prompt with all of them.
        kept (`Container[str]`):
            The slots that stay.

    Returns:
        [`SlottedPrompt`]: a prompt that [`fill_slots`] makes the same text of.
    """

    def put_back(slot: re.Match[str]) -> str:
        is_value = not slot[1] and slot[0] in slotted.values and slot[0] not in kept
        return _with_slots(slotted.values[slot[0]]) if is_value else slot[0]

    values = {slot: value for slot, value in slotted.values.items() if slot in kept}
    return SlottedPrompt(_SLOT.sub(put_back, slotted.text), values)


def sentence_words(slotted: SlottedPrompt) -> list[str]:
    """The words and slots of a sentence in lower case. Sentences that have the same are the same prompt."""
    return [word.lower() for word in _WORD_OR_SLOT.findall(slotted.text)]


def fill_slots(text: str, values: Mapping[str, str]) -> str:
    r"""
    Put values back into a prompt or a program.

    Args:
        text (`str`):
            Text with slots.
        values (`Mapping[str, str]`):
            What stands behind each. A slot that is not among them stays as it is.

    Returns:
        `str`: the text with values; a `<\path_0>` of it is `<path_0>`.
    """
    return _SLOT.sub(lambda slot: f"<{slot[1][1:]}{slot[2]}>" if slot[1] else values.get(slot[0], slot[0]), text)


def _with_slots(text: str, replacements: Iterable[tuple[int, int, str]] = ()) -> str:
    """A text with slots in some places, in the text's order, and what looks like one elsewhere escaped."""
    parts, copied = [], 0
    for start, end, slot in replacements:
        parts += [_SLOT.sub(r"<\\\1\2>", text[copied:start]), slot]
        copied = end
    return "".join([*parts, _SLOT.sub(r"<\\\1\2>", text[copied:])])


def _values_of_prompt(prompt: str) -> Iterator[SlotSpan]:
    """The values of a prompt in its order, which do not overlap."""
    columns = list(itertools.islice(_SLOT_COLUMN.finditer(prompt), MAX_SLOT_COLUMNS))
    sentence_end = columns[0].start() if columns else len(prompt)
    values: list[SlotSpan] = []
    for piece in _SLOT_PIECE.finditer(prompt, 0, sentence_end):
        group = str(piece.lastgroup)
        start, end = piece.span(group)
        if group == "bare":
            values += _bare_values(prompt, start, end)
        elif group != "skip":
            values += _classify(prompt[start:end], start, is_code=group == "backtick", is_quoted=True)
    if not columns:
        yield from values
        return
    # Columns and cells that the sentence names are values, in both.
    spans = [("name", *column.span("name")) for column in columns]
    for column in columns:
        cells = _CELL.finditer(prompt, *column.span("cells")) if column["cells"] else ()
        spans += [("str", *cell.span()) for cell in cells]
    kinds = {prompt[start:end]: kind for kind, start, end in reversed(spans) if _NAMED.search(prompt, start, end)}
    if kinds:
        longest_first = sorted(kinds, key=lambda text: (-len(text), text))
        named = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
        values += [(kinds[match[0]], *match.span()) for match in named.finditer(prompt, 0, sentence_end)]
    values += _capitalised_words(prompt, sentence_end, values)
    end = 0
    known = set()
    for value in sorted(values, key=lambda value: (value[1], -value[2])):
        if value[1] >= end:
            end = value[2]
            known.add(prompt[value[1] : end])
            yield value
    yield from (span for span in sorted(spans, key=lambda span: span[1]) if prompt[span[1] : span[2]] in known)


def _capitalised_words(prompt: str, end: int, values: Iterable[SlotSpan]) -> list[SlotSpan]:
    """The words of a rule's sentence that look like a cell's text, as many as there are slots for beside `values`."""
    others = {prompt[start:stop] for kind, start, stop in values if kind == "str"}
    words: set[str] = set()
    spans = []
    for match in _CAPITALISED.finditer(prompt, 0, end):
        word, start = match[0], match.start()
        if word[0].islower() or word.lower() in _EXCEL_WORDS or _CELL_REFERENCE.fullmatch(word):
            continue
        if word[1:].islower() and _SENTENCE_BEGINS.search(prompt, max(start - 3, 0), start):
            continue
        if len(words | others | {word}) > SLOT_COUNTS["str"]:
            break
        words.add(word)
        spans.append(("str", *match.span()))
    return spans


def _bare_values(prompt: str, start: int, end: int) -> list[SlotSpan]:
    """The values in a piece of a prompt that is not quoted and has no white space."""
    if end - start <= MAX_SLOT_LENGTH:
        while start < end and (prompt[end - 1] in ".,;:!?" or _is_unpaired(prompt, end - 1, start, end)):
            end -= 1
        while start < end and _is_unpaired(prompt, start, start, end):
            start += 1
        if prompt[start:end].startswith("(") and prompt[start:end].endswith(")"):
            start, end = start + 1, end - 1
        if found := _classify(prompt[start:end], start):
            return found
    if _THOUSANDS.search(prompt, start, end):
        return []
    # `key=value`, `f(x)`, `/etc:/usr`.
    parts = [part for part in _PART.finditer(prompt, start, end) if part.span() != (start, end)]
    return [value for part in parts for value in _classify(part[0], part.start())]


def _is_unpaired(text: str, position: int, start: int, end: int) -> bool:
    """Whether a character is a bracket, and the other one of its pair is not between `start` and `end`."""
    pair = {"(": ")", "[": "]", "{": "}", ")": "(", "]": "[", "}": "{"}.get(text[position])
    return pair is not None and text.find(pair, start, end) < 0


def _classify(text: str, start: int, is_quoted: bool = False, is_code: bool = False) -> list[SlotSpan]:
    """What of a text, which begins at `start`, is a value: all of it, or the number in it, or nothing."""
    end = start + len(text)
    if len(text) > MAX_SLOT_LENGTH or _PROSE.fullmatch(text) and not is_quoted:
        return []
    kind = "" if is_code or not is_quoted else "str"
    is_camel_case = not is_quoted and _CAMEL_CASE.fullmatch(text) is not None
    if not _WORD.search(text) or text.isalpha() and not is_code and not is_camel_case:
        pass  # which is what most are
    elif _HOST.fullmatch(text):
        kind = "host"
    elif number := _NUMBER.fullmatch(text):
        kind = "num"
        end = start + number.end("whole" if number["whole"] else "number")
        start += number.start("whole" if number["whole"] else "number")
    elif _VARIABLE.fullmatch(text):
        kind = "var"
    elif _IDENTIFIER.fullmatch(text) and is_code:
        kind = "" if keyword.iskeyword(text) else "name"
    elif _is_path(text, is_quoted):
        kind = "path"
    elif is_code:
        kind = "expr"
    elif not is_quoted and _IDENTIFIER.fullmatch(text) and ("_" in text or "." in text or is_camel_case):
        kind = "name"
    return [(kind, start, end)] if kind else []


def _is_path(text: str, is_quoted: bool) -> bool:
    """Whether a text is a path, file name or glob. Without quotes, `and/or` is none."""
    if _EXTENSION.fullmatch(text) or _DOT_FILE.fullmatch(text) or _GLOB.fullmatch(text):
        return True
    if "/" not in text or re.search(r"[\s%\\()|^]", text):
        return False
    if _PATH_START.match(text) or text.endswith("/") or text.count("/") > 1:
        return True
    return is_quoted or "*" in text or _EXTENSION.fullmatch(text.rpartition("/")[2]) is not None


class _SlotProgram:
    """
    A program and its strings.

    Args:
        code (`str`):
            The program.
        language (`str`):
            Its language.
    """

    def __init__(self, code: str, language: str):
        self.code = code
        self.language = language
        self.is_text = bytearray(len(code))
        self.columns: set[int] = set()
        # From the beginning of a string's content to its end.
        self.contents: dict[int, int] = {}
        for string in _STRINGS[language].finditer(code):
            start, end = string.span(string.lastgroup or 0)
            if string.lastgroup == "column":
                self.columns.update(range(start, end))
                continue
            self.is_text[start:end] = b"\1" * (end - start)
            if string.lastgroup:
                self.contents[start] = end

    def is_whole(self, start: int, end: int, kind: str) -> bool:
        """Whether a part of the program, a prompt's value of this kind, is a word, string, name or number here."""
        code = self.code
        if self.contents.get(start) == end:
            return True
        if not _WORD.search(code, start, end):
            # What parts fields: `cut -d, -f1`, `sort -t :`, but not `a , b`.
            is_option = re.search(r"\s-[dFt] ?\Z", code[max(start - 4, 0) : start]) is not None
            return self.language == "bash" and is_option and code[start] in ",:;."
        first, last = _WORD.match(code[start]), _WORD.match(code[end - 1])
        if self.language == "bash" or self.is_text[start]:
            if kind == "num":
                begins, ends = _NUMBER_BEGINS, _NUMBER_ENDS
            elif code[start] == "$":
                begins, ends = _VARIABLE_BEGINS, (_VARIABLE_ENDS if last else _ANYWHERE)
            else:
                begins, ends = (_WORD_BEGINS if first else _SYMBOL_BEGINS), (_WORD_ENDS if last else _ANYWHERE)
        elif kind == "num":
            begins, ends = _DIGITS_BEGIN, _DIGITS_END
            if start in self.columns:
                return False
        elif self.language == "cf" or keyword.iskeyword(code[start:end]):
            return False
        else:
            begins, ends = (_TOKEN_BEGINS if first else _OPERATOR_BEGINS), (_TOKEN_ENDS if last else _OPERATOR_ENDS)
        return begins.match(code, start) is not None and ends.match(code, end) is not None


__all__ = [
    "SLOT_COUNTS",
    "SLOT_LANGUAGES",
    "SlottedPrompt",
    "fill_slots",
    "keep_slots",
    "sentence_words",
    "slot_code",
    "slot_prompt",
    "slot_token_ids",
    "slot_tokens",
    "slots_in",
]
