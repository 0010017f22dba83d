"""Learning curves: loss and accuracy of training and validation against epochs."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from wordspot.figures import STYLE, Plot, save_figure
from wordspot.models.recognizer import read_config
from wordspot.training.metrics import best_epoch, read_metrics


def plot_curves(run: Path) -> Figure:
    """Plot the learning curves of a run; a line marks the epoch whose weights were kept."""
    metrics = read_metrics(run)
    epochs = [line["epoch"] for line in metrics]
    with mpl.rc_context(STYLE):
        _, made_of = read_config(run)
        figure = Plot(figsize=(9, 3.5), synthetic="validation" in made_of["data"].get("synthetic_parts", ()))
        for axes, quantity, unit in zip(
            figure.subplots(1, 2), ("loss", "accuracy"), ("nats", "share"), strict=True
        ):
            for part in ("training", "validation"):
                axes.plot(epochs, [line[f"{part}_{quantity}"] for line in metrics], marker=".", label=part)
            axes.axvline(best_epoch(metrics), color="gray", linestyle=":", label="best epoch")
            axes.set(xlabel="epoch", ylabel=f"{quantity} ({unit})")
            axes.legend()
    return figure


def draw_curves(run: Path) -> None:
    """Save the learning curves in the run's folder."""
    save_figure(plot_curves(run), run / "curves.svg")
