"""How fast training and recognition are alone, and beside another busy process on one of the cores.

    python benchmarks/sharing.py --out sharing.json

Each way for OpenMP threads to wait has a process of its own, because a process chooses once. They take turns,
alone and beside a process that never waits, which is pinned to one core; so a machine whose speed changes
does not favour one of them. Linux only.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track

WAYS: dict[str, dict[str, str]] = {
    "default": {},
    "passive": {"OMP_WAIT_POLICY": "passive"},
    "1,000 spins": {"GOMP_SPINCOUNT": "1000"},
    "10,000 spins": {"GOMP_SPINCOUNT": "10000"},
}
"""Environments of torch's OpenMP runtime, which is GNU's on Linux."""
TASKS = ("training", "recognition")
SECONDS = 1.5
"""Time of a measurement, which ends with the first batch after it."""
BATCH = 64


@dataclass(frozen=True)
class Result:
    """Median speeds of one way to wait on some threads, in clips per second."""

    way: str
    threads: int
    task: str
    alone: float
    beside: float


def work(threads: int) -> None:
    """Answer each task that is read from standard input with its speed, in clips per second."""
    import torch
    from torch.nn.functional import cross_entropy

    import wordspot as ws

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    recognizer = ws.Recognizer(ws.recipe("lstm"))
    optimizer = torch.optim.AdamW(recognizer.parameters())
    waveforms = 0.1 * torch.randn(BATCH, 16_000)  # (B, S)
    labels = torch.arange(BATCH) % len(recognizer.classes)  # (B,)

    def train() -> None:
        recognizer.train()
        optimizer.zero_grad()
        cross_entropy(recognizer(waveforms), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    tasks: dict[str, Callable[[], object]] = {
        "training": train,
        "recognition": lambda: recognizer.predict(waveforms),
    }
    for task in sys.stdin:
        started, batches = time.perf_counter(), 0
        while time.perf_counter() < started + SECONDS:
            tasks[task.strip()]()
            batches += 1
        print(batches * BATCH / (time.perf_counter() - started), flush=True)


@contextmanager
def worker(way: str, threads: int) -> Iterator[Callable[[str], float]]:
    """Yield a function that measures a task in a process that waits in one way."""
    chosen = {name: value for way in WAYS.values() for name, value in way.items()}
    environment = {name: value for name, value in os.environ.items() if name not in chosen} | WAYS[way]
    command = [sys.executable, __file__, "--work", str(threads)]
    with subprocess.Popen(
        command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        to, answers = process.stdin, process.stdout

        def measure(task: str) -> float:
            print(task, file=to, flush=True)
            return float(answers.readline())

        yield measure
        to.close()


@contextmanager
def busy_process() -> Iterator[None]:
    """Keep the last core busy."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        os.sched_setaffinity(process.pid, {max(os.sched_getaffinity(0))})
        try:
            yield
        finally:
            process.kill()


def compare(threads: int, rounds: int) -> list[Result]:
    """Measure every way to wait with some threads, and one thread, which never waits, in turns."""
    measured: dict[tuple[str, int, str, bool], list[float]] = {}
    runs = [*((way, threads) for way in WAYS), ("default", 1)]
    with ExitStack() as stack:
        workers = [(way, count, stack.enter_context(worker(way, count))) for way, count in runs]
        for _ in track(range(rounds), "Measuring", console=Console(stderr=True), transient=True):
            for way, count, measure in workers:
                for task in TASKS:
                    for busy in (False, True):
                        with busy_process() if busy else nullcontext():
                            measured.setdefault((way, count, task, busy), []).append(measure(task))
    return [
        Result(
            way, count, task, *(statistics.median(measured[way, count, task, busy]) for busy in (False, True))
        )
        for way, count in runs
        for task in TASKS
    ]


def main() -> None:
    """Measure, print and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--work", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        work(asked.work)
        return
    results = compare(asked.threads, asked.rounds)
    for result in results:
        print(
            f"{result.task:12} {result.threads} threads, {result.way:15} {result.alone:7,.0f} clips/s alone, "
            f"{result.beside:7,.0f} beside another process ({result.beside / result.alone:4.0%})"
        )
    if asked.out:
        text = json.dumps([asdict(result) for result in results], indent=2)
        asked.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
