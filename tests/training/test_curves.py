"""Learning curves: the figures of metrics.jsonl, over epochs."""

import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.runs import shared_run
from wordspot.config import RunConfig
from wordspot.training.curves import draw_curves, plot_curves
from wordspot.training.metrics import best_epoch, read_metrics


@pytest.fixture
def run(tiny: RunConfig, shared_recordings: Path) -> Path:
    return shared_run(tiny, shared_recordings)


def test_no_metrics_before_the_first_epoch(tmp_path: Path) -> None:
    assert read_metrics(tmp_path) == []


def test_curves_show_the_metrics(run: Path) -> None:
    metrics = read_metrics(run)
    axes = plot_curves(run).axes
    assert [ax.get_ylabel() for ax in axes] == ["loss (nats)", "accuracy (share)"]
    for ax, quantity in zip(axes, ("loss", "accuracy"), strict=True):
        assert ax.get_xlabel() == "epoch"
        training, validation, best = ax.lines
        for line, part in ((training, "training"), (validation, "validation")):
            assert line.get_label() == part
            assert np.asarray(line.get_xdata()).tolist() == [1, 2, 3, 4]
            assert np.asarray(line.get_ydata()).tolist() == [row[f"{part}_{quantity}"] for row in metrics]
        assert best.get_label() == "best epoch"
        assert np.asarray(best.get_xdata()).tolist() == [best_epoch(metrics)] * 2


def test_one_epoch_can_be_seen(run: Path, tmp_path: Path) -> None:
    """A line through one point is nothing: it needs a mark."""
    first = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[0]
    (tmp_path / "metrics.jsonl").write_text(first, encoding="utf-8")
    shutil.copy(run / "config.json", tmp_path)
    for ax in plot_curves(tmp_path).axes:
        assert all(line.get_marker() not in ("None", "", None) for line in ax.lines[:2])


def test_figure_is_the_same_each_time(run: Path, tmp_path: Path) -> None:
    for name in ("metrics.jsonl", "config.json"):
        shutil.copy(run / name, tmp_path)
    draw_curves(tmp_path)
    drawn = (tmp_path / "curves.svg").read_bytes()
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    assert drawn == (run / "curves.svg").read_bytes()
