"""Figures of a comparison."""

from collections.abc import Mapping, Sequence
from statistics import fmean

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, PercentFormatter, StrMethodFormatter

from wordspot.audio.features import to_float
from wordspot.corpus.corpus import Corpus
from wordspot.errors import UsageError
from wordspot.evaluation.comparison import (
    HIGHLIGHTED,
    Comparison,
    ModelResult,
    against,
    highlighted,
)
from wordspot.evaluation.seed_groups import SeedGroup
from wordspot.evaluation.statistics import bins_of
from wordspot.figures import COLORS, STYLE, Plot
from wordspot.layout import Split
from wordspot.models.recognizer import Recognizer
from wordspot.runs.evaluation import Interval
from wordspot.text import label

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
        axes.set_yticks(range(len(groups)), [label(group.name) for group in groups])
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.set(xlabel="accuracy, 95 % interval; dots: runs")
        axes.grid(axis="y", visible=False)
    return figure


def plot_paired_differences(comparison: Comparison, reference: str | None = None) -> Figure:
    """Plot how much more accurate each model is than one, in points: the one named, else the reference.

    The 95 % intervals hold for all models at once; a filled dot marks one without 0 in it. Where accuracy in
    noise and on softer clips was measured, the hardest of each has a panel of its own.
    """
    reference = reference or comparison.reference or most_accurate(comparison)
    tests = {"clean": comparison.pairs} | comparison.hardest_conditions
    panels = {title: against(reference, pairs) for title, pairs in tests.items()}
    names = [pair.one for pair in panels["clean"]]
    with mpl.rc_context(STYLE):
        letter = mpl.rcParams["font.size"] / 10
        height = (1.0 + 0.125 * len(names)) * letter
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
            axes.set_title(title, fontsize="x-small")
            axes.tick_params(labelsize="small")
            axes.xaxis.set_major_locator(MaxNLocator(3))
            axes.grid(axis="y", visible=False)
        grid[0].set_yticks(range(len(names)), list(map(label, names)))
        grid[0].set_ylim(len(names) - 0.4, -0.6)
        figure.supxlabel(f"difference from {label(reference)} in points, 95 % interval", fontsize="small")
    return figure


def most_accurate(comparison: Comparison) -> str:
    """Name the most accurate model."""
    return max(comparison.models, key=lambda one: one.accuracy).name


def plot_curves_together(groups: Sequence[SeedGroup], reference: str | None = None) -> Figure:
    """Plot loss and error rate of all models against epochs, as means of their runs.

    Validation is solid and training dotted; where a run ended early, so does the mean. Of more than four
    models, those that are discussed are highlighted: the reference or the baselines, and the best.
    """
    colors = highlights({group.name: group.right_share.mean() for group in groups}, reference)
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(10, 2.6), source=groups[0])
        losses, mistakes = figure.subplots(1, 2)
        for group in sorted(groups, key=lambda group: group.name in colors):  # grey lines lie below
            runs = [run.metrics for run in group.runs]
            color = colors.get(group.name, GREY)
            for split, style in (("training", ":"), ("validation", "-")):
                if split == "training" and group.name not in colors:
                    continue
                lines = list(zip(*runs, strict=False))  # the runs' figures of each epoch
                loss = [fmean(line[f"{split}_loss"] for line in epoch) for epoch in lines]
                wrong = [1 - fmean(line[f"{split}_accuracy"] for line in epoch) for epoch in lines]
                epochs = range(1, len(lines) + 1)
                name = label(group.name) if split == "validation" and group.name in colors else None
                losses.plot(epochs, loss, style, color=color, linewidth=1.2, label=name)
                mistakes.plot(epochs, wrong, style, color=color, linewidth=1.2, label=name)
        losses.set(ylabel="loss (nats)")
        mistakes.set(ylabel="error rate")
        for axes in (losses, mistakes):
            axes.set(xlabel="epoch (solid: validation, dotted: training)", yscale="log")
            axes.set_xlim(left=0)  # where there is one epoch, its tick is whole too
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_minor_locator(NullLocator())
        losses.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        mistakes.yaxis.set_major_formatter(PercentFormatter(1))
        for axes in (losses, mistakes):
            label_ends(figure, axes)
    return figure


GREY = "#b8bec4"
"""Of the lines that are not highlighted."""


def highlights(accuracies: Mapping[str, float], reference: str | None = None) -> dict[str, str]:
    """Give at most four models a colour each: those that are discussed, or all where there are no more."""
    few = len(accuracies) <= HIGHLIGHTED
    names = list(accuracies) if few else highlighted(accuracies, reference)
    return dict(zip(names, COLORS, strict=False))


def label_ends(figure: Figure, axes: Axes) -> None:
    """Write the labels of lines to the right of the axes, near their ends and clear of each other."""
    lines = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
    size = FontProperties(size="small").get_size_in_points()
    # Axes are about three quarters as high as their figure.
    step = 1.2 * size / (0.75 * 72 * figure.get_figheight())
    low, high = axes.get_ylim()
    to_axes = axes.transScale + axes.transLimits
    last = [to_axes.transform((1, np.asarray(line.get_ydata())[-1]))[1] for line in lines]
    ends = np.clip(last, 0, 1)  # on a logarithmic axis, 0 is far below it
    place = -np.inf
    for end, line in sorted(zip(ends, lines, strict=True), key=lambda pair: pair[0]):
        place = max(place + step, end)
        axes.text(
            1.01,
            place,
            str(line.get_label()),
            transform=axes.transAxes,
            va="center",
            fontsize=size,
            color=line.get_color(),
        )
    axes.set_ylim(low, high)


def plot_calibration(groups: Sequence[SeedGroup], reference: str | None = None, bins: int = 10) -> Figure:
    """Plot accuracy against predicted probability; on the diagonal the two agree."""
    colors = highlights({group.name: group.right_share.mean() for group in groups}, reference)
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(5.5, 5), source=groups[0])
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color="gray", linewidth=1)
        for group in sorted(groups, key=lambda group: group.name in colors):
            confidence, right = group.confidence.ravel(), group.right.ravel()
            place = bins_of(confidence, bins)
            inside = [place == one for one in range(bins) if (place == one).sum() >= 10]
            axes.plot(
                [confidence[one].mean() for one in inside],
                [right[one].mean() for one in inside],
                "o-",
                color=colors.get(group.name, GREY),
                markersize=4,
                linewidth=1,
                label=label(group.name) if group.name in colors else None,
            )
        axes.set(xlabel="predicted probability", ylabel="accuracy")
        axes.legend(fontsize="small")
    return figure


def plot_noise(comparison: Comparison) -> Figure:
    """Plot accuracy against the signal-to-noise ratio in decibels, clean clips to the left."""
    models = comparison.models
    colors = highlights({one.name: one.accuracy for one in models}, comparison.reference)
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(7, 2.3), source=comparison)
        axes = figure.subplots()
        ratios = list(models[0].noise)
        for one in sorted(models, key=lambda one: one.name in colors):
            values = [one.accuracy, *one.noise.values()]
            color = colors.get(one.name, GREY)
            name = label(one.name) if one.name in colors else None
            axes.plot(range(len(values)), values, "o-", color=color, markersize=4, label=name)
        axes.set_xticks(range(len(ratios) + 1), ["clean", *map(str, ratios)])
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.set(xlabel="signal-to-noise ratio (dB)", ylabel="accuracy")
        label_ends(figure, axes)
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
        figure = Plot(figsize=(7, 2.3), source=comparison)
        axes = figure.subplots()
        for added, line in sorted(lines.items()):
            clips = [one.recorded_clips for one in line]
            axes.fill_between(clips, *np.transpose([one.interval for one in line]), alpha=0.2, linewidth=0)
            name = f"with {added:,} synthetic clips" if added else "recorded clips alone"
            axes.plot(clips, [one.accuracy for one in line], "o-", markersize=4, label=name)
        # A logarithmic axis that has a place for 0.
        axes.set_xscale("symlog", linthresh=min(count for count in counts if count), linscale=0.5)
        axes.set_xticks(counts, [f"{count:,}" for count in counts])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.set(xlabel="training clips of all words (shaded: 95 % interval)", ylabel="accuracy")
        if len(lines) > 1:
            axes.set_xlabel("recorded training clips of all words (shaded: 95 % interval)")
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
