# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""A report of an evaluation: its files, and how it is shown, on a terminal as in a model card."""

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from codefusion_hf.files import write_text


# The system of a report whose scores are the checkpoint's; the others are what it is compared with.
CHECKPOINT_SYSTEM = "checkpoint"

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

    def rows(group: str, title_of: Callable[[str], str], digits: int) -> list[tuple[str, list[str]]]:
        names = dict.fromkeys(name for system in systems for name in system[group])
        return [(title_of(name), [cell(system[group].get(name), digits) for system in systems]) for name in names]

    def title_of(name: str) -> str:
        return report_title(report, name)

    yield f"all {report['num_prompts']} prompts, %", rows("metrics", title_of, 1)
    if novel and report["num_novel_prompts"]:
        title = f"{report['num_novel_prompts']} prompts whose programs are not in the training data, %"
        yield title, rows("novel_metrics", title_of, 1)
    yield "diversity of the candidates of a prompt, 0 to 1", rows("diversity", DIVERSITY_TITLES.__getitem__, 2)


def report_title(report: Mapping[str, Any], name: str) -> str:
    """
    What tables and cards call a score.

    Args:
        report (mapping):
            Of [`~codefusion_hf.evaluation.comparison.evaluate_systems`].
        name (`str`):
            Name of a score in it.

    Returns:
        `str`: the title that the report gives it, such as `template match @5`; in older reports, its name in words.
    """
    return report.get("titles", {}).get(name) or name.replace("_top", " @").replace("_", " ")


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
    # Of a path only the name: where it lies on this machine is nothing to publish.
    data = f" of `{Path(report['data']).name}`" if report.get("data") else ""
    return (
        f"{report['num_prompts']} distinct prompts{data}{limit}; {report['unparsable_references']:.1f} % of the "
        "references do not parse and count as plain strings. @k: of the first k candidates."
    )


def _settings_lines(report: Mapping[str, Any], hidden: Collection[str] = ()) -> Iterator[str]:
    for system in report["systems"].values():
        settings = ", ".join(f"{name} {value}" for name, value in system["settings"].items() if name not in hidden)
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


def report_markdown(report: Mapping[str, Any], hidden: Collection[str] = ()) -> str:
    """
    A report in Markdown, for its folder and for a model card.

    Args:
        report (mapping):
            Of [`~codefusion_hf.evaluation.comparison.evaluate_systems`].
        hidden (collection of `str`, *optional*):
            Names of settings that are left out.

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
    lines += [f"- {line}" for line in _settings_lines(report, hidden)]
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


def load_report(path: str | os.PathLike[str]) -> dict[str, Any]:
    """
    Read the report of an evaluation.

    Args:
        path (`str` or `os.PathLike`):
            The `report.json` of [`save_report`].

    Returns:
        `dict`: the report.

    Raises:
        OSError: if it cannot be read.
        ValueError: if it is no such report, or has no scores of a checkpoint.
    """
    try:
        report = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"report `{path}` is not JSON: {error}") from error
    try:
        is_report = isinstance(report["language"], str) and bool(report["systems"][CHECKPOINT_SYSTEM]["metrics"])
        report_markdown(report)
    except (AttributeError, KeyError, TypeError, ValueError):
        is_report = False
    if not is_report:
        raise ValueError(
            f"report `{path}` must be one of `codefusion evaluate`, with scores in "
            f"systems.{CHECKPOINT_SYSTEM}.metrics."
        )
    return report


__all__ = ["CHECKPOINT_SYSTEM", "load_report", "report_markdown", "report_table", "report_title", "save_report"]
