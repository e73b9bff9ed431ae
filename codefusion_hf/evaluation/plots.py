# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""Plots of an evaluation, as PNG files. They touch none of matplotlib's global state, and need no display."""

import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from codefusion_hf.evaluation.metrics.confidence import Estimate


try:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator
except ImportError as error:
    raise ImportError(
        "Plots need matplotlib, which is not installed: `pip install 'codefusion-hf[evaluation]'`."
    ) from error


# Okabe and Ito's colours, which colour-blind readers can tell apart (https://jfly.uni-koeln.de/color/); their yellow,
# too pale for a line, is left out.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v")

# On a curve of more points, markers would hide the line.
MAX_MARKERS = 30

SIZE_IN_INCHES = (6.4, 4.0)
DOTS_PER_INCH = 150


def plot_match_at_k(
    curves: Mapping[str, Sequence[Estimate]], ks: Sequence[int], path: str | os.PathLike[str], ylabel: str
) -> None:
    """
    Plot the share of prompts that are answered by the first k candidates: a line with its confidence band a system.

    Args:
        curves (mapping of `str` to a sequence of [`Estimate`]):
            By the title of the system, one or more: the share at each of `ks`.
        ks (sequence of `int`):
            Numbers of candidates, in ascending order.
        path (`str` or `os.PathLike`):
            The PNG file to write; an older one is replaced.
        ylabel (`str`):
            Name and unit of the share, such as "template match (%)".

    Raises:
        `ValueError`: If there is no curve, or one that has not as many estimates as there are `ks`.
    """
    figure, axes = _figure("candidates looked at, k", ylabel)
    _plot_curves(axes, "ks", ks, curves)
    axes.set_xticks(list(ks))
    _save(figure, path)


def plot_match_at_steps(
    steps: Sequence[int], curves: Mapping[str, Sequence[Estimate]], path: str | os.PathLike[str], ylabel: str
) -> None:
    """
    Plot the share of prompts that are answered against the number of denoising steps, on a logarithmic axis.

    Args:
        steps (sequence of `int`):
            Numbers of denoising steps, each 1 or more, in ascending order.
        curves (mapping of `str` to a sequence of [`Estimate`]):
            By a title, one or more: the share at each of `steps`.
        path (`str` or `os.PathLike`):
            The PNG file to write; an older one is replaced.
        ylabel (`str`):
            Name and unit of the share, such as "template match (%)".

    Raises:
        `ValueError`: If there is no curve, or one that has not as many estimates as there are `steps`.
    """
    figure, axes = _figure("denoising steps (logarithmic)", ylabel)
    _plot_curves(axes, "steps", steps, curves)
    axes.set_xscale("log")
    axes.set_xticks(list(steps), labels=[str(step) for step in steps])
    axes.minorticks_off()
    _save(figure, path)


def plot_edit_distance_by_step(distances: Sequence[Estimate], path: str | os.PathLike[str]) -> None:
    """
    Plot the edit distance from the draft at each denoising step to the final code: the paper's figure.

    Args:
        distances (sequence of [`Estimate`]):
            At each step, the noisiest first: the mean over prompts of what
            [`~codefusion_hf.evaluation.denoising.edit_distance_by_step`] gives.
        path (`str` or `os.PathLike`):
            The PNG file to write; an older one is replaced.

    Raises:
        `ValueError`: If there are no distances.
    """
    if len(distances) == 0:
        raise ValueError("`distances` must have one or more estimates, got none.")
    figure, axes = _figure("denoising step", "edit distance to the final code\n(share of the characters)")
    steps = range(1, len(distances) + 1)
    _plot_curves(axes, "distances", steps, {"mean of the prompts, 95 % interval": distances})
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _save(figure, path)


def _figure(xlabel: str, ylabel: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE_IN_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.grid(color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _plot_curves(axes: Axes, name: str, xs: Sequence[int], curves: Mapping[str, Sequence[Estimate]]) -> None:
    if len(curves) == 0:
        raise ValueError("`curves` must have one or more entries, got none.")
    for (label, estimates), color, marker in zip(
        curves.items(), itertools.cycle(COLORS), itertools.cycle(MARKERS), strict=False
    ):
        if len(estimates) != len(xs):
            raise ValueError(
                f"`curves` must have one estimate for each of the {len(xs)} `{name}`, got {len(estimates)} "
                f"for {label!r}."
            )
        axes.plot(
            xs,
            [estimate.value for estimate in estimates],
            color=color,
            label=label,
            marker=marker if len(xs) <= MAX_MARKERS else None,
            markersize=5,
        )
        axes.fill_between(
            xs,
            [estimate.low for estimate in estimates],
            [estimate.high for estimate in estimates],
            alpha=0.15,
            color=color,
            linewidth=0,
        )
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)


def _save(figure: Figure, path: str | os.PathLike[str]) -> None:
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    figure.savefig(temporary, format="png")
    os.replace(temporary, path)


__all__ = ["plot_edit_distance_by_step", "plot_match_at_k", "plot_match_at_steps"]
