"""Figures: drawn without a screen, shown inline by notebooks, saved with the same bytes each time."""

import io
from pathlib import Path
from typing import Any, Protocol

import matplotlib as mpl
import numpy as np
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

from wordspot.files import atomic_write

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31")
"""Safe for colour-blind readers (Okabe and Ito 2008), with brown in place of yellow."""

STYLE: dict[Any, Any] = {
    "axes.grid": True,
    "axes.prop_cycle": cycler(color=COLORS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "grid.alpha": 0.3,
    "svg.hashsalt": "wordspot",
}


def colors_for(count: int) -> list[str]:
    """Give `count` colours, a range from dark to light where there are many."""
    if count <= len(COLORS):
        return list(COLORS[:count])
    return [to_hex(mpl.colormaps["viridis"](place)) for place in np.linspace(0, 0.95, count)]


SYNTHETIC = "synthetic speech"
"""Added to titles of results in which no human voice was heard."""


class Source(Protocol):
    """Whatever a table or figure is made from: a corpus, an evaluation, a comparison."""

    @property
    def synthetic(self) -> bool:
        """Whether it is of synthetic speech."""


def titled(title: str, source: Source) -> str:
    """Give the title of a table, marked where its source is synthetic speech."""
    return f"{title} ({SYNTHETIC})" if source.synthetic else title


class Plot(Figure):
    """A figure that notebooks show by themselves, without pyplot and its open windows."""

    def __init__(self, figsize: tuple[float, float], source: Source) -> None:
        """Begin a figure with a size in inches, marked where its source is synthetic speech."""
        super().__init__(figsize=figsize)
        if source.synthetic:
            self.suptitle(SYNTHETIC, x=0.01, horizontalalignment="left", fontsize="small", style="italic")

    def _repr_png_(self) -> bytes:
        shown = io.BytesIO()
        self.savefig(shown, format="png")
        return shown.getvalue()


def save_figure(figure: Figure, path: Path) -> None:
    """Save a figure in the format of the suffix, without a date."""
    with mpl.rc_context(STYLE), atomic_write(path) as part:
        suffix = path.suffix.removeprefix(".")
        figure.savefig(part, format=suffix, dpi=150, metadata={"Date": None} if suffix == "svg" else None)
