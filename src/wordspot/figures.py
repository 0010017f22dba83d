"""Figures: drawn without a screen, shown inline by notebooks, saved whole, the same bytes each time."""

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from wordspot.files import whole_file

STYLE: dict[Any, Any] = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "grid.alpha": 0.3,
    "svg.hashsalt": "wordspot",
}


class Plot(Figure):
    """A figure that a notebook shows by itself, without pyplot and its open windows."""

    def _repr_png_(self) -> bytes:
        shown = io.BytesIO()
        self.savefig(shown, format="png")
        return shown.getvalue()


def save_figure(figure: Figure, path: Path) -> None:
    """Save a figure in the format that the name's suffix says, without the date."""
    with mpl.rc_context(STYLE), whole_file(path) as part:
        suffix = path.suffix.removeprefix(".")
        figure.savefig(part, format=suffix, dpi=150, metadata={"Date": None} if suffix == "svg" else None)
