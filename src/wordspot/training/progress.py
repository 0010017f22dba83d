"""Progress of training: a bar with loss, accuracy, speed and time left, and a line for each epoch."""

import time
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from wordspot.figures import SYNTHETIC, Source


class TrainingProgress:
    """Writes to standard error, the bar only to a terminal."""

    def __init__(self, source: Source, epochs: int, steps: int, finished: int, *, quiet: bool) -> None:
        self.epochs = epochs
        self.console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=self.console,
            disable=quiet or not self.console.is_terminal,
            transient=True,
        )
        self.task = self.bar.add_task("epoch", total=epochs * steps, completed=finished * steps, figures="")
        self.clips = 0
        self.started = time.perf_counter()
        self.finished = finished
        if source.synthetic:
            self.console.print(f"the validation split is {SYNTHETIC}")
        if finished:
            self.console.print(f"resuming after epoch {finished} of {epochs}")

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def step(self, epoch: int, loss: float, accuracy: float, clips: int) -> None:
        """Show the loss and accuracy of an epoch so far, after a step with some clips."""
        self.clips += clips
        speed = self.clips / (time.perf_counter() - self.started)
        self.bar.update(
            self.task,
            advance=1,
            description=f"epoch {epoch}/{self.epochs}",
            figures=f"loss {loss:.3f}  accuracy {accuracy:.3f}  {speed:,.0f} clips/s",
        )

    def epoch(self, line: dict[str, Any], better: bool) -> None:
        """Show the metrics of an epoch and the time left at this speed."""
        done = line["epoch"] - self.finished
        left = (time.perf_counter() - self.started) / done * (self.epochs - line["epoch"])
        self.console.print(
            f"epoch {line['epoch']:3}/{self.epochs}  "
            f"training loss {line['training_loss']:.3f} accuracy {line['training_accuracy']:.3f}  "
            f"validation loss {line['validation_loss']:.3f} accuracy {line['validation_accuracy']:.4f}"
            f"{' *' if better else '  '}  {line['clips_per_second']:,.0f} clips/s  {left / 60:.1f} min left"
        )
