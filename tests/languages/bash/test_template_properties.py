# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Templates of commands that hypothesis makes up: what a command does is drawn first (utilities, flags, operators,
predicates), then written down twice, each time in another order and clustering of options, with other arguments,
quotes and white space. Both have one template; that of a command that does something else is another one.
"""

import contextlib
import dataclasses
import re
import signal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


pytest.importorskip("bashlex")

from codefusion_hf.evaluation.metrics.exact_match import normalize_whitespace  # noqa: E402
from codefusion_hf.languages.bash.templates import bash_template, is_parsable_bash  # noqa: E402


# Short options of each utility: those without a value, and those with one. The last one is of no known utility.
OPTIONS = {"grep": ("ilnrv", "em"), "sort": ("bnru", "kt"), "head": ("qvz", "n"), "frobnicate": ("abcx", "")}
OPERATORS = ("|", "||", "&&", ";", "&")
REDIRECTIONS = (">", ">>", "<", "2>", "2>&1")
# Tests of find, and whether they take a value.
TESTS = {"-name": True, "-iname": True, "-type": True, "-mtime": True, "-empty": False, "-readable": False}
ACTIONS = ("-print", "-print0", "-delete", "-exec \\;", "-exec +")


# What bashlex may take for a substitution in quotes that are only a part of a word, and what ends such quotes.
NEEDS_CARE = re.compile(r"""[$`<>(\\"']""")


@dataclasses.dataclass(frozen=True)
class Command:
    utility: str
    flags: str
    value_options: str
    num_operands: int
    substituted: "Command | None" = None
    redirection: str | None = None
    wrapper: str | None = None


@dataclasses.dataclass(frozen=True)
class Find:
    num_paths: int
    # Tests with their negations, joined by "and"; these joined by "or".
    terms: tuple[tuple[tuple[bool, str], ...], ...]
    action: str
    executed: Command


@dataclasses.dataclass(frozen=True)
class Script:
    commands: tuple[Command | Find, ...]
    operators: tuple[str, ...]


def quick(max_examples: int) -> settings:
    # Other work on the machine must not fail a test.
    return settings(
        deadline=None, max_examples=max_examples, database=None, suppress_health_check=[HealthCheck.too_slow]
    )


@st.composite
def commands(draw: st.DrawFn, depth: int = 1) -> Command:
    utility = draw(st.sampled_from(sorted(OPTIONS)))
    flags, value_options = OPTIONS[utility]
    return Command(
        utility=utility,
        flags="".join(draw(st.lists(st.sampled_from(flags), max_size=3, unique=True))),
        value_options="".join(draw(st.lists(st.sampled_from(value_options), max_size=2, unique=True)))
        if value_options
        else "",
        num_operands=draw(st.integers(0, 2)),
        substituted=draw(st.none() | commands(depth - 1)) if depth else None,
        redirection=draw(st.none() | st.sampled_from(REDIRECTIONS)),
        wrapper=draw(st.none() | st.sampled_from(("sudo", "xargs", "nohup"))),
    )


@st.composite
def finds(draw: st.DrawFn) -> Find:
    term = st.lists(st.tuples(st.booleans(), st.sampled_from(sorted(TESTS))), min_size=1, max_size=3).map(tuple)
    return Find(
        num_paths=draw(st.integers(1, 2)),
        terms=tuple(draw(st.lists(term, min_size=1, max_size=2))),
        action=draw(st.sampled_from(ACTIONS)),
        executed=dataclasses.replace(draw(commands(depth=0)), redirection=None),
    )


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    parts = draw(st.lists(commands() | finds(), min_size=1, max_size=3))
    return Script(tuple(parts), tuple(draw(st.sampled_from(OPERATORS)) for _ in parts[1:]))


class Writer:
    """Writes down a script, in one of the many ways there are."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def one_of(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def maybe(self) -> bool:
        return self.draw(st.booleans())

    def script(self, script: Script) -> str:
        code = self.one_of("", " ", "\n", "# x; y\n\n") + self.command(script.commands[0])
        for operator, command in zip(script.operators, script.commands[1:], strict=True):
            if operator == ";":
                code += self.one_of(";", " ; ", "\n", ";\n", "\n\n", " # it's | a comment\n # and one more\n")
            else:
                # `&` right before a redirection would be another operator.
                after = (" ", "\n", "\t\\\n", *(() if operator == "&" else ("",)))
                code += self.one_of("", " ", " \\\n") + operator + self.one_of(*after)
            code += self.command(command)
        return code + self.one_of("", ";", " ", "\n", "\n\n", " # (")

    def command(self, command: Command | Find) -> str:
        words = self.find_words(command) if isinstance(command, Find) else self.command_words(command)
        code = words[0]
        for word in words[1:]:
            code += self.one_of(" ", " ", "  ", "\t", " \\\n") + word
        return code

    def command_words(self, command: Command, in_backticks: bool = False) -> list[str]:
        def argument(is_attached: bool = False) -> str:
            return self.one_of("a", "b.c", "7") if in_backticks else self.argument(is_attached)

        # Clusters of options, each with the value that its last one may have, are put anywhere among the operands.
        clusters: list[list[str]] = []
        can_join = False
        for option in self.draw(st.permutations(command.flags + command.value_options)):
            if can_join and self.maybe():
                clusters[-1][0] += option
            else:
                clusters.append([f"-{option}"])
            can_join = option in command.flags
            if not can_join:
                if self.maybe():
                    clusters[-1][0] += argument(is_attached=True)
                else:
                    clusters[-1].append(argument())
        operands = [argument() for _ in range(command.num_operands)]
        if command.substituted is not None:
            operands.append(self.substitution(command.substituted))
        words: list[str] = []
        remaining = [*clusters]
        for operand in operands:
            while remaining and self.maybe():
                words += remaining.pop(0)
            words.append(operand)
        words += [word for cluster in remaining for word in cluster]
        words.insert(0, self.one_of("", "/bin/", "~/bin/") + command.utility)
        if command.wrapper is not None:
            words.insert(0, self.one_of("", "/usr/bin/") + command.wrapper)
        if command.redirection == "2>&1":
            words.insert(self.draw(st.integers(0, len(words))), "2>&1")
        elif command.redirection is not None:
            descriptor = "1" if command.redirection in (">", ">>") and self.maybe() else ""
            redirection = descriptor + command.redirection + self.one_of("", " ") + argument()
            words.insert(self.draw(st.integers(0, len(words))), redirection)
        return words

    def substitution(self, command: Command) -> str:
        kind = self.one_of("$(", '"$(', "`")
        if kind == "`":
            # What has to be escaped in there is another matter.
            return f"`{' '.join(self.command_words(command, in_backticks=True))}`"
        code = self.one_of("", " ") + self.command(command) + self.one_of("", " ", "\n")
        return f'"$({code})"' if kind == '"$(' else f"$({code})"

    def find_words(self, find: Find) -> list[str]:
        words = ["find", *(self.argument() for _ in range(find.num_paths))]
        for index, term in enumerate(find.terms):
            if index > 0:
                words.append(self.one_of("-o", "-or"))
            for position, (is_negated, test) in enumerate(self.draw(st.permutations(term))):
                if position > 0 and self.maybe():
                    words.append(self.one_of("-a", "-and"))
                if is_negated:
                    words.append(self.one_of("!", "\\!", "-not"))
                words.append(test)
                if TESTS[test]:
                    words.append(self.argument())
        action, _, terminator = find.action.partition(" ")
        words.append(action)
        if terminator:
            words += [*self.command_words(find.executed), self.one_of("{}", "'{}'")]
            words.append(self.one_of("\\;", "';'", '";"') if terminator == "\\;" else "+")
        return words

    def argument(self, is_attached: bool = False) -> str:
        letters = self.draw(st.text("ab1 .*?/=:,+@%_^-é|;&()<>$`\\\"'#!~{}[]", max_size=5))
        # The first letter tells it from options and operators; `${` before white space is not parsed.
        text = self.one_of("a", "b", "7") + re.sub(r"\$\{+", "$", letters)
        if is_attached:
            text = NEEDS_CARE.sub("", text)
        styles = ["backslash", "double"]
        if "'" not in text:
            styles.append("single")
        if re.fullmatch(r"[\w./,:=+@%-]+", text):
            styles.append("bare")
        if not NEEDS_CARE.search(text):
            styles.append("partly")
        style = self.one_of(*styles)
        if style == "single":
            return f"'{text}'"
        if style == "double":
            return '"' + re.sub(r'([\\"$`])', r"\\\1", text) + '"'
        if style == "backslash":
            return re.sub(r"(\W)", r"\\\1", text)
        if style == "partly":
            return f"{text[0]}'{text[1:3]}'\"{text[3:]}\""
        return text


@st.composite
def two_of_a_kind(draw: st.DrawFn) -> tuple[str, str]:
    script = draw(scripts())
    return Writer(draw).script(script), Writer(draw).script(script)


@st.composite
def one_and_all_kinds_of_others(draw: st.DrawFn) -> tuple[str, list[str]]:
    script = draw(scripts())
    return Writer(draw).script(script), [Writer(draw).script(changed) for changed in changed_scripts(draw, script)]


def changed_scripts(draw: st.DrawFn, script: Script) -> list[Script]:
    """Scripts that do something else, each by one change."""
    changed = []
    if script.operators:
        index = draw(st.integers(0, len(script.operators) - 1))
        operators = list(script.operators)
        operators[index] = another(draw, OPERATORS, operators[index])
        changed.append(dataclasses.replace(script, operators=tuple(operators)))
    index = draw(st.integers(0, len(script.commands) - 1))
    command = script.commands[index]
    for other in changed_finds(draw, command) if isinstance(command, Find) else changed_commands(draw, command):
        parts = (*script.commands[:index], other, *script.commands[index + 1 :])
        changed.append(dataclasses.replace(script, commands=parts))
    return changed


def changed_commands(draw: st.DrawFn, command: Command) -> list[Command]:
    changes = [
        {"utility": another(draw, ("fgrep", "uniq", "tail", "mystify"), command.utility)},
        {"flags": command.flags + "y"},
        {"redirection": another(draw, (None, *REDIRECTIONS), command.redirection)},
        {"wrapper": another(draw, (None, "sudo", "xargs", "nohup"), command.wrapper)},
        {"num_operands": command.num_operands + 1},
    ]
    if command.flags:
        changes += [{"flags": command.flags[1:]}, {"flags": "y" + command.flags[1:]}]
    if command.redirection in (">", ">>"):
        changes.append({"redirection": another(draw, (">", ">>"), command.redirection)})
    if command.substituted is not None:
        changes.append({"substituted": draw(st.sampled_from(changed_commands(draw, command.substituted)))})
    return [dataclasses.replace(command, **change) for change in changes]


def changed_finds(draw: st.DrawFn, find: Find) -> list[Find]:
    first_term, *other_terms = find.terms
    (is_negated, test), *other_tests = first_term
    # A test that the term has not, so that the change is not another order.
    new_test = draw(st.sampled_from(sorted(set(TESTS) - {test for _, test in first_term})))
    changes = [
        {"terms": (((is_negated, new_test), *other_tests), *other_terms)},
        {"terms": (((not is_negated, test), *other_tests), *other_terms)},
        {"action": another(draw, ACTIONS, find.action)},
    ]
    if other_terms:
        changes.append({"terms": (first_term + other_terms[0], *other_terms[1:])})
    if other_tests:
        changes.append({"terms": (first_term[:1], first_term[1:], *other_terms)})
    if find.action.startswith("-exec"):
        executed = [other for other in changed_commands(draw, find.executed) if other.redirection is None]
        changes += [{"executed": other} for other in executed]
        changes.append({"action": another(draw, ("-exec \\;", "-exec +"), find.action)})
    return [dataclasses.replace(find, **change) for change in changes]


def another(draw: st.DrawFn, options: tuple, than: str | None):
    return draw(st.sampled_from([option for option in options if option != than]))


@quick(150)
@given(two_of_a_kind())
def test_equivalent_commands_match(codes):
    one, other = codes
    assert is_parsable_bash(one) and is_parsable_bash(other)
    assert bash_template(one) == bash_template(other)


@quick(50)
@given(one_and_all_kinds_of_others())
def test_different_commands_do_not_match(codes):
    one, others = codes
    assert is_parsable_bash(one)
    for other in others:
        assert bash_template(one) != bash_template(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ls a", "\n# all\n\nls b # the rest\n\n"),
        ("cd a; ls", "cd a # first\n# then\n\n\tls"),
        ("(ls); pwd", "(ls)# here\npwd"),
        ("cat <<E | wc; ls\nx\ny\nE", "cat <<E | wc\n\nE\n\n# then\nls"),
        ("echo $(ls | wc)", "echo $( ls |\nwc \n)"),
        ("echo $(ls a)", "echo $(ls \\\\\n)"),
        ('echo "$(ls -l a)"', 'echo "$(ls \\\n -l \\\n a)"'),
    ],
)
def test_blank_lines_and_comments_change_nothing(one, other):
    assert is_parsable_bash(one) and is_parsable_bash(other)
    assert bash_template(one) == bash_template(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ls", "ls\n\nrm a"),
        ("ls", "ls # all\nrm a"),
        ("ls &", "ls & # all\nrm a"),
        ("(ls)# here", "(ls)#\nrm a"),
        ("cat <<E\nx\nE", "cat <<E\nx\nE\n# y\nrm a"),
        ("echo $(ls)", "echo $(ls\nrm a)"),
        ("echo `ls`", "echo `ls\nrm a`"),
        ("cat <(ls)", "cat <(ls; # all\nrm a)"),
        ("echo $(ls $(pwd))", "echo $(ls $(pwd\nrm a))"),
    ],
)
def test_no_line_is_lost(one, other):
    assert is_parsable_bash(one)
    assert bash_template(one) != bash_template(other)


@pytest.mark.parametrize(
    "code", ["", " \n\t", "# ls", "# a\n\n# b", "ls |", "time ls", "echo $(ls\npwd)", "\\\n", "\\"]
)
def test_what_is_not_parsed_is_the_string(code):
    assert not is_parsable_bash(code)
    assert bash_template(code) == normalize_whitespace(code)


REAL_COMMANDS = (
    r"find . -type f \( -name '*.log' -o -size +10M \) -mtime +7 -exec gzip -9 {} \; 2> /dev/null",
    r"""ps aux | awk '{print $2, $11}' | sort -k2 | uniq -c | head -n "${N:-10}" > "$HOME/top.txt" """,
    'for f in *.tar.gz; do tar xzf "$f" -C ${f%.tar.gz} && rm -f -- "$f" || echo "failed: $f" >&2; done',
    'while IFS=: read -r user _ uid _; do [ "$uid" -ge 1000 ] && echo "$user"; done < /etc/passwd',
    "if ! grep -q $'\\t' notes.txt; then sed -i'' -e 's/ \\{4\\}/\\t/g' notes.txt; fi",
    "cat <<-'E' | tee >(wc -l > lines) >(md5sum) | diff - <(curl -fsSL \"https://a.org/?b=$(date +%s)\")\n\tx\n\tE",
    "x=$((1 + 2)) y=`cat \\`which ls\\`` && printf '%s\\n' \"${x}${y:+\"a b\"}\" {1..3} $'\\'' &",
    'case $1 in -h|--help) usage;; *) exec sudo -u me env A=1 xargs -0 -I{} mv {} ../"$(basename "$PWD")";; esac',
    "backup() { local d=${1?}; [[ -d $d && $d != / ]] && rsync -az --delete \"$d\"/ b:'$HOME'/c; }; time backup /",
)
PIECES = (
    *"find -exec \\; {} + | || |& && ; ;; & > >> >| < << <<< <<- <> >& <& &> 2>&1 <( >( ( ) (( )) { }".split(),
    *"$( ${ $(( $[ ` ' \" $' $\" \\ # ! ~ $ $$ $1 [[ ]] [ ] if then elif else fi for in do done while until".split(),
    *"case esac function f() coproc time select = a=b a+=( -rf --x=y - -- 1 E ${a} ${a%b} ${#a} *.c é ² ١".split(),
    *(" ", "  ", "\t", "\n", "\\\n", "\r", "\0", "\ud800", "\u2028", "\xa0", "\\\\\n"),
)


@st.composite
def odd_codes(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(("text", "pieces", "pieces", "cut", "cut", "nested")))
    if kind == "text":
        return draw(st.text(st.characters(), max_size=60))
    if kind == "pieces":
        return draw(st.sampled_from(("", " "))).join(draw(st.lists(st.sampled_from(PIECES), max_size=25)))
    if kind == "nested":
        opening = draw(
            st.lists(st.sampled_from(("$(", "${", '"', "'", "`", "(", "{ ", "<(", '"$(', "$((", "\\(")), max_size=3)
        )
        depth = draw(st.sampled_from((1, 5, 30, 300)))
        return (
            "".join(opening) * depth + draw(st.sampled_from(("", "a", "a b"))) + draw(st.sampled_from(PIECES)) * depth
        )
    code = draw(st.sampled_from(REAL_COMMANDS))
    start, end = draw(st.integers(0, len(code))), draw(st.integers(0, len(code)))
    code = code[:end] if draw(st.booleans()) else code[:start] + code[end:]
    position = draw(st.integers(0, len(code)))
    return code[:position] + draw(st.sampled_from(("", *PIECES))) + code[position:]


@contextlib.contextmanager
def time_limit(seconds):
    """Fails what takes longer, in seconds of this process: other work on the machine does not count."""

    def fail(signal_number, frame):
        # Not an `Exception`: the code under test catches these.
        pytest.fail(f"not done in {seconds} seconds")

    before = signal.signal(signal.SIGVTALRM, fail)
    # Again and again, since what is raised in a destructor is lost.
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 0.1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.skipif(not hasattr(signal, "SIGVTALRM"), reason="needs POSIX signals")
@pytest.mark.parametrize("max_examples", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_any_string_has_a_template(max_examples):
    @quick(max_examples)
    @given(odd_codes())
    def check(code):
        with time_limit(2.0):
            template = bash_template(code)
        assert template == normalize_whitespace(code) or is_parsable_bash(code)

    check()
