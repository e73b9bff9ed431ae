# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
Runs the catalogue's own snippets, in the process and the folder of a test that starts it; nothing else is ever run.

Reads a JSON list of snippets from the standard input, and writes the list of those that do not give what they are to.
"""

import contextlib
import io
import json
import os
import shutil
import sys
import traceback


def plain(value):
    """A value as a list, dictionary, set or scalar, to be compared: what is walked through once becomes a list."""
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return plain(value.reset_index(drop=True).values.tolist())
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset | str | bytes | bytearray):
        return value
    if hasattr(value, "__iter__") and not isinstance(value, type):
        return [plain(item) for item in value]
    return round(value, 9) if isinstance(value, float) else value


def run(snippet):
    """Run a snippet; returns what is wrong, or `None`."""
    space = {"__name__": "snippet", "__file__": os.path.abspath("snippet.py")}
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        for line in snippet["before"]:
            exec(line, space)
        output.seek(0)
        output.truncate()
        if snippet["is_value"]:
            result = eval(snippet["code"], space)
            space["out"] = output.getvalue()
        else:
            exec(snippet["code"], space)
            space["out"] = output.getvalue()
            result = eval(snippet["after"], space)
    if snippet["check"]:
        space["it"] = result
        if not eval(snippet["check"], space):
            return f"{snippet['check']} does not hold of {result!r}"
    if snippet["expect"] is not None:
        expected = plain(eval(snippet["expect"], space))
        got = plain(result)
        if got != expected or isinstance(got, bool) != isinstance(expected, bool):
            return f"gives {got!r}, not {expected!r}"
    return None


def main():
    failures = []
    start = os.getcwd()
    for snippet in json.load(sys.stdin):
        os.chdir(start)
        for name in os.listdir(start):
            shutil.rmtree(name) if os.path.isdir(name) else os.remove(name)
        environment = dict(os.environ)
        try:
            wrong = run(snippet)
        except BaseException:
            wrong = traceback.format_exc().strip().splitlines()[-1]
        os.environ.clear()
        os.environ.update(environment)
        if wrong:
            failures.append({"label": snippet["label"], "code": snippet["code"], "wrong": wrong})
    json.dump(failures, sys.stdout)


if __name__ == "__main__":
    main()
