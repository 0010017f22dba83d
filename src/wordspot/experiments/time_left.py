"""How long the runs of a study will take on this machine, measured before they start."""

import time
from itertools import islice
from pathlib import Path

import torch

from wordspot.config import RunConfig, vary
from wordspot.corpus.corpus import Corpus
from wordspot.models.recognizer import Recognizer
from wordspot.runs.metrics import is_over, training_minutes
from wordspot.runs.run import Run
from wordspot.training.loop import make_augmenter, make_optimizer, train_step, validate

WARM_UP, STEPS = 2, 4


class TimeLeft:
    """The time left for the runs of a study, with `jobs` runs at once."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.minutes: dict[Path, float] = {}
        self.epoch_minutes: dict[RunConfig, float] = {}

    def add(self, config: RunConfig, corpus: Corpus, run: Path, device: torch.device) -> None:
        """Add a run. Runs that differ in seed and number of epochs only are measured once."""
        metrics = Run(run).metrics
        if is_over(metrics, config.training):
            self.minutes[run] = 0.0
            return
        like = vary(config, seed=0, epochs=1)
        if metrics:
            self.epoch_minutes[like] = training_minutes(metrics) / len(metrics)
        elif like not in self.epoch_minutes:
            self.epoch_minutes[like] = seconds_per_epoch(config, corpus, device) / 60
        self.minutes[run] = (config.training.epochs - len(metrics)) * self.epoch_minutes[like]

    def done(self, run: Path) -> None:
        """Count a run as finished."""
        self.minutes[run] = 0.0

    def __str__(self) -> str:
        finished = sum(minutes == 0 for minutes in self.minutes.values())
        hours, minutes = divmod(round(sum(self.minutes.values()) / self.jobs), 60)
        left = f"{hours} h {minutes} min" if hours else f"{minutes} min"
        return f"{finished} of {len(self.minutes)} runs finished, at most about {left} of training left"


def seconds_per_epoch(config: RunConfig, corpus: Corpus, device: torch.device) -> float:
    """Time a few steps of training and a batch of validation, and scale them to an epoch."""
    draw = torch.Generator().manual_seed(0)
    recognizer = Recognizer(config).to(device)
    augmenter, optimizer = make_augmenter(config, corpus, draw), make_optimizer(recognizer, config.training)
    training = corpus.loader("training", config.training.batch_size, shuffle=draw)
    recognizer.train()
    seconds = []
    for batch in islice(training, WARM_UP + STEPS):
        started = time.perf_counter()
        train_step(recognizer, batch, augmenter, optimizer)
        seconds.append(time.perf_counter() - started)
    timed = seconds[WARM_UP:] or seconds
    started = time.perf_counter()
    validated, *_ = validate(recognizer, islice(corpus.loader("validation"), 1))
    clip_seconds = (time.perf_counter() - started) / validated.clips
    return sum(timed) / len(timed) * len(training) + clip_seconds * len(corpus.rows("validation"))
