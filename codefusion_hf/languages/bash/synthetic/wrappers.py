# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What people put around any command: sudo, variables, files for the output, other machines, watch and nohup."""

from codefusion_hf.languages.bash.synthetic.catalogue import Catalogue
from codefusion_hf.languages.bash.synthetic.phrases import Draw, Value, compile_phrase
from codefusion_hf.languages.bash.synthetic.queries import Weighted
from codefusion_hf.languages.bash.synthetic.sentences import PIPED, Sentence


# How often something is put around a command, around one that prints a single value, and what.
WRAPPED = 0.16
WRAPPED_VALUE = 0.32
KINDS = {
    "variable": 40,
    "file": 14,
    "append": 4,
    "no_errors": 6,
    "both": 4,
    "tee": 3,
    "echo": 8,
    "print_text": 8,
    "watch": 6,
    "ssh": 5,
    "nohup": 3,
    "background": 3,
    "timeout": 2,
}
# Those that need a command that prints something.
OF_OUTPUT = frozenset(("variable", "file", "append", "tee", "both", "echo", "print_text", "watch"))
# Commands that change the shell they run in, which a subshell would not.
OF_THE_SHELL = frozenset(
    """
    : > alias bg bind cd declare disown exec exit export fg help history jobs local popd pushd read readonly set shift
    shopt source trap ulimit umask unalias unset wait mapfile readarray
    """.split()
)
COMPOUND = ("(", "for ", "while ", "if ", "[", "{", "! ")
OPERATORS = {"file": ">", "append": ">>", "tee": "| tee"}


class Wrappers:
    """
    Puts things around commands.

    Args:
        catalogue ([`Catalogue`]):
            Where values and phrases come from.
    """

    def __init__(self, catalogue: Catalogue):
        kinds, phrases = {*catalogue.kinds, "what"}, set(catalogue.phrases)
        self.kinds = Weighted(list(KINDS), list(KINDS.values()))
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
        is_compound = (
            code.startswith(COMPOUND) or " && " in code or " || " in code or "; " in code or code.endswith("&")
        )
        first = code.split(" ", 1)[0]
        is_pipe = " | " in code and " | xargs " not in code
        if root and draw.random() < root and not is_compound and not is_pipe and "sudo" not in code:
            # In a pipeline, each command that changes something needs the rights.
            sentence.code = "sudo " + code.replace(" | xargs ", " | sudo xargs ")
            said = draw.phrases["as_root"](draw)
            return (f"{order} {said}", "", "") if draw.chance(0.7) else (order, "", said)
        chance = WRAPPED_VALUE if sentence.output == "value" else WRAPPED
        if draw.random() >= chance or is_compound or first in OF_THE_SHELL or "=" in first:
            return order, noun, ""
        kind = self.kinds.draw(draw.random)
        is_redirected = ">" in code
        if kind in OF_OUTPUT and (is_redirected or sentence.output not in (*PIPED, "value")):
            return order, noun, ""
        inner = draw.nested()
        inner.values["what"] = Value(noun, noun, noun, noun)
        said = self._wrap(draw, inner, sentence, kind, order, bool(noun), is_redirected or " | " in code)
        if not said:
            return order, noun, ""
        draw.entries.append(f"wrapper {kind}")
        front, _, rest = said.rpartition("\0")
        return rest, "", front

    def _wrap(
        self, draw: Draw, inner: Draw, sentence: Sentence, kind: str, order: str, has_noun: bool, is_long: bool
    ) -> str:
        """The order with what was put around the command (before it, up to a null character), or nothing."""
        code = sentence.code
        say = self.phrases
        if kind == "variable":
            said = (
                draw.choice((say["save"], say["assign"]))(inner) if has_noun else f"{order} {say['then_save'](inner)}"
            )
            sentence.code = _assignment(draw, inner.values["var"].raw, code)
            return said
        if kind in ("echo", "print_text"):
            if not has_noun or (kind == "print_text" and '"' in code):
                return ""
            said = say[kind](inner)
            if kind == "echo":
                sentence.code = f"echo $({code})" if draw.chance(0.5) else f'echo "$({code})"'
            else:
                sentence.code = f'echo "{inner.values["message"].raw} $({code})"'
            return said
        if kind in OPERATORS:
            said = say[kind](inner) if has_noun else f"{order} {say['then_' + kind](inner)}"
            sentence.code = f"{code} {OPERATORS[kind]} {inner.values['newfile'].code}"
            return said
        if kind == "ssh":
            if "'" in code or code.startswith(("ssh", "scp", "rsync", "sudo")):
                return ""
            said = say["ssh"](inner)
            sentence.code = f"ssh {inner.values['host'].raw} '{code}'"
            return f"{said}\0{order}" if draw.chance(0.4) else f"{order} {said}"
        if kind == "watch":
            if "'" in code:
                return ""
            said = f"{say['watch'](inner)}\0{order}" if draw.chance(0.4) else f"{order} {say['watch'](inner)}"
            is_plain = code.replace(" ", "").replace("-", "").isalnum() and draw.chance(0.5)
            sentence.code = f"watch -n {inner.values['few'].raw} " + (code if is_plain else f"'{code}'")
            return said
        # The rest is about one command alone.
        if is_long:
            return ""
        said = say[kind](inner)
        if kind == "both":
            template = draw.choice(("{} > {} 2>&1", "{} &> {}")) if "{" not in code else "{} > {} 2>&1"
            sentence.code = template.format(code, inner.values["newfile"].code)
            return f"{order} {said}"
        if kind == "no_errors":
            sentence.code = f"{code} 2>/dev/null" if draw.chance(0.7) else f"{code} 2> /dev/null"
            return f"{order}, {said}"
        if kind == "background":
            sentence.code = f"{code} &"
            return f"{order} {said}"
        if kind == "nohup":
            sentence.code = f"nohup {code} &"
            return f"{order}, {said}"
        sentence.code = f"timeout {inner.values['seconds'].raw} {code}"
        return f"{order}, {said}"


def _assignment(draw: Draw, name: str, code: str) -> str:
    part = draw.random()
    if part < 0.12 and not any(mark in code for mark in ("`", "$(", "\\")):
        return f"{name}=`{code}`"
    return f'{name}="$({code})"' if part < 0.27 else f"{name}=$({code})"


__all__ = ["Wrappers"]
