"""The metrics of a run: one line of figures for each finished epoch.

`training_loss` and `training_accuracy` are of augmented clips; the accuracy scores a clip mixed of two words
(mixup) against the dominant one. `seconds` are those of the clock, `core_seconds` those
that the cores of a CPU spent on this run, which other work beside it hardly changes.
"""

from collections.abc import Sequence
from typing import Any

from wordspot.config import TrainingConfig

Metrics = dict[str, Any]


def training_minutes(lines: Sequence[Metrics]) -> float:
    """Sum the time of the epochs, validation included, in minutes: of one core, or of a GPU by the clock."""
    return float(sum(line.get("core_seconds") or line["seconds"] for line in lines)) / 60


def is_over(lines: Sequence[Metrics], recipe: TrainingConfig) -> bool:
    """Tell whether training has had all its epochs, or has run out of patience."""
    impatient = recipe.keep == "best" and len(lines) - best_epoch(lines) >= recipe.patience
    return len(lines) >= recipe.epochs or impatient


def kept_epoch(lines: Sequence[Metrics], recipe: TrainingConfig) -> int:
    """Give the epoch whose weights are kept; 0 without lines."""
    return len(lines) if recipe.keep == "last" else best_epoch(lines)


def kept_accuracy(lines: Sequence[Metrics], recipe: TrainingConfig) -> float:
    """Give the validation accuracy of the epoch whose weights are kept; nan without lines."""
    return float(lines[kept_epoch(lines, recipe) - 1]["validation_accuracy"]) if lines else float("nan")


def best_epoch(lines: Sequence[Metrics]) -> int:
    """Give the epoch with the highest validation accuracy, among equals the lowest loss; 0 without lines.

    >>> figures = [(0.5, 1.0), (0.8, 0.9), (0.8, 0.7), (0.8, 0.7)]
    >>> best_epoch([{"epoch": n, "validation_accuracy": a, "validation_loss": b}
    ...             for n, (a, b) in enumerate(figures, start=1)])
    3
    """
    ranked = max(
        lines, key=lambda line: (line["validation_accuracy"], -line["validation_loss"]), default=None
    )
    return int(ranked["epoch"]) if ranked else 0
