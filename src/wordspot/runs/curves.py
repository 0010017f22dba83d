"""Learning curves: loss and accuracy of training and validation against epochs.

Training figures are of augmented clips, under dropout, while the weights change; so they may be worse than
those of validation. A mixed clip counts as recognised where its dominant word is.
"""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from wordspot.figures import STYLE, Plot, Source
from wordspot.runs.metrics import Metrics


def plot_curves(metrics: Sequence[Metrics], kept: int, source: Source) -> Figure:
    """Plot the metrics of a run; a line marks the epoch whose weights were kept."""
    epochs = [line["epoch"] for line in metrics]
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(9, 3.5), source=source)
        for axes, quantity, unit in zip(
            figure.subplots(1, 2), ("loss", "accuracy"), ("nats", "share"), strict=True
        ):
            dominant = ", dominant word" if quantity == "accuracy" else ""
            for split, label in (
                ("training", f"training (augmented{dominant})"),
                ("validation", "validation"),
            ):
                axes.plot(epochs, [line[f"{split}_{quantity}"] for line in metrics], marker=".", label=label)
            axes.axvline(kept, color="gray", linestyle=":", label="kept epoch")
            axes.set(xlabel="epoch", ylabel=f"{quantity} ({unit})")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.legend()
    return figure
