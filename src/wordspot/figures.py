"""Figures: drawn without a screen, shown inline by notebooks, saved whole, the same bytes each time."""

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from wordspot.files import whole_file

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31")
"""Told apart by colour-blind eyes too (Okabe and Ito 2008), but for the last, brown instead of yellow."""

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
    """Give a colour for each of `count` models, from dark to light where there are many."""
    if count <= len(COLORS):
        return list(COLORS[:count])
    return [to_hex(mpl.colormaps["viridis"](place)) for place in np.linspace(0, 0.95, count)]


SYNTHETIC = "synthetic speech"
"""What tables and figures are marked with where no human voice was heard."""


class Plot(Figure):
    """A figure that a notebook shows by itself, without pyplot and its open windows."""

    def __init__(self, figsize: tuple[float, float], *, synthetic: bool = False) -> None:
        """Begin a figure of a size in inches; one of `synthetic` speech says so above."""
        super().__init__(figsize=figsize)
        if synthetic:
            self.suptitle(SYNTHETIC, x=0.01, horizontalalignment="left", fontsize="small", style="italic")

    def _repr_png_(self) -> bytes:
        shown = io.BytesIO()
        self.savefig(shown, format="png")
        return shown.getvalue()


def save_figure(figure: Figure, path: Path) -> None:
    """Save a figure in the format that the name's suffix says, without the date."""
    with mpl.rc_context(STYLE), whole_file(path) as part:
        suffix = path.suffix.removeprefix(".")
        figure.savefig(part, format=suffix, dpi=150, metadata={"Date": None} if suffix == "svg" else None)
