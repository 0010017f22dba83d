"""The record of a run: a line of figures for each finished epoch."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wordspot.config import TrainingConfig
from wordspot.errors import WordspotError
from wordspot.files import write_text

FILE = "metrics.jsonl"
Metrics = dict[str, Any]


def read_metrics(run: Path) -> list[Metrics]:
    """Read the lines of a run, none where it has no finished epoch; a damaged file raises WordspotError."""
    path = run / FILE
    if not path.is_file():
        return []
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except ValueError:
        raise WordspotError(f"{path}: damaged: remove {run} and train anew") from None


def write_metrics(run: Path, lines: Sequence[Metrics]) -> None:
    """Write the lines of a run, whole or not at all."""
    write_text(run / FILE, "".join(json.dumps(line) + "\n" for line in lines))


def training_minutes(lines: Sequence[Metrics]) -> float:
    """Sum the time of the epochs, validation included, in minutes."""
    return float(sum(line["seconds"] for line in lines)) / 60


def is_over(lines: Sequence[Metrics], recipe: TrainingConfig) -> bool:
    """Say whether training has had its epochs, or waited long enough for a better one."""
    return len(lines) >= recipe.epochs or len(lines) - best_epoch(lines) >= recipe.patience


def best_epoch(lines: Sequence[Metrics]) -> int:
    """Give the epoch of the highest validation accuracy, among equals of the lowest loss; 0 of no lines.

    >>> figures = [(0.5, 1.0), (0.8, 0.9), (0.8, 0.7), (0.8, 0.7)]
    >>> best_epoch([{"epoch": n, "validation_accuracy": a, "validation_loss": b}
    ...             for n, (a, b) in enumerate(figures, start=1)])
    3
    """
    ranked = max(
        lines, key=lambda line: (line["validation_accuracy"], -line["validation_loss"]), default=None
    )
    return int(ranked["epoch"]) if ranked else 0
