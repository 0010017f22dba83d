"""How many clips two trainings at once go through, against one."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from wordspot.bench.measurement import Measurement
from wordspot.bench.timing import ratio
from wordspot.config import CorpusConfig

SECONDS = 4.0
ROUNDS = 5
WORK = "from wordspot.bench.jobs import work; work()"


def time_two_at_once(data: str | Path, config: CorpusConfig) -> Measurement:
    """Time two trainings of one thread each, in processes of their own, against one of them alone."""
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(data, config.words)) for _ in range(2)]
        alone, both = [], []
        for _ in range(ROUNDS):
            alone.append(sum(measure(workers[:1])))
            both.append(sum(measure(workers)))
    rates = np.array(alone), np.array(both)
    return Measurement(
        "clips a second, two trainings at once / one (lstm)",
        ratio(rates[1], rates[0]),
        f"{np.median(rates[1]):,.0f} / {np.median(rates[0]):,.0f}",
        at_least=1.8,
        limit="two cores: 2",
    )


def measure(workers: list[tuple[IO[str], IO[str]]]) -> list[float]:
    """Let workers train at the same time: the clips a second of each."""
    for commands, _ in workers:
        print("train", file=commands, flush=True)
    return [float(answers.readline()) for _, answers in workers]


@contextmanager
def worker(data: str | Path, words: tuple[str, ...]) -> Iterator[tuple[IO[str], IO[str]]]:
    """Start a process that trains when it is told to: yields where to tell it, and where it answers."""
    command = [sys.executable, "-c", WORK, str(data), *words]
    with subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        try:
            process.stdout.readline()  # it is ready
            yield process.stdin, process.stdout
        finally:
            process.stdin.close()


def work() -> None:
    """Train for some seconds for each line of standard input; answer with the clips a second."""
    import time

    import torch

    from wordspot.bench.training import STEPS, SUBJECT, Trainee
    from wordspot.corpus.corpus import open_corpus
    from wordspot.device import keep_freed_memory
    from wordspot.recipes import RECIPES

    torch.set_num_threads(1)
    keep_freed_memory()
    data, *words = sys.argv[1:]
    trainee = Trainee(RECIPES[SUBJECT], open_corpus(data, words=tuple(words)))
    trainee.train()
    print("ready", flush=True)
    for _ in sys.stdin:
        started, clips = time.perf_counter(), 0
        while time.perf_counter() < started + SECONDS:
            trainee.train()
            clips += STEPS * trainee.clips
        print(clips / (time.perf_counter() - started), flush=True)
