# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""The plots of an evaluation, and the edit distances that one of them shows."""

import subprocess
import sys

import pytest
import torch


pytest.importorskip("matplotlib")
pytest.importorskip("rapidfuzz")

from matplotlib.figure import Figure  # noqa: E402
from matplotlib.image import imread  # noqa: E402

from codefusion_hf.evaluation.denoising import edit_distance_by_step  # noqa: E402
from codefusion_hf.evaluation.metrics.confidence import Estimate  # noqa: E402
from codefusion_hf.evaluation.metrics.text_similarity import edit_distance  # noqa: E402
from codefusion_hf.evaluation.plots import (  # noqa: E402
    plot_edit_distance_by_step,
    plot_match_at_k,
    plot_match_at_steps,
)
from codefusion_hf.inference.arguments import SamplingArguments  # noqa: E402


def estimates(*values):
    return [Estimate(value, value - 2.0, value + 3.0) for value in values]


CURVES = {
    "CodeFusion": estimates(10.0, 20.0, 25.0),
    "nearest neighbour": estimates(9.0, 12.0, 14.0),
    "T5, beam 5": estimates(30.0, 33.0, 41.0),
    "T5, sampling": estimates(28.0, 37.0, 44.0),
}


@pytest.fixture
def saved(monkeypatch):
    """The axes of each figure that is saved."""
    all_axes = []
    savefig = Figure.savefig

    def keep_and_save(figure, *args, **kwargs):
        all_axes.extend(figure.axes)
        savefig(figure, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", keep_and_save)
    return all_axes


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def check_file(path):
    image = imread(path)
    assert image.shape[:2] == (600, 960)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_match_at_k(saved, tmp_path):
    path = tmp_path / "new" / "match_at_k.png"
    plot_match_at_k(CURVES, (1, 3, 5), path, "template match (%)")
    plot_match_at_k(CURVES, (1, 3, 5), path, "template match (%)")
    check_file(path)
    axes, _ = saved
    assert labels(axes) == list(CURVES)
    assert [list(line.get_ydata()) for line in axes.lines] == [
        [estimate.value for estimate in curve] for curve in CURVES.values()
    ]
    assert len({line.get_color() for line in axes.lines}) == len({line.get_marker() for line in axes.lines}) == 4
    band = axes.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == 8.0 and band[:, 1].max() == 28.0
    assert list(axes.get_xticks()) == [1, 3, 5]
    assert axes.get_ylim()[0] == 0.0
    assert axes.get_ylabel() == "template match (%)" and axes.get_xlabel()


def test_more_systems_than_colors(tmp_path):
    curves = {f"system {number}": estimates(10.0 + number) for number in range(12)}
    plot_match_at_k(curves, [1], tmp_path / "plot.png", "exact match (%)")
    check_file(tmp_path / "plot.png")


def test_match_at_steps(saved, tmp_path):
    curves = {"top-1": estimates(1.0, 5.0, 6.0, 6.5), "top-5": estimates(4.0, 11.0, 12.0, 12.0)}
    plot_match_at_steps([2, 10, 20, 1000], curves, tmp_path / "plot.png", "execution match (%)")
    check_file(tmp_path / "plot.png")
    (axes,) = saved
    assert labels(axes) == ["top-1", "top-5"]
    assert axes.get_xscale() == "log"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2", "10", "20", "1000"]
    assert axes.get_xticklabels(minor=True) == []


def test_edit_distance(saved, tmp_path):
    distances = [Estimate(value, value - 0.05, value + 0.05) for value in (0.9, 0.5, 0.2, 0.1)]
    plot_edit_distance_by_step(distances, tmp_path / "plot.png")
    check_file(tmp_path / "plot.png")
    (axes,) = saved
    (line,) = axes.lines
    assert list(line.get_xdata()) == [1, 2, 3, 4] and list(line.get_ydata()) == [0.9, 0.5, 0.2, 0.1]
    assert "denoising step" in axes.get_xlabel() and "edit distance" in axes.get_ylabel()


def test_plots_refuse_bad_input(tmp_path):
    path = tmp_path / "plot.png"
    with pytest.raises(ValueError, match="`curves` must have one or more"):
        plot_match_at_k({}, (1, 3), path, "match")
    with pytest.raises(ValueError, match="each of the 2 `ks`, got 3 for 'CodeFusion'"):
        plot_match_at_k(CURVES, (1, 3), path, "match")
    with pytest.raises(ValueError, match="each of the 1 `steps`, got 3 for 'CodeFusion'"):
        plot_match_at_steps((20,), CURVES, path, "match")
    with pytest.raises(ValueError, match="`distances` must have one or more"):
        plot_edit_distance_by_step([], path)
    assert not path.exists()


@pytest.mark.slow
def test_plots_leave_the_state_of_matplotlib_alone(tmp_path):
    code = (
        "import sys\n"
        "from codefusion_hf.evaluation.metrics.confidence import Estimate\n"
        "from codefusion_hf.evaluation.plots import plot_match_at_k\n"
        f"plot_match_at_k({{'a': [Estimate(1, 0, 2)]}}, [1], {str(tmp_path / 'plot.png')!r}, 'b')\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_edit_distance_by_step(make_pipeline):
    pipe = make_pipeline()
    prompts = ["show the date", "count the lines of notes.txt", "delete every empty folder below here"]
    sampling = SamplingArguments(num_inference_steps=6, seed=3)
    distances = edit_distance_by_step(pipe, prompts, sampling, batch_size=2)
    assert [len(of_prompt) for of_prompt in distances] == [6, 6, 6]
    assert all(0.0 <= distance <= 1.0 for of_prompt in distances for distance in of_prompt)
    # An untrained model writes something else at each step.
    assert len({tuple(of_prompt) for of_prompt in distances}) == 3

    # The second batch by hand: what the drafts are compared with is the code that comes out.
    drafts = []

    def keep(pipe, step, timestep, tensors):
        drafts.extend(tensors["drafts"])
        return tensors

    code = pipe(
        prompts[2],
        num_inference_steps=6,
        generator=torch.Generator().manual_seed(3 + 2),
        callback_on_step_end=keep,
        callback_on_step_end_tensor_inputs=["drafts"],
    ).codes[0][0]
    assert distances[2] == [edit_distance(draft, code) for draft in drafts]

    assert edit_distance_by_step(pipe, prompts, sampling, batch_size=2) == distances
    hotter = SamplingArguments(num_inference_steps=6, seed=3, temperature=[0.9])
    assert edit_distance_by_step(pipe, prompts, hotter, batch_size=2) != distances
    assert edit_distance_by_step(pipe, [], hotter) == []
    with pytest.raises(ValueError, match="`batch_size` must be 1 or more, got 0"):
        edit_distance_by_step(pipe, prompts, hotter, batch_size=0)
