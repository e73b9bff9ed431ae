# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Snippets of the catalogue, with the values that its tests give their slots."""

import json
import re
import subprocess
import sys
from pathlib import Path

from codefusion_hf.languages.python.synthetic.catalogue import Entry
from codefusion_hf.languages.python.synthetic.kinds import load_kinds
from codefusion_hf.languages.python.synthetic.values import Value, name


SLOT = re.compile(r"\$([a-z]+[0-9]*)(?:~([a-z]+))?")
# Code that takes the class of the module `datetime` for imported, as people do, where other code takes the module.
CLASS_OF_MODULE = re.compile(r"(?<![.\w])datetime\.(?:strptime|now|fromtimestamp|fromisoformat)\(")
RUNNER = Path(__file__).with_name("run_snippets.py")


def _value(slot: str, given: dict) -> Value:
    kind = load_kinds()[slot.rstrip("0123456789")]
    if kind.hidden:
        return name(str(kind.names[0]))
    data = given.get(slot)
    if kind.bare and data is not None:
        return name(data)
    if data is None or kind.is_variable or (isinstance(data, str) and data.startswith("=")):
        return name(f"{slot}_")
    return kind.given(data)


def snippets(entry: Entry) -> list[dict]:
    """
    What a test runs of an entry.

    Args:
        entry (`Entry`):
            An entry whose fields say what its code gives.

    Returns:
        `list[dict]`: a snippet for each way to write it but the old ones.
    """
    given = entry.fields.get("run", {})
    values: dict[str, Value] = {}

    def fill(match: re.Match[str]) -> str:
        slot = match[1]
        if slot not in values:
            values[slot] = _value(slot, given)
        return values[slot].get(match[2] or "").code

    def filled(text: str) -> str:
        return SLOT.sub(fill, text)

    def expression(data: object) -> str:
        return filled(data[1:].strip()) if isinstance(data, str) and data.startswith("=") else repr(data)

    found = []
    for form in entry.forms:
        if form.role == "old":
            continue
        code = filled(form.source)
        # `5.bit_length()` is no code.
        code = re.sub(r"(?<![\w.])(\d+)\.(?=[a-z_])", r"(\1).", code)
        before = [*entry.imports]
        for slot, data in given.items():
            if filled(f"${slot}") == f"{slot}_":
                before.append(f"{slot}_ = {expression(data)}")
        before.append(filled(entry.fields.get("setup", "")))
        if CLASS_OF_MODULE.search(code):
            before.append("from datetime import datetime")
        first = next(iter(form.uses), "")
        found.append(
            {
                "label": entry.label,
                "before": before,
                "code": code,
                "is_value": form.is_value and form.role == "code",
                "after": filled(entry.fields.get("after", f"${first}" if first else "None")),
                "check": filled(entry.fields.get("check", "")),
                "expect": expression(entry.fields["expect"]) if "expect" in entry.fields else None,
            }
        )
    return found


def failures(entries: list[Entry], folder: Path, seconds: float) -> list[dict]:
    """
    Run entries in another process.

    Args:
        entries (`list[Entry]`):
            Entries of the catalogue.
        folder (`Path`):
            An empty folder, in which the process works.
        seconds (`float`):
            How long it may take.

    Returns:
        `list[dict]`: the snippets that do not give what they are to, and why.
    """
    cases = [snippet for entry in entries for snippet in snippets(entry)]
    done = subprocess.run(
        [sys.executable, str(RUNNER)],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=seconds,
        check=True,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "MPLBACKEND": "Agg", "LANG": "C.UTF-8", "TZ": "UTC"},
    )
    return json.loads(done.stdout)


__all__ = ["failures", "snippets"]
