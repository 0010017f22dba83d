"""How many clips two trainings at once go through, against one."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import torch

from wordspot.bench.measurement import Measurement
from wordspot.bench.timing import Ratio, interleaved, ratio
from wordspot.bench.training import SUBJECT, Trainee
from wordspot.bench.worker import Worker, worker
from wordspot.config import CorpusConfig
from wordspot.corpus.corpus import open_corpus
from wordspot.device import keep_freed_memory
from wordspot.recipes import RECIPES

JOBS = 2
ROUNDS = 7
STEPS = 40
"""Steps of training that are timed at once, for some seconds."""


def time_two_at_once(data: str | Path, config: CorpusConfig) -> Measurement:
    """Time two trainings of one thread each, in processes of their own, against one of them alone."""
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(__name__, [str(data), *config.words])) for _ in range(JOBS)]
        seconds = interleaved({"one": lambda: train(workers[:1]), "both": lambda: train(workers)}, ROUNDS)
    slower = ratio(seconds["one"], seconds["both"])
    return Measurement(
        f"clips a second, {JOBS} trainings at once / one ({SUBJECT})",
        Ratio(JOBS * slower.median, JOBS * slower.low, JOBS * slower.high),
        f"{seconds['both'].mean():.1f} / {seconds['one'].mean():.1f} s for the clips of one",
        at_least=1.8,
        limit=f"{JOBS} cores: {JOBS}",
    )


def train(workers: Sequence[Worker]) -> None:
    """Let workers train at the same time."""
    for one in workers:
        one.start("train")
    for one in workers:
        one.wait()


def cases(data: str, *words: str) -> dict[str, Callable[[], object]]:
    """Give what a process of `time_two_at_once` does."""
    torch.set_num_threads(1)
    keep_freed_memory()
    trainee = Trainee(RECIPES[SUBJECT], open_corpus(data, words=words))
    return {"train": partial(trainee.train, STEPS)}
