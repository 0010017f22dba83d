"""How the time of training is spent: features, augmentation, the model, and the way of the tutorials."""

from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import torch
import torchaudio
from torch import Tensor
from torch.utils.data import DataLoader

from wordspot.audio.features import FLOOR, to_float
from wordspot.bench.limits import copy_rate, matrix_product_rate, transform_seconds
from wordspot.bench.measurement import Measurement, micros
from wordspot.bench.timing import interleaved, ratio
from wordspot.bench.tutorial import TutorialDataset
from wordspot.config import FeatureConfig, RunConfig
from wordspot.corpus.corpus import Corpus
from wordspot.evaluation.cost import count_macs
from wordspot.models.recognizer import Recognizer
from wordspot.recipes import RECIPES
from wordspot.training.loop import augmented_features, make_augmenter, make_optimizer, model_step

SUBJECT = "lstm"
"""The recipe whose parts are measured."""
STEPS = 4
"""Steps of training that are timed at once."""
ROUNDS = 9


class Trainee:
    """A recogniser in training, of which each part can be timed by itself."""

    def __init__(self, config: RunConfig, corpus: Corpus) -> None:
        draw = torch.Generator().manual_seed(0)
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

    def train(self) -> None:
        """Take some steps, each from packed clips to new weights."""
        for batch in islice(self.batches, STEPS):
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


def time_features(corpus: Corpus) -> Measurement:
    """Time static features against torchaudio's transform with the same settings."""
    trainee = Trainee(RECIPES[SUBJECT], corpus)
    config = trainee.recognizer.config
    mel = torchaudio_mel(config.features, config.corpus.sample_rate)
    cases = {
        "wordspot": trainee.features,
        "torchaudio": lambda: torch.log(mel(trainee.waveforms) + FLOOR),
    }
    seconds = interleaved(cases, ROUNDS)
    B, S = trainee.waveforms.shape
    limit = transform_seconds(config.features, config.corpus.sample_rate, B, S)
    return Measurement(
        "features: torchaudio / wordspot",
        ratio(seconds["torchaudio"], seconds["wordspot"]),
        f"{micros(seconds['torchaudio'], B)} / {micros(seconds['wordspot'], B)} a clip",
        at_least=3,
        limit=f"Fourier transforms alone: {1e6 * limit / B:.0f} µs",
    )


def torchaudio_mel(config: FeatureConfig, sample_rate: int) -> torchaudio.transforms.MelSpectrogram:
    """Make torchaudio's transform with the settings of a config."""
    return torchaudio.transforms.MelSpectrogram(
        sample_rate,
        n_fft=config.n_fft,
        win_length=round(config.win_ms * sample_rate / 1000),
        hop_length=round(config.hop_ms * sample_rate / 1000),
        f_min=config.f_min_hz,
        f_max=config.f_max_hz,
        n_mels=config.n_mels,
        pad_mode="constant",
    )


def time_augmentation(corpus: Corpus) -> Measurement:
    """Time the augmentation of waveforms and features against a step of the model."""
    trainee = Trainee(RECIPES[SUBJECT], corpus)
    seconds = interleaved({"augmentation": trainee.augment, "model": trainee.model}, ROUNDS)
    model = seconds["model"] / STEPS
    B, S = trainee.waveforms.shape
    copy = 8 * B * S / copy_rate()
    return Measurement(
        f"augmentation / model ({SUBJECT})",
        ratio(seconds["augmentation"], model),
        f"{micros(seconds['augmentation'], B)} / {micros(model, B)} a clip",
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
        yield Measurement(
            f"model / whole training ({name})",
            ratio(seconds["model"], seconds["whole"]),
            f"{micros(seconds['model'], clips)} / {micros(seconds['whole'], clips)} a clip",
            at_least=0.85,
            limit=f"matrix products alone: {1e6 * least:.0f} µs",
        )


def time_tutorial(corpus: Corpus, files: list[Path]) -> Iterator[Measurement]:
    """Time training against the way of the tutorials, with the same augmentation and without any.

    `files` are the paths of the corpus's training clips, in its order.
    """
    trainee = Trainee(RECIPES[SUBJECT], corpus)
    config = trainee.recognizer.config
    labels = [corpus.config.classes.index(word) for word in corpus.table("training")["word"]]
    for title, augment, goal in (
        ("with augmentation", config.augment, 3.0),
        ("without augmentation", None, None),
    ):
        dataset = TutorialDataset(
            files,
            labels,
            corpus.config.samples,
            corpus.config.sample_rate,
            config.features,
            augment,
            trainee.augmenter.noise,
        )
        loader = DataLoader(
            dataset, config.training.batch_size, shuffle=True, generator=torch.Generator().manual_seed(0)
        )
        batches = (batch for epoch in cycle([loader]) for batch in epoch)
        pupil = Recognizer(config).train()
        optimizer = make_optimizer(pupil, config.training)

        def tutorial(
            batches: Iterator[tuple[Tensor, Tensor]] = batches,
            pupil: Recognizer = pupil,
            optimizer: torch.optim.Optimizer = optimizer,
        ) -> None:
            for features, targets in islice(batches, STEPS):
                frames = torch.full((len(features),), features.shape[1])
                model_step(pupil, optimizer, features, frames, targets)

        seconds = interleaved({"wordspot": trainee.train, "tutorial": tutorial}, ROUNDS)
        clips = STEPS * trainee.clips
        yield Measurement(
            f"tutorial {title} / wordspot with it ({SUBJECT})",
            ratio(seconds["tutorial"], seconds["wordspot"]),
            f"{micros(seconds['tutorial'], clips)} / {micros(seconds['wordspot'], clips)} a clip",
            at_least=goal,
        )


def time_precision(corpus: Corpus) -> Measurement:
    """Time the steps of the model in bfloat16 against float32."""
    trainee = Trainee(RECIPES[SUBJECT], corpus)

    def bfloat16() -> None:
        with torch.autocast("cpu", torch.bfloat16):
            trainee.model()

    seconds = interleaved({"float32": trainee.model, "bfloat16": bfloat16}, ROUNDS)
    clips = STEPS * trainee.clips
    return Measurement(
        f"float32 / bfloat16 ({SUBJECT}, model)",
        ratio(seconds["float32"], seconds["bfloat16"]),
        f"{micros(seconds['float32'], clips)} / {micros(seconds['bfloat16'], clips)} a clip",
    )
