"""How long runs will take on this machine, measured before they begin."""

import time
from itertools import islice
from pathlib import Path

import torch

from wordspot.config import RunConfig, vary
from wordspot.corpus.batches import LARGE_BATCH, loader
from wordspot.corpus.corpus import Corpus
from wordspot.models.recognizer import Recognizer
from wordspot.training.loop import learn, make_augmenter, make_optimizer, validate
from wordspot.training.metrics import is_over, read_metrics, training_minutes

WARM_UP, STEPS = 2, 4


class Forecast:
    """The time that the runs of a study have left, so many `jobs` at once."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self.minutes: dict[Path, float] = {}
        self.for_an_epoch: dict[RunConfig, float] = {}

    def add(self, config: RunConfig, corpus: Corpus, run: Path, device: torch.device) -> None:
        """Add a run; its seed and epochs change nothing in the time of an epoch, which is measured once."""
        metrics = read_metrics(run)
        if is_over(metrics, config.training):
            self.minutes[run] = 0.0
            return
        like = vary(config, seed=0, epochs=1)
        if metrics:
            self.for_an_epoch[like] = training_minutes(metrics) / len(metrics)
        elif like not in self.for_an_epoch:
            self.for_an_epoch[like] = seconds_per_epoch(config, corpus, device) / 60
        self.minutes[run] = (config.training.epochs - len(metrics)) * self.for_an_epoch[like]

    def done(self, run: Path) -> None:
        """Take out a run that is finished."""
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
    training = loader(corpus, "training", config.training.batch_size, shuffle=draw)
    validation = loader(corpus, "validation", LARGE_BATCH)
    recognizer.train()
    seconds = []
    for batch in islice(training, WARM_UP + STEPS):
        started = time.perf_counter()
        learn(recognizer, batch, augmenter, optimizer)
        seconds.append(time.perf_counter() - started)
    timed = seconds[WARM_UP:] or seconds
    started = time.perf_counter()
    checked = validate(recognizer, islice(validation, 1), device)
    for_a_clip = (time.perf_counter() - started) / checked.clips
    return sum(timed) / len(timed) * len(training) + for_a_clip * len(corpus.rows("validation"))
