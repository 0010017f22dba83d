"""Learning curves: loss and accuracy of training and validation against epochs."""

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from wordspot.figures import STYLE, save_figure

METRICS = "metrics.jsonl"


def read_metrics(run: Path) -> list[dict[str, Any]]:
    """Read a line of metrics for each epoch; none where the run has no finished epoch."""
    path = run / METRICS
    return (
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []
    )


def plot_curves(run: Path) -> Figure:
    """Plot the learning curves of a run."""
    metrics = read_metrics(run)
    epochs = [line["epoch"] for line in metrics]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 3.5))
        for axes, quantity, unit in zip(
            figure.subplots(1, 2), ("loss", "accuracy"), ("nats", "share"), strict=True
        ):
            for part in ("training", "validation"):
                axes.plot(epochs, [line[f"{part}_{quantity}"] for line in metrics], label=part)
            axes.set(xlabel="epoch", ylabel=f"{quantity} ({unit})")
            axes.legend()
    return figure


def draw_curves(run: Path) -> None:
    """Save the learning curves in the run's folder."""
    save_figure(plot_curves(run), run / "curves.svg")
