"""How long a study will take on this machine: measured before it starts, and again by its finished epochs."""

import heapq
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import fmean

import torch

from wordspot.audio.features import to_float
from wordspot.config import RunConfig, Runtime, vary
from wordspot.device import computing, precision_on
from wordspot.evaluation.comparison import FILE
from wordspot.evaluation.robustness import CONDITIONS
from wordspot.layout import SPLITS
from wordspot.models.recognizer import Recognizer
from wordspot.runs.metrics import is_over
from wordspot.runs.run import Run
from wordspot.training.loop import make_augmenter, train_step, validate
from wordspot.training.optimizer import make_optimizer
from wordspot.training.parallel import open_once

STEPS = 6
"""Steps of training that are timed."""
SHORT = 150
"""Seconds below which a time is told in seconds."""


@dataclass(frozen=True)
class Cost:
    """Seconds that a run takes."""

    start: float
    """Before its first epoch: the statistics of the features."""
    epoch: float
    """Training and validation."""
    scoring: float
    """Evaluation, in noise too."""


Experiments = Mapping[Path, Mapping[Path, RunConfig]]
"""The runs of each experiment, by their folders."""


class TimeLeft:
    """About how long a study will take, with `jobs` runs of an experiment at once.

    Training that stops early takes less.
    """

    def __init__(self, experiments: Experiments, costs: Mapping[RunConfig, Cost], jobs: int) -> None:
        """Take the experiments, and the costs of each kind of run in those that are unfinished."""
        self.experiments = experiments
        self.costs = costs
        self.jobs = jobs

    def __str__(self) -> str:
        runs = self.runs()
        finished = sum(is_finished(run, config) for run, config in runs.items())
        return f"{finished} of {len(runs)} runs finished, about {told(self.seconds())} left"

    def runs(self) -> dict[Path, RunConfig]:
        """List all runs, each once."""
        return {run: config for runs in self.experiments.values() for run, config in runs.items()}

    def seconds(self) -> float:
        """Estimate the time left, by the epochs of each kind of run where some are finished."""
        metrics = {run: Run(run).metrics for run in self.runs()}
        epochs: dict[RunConfig, list[float]] = {}
        for run, config in self.runs().items():
            epochs.setdefault(kind(config), []).extend(line["seconds"] for line in metrics[run])
        seconds = 0.0
        for runs in unfinished(self.experiments).values():
            seconds += sum(self.costs[kind(config)].scoring for config in runs.values())
            busy = [0.0] * self.jobs  # each process, until when: a run starts in the first that is idle
            for run, config in runs.items():
                lines = metrics.pop(run, None)  # a run of several experiments is trained in the first
                if lines is None or is_over(lines, config.training):
                    continue
                cost, known = self.costs[kind(config)], epochs[kind(config)]
                training = (config.training.epochs - len(lines)) * (fmean(known) if known else cost.epoch)
                heapq.heapreplace(busy, busy[0] + training + (0 if lines else cost.start))
            seconds += max(busy)
        return seconds


def unfinished(experiments: Experiments) -> Experiments:
    """Choose the experiments with runs to train or to compare."""
    return {
        folder: runs
        for folder, runs in experiments.items()
        if not (folder / FILE).is_file() or not all(is_finished(run, config) for run, config in runs.items())
    }


def is_finished(run: Path, config: RunConfig) -> bool:
    """Tell whether a run is trained to its end."""
    return is_over(Run(run).metrics, config.training)


def told(seconds: float) -> str:
    """Write a time in words.

    >>> told(64), told(1000), told(8400)
    ('60 s', '17 min', '2 h 20 min')
    """
    if seconds < SHORT:
        return f"{round(seconds, -1):.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def kind(config: RunConfig) -> RunConfig:
    """Give the config that is equal for all runs whose epochs take the same time."""
    return vary(config, seed=0, epochs=1, patience=1)


def measure_costs(
    experiments: Experiments,
    data: str | Path,
    runtime: Runtime,
    pool: Executor | None,
    jobs: int,
) -> dict[RunConfig, Cost]:
    """Measure each kind of run in unfinished experiments, in a pool: as many at once as will train."""
    configs = (config for runs in unfinished(experiments).values() for config in runs.values())
    kinds = list(dict.fromkeys(map(kind, configs)))
    rounds = -(-len(kinds) // jobs)
    asked = list(islice(cycle(kinds), rounds * jobs))  # no process is idle while another is timed
    spread = map if pool is None else pool.map
    return dict(zip(asked, spread(partial(measure_cost, data, runtime), asked), strict=True))


def measure_cost(data: str | Path, runtime: Runtime, config: RunConfig) -> Cost:
    """Time a few steps of training and a large batch without gradients, and scale them to a run."""
    draw = torch.Generator().manual_seed(0)
    with computing(runtime) as device:
        corpus = open_once(data, config.corpus, runtime)
        recognizer = Recognizer(config).to(device)
        augmenter, optimizer = (
            make_augmenter(config, corpus, draw),
            make_optimizer(recognizer, config.training),
        )
        training = corpus.loader("training", config.training.batch_size, shuffle=draw)
        batches = cycle(training)
        recognizer.train()
        precision = precision_on(device, runtime, config.model)
        step = seconds_of(
            lambda: train_step(recognizer, next(batches), augmenter, optimizer, precision), STEPS
        )
        large = next(iter(corpus.loader("training")))
        sounds = [(to_float(large.samples).to(device), large.lengths.to(device))]
        clip = seconds_of(lambda: validate(recognizer, [large])) / len(large.labels)
        clip_features = seconds_of(lambda: recognizer.features.fit(sounds)) / len(large.labels)
    clips = {split: corpus.count(split) for split in SPLITS}
    return Cost(
        start=clip_features * clips["training"],
        epoch=step * len(training) + clip * clips["validation"],
        scoring=clip * clips["testing"] * (1 + len(CONDITIONS)),
    )


def seconds_of(work: Callable[[], object], times: int = 1) -> float:
    """Measure the mean time of some work after it was done once, in seconds."""
    work()
    started = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - started) / times
