# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What `find` looks for: places, depth, tests and their negations and groups, with the noun phrase that says so."""

import re
from dataclasses import dataclass, field
from typing import Any

from codefusion_hf.languages.bash.synthetic.choices import Choices, NothingFits
from codefusion_hf.languages.bash.synthetic.phrases import (
    Draw,
    Node,
    Value,
    compile_code,
    compile_phrase,
    order_values,
    tidy,
)


# How many tests a query has besides -type, and how often.
NUMBER_OF_TESTS = ((0, 18), (1, 62), (2, 16), (3, 3), (4, 0.6), (5, 0.1))
# The same where something is done with what is found: the commands that people write then look for simpler things.
NUMBER_OF_TESTS_OF_ACTIONS = ((0, 30), (1, 62), (2, 7), (3, 0.8), (4, 0.1))
# Shares: a test negated, with upper and lower case alike, tests joined by -o, an option (and a second one), a part
# pruned, names of two sorts, brackets that are not needed, -prune at the end.
NEGATED = 0.09
NEGATED_AGAIN = 0.35
ANY_CASE = 0.13
EITHER = 0.12
OPTION = 0.045
OPTION_AGAIN = 0.12
PRUNED = 0.035
BOTH = 0.012
NO_BRACKETS = 0.35
NEEDLESS_BRACKETS = 0.015
NOT_INTO = 0.015
# How often a depth that was drawn is dropped in simple queries.
SHALLOW = 0.6
TYPES = {"": 50, "f": 33, "d": 11.5, "l": 2.2, "s": 0.3, "p": 0.3, "b": 0.3, "c": 0.3}
# Of those with -type: negated or one of two.
OTHER_TYPE = 0.035
OTHER_TYPES = (
    ("! -type d", ("non-directories", "files that are not directories", "entries that are not directories"), "f-l"),
    (
        "! -type f",
        ("entries that are not regular files", "non-regular files", "everything that is not a regular file"),
        "",
    ),
    ("! -type l", ("entries that are not symbolic links", "files that are not symbolic links"), "-"),
    ("\\( -type f -o -type d \\)", ("regular files and directories", "files (regular) and directories"), "fd"),
    ("\\( -type f -o -type l \\)", ("regular files and symbolic links", "files and symbolic links"), "fl"),
    ("\\( -type d -o -type l \\)", ("directories and symbolic links", "directories or symlinks"), "dl"),
    (
        "\\( -type f -o -type d -o -type l \\)",
        ("regular files, directories and symbolic links", "files, directories and symlinks"),
        "fdl",
    ),
)  # fmt: skip
ANY_CASE_PREDICATES = {"-name ": "-iname ", "-path ": "-ipath ", "-wholename ": "-iwholename ", "-regex ": "-iregex "}
# What a form of a test may have to say: before the noun, after it, and after it where the test is negated.
FORM_TEXTS = ("pre", "post", "not")
BLANK_TYPES = frozenset(("", "f"))
# Classes of tests of which a second one may be negated: `-name '*.c' ! -name 'a*'`.
REPEATED = frozenset(("name", "path", "regex", "perm", "newer", "user", "group", "fstype"))
# Places that the sentence does not name, or that are several.
ALONE = frozenset("unsaid root absolute twoplaces threeplaces fourplaces".split())
SAME_FILE_SYSTEM = ("-xdev", "-mount")
_SECOND_TEST = re.compile(r" (?:! )?-[a-z]{3,}")
# Parts of a sentence that "or" cannot join.
_NO_ALTERNATIVE = re.compile(r" (?:and|but) |\b(?:except|excluding|other than|ignoring|outside of|without)\b")
_NOT, _OR, _GROUP = frozenset("!"), frozenset(("-o",)), frozenset(("\\(", "\\)"))


@dataclass
class Query:
    """
    What `find` is asked for.

    Args:
        places (`str`):
            The starting points, as the command has them; may be empty.
        before (`str`):
            Options before the starting points (`-L`).
        options (`list[str]`):
            Options of the whole search (`-maxdepth 1`).
        prune (`str`):
            What is left out, with its `-o`.
        tests (`list[str]`):
            The tests, in order.
        checks (`list[str]`):
            Commands that are run on each file to see whether it is meant, after the tests.
        needs_group (`bool`):
            Whether the tests need brackets before anything else: they hold an `-o` of their own.
        say (`str`):
            The noun phrase, for instance `all files larger than 5 MB in /tmp`.
        is_type (`str`):
            The value of -type, empty if there is none.
        parts (`int`):
            How many parts the noun phrase has.
    """

    places: str = ""
    before: str = ""
    options: list[str] = field(default_factory=list)
    prune: str = ""
    tests: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    needs_group: bool = False
    say: str = ""
    is_type: str = ""
    parts: int = 0

    def command(self, action: str = "") -> str:
        """
        The command.

        Args:
            action (`str`, *optional*, defaults to `""`):
                What is done with what is found, such as `-print0` or `-exec rm {} \\;`.

        Returns:
            `str`: the command. Where something is pruned or checked and there is no action, it has `-print`, without
            which the pruned name would be listed too, or nothing at all.
        """
        tests = list(self.tests)
        if (self.prune.endswith("-o") or self.checks) and not action:
            action = "-print"
        action = " ".join([*self.checks, action]).strip()
        if self.needs_group and (action or len(tests) > 1):
            tests = [group(test) for test in tests]
        parts = ("find", self.before, self.places, *self.options, self.prune, *tests, action)
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class _Form:
    test: "_Test"
    code: Node
    pre: Node | None
    post: Node | None
    negated: Node | None
    is_group: bool
    drop_type: bool
    is_here: bool
    needs: tuple[str, ...]


@dataclass(frozen=True)
class _Test:
    name: str
    kind: str
    noun: str


@dataclass
class _Conjunction:
    """A noun and the tests that hold of it."""

    is_type: str = ""
    noun: str = ""
    pres: list[str] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)
    needs_group: bool = False
    drop_type: bool = False


class Queries:
    """
    Draws queries.

    Args:
        tests (`dict[str, Any]`):
            The content of `find_tests.yaml`.
        places (`dict[str, Any]`):
            The content of `find_places.yaml`.
        kinds (`set[str]`):
            The kinds of placeholders.
        phrases (`set[str]`):
            The names of phrases.
        choices ([`Choices`]):
            Where choices are made, to narrow them.

    Raises:
        ValueError: if an entry is malformed or has an unknown placeholder; the message names it.
    """

    def __init__(
        self, tests: dict[str, Any], places: dict[str, Any], kinds: set[str], phrases: set[str], choices: Choices
    ):
        self.kinds = kinds | {"place"}
        self.phrases = phrases
        self.nouns: dict[str, list[str]] = tests["nouns"]
        self.names: list[str] = []
        forms, codes, weights, simple_weights = [], [], [], []
        for name, entry in tests["tests"].items():
            self.names.append(f"find {name}")
            total = sum(form.get("w", 1) for form in entry["forms"])
            test = _Test(name, entry["class"], entry.get("noun", ""))
            for form in entry["forms"]:
                forms.append(self._form(test, form))
                codes.append(f"find {form['code']}")
                weights.append(entry["w"] * form.get("w", 1) / total)
                simple_weights.append(entry["w"] ** 1.6 * form.get("w", 1) / total)
        self.forms = choices.weighted(forms, weights, codes)
        self.simple_forms = choices.weighted(forms, simple_weights, codes)
        self.checks = choices.weighted(
            [
                (self._code(entry["cmd"]), self._phrase(entry["say"]), self._optional(entry, "not"), entry["cmd"])
                for entry in tests["checks"]
            ],
            [entry["w"] for entry in tests["checks"]],
            [f"find -exec {entry['cmd']} \\;" for entry in tests["checks"]],
        )
        self.names += [f"check {entry['cmd']}" for entry in tests["checks"]]
        kinds_of_places = places["places"]["weights"]
        self.place_kinds = choices.weighted(
            list(kinds_of_places),
            list(kinds_of_places.values()),
            [frozenset(("$(", ")", "pwd")) if kind == "absolute" else "" for kind in kinds_of_places],
        )
        self.left_out: float = places["places"]["left_out"]
        self.depths = choices.weighted(
            [
                (self._code(entry["code"]), self._phrase(entry["say"]), tuple(entry.get("needs", ())), entry["code"])
                for entry in places["depths"]
            ],
            [entry["w"] for entry in places["depths"]],
            [f"find {entry['code']}" for entry in places["depths"]],
        )
        self.shallow = self.depths.options[0]
        self.options = choices.weighted(
            [
                (entry["code"], self._phrase(entry["say"]), entry.get("before", False), entry.get("with"))
                for entry in places["options"]
            ],
            [entry["w"] for entry in places["options"]],
            [f"find {entry['code']}" for entry in places["options"]],
        )
        self.prunes = choices.weighted(
            [(entry["code"], entry["say"]) for entry in places["prunes"]],
            [entry["w"] for entry in places["prunes"]],
            [f"find {entry['code'].replace('@{root}', 'x')}" for entry in places["prunes"]],
        )
        self.types = choices.weighted(
            list(TYPES), list(TYPES.values()), [f"find -type {name}" if name else "" for name in TYPES]
        )
        self.other_types = choices.weighted(
            OTHER_TYPES, [1.0] * len(OTHER_TYPES), [f"find {code}" for code, *_ in OTHER_TYPES]
        )
        self.numbers = choices.weighted_pairs(NUMBER_OF_TESTS)
        self.simple_numbers = choices.weighted_pairs(NUMBER_OF_TESTS_OF_ACTIONS)
        self.is_negated = choices.chance(NEGATED, _NOT)
        self.is_negated_simple = choices.chance(NEGATED / 2, _NOT)
        self.is_negated_again = choices.chance(NEGATED_AGAIN, _NOT)
        self.is_any_case = choices.chance(ANY_CASE, tuple(f"find {code}x" for code in ANY_CASE_PREDICATES.values()))
        self.is_either = choices.chance(EITHER, _OR)
        self.is_both = choices.chance(BOTH, _OR)
        self.is_other_type = choices.chance(OTHER_TYPE)
        self.has_option = choices.chance(OPTION)
        self.has_option_again = choices.chance(OPTION_AGAIN)
        self.is_pruned = choices.chance(PRUNED, frozenset(("-prune",)))
        self.is_pruned_simple = choices.chance(PRUNED / 2, frozenset(("-prune",)))
        self.is_not_into = choices.chance(NOT_INTO, frozenset(("-prune",)))
        self.has_no_brackets = choices.chance(NO_BRACKETS)
        self.has_needless_brackets = choices.chance(NEEDLESS_BRACKETS, _GROUP)
        self.any_case = compile_phrase("<anycase>", self.kinds, phrases)

    def _code(self, source: str) -> Node:
        return compile_code(source, self.kinds)

    def _phrase(self, source: str) -> Node:
        return compile_phrase(source, self.kinds, self.phrases)

    def _optional(self, entry: dict[str, Any], key: str) -> Node | None:
        return self._phrase(entry[key]) if entry.get(key) else None

    def _form(self, test: _Test, form: dict[str, Any]) -> _Form:
        try:
            if not set(FORM_TEXTS) & set(form):
                raise ValueError(f"needs one of pre, post and not: {form!r}.")
            pre, post, negated = (self._optional(form, key) for key in FORM_TEXTS)
            return _Form(
                test,
                self._code(form["code"]),
                pre,
                post,
                negated,
                form.get("group", False),
                form.get("drop_type", False),
                form.get("here", False),
                tuple(form.get("needs", ())),
            )
        except ValueError as error:
            raise ValueError(f"test {test.name!r} of find: {error}") from error

    def draw(
        self,
        draw: Draw,
        types: str | None = None,
        plain: bool = False,
        simple: bool = False,
        number: int | None = None,
        unsaid: bool = True,
        is_checked: bool = False,
    ) -> Query:
        """
        Draw a query.

        Args:
            draw ([`Draw`]):
                What it is for.
            types (`str`, *optional*):
                The values that -type may have, of `f`, `d` and `-` for none. All if not given.
            plain (`bool`, *optional*, defaults to `False`):
                Whether to leave out what makes the command long: -prune, options, an -o of its own.
            simple (`bool`, *optional*, defaults to `False`):
                Whether to look for what people look for when they do something with it: fewer and more usual tests.
            number (`int`, *optional*):
                How many tests there are besides -type. Drawn if not given.
            unsaid (`bool`, *optional*, defaults to `True`):
                Whether the current directory may be left unsaid.
            is_checked (`bool`, *optional*, defaults to `False`):
                Whether a command is run on each file to see if it is meant.

        Returns:
            [`Query`]: the query.
        """
        random = draw.random
        query = Query()
        wanted = (self.simple_numbers if simple else self.numbers).draw(random) if number is None else number
        location = self._draw_place(draw, query, unsaid, simple or plain)
        found = self._draw_conjunction(draw, query, types, wanted, plain, simple)
        if is_checked:
            self._add_check(draw, found)
        extras: list[str] = []
        if not plain and not is_checked and not found.needs_group and self.is_both.draw(random):
            if noun := self._join_both(draw, query, found, types, wanted):
                # The tests are of one sort or the other, which leaves nothing to say of all.
                found = _Conjunction(found.is_type, noun, tests=found.tests, needs_group=True, classes=found.classes)
        elif found.is_type in ("", "d") and not plain and (types is None or "d" in types):
            if found.tests and "name" in found.classes and self.is_not_into.draw(random):
                found.tests.append("-prune")
                extras.append(self._say_not_into(draw))
                draw.entries.append("find -prune")
        query.tests, query.checks, query.is_type = found.tests, found.checks, found.is_type
        query.needs_group = found.needs_group
        if len(query.tests) == 1 and _is_group(query.tests[0]) and self.has_no_brackets.draw(random):
            # Alone, `-o` needs none; `command` puts them back where an action follows.
            query.tests = [query.tests[0][3:-3]]
            query.needs_group = True
        elif query.tests and not query.needs_group and self.has_needless_brackets.draw(random):
            query.tests = [f"\\( {' '.join(query.tests)} \\)"]
        if not plain and self.options and self.has_option.draw(random):
            self._add_option(draw, query, found.classes, extras)
            if self.has_option_again.draw(random):
                self._add_option(draw, query, found.classes, extras)
        if not plain and self.prunes and "-prune" not in query.tests:
            if (self.is_pruned_simple if simple else self.is_pruned).draw(random):
                self._add_prune(draw, query, extras)
        query.say = self._say(draw, found.pres, found.noun, location, found.posts, extras)
        query.parts = len(found.posts) + len(found.pres) + len(extras) + bool(location)
        return query

    @staticmethod
    def _say_not_into(draw: Draw) -> str:
        verb = draw.choice(("descending into", "going into", "searching inside"))
        return f"without {verb} {draw.choice(('them', 'those that match', 'matches'))}"

    def _draw_conjunction(
        self, draw: Draw, query: Query, types: str | None, wanted: int, plain: bool, simple: bool
    ) -> _Conjunction:
        """Tests that hold together."""
        random = draw.random
        found = _Conjunction(self._draw_type(draw, types))
        forms = self.simple_forms if simple else self.forms
        is_negated = self.is_negated_simple if simple else self.is_negated
        number = attempts = 0
        while number < wanted and attempts < 12 and forms:
            attempts += 1
            form: _Form = forms.draw(random)
            test = form.test
            negate = False
            if test.kind in found.classes:
                if test.kind not in REPEATED or form.negated is None or not self.is_negated_again.draw(random):
                    continue
                negate = True
            if test.noun and found.is_type not in ("", test.noun):
                continue
            if test.noun and types is not None and test.noun not in types:
                continue
            # A path that begins with `./` is below the current directory alone.
            if (plain and form.is_group) or (form.is_here and query.places not in ("", ".")):
                continue
            if form.negated is not None and not negate:
                negate = not (form.pre or form.post) or is_negated.draw(random)
            drawn = self._draw_form(draw, form, found.is_type, bool(found.pres), negate)
            if drawn is None:
                continue
            code, pre, post = drawn
            number += 1
            found.classes.add(test.kind)
            draw.entries.append(f"find {test.name}")
            if test.noun:
                found.is_type = test.noun
            found.drop_type = found.drop_type or form.drop_type
            found.needs_group = found.needs_group or form.is_group
            found.tests.append(code)
            if pre:
                found.pres.append(pre)
            if post:
                found.posts.append(post)
        if not plain and len(found.tests) > 1 and not found.pres and not found.needs_group:
            if self.is_either.draw(random):
                self._join_either(draw, found)
        self._add_type(draw, found, types)
        return found

    def _draw_type(self, draw: Draw, types: str | None) -> str:
        if types is not None and not any((value or "-") in types for value in self.types.options):
            raise NothingFits(f"no type is one of {types}.")
        while True:
            value = self.types.draw(draw.random)
            if types is None or (value or "-") in types:
                return value

    def _draw_form(
        self, draw: Draw, form: _Form, is_type: str, has_pre: bool, negate: bool
    ) -> tuple[str, str, str] | None:
        """The code of a test and what goes before and after the noun; none if it does not fit."""
        inner = draw.nested()
        test = form.test
        if form.needs:
            order_values(inner, form.needs)
        pre = post = ""
        if negate and form.negated is not None:
            post = form.negated(inner)
        elif form.pre is None and form.post is None:
            return None
        else:
            if form.pre is not None:
                # Two adjectives, or an extension of a folder, read badly.
                if has_pre or (test.kind == "name" and is_type not in BLANK_TYPES):
                    return None
                pre = form.pre(inner)
            if form.post is not None:
                post = form.post(inner)
        code = form.code(inner)
        if negate:
            if code.startswith("! "):
                return None
            needs_brackets = form.is_group or (_SECOND_TEST.search(code) and not code.startswith("\\("))
            code = f"! \\( {code} \\)" if needs_brackets else f"{'-not' if draw.random() < 0.3 else '!'} {code}"
        if test.kind in ("name", "path", "regex", "lname") and self.is_any_case.draw(draw.random):
            changed = code
            for predicate, other in ANY_CASE_PREDICATES.items():
                changed = changed.replace(predicate, other)
            if changed != code:
                code, post = changed, f"{post} {self.any_case(draw)}"
        return code, pre, post

    @staticmethod
    def _join_either(draw: Draw, found: _Conjunction) -> None:
        """Tests of which one is enough: all of them, or the last two."""
        if len(found.posts) != len(found.tests) or any(" -o " in test for test in found.tests):
            return
        number = len(found.tests) if len(found.tests) < 4 and draw.chance(0.7) else 2
        joined = found.posts[-number:]
        text = f"{', '.join(joined[:-1])} or {joined[-1]}"
        if _NO_ALTERNATIVE.search(text):
            return
        is_clause = joined[0].startswith(("that", "which", "whose"))
        if len(found.posts) > number and is_clause:
            return
        if not is_clause and (len(found.posts) > number or draw.chance(0.3)):
            text = f"either {text}"
        found.tests[-number:] = [" -o ".join(found.tests[-number:])]
        found.posts[-number:] = [text]
        found.needs_group = True

    def _join_both(self, draw: Draw, query: Query, found: _Conjunction, types: str | None, wanted: int) -> str:
        """Files of two sorts, each with tests of its own: the noun phrase for both, or nothing if there is none."""
        if not found.tests:
            return ""
        other = self._draw_conjunction(draw, query, types, max(wanted, 1), plain=True, simple=True)
        if not other.tests or other.needs_group or other.tests == found.tests:
            return ""
        nouns = [self._say(draw, part.pres, part.noun, "", part.posts, [], plain=True) for part in (found, other)]
        found.tests = [f"{' '.join(found.tests)} -o {' '.join(other.tests)}"]
        found.is_type = found.is_type if found.is_type == other.is_type else "!"
        found.classes |= other.classes
        return draw.choice(("{}, and {}", "{}, as well as {},", "{} and {}")).format(*nouns)

    def _add_check(self, draw: Draw, found: _Conjunction) -> None:
        if not self.checks:
            return
        check, say, not_so, name = self.checks.draw(draw.random)
        draw.entries.append(f"check {name}")
        inner = draw.nested()
        code = f"-exec {check(inner)} \\;"
        if not_so is not None and self.is_negated.draw(draw.random):
            found.checks.append(f"! {code}")
            found.posts.append(not_so(inner))
        else:
            found.checks.append(code)
            found.posts.append(say(inner))

    def _add_type(self, draw: Draw, found: _Conjunction, types: str | None) -> None:
        random = draw.random
        if found.is_type == "" and not found.drop_type and self.other_types and self.is_other_type.draw(random):
            code, nouns, allowed = self.other_types.draw(random)
            if types is None or (allowed and set(allowed) <= set(types)):
                found.tests.insert(0, code)
                found.is_type = "!"
                found.noun = draw.choice(nouns)
                return
        if found.is_type and not found.drop_type:
            test = f"-type {found.is_type}"
            found.tests.insert(0 if random() < 0.7 else len(found.tests), test)
        if types is not None and not found.is_type and "d" not in types:
            found.noun = "files"
        else:
            found.noun = draw.choice(self.nouns[found.is_type])

    def _draw_place(self, draw: Draw, query: Query, unsaid: bool, simple: bool) -> str:
        random = draw.random
        kind = self.place_kinds.draw(random)
        while kind == "unsaid" and not unsaid:
            kind = self.place_kinds.draw(random)
        inner = draw.nested()
        code_node, say_node, needs, source = self.depths.draw(random)
        if kind in ALONE and source:
            # A depth needs a single place to be counted from, which the sentence names.
            kind = "here"
        elif simple and source and random() < SHALLOW:
            code_node, say_node, needs, source = self.shallow
        if needs:
            order_values(inner, needs)
        place = Value("", "", ".", ".") if kind == "unsaid" else draw.kinds[kind](inner)
        query.places = "" if place.code == "." and random() < self.left_out else place.code
        inner.values["place"] = place
        if source:
            # -maxdepth and -mindepth may stand in any order.
            query.options.append(code_node(inner))
        return "" if kind == "unsaid" else say_node(inner)

    def _add_option(self, draw: Draw, query: Query, classes: set[str], extras: list[str]) -> None:
        code, say, before, needed = self.options.draw(draw.random)
        if (needed and not classes & set(needed)) or code in query.options or query.before:
            return
        # -depth and -follow change nothing that these sentences would say otherwise.
        if code in ("-L", "-follow") and (query.is_type == "l" or any("type l" in test for test in query.tests)):
            return
        text = say(draw.nested())
        if text in extras or (code in SAME_FILE_SYSTEM and any(other in query.options for other in SAME_FILE_SYSTEM)):
            return
        draw.entries.append(f"find {code}")
        if before:
            query.before = code
        else:
            query.options.append(code)
        extras.append(text)

    def _add_prune(self, draw: Draw, query: Query, extras: list[str]) -> None:
        if " " in query.places or '"' in query.places or "$" in query.places:
            return
        if query.options and any("depth" in option for option in query.options):
            return
        code, say = self.prunes.draw(draw.random)
        # The path of what is pruned begins with the place.
        place = query.places.strip("'").rstrip("/") if query.places else "."
        nodes = self._code(code.replace("@{root}", place)), self._phrase(say.replace("{root}", place))
        inner = draw.nested()
        query.prune = nodes[0](inner)
        query.tests = [group(test) for test in query.tests]
        query.needs_group = False
        extras.append(nodes[1](inner))
        draw.entries.append("find -prune")

    @staticmethod
    def _say(
        draw: Draw, pres: list[str], noun: str, location: str, posts: list[str], extras: list[str], plain: bool = False
    ) -> str:
        random = draw.random
        every = random()
        start = "all " if every < 0.42 else "all the " if every < 0.46 else "the " if every < 0.5 else ""
        if plain:
            start = ""
        if len(posts) == 2:
            posts = (
                [draw.choice(("{} and {}", "{} and {}", "{} {}", "{}, {}")).format(*posts)]
                if not _has_list(posts)
                else [f"{posts[0]} and {posts[1]}"]
            )
        elif len(posts) > 2:
            posts = [", ".join(posts[:-1]) + " and " + posts[-1]]
        parts = [location, *posts] if random() < 0.5 else [*posts, location]
        return tidy(f"{start}{' '.join(pres)} {noun} {' '.join(part for part in parts if part)} {', '.join(extras)}")


def _has_list(posts: list[str]) -> bool:
    return any("{" in post or "}" in post for post in posts)


def _is_group(test: str) -> bool:
    return test.startswith("\\( ") and test.endswith(" \\)") and group(test) == test


def group(test: str) -> str:
    """
    Put brackets around a test that is several, where it has none.

    Args:
        test (`str`):
            What `find` tests.

    Returns:
        `str`: the same, which may be followed by other tests or an action.
    """
    words = test.split(" ")
    depth = 0
    for word in words:
        depth += (word == "\\(") - (word == "\\)")
        if word == "-o" and depth == 0:
            return f"\\( {test} \\)"
    return test


__all__ = ["Queries", "Query", "group"]
