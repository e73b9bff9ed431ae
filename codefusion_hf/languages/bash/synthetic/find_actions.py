# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What is done with files that something lists: by -exec, by xargs, in loops and by substitution."""

import re
from dataclasses import dataclass
from typing import Any

from codefusion_hf.languages.bash.synthetic.choices import Choices, NothingFits
from codefusion_hf.languages.bash.synthetic.options import Added, Options
from codefusion_hf.languages.bash.synthetic.phrases import Draw, Node, Value, compile_code, compile_phrase


# The weights of actions are raised to this power, so that rare ones are seen with many queries.
FLATTENED = 0.8
# How the names get to xargs, what goes before the command there, and how often.
SEPARATORS = {"": 42, "-print": 8, "-0": 46, "--null": 0.7, "-d": 1.3}
ONLY_IF_ANY = 0.07
SHOWN = 0.015
ASKED = 0.013
BATCHES = {
    "": 74,
    "-n 1": 9,
    "-n": 1.2,
    "-L 1": 1.2,
    "-P": 3,
    "-P only": 1,
    "-I": 8,
    "-i": 2.5,
    "-P -I": 0.8,
    "-l": 0.4,
}
# Shares of commands that are only printed, and run by sudo.
DRY = 0.006
SUDO = 0.004
HOW_MANY_PROCESSES = ("2", "4", "8", "10", "16")

_EMBEDDED = re.compile(r"-c '[^']*\{\}")


@dataclass(frozen=True)
class Action:
    """
    A command for files.

    Args:
        name (`str`):
            Its name, for tests.
        before (`Node`):
            The command up to where options go.
        after (`Node`):
            The rest of it.
        added ([`Added`], *optional*):
            The options that may be added.
        order (`Node`):
            What it does, with `{obj}` for the files.
        types (`str`):
            The values of -type that make sense.
        is_single (`bool`):
            Whether it takes one file at a time.
        is_bulk (`bool`):
            Whether it makes sense for all of them together only.
        output (`str`):
            What it prints.
        is_of (`bool`):
            Whether the sentence has `of {obj}` or the like, which does not go with "them".
        is_embedded (`bool`):
            Whether the name stands inside a program in quotes, where only -exec and `xargs -I` put it.
    """

    name: str
    before: Node
    after: Node
    added: Added | None
    order: Node
    types: str
    is_single: bool
    is_bulk: bool
    output: str
    is_of: bool
    is_embedded: bool


@dataclass
class Deed:
    """
    An action as drawn.

    Args:
        action ([`Action`]):
            Which one.
        command (`str`):
            The command, with `{}` for the files.
        template (`str`):
            What it does, with `{}` for the files, all other braces doubled.
        output (`str`):
            What it prints.
    """

    action: Action
    command: str
    template: str
    output: str

    @property
    def is_at_end(self) -> bool:
        """Whether the files stand at the end of the command and nowhere else."""
        return self.command.endswith(" {}") and self.command.count("{}") == 1


class Actions:
    """
    Draws what is done with files.

    Args:
        entries (`list[dict[str, Any]]`):
            The actions of `find_actions.yaml`.
        options ([`Options`]):
            The options of utilities.
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
        self, entries: list[dict[str, Any]], options: Options, kinds: set[str], phrases: set[str], choices: Choices
    ):
        kinds = kinds | {"obj"}
        compiled = [self._compile(entry, options, kinds, phrases) for entry in entries]
        self.names = [action.name for action in compiled]
        codes = [entry["cmd"].replace("{}", "x") for entry in entries]
        self.actions = choices.weighted(compiled, [entry["w"] ** FLATTENED for entry in entries], codes)
        self.separators = choices.weighted(
            list(SEPARATORS),
            list(SEPARATORS.values()),
            ["", frozenset(("-print",)), "xargs -0", "xargs --null", "xargs -d x"],
        )
        self.batches = choices.weighted(
            list(BATCHES),
            list(BATCHES.values()),
            [f"xargs {code.replace(' only', '')} x" if code else "" for code in BATCHES],
        )
        self.is_only_if_any = choices.chance(ONLY_IF_ANY, frozenset(("-r",)))
        self.is_shown = choices.chance(SHOWN, frozenset(("-t",)))
        self.is_asked = choices.chance(ASKED, frozenset(("-p",)))
        self.is_dry = choices.chance(DRY, "echo x")
        self.is_sudo = choices.chance(SUDO, frozenset(("sudo",)))

    @staticmethod
    def _compile(entry: dict[str, Any], options: Options, kinds: set[str], phrases: set[str]) -> Action:
        command = entry["cmd"]
        if "{}" not in command:
            raise ValueError(f"`cmd` must have {{}} where the files go: {entry!r}.")
        position, added = options.of(command, is_part=True) or (0, None)
        return Action(
            f"action {command}",
            compile_code(command[:position], kinds),
            compile_code(command[position:], kinds),
            added,
            compile_phrase(entry["do"], kinds, phrases),
            entry.get("types", "fdl-"),
            entry.get("single", False),
            entry.get("bulk", False),
            entry.get("out", "nothing"),
            any(words in entry["do"] for words in ("of {obj}", "{obj} that")),
            bool(_EMBEDDED.search(command)),
        )

    def draw(self, draw: Draw, is_fitting=lambda action: True) -> Deed:
        """
        Draw an action.

        Args:
            draw ([`Draw`]):
                Where variety comes from.
            is_fitting (`Callable[[Action], bool]`, *optional*):
                Which actions will do.

        Returns:
            [`Deed`]: the action and its values.
        """
        for _ in range(1000):
            action: Action = self.actions.draw(draw.random)
            if is_fitting(action):
                return self.fill(draw, action)
        raise NothingFits("no action fits.")

    def fill(self, draw: Draw, action: Action) -> Deed:
        """
        Draw the values of an action.

        Args:
            draw ([`Draw`]):
                Where variety comes from.
            action ([`Action`]):
                The action.

        Returns:
            [`Deed`]: the action and its values.
        """
        draw.entries.append(action.name)
        inner = draw.nested()
        inner.values["obj"] = Value("{}", "{}", "{}", "{}")
        said = action.order(inner)
        say, code, output = action.added.draw(draw) if action.added else ("", "", "")
        command = f"{action.before(inner)}{code}{action.after(inner)}"
        is_nothing = action.output == "nothing"
        deed = Deed(action, command, "", output if output and not is_nothing else action.output)
        if self.is_dry.draw(draw.random) and not any(mark in command for mark in "'\"\\$"):
            verb = draw.choice(("only print", "print, without running it,", "echo"))
            said = f"{verb} the command to {said}"
            deed.command, deed.output = f"echo {command}", "lines"
        elif self.is_sudo.draw(draw.random) and not command.startswith("sudo"):
            deed.command = f"sudo {command}"
            say = f"{say}{',' if say else ''} {draw.phrases['as_root'](draw)}"
        # A brace in a value is not to be taken for the place of the noun.
        text = f"{said}{say}"
        deed.template = text.replace("{}", "\0").replace("{", "{{").replace("}", "}}").replace("\0", "{}")
        return deed

    def xargs(self, draw: Draw, deed: Deed, is_found: bool) -> tuple[str, str, str]:
        """
        An action by xargs.

        Args:
            draw ([`Draw`]):
                Where variety comes from.
            deed ([`Deed`]):
                The action.
            is_found (`bool`):
                Whether `find` lists the files, so that they may be separated by null characters.

        Returns:
            `tuple[str, str, str]`: the action of `find` (empty, `-print` or `-print0`), the command, and what there
            is to add to the sentence.
        """
        random = draw.random
        action, command = deed.action, deed.command
        separator = self.separators.draw(random) if is_found else ("-d" if random() < 0.04 else "")
        batch = self.batches.draw(random)
        if not deed.is_at_end:
            batch = batch if batch in ("-I", "-i", "-P -I") else "-I"
        elif action.is_single and batch in ("", "-n", "-P only"):
            batch = "-n 1"
        if action.is_bulk and deed.is_at_end:
            batch = ""
        draw.entries.append(f"find xargs {separator} {batch}".rstrip())
        options, says = [], []
        if separator in ("-0", "--null"):
            options.append(separator)
        elif separator == "-d":
            options.append("-d '\\n'")
        if not (action.is_bulk or "-p" in batch) and self.is_only_if_any.draw(random):
            options.append("-r")
            if draw.chance(0.5):
                says.append(draw.phrases["if_any"](draw))
        is_replaced = batch in ("-I", "-i", "-P -I")
        if self.is_shown.draw(random):
            options.append("-t")
            says.append(draw.phrases["show_command"](draw))
        elif self.is_asked.draw(random):
            options.append("-p")
            says.append("asking before running the command")
        if batch in ("-n 1", "-L 1", "-l"):
            options.append(batch)
            says.append(draw.phrases["one_by_one"](draw))
        elif batch == "-n":
            number = draw.choice(("2", "3", "5", "10", "20", "50", "100", "500"))
            options.append(f"-n {number}")
            says.append(draw.choice((f"at most {number} at a time", f"{number} at a time", f"{number} per command")))
        elif batch in ("-P", "-P -I", "-P only"):
            number = draw.choice(HOW_MANY_PROCESSES)
            options.append(f"-P {number}")
            if batch == "-P":
                options.insert(draw.choice((0, len(options))), "-n 1")
            how = draw.choice(("parallel processes", "processes in parallel", "processes at a time"))
            says.append(f"{draw.choice(('using', 'with', 'with up to'))} {number} {how}")
        if is_replaced:
            mark = draw.choice(("{}", "{}", " {}", " {}", "%", " %")) if batch != "-i" else ""
            if "%" in mark and ("%" in command or "'" in command):
                mark = "{}"
            options.append(f"-i{mark}" if batch == "-i" else f"-I{mark}")
            if "%" in mark:
                command = command.replace("{}", "%")
        else:
            command = command[:-3]
        text = "".join(f"{option} " for option in options)
        listing = "-print0" if separator in ("-0", "--null") else "-print" if separator == "-print" else ""
        return listing, f"xargs {text}{command}", "".join(f", {say}" for say in says)


__all__ = ["Action", "Actions", "Deed"]
