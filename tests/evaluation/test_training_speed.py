"""How fast models train: epochs and seconds to a fixed accuracy, and runs that ended early."""

from pathlib import Path

import pytest

from tests.evaluation.conftest import copy_run
from tests.helpers import metrics_line
from wordspot.evaluation.compare import compare, first_epoch_at
from wordspot.evaluation.tables import training_table
from wordspot.files import read_json, write_json
from wordspot.runs.metrics import Metrics, training_minutes
from wordspot.runs.run import Run


def metrics(*epochs: tuple[float, float]) -> list[Metrics]:
    """Give the lines of a run, each of an epoch's validation accuracy and seconds."""
    return [
        metrics_line(number, validation_accuracy=accuracy, validation_loss=1 - accuracy, seconds=seconds)
        for number, (accuracy, seconds) in enumerate(epochs, start=1)
    ]


def test_the_time_of_a_core_counts_where_it_is_known() -> None:
    on_gpu, on_cpu = metrics((0.9, 30), (0.9, 60))
    assert training_minutes([on_gpu | {"core_seconds": None}, on_cpu | {"core_seconds": 30.0}]) == 1.0


@pytest.fixture
def models(evaluated: Path, tmp_path: Path) -> list[Path]:
    """Give three models of two runs of at most four epochs each, which end after two without progress."""
    figures = {
        "fast-0": [(0.80, 10), (0.90, 20), (0.97, 30), (0.98, 12)],
        "fast-1": [(0.95, 8), (0.94, 8), (0.94, 8)],  # ended early
        "half-0": [(0.50, 6), (0.91, 6), (0.92, 6), (0.93, 6)],
        "half-1": [(0.50, 6), (0.60, 6), (0.89, 6), (0.70, 6)],
        "slow-0": [(0.60, 60), (0.50, 60), (0.50, 60)],  # ended early
        "slow-1": [(0.70, 60), (0.60, 60), (0.50, 60)],  # ended early
    }
    made = []
    for place, (name, epochs) in enumerate(figures.items()):
        dropout = 0.1 * (place // 2 + 2)
        run = copy_run(evaluated, tmp_path / name, 0, seed=place % 2, dropout=dropout, patience=2)
        Run(run).write_metrics(metrics(*epochs))
        made.append(run)
    return made


def test_epochs_and_seconds_to_a_fixed_accuracy(models: list[Path]) -> None:
    result = compare(models, split="testing")
    fast, half, slow = result.models
    assert fast.epochs_to_90 == (2 + 1) / 2
    assert fast.seconds_to_90 == pytest.approx((30 + 8) / 2)
    assert fast.seconds_per_epoch == pytest.approx((72 / 4 + 24 / 3) / 2)
    assert fast.epochs == 3.5
    assert fast.minutes == pytest.approx((72 + 24) / 2 / 60)
    assert fast.validation_accuracy == pytest.approx((0.98 + 0.95) / 2)
    # One run of the second model arrived, but the mean of those that do would flatter it.
    for one in (half, slow):
        assert one.epochs_to_90 is None
        assert one.seconds_to_90 is None
    assert [one.stopped_early for one in result.models] == [1, 0, 2]
    table = training_table(result)
    assert table.columns == ["model", "training", "epochs", "s per epoch", "epochs to 90 %", "s to 90 %"]
    assert table.rows == [
        ["fast", "0.8 min", "3.5", "13.0", "1.5", "19"],
        ["half", "0.4 min", "4", "6.0", "not reached", "not reached"],
        ["slow", "3.0 min", "3", "60.0", "not reached", "not reached"],
    ]
    assert table.title.endswith("; stopped early for lack of improvement: fast: 1 of 2, slow: 2 of 2 runs")


def test_no_run_that_stopped_early_is_told_of_where_there_is_none(models: list[Path]) -> None:
    result = compare([models[0], models[2]], split="testing")
    assert "stopped" not in training_table(result).title


def test_a_run_that_was_interrupted_has_not_run_out_of_patience(models: list[Path]) -> None:
    Run(models[0]).write_metrics(metrics((0.5, 1), (0.6, 1)))
    result = compare([models[0], models[2]], split="testing")
    assert [one.stopped_early for one in result.models] == [0, 0]
    assert result.models[0].epochs == 2


def test_a_recogniser_that_came_without_metrics(models: list[Path]) -> None:
    (models[0] / "metrics.jsonl").unlink()
    result = compare([models[0], models[2]], split="testing")
    assert training_table(result).rows[0] == [result.models[0].name, "-", "-", "-", "-", "-"]
    assert result.models[0].stopped_early == 0


@pytest.mark.parametrize(
    ("accuracies", "first"),
    [
        ([], None),
        ([0.5, 0.8999], None),
        ([0.9], 1),
        ([0.5, 0.9, 0.95], 2),
        ([0.5, 0.95, 0.7, 0.99], 2),  # that it fell again does not matter
    ],
)
def test_the_first_epoch_at_an_accuracy(accuracies: list[float], first: int | None) -> None:
    assert first_epoch_at(0.9, metrics(*((accuracy, 1.0) for accuracy in accuracies))) == first


def test_the_first_epoch_is_at_the_accuracy_that_is_asked_for() -> None:
    lines = metrics((0.5, 1), (0.8, 1), (0.9, 1))
    assert [first_epoch_at(accuracy, lines) for accuracy in (0.4, 0.8, 0.81, 1.0)] == [1, 2, 3, None]


def test_times_on_other_devices_say_so(models: list[Path]) -> None:
    fast, half = models[0], models[2]
    for run in (fast, half):
        config = read_json(run / "config.json")
        config["provenance"]["device"] = "cuda"
        write_json(run / "config.json", config)
    *first, last = Run(half).metrics
    Run(half).write_metrics([*first, last | {"core_seconds": 9.0}])  # the rest was trained on the CPU
    table = training_table(compare([fast, half, models[4]], split="testing"))
    assert [row[3] for row in table.rows] == ["18.0 on cuda", "6.8 on cpu and cuda", "60.0"]
    assert table.rows[0][1] == "1.2 min on cuda"
    assert table.rows[0][5] == "30 on cuda"
