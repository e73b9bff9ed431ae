# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What `find` looks for: places, depth, tests and their negations and groups, with the noun phrase that says so."""

import itertools
from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from codefusion_hf.languages.bash.synthetic.phrases import Draw, Node, Value, compile_code, compile_phrase, tidy


# How many tests a query has besides -type, and how often.
NUMBER_OF_TESTS = ((0, 17), (1, 60), (2, 19), (3, 4))
# The same where something is done with what is found: the commands that people write then look for simpler things.
NUMBER_OF_TESTS_OF_ACTIONS = ((0, 31), (1, 61), (2, 8))
# Shares: a test negated, with upper and lower case alike, two tests joined by -o, an option, a part pruned.
NEGATED = 0.09
ANY_CASE = 0.13
EITHER = 0.03
OPTION = 0.045
PRUNED = 0.035
NO_BRACKETS = 0.35
# How often a depth that was drawn is dropped in simple queries.
SHALLOW = 0.6
TYPES = {"": 50, "f": 33, "d": 11.5, "l": 2.2, "s": 0.3, "p": 0.3, "b": 0.3, "c": 0.3}
# Of those with -type: negated or one of two.
OTHER_TYPES = (
    ("! -type d", ("non-directories", "files that are not directories", "entries that are not directories")),
    (
        "! -type f",
        ("entries that are not regular files", "non-regular files", "everything that is not a regular file"),
    ),
    ("! -type l", ("entries that are not symbolic links", "files that are not symbolic links")),
    ("\\( -type f -o -type d \\)", ("regular files and directories", "files (regular) and directories")),
    ("\\( -type f -o -type l \\)", ("regular files and symbolic links", "files and symbolic links")),
    ("\\( -type d -o -type l \\)", ("directories and symbolic links", "directories or symlinks")),
)
ANY_CASE_PREDICATES = {"-name ": "-iname ", "-path ": "-ipath ", "-wholename ": "-iwholename ", "-regex ": "-iregex "}
# What a form of a test may have to say: before the noun, after it, and after it where the test is negated.
FORM_TEXTS = ("pre", "post", "not")
BLANK_TYPES = frozenset(("", "f"))


class Weighted:
    """
    Draws one of several by their weights.

    Args:
        options (sequence):
            What there is.
        weights (sequence of `float`):
            How often each is drawn.
    """

    __slots__ = ("options", "bounds", "total")

    def __init__(self, options: Sequence[Any], weights: Sequence[float]):
        self.options = list(options)
        self.bounds = list(itertools.accumulate(weights))
        if not self.bounds or self.bounds[-1] <= 0:
            raise ValueError(f"weights must be positive and at least one, got {list(weights)}.")
        self.total = self.bounds[-1]

    def draw(self, random: Callable[[], float]) -> Any:
        """One of them."""
        return self.options[bisect(self.bounds, random() * self.total)]


def order_values(draw: Draw, names: tuple[str, ...]) -> None:
    """
    Draw numbers or dates so that each is more than the one before.

    Args:
        draw ([`Draw`]):
            What the values are for.
        names (`tuple[str, ...]`):
            The placeholders; digits at the end are dropped for the kind.
    """
    while True:
        values = [draw.kinds[name.rstrip("0123456789")](draw) for name in names]
        keys = [(len(value.raw), value.raw) if value.raw.isdigit() else (0, value.raw) for value in values]
        if len(set(keys)) == len(keys):
            break
    for name, (_, value) in zip(names, sorted(zip(keys, values, strict=True)), strict=True):
        draw.values[name] = value


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
            `str`: the command. Where something is pruned and there is no action, it has `-print`, without which the
            pruned name would be listed too.
        """
        tests = list(self.tests)
        if self.prune and not action:
            action = "-print"
        if self.needs_group and (action or len(tests) > 1):
            tests = [
                f"\\( {test} \\)" if " -o " in test and not test.startswith(("\\(", "! \\(")) else test
                for test in tests
            ]
        parts = ("find", self.before, self.places, *self.options, self.prune, *tests, action)
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class _Form:
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
    forms: Weighted


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

    Raises:
        ValueError: if an entry is malformed or has an unknown placeholder; the message names it.
    """

    def __init__(self, tests: dict[str, Any], places: dict[str, Any], kinds: set[str], phrases: set[str]):
        self.kinds = kinds | {"place"}
        self.phrases = phrases
        self.nouns: dict[str, list[str]] = tests["nouns"]
        self.tests = [self._test(name, entry) for name, entry in tests["tests"].items()]
        self.test_weights = Weighted(self.tests, [entry["w"] for entry in tests["tests"].values()])
        self.simple_test_weights = Weighted(self.tests, [entry["w"] ** 1.6 for entry in tests["tests"].values()])
        weights = places["places"]["weights"]
        self.place_kinds = Weighted(list(weights), list(weights.values()))
        self.left_out: float = places["places"]["left_out"]
        self.depths = Weighted(
            [
                (self._code(entry["code"]), self._phrase(entry["say"]), tuple(entry.get("needs", ())), entry["code"])
                for entry in places["depths"]
            ],
            [entry["w"] for entry in places["depths"]],
        )
        self.options = Weighted(
            [
                (entry["code"], self._phrase(entry["say"]), entry.get("before", False), entry.get("with"))
                for entry in places["options"]
            ],
            [entry["w"] for entry in places["options"]],
        )
        self.prunes = Weighted(
            [(entry["code"], entry["say"]) for entry in places["prunes"]], [entry["w"] for entry in places["prunes"]]
        )
        self.types = Weighted(list(TYPES), list(TYPES.values()))
        self.numbers = Weighted([number for number, _ in NUMBER_OF_TESTS], [weight for _, weight in NUMBER_OF_TESTS])
        self.simple_numbers = Weighted(
            [number for number, _ in NUMBER_OF_TESTS_OF_ACTIONS], [weight for _, weight in NUMBER_OF_TESTS_OF_ACTIONS]
        )
        self.any_case = compile_phrase("<anycase>", self.kinds, phrases)

    def _code(self, source: str) -> Node:
        return compile_code(source, self.kinds)

    def _phrase(self, source: str) -> Node:
        return compile_phrase(source, self.kinds, self.phrases)

    def _test(self, name: str, entry: dict[str, Any]) -> _Test:
        forms, weights = [], []
        try:
            for form in entry["forms"]:
                if not set(FORM_TEXTS) & set(form):
                    raise ValueError(f"needs one of pre, post and not: {form!r}.")
                pre, post, negated = (self._phrase(form[key]) if form.get(key) else None for key in FORM_TEXTS)
                forms.append(
                    _Form(
                        self._code(form["code"]),
                        pre,
                        post,
                        negated,
                        form.get("group", False),
                        form.get("drop_type", False),
                        form.get("here", False),
                        tuple(form.get("needs", ())),
                    )
                )
                weights.append(form.get("w", 1))
        except ValueError as error:
            raise ValueError(f"test {name!r} of find: {error}") from error
        return _Test(name, entry["class"], entry.get("noun", ""), Weighted(forms, weights))

    def draw(
        self,
        draw: Draw,
        types: str | None = None,
        plain: bool = False,
        simple: bool = False,
        number: int | None = None,
        unsaid: bool = True,
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

        Returns:
            [`Query`]: the query.
        """
        random = draw.random
        query = Query()
        query.is_type = self._draw_type(draw, types)
        wanted = (self.simple_numbers if simple else self.numbers).draw(random) if number is None else number
        test_weights = self.simple_test_weights if simple else self.test_weights
        rare = 0.5 if simple else 1.0
        location = self._draw_place(draw, query, unsaid, simple or plain)
        pres: list[str] = []
        posts: list[str] = []
        classes: set[str] = set()
        attempts = 0
        drop_type = False
        while len(classes) < wanted and attempts < 12:
            attempts += 1
            test: _Test = test_weights.draw(random)
            if test.kind in classes or (test.noun and query.is_type not in ("", test.noun)):
                continue
            if test.noun and types is not None and test.noun not in types:
                continue
            form: _Form = test.forms.draw(random)
            # A path that begins with `./` is below the current directory alone.
            if (plain and form.is_group) or (form.is_here and query.places not in ("", ".")):
                continue
            drawn = self._draw_form(draw, test, form, query.is_type, bool(pres), NEGATED * rare)
            if drawn is None:
                continue
            code, pre, post = drawn
            classes.add(test.kind)
            draw.entries.append(f"find {test.name}")
            if test.noun:
                query.is_type = test.noun
            drop_type = drop_type or form.drop_type
            query.needs_group = query.needs_group or form.is_group
            query.tests.append(code)
            if pre:
                pres.append(pre)
            if post:
                posts.append(post)
        if not plain and len(query.tests) == 2 and not pres and not query.needs_group and random() < EITHER * 5:
            self._join_either(draw, query, posts)
        noun = self._add_type(draw, query, drop_type, types)
        if len(query.tests) == 1 and query.tests[0].startswith("\\( ") and random() < NO_BRACKETS:
            # Alone, `-o` needs none; `command` puts them back where an action follows.
            query.tests = [query.tests[0][3:-3]]
            query.needs_group = True
        extras: list[str] = []
        if not plain and random() < OPTION * rare:
            self._add_option(draw, query, classes, extras)
        if not plain and random() < PRUNED * rare:
            self._add_prune(draw, query, extras)
        query.say = self._say(draw, pres, noun, location, posts, extras)
        query.parts = len(posts) + len(pres) + len(extras) + bool(location)
        return query

    def _draw_type(self, draw: Draw, types: str | None) -> str:
        while True:
            value = self.types.draw(draw.random)
            if types is None or (value or "-") in types:
                return value

    def _draw_form(
        self, draw: Draw, test: _Test, form: _Form, is_type: str, has_pre: bool, negated: float
    ) -> tuple[str, str, str] | None:
        """The code of a test and what goes before and after the noun; none if it does not fit."""
        random = draw.random
        inner = draw.nested()
        if form.needs:
            order_values(inner, form.needs)
        negate = form.negated is not None and random() < (negated if form.pre or form.post else 1.0)
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
            needs_brackets = form.is_group or (" -" in code[1:] and not code.startswith("\\("))
            code = f"! \\( {code} \\)" if needs_brackets else f"{'-not' if random() < 0.3 else '!'} {code}"
        if test.kind in ("name", "path", "regex", "lname") and random() < ANY_CASE:
            changed = code
            for predicate, other in ANY_CASE_PREDICATES.items():
                changed = changed.replace(predicate, other)
            if changed != code:
                code, post = changed, f"{post} {self.any_case(draw)}"
        return code, pre, post

    def _join_either(self, draw: Draw, query: Query, posts: list[str]) -> None:
        """Two tests of which one is enough."""
        if len(posts) != 2 or any(" -o " in test for test in query.tests):
            return
        first, second = posts
        joined = f"{first} or {second}"
        if " and " in joined or " but " in joined:
            return
        query.tests = [" -o ".join(query.tests)]
        query.needs_group = True
        posts[:] = [
            f"either {joined}" if draw.chance(0.3) and not first.startswith(("that", "which", "whose")) else joined
        ]

    def _add_type(self, draw: Draw, query: Query, drop_type: bool, types: str | None) -> str:
        random = draw.random
        if types is None and not query.is_type and not drop_type and random() < 0.025:
            code, nouns = draw.choice(OTHER_TYPES)
            query.tests.insert(0, code)
            query.is_type = "!"
            return draw.choice(nouns)
        if query.is_type and not drop_type:
            test = f"-type {query.is_type}"
            query.tests.insert(0 if random() < 0.7 else len(query.tests), test)
        if types is not None and not query.is_type and "d" not in types:
            return "files"
        return draw.choice(self.nouns[query.is_type])

    def _draw_place(self, draw: Draw, query: Query, unsaid: bool, simple: bool) -> str:
        random = draw.random
        kind = self.place_kinds.draw(random)
        while kind == "unsaid" and not unsaid:
            kind = self.place_kinds.draw(random)
        inner = draw.nested()
        code_node, say_node, needs, source = self.depths.draw(random)
        if kind == "absolute" or (simple and source and random() < SHALLOW):
            code_node, say_node, needs, source = self.depths.options[0]
        if kind in ("unsaid", "root", "absolute", "twoplaces", "threeplaces") and source:
            # A depth needs a single place to be counted from.
            kind = "here"
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
        if needed and not classes & set(needed):
            return
        # -depth and -follow change nothing that these sentences would say otherwise.
        if code in ("-L", "-follow") and (query.is_type == "l" or any("type l" in test for test in query.tests)):
            return
        draw.entries.append(f"find {code}")
        if before:
            query.before = code
        else:
            query.options.append(code)
        extras.append(say(draw.nested()))

    def _add_prune(self, draw: Draw, query: Query, extras: list[str]) -> None:
        if query.places == "" or " " in query.places or '"' in query.places or "$" in query.places:
            return
        if query.options and any("depth" in option for option in query.options):
            return
        code, say = self.prunes.draw(draw.random)
        # The path of what is pruned begins with the place.
        place = query.places.strip("'").rstrip("/")
        nodes = self._code(code.replace("@{root}", place)), self._phrase(say.replace("{root}", place))
        inner = draw.nested()
        query.prune = nodes[0](inner)
        if query.needs_group or any(" -o " in test and not test.startswith(("\\(", "!")) for test in query.tests):
            query.tests = [
                f"\\( {test} \\)" if " -o " in test and not test.startswith(("\\(", "!")) else test
                for test in query.tests
            ]
            query.needs_group = False
        extras.append(nodes[1](inner))
        draw.entries.append("find -prune")

    @staticmethod
    def _say(draw: Draw, pres: list[str], noun: str, location: str, posts: list[str], extras: list[str]) -> str:
        random = draw.random
        every = random()
        start = "all " if every < 0.42 else "all the " if every < 0.46 else "the " if every < 0.5 else ""
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


__all__ = ["Queries", "Query", "Weighted", "order_values"]
