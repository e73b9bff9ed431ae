# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Templates of Bash commands.

The template of a command keeps its utilities, flags and operators and replaces every other word
by a placeholder. The idea is that of the template accuracy of NL2Bash (Lin et al., 2018,
https://aclanthology.org/L18-1491); the CodeFusion paper reports template match on NL2Bash and does not publish its
normaliser, so the rules are stated here. Two commands match when their templates are equal:

- The command is parsed by bashlex. What bashlex cannot parse (`case`, `select`, `time`, `coproc`, `[[ ... ]]`,
  arithmetic, quotes or white space inside `${ }`, substitutions of several lines, malformed code) counts as a plain
  string with normalised whitespace. In a word of several quoted pieces, bashlex takes `$( )` in single quotes for a
  substitution (`x'$(y)'`), and sees none in a word that begins and ends with one (`'x'$(y)'z'`); so do templates.
- *Utilities* are compared by their base name (`/bin/ls` is `ls`). The command that a wrapper (`sudo`, `xargs`, `env`,
  ...) or `find -exec` runs is a command of its own, so its utility is kept too.
- *Flags* are compared without regard to their order. Clusters of short options are split (`-rf` is `-r -f`), values
  written onto an option become a placeholder (`-n5` is `-n 5`, `--lines=5` is `--lines 5`), and a number such as `-1`
  or `+7` is a value, not a flag, except where a utility names options by digits (`ls -1`, `comm -23`, `xargs -0`).
- *Single-dash long options* are not split: the predicates of `find` (`-name`, `-mtime`), and every option of the
  utilities that `utilities.yaml` lists (`java -jar`, `convert -resize`).
- The expression of `find` is kept in order across its operators (`!`, `-o`, `( )`, `,`) and its actions (`-exec`,
  `-print`, `-delete`, `-prune`, ...), where order changes what happens; the tests between them are in any order, and
  options such as `-maxdepth` stand anywhere. `-a` is implied, `-not` is `!`, `-or` is `-o`.
- *Operators* are pipes, lists, redirections with their file descriptors (`1>` is `>`), substitutions (backticks are
  `$( )`, and the template of the command inside is kept), compound commands, and the operators of `test` and `[`.
- Not kept, as they are words: subcommands (`git push`), the values of options (`-type f`), programs in quotes (awk,
  sed, `sh -c`), the names and values of variables.
"""

import functools
import itertools
import re
from collections import deque
from collections.abc import Iterable

from codefusion_hf.languages.bash.parser import BashSyntaxError, Node, NodeVisitor, parse_bash
from codefusion_hf.languages.bash.utilities import (
    DASHLESS_CLUSTER,
    DIGIT_OPTIONS,
    FIND_ACTIONS,
    FIND_COMMAND_ACTIONS,
    FIND_GLOBAL_OPTIONS,
    FIND_UTILITIES,
    FIND_VALUE_PREDICATES,
    SINGLE_DASH_LONG_OPTIONS,
    VALUE_OPTIONS,
    WRAPPERS,
)


PLACEHOLDER = "ARG"

TEST_UTILITIES = frozenset({"[", "test"})
TEST_OPERATORS = frozenset({"!", "(", ")", "<", "=", "==", "!=", ">", "]"})

# A `;` before one of these separates nothing.
CLOSING_WORDS = frozenset({")", ";", "do", "done", "elif", "else", "fi", "then", "}"})


def bash_template(code: str) -> str:
    """
    The template of a command: utilities, flags and operators kept, other words replaced by `ARG`.

    The module's docstring has the full definition. Any string is accepted: one that bashlex cannot parse, or that is
    nested too deep to walk, is its own template.

    Args:
        code (`str`):
            The command, of one line or more.

    Returns:
        `str`: The template, for instance `find ARG -mtime ARG -name ARG -exec rm -f ARG \\;` for
        `find . -name '*.log' -mtime +7 -exec rm -f {} \\;`, or the code with normalised whitespace if it does not
        parse.
    """
    return _parsed_template(code) or " ".join(code.split())


def is_parsable_bash(code: str) -> bool:
    """
    Whether [`bash_template`] gives more than the string itself: bashlex parses the code, and there is a command in it.

    This is not validity: Bash has constructs that bashlex does not know (see [`is_valid_bash`]).

    Args:
        code (`str`):
            Any string.

    Returns:
        `bool`: `False` for what counts as a plain string, blank code and comments among it.
    """
    return _parsed_template(code) is not None


@functools.lru_cache(maxsize=2**16)
def _parsed_template(code: str) -> str | None:
    try:
        return " ".join(_statement_tokens(parse_bash(code))) or None
    except (BashSyntaxError, RecursionError):
        return None


@functools.lru_cache(maxsize=2**16)
def utilities_and_flags(code: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """
    The utilities that code runs, in the order in which they stand, each with its set of flags.

    Utilities and flags are those of the template; `-o` of `find` is an operator. A command that a wrapper such as
    `xargs` or `find -exec` runs comes after it, with flags of its own, and so does one in a substitution.

    Args:
        code (`str`):
            The code, of one line or more.

    Returns:
        `tuple[tuple[str, frozenset[str]], ...]`: For instance `(("find", {"-name", "-exec"}), ("rm", {"-f"}))` for
        `find . -name x -exec rm -f {} +`. Empty if the code runs no utility, as `x=1` does not.

    Raises:
        `BashSyntaxError`: If bashlex cannot parse the code, or it is nested too deep to walk.
    """
    visitor = _CommandVisitor()
    try:
        for tree in parse_bash(code):
            visitor.visit(tree)
    except RecursionError as error:
        raise BashSyntaxError(f"The code is nested too deep to walk: {code!r}.") from error
    return tuple((name, frozenset(flags)) for name, flags in visitor.commands)


class _CommandVisitor(NodeVisitor):
    """Collects utilities and their flags from a tree, substitutions included."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, set[str]]] = []

    def visitcommand(self, node: Node, parts: list[Node]) -> None:
        words = [part for part in parts if part.kind in ("assignment", "word")]
        first = next((index for index, word in enumerate(words) if word.kind == "word"), len(words))
        name, flags = "", set[str]()
        # The `find` commands that go on when the command of their `-exec` ends.
        interrupted: list[tuple[str, set[str]]] = []
        is_name = True
        for token in _utility_tokens(words[first:]):
            if interrupted and token in ("\\;", "+"):
                (name, flags), is_name = interrupted.pop(), False
            elif is_name or (name in WRAPPERS and not token.startswith((PLACEHOLDER, "-", "$(", "<(", ">("))):
                name, flags, is_name = token, set(), False
                self.commands.append((name, flags))
            elif token.startswith("-") and not (name in FIND_UTILITIES and token == "-o"):
                flags.add(token)
                if name in FIND_UTILITIES and token in FIND_COMMAND_ACTIONS:
                    interrupted.append((name, flags))
                    is_name = True


def _statement_tokens(trees: Iterable[Node]) -> list[str]:
    """Join statements with `;`, and drop each `;` that only separates (`ls;`, `; done`)."""
    tokens: list[str] = []
    for tree in trees:
        tokens += [*_node_tokens(tree), ";"]
    kept: list[str] = []
    for token, following in itertools.zip_longest(tokens, tokens[1:], fillvalue=")"):
        if token != ";" or not (following in CLOSING_WORDS or kept[-1:] == ["&"]):
            kept.append(token)
    return kept


def _node_tokens(node: Node) -> list[str]:
    if node.kind == "command":
        return _command_tokens(node.parts)
    if node.kind == "word":
        return [_operand(node)]
    if node.kind == "reservedword":
        return [";" if node.word == "\n" else node.word]
    if node.kind == "operator":
        return [";" if node.op == "\n" else node.op]
    if node.kind == "pipe":
        return [node.pipe]
    if node.kind == "redirect":
        return _redirect_tokens(node)
    if node.kind == "function":
        # The name is a utility of the commands that follow, so it stays; `function f` and `f()` are the same.
        return [node.name.word, "()", *_node_tokens(node.body)]
    children = [*node.list, *node.redirects] if node.kind == "compound" else node.parts
    return [token for child in children for token in _node_tokens(child)]


def _redirect_tokens(node: Node) -> list[str]:
    default_descriptor = 0 if node.type.startswith("<") else 1
    descriptor = "" if node.input in (None, default_descriptor) else str(node.input)
    if isinstance(node.output, Node):
        return [descriptor + node.type, _operand(node.output)]
    return [f"{descriptor}{node.type}{node.output}"]


def _operand(node: Node) -> str:
    """A placeholder, or the templates of the substitutions in the word."""
    substitutions = []
    for part in node.parts:
        if part.kind == "commandsubstitution":
            substitutions.append(f"$( {' '.join(_statement_tokens([part.command]))} )")
        elif part.kind == "processsubstitution":
            substitutions.append(f"{node.word[0]}( {' '.join(_statement_tokens([part.command]))} )")
    return " ".join(substitutions) or PLACEHOLDER


def _command_tokens(parts: list[Node]) -> list[str]:
    words = [part for part in parts if part.kind in ("assignment", "word")]
    first = next((index for index, word in enumerate(words) if word.kind == "word"), len(words))
    assignments = [f"{PLACEHOLDER}={_operand(word)}" for word in words[:first]]
    redirects = [token for part in parts if part.kind == "redirect" for token in _redirect_tokens(part)]
    return assignments + _utility_tokens(words[first:]) + redirects


def _utility_tokens(words: list[Node]) -> list[str]:
    if not words:
        return []
    name, arguments = _utility_name(words[0]), words[1:]
    if name in FIND_UTILITIES:
        return [name, *_find_tokens(arguments)]
    if name in TEST_UTILITIES:
        return [name, *(_test_token(word) for word in arguments)]
    if name in WRAPPERS:
        return [name, *_wrapper_tokens(name, arguments)]
    return [name, *_argument_tokens(name, arguments)]


def _utility_name(node: Node) -> str:
    """
    The base name of the utility; a placeholder if it is only known when the command runs, or if it is quoted and would
    read as a script or an operator (`watch 'ls -l'`, `\\;`).
    """
    is_computed = any(part.kind != "tilde" for part in node.parts)
    name = node.word.rstrip("/").rpartition("/")[2]
    if is_computed or not name or name in CLOSING_WORDS or re.search(r"[\s|&;()<>]", name):
        return _operand(node)
    return name


def _test_token(node: Node) -> str:
    if node.word in TEST_OPERATORS or re.fullmatch("-[A-Za-z]+", node.word):
        return node.word
    return _operand(node)


def _wrapper_tokens(name: str, arguments: list[Node]) -> list[str]:
    words = deque(arguments)
    own: list[Node] = []
    operands = WRAPPERS[name]
    while words:
        text = words[0].word
        if text == "--":
            own.append(words.popleft())
            break
        flags, _, takes_next = _split_option(name, text)
        is_assignment = name in ("env", "sudo") and re.match(r"[A-Za-z_]\w*=", text)
        if not flags and not is_assignment:
            if operands == 0:
                break
            operands -= 1
        own.append(words.popleft())
        if takes_next and words:
            own.append(words.popleft())
    return _argument_tokens(name, own) + _utility_tokens(list(words))


def _argument_tokens(name: str, arguments: list[Node]) -> list[str]:
    """Flags in sorted order, then their values in the order of the flags, then the operands."""
    options: list[tuple[str, list[str]]] = []
    operands: list[str] = []
    words = deque(arguments)
    if name in DASHLESS_CLUSTER and words and re.fullmatch("[A-Za-z]+", words[0].word):
        options += [(f"-{letter}", []) for letter in words.popleft().word]
    while words:
        word = words.popleft()
        if word.word == "--":
            operands += [_operand(operand) for operand in words]
            break
        flags, has_value, takes_next = _split_option(name, word.word)
        if not flags:
            operands.append(_operand(word))
            continue
        options += [(flag, []) for flag in flags]
        if has_value:
            options[-1][1].append(_operand(word))
        elif takes_next and words:
            options[-1][1].append(_operand(words.popleft()))
    options.sort(key=lambda option: option[0])
    return [flag for flag, _ in options] + [value for _, values in options for value in values] + operands


def _split_option(name: str, text: str) -> tuple[list[str], bool, bool]:
    """
    Split an option word of a utility: its flags (none: the word is an operand), whether a value is written onto the
    last one, and whether the last one takes the next word.
    """
    if text.startswith("--"):
        flag, has_value, _ = text.partition("=")
        return [flag], bool(has_value), False
    if name in SINGLE_DASH_LONG_OPTIONS and re.match("-[A-Za-z]", text):
        flag, has_value, _ = text.partition("=")
        return [flag], bool(has_value), False
    if not text.startswith("-"):
        return [], False, False
    flags: list[str] = []
    for position, character in enumerate(text[1:], start=1):
        if not (re.match("[A-Za-z]", character) or character in DIGIT_OPTIONS.get(name, "")):
            return flags, bool(flags), False
        flags.append(f"-{character}")
        if character in VALUE_OPTIONS.get(name, ""):
            is_last = position == len(text) - 1
            return flags, not is_last, is_last
    return flags, False, False


def _find_tokens(arguments: list[Node]) -> list[str]:
    words = deque(arguments)
    global_options: list[list[str]] = []
    paths: list[str] = []
    while words and words[0].word not in ("!", "(", ")", ","):
        if words[0].word in FIND_GLOBAL_OPTIONS:
            global_options.append(_find_primary_tokens(words.popleft(), words))
        elif words[0].word.startswith("-"):
            break
        else:
            paths.append(_operand(words.popleft()))
    expression = _find_expression_tokens(words, global_options, is_nested=False)
    return paths + [token for option in sorted(global_options) for token in option] + expression


def _find_expression_tokens(words: deque[Node], global_options: list[list[str]], is_nested: bool) -> list[str]:
    """Consume an expression up to its `)`: sort the tests between operators and actions, move global options out."""
    tokens: list[str] = []
    tests: list[list[str]] = []
    negations: list[str] = []

    def flush_tests() -> None:
        tokens.extend(token for test in sorted(tests) for token in test)
        tests.clear()

    while words:
        word = words.popleft()
        if word.word in ("-a", "-and"):
            continue
        if word.word in ("!", "-not"):
            negations.append("!")
            continue
        if word.word == ")" and is_nested:
            break
        if word.word in ("-o", "-or", ",", ")"):
            flush_tests()
            tokens.append({"-or": "-o", ")": "\\)"}.get(word.word, word.word))
            continue
        if word.word == "(":
            primary = ["\\(", *_find_expression_tokens(words, global_options, is_nested=True), "\\)"]
        else:
            primary = _find_primary_tokens(word, words)
        if primary[0] in FIND_GLOBAL_OPTIONS:
            global_options.append(primary)
            continue
        primary = negations + primary
        negations = []
        if FIND_ACTIONS.isdisjoint(primary):
            tests.append(primary)
        else:
            flush_tests()
            tokens += primary
    flush_tests()
    return tokens + negations


def _find_primary_tokens(word: Node, words: deque[Node]) -> list[str]:
    """Tokens of one test, action or option; its values are consumed from `words`."""
    text = word.word
    if text in FIND_COMMAND_ACTIONS:
        command: list[Node] = []
        terminator: list[str] = []
        while words and not terminator:
            argument = words.popleft()
            if argument.word == ";":
                terminator = ["\\;"]
            elif argument.word == "+" and command and command[-1].word == "{}":
                terminator = ["+"]
            else:
                command.append(argument)
        return [text, *_utility_tokens(command), *terminator]
    if not re.match("-[A-Za-z]", text):
        return [_operand(word)]
    tokens = [text]
    if text in FIND_VALUE_PREDICATES or text.startswith("-newer"):
        number_of_values = 2 if text == "-fprintf" else 1
        while words and len(tokens) <= number_of_values:
            tokens.append(_operand(words.popleft()))
    return tokens


__all__ = ["bash_template", "is_parsable_bash", "utilities_and_flags"]
