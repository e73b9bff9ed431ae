# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Pairs about `find`: what it lists, and what is done with it by `-exec`, `xargs`, loops and pipelines."""

import re
from dataclasses import dataclass
from typing import Any

from codefusion_hf.languages.bash.synthetic.phrases import Draw, Node, Value, compile_code, compile_phrase
from codefusion_hf.languages.bash.synthetic.queries import Queries, Query, Weighted
from codefusion_hf.languages.bash.synthetic.sentences import Filters, Sentence


# Shares of what a pair about `find` is. Of NL2Bash's training commands that begin with `find`, 39 % list, 27 % end in
# -exec, 17 % in xargs, 14 % in other pipes, 2 % delete; listings have fewer forms, so the others get more.
SHAPES = {
    "list": 290, "delete": 24, "exec": 290, "xargs": 235, "pipe": 170, "loop": 26, "substitution": 18, "two": 24,
    "check": 22,
}  # fmt: skip
LISTINGS = {"": 60, "-print": 20, "-print0": 5, "-ls": 6, "printf": 11, "-fprint": 1.5, "-quit": 1.5}
ENDINGS = {"": 88, "2>": 5, ">": 5, ">>": 1, "background": 1}
EXEC_ROUTES = {"\\;": 78, "+": 15, "-execdir \\;": 4, "-execdir +": 1, "-ok": 4, "-okdir": 0.5}
# Options of xargs after -print0 or not, and how often.
XARGS_ROUTES = {
    "": 33, "-0": 38, "print": 9, "-r": 2, "-0 -r": 3, "-n": 3.5, "-0 -n": 4, "-0 -P": 2, "-P": 0.7, "-L": 0.6,
    "-d": 0.7, "-p": 0.5, "-0 -p": 0.5, "-t": 0.5, "-0 -t": 0.4, "--null": 0.6, "parallel": 1.2, "-I": 1.5, "-0 -I": 2,
    "-i": 0.7, "-0 -i": 0.6,
}  # fmt: skip
LOOPS = (
    ("{find} | while read {name}; do {command}; done", "", 4),
    ("{find} | while read -r {name}; do {command}; done", "", 3),
    ("{find} | while IFS= read -r {name}; do {command}; done", "", 3),
    ("{find} | while IFS= read -r -d '' {name}; do {command}; done", "-print0", 3),
    ("{find} | while read -d '' -r {name}; do {command}; done", "-print0", 1),
    ("for {name} in $({find}); do {command}; done", "", 6),
    ('{find} | while read {name}; do echo "${name}"; {command}; done', "echo", 2),
)
# The weights of actions are raised to this power, so that rare ones are seen with many queries.
FLATTENED = 0.55
NAMES = ("f", "file", "line", "i", "name", "fname", "filename", "x")
# After these, the files are not where they were.
GONE_AFTER = (
    "rm",
    "mv",
    "unlink",
    "shred",
    "gzip",
    "gunzip",
    "bzip2",
    "bunzip2",
    "xz",
    "compress",
    "rename",
    "sh -c 'mv",
    "bash -c 'mv",
)
HOW_MANY_PROCESSES = ("2", "4", "8", "10", "16")


_EMBEDDED = re.compile(r"-c '[^']*\{\}")


@dataclass(frozen=True)
class _Action:
    name: str
    command: Node
    order: Node
    types: str
    is_single: bool
    is_bulk: bool
    output: str
    # Whether the sentence has `of {obj}` or the like, which does not go with "them".
    is_of: bool
    # Whether the name stands inside a program in quotes, where only -exec and `xargs -I` put it.
    is_embedded: bool


class FindSentences:
    """
    Draws pairs about `find`.

    Args:
        queries ([`Queries`]):
            What is looked for.
        actions (`dict[str, Any]`):
            The content of `find_actions.yaml`.
        listing (`dict[str, Any]`):
            The content of `find_listing.yaml`.
        filters ([`Filters`]):
            What a pipeline may go on with.
        kinds (`set[str]`):
            The kinds of placeholders.
        phrases (`set[str]`):
            The names of phrases.

    Raises:
        ValueError: if an entry is malformed; the message has it.
    """

    def __init__(
        self,
        queries: Queries,
        actions: dict[str, Any],
        listing: dict[str, Any],
        filters: Filters,
        kinds: set[str],
        phrases: set[str],
    ):
        self.queries = queries
        self.filters = filters
        kinds = kinds | {"obj"}
        self.names: list[str] = []
        compiled = []
        for entry in actions["actions"]:
            if "{}" not in entry["cmd"]:
                raise ValueError(f"`cmd` must have {{}} where the files go: {entry!r}.")
            compiled.append(
                _Action(
                    f"action {entry['cmd']}",
                    compile_code(entry["cmd"], kinds),
                    compile_phrase(entry["do"], kinds, phrases),
                    entry.get("types", "fdl-"),
                    entry.get("single", False),
                    entry.get("bulk", False),
                    entry.get("out", "nothing"),
                    any(words in entry["do"] for words in ("of {obj}", "{obj} that")),
                    bool(_EMBEDDED.search(entry["cmd"])),
                )
            )
            self.names.append(f"action {entry['cmd']}")
        self.actions = Weighted(compiled, [entry["w"] ** FLATTENED for entry in actions["actions"]])
        self.checks = Weighted(
            [
                (
                    compile_code(entry["cmd"], kinds),
                    compile_phrase(entry["say"], kinds, phrases),
                    f"check {entry['cmd']}",
                )
                for entry in actions["checks"]
            ],
            [entry["w"] for entry in actions["checks"]],
        )
        self.names += [f"check {entry['cmd']}" for entry in actions["checks"]]
        self.printf = Weighted(
            [
                (
                    compile_code(entry["code"], kinds),
                    compile_phrase(entry["do"], kinds, phrases),
                    compile_phrase(entry["is"], kinds, phrases),
                    entry["out"],
                    entry.get("types"),
                    f"listing {entry['code']}",
                )
                for entry in listing["printf"]
            ],
            [entry["w"] for entry in listing["printf"]],
        )
        self.names += [f"listing {entry['code']}" for entry in listing["printf"]]
        self.shapes = Weighted(list(SHAPES), list(SHAPES.values()))
        self.listings = Weighted(list(LISTINGS), list(LISTINGS.values()))
        self.endings = Weighted(list(ENDINGS), list(ENDINGS.values()))
        self.exec_routes = Weighted(list(EXEC_ROUTES), list(EXEC_ROUTES.values()))
        self.xargs_routes = Weighted(list(XARGS_ROUTES), list(XARGS_ROUTES.values()))
        self.loops = Weighted(LOOPS, [weight for *_, weight in LOOPS])

    def draw(self, draw: Draw) -> Sentence:
        """
        Draw a pair.

        Args:
            draw ([`Draw`]):
                Where variety comes from.

        Returns:
            [`Sentence`]: the command and what it does.
        """
        shape = self.shapes.draw(draw.random)
        if shape in ("list", "pipe"):
            return self._list(draw, is_piped=shape == "pipe")
        if shape == "delete":
            return self._delete(draw)
        if shape == "check":
            return self._check(draw)
        return self._act(draw, shape)

    def found(self, draw: Draw, types: str) -> Value:
        """
        A command that lists files and nothing else, for use inside another one.

        Args:
            draw ([`Draw`]):
                Where variety comes from.
            types (`str`):
                As of [`Queries.draw`].

        Returns:
            [`Value`]: the command, and what it lists.
        """
        query = self.queries.draw(draw, types, plain=True, simple=True)
        return Value(query.say, query.say, query.say, query.command())

    def _phrase(self, name: str, draw: Draw) -> str:
        return draw.phrases[name](draw)

    def _print_names(self, draw: Draw, query: Query) -> str:
        return f"{self._phrase('print', draw)} the {draw.choice(('names', 'paths'))} of {query.say}"

    def _order_to_find(self, draw: Draw, query: Query) -> str:
        return f"{self._phrase('find', draw)} {query.say}"

    def _list(self, draw: Draw, is_piped: bool) -> Sentence:
        random = draw.random
        kind = self.listings.draw(random)
        if is_piped and kind not in ("", "-print", "printf"):
            kind = ""
        query = self.queries.draw(draw, unsaid=not is_piped or random() < 0.5, simple=is_piped)
        sentence = Sentence("", output="files", noun=query.say)
        draw.entries.append(f"find {kind or 'plain'}")
        if kind == "printf":
            code, order, noun, output, types, name = self.printf.draw(random)
            if types and (query.is_type or "-") not in types:
                query = self.queries.draw(draw, types)
            inner = draw.nested()
            inner.values["obj"] = Value(query.say, query.say, query.say, query.say)
            draw.entries.append(name)
            sentence.order, sentence.noun, sentence.output = order(inner), noun(inner), output
            sentence.code = query.command(code(inner))
        else:
            sentence.order = self._order_to_find(draw, query)
            if kind == "-print0":
                sentence.output = "nothing"
                sentence.order = f"{sentence.order}, {self._phrase('null_separated', draw)}"
                sentence.noun = ""
            elif kind == "-ls":
                sentence.output = "lines"
                sentence.order = f"{sentence.order} {self._phrase('details', draw)}"
                sentence.noun = ""
            elif kind == "-fprint":
                inner = draw.nested()
                file = inner.value("newfile", "newfile")
                sentence.output = "nothing"
                sentence.order = f"{sentence.order} and write their names to {file.say} with -fprint"
                sentence.noun = ""
                kind = f"-fprint {file.code}"
            elif kind == "-quit":
                sentence.output = "nothing"
                one = {"d": "directory", "l": "symbolic link", "f": "file"}.get(query.is_type, "match")
                sentence.order = f"{self._phrase('find', draw)} {query.say}, stopping at the first {one}"
                sentence.noun = ""
                kind = "-print -quit"
            sentence.code = query.command(kind)
        if is_piped:
            wanted = 1 if random() < 0.62 else 2 if random() < 0.7 else 3
            for _ in range(wanted):
                self.filters.apply(draw, sentence)
            for _ in range(8):
                if " | " in sentence.code or self.filters.apply(draw, sentence):
                    break
        else:
            self._end(draw, sentence)
        return sentence

    def _end(self, draw: Draw, sentence: Sentence) -> None:
        """Redirections."""
        ending = self.endings.draw(draw.random)
        if not ending:
            return
        if ending == "2>":
            sentence.order = f"{sentence.order}, {self._phrase('no_errors', draw)}"
            sentence.code += " 2>/dev/null" if draw.chance(0.7) else " 2> /dev/null"
            draw.entries.append("find 2>")
        elif ending == "background":
            if draw.chance(0.5):
                sentence.order = f"{sentence.order} in the background"
                sentence.code += " &"
                sentence.output = "nothing"
        elif sentence.output in ("files", "lines", "numbers"):
            inner = draw.nested()
            file = inner.value("newfile", "newfile")
            verb = "append" if ending == ">>" else draw.choice(("save", "write", "redirect"))
            what = draw.choice(("the list", "the output", "the result", "the results"))
            sentence.steps.append(f"{verb} {what} to {file.say}")
            sentence.code += f" {ending} {file.code}"
            sentence.output = "nothing"
        sentence.noun = ""

    def _delete(self, draw: Draw) -> Sentence:
        query = self.queries.draw(draw, "fdl-", plain=True)
        while not query.tests:
            # Everything and the starting point itself is never meant.
            query = self.queries.draw(draw, "fdl-", plain=True)
        draw.entries.append("find -delete")
        action = draw.choice(("-delete",) * 8 + ("-print -delete", "-delete -print", "-ls -delete"))
        order = self._with_object(draw, query, f"{self._phrase('delete', draw)} {{}}", is_of=False)
        if action == "-print -delete":
            order = f"{self._phrase('print', draw)} and {self._phrase('delete', draw)} {query.say}"
        elif action == "-delete -print":
            order = f"{order} and {self._phrase('print', draw)} {self._phrase('their_names', draw)}"
        elif action == "-ls -delete":
            order = f"list in detail and {self._phrase('delete', draw)} {query.say}"
        sentence = Sentence(query.command(action), order)
        if draw.chance(0.05):
            sentence.order = f"{sentence.order}, {self._phrase('no_errors', draw)}"
            sentence.code += " 2>/dev/null"
        return sentence

    def _with_object(self, draw: Draw, query: Query, template: str, is_of: bool) -> str:
        """An order with the noun phrase in it, or in two steps."""
        if draw.chance(0.9 if is_of else 0.45 if query.parts > 2 else 0.62):
            return template.format(query.say)
        joint = draw.choice((" and ", " and ", " and ", ", then ", " and then "))
        return f"{self._order_to_find(draw, query)}{joint}{template.format('them')}"

    def _draw_action(self, draw: Draw, is_fitting) -> _Action:
        while True:
            action: _Action = self.actions.draw(draw.random)
            if is_fitting(action):
                draw.entries.append(action.name)
                return action

    def _act(self, draw: Draw, shape: str) -> Sentence:
        random = draw.random
        if shape == "exec":
            action = self._draw_action(draw, lambda action: not action.is_bulk or draw.chance(0.35))
        elif shape == "substitution":
            action = self._draw_action(draw, lambda action: not action.is_single and not action.is_embedded)
        elif shape == "loop":
            action = self._draw_action(draw, lambda action: not action.is_bulk and not action.is_embedded)
        elif shape == "two":
            action = self._draw_action(draw, lambda action: not action.is_bulk)
        else:
            action = self._draw_action(draw, lambda action: True)
        query = self.queries.draw(draw, action.types, plain=shape in ("loop", "substitution"), simple=True)
        inner = draw.nested()
        inner.values["obj"] = Value("{}", "{}", "{}", "{}")
        # A brace in a value is not to be taken for the place of the noun.
        template = action.order(inner).replace("{}", "\0").replace("{", "{{").replace("}", "}}").replace("\0", "{}")
        command = action.command(inner)
        order = self._with_object(draw, query, template, action.is_of)
        sentence = Sentence("", order, output=action.output)
        if shape == "exec":
            self._exec(draw, query, action, command, template, sentence)
        elif shape == "xargs":
            self._xargs(draw, query, action, command, sentence)
        elif shape == "loop":
            self._loop(draw, query, action, command, template, sentence)
        elif shape == "two":
            self._two(draw, query, action, command, template, sentence)
        else:
            sentence.code = command.replace("{}", f"$({query.command()})", 1)
            if "{}" in sentence.code:
                return self._act(draw, "exec")
            draw.entries.append("find $( )")
        if sentence.output != "nothing" and shape in ("exec", "xargs", "substitution") and random() < 0.13:
            self.filters.apply(draw, sentence)
            if random() < 0.3:
                self.filters.apply(draw, sentence)
        elif sentence.output in ("lines", "text", "numbers") and random() < 0.03:
            self._end(draw, sentence)
        elif random() < 0.015:
            sentence.code += " 2>/dev/null"
            sentence.order = f"{sentence.order}, {self._phrase('no_errors', draw)}"
        return sentence

    def _exec(
        self, draw: Draw, query: Query, action: _Action, command: str, template: str, sentence: Sentence
    ) -> None:
        random = draw.random
        route = self.exec_routes.draw(random)
        at_end = command.endswith(" {}") and command.count("{}") == 1
        if route.endswith("+") and (action.is_single or not at_end):
            route = "\\;"
        if action.is_bulk:
            route = "+" if at_end else "\\;"
        quoted = (
            "'{}'"
            if random() < 0.05 and "'" not in command
            else '"{}"'
            if random() < 0.04 and '"' not in command
            else "{}"
        )
        if (
            quoted != "{}"
            and " {}" in command
            and "{}." not in command
            and "/{}" not in command
            and "{}/" not in command
            and "{}_" not in command
        ):
            command = command.replace("{}", quoted)
        end = "\\;" if random() < 0.86 else "';'"
        draw.entries.append(f"find {route}")
        if route == "+":
            clause = f"-exec {command} +"
        elif route == "-execdir \\;":
            clause = f"-execdir {command} {end}"
            sentence.order = f"{sentence.order}, {self._phrase('in_their_directory', draw)}"
        elif route == "-execdir +":
            clause = f"-execdir {command} +"
            sentence.order = f"{sentence.order}, {self._phrase('in_their_directory', draw)}"
        elif route in ("-ok", "-okdir"):
            clause = f"{route} {command} {end}"
            sentence.order = f"{sentence.order}, {self._phrase('ask_each', draw)}"
            if route == "-okdir":
                sentence.order = f"{sentence.order} and {self._phrase('in_their_directory', draw)}"
            sentence.output = "nothing"
        else:
            clause = f"-exec {command} {end}"
            part = random()
            if part < 0.05 and not action.is_of:
                clause = f"-print {clause}"
                sentence.order = f"{self._print_names(draw, query)} and {template.format('them')}"
                sentence.output = "nothing"
            elif part < 0.09:
                clause = f"{clause} -print"
                sentence.order = (
                    f"{sentence.order} and {self._phrase('print', draw)} {self._phrase('their_names', draw)}"
                )
                sentence.output = "nothing"
            elif part < 0.1 and not command.startswith("rm"):
                clause = f"{clause} -ls"
                sentence.order = f"{sentence.order} and list them in detail with -ls"
                sentence.output = "nothing"
        sentence.code = query.command(clause)

    def _xargs(self, draw: Draw, query: Query, action: _Action, command: str, sentence: Sentence) -> None:
        route = self.xargs_routes.draw(draw.random)
        at_end = command.endswith(" {}") and command.count("{}") == 1
        if not at_end and "-I" not in route and "-i" not in route:
            route = "-0 -I" if "-0" in route or route == "--null" else "-I"
        elif (
            action.is_single
            and at_end
            and route in ("", "-0", "print", "-r", "-0 -r", "-d", "-p", "-0 -p", "-t", "-0 -t", "--null")
        ):
            route = "-0 -n 1" if "-0" in route or route == "--null" else "-n 1"
        if action.is_bulk and route not in ("", "-0", "print", "-r", "-0 -r", "-d", "-t", "--null"):
            route = "-0"
        draw.entries.append(f"find xargs {route}")
        listing = "-print0" if "-0" in route or route == "--null" else "-print" if route == "print" else ""
        command = command[:-3] if at_end and "-I" not in route and "-i" not in route else command
        options = route
        if route == "print":
            options = ""
        elif route in ("-n", "-0 -n"):
            options += " 1"
            sentence.order = f"{sentence.order}, {self._phrase('one_by_one', draw)}"
        elif route in ("-P", "-0 -P"):
            number = draw.choice(HOW_MANY_PROCESSES)
            options = f"{route} {number} -n 1"
            how = draw.choice(("parallel processes", "processes in parallel", "processes at a time"))
            sentence.order = f"{sentence.order}, {draw.choice(('using', 'with'))} {number} {how}"
            sentence.output = "nothing"
        elif route == "-L":
            options = "-L 1"
            sentence.order = f"{sentence.order}, {self._phrase('one_by_one', draw)}"
        elif route == "-d":
            options = "-d '\\n'"
        elif route in ("-p", "-0 -p"):
            sentence.order = f"{sentence.order}, asking before running the command"
        elif route in ("-t", "-0 -t"):
            sentence.order = f"{sentence.order}, {self._phrase('show_command', draw)}"
        elif route in ("-I", "-0 -I"):
            options += draw.choice(("{}", " {}", "{}"))
            if draw.chance(0.3) and "%" not in command:
                options, command = options.replace("{}", "%").replace("-I %", "-I%"), command.replace("{}", "%")
        elif route in ("-r", "-0 -r") and draw.chance(0.5):
            sentence.order = f"{sentence.order}, {self._phrase('if_any', draw)}"
        if route == "parallel":
            sentence.order = f"{sentence.order}, in parallel (with GNU parallel)"
            sentence.code = f"{query.command()} | parallel {command}"
            if "'" in command or '"' in command:
                sentence.code = f"{query.command()} | xargs {command}"
                sentence.order = sentence.order.replace(", in parallel (with GNU parallel)", "")
            sentence.output = "nothing"
            return
        sentence.code = f"{query.command(listing)} | xargs {options + ' ' if options else ''}{command}"

    def _loop(
        self, draw: Draw, query: Query, action: _Action, command: str, template: str, sentence: Sentence
    ) -> None:
        loop, listing, _ = self.loops.draw(draw.random)
        if listing == "echo" and action.is_of:
            loop, listing, _ = LOOPS[0]
        name = draw.choice(NAMES)
        draw.entries.append("find loop")
        # In a word that goes on, as in {}.bak, the quotes end after the variable.
        command = command.replace("{}", f'"${name}"')
        if listing == "echo":
            sentence.order = f"{self._print_names(draw, query)} and {template.format('them')}"
            listing = ""
        elif draw.chance(0.3):
            kind = " with a while loop" if "while" in loop else " with a for loop"
            sentence.order += draw.choice((", in a loop", " using a loop", kind))
        code = loop.replace("{find}", query.command(listing)).replace("{command}", command).replace("{name}", name)
        sentence.code = code
        sentence.output = "nothing"

    def _two(self, draw: Draw, query: Query, action: _Action, command: str, template: str, sentence: Sentence) -> None:
        """Two commands for each file."""
        is_removal = command.startswith(GONE_AFTER)
        types = query.is_type or "-"
        other = self._draw_action(
            draw,
            lambda other: not other.is_bulk and not other.is_of and other.name != action.name and types in other.types,
        )
        inner = draw.nested()
        inner.values["obj"] = Value("them", "them", "them", "them")
        second_order, second = other.order(inner), other.command(inner)
        if is_removal:
            # What is gone cannot be used any more, so the removal comes last.
            draw.entries.pop()
            sentence.output = "nothing"
            sentence.code = query.command(f"-print -exec {command} \\;")
            sentence.order = f"{self._print_names(draw, query)} and {template.format('them')}"
            return
        draw.entries.append("find two")
        sentence.order = (
            f"{sentence.order} and {second_order}"
            if " and " not in sentence.order
            else f"{sentence.order}, then {second_order}"
        )
        sentence.code = query.command(f"-exec {command} \\; -exec {second} \\;")
        sentence.output = "nothing"

    def _check(self, draw: Draw) -> Sentence:
        query = self.queries.draw(draw, "f-", simple=True)
        check, say, name = self.checks.draw(draw.random)
        draw.entries.append(name)
        inner = draw.nested()
        clause = f"-exec {check(inner)} \\;"
        query.say = f"{query.say} {say(inner)}"
        query.parts += 1
        part = draw.random()
        if part < 0.55:
            order = self._order_to_find(draw, query)
            return Sentence(query.command(f"{clause} -print"), order, output="files", noun=query.say)
        if part < 0.65:
            order = self._with_object(draw, query, f"{self._phrase('delete', draw)} {{}}", is_of=False)
            if query.prune:
                query.prune = ""
                return self._check(draw)
            return Sentence(query.command(f"{clause} -delete"), order)
        action = self._draw_action(draw, lambda action: not action.is_bulk and "f" in action.types)
        inner.values["obj"] = Value("{}", "{}", "{}", "{}")
        template = action.order(inner).replace("{}", "\0").replace("{", "{{").replace("}", "}}").replace("\0", "{}")
        order = self._with_object(draw, query, template, action.is_of)
        return Sentence(query.command(f"{clause} -exec {action.command(inner)} \\;"), order, output="nothing")


__all__ = ["FindSentences"]
