"""Learning curves: the figures of metrics.jsonl, over epochs."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from wordspot.figures import save_figure
from wordspot.runs.curves import plot_curves
from wordspot.runs.metrics import best_epoch
from wordspot.runs.run import Run


def test_curves_show_the_metrics(run: Run) -> None:
    metrics = run.metrics
    axes = run.plot_curves().axes
    assert [ax.get_ylabel() for ax in axes] == ["loss (nats)", "accuracy (share)"]
    for ax, quantity in zip(axes, ("loss", "accuracy"), strict=True):
        assert ax.get_xlabel() == "epoch"
        training, validation, best = ax.lines
        told = "augmented, dominant word" if quantity == "accuracy" else "augmented"
        assert training.get_label() == f"training ({told})"
        assert validation.get_label() == "validation"
        for line, split in ((training, "training"), (validation, "validation")):
            assert np.asarray(line.get_xdata()).tolist() == [1, 2, 3, 4]
            assert np.asarray(line.get_ydata()).tolist() == [row[f"{split}_{quantity}"] for row in metrics]
        assert best.get_label() == "kept epoch"
        assert np.asarray(best.get_xdata()).tolist() == [best_epoch(metrics)] * 2


def test_one_epoch_can_be_seen(run: Run) -> None:
    """A line through one point is nothing: it needs a mark."""
    for ax in plot_curves(run.metrics[:1], 1, run).axes:
        assert [np.asarray(line.get_xdata()).tolist() for line in ax.lines[:2]] == [[1], [1]]
        assert all(line.get_marker() not in ("None", "", None) for line in ax.lines[:2])


def test_figure_is_the_same_each_time(run: Run, tmp_path: Path) -> None:
    save_figure(run.plot_curves(), tmp_path / "curves.svg")
    drawn = (tmp_path / "curves.svg").read_bytes()
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    assert drawn == (run.folder / "curves.svg").read_bytes()
