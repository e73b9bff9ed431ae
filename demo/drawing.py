# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""HTML of steps, candidates and tables. All text that is not ours is escaped."""

from collections.abc import Sequence
from html import escape

from generation import Candidate, Draft, Step
from limits import MAX_SHOWN
from workbooks import AppliedRule, Table


# Of a table, the rows that are shown.
MAX_SHOWN_ROWS = 100


def draw_waiting(place: int) -> str:
    """The place in the queue."""
    before = "1 person is" if place == 1 else f"{place} people are"
    return f'<p class="waiting">Waiting for a free processor: {before} before you.</p>'


def draw_step(step: Step) -> str:
    """The drafts of a step, while they are made."""
    return f'<div class="frames">{_frame(step, step.drafts[:MAX_SHOWN], is_shown=True)}</div>'


def draw_run(steps: Sequence[Step]) -> str:
    """
    All steps of a run, of which the last is shown; `showStep` of replay.js shows another.

    Args:
        steps (sequence of [`Step`]):
            The steps, the last of which has the answer. Of the others, the drafts of these programs are drawn.

    Returns:
        `str`: HTML.
    """
    *before, last = steps
    frames = []
    for step in before:
        drafts = {draft.candidate: draft for draft in step.drafts}
        # What was not drawn, such as the program that is revised, has no steps.
        shown = [drafts.get(draft.candidate, draft) for draft in last.drafts]
        frames.append(_frame(step, shown, is_shown=False))
    frames.append(_frame(last, last.drafts, is_shown=True))
    return f'<div class="frames">{"".join(frames)}</div>'


def _frame(step: Step, drafts: Sequence[Draft], is_shown: bool) -> str:
    title = f"Step {step.step + 1} of {step.num_steps}" if step.candidates is None else "Read by the decoder"
    hidden = "" if is_shown else " hidden"
    rows = "".join(f"<li>{draft.page}</li>" for draft in drafts)
    return f'<section class="frame"{hidden}><h4>{title}</h4><ol>{rows}</ol></section>'


def draw_candidates(candidates: Sequence[Candidate]) -> str:
    """The answer: programs, the best first, with their scores and whether they are well-formed."""
    rows = "".join(
        f"<tr><td>{rank}</td><td><pre>{escape(candidate.code)}</pre></td><td>{candidate.score:.2f}</td>"
        f"<td>{_validity(candidate.is_valid)}</td></tr>"
        for rank, candidate in enumerate(candidates, 1)
    )
    header = "<tr><th>#</th><th>Code</th><th>Score</th><th>Syntax</th></tr>"
    return f'<table class="candidates"><thead>{header}</thead><tbody>{rows}</tbody></table>'


def _validity(is_valid: bool) -> str:
    return '<span class="valid">✓ valid</span>' if is_valid else '<span class="not-valid">✗ not valid</span>'


def draw_rule(rule: AppliedRule | None, table: Table) -> str:
    """
    A rule, and the table with the cells that it formats.

    Args:
        rule ([`AppliedRule`], *optional*):
            The rule, if there is one.
        table ([`Table`]):
            The table.

    Returns:
        `str`: HTML.
    """
    if rule is None:
        summary = '<p class="no-rule">None of the candidates is a rule for this table. Try other words or a seed.</p>'
    else:
        marked = "1 cell" if len(rule.marks) == 1 else f"{len(rule.marks)} cells"
        summary = (
            f'<p class="rule"><code>{escape(rule.rule)}</code> formats {marked} of {escape(rule.cells)} on '
            f"{escape(table.sheet)}.</p><p>In Excel: {escape(rule.menu)}</p>"
        )
    marks = {} if rule is None else rule.marks
    header, *rows = table.rows
    lines = ["<tr>" + "".join(f"<th>{escape(str(cell))}</th>" for cell in header) + "</tr>"]
    for row, cells in enumerate(rows[:MAX_SHOWN_ROWS]):
        drawn = "".join(_cell(value, marks.get((row, column))) for column, value in enumerate(cells))
        lines.append(f"<tr>{drawn}</tr>")
    more = len(rows) - MAX_SHOWN_ROWS
    note = f"<p>{more} more rows are not shown.</p>" if more > 0 else ""
    return f'{summary}<div class="sheet"><table>{"".join(lines)}</table></div>{note}'


def _cell(value: object, formatting: str | None) -> str:
    name = f' class="marked {escape(formatting)}"' if formatting else ""
    return f"<td{name}>{escape(str(value))}</td>"


__all__ = ["draw_candidates", "draw_rule", "draw_run", "draw_step", "draw_waiting"]
