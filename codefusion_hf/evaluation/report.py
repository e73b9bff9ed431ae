# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A report of an evaluation, for the terminal and for a model card."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from codefusion_hf.evaluation.scoring import metric_title
from codefusion_hf.files import write_text


DIVERSITY_TITLES = {
    "distinct_1_grams": "distinct 1-grams",
    "distinct_2_grams": "distinct 2-grams",
    "distinct_3_grams": "distinct 3-grams",
    "distinct_4_grams": "distinct 4-grams",
    "mean_edit_distance": "mean edit distance",
    "min_edit_distance": "least edit distance",
    "distinct_candidates": "distinct candidates",
    "embedding_similarity": "similarity of embeddings",
}

# Title of a group of scores, then its rows: title of the score, and a cell for each system.
Sections = Iterator[tuple[str, list[tuple[str, list[str]]]]]
# From a score, `None` where a system has none, and a number of digits.
Cell = Callable[[Mapping[str, float] | None, int], str]


def _sections(report: Mapping[str, Any], novel: bool, cell: Cell) -> Sections:
    systems = list(report["systems"].values())
    encoder_title = {} if report["encoder"] is None else {"encoder_title": report["encoder"]}

    def rows(group: str, title_of: Callable[[str], str], digits: int) -> list[tuple[str, list[str]]]:
        names = dict.fromkeys(name for system in systems for name in system[group])
        return [(title_of(name), [cell(system[group].get(name), digits) for system in systems]) for name in names]

    def title_of(name: str) -> str:
        return metric_title(report["language"], name, **encoder_title)

    yield f"all {report['num_prompts']} prompts, %", rows("metrics", title_of, 1)
    if novel and report["num_novel_prompts"]:
        title = f"{report['num_novel_prompts']} prompts whose programs are not in the training data, %"
        yield title, rows("novel_metrics", title_of, 1)
    yield "diversity of the candidates of a prompt, 0 to 1", rows("diversity", DIVERSITY_TITLES.__getitem__, 2)


def _with_interval(estimate: Mapping[str, float] | None, digits: int) -> str:
    if estimate is None:
        return "-"
    value, low, high = (f"{estimate[name]:.{digits}f}" for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def _with_half_width(estimate: Mapping[str, float] | None, digits: int) -> str:
    """A terminal has no room for both ends of the interval."""
    if estimate is None:
        return "-"
    return f"{estimate['value']:.{digits}f} ±{(estimate['high'] - estimate['low']) / 2:.{digits}f}"


def _headline(report: Mapping[str, Any]) -> str:
    limit = "" if report.get("limit") is None else f" (drawn with a fixed seed by `--limit {report['limit']}`)"
    return (
        f"{report['num_prompts']} distinct prompts{limit}; {report['unparsable_references']:.1f} % of the references "
        "do not parse and count as plain strings. @k: of the first k candidates."
    )


def _settings_lines(report: Mapping[str, Any]) -> Iterator[str]:
    for system in report["systems"].values():
        settings = ", ".join(f"{name} {value}" for name, value in system["settings"].items())
        yield f"{system['title']}: {settings}; {system['seconds']:.0f} s"
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    yield f"Batch size {report['batch_size']}; commit {report['commit'] or 'unknown'}; {versions}."


def report_table(report: Mapping[str, Any], novel: bool = False) -> Table:
    """
    A report for the terminal: `rich.print(report_table(report))`.

    Args:
        report (mapping):
            Of [`~codefusion_hf.evaluation.comparison.evaluate_systems`].
        novel (`bool`, *optional*, defaults to `False`):
            Whether to show the scores of the prompts whose programs are not in the training data, too.

    Returns:
        `rich.table.Table`: One row a score, one column a system.
    """
    caption = ["± half the width of the 95 % bootstrap interval over prompts.", *_settings_lines(report)]
    table = Table(title=_headline(report), caption="\n".join(caption), caption_justify="left")
    table.add_column("score")
    for system in report["systems"].values():
        table.add_column(system["title"], justify="right")
    for title, rows in _sections(report, novel, _with_half_width):
        table.add_section()
        table.add_row(f"[bold]{title}[/bold]")
        for name, cells in rows:
            table.add_row(name, *cells)
    return table


def report_markdown(report: Mapping[str, Any]) -> str:
    """
    A report for a model card.

    Args:
        report (mapping):
            Of [`~codefusion_hf.evaluation.comparison.evaluate_systems`].

    Returns:
        `str`: Markdown: one table for each group of scores (that of new programs where training data was given), and
        what each system was run with.
    """
    titles = [system["title"] for system in report["systems"].values()]
    lines = [f"{_headline(report)} In brackets: 95 % bootstrap intervals over prompts.", ""]
    for section, rows in _sections(report, True, _with_interval):
        lines += [f"| {section} | {' | '.join(titles)} |", f"|---|{'---:|' * len(titles)}"]
        lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows]
        lines.append("")
    lines += [f"- {line}" for line in _settings_lines(report)]
    return "\n".join(lines) + "\n"


def save_report(report: Mapping[str, Any], folder: Path) -> None:
    """
    Write a report as `report.json` and as `report.md`.

    Args:
        report (mapping):
            Of [`~codefusion_hf.evaluation.comparison.evaluate_systems`].
        folder (`Path`):
            Where to.
    """
    write_text(folder / "report.json", json.dumps(report, indent=2) + "\n")
    write_text(folder / "report.md", report_markdown(report))


__all__ = ["report_markdown", "report_table", "save_report"]
