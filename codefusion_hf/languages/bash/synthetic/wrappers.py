# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""What people put around any command: sudo, variables, files for the output, other machines, watch and nohup."""

from codefusion_hf.languages.bash.synthetic.catalogue import Catalogue
from codefusion_hf.languages.bash.synthetic.phrases import Draw, compile_phrase
from codefusion_hf.languages.bash.synthetic.queries import Weighted
from codefusion_hf.languages.bash.synthetic.sentences import PIPED, Sentence


# How often each is put around a command that it fits, in all and by kind.
WRAPPED = 0.16
KINDS = {
    "variable": 40, "file": 14, "append": 4, "no errors": 6, "both": 4, "tee": 3, "echo": 8, "watch": 6, "ssh": 5,
    "nohup": 3, "background": 3, "timeout": 2, "print text": 8,
}  # fmt: skip


class Wrappers:
    """
    Puts things around commands.

    Args:
        catalogue ([`Catalogue`]):
            Where values come from.
    """

    def __init__(self, catalogue: Catalogue):
        kinds, phrases = set(catalogue.kinds), set(catalogue.phrases)

        def compile(text: str):
            return compile_phrase(text, kinds, phrases)

        self.kinds = Weighted(list(KINDS), list(KINDS.values()))
        self.root = compile(
            "(as root|with sudo|as the superuser|with root privileges|with superuser privileges|using sudo|as root|as super user)"
        )
        self.variable = compile("(<save>|assign|set) \0 (in|to|into) {var}")
        self.phrases = {
            name: compile(text)
            for name, text in {
                "variable": "((save|store|put) \0 in|assign \0 to|set {var} to \0|set the value of {var} to \0|capture \0 in) ",
                "file": "((save|write|store) \0 (to|in|into) {newfile}|redirect \0 (to|into) {newfile})",
                "append": "(append \0 to {newfile}|add \0 to the end of {newfile})",
                "no errors": "((ignoring|hiding|discarding|suppressing) (error messages|errors)|without (showing|) error messages)",
                "both": "(and (save|write|redirect) (both|) (the output and the errors|standard output and standard error) to {newfile})",
                "tee": "(print \0 and also (save|write) (it|them|the output) to {newfile}|<show> \0 and save (it|the output) to {newfile} as well)",
                "echo": "(echo|print with echo) \0",
                "print text": "<print> {message.n} (followed by|and then|and) \0",
                "watch": "(every {few} seconds,|every {few} seconds) ",
                "ssh": "(on {host}|on the remote host {host.n}|on {host.n} over ssh|over ssh on {host.n}|via ssh on {host.n})",
                "nohup": "(in the background, immune to hangups|in the background so that it survives logging out|in the background with nohup)",
                "background": "in the background",
                "timeout": "(for at most {seconds} seconds|with a time limit of {seconds} seconds|killing it after {seconds} seconds)",
            }.items()
        }

    def wrap(self, draw: Draw, sentence: Sentence, root: float) -> tuple[str, str]:
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
            `tuple[str, str]`: the order, and the noun phrase or an empty string.
        """
        order, noun = sentence.say(draw), sentence.noun if not sentence.steps else ""
        code = sentence.code
        if root and draw.random() < root and not code.startswith(("sudo", "(", "for ", "while ", "if ", "[", "{")):
            sentence.code = f"sudo {code}"
            said = self.root(draw)
            return (f"{order} {said}" if draw.chance(0.7) else f"{said}, {order}"), ""
        if draw.random() >= WRAPPED or " && " in code or "; " in code or code.endswith("&"):
            return order, noun
        kind = self.kinds.draw(draw.random)
        inner = draw.nested()
        is_printing = sentence.output in PIPED or sentence.output == "value"
        has_redirection = ">" in code.replace("->", "")
        simple = code.split(" ", 1)[0] not in (
            "cd",
            "export",
            "source",
            "alias",
            "set",
            "shopt",
            "read",
            "history",
            "jobs",
            "fg",
            "bg",
            "pushd",
            "popd",
            "unset",
            "exit",
            "umask",
            "ulimit",
            "trap",
            "wait",
            "declare",
            "local",
        )
        simple = simple and "=" not in code.split(" ", 1)[0]
        if kind in ("variable", "echo", "print text", "file", "append", "tee", "both") and (
            not is_printing or has_redirection or not simple
        ):
            return order, noun
        if kind == "variable":
            return self._variable(draw, inner, sentence, order, noun)
        if kind in ("echo", "print text"):
            if not noun or '"' in code and kind == "print text":
                return order, noun
            if kind == "echo":
                sentence.code = f"echo $({code})" if draw.chance(0.5) else f'echo "$({code})"'
            else:
                text = inner.value("message", "message").raw
                sentence.code = f'echo "{text} $({code})"'
            draw.entries.append(f"wrapper {kind}")
            return self.phrases[kind](inner).replace("\0", noun), ""
        if kind in ("file", "append", "tee"):
            file = inner.value("newfile", "newfile")
            said = self.phrases[kind](inner).replace("\0", noun) if noun else ""
            if not noun:
                verb = {
                    "file": "save the output to",
                    "append": "append the output to",
                    "tee": "also save the output to",
                }[kind]
                said = f"{order} and {verb} {file.say}"
            operator = {"file": ">", "append": ">>", "tee": "| tee"}[kind]
            sentence.code = f"{code} {operator} {file.code}"
        elif kind == "both":
            file = inner.value("newfile", "newfile")
            said = f"{order} {self.phrases[kind](inner)}"
            sentence.code = (
                draw.choice(("{} > {} 2>&1", "{} &> {}")).format(code, file.code)
                if "{" not in code
                else f"{code} > {file.code} 2>&1"
            )
            if " | " in code:
                sentence.code = code
                return order, noun
        elif kind == "no errors":
            if has_redirection or " | " in code or not simple:
                return order, noun
            said = f"{order}, {self.phrases[kind](inner)}"
            sentence.code = f"{code} 2>/dev/null" if draw.chance(0.7) else f"{code} 2> /dev/null"
        elif kind == "watch":
            if not is_printing or not simple or has_redirection or "'" in code:
                return order, noun
            seconds = inner.value("few", "few").raw
            said = f"{self.phrases[kind](inner)} {order}"
            sentence.code = (
                f"watch -n {seconds} '{code}'"
                if not code.replace(" ", "").replace("-", "").isalnum() or draw.chance(0.5)
                else f"watch -n {seconds} {code}"
            )
        elif kind == "ssh":
            if not simple or "'" in code or code.startswith(("ssh", "scp", "rsync")):
                return order, noun
            host = inner.value("host", "host").raw
            sentence.code = f"ssh {host} '{code}'"
            said = (
                f"{self.phrases[kind](inner)}, {order}" if draw.chance(0.4) else f"{order} {self.phrases[kind](inner)}"
            )
        elif kind in ("nohup", "background"):
            if (
                not simple
                or " | " in code
                or has_redirection
                or code.startswith(("(", "for ", "while ", "if ", "[", "{"))
            ):
                return order, noun
            sentence.code = f"nohup {code} &" if kind == "nohup" else f"{code} &"
            said = (
                f"{order}, {self.phrases[kind](inner)}" if kind == "nohup" else f"{order} {self.phrases[kind](inner)}"
            )
        else:
            if (
                not simple
                or " | " in code
                or has_redirection
                or code.startswith(("(", "for ", "while ", "if ", "[", "{"))
            ):
                return order, noun
            seconds = inner.value("seconds", "seconds").raw
            said = f"{order}, {self.phrases[kind](inner)}"
            sentence.code = f"timeout {seconds} {code}"
        draw.entries.append(f"wrapper {kind}")
        return said, ""

    def _variable(self, draw: Draw, inner: Draw, sentence: Sentence, order: str, noun: str) -> tuple[str, str]:
        variable = inner.value("var", "var")
        name = variable.raw
        code = sentence.code
        if noun:
            part = draw.random()
            if part < 0.5:
                said = f"{draw.choice(('save', 'store', 'put', 'save'))} {noun} in {variable.say}"
            elif part < 0.75:
                said = f"assign {noun} to {variable.say}"
            else:
                said = f"set {variable.say} to {noun}"
        else:
            said = f"{order} and {draw.choice(('save', 'store', 'put'))} the {draw.choice(('result', 'output'))} in {variable.say}"
        if draw.random() < 0.12 and "`" not in code:
            sentence.code = f"{name}=`{code}`" if "$(" not in code and "\\" not in code else f"{name}=$({code})"
        else:
            sentence.code = f'{name}="$({code})"' if draw.random() < 0.15 else f"{name}=$({code})"
        draw.entries.append("wrapper variable")
        return said, ""


__all__ = ["Wrappers"]
