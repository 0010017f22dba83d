"""How the time of training is spent: features, augmentation, the model, and the way of the tutorials."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import cycle, islice

import torch

from wordspot.audio.features import to_float
from wordspot.bench.limits import copy_rate, matrix_product_rate, transform_seconds
from wordspot.bench.measurement import Measurement, quotient
from wordspot.bench.timing import interleaved
from wordspot.bench.worker import Worker
from wordspot.config import RunConfig
from wordspot.corpus.corpus import Corpus
from wordspot.device import trains_in_bfloat16
from wordspot.evaluation.cost import count_macs
from wordspot.models.recognizer import Recognizer
from wordspot.recipes import RECIPES
from wordspot.training.loop import augmented_features, make_augmenter, model_step
from wordspot.training.optimizer import make_optimizer

SUBJECT = "lstm"
"""The recipe whose parts are measured."""
STEPS = 4
"""Steps of training that are timed at once."""
ROUNDS = 9
FEATURE_ROUNDS = 31
TORCHAUDIO = ("torchaudio, same settings", "torchaudio, n_fft 1024")
"""Cases of `plain`."""


class Trainee:
    """A recogniser in training, of which each part can be timed by itself."""

    def __init__(self, config: RunConfig, corpus: Corpus) -> None:
        draw = torch.Generator().manual_seed(0)
        config = replace(config, corpus=corpus.config)
        self.recognizer = Recognizer(config).train()
        self.optimizer = make_optimizer(self.recognizer, config.training)
        self.augmenter = make_augmenter(config, corpus, draw)
        loader = corpus.loader("training", config.training.batch_size, shuffle=draw)
        self.batches = (batch for epoch in cycle([loader]) for batch in epoch)
        self.batch = next(self.batches)
        self.clips = len(self.batch.labels)
        self.waveforms = to_float(self.batch.samples)  # (B, S)
        self.static = self.recognizer.features.static(self.waveforms, self.batch.lengths)  # (B, T, n)
        self.inputs = augmented_features(self.recognizer, self.batch, self.augmenter)

    def train(self, steps: int = STEPS) -> None:
        """Take some steps, each from packed clips to new weights."""
        for batch in islice(self.batches, steps):
            model_step(
                self.recognizer, self.optimizer, *augmented_features(self.recognizer, batch, self.augmenter)
            )

    def model(self) -> None:
        """Take as many steps on features that are there already."""
        for _ in range(STEPS):
            model_step(self.recognizer, self.optimizer, *self.inputs)

    def features(self) -> None:
        """Transform a batch to static features."""
        self.recognizer.features.static(self.waveforms, self.batch.lengths)

    def augment(self) -> None:
        """Augment the waveforms of a batch, and mask its features."""
        self.augmenter.waveforms(self.waveforms, self.batch.lengths, self.batch.labels)
        self.augmenter.features(self.static)


def time_features(corpus: Corpus, plain: Worker) -> Iterator[Measurement]:
    """Time static features against torchaudio's transform with the same settings, and with a longer FFT."""
    trainee = Trainee(RECIPES[SUBJECT], corpus)
    config = trainee.recognizer.config
    cases = {"wordspot": trainee.features} | {name: partial(plain.run, name) for name in TORCHAUDIO}
    seconds = interleaved(cases, FEATURE_ROUNDS)
    B, S = trainee.waveforms.shape
    limit = transform_seconds(config.features, config.corpus.sample_rate, B, S)
    for name in TORCHAUDIO:
        yield quotient(
            f"features: {name} / wordspot",
            seconds[name] / B,
            seconds["wordspot"] / B,
            at_least=3,
            limit=f"Fourier transforms alone: {1e6 * limit / B:.0f} µs",
        )


def time_augmentation(corpus: Corpus) -> Measurement:
    """Time the augmentation of waveforms and features against a step of the model."""
    trainee = Trainee(RECIPES[SUBJECT], corpus)
    seconds = interleaved({"augmentation": trainee.augment, "model": trainee.model}, ROUNDS)
    B, S = trainee.waveforms.shape
    copy = 8 * B * S / copy_rate()
    return quotient(
        f"augmentation / model ({SUBJECT})",
        seconds["augmentation"] / B,
        seconds["model"] / (STEPS * B),
        at_most=0.1,
        limit=f"one pass over the samples: {1e6 * copy / B:.0f} µs",
    )


def time_epochs(corpus: Corpus) -> Iterator[Measurement]:
    """Time the model's own steps against whole steps, for every recipe."""
    rate = matrix_product_rate()
    for name, recipe in RECIPES.items():
        trainee = Trainee(recipe, corpus)
        seconds = interleaved({"model": trainee.model, "whole": trainee.train}, ROUNDS)
        clips = STEPS * trainee.clips
        # Forward one multiply-accumulate for each weight each time that it is used, backward two.
        least = 6 * count_macs(trainee.recognizer) / rate
        trainee.recognizer.train()
        yield quotient(
            f"model / whole training ({name})",
            seconds["model"] / clips,
            seconds["whole"] / clips,
            at_least=0.85,
            limit=f"matrix products alone: {1e6 * least:.0f} µs",
        )


def time_tutorial(corpus: Corpus, plain: Worker) -> Iterator[Measurement]:
    """Time training against the way of the tutorials, with the same augmentation and without any."""
    trainee = Trainee(RECIPES[SUBJECT], corpus)
    for title, goal in (("augmented", 3.0), ("not augmented", None)):
        seconds = interleaved({"wordspot": trainee.train, "tutorial": partial(plain.run, title)}, ROUNDS)
        clips = STEPS * trainee.clips
        name = f"training: tutorial, {title} / wordspot ({SUBJECT})"
        yield quotient(name, seconds["tutorial"] / clips, seconds["wordspot"] / clips, at_least=goal)


def time_precision(corpus: Corpus) -> Iterator[Measurement]:
    """Time the steps of each model in bfloat16 against float32, where this processor has both."""
    if not trains_in_bfloat16(torch.device("cpu")):
        return
    for name, recipe in RECIPES.items():
        trainee = Trainee(recipe, corpus)
        cases = {
            precision: partial(model_step, trainee.recognizer, trainee.optimizer, *trainee.inputs, precision)
            for precision in ("float32", "bfloat16")
        }
        seconds = interleaved(cases, ROUNDS)
        full, rounded = (seconds[precision] / trainee.clips for precision in cases)
        yield quotient(f"model: float32 / bfloat16 ({name})", full, rounded)
