"""Progress of training: a bar with loss, accuracy, speed and time left, and a line for each epoch."""

import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from wordspot.figures import SYNTHETIC, Source

HEAD = "    epoch     loss accuracy  validation loss accuracy   clips/s  left"
"""Names of what a line for an epoch tells."""


class TwoLineBar(Progress):
    """A bar with epoch, step and time left; below it loss, accuracy and speed. 80 columns hold both."""

    def __init__(self, console: Console, *, disable: bool) -> None:
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None, table_column=Column(ratio=1)),
            TextColumn("step {task.fields[step]}"),
            TimeRemainingColumn(table_column=Column(no_wrap=True)),
            TextColumn("left"),
            console=console,
            disable=disable,
            expand=True,
            transient=True,
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        """Give the two lines."""
        yield self.make_tasks_table(self.tasks)
        for task in self.tasks:
            yield Text(task.fields["figures"], no_wrap=True)


class TrainingProgress:
    """Writes to standard error, the bar only to a terminal."""

    def __init__(self, source: Source, epochs: int, steps: int, finished: int, *, quiet: bool) -> None:
        self.epochs = epochs
        self.steps = steps
        self.console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)
        self.bar = TwoLineBar(self.console, disable=quiet or not self.console.is_terminal)
        self.task = self.bar.add_task(
            f"epoch {finished + 1}/{epochs}",
            total=epochs * steps,
            completed=finished * steps,
            step=f"0/{steps}",
            figures="",
        )
        self.clips = 0
        self.started = time.perf_counter()
        self.finished = finished
        if source.synthetic:
            self.console.print(f"the validation split is {SYNTHETIC}")
        if finished:
            self.console.print(f"resuming after epoch {finished} of {epochs}")
        self.console.print(HEAD)

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def step(self, epoch: int, step: int, loss: float, accuracy: float, clips: int) -> None:
        """Show the loss and accuracy of an epoch so far, after a step with some clips."""
        self.clips += clips
        speed = self.clips / (time.perf_counter() - self.started)
        self.bar.update(
            self.task,
            completed=(epoch - 1) * self.steps + step,
            description=f"epoch {epoch}/{self.epochs}",
            step=f"{step}/{self.steps}",
            figures=f"loss {loss:.3f}  accuracy {accuracy:.3f}  {speed:,.0f} clips/s",
        )

    def epoch(self, line: dict[str, Any], better: bool) -> None:
        """Show the metrics of an epoch, with a star where it is `better`, and the time left at this speed."""
        done = line["epoch"] - self.finished
        left = (time.perf_counter() - self.started) / done * (self.epochs - line["epoch"])
        place = f"{line['epoch']}/{self.epochs}"
        self.console.print(
            f"{place:>9}  {line['training_loss']:7.3f} {line['training_accuracy']:8.3f}  "
            f"{line['validation_loss']:15.3f} {line['validation_accuracy']:8.4f}{'*' if better else ' '} "
            f"{line['clips_per_second']:8,.0f}  {left / 60:.1f} min"
        )
