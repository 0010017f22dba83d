"""What is shown of training, on terminals of 80 columns."""

import re
from dataclasses import dataclass
from io import StringIO

import pytest
from rich.console import Console

from wordspot.training import progress as progress_module
from wordspot.training.progress import HEAD, TrainingProgress

WIDTH = 80


@dataclass
class Made:
    """What the clips of a run are."""

    synthetic: bool = False


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """Give what is written to a terminal of 80 columns without colours."""
    text = StringIO()

    def console(**options: object) -> Console:
        return Console(
            file=text, width=WIDTH, force_terminal=True, color_system=None, soft_wrap=True, highlight=False
        )

    monkeypatch.setattr(progress_module, "Console", console)
    return text


def lines_of(progress: TrainingProgress) -> list[str]:
    """Render the bar as it would be shown."""
    with progress.console.capture() as shown:
        progress.console.print(progress.bar.get_renderable(), soft_wrap=False)
    return [line.rstrip() for line in shown.get().splitlines()]


@pytest.mark.parametrize(
    ("epochs", "steps", "epoch", "step", "loss", "figures"),
    [
        (30, 121, 12, 118, 0.4321, ("epoch 12/30", "step 118/121", "loss 0.432  accuracy 0.988")),
        (1000, 13_230, 999, 13_229, 12.3456, ("epoch 999/1000", "step 13229/13230", "loss 12.346")),
        (2, 1, 1, 1, 1.0986, ("epoch 1/2", "step 1/1", "loss 1.099")),
    ],
)
def test_every_figure_has_its_label_and_all_its_digits(
    told: StringIO,
    monkeypatch: pytest.MonkeyPatch,
    epochs: int,
    steps: int,
    epoch: int,
    step: int,
    loss: float,
    figures: tuple[str, ...],
) -> None:
    clock = iter(range(0, 1000, 2))
    monkeypatch.setattr("wordspot.training.progress.time.perf_counter", lambda: next(clock))
    progress = TrainingProgress(Made(), epochs, steps, finished=0, quiet=False)
    progress.step(epoch, step, loss, 0.98765, clips=24_690)
    first, second = lines_of(progress)
    shown = f"{first}\n{second}"
    assert all(figure in shown for figure in (*figures, "accuracy 0.988", "12,345 clips/s"))
    assert re.search(r" (-:--:--|\d+:\d\d:\d\d) left$", first)
    assert max(len(first), len(second)) <= WIDTH
    assert "…" not in shown


def test_the_time_left_keeps_its_digits_too(told: StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    progress = TrainingProgress(Made(), 1000, 13_230, finished=0, quiet=False)
    progress.step(999, 13_229, 12.3456, 0.98765, clips=64)
    monkeypatch.setattr("rich.progress.Task.time_remaining", 359_999)
    assert lines_of(progress)[0].endswith("step 13229/13230 99:59:59 left")


def test_a_line_for_each_epoch_under_one_line_of_names(told: StringIO) -> None:
    progress = TrainingProgress(Made(), 100, 10, finished=0, quiet=False)
    line = {
        "epoch": 100,
        "training_loss": 12.3456,
        "training_accuracy": 0.98765,
        "validation_loss": 0.12345,
        "validation_accuracy": 0.98765,
        "clips_per_second": 12_345.6,
    }
    progress.epoch(line, better=True)
    progress.epoch(line, better=False)
    names, best, other = told.getvalue().splitlines()
    assert names == HEAD
    assert best.split() == ["100/100", "12.346", "0.988", "0.123", "0.9877*", "12,346", "0.0", "min"]
    assert other.split() == ["100/100", "12.346", "0.988", "0.123", "0.9877", "12,346", "0.0", "min"]
    assert max(map(len, (names, best, other))) <= WIDTH
    # Each figure ends where its name does.
    for name, figure in (("loss", "12.346"), ("accuracy", "0.988"), ("clips/s", "12,346")):
        assert best.index(figure) + len(figure) == names.index(name) + len(name)
    assert "*" not in other


def test_synthetic_speech_and_a_resumed_run_are_told(told: StringIO) -> None:
    TrainingProgress(Made(synthetic=True), 4, 10, finished=3, quiet=False)
    first, second, names = told.getvalue().splitlines()
    assert first == "the validation split is synthetic speech"
    assert second == "resuming after epoch 3 of 4"
    assert names == HEAD
