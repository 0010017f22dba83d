"""Figures of a comparison."""

from collections.abc import Sequence
from statistics import fmean

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, PercentFormatter, StrMethodFormatter
from numpy.typing import NDArray

from wordspot.audio.features import to_float
from wordspot.corpus.corpus import Corpus
from wordspot.errors import UsageError
from wordspot.evaluation.comparison import Comparison, ModelResult, Pair
from wordspot.evaluation.seed_groups import SeedGroup
from wordspot.evaluation.statistics import bins_of
from wordspot.figures import COLORS, STYLE, Plot, Source, colors_for
from wordspot.layout import Split
from wordspot.models.recognizer import Recognizer
from wordspot.runs.evaluation import Interval, row_shares

COLUMNS = 4
"""Confusion matrices in a row."""
ATTENTION_COLUMNS = 5


def plot_accuracies(groups: Sequence[SeedGroup], intervals: Sequence[Interval]) -> Figure:
    """Plot the mean accuracy of each model with its 95 % interval, and a dot for every run."""
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(7, 1.2 + 0.35 * len(groups)), source=groups[0])
        axes = figure.subplots()
        for place, (group, (low, high)) in enumerate(zip(groups, intervals, strict=True)):
            mean = group.right_share.mean()
            axes.plot([low, high], [place, place], color=COLORS[0], linewidth=2)
            axes.plot(group.right.mean(axis=1), [place] * len(group.runs), "o", color=COLORS[1], markersize=4)
            axes.plot([mean], [place], "|", color=COLORS[0], markersize=14, markeredgewidth=2)
        axes.set_yticks(range(len(groups)), [group.name for group in groups])
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.set(xlabel="accuracy, 95 % interval; dots: runs")
        axes.grid(axis="y", visible=False)
    return figure


def plot_paired_differences(comparison: Comparison) -> Figure:
    """Plot how much more accurate each model is than the one that all were tested against, in points.

    The 95 % intervals hold for all models at once; a filled dot marks one without 0 in it. Where accuracy in
    noise and on softer clips was measured, the hardest of each has a panel of its own.
    """
    panels = {"clean": comparison.pairs} | hardest(comparison)
    with mpl.rc_context(STYLE):
        letter = mpl.rcParams["font.size"] / 10
        height = (1.1 + 0.18 * len(comparison.pairs)) * letter
        figure = Plot(figsize=(7, height), source=comparison)
        grid: list[Axes] = figure.subplots(1, len(panels), squeeze=False, sharey=True).ravel().tolist()
        for axes, (title, pairs) in zip(grid, panels.items(), strict=True):
            axes.axvline(0, color="gray", linewidth=1)
            for place, pair in enumerate(pairs):
                low, high = pair.interval
                fill = COLORS[0] if low > 0 or high < 0 else "white"
                axes.plot([100 * low, 100 * high], [place, place], color=COLORS[0], linewidth=1.5 * letter)
                axes.plot(
                    [100 * pair.difference],
                    [place],
                    "o",
                    color=COLORS[0],
                    markerfacecolor=fill,
                    markersize=5 * letter,
                )
            axes.set_title(title, fontsize="small")
            axes.tick_params(labelsize="small")
            axes.xaxis.set_major_locator(MaxNLocator(3))
            axes.grid(axis="y", visible=False)
        grid[0].set_yticks(range(len(comparison.pairs)), [pair.one for pair in comparison.pairs])
        grid[0].set_ylim(len(comparison.pairs) - 0.4, -0.6)
        figure.supxlabel(f"difference from {comparison.reference} in points, 95 % interval", fontsize="small")
    return figure


def hardest(comparison: Comparison) -> dict[str, list[Pair]]:
    """Give the pairs of the loudest noise and of the softest clips, by the titles of their panels."""
    conditions = list(comparison.condition_pairs.items())
    noisy = [pair for pair in conditions if pair[0].endswith("SNR")]
    soft = [pair for pair in conditions if pair[0].endswith("softer")]
    return dict(noisy[-1:] + soft[-1:])


def plot_curves_together(groups: Sequence[SeedGroup]) -> Figure:
    """Plot loss and error rate of all models against epochs, as means of their runs.

    Validation is solid, training dotted; where a run ended early, so does the mean.
    """
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(10, 3.8), source=groups[0])
        losses, mistakes = figure.subplots(1, 2)
        for group, color in zip(groups, colors_for(len(groups)), strict=True):
            runs = [run.metrics for run in group.runs]
            for split, style in (("training", ":"), ("validation", "-")):
                lines = list(zip(*runs, strict=False))  # the runs' figures of each epoch
                loss = [fmean(line[f"{split}_loss"] for line in epoch) for epoch in lines]
                wrong = [1 - fmean(line[f"{split}_accuracy"] for line in epoch) for epoch in lines]
                epochs = range(1, len(lines) + 1)
                label = group.name if split == "validation" else None
                losses.plot(epochs, loss, style, color=color, linewidth=1.2, label=label)
                mistakes.plot(epochs, wrong, style, color=color, linewidth=1.2)
        losses.set(xlabel="epoch", ylabel="loss (nats)", yscale="log")
        mistakes.set(xlabel="epoch", ylabel="error rate", yscale="log")
        for axes in (losses, mistakes):
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_minor_locator(NullLocator())
        losses.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        mistakes.yaxis.set_major_formatter(PercentFormatter(1))
        figure.legend(
            loc="outside upper center", fontsize="small", ncols=8, title="validation; dotted: training"
        )
    return figure


def plot_confusions(groups: Sequence[SeedGroup], words: Sequence[str]) -> Figure:
    """Plot the confusion matrices side by side, in percent of each word said."""
    panels = [
        (f"{group.name}: {group.right_share.mean():.1%}", row_shares(group.confusion)) for group in groups
    ]
    return _matrices(panels, words, "Blues", (0, 1), 100, groups[0])


def plot_differences(groups: Sequence[SeedGroup], words: Sequence[str]) -> Figure:
    """Plot the difference of each confusion matrix from that of the best model, in mean clips per run."""
    best = max(groups, key=lambda group: group.right_share.mean())
    panels = [
        (f"{group.name} less {best.name}", group.confusion - best.confusion)
        for group in groups
        if group is not best
    ]
    largest = max(1.0, max(float(np.abs(matrix).max()) for _, matrix in panels))
    limits = (-largest, largest)
    return _matrices(panels, words, "RdBu_r", limits, 1, best)


def _matrices(
    panels: Sequence[tuple[str, NDArray[np.float64]]],
    words: Sequence[str],
    colors: str,
    limits: tuple[float, float],
    unit: float,
    source: Source,
) -> Figure:
    """Draw matrices [C, C] under their titles; cells that don't round to 0, times `unit`, are written out."""
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    with mpl.rc_context(STYLE | {"axes.grid": False}):
        letter = mpl.rcParams["font.size"] / 10
        side = 0.2 + 0.26 * len(words)
        # Every row has words below it, but only the first column has them beside it.
        height = rows * (side + 1.1 * letter) + 0.3 * letter
        figure = Plot(figsize=(columns * side + 1.2 * letter, height), source=source)
        grid: list[Axes] = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
        for place, (title, matrix) in enumerate(panels):
            axes = grid[place]
            axes.imshow(matrix, cmap=colors, vmin=limits[0], vmax=limits[1])
            axes.set_title(title, fontsize="medium")
            axes.set_xticks(range(len(words)), words, rotation=90, fontsize="small")
            axes.set_yticks(range(len(words)), words if place % columns == 0 else [], fontsize="small")
            _write_cells(axes, matrix, limits[1], unit)
        figure.supxlabel("recognised", fontsize="medium")
        figure.supylabel("said", fontsize="medium")
    return figure


def _write_cells(axes: Axes, matrix: NDArray[np.float64], largest: float, unit: float) -> None:
    for (row, column), value in np.ndenumerate(matrix):
        text = f"{value * unit:.0f}"
        if text not in ("0", "-0"):
            shade = "white" if abs(value) > 0.6 * largest else "black"
            axes.text(column, row, text, ha="center", va="center", color=shade, fontsize="x-small")


def plot_calibration(groups: Sequence[SeedGroup], bins: int = 10) -> Figure:
    """Plot accuracy against predicted probability; on the diagonal the two agree."""
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(5.5, 5), source=groups[0])
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color="gray", linewidth=1)
        for group, color in zip(groups, colors_for(len(groups)), strict=True):
            confidence, right = group.confidence.ravel(), group.right.ravel()
            place = bins_of(confidence, bins)
            inside = [place == one for one in range(bins) if (place == one).sum() >= 10]
            axes.plot(
                [confidence[one].mean() for one in inside],
                [right[one].mean() for one in inside],
                "o-",
                color=color,
                markersize=4,
                linewidth=1,
                label=group.name,
            )
        axes.set(xlabel="predicted probability", ylabel="accuracy")
        axes.legend(fontsize="small")
    return figure


def plot_noise(comparison: Comparison) -> Figure:
    """Plot accuracy against the signal-to-noise ratio in decibels, clean clips to the left."""
    models = comparison.models
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(7, 4), source=comparison)
        axes = figure.subplots()
        ratios = list(models[0].noise)
        for one, color in zip(models, colors_for(len(models)), strict=True):
            values = [one.accuracy, *one.noise.values()]
            axes.plot(range(len(values)), values, "o-", color=color, markersize=4, label=one.name)
        axes.set_xticks(range(len(ratios) + 1), ["clean", *map(str, ratios)])
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.set(xlabel="signal-to-noise ratio (dB)", ylabel="accuracy")
        axes.legend(fontsize="small", loc="lower left", ncols=2)
    return figure


def plot_data_scaling(comparison: Comparison) -> Figure:
    """Plot accuracy with its interval against the number of recorded training clips.

    Models that were trained on synthetic clips beside them have a line of their own.
    """
    lines: dict[int, list[ModelResult]] = {}
    for one in sorted(comparison.models, key=lambda one: one.recorded_clips):
        lines.setdefault(one.synthetic_clips_added, []).append(one)
    counts = sorted({one.recorded_clips for one in comparison.models})
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(6, 4), source=comparison)
        axes = figure.subplots()
        for added, line in sorted(lines.items()):
            clips = [one.recorded_clips for one in line]
            axes.fill_between(clips, *np.transpose([one.interval for one in line]), alpha=0.2, linewidth=0)
            label = f"with {added:,} synthetic clips" if added else "recorded clips alone"
            axes.plot(clips, [one.accuracy for one in line], "o-", markersize=4, label=label)
        # A logarithmic axis that has a place for 0.
        axes.set_xscale("symlog", linthresh=min(count for count in counts if count), linscale=0.5)
        axes.set_xticks(counts, [f"{count:,}" for count in counts])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.set(xlabel="training clips, all words together", ylabel="accuracy, 95 % interval")
        if len(lines) > 1:
            axes.set_xlabel("recorded training clips, all words together")
            axes.legend()
    return figure


@torch.inference_mode()
def plot_attention(recognizer: Recognizer, corpus: Corpus, split: Split) -> Figure:
    """Plot the first clip of each word of a split: its features, and the attention of each frame.

    Raises UsageError for a model that pools without attention.
    """
    recognizer.eval()
    words, table = corpus.config.classes, corpus.table(split)
    with mpl.rc_context(STYLE | {"axes.grid": False}):
        rows = -(-len(words) // ATTENTION_COLUMNS)
        figure = Plot(figsize=(2.2 * ATTENTION_COLUMNS, 1.9 * rows), source=corpus)
        panels: list[Axes] = figure.subplots(rows, ATTENTION_COLUMNS, squeeze=False).ravel().tolist()
        for axes in panels[len(words) :]:
            axes.set_axis_off()
        for axes, word in zip(panels, words, strict=False):
            row = table.index[table["word"] == word][0]
            clip = torch.from_numpy(np.array(corpus.store.samples[corpus.rows(split)[row]]))
            lengths = torch.tensor([int(table["length"][row])])
            features = recognizer.features(to_float(clip)[None], lengths)  # (1, T, F)
            frames = recognizer.features.frames(lengths)
            attention = recognizer.model.attention(features, frames)  # (1, T', N)
            if attention is None:
                raise UsageError("attention: this model pools without it")
            weights = attention[0].mean(dim=1).numpy()  # (T',)
            T = features.shape[1]
            axes.imshow(features[0].T.numpy(), origin="lower", aspect="auto", extent=(0, T, 0, 1))
            places = (np.arange(len(weights)) + 0.5) * T / len(weights)
            axes.plot(places, 0.95 * weights / weights.max(), color="white")
            axes.set(title=word, xticks=[], yticks=[], xlim=(0, T), ylim=(0, 1))
    return figure
