# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What people put around any command: sudo, variables, files for the output, other machines, loops, conditions."""

from codefusion_hf.languages.bash.synthetic.catalogue import Catalogue
from codefusion_hf.languages.bash.synthetic.phrases import Draw, Value, compile_phrase
from codefusion_hf.languages.bash.synthetic.sentences import PIPED, Sentence


# How often something is put around a command, around one that prints a single value, and around what has something
# around it.
WRAPPED = 0.17
WRAPPED_VALUE = 0.32
WRAPPED_AGAIN = 0.06
# What it is, how often, and what it puts into the command.
KINDS = {
    "variable": (38, "x=$(x)"),
    "export": (2, "export x=$(x)"),
    "file": (14, "x > x"),
    "append": (4, "x >> x"),
    "no_errors": (6, "x 2> x"),
    "quiet": (1.5, "x > x"),
    "silent": (1.5, "x > x 2>&1"),
    "both": (4, "x > x 2>&1"),
    "both_tee": (1.5, "x 2>&1 | tee x"),
    "tee": (3, "x | tee x"),
    "echo": (8, "echo $(x)"),
    "print_text": (8, "echo $(x)"),
    "watch": (6, "watch -n x"),
    "ssh": (5, "ssh x"),
    "nohup": (3, "nohup x &"),
    "background": (3, "x &"),
    "timeout": (2, "timeout 1 x"),
    "cd": (3, "cd x && x"),
    "subshell_cd": (1.5, "( cd x && x )"),
    "then_say": (2.5, "x && echo x"),
    "else_say": (1.5, "x || echo x"),
    "else_exit": (0.5, "x || exit 1"),
    "sleep": (0.7, "sleep 1 && x"),
    "times": (1, "for x in 1; do x; done"),
    "forever": (1, "while true; do x; sleep 1; done"),
    "read_lines": (1.5, "x | while read x; do echo x; done"),
    "for_each": (1, "for x in $(x); do echo x; done"),
    "alias": (1, "alias x=x"),
}
# Those that need a command that prints something.
OF_OUTPUT = frozenset(
    "variable export file append tee both both_tee quiet silent echo print_text watch read_lines for_each".split()
)
# Those that need a command that does something, and succeeds or fails.
OF_DEEDS = frozenset(("then_say", "else_say", "else_exit"))
# Those that go around any command that is not compound, pipelines too; the others go around one command alone.
OF_PIPES = frozenset(
    """
    variable export file append tee both_tee echo print_text ssh watch cd subshell_cd sleep times forever read_lines
    for_each alias
    """.split()
)
# Commands that change the shell they run in, which a subshell would not.
OF_THE_SHELL = frozenset(
    """
    : > alias bg bind cd declare disown exec exit export fg help history jobs local popd pushd read readonly set shift
    shopt source trap ulimit umask unalias unset wait mapfile readarray
    """.split()
)
COMPOUND = ("(", "for ", "while ", "if ", "[", "{", "! ")
OPERATORS = {"file": ">", "append": ">>", "tee": "| tee", "both_tee": "2>&1 | tee"}
# What stands around the command: a format with the command, and which values of the sentence go into it.
FORMATS = {
    "cd": (("cd {dir} && {}", "cd {dir} && {}", "cd {dir}; {}"), {"dir": "plaindir"}),
    "subshell_cd": (("(cd {dir} && {})", "(cd {dir}; {})"), {"dir": "plaindir"}),
    "then_say": (("{} && echo {text}",), {"text": "message"}),
    "else_say": (("{} || echo {text}",), {"text": "message"}),
    "else_exit": (("{} || exit 1",), {}),
    "sleep": (("sleep {seconds} && {}", "sleep {seconds}; {}"), {"seconds": "seconds"}),
    "times": (
        (
            "for i in {{1..{few}}}; do {}; done",
            "for i in $(seq {few}); do {}; done",
            "for i in `seq {few}`; do {}; done",
        ),
        {"few": "few"},
    ),
    "forever": (("while true; do {}; sleep {few}; done", "while :; do {}; sleep {few}; done"), {"few": "few"}),
    "quiet": (("{} > /dev/null", "{} >/dev/null"), {}),
    "silent": (("{} > /dev/null 2>&1", "{} >/dev/null 2>&1", "{} &> /dev/null"), {}),
    "background": (("{} &",), {}),
    "nohup": (("nohup {} &",), {}),
    "timeout": (("timeout {seconds} {}",), {"seconds": "seconds"}),
    "no_errors": (("{} 2>/dev/null", "{} 2>/dev/null", "{} 2> /dev/null"), {}),
    "both": (("{} > {file} 2>&1", "{} &> {file}"), {"file": "newfile"}),
}  # fmt: skip
# In these, what is said of them may go first.
IN_FRONT = frozenset(("ssh", "watch", "cd", "subshell_cd", "forever"))


class Wrappers:
    """
    Puts things around commands.

    Args:
        catalogue ([`Catalogue`]):
            Where values and phrases come from.
    """

    def __init__(self, catalogue: Catalogue):
        kinds, phrases = {*catalogue.kinds, "what"}, set(catalogue.phrases)
        choices = catalogue.choices
        self.kinds = choices.weighted(
            list(KINDS), [weight for weight, _ in KINDS.values()], [code for _, code in KINDS.values()]
        )
        self.is_wrapped = choices.chance(WRAPPED)
        self.is_wrapped_value = choices.chance(WRAPPED_VALUE)
        self.is_wrapped_again = choices.chance(WRAPPED_AGAIN)
        self.phrases = {name: compile_phrase(text, kinds, phrases) for name, text in catalogue.wrapper_phrases.items()}

    def wrap(self, draw: Draw, sentence: Sentence, root: float) -> tuple[str, str, str]:
        """
        Put something around a command, sometimes.

        Args:
            draw ([`Draw`]):
                Where variety comes from.
            sentence ([`Sentence`]):
                The command; changed in place.
            root (`float`):
                How often it is run by sudo.

        Returns:
            `tuple[str, str, str]`: the order, the noun phrase or an empty string, and what goes before the order or,
            in a question, after it, or an empty string.
        """
        order, noun = sentence.say(draw), sentence.noun if not sentence.steps else ""
        code = sentence.code
        is_pipe = " | " in code and " | xargs " not in code
        if root and draw.random() < root and not _is_compound(code) and not is_pipe and "sudo" not in code:
            # In a pipeline, each command that changes something needs the rights.
            sentence.code = "sudo " + code.replace(" | xargs ", " | sudo xargs ")
            order, noun = f"{order} {draw.phrases['as_root'](draw)}", ""
            if not self.is_wrapped_again.draw(draw.random):
                return order, "", ""
        elif not (self.is_wrapped_value if sentence.output == "value" else self.is_wrapped).draw(draw.random):
            return order, noun, ""
        front = ""
        for _ in range(2):
            if front or not (said := self._wrap(draw, sentence, order, noun)):
                break
            front, _, order = said.rpartition("\0")
            noun = ""
            if not self.is_wrapped_again.draw(draw.random):
                break
        return order, noun, front

    def _wrap(self, draw: Draw, sentence: Sentence, order: str, noun: str) -> str:
        """The order with what was put around the command (before it, up to a null character), or nothing."""
        code = sentence.code
        first = code.split(" ", 1)[0]
        if _is_compound(code) or first in OF_THE_SHELL or "=" in first:
            return ""
        if not self.kinds:
            return ""
        kind = self.kinds.draw(draw.random)
        is_redirected = ">" in code
        is_long = is_redirected or " | " in code
        if kind in OF_OUTPUT and (is_redirected or sentence.output not in (*PIPED, "value")):
            return ""
        if kind in OF_DEEDS and sentence.output != "nothing":
            return ""
        if is_long and kind not in OF_PIPES:
            return ""
        inner = draw.nested()
        inner.values["what"] = Value(noun, noun, noun, noun)
        if kind in FORMATS:
            said = self._put_around(draw, inner, sentence, kind, order)
        else:
            said = self._use_output(draw, inner, sentence, kind, order, bool(noun))
        if said:
            draw.entries.append(f"wrapper {kind}")
        return said

    def _put_around(self, draw: Draw, inner: Draw, sentence: Sentence, kind: str, order: str) -> str:
        code = sentence.code
        if kind == "both" and "{" in code:
            formats: tuple[str, ...] = ("{} > {file} 2>&1",)
        else:
            formats = FORMATS[kind][0]
        if kind in ("cd", "subshell_cd") and (code.startswith("find") or "~" in code or "current directory" in order):
            return ""
        said = self.phrases[kind](inner)
        values = {name: inner.values[value].code for name, value in FORMATS[kind][1].items()}
        sentence.code = draw.choice(formats).format(code, **values)
        if kind not in ("no_errors", "timeout"):
            sentence.output = "nothing"
        if kind in IN_FRONT and draw.chance(0.5):
            return f"{said}\0{order}"
        return f"{order}{'' if kind in ('background', 'both') else ','} {said}"

    def _use_output(self, draw: Draw, inner: Draw, sentence: Sentence, kind: str, order: str, has_noun: bool) -> str:
        code = sentence.code
        say = self.phrases
        if kind in ("variable", "export"):
            if kind == "export":
                said = say["export"](inner) if has_noun else f"{order} {say['then_export'](inner)}"
            else:
                said = (
                    draw.choice((say["save"], say["assign"]))(inner)
                    if has_noun
                    else f"{order} {say['then_save'](inner)}"
                )
            sentence.code = _assignment(draw, inner.values["var"].raw, code)
            if kind == "export":
                sentence.code = f"export {sentence.code}"
            sentence.output = "nothing"
            return said
        if kind in ("echo", "print_text"):
            if not has_noun or (kind == "print_text" and '"' in code):
                return ""
            if kind == "echo":
                said = say[kind](inner)
                sentence.code = f"echo $({code})" if draw.chance(0.5) else f'echo "$({code})"'
            elif draw.chance(0.75):
                said = say[kind](inner)
                sentence.code = f'echo "{inner.values["message"].raw} $({code})"'
            else:
                said = say["print_text_after"](inner)
                sentence.code = f'echo "$({code}) {inner.values["message"].raw}"'
            sentence.output = "text"
            return said
        if kind in OPERATORS:
            said = say[kind](inner) if has_noun else f"{order} {say['then_' + kind](inner)}"
            sentence.code = f"{code} {OPERATORS[kind]} {inner.values['newfile'].code}"
            sentence.output = "nothing"
            return said
        if kind == "alias":
            if "'" in code:
                return ""
            said = f"{say['alias'](inner)} to {order}"
            sentence.code = f"alias {inner.values['aliasname'].raw}='{code}'"
            sentence.output = "nothing"
            return said
        if kind in ("read_lines", "for_each"):
            if not has_noun or sentence.output == "value":
                return ""
            said = say[kind](inner)
            name = draw.choice(("line", "i", "x", "item"))
            if kind == "for_each":
                sentence.code = f'for {name} in $({code}); do echo "${name}"; done'
            else:
                option = draw.choice(("", " -r"))
                sentence.code = f'{code} | while read{option} {name}; do echo "${name}"; done'
            sentence.output = "nothing"
            return said
        if kind == "ssh":
            if "'" in code or code.startswith(("ssh", "scp", "rsync", "sudo")):
                return ""
            said = say["ssh"](inner)
            sentence.code = f"ssh {inner.values['host'].raw} '{code}'"
            return f"{said}\0{order}" if draw.chance(0.4) else f"{order} {said}"
        if "'" in code:
            return ""
        said = f"{say['watch'](inner)}\0{order}" if draw.chance(0.4) else f"{order} {say['watch'](inner)}"
        is_plain = code.replace(" ", "").replace("-", "").isalnum() and draw.chance(0.5)
        sentence.code = f"watch -n {inner.values['few'].raw} " + (code if is_plain else f"'{code}'")
        sentence.output = "nothing"
        return said


def _is_compound(code: str) -> bool:
    return code.startswith(COMPOUND) or " && " in code or " || " in code or "; " in code or code.endswith("&")


def _assignment(draw: Draw, name: str, code: str) -> str:
    part = draw.random()
    if part < 0.12 and not any(mark in code for mark in ("`", "$(", "\\")):
        return f"{name}=`{code}`"
    return f'{name}="$({code})"' if part < 0.27 else f"{name}=$({code})"


__all__ = ["Wrappers"]
