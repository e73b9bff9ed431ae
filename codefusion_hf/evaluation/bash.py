# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Bash: syntactic validity and command templates.

**Template match.** The template of a command keeps its utilities, flags and operators and replaces every other word
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
  utilities in `SINGLE_DASH_LONG_OPTIONS` (`java -jar`, `convert -resize`).
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
import os
import re
import subprocess
from collections import deque
from collections.abc import Iterable

from codefusion_hf.evaluation.metrics.exact_match import normalize_whitespace


try:
    import bashlex
    import bashlex.ast
except ImportError as error:
    raise ImportError(
        "Bash templates need bashlex, which is not installed: `pip install 'codefusion-hf[evaluation]'`."
    ) from error


PLACEHOLDER = "ARG"

# Utilities whose options are words behind a single dash. `find` is not here: it has a grammar of its own below.
SINGLE_DASH_LONG_OPTIONS = frozenset(
    """
    animate c++ cc clang clang++ compare composite convert display ffmpeg ffplay ffprobe g++ gcc go groff identify
    import java javac kill ld lshw lynx magick mencoder mogrify montage mplayer openssl qemu qemu-img terraform
    xclip xdpyinfo xrandr xset xterm
    """.split()
)

# Short options that take a value, for utilities common in NL2Bash. They tell the value of `-dx` from a cluster, and
# where the command of a wrapper starts. For an option that is missing here, `-x5` is still read as `-x 5`.
VALUE_OPTIONS = {
    utility: options
    for utilities, options in {
        "awk gawk mawk nawk": "Ffv",
        "bash ksh sh zsh": "c",
        "cp ln mv": "St",
        "cut": "bcdf",
        "date": "dr",
        "df": "Btx",
        "diff": "CIUW",
        "du": "BXdt",
        "egrep fgrep grep zgrep": "ABCDdefm",
        "env": "CSu",
        "exec": "a",
        "head tail": "cn",
        "install mkdir": "m",
        "join": "12aejotv",
        "mysql mysqldump": "DPehpu",
        "nice": "n",
        "nl": "bdfhilnsvw",
        "od": "ANjtw",
        "parallel": "IJLNPadjn",
        "paste": "d",
        "perl": "Ee",
        "ps": "CGUopu",
        "python python2 python3": "cm",
        "read": "Nadnptu",
        "rsync": "ef",
        "sed": "ef",
        "seq": "fs",
        "sort": "STkot",
        "split": "Cabln",
        "stat": "c",
        "stdbuf": "eio",
        "sudo": "CTUghpu",
        "tar": "CTXf",
        "timeout": "ks",
        "touch": "drt",
        "uniq": "fsw",
        "watch": "n",
        "xargs": "EILPadns",
    }.items()
    for utility in utilities.split()
}

# Utilities that have digits for options; elsewhere `-1` is a number.
DIGIT_OPTIONS = {
    utility: digits
    for utilities, digits in {
        "bzip2 gzip xz zip": "123456789",
        "comm": "123",
        "cpio env perl rsync xargs": "0",
        "curl ping ssh scp wget": "46",
        "join": "12",
        "ls": "1",
    }.items()
    for utility in utilities.split()
}

# Utilities that run the command in their operands, with the number of operands before it.
WRAPPERS = {
    "builtin": 0,
    "chroot": 1,
    "command": 0,
    "env": 0,
    "exec": 0,
    "nice": 0,
    "nohup": 0,
    "parallel": 0,
    "setsid": 0,
    "stdbuf": 0,
    "sudo": 0,
    "timeout": 1,
    "watch": 0,
    "xargs": 0,
}

# Utilities whose first operand may be a cluster of options without a dash (`tar xzf`, `ps aux`).
DASHLESS_CLUSTER = frozenset({"ar", "ps", "tar"})

TEST_UTILITIES = frozenset({"[", "test"})
TEST_OPERATORS = frozenset({"!", "(", ")", "<", "=", "==", "!=", ">", "]"})

FIND_UTILITIES = frozenset({"find", "find.exe", "gfind"})
FIND_ACTIONS = frozenset(
    """
    -delete -exec -execdir -fls -fprint -fprint0 -fprintf -ls -ok -okdir -print -print0 -printf -prune -quit
    """.split()
)
FIND_COMMAND_ACTIONS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
FIND_GLOBAL_OPTIONS = frozenset(
    """
    -H -L -P -d -daystart -depth -follow -ignore_readdir_race -maxdepth -mindepth -mount -noignore_readdir_race -noleaf
    -nowarn -regextype -warn -xdev
    """.split()
)
FIND_VALUE_PREDICATES = frozenset(
    """
    -amin -anewer -atime -cmin -cnewer -context -ctime -flags -fls -fprint -fprint0 -fprintf -fstype -gid -group
    -ilname -iname -inum -ipath -iregex -iwholename -links -lname -maxdepth -mindepth -mmin -mtime -name -path -perm
    -printf -regex -regextype -samefile -size -type -uid -used -user -wholename -xtype
    """.split()
)

# A `;` before one of these separates nothing.
CLOSING_WORDS = frozenset({")", ";", "do", "done", "elif", "else", "fi", "then", "}"})

# Where the word that holds `${` has no `}` after it (as in `x'${y'`), bashlex 0.18 starts the word again for ever
# (`subst._paramexpand`). Words are not known before parsing, so a `${` counts as closed only if its `}` comes before
# white space or a quote; of the 9,068 training commands of NL2Bash this turns away 5 that bashlex would parse.
UNCLOSED_PARAMETER = re.compile(r"""\$\{[^}\s'"]*(?:[\s'"]|$)""")

# The end of a line that goes on, to be replaced by group 1: a backslash that is escaped itself stays.
CONTINUED_LINE = re.compile(r"(\\\\)|\\\n")

# Blank lines and comments before a statement, and the end of the line before it. The look-ahead keeps what is matched
# from ending in the middle of a comment.
NEXT_STATEMENT = re.compile(r"(?:[ \t\n]|\\\n|#[^\n]*(?:\n|\Z))*(?=[^ \t\n#\\]|\\(?!\n))")

# What follows the command in a substitution; anything else has not been parsed.
SUBSTITUTION_END = re.compile(r"[ \t\n]*[)`]")

SYNTAX_CHECK_SECONDS = 5.0


@functools.lru_cache(maxsize=2**14)
def is_valid_bash(code: str) -> bool:
    """
    Whether Bash accepts the syntax of the code, by `bash -n`, which parses and does not run.

    The code is passed on standard input to an argument list (no shell is started for it), with an environment that
    holds nothing but `PATH` and the C locale, so that no start-up file (`BASH_ENV`) is read.

    Args:
        code (`str`):
            The code to parse.

    Returns:
        `bool`: `True` if `bash -n` exits with 0. Blank code is no program and gives `False`, although Bash accepts it,
        and so does code that Bash does not finish parsing in 5 seconds.

    Raises:
        `FileNotFoundError`: If `bash` is not installed: a figure that silently means something else is worse than
            none.
    """
    if not code.strip():
        return False
    try:
        result = subprocess.run(
            ["bash", "-n"],
            input=code.encode("utf-8", "surrogatepass"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            timeout=SYNTAX_CHECK_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise FileNotFoundError("`bash -n` checks the syntax of Bash, but no `bash` was found on the PATH.") from error
    except subprocess.TimeoutExpired:
        return False
    return result.returncode == 0


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
    return _parsed_template(code) or normalize_whitespace(code)


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


class BashSyntaxError(ValueError):
    """bashlex cannot parse the code."""


def parse_bash(code: str) -> list["bashlex.ast.node"]:
    """
    Parse code with bashlex.

    Args:
        code (`str`):
            The code to parse.

    Returns:
        `list[bashlex.ast.node]`: One tree for each statement that ends with its line; none if there is no statement.

    Raises:
        `BashSyntaxError`: If bashlex fails (it has errors of its own, and raises `NotImplementedError`,
            `AttributeError`, `IndexError`, `AssertionError` and others where its grammar has gaps), if the code has a
            `${` on which it might never return, or a substitution that it does not read to the end.
    """
    if UNCLOSED_PARAMETER.search(CONTINUED_LINE.sub(r"\1", code)):
        raise BashSyntaxError(f"bashlex may not return from the `${{` in {code!r}.")
    try:
        # `bashlex.parse` takes a blank line or a comment for the end of the code.
        trees = []
        start = 0
        while following := NEXT_STATEMENT.match(code, start):
            start = following.end()
            tree = bashlex.parsesingle(code[start:])
            bashlex.ast.posshifter(start).visit(tree)
            trees.append(tree)
            extent = _ExtentVisitor(code)
            extent.visit(tree)
            start = extent.end
    except Exception as error:
        raise BashSyntaxError(f"bashlex cannot parse {code!r}: {type(error).__name__}: {error}") from error
    return trees


class _ExtentVisitor(bashlex.ast.nodevisitor):
    """Finds where a tree ends, here-documents included, and checks the substitutions in its words."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.end = 0

    def visitnode(self, node: "bashlex.ast.node") -> None:
        self.end = max(self.end, node.pos[1])

    def visitword(self, node: "bashlex.ast.node", word: str) -> bool:
        # In a word, bashlex counts characters after it has joined continued lines.
        substitutions = _SubstitutionVisitor(CONTINUED_LINE.sub(r"\1", self.code[slice(*node.pos)]), node.pos[0])
        for part in node.parts:
            substitutions.visit(part)
        return False

    visitassignment = visitword


class _SubstitutionVisitor(bashlex.ast.nodevisitor):
    """Checks that substitutions are parsed to their ends: of several lines, bashlex takes all but one for text."""

    def __init__(self, word: str, start: int) -> None:
        self.word = word
        self.start = start

    def visitcommandsubstitution(self, node: "bashlex.ast.node", command: "bashlex.ast.node") -> None:
        if not SUBSTITUTION_END.match(self.word, command.pos[1] - self.start):
            raise BashSyntaxError("bashlex does not read a substitution to its end.")

    visitprocesssubstitution = visitcommandsubstitution


class _CommandVisitor(bashlex.ast.nodevisitor):
    """Collects utilities and their flags from a tree, substitutions included."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, set[str]]] = []

    def visitcommand(self, node: "bashlex.ast.node", parts: list["bashlex.ast.node"]) -> None:
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


def _statement_tokens(trees: Iterable["bashlex.ast.node"]) -> list[str]:
    """Join statements with `;`, and drop each `;` that only separates (`ls;`, `; done`)."""
    tokens: list[str] = []
    for tree in trees:
        tokens += [*_node_tokens(tree), ";"]
    kept: list[str] = []
    for token, following in itertools.zip_longest(tokens, tokens[1:], fillvalue=")"):
        if token != ";" or not (following in CLOSING_WORDS or kept[-1:] == ["&"]):
            kept.append(token)
    return kept


def _node_tokens(node: "bashlex.ast.node") -> list[str]:
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


def _redirect_tokens(node: "bashlex.ast.node") -> list[str]:
    default_descriptor = 0 if node.type.startswith("<") else 1
    descriptor = "" if node.input in (None, default_descriptor) else str(node.input)
    if isinstance(node.output, bashlex.ast.node):
        return [descriptor + node.type, _operand(node.output)]
    return [f"{descriptor}{node.type}{node.output}"]


def _operand(node: "bashlex.ast.node") -> str:
    """A placeholder, or the templates of the substitutions in the word."""
    substitutions = []
    for part in node.parts:
        if part.kind == "commandsubstitution":
            substitutions.append(f"$( {' '.join(_statement_tokens([part.command]))} )")
        elif part.kind == "processsubstitution":
            substitutions.append(f"{node.word[0]}( {' '.join(_statement_tokens([part.command]))} )")
    return " ".join(substitutions) or PLACEHOLDER


def _command_tokens(parts: list["bashlex.ast.node"]) -> list[str]:
    words = [part for part in parts if part.kind in ("assignment", "word")]
    first = next((index for index, word in enumerate(words) if word.kind == "word"), len(words))
    assignments = [f"{PLACEHOLDER}={_operand(word)}" for word in words[:first]]
    redirects = [token for part in parts if part.kind == "redirect" for token in _redirect_tokens(part)]
    return assignments + _utility_tokens(words[first:]) + redirects


def _utility_tokens(words: list["bashlex.ast.node"]) -> list[str]:
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


def _utility_name(node: "bashlex.ast.node") -> str:
    """
    The base name of the utility; a placeholder if it is only known when the command runs, or if it is quoted and would
    read as a script or an operator (`watch 'ls -l'`, `\\;`).
    """
    is_computed = any(part.kind != "tilde" for part in node.parts)
    name = node.word.rstrip("/").rpartition("/")[2]
    if is_computed or not name or name in CLOSING_WORDS or re.search(r"[\s|&;()<>]", name):
        return _operand(node)
    return name


def _test_token(node: "bashlex.ast.node") -> str:
    if node.word in TEST_OPERATORS or re.fullmatch("-[A-Za-z]+", node.word):
        return node.word
    return _operand(node)


def _wrapper_tokens(name: str, arguments: list["bashlex.ast.node"]) -> list[str]:
    words = deque(arguments)
    own: list[bashlex.ast.node] = []
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


def _argument_tokens(name: str, arguments: list["bashlex.ast.node"]) -> list[str]:
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


def _find_tokens(arguments: list["bashlex.ast.node"]) -> list[str]:
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


def _find_expression_tokens(
    words: deque["bashlex.ast.node"], global_options: list[list[str]], is_nested: bool
) -> list[str]:
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


def _find_primary_tokens(word: "bashlex.ast.node", words: deque["bashlex.ast.node"]) -> list[str]:
    """Tokens of one test, action or option; its values are consumed from `words`."""
    text = word.word
    if text in FIND_COMMAND_ACTIONS:
        command: list[bashlex.ast.node] = []
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
