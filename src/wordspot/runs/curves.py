"""Learning curves: loss and accuracy of training and validation against epochs."""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.figure import Figure

from wordspot.figures import STYLE, Plot, Source
from wordspot.runs.metrics import Metrics, best_epoch


def plot_curves(metrics: Sequence[Metrics], source: Source) -> Figure:
    """Plot the metrics of a run; a line marks the epoch whose weights were kept."""
    epochs = [line["epoch"] for line in metrics]
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(9, 3.5), source=source)
        for axes, quantity, unit in zip(
            figure.subplots(1, 2), ("loss", "accuracy"), ("nats", "share"), strict=True
        ):
            for split in ("training", "validation"):
                axes.plot(epochs, [line[f"{split}_{quantity}"] for line in metrics], marker=".", label=split)
            axes.axvline(best_epoch(metrics), color="gray", linestyle=":", label="best epoch")
            axes.set(xlabel="epoch", ylabel=f"{quantity} ({unit})")
            axes.legend()
    return figure
