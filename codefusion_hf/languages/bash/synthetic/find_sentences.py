# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Pairs about `find`: what it lists, and what is done with it by `-exec`, `xargs`, loops and pipelines."""

from typing import Any

from codefusion_hf.languages.bash.synthetic.choices import Choices
from codefusion_hf.languages.bash.synthetic.find_actions import Action, Actions, Deed
from codefusion_hf.languages.bash.synthetic.phrases import Draw, Value, compile_code, compile_phrase
from codefusion_hf.languages.bash.synthetic.queries import Queries, Query
from codefusion_hf.languages.bash.synthetic.sentences import Filters, Sentence


# Shares of what a pair about `find` is. Of NL2Bash's training commands that begin with `find`, 39 % list, 27 % end in
# -exec, 17 % in xargs, 14 % in other pipes, 2 % delete; listings have fewer forms, so the others get more.
SHAPES = {
    "list": 290, "delete": 24, "exec": 285, "xargs": 215, "pipe": 170, "piped xargs": 28, "loop": 26,
    "substitution": 18, "two": 12,
}  # fmt: skip
LISTINGS = {
    "": 60, "-print": 20, "-print0": 5, "-ls": 6, "printf": 11, "-fprint": 1.2, "-fls": 0.4, "-quit": 1.5,
}  # fmt: skip
ENDINGS = {"": 87, "2>": 5, ">": 5.5, ">>": 1, "background": 1, "2> >": 0.5}
EXEC_ROUTES = {"\\;": 78, "+": 15, "-execdir \\;": 4, "-execdir +": 1, "-ok": 4, "-okdir": 0.5}
# What comes before or after the command of each file.
EXTRAS = {
    "": 91, "-print -exec": 4.5, "-print": 1.8, "-ls": 0.3, "-delete": 0.3, "-print0": 0.15, "-print0 -exec": 0.1,
    "-ls -exec": 0.2,
}  # fmt: skip
CHECKED = 0.018
LOOPS = (
    ("{find} | while read {name}; do {command}; done", "", 4),
    ("{find} | while read -r {name}; do {command}; done", "", 3),
    ("{find} | while IFS= read -r {name}; do {command}; done", "", 3),
    ("{find} | while IFS= read -r -d '' {name}; do {command}; done", "-print0", 3),
    ("{find} | while read -d '' -r {name}; do {command}; done", "-print0", 1),
    ("for {name} in $({find}); do {command}; done", "", 6),
    ('{find} | while read {name}; do echo "${name}"; {command}; done', "echo", 2),
    ('{find} | while read -r {name}; do echo "${name}"; {command}; done', "echo", 1),
    ('for {name} in $({find}); do echo "${name}"; {command}; done', "echo", 1),
    ("while read {name}; do {command}; done < <({find})", "", 1),
    ("while read -r {name}; do {command}; done < <({find})", "", 1),
    ("while IFS= read -r -d '' {name}; do {command}; done < <({find})", "-print0", 1),
)
LOOP_CODES = tuple(loop.replace("{find}", "find x").replace("{command}", ":") for loop, _, _ in LOOPS)
NAMES = ("f", "file", "line", "i", "name", "fname", "filename", "x")
# After these, the files are not where they were.
GONE_AFTER = (
    "rm", "mv", "unlink", "shred", "gzip", "gunzip", "bzip2", "bunzip2", "xz", "compress", "rename", "sh -c 'mv",
    "bash -c 'mv",
)  # fmt: skip


class FindSentences:
    """
    Draws pairs about `find`.

    Args:
        queries ([`Queries`]):
            What is looked for.
        actions ([`Actions`]):
            What is done with it.
        listing (`dict[str, Any]`):
            The content of `find_listing.yaml`.
        filters ([`Filters`]):
            What a pipeline may go on with.
        kinds (`set[str]`):
            The kinds of placeholders.
        phrases (`set[str]`):
            The names of phrases.
        choices ([`Choices`]):
            Where choices are made, to narrow them.

    Raises:
        ValueError: if an entry is malformed; the message has it.
    """

    def __init__(
        self,
        queries: Queries,
        actions: Actions,
        listing: dict[str, Any],
        filters: Filters,
        kinds: set[str],
        phrases: set[str],
        choices: Choices,
    ):
        self.queries = queries
        self.actions = actions
        self.filters = filters
        kinds = kinds | {"obj"}
        self.printf = choices.weighted(
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
        self.names = [f"listing {entry['code']}" for entry in listing["printf"]] + actions.names
        self.shapes = choices.weighted(
            list(SHAPES),
            list(SHAPES.values()),
            [
                "find", "find -delete",
                ("find -exec x \\;", "find -execdir x \\;", "find -ok x \\;", "find -exec x {} +"),
                "find . | xargs", "find . | x", "find . | xargs", LOOP_CODES, ": $(find)",
                "find -exec x \\; -exec x \\;",
            ],
        )  # fmt: skip
        self.listings = choices.weighted(
            list(LISTINGS),
            list(LISTINGS.values()),
            [f"find {code}" if code[:1] == "-" else f"find -{code}" if code else "" for code in LISTINGS],
        )
        self.endings = choices.weighted(
            list(ENDINGS), list(ENDINGS.values()), ["", "x 2> x", "x > x", "x >> x", "x &", "x 2> x > x"]
        )
        self.exec_routes = choices.weighted(
            list(EXEC_ROUTES),
            list(EXEC_ROUTES.values()),
            [frozenset((code if code[0] == "-" else f"-exec {code}").split()[:2]) for code in EXEC_ROUTES],
        )
        self.extras = choices.weighted(
            list(EXTRAS), list(EXTRAS.values()), [frozenset(code.split()) for code in EXTRAS]
        )
        self.loops = choices.weighted(LOOPS, [weight for *_, weight in LOOPS], LOOP_CODES)
        self.is_checked = choices.chance(CHECKED, frozenset(("-exec", "\\;")))
        self.is_silenced = choices.chance(0.045, "x 2> x")
        self.is_saved = choices.chance(0.065, "x > x")
        self.is_piped_on = choices.chance(0.14, frozenset("|"))
        self.is_printed = choices.chance(0.3, frozenset(("-print",)))
        self.is_third = choices.chance(0.12)

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
        if shape in ("list", "pipe", "piped xargs"):
            sentence = self._list(draw, shape)
            if shape == "piped xargs":
                self.act(draw, sentence)
            return sentence
        if shape == "delete":
            return self._delete(draw)
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

    def act(self, draw: Draw, sentence: Sentence) -> bool:
        """
        Pipe names of files into a command for them by xargs.

        Args:
            draw ([`Draw`]):
                Where variety comes from.
            sentence ([`Sentence`]):
                The command that prints the names, one a line or separated by null characters; changed in place.

        Returns:
            `bool`: whether it prints such names.
        """
        if sentence.output not in ("files", "nulls"):
            return False
        is_null = sentence.output == "nulls"
        deed = self.actions.draw(draw, lambda action: "-" in action.types and not action.is_of)
        _, command, say = self.actions.xargs(draw, deed, is_found=False)
        if is_null:
            command = command.replace("xargs ", "xargs -0 ", 1)
            if "-d " in command:
                return False
        if not sentence.order:
            sentence.order = f"{draw.phrases['list'](draw)} {sentence.noun}"
        sentence.steps.append(f"{deed.template.format('them')}{say}")
        sentence.noun = ""
        sentence.code = f"{sentence.code} | {command}"
        sentence.output = "nothing" if "-P" in command else deed.output
        if self.is_piped_on.draw(draw.random):
            self.filters.apply(draw, sentence)
        return True

    def _phrase(self, name: str, draw: Draw) -> str:
        return draw.phrases[name](draw)

    def _print_names(self, draw: Draw, query: Query) -> str:
        return f"{self._phrase('print', draw)} the {draw.choice(('names', 'paths'))} of {query.say}"

    def _order_to_find(self, draw: Draw, query: Query) -> str:
        return f"{self._phrase('find', draw)} {query.say}"

    def _list(self, draw: Draw, shape: str) -> Sentence:
        random = draw.random
        is_piped = shape != "list"
        kind = self.listings.draw(random)
        if is_piped and kind not in ("", "-print", "printf", "-print0", "-ls"):
            kind = ""
        if shape == "piped xargs" and kind not in ("-print", "-print0"):
            kind = ""
        unsaid = not is_piped or random() < 0.5
        is_checked = self.is_checked.draw(random)
        query = self.queries.draw(draw, "f-" if is_checked else None, False, is_piped, None, unsaid, is_checked)
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
                sentence.output = "nulls"
                if not is_piped or draw.chance(0.5):
                    sentence.order = f"{sentence.order}, {self._phrase('null_separated', draw)}"
                sentence.noun = ""
            elif kind == "-ls":
                sentence.output = "lines"
                sentence.order = f"{sentence.order} {self._phrase('details', draw)}"
                sentence.noun = ""
            elif kind in ("-fprint", "-fls"):
                inner = draw.nested()
                file = inner.value("newfile", "newfile")
                sentence.output = "nothing"
                what = "their names" if kind == "-fprint" else "their details"
                sentence.order = f"{sentence.order} and write {what} to {file.say} with {kind}"
                sentence.noun = ""
                kind = f"{kind} {file.code}"
            elif kind == "-quit":
                sentence.output = "nothing"
                one = {"d": "directory", "l": "symbolic link", "f": "file"}.get(query.is_type, "match")
                sentence.order = f"{self._phrase('find', draw)} {query.say}, stopping at the first {one}"
                sentence.noun = ""
                kind = "-print -quit"
            sentence.code = query.command(kind)
        if shape == "pipe":
            self._pipe(draw, sentence)
        elif shape == "piped xargs":
            self.filters.narrow_names(draw, sentence)
        else:
            self._end(draw, sentence)
        return sentence

    def _pipe(self, draw: Draw, sentence: Sentence) -> None:
        random = draw.random
        wanted = 1 if random() < 0.72 else 2 if random() < 0.75 else 3
        for _ in range(wanted):
            self.filters.apply(draw, sentence)
        for _ in range(8):
            if " | " in sentence.code or self.filters.apply(draw, sentence):
                break

    def _end(self, draw: Draw, sentence: Sentence) -> None:
        """Redirections."""
        ending = self.endings.draw(draw.random)
        if not ending:
            return
        if "2>" in ending:
            sentence.order = f"{sentence.order}, {self._phrase('no_errors', draw)}"
            sentence.code += " 2>/dev/null" if draw.chance(0.7) else " 2> /dev/null"
            draw.entries.append("find 2>")
            ending = ending[3:]
        if ending == "background":
            if draw.chance(0.5):
                sentence.order = f"{sentence.order} in the background"
                sentence.code += " &"
                sentence.output = "nothing"
        elif ending and sentence.output in ("files", "lines", "numbers", "text", "sizes", "nulls"):
            inner = draw.nested()
            file = inner.value("newfile", "newfile")
            verb = "append" if ending == ">>" else draw.choice(("save", "write", "redirect"))
            what = draw.choice(("the list", "the output", "the result", "the results"))
            sentence.steps.append(f"{verb} {what} to {file.say}")
            sentence.code += f" {ending} {file.code}"
            sentence.output = "nothing"
        sentence.noun = ""

    def _delete(self, draw: Draw) -> Sentence:
        is_checked = self.is_checked.draw(draw.random)
        types = "f-" if is_checked else "fdl-"
        query = self.queries.draw(draw, types, plain=True, is_checked=is_checked)
        while not query.tests:
            # Everything and the starting point itself is never meant.
            query = self.queries.draw(draw, types, plain=True, is_checked=is_checked)
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
        if self.is_silenced.draw(draw.random):
            sentence.order = f"{sentence.order}, {self._phrase('no_errors', draw)}"
            sentence.code += " 2>/dev/null"
        return sentence

    def _with_object(self, draw: Draw, query: Query, template: str, is_of: bool) -> str:
        """An order with the noun phrase in it, or in two steps."""
        # "list them that contain x" is no English.
        if is_of or draw.chance(0.45 if query.parts > 2 else 0.62):
            return template.format(query.say)
        joint = draw.choice((" and ", " and ", " and ", ", then ", " and then "))
        return f"{self._order_to_find(draw, query)}{joint}{template.format('them')}"

    def _act(self, draw: Draw, shape: str) -> Sentence:
        random = draw.random
        if shape == "exec":
            deed = self.actions.draw(draw, lambda action: not action.is_bulk or draw.chance(0.35))
        elif shape == "substitution":
            deed = self.actions.draw(draw, lambda action: not action.is_single and not action.is_embedded)
        elif shape == "loop":
            deed = self.actions.draw(draw, lambda action: not action.is_bulk and not action.is_embedded)
        elif shape == "two":
            deed = self.actions.draw(draw, lambda action: not action.is_bulk)
        else:
            deed = self.actions.draw(draw)
        action = deed.action
        is_checked = "f" in action.types and self.is_checked.draw(random)
        types = "f-" if is_checked else action.types
        query = self.queries.draw(draw, types, shape == "substitution", True, None, True, is_checked)
        order = self._with_object(draw, query, deed.template, action.is_of)
        sentence = Sentence("", order, output=deed.output)
        if shape == "exec":
            self._exec(draw, query, deed, sentence)
        elif shape == "xargs":
            listing, command, say = self.actions.xargs(draw, deed, is_found=True)
            sentence.order += say
            sentence.code = f"{query.command(listing)} | {command}"
            if "-P" in command:
                sentence.output = "nothing"
        elif shape == "loop":
            self._loop(draw, query, deed, sentence)
        elif shape == "two":
            self._two(draw, query, deed, sentence)
        else:
            find = query.command()
            is_backquoted = draw.chance(0.25) and not any(mark in find for mark in ("`", "$(", "\\"))
            sentence.code = deed.command.replace("{}", f"`{find}`" if is_backquoted else f"$({find})", 1)
            if "{}" in sentence.code:
                return self._act(draw, "exec")
            draw.entries.append("find $( )")
        if sentence.output != "nothing" and shape != "loop" and self.is_piped_on.draw(random):
            self.filters.apply(draw, sentence)
            if random() < 0.4:
                self.filters.apply(draw, sentence)
        elif sentence.output in ("lines", "text", "numbers", "files", "sizes") and self.is_saved.draw(random):
            self._end(draw, sentence)
        elif self.is_silenced.draw(random):
            sentence.code += " 2>/dev/null"
            sentence.order = f"{sentence.order}, {self._phrase('no_errors', draw)}"
        return sentence

    def _exec(self, draw: Draw, query: Query, deed: Deed, sentence: Sentence) -> None:
        random = draw.random
        action, command, template = deed.action, deed.command, deed.template
        route = self.exec_routes.draw(random)
        if route.endswith("+") and (action.is_single or not deed.is_at_end):
            route = "\\;"
        if action.is_bulk:
            route = "+" if deed.is_at_end else "\\;"
        command = self._quote(draw, command)
        end = "\\;" if random() < 0.86 else "';'"
        draw.entries.append(f"find {route}")
        if route in ("+", "-execdir +"):
            clause = f"{'-execdir' if 'dir' in route else '-exec'} {command} +"
        elif route in ("-ok", "-okdir"):
            clause = f"{route} {command} {end}"
            sentence.order = f"{sentence.order}, {self._phrase('ask_each', draw)}"
            sentence.output = "nothing"
        else:
            clause = f"{'-execdir' if 'dir' in route else '-exec'} {command} {end}"
        if route in ("-execdir \\;", "-execdir +", "-okdir"):
            joint = " and" if route == "-okdir" else ","
            sentence.order = f"{sentence.order}{joint} {self._phrase('in_their_directory', draw)}"
        extra = self.extras.draw(random)
        if extra and route in ("\\;", "+", "-ok"):
            clause = self._add_extra(draw, query, deed, sentence, clause, extra, template)
        sentence.code = query.command(clause)

    def _add_extra(
        self, draw: Draw, query: Query, deed: Deed, sentence: Sentence, clause: str, extra: str, template: str
    ) -> str:
        """What is done with each file besides running the command."""
        is_first = extra.endswith("-exec")
        what = extra.split(" ")[0]
        is_gone = deed.command.startswith(GONE_AFTER)
        if is_first and what in ("-print", "-print0") and not deed.action.is_of:
            names = self._print_names(draw, query)
            if what == "-print0":
                names = f"{names}, {self._phrase('null_separated', draw)},"
            sentence.order = f"{names} and {template.format('them')}"
        elif is_first and what == "-ls" and not deed.action.is_of:
            sentence.order = f"list {query.say} in detail with -ls and {template.format('them')}"
        elif is_first or (is_gone and what in ("-ls", "-delete")):
            return clause
        elif what == "-print":
            sentence.order = f"{sentence.order} and {self._phrase('print', draw)} {self._phrase('their_names', draw)}"
        elif what == "-print0":
            names = f"{self._phrase('their_names', draw)} {self._phrase('null_separated', draw)}"
            sentence.order = f"{sentence.order} and print {names}"
        elif what == "-ls":
            sentence.order = f"{sentence.order} and list them in detail with -ls"
        elif "d" in deed.action.types and query.is_type != "f":
            return clause
        else:
            # -delete goes only where the command has succeeded.
            sentence.order = f"{sentence.order} and, where that succeeds, {self._phrase('delete', draw)} them"
        sentence.output = "nothing"
        return f"{what} {clause}" if is_first else f"{clause} {what}"

    @staticmethod
    def _quote(draw: Draw, command: str) -> str:
        random = draw.random
        quoted = (
            "'{}'"
            if random() < 0.05 and "'" not in command
            else '"{}"'
            if random() < 0.04 and '"' not in command
            else "{}"
        )
        if quoted != "{}" and " {}" in command and not any(part in command for part in ("{}.", "/{}", "{}/", "{}_")):
            return command.replace("{}", quoted)
        return command

    def _loop(self, draw: Draw, query: Query, deed: Deed, sentence: Sentence) -> None:
        loop, listing, _ = self.loops.draw(draw.random)
        if listing == "echo" and deed.action.is_of:
            loop, listing, _ = LOOPS[0]
        name = draw.choice(NAMES)
        draw.entries.append("find loop")
        # In a word that goes on, as in {}.bak, the quotes end after the variable.
        command = deed.command.replace("{}", f'"${name}"')
        if listing == "echo":
            sentence.order = f"{self._print_names(draw, query)} and {deed.template.format('them')}"
            listing = ""
        elif draw.chance(0.3):
            kind = " with a while loop" if "while" in loop else " with a for loop"
            sentence.order += draw.choice((", in a loop", " using a loop", kind))
        code = loop.replace("{find}", query.command(listing)).replace("{command}", command).replace("{name}", name)
        sentence.code = code
        sentence.output = "nothing"

    def _two(self, draw: Draw, query: Query, deed: Deed, sentence: Sentence) -> None:
        """Two or three commands for each file."""
        sentence.output = "nothing"
        types = query.is_type or "-"
        used: list[Deed] = [deed]

        def is_fitting(other: Action) -> bool:
            is_new = all(other.name != one.action.name for one in used)
            return not other.is_bulk and not other.is_of and is_new and types.replace("!", "-") in other.types

        if deed.command.startswith(GONE_AFTER):
            # What is gone cannot be used any more, so the removal comes last.
            if deed.action.is_of or self.is_printed.draw(draw.random):
                sentence.code = query.command(f"-print -exec {deed.command} \\;")
                order = f"{self._print_names(draw, query)} and {deed.template.format('them')}"
                sentence.order = order if not deed.action.is_of else self._print_names(draw, query)
                if deed.action.is_of:
                    sentence.order = f"{sentence.order} and {deed.template.format('those files')}"
                return
            first = self.actions.draw(
                draw, lambda other: is_fitting(other) and not other.name.removeprefix("action ").startswith(GONE_AFTER)
            )
            deeds = [first, deed]
            order = self._with_object(draw, query, first.template, first.action.is_of)
        else:
            deeds = [deed, self.actions.draw(draw, is_fitting)]
            order = sentence.order
            used.append(deeds[-1])
            if self.is_third.draw(draw.random) and not deeds[-1].command.startswith(GONE_AFTER):
                deeds.append(self.actions.draw(draw, is_fitting))
        draw.entries.append("find two")
        orders = [deed.template.format("them") for deed in deeds[1:]]
        joint = ", then " if " and " in order or len(orders) > 1 else " and "
        sentence.order = f"{order}{joint}{' and '.join(orders)}"
        end = self.extras.draw(draw.random)
        clauses = [f"-exec {deed.command} \\;" for deed in deeds]
        if end == "-print" and draw.chance(0.5):
            sentence.order = f"{sentence.order}, and {self._phrase('print', draw)} {self._phrase('their_names', draw)}"
            clauses.append("-print")
        elif end == "-print -exec" and not deeds[0].action.is_of:
            clauses.insert(0, "-print")
            rest = [deed.template.format("them") for deed in deeds]
            sentence.order = f"{self._print_names(draw, query)}, {', '.join(rest[:-1])} and {rest[-1]}"
        sentence.code = query.command(" ".join(clauses))


__all__ = ["FindSentences"]
