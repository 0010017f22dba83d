"""Figures of confusion matrices."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, PowerNorm, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import StrMethodFormatter
from numpy.typing import NDArray

from wordspot.evaluation.seed_groups import SeedGroup
from wordspot.figures import STYLE, Plot, Source
from wordspot.runs.evaluation import row_shares
from wordspot.text import label

COLUMNS = 4
"""Confusion matrices in a row."""
LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in the brightness of a colour."""


def plot_confusions(groups: Sequence[SeedGroup], words: Sequence[str]) -> Figure:
    """Plot the confusion matrices side by side, in percent of each word said."""
    panels = [
        (f"{group.name}: {group.right_share.mean():.1%}", row_shares(group.confusion)) for group in groups
    ]
    norm = Normalize(0, 1)
    return _matrices(panels, words, "Blues", norm, 100, groups[0])


def plot_confusions_around_best(groups: Sequence[SeedGroup], words: Sequence[str]) -> Figure:
    """Plot the confusion matrix of the most accurate model, in percent of each word said; the others small.

    Colours follow the square root of the share, so that a few mistakes can be seen.
    """
    best = max(groups, key=lambda group: group.right_share.mean())
    others = [group for group in groups if group is not best]
    norm = PowerNorm(0.5, 0, 1)
    with mpl.rc_context(STYLE | {"axes.grid": False}):
        figure = Plot(figsize=(10, 3.5), source=best)
        large, small = figure.subfigures(1, 2, squeeze=False, width_ratios=(4.4, 5.6)).ravel()
        axes = large.subplots()
        shares = row_shares(best.confusion)
        image = axes.imshow(shares, cmap="Blues", norm=norm)
        shown = [label(word) for word in words]
        axes.set_xticks(range(len(words)), shown, rotation=90, fontsize="small")
        axes.set_yticks(range(len(words)), shown, fontsize="small")
        axes.set(xlabel="recognised", ylabel="said")
        axes.set_title(f"{label(best.name)}: {best.right_share.mean():.1%}", fontsize="medium")
        _write_cells(image, shares, 100)
        rows = 1 if len(others) < COLUMNS else 2
        columns = max(1, -(-len(others) // rows))
        grid: list[Axes] = small.subplots(rows, columns, squeeze=False).ravel().tolist()
        for axes in grid[len(others) :]:
            axes.set_axis_off()
        for axes, group in zip(grid, others, strict=False):
            axes.imshow(row_shares(group.confusion), cmap="Blues", norm=norm)
            axes.set(xticks=[], yticks=[])
            axes.set_title(f"{label(group.name)}\n{group.right_share.mean():.1%}", fontsize="small")
            axes.spines[["right", "top"]].set_visible(True)
    return figure


def plot_differences(
    groups: Sequence[SeedGroup], words: Sequence[str], reference: str | None = None
) -> Figure:
    """Plot how each confusion matrix differs from one, in mean clips per run.

    That one is of the reference, or of the most accurate model. The scale of colours is logarithmic beyond
    one clip, so that a large cell doesn't wash out the others.
    """
    best = max(groups, key=lambda group: group.right_share.mean())
    first = next((group for group in groups if group.name == reference), best)
    panels = [(group.name, group.confusion - first.confusion) for group in groups if group is not first]
    largest = max(2.0, *(float(np.abs(matrix).max()) for _, matrix in panels))
    norm = SymLogNorm(linthresh=1, vmin=-largest, vmax=largest)
    return _matrices(
        panels, words, "RdBu_r", norm, 1, first, f"clips more than {label(first.name)} (red)\nor fewer (blue)"
    )


def _matrices(
    panels: Sequence[tuple[str, NDArray[np.float64]]],
    words: Sequence[str],
    colors: str,
    norm: Normalize,
    unit: float,
    source: Source,
    bar: str | None = None,
) -> Figure:
    """Draw matrices [C, C] under their titles, and a colour bar where it has a label.

    Cells that don't round to 0, times `unit`, are written out.
    """
    shown = [label(word) for word in words]
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    with mpl.rc_context(STYLE | {"axes.grid": False}):
        letter = mpl.rcParams["font.size"] / 10
        side = max(1.8 if bar else 0, 0.2 + 0.26 * len(words))
        # Every row has words below it, but only the first column has them beside it.
        height = rows * (side + 1.1 * letter) + 0.3 * letter
        width = columns * side + (2.2 if bar else 1.2) * letter
        figure = Plot(figsize=(width, height), source=source)
        grid: list[Axes] = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
        for place, (title, matrix) in enumerate(panels):
            axes = grid[place]
            image = axes.imshow(matrix, cmap=colors, norm=norm)
            axes.set_title(label(title), fontsize="medium")
            axes.set_xticks(range(len(words)), shown, rotation=90, fontsize="small")
            axes.set_yticks(range(len(words)), shown if place % columns == 0 else [], fontsize="small")
            _write_cells(image, matrix, unit)
        if bar:
            shrink = 0.8 if rows == 1 else 0.5
            figure.colorbar(image, ax=grid, label=bar, shrink=shrink, format=StrMethodFormatter("{x:g}"))
        figure.supxlabel("recognised", fontsize="medium")
        figure.supylabel("said", fontsize="medium")
    return figure


def _write_cells(image: AxesImage, matrix: NDArray[np.float64], unit: float) -> None:
    """Write out cells that don't round to 0, in white on dark colours."""
    for (row, column), value in np.ndenumerate(matrix):
        text = f"{value * unit:.0f}"
        if text not in ("0", "-0"):
            dark = np.dot(image.to_rgba(np.array(value))[:3], LUMA) < 0.5
            image.axes.text(
                column,
                row,
                text,
                ha="center",
                va="center",
                color="white" if dark else "black",
                fontsize="x-small",
            )
