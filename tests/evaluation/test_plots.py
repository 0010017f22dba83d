"""The figures of a comparison show what was measured."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.colors import SymLogNorm
from numpy.typing import NDArray

from tests.conftest import WORDS
from wordspot.config import RunConfig, vary
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import UsageError
from wordspot.evaluation.compare import compare
from wordspot.evaluation.comparison import Pair
from wordspot.evaluation.confusion_plots import plot_confusions, plot_confusions_around_best, plot_differences
from wordspot.evaluation.plots import (
    GREY,
    plot_accuracies,
    plot_attention,
    plot_calibration,
    plot_curves_together,
    plot_data_scaling,
    plot_noise,
    plot_paired_differences,
)
from wordspot.evaluation.seed_groups import SeedGroup, group_by_seed
from wordspot.evaluation.tables import comparison_tables
from wordspot.models.recognizer import Recognizer
from wordspot.runs.run import Run


@pytest.fixture
def groups(runs: list[Path]) -> list[SeedGroup]:
    return group_by_seed([Run(run) for run in runs], lambda run: run.evaluation("testing"))


def test_learning_curves(runs: list[Path], groups: list[SeedGroup]) -> None:
    curves = plot_curves_together(groups)
    loss, mistakes = curves.axes
    assert {text.get_text() for text in loss.texts} == {"good", "poor"}  # at the ends of the lines
    assert len(loss.lines) == len(mistakes.lines) == 2 * len(groups)
    expected = [1 - line["validation_accuracy"] for line in Run(runs[3]).metrics]
    assert list(mistakes.lines[-1].get_ydata()) == pytest.approx(expected)  # type: ignore[arg-type]
    of_runs = [[line["training_loss"] for line in Run(run).metrics] for run in runs[:3]]
    assert list(loss.lines[0].get_ydata()) == pytest.approx(  # type: ignore[arg-type]
        [sum(losses) / 3 for losses in zip(*of_runs, strict=True)]
    )


def test_paired_differences_from_a_reference(runs: list[Path]) -> None:
    comparison = compare([runs[0], runs[3]], split="testing")
    recipe, better, worse = (
        replace(comparison.models[0], name=name) for name in ("recipe", "better", "worse")
    )
    clean = [Pair("better", "recipe", 0.02, (0.01, 0.03), 0.01, (3, 3), 4.0, 1.0, None)]
    clean += [Pair("worse", "recipe", -0.01, (-0.02, 0.0), 0.06, (3, 3), 1.0, 2.0, None)]
    loud = [replace(pair, difference=0.1, interval=(0.05, 0.15)) for pair in clean]
    result = replace(
        comparison,
        models=[recipe, better, worse],
        pairs=clean,
        condition_pairs={"20 dB SNR": clean, "0 dB SNR": loud, "40 dB softer": clean},
    )
    figure = plot_paired_differences(result)
    assert [axes.get_title() for axes in figure.axes] == ["clean", "0 dB SNR", "40 dB softer"]
    first, noisy, _ = figure.axes
    assert [label.get_text() for label in first.get_yticklabels()] == ["better", "worse"]
    intervals, dots = first.lines[1::2], first.lines[2::2]
    assert [list(line.get_xdata()) for line in intervals] == [[1, 3], [-2, 0]]  # type: ignore[arg-type]
    assert [list(dot.get_xdata()) for dot in dots] == [[2], [-1]]  # type: ignore[arg-type]
    assert [dot.get_markerfacecolor() == "white" for dot in dots] == [False, True]
    assert list(noisy.lines[2].get_xdata()) == [10]  # type: ignore[arg-type]


def test_accuracies_and_their_intervals(groups: list[SeedGroup]) -> None:
    (axes,) = plot_accuracies(groups, [(0.8, 1.0), (0.4, 0.9)]).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["good", "poor"]
    drawn = [list(line.get_xdata()) for line in axes.lines]  # type: ignore[arg-type]
    assert len(drawn) == 3 * len(groups)  # an interval, a dot for each run, and their mean
    assert drawn[0] == [0.8, 1.0]
    assert drawn[1] == pytest.approx([1, 17 / 18, 16 / 18])
    assert drawn[2] == pytest.approx([17 / 18])
    assert drawn[3:5] == [[0.4, 0.9], pytest.approx([12 / 18])]


def test_confusions_and_their_differences(groups: list[SeedGroup]) -> None:
    first, second = plot_confusions(groups, WORDS).axes
    assert [axes.get_title() for axes in (first, second)] == ["good: 94.4%", "poor: 66.7%"]
    assert [label.get_text() for label in first.get_yticklabels()] == list(WORDS)
    assert np.asarray(second.images[0].get_array())[1].tolist() == [1, 0, 0]  # every "high" taken for "low"
    assert np.asarray(first.images[0].get_array())[2].tolist() == [0, 0, 1]
    difference, bar = plot_differences(groups, WORDS).axes
    assert difference.get_title() == "poor"
    assert bar.get_ylabel() == "clips more than good (red)\nor fewer (blue)"
    assert np.asarray(difference.images[0].get_array())[1].tolist() == pytest.approx([5, -5, 0])
    assert sorted(text.get_text() for text in difference.texts) == ["-5", "5"]
    other, bar = plot_differences(groups, WORDS, "poor").axes
    assert (other.get_title(), bar.get_ylabel()[:20]) == ("good", "clips more than poor")
    assert np.asarray(other.images[0].get_array())[1].tolist() == pytest.approx([-5, 5, 0])


def test_one_large_difference_leaves_small_ones_visible(groups: list[SeedGroup]) -> None:
    image = plot_differences(groups, WORDS).axes[0].images[0]
    one, ten, hundred = (SymLogNorm(linthresh=1, vmin=-100, vmax=100)(value) for value in (1, 10, 100))
    assert isinstance(image.norm, SymLogNorm)
    assert one > 0.6  # 0.5 is no difference; on a linear scale it would be 0.505
    assert one < ten < hundred == 1


def test_the_best_confusion_matrix_is_large_and_has_numbers(groups: list[SeedGroup]) -> None:
    best, other = plot_confusions_around_best(groups, WORDS).axes
    assert (best.get_title(), other.get_title()) == ("good: 94.4%", "poor\n66.7%")
    assert best.get_position().width > 0.3
    assert [text.get_text() for text in best.texts] == ["100", "17", "83", "100"]
    assert [label.get_text() for label in best.get_xticklabels()] == list(WORDS)
    assert list(other.texts) == []
    assert np.asarray(other.images[0].get_array())[1].tolist() == [1, 0, 0]


def test_of_many_models_four_at_most_are_highlighted(runs: list[Path], groups: list[SeedGroup]) -> None:
    names = ("rnn", "lstm", "gru", "bilstm", "attention")
    many = [replace(groups[1], name=name) for name in names] + [replace(groups[0], name="wordspot")]
    for figure in (plot_curves_together(many), plot_calibration(many)):
        axes = figure.axes[0]
        named = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
        assert [line.get_label() for line in named] == ["rnn", "lstm", "wordspot"]
        assert len({line.get_color() for line in named} - {GREY}) == 3
        assert sum(line.get_color() == GREY for line in axes.lines) == 3
    varied = [replace(group, name=f"variant {n}") for n, group in enumerate(many)]
    (axes, _) = plot_curves_together(varied, "variant 2").axes
    assert {text.get_text() for text in axes.texts} == {"variant 2", "variant 5"}


def test_labels_at_the_ends_of_lines_lie_clear_of_each_other(groups: list[SeedGroup]) -> None:
    axes = plot_curves_together([replace(groups[0], name=name) for name in "abcd"]).axes[0]
    places = sorted(text.get_position()[1] for text in axes.texts)
    assert len(places) == 4
    assert min(np.diff(places)) > 0.04
    ticks = axes.get_xticks()
    assert list(ticks) == [round(tick) for tick in ticks]


def test_calibration(groups: list[SeedGroup], monkeypatch: pytest.MonkeyPatch) -> None:
    def confidence(group: SeedGroup) -> NDArray[np.float64]:
        return np.where(group.right, 0.95, 0.45)

    monkeypatch.setattr(SeedGroup, "confidence", property(confidence))
    (axes,) = plot_calibration(groups).axes
    diagonal, good, poor = axes.lines
    assert list(diagonal.get_xdata()) == list(diagonal.get_ydata()) == [0, 1]  # type: ignore[arg-type]
    assert [good.get_label(), poor.get_label()] == ["good", "poor"]
    # Of 3 x 18 clips 51 are right and 3, too few for a point, are wrong; of 18 clips 12 and 6.
    for line in (good, poor):
        assert list(line.get_xdata()) == pytest.approx([0.95])  # type: ignore[arg-type]
        assert list(line.get_ydata()) == [1]  # type: ignore[arg-type]


def test_noise_and_numbers_of_clips(runs: list[Path], shared_recordings: Path) -> None:
    result = compare([runs[0], runs[3]], split="testing", data=shared_recordings)
    (axes,) = plot_noise(result).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["clean", "20", "10", "5", "0"]
    assert [line.get_label() for line in axes.lines] == ["good", "poor"]
    poor = result.models[1]
    assert list(axes.lines[1].get_ydata()) == pytest.approx(  # type: ignore[arg-type]
        [12 / 18, *poor.noise.values()]
    )
    few = [replace(one, training_clips=clips) for one, clips in zip(result.models, (90, 30), strict=True)]
    (axes,) = plot_data_scaling(replace(result, models=few)).axes
    assert list(axes.lines[0].get_xdata()) == [30, 90]  # type: ignore[arg-type]
    assert list(axes.lines[0].get_ydata()) == pytest.approx([12 / 18, 1])  # type: ignore[arg-type]
    mixed = [
        replace(one, training_clips=clips, synthetic_clips_added=40)
        for one, clips in zip(few, (50, 40), strict=True)
    ]
    (axes,) = plot_data_scaling(replace(result, models=[*few, *mixed])).axes
    assert [line.get_label() for line in axes.lines] == ["recorded clips alone", "with 40 synthetic clips"]
    assert list(axes.lines[1].get_xdata()) == [0, 10]  # type: ignore[arg-type]
    (costs,) = (
        table for table in comparison_tables(replace(result, models=mixed)) if table.title.startswith("Costs")
    )
    assert [row[costs.columns.index("training clips")] for row in costs.rows] == [
        "50, 40 synthetic",
        "40, 40 synthetic",
    ]


def test_attention(tiny: RunConfig, shared_recordings: Path) -> None:
    corpus = open_corpus(shared_recordings, tiny.corpus)
    recognizer = Recognizer(vary(tiny, pooling="additive", num_layers=1))
    panels = plot_attention(recognizer, corpus, "testing").axes
    assert [axes.get_title() for axes in panels if axes.axison] == list(WORDS)
    for axes, word in zip(panels, WORDS, strict=False):
        table = corpus.table("testing")
        length = int(table["length"][table["word"] == word].iloc[0])
        frames = int(recognizer.features.frames(torch.tensor([length])))
        (line,) = axes.lines
        weights = np.asarray(line.get_ydata())
        assert weights.max() == pytest.approx(0.95)
        assert (weights[:frames] > 0).all()
        assert (weights[frames:] == 0).all()  # none of the padding
        assert list(line.get_xdata()) == [n + 0.5 for n in range(51)]  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="pools without it"):
        plot_attention(Recognizer(tiny), corpus, "testing")
