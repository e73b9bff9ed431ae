# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Cutting shell scripts into snippets."""

import pytest


pytest.importorskip("bashlex")

from codefusion_hf.languages.bash.source import cut_bash  # noqa: E402


SHELL = """\
#!/bin/bash
# comment
set -e  # stop
greet() {
  echo "hello  $1" \\
    >&2
  cat <<END | sort
b # not a comment
END
}

cd /tmp && ls; pwd
if [ -f x ]; then
  for name in a b; do rm "$name"; done
fi
case $1 in
  a) ls ;;
esac
[[ -f "a # b" ]] \\
  && rm x # gone
echo ${x:-a b}
echo 'x
y'
"""


def test_shell_is_cut_into_commands_and_logical_lines():
    assert [tuple(snippet) for snippet in cut_bash(SHELL.replace("\n", "\r\n"))] == [
        (3, "set -e", True),
        (4, SHELL[SHELL.index("greet") : SHELL.index("\n\ncd")], True),
        (5, 'echo "hello  $1" \\\n    >&2', True),
        (7, "cat <<END | sort\nb # not a comment\nEND", True),
        (12, "cd /tmp && ls", True),
        (12, "pwd", True),
        (13, 'if [ -f x ]; then\n  for name in a b; do rm "$name"; done\nfi', True),
        (13, "[ -f x ]", True),
        (14, 'for name in a b; do rm "$name"; done', True),
        (14, 'rm "$name"', True),
        (16, "case $1 in", False),
        (17, "a) ls ;;", False),
        (18, "esac", False),
        (19, '[[ -f "a # b" ]]   && rm x', False),
        (21, "echo ${x:-a b}", False),
        (22, "echo 'x\ny'", True),
    ]


@pytest.mark.parametrize("source", ["", "\n\n# only a comment", "\\", "x'${'\n'", "echo a\\", "(" * 2000, "<<EOF\n"])
def test_any_text_can_be_cut_as_shell(source):
    assert all(snippet.code.strip() for snippet in cut_bash(source))
