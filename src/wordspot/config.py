"""What an experiment is: frozen dataclasses, checked when they are made, saved as JSON beside every run.

This module imports neither torch nor numpy, so that the command line can explain itself at once.
"""

import json
import math
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from wordspot.errors import UsageError

COMMANDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
"""The ten commands of the Speech Commands data set."""

HEADS = 4
"""Heads of the pooling `multi-head`, each with an equal piece of the state."""

UNKNOWN = "_unknown_"
SILENCE = "_silence_"


def _check(holds: bool, message: str) -> None:
    if not holds:
        raise UsageError(message)


def _check_finite(config: Any) -> None:
    for name in (f.name for f in fields(config)):
        value = getattr(config, name)
        _check(not isinstance(value, float) or math.isfinite(value), f"{name}: {value} must be a number")


class Strict:
    """A config that is read from JSON takes no setting that it doesn't know."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}


@dataclass(frozen=True)
class CorpusConfig(Strict):
    """Which clips, and how long each is heard."""

    words: tuple[str, ...] = COMMANDS
    """The words to tell apart."""
    unknown: bool = False
    """Add a class of the other words, as many clips as a chosen word has on average."""
    silence: bool = False
    """Add a class cut from _background_noise_, as many clips as a chosen word has on average."""
    seconds: float = 1.0
    """Length that each clip is padded or cut to."""
    rate_hz: int = 16_000
    """Sampling rate of the clips."""
    clips_per_word: int | None = None
    """Training clips of each class that are used; all where left out. Fewer are a part of more."""
    synthetic: int = 0
    """Synthetic clips of each word that are made and added to the training clips."""
    recorded_times: int = 1
    """Times that an epoch goes through recorded training clips where synthetic ones are added."""

    def __post_init__(self) -> None:
        _check_finite(self)
        _check(len(self.words) >= 1, "words: at least one is needed")
        _check(len(self.words) + self.unknown + self.silence >= 2, "words: at least two classes are needed")
        twice = sorted({word for word in self.words if self.words.count(word) > 1})
        _check(not twice, f"words: {', '.join(twice)} is named twice")
        _check(self.seconds > 0, f"seconds: {self.seconds} must be over 0")
        _check(self.rate_hz > 0, f"rate_hz: {self.rate_hz} must be over 0")
        _check(self.synthetic >= 0, f"synthetic: {self.synthetic} must be at least 0")
        _check(self.recorded_times >= 1, f"recorded_times: {self.recorded_times} must be at least 1")
        _check(
            self.recorded_times == 1 or self.synthetic > 0,
            "recorded_times: recorded clips are repeated only beside synthetic ones: give --synthetic too",
        )
        # Only the words have synthetic clips.
        fewest = 0 if self.synthetic and self.classes == self.words else 1
        _check(
            self.clips_per_word is None or self.clips_per_word >= fewest,
            f"clips_per_word: {self.clips_per_word} must be at least {fewest}",
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """The words, then the added classes, in the order of the logits."""
        return self.words + (UNKNOWN,) * self.unknown + (SILENCE,) * self.silence

    @property
    def samples(self) -> int:
        """Samples that a clip is padded or cut to."""
        return round(self.seconds * self.rate_hz)


@dataclass(frozen=True)
class FeatureConfig(Strict):
    """The front end: waveform to frames of features."""

    transform: Literal["log-mel", "mfcc"] = "log-mel"
    """Log-mel energies, or mel-frequency cepstral coefficients."""
    n_mfcc: int = 20
    """Cepstral coefficients kept (mfcc)."""
    n_mels: int = 40
    """Triangular mel bands."""
    n_fft: int = 1024
    """Points of the Fourier transform."""
    win_ms: float = 40.0
    """Window length in milliseconds."""
    hop_ms: float = 20.0
    """Step from frame to frame in milliseconds."""
    f_min_hz: float = 20.0
    """Lower edge of the mel bands in hertz."""
    f_max_hz: float = 7_600.0
    """Upper edge of the mel bands in hertz."""
    level: bool = True
    """Bring every clip to one loudness first."""
    deltas: Literal[0, 1, 2] = 1
    """Derivatives in time to append: none, the first, or the first and second."""

    def __post_init__(self) -> None:
        _check_finite(self)
        _check(self.hop_ms > 0, f"hop_ms: {self.hop_ms} must be over 0")
        _check(self.win_ms > 0, f"win_ms: {self.win_ms} must be over 0")
        _check(self.n_fft > 0, f"n_fft: {self.n_fft} must be over 0")
        _check(self.n_mels > 0, f"n_mels: {self.n_mels} must be over 0")
        _check(self.n_mfcc > 0, f"n_mfcc: {self.n_mfcc} must be over 0")
        _check(
            self.transform != "mfcc" or self.n_mfcc <= self.n_mels,
            f"n_mfcc: {self.n_mfcc} coefficients can't be made of n_mels {self.n_mels} bands: lower n_mfcc",
        )
        _check(
            0 <= self.f_min_hz < self.f_max_hz,
            f"f_min_hz {self.f_min_hz:g} must be at least 0 and under f_max_hz {self.f_max_hz:g}",
        )


@dataclass(frozen=True)
class AugmentConfig(Strict):
    """Changes of the training clips, drawn anew in each epoch; validation and test are left alone.

    Each has a strength and, ending in `_p`, the share of clips that it changes: 0 switches it off.
    """

    shift_ms: float = 100.0
    """Farthest shift in time, to either side, in milliseconds."""
    mask_bands: int = 8
    """Widest mask over neighbouring features (SpecAugment)."""
    mask_ms: float = 200.0
    """Longest mask over time in milliseconds (SpecAugment)."""
    gain_db: float = 6.0
    """Farthest change of loudness, to either side, in decibels."""
    speed: float = 0.1
    """Farthest change of speed, to either side, as a share; the pitch changes with it."""
    snr_low_db: float = 5.0
    """Loudest noise that is added: lowest signal-to-noise ratio in decibels."""
    snr_high_db: float = 25.0
    """Softest noise that is added: highest signal-to-noise ratio in decibels."""
    mixup: float = 0.2
    """Parameter of the beta distribution from which the shares of two mixed clips are drawn."""
    shift_p: float = 1.0
    """Share of clips shifted."""
    mask_bands_p: float = 1.0
    """Share of clips with a mask over features."""
    mask_ms_p: float = 1.0
    """Share of clips with a mask over time."""
    gain_p: float = 0.0
    """Share of clips made louder or softer."""
    speed_p: float = 0.0
    """Share of clips made faster or slower."""
    background_p: float = 0.0
    """Share of clips with recorded noise added, from _background_noise_."""
    colored_p: float = 0.0
    """Share of clips with drawn noise added, from white to brown."""
    mixup_p: float = 0.0
    """Share of clips mixed with another of the batch."""

    def __post_init__(self) -> None:
        _check_finite(self)
        for name in ("shift_ms", "mask_bands", "mask_ms", "gain_db"):
            _check(getattr(self, name) >= 0, f"{name}: {getattr(self, name)} must be at least 0")
        for name in (f.name for f in fields(self) if f.name.endswith("_p")):
            _check(0 <= getattr(self, name) <= 1, f"{name}: {getattr(self, name)} must be from 0 to 1")
        _check(0 <= self.speed < 1, f"speed: {self.speed} must be at least 0 and under 1")
        _check(self.mixup > 0, f"mixup: {self.mixup} must be over 0 (mixup_p 0 switches it off)")
        _check(
            self.snr_low_db <= self.snr_high_db,
            f"snr_low_db: {self.snr_low_db:g} must be at most snr_high_db {self.snr_high_db:g}",
        )


@dataclass(frozen=True)
class RecurrentConfig(Strict):
    """Perhaps convolutions, a stack of recurrent layers, a pooling over time, and a linear head."""

    front: Literal["none", "conv1d", "conv2d", "residual"] = "none"
    """Convolutions before the recurrent layers: over time, over time and frequency, or residual ones."""
    channels: int = 32
    """Channels of a front's first convolution; later ones have two to four times as many."""
    cell: Literal["rnn", "lstm", "gru"] = "lstm"
    """Elman network with tanh, long short-term memory, or gated recurrent unit."""
    bidirectional: bool = False
    """Read the clip in both directions."""
    units: int = 128
    """Units of each layer and direction."""
    layers: int = 2
    """Layers, one above the other."""
    pooling: Literal["last", "mean", "additive", "multi-head"] = "mean"
    """What the head sees: the final state, or a mean over the clip's frames, even or by attention."""
    dropout: float = 0.2
    """Share of units dropped between layers and before the head in training."""
    batch_norm: bool = False
    """Normalise the features over the batch before the model."""
    head_norm: bool = False
    """Normalise over the batch what the head sees."""

    @property
    def state_size(self) -> int:
        """Features of the recurrent state of a frame, of both directions where there are two."""
        return self.units * (2 if self.bidirectional else 1)

    def __post_init__(self) -> None:
        _check_finite(self)
        for name in ("channels", "units", "layers"):
            _check(getattr(self, name) > 0, f"{name}: {getattr(self, name)} must be over 0")
        _check(
            self.pooling != "multi-head" or self.state_size % HEADS == 0,
            f"units: {self.units} give states of {self.state_size}, which {HEADS} heads can't share: "
            f"take a multiple of {HEADS}",
        )
        _check(0 <= self.dropout < 1, f"dropout: {self.dropout} must be at least 0 and under 1")


@dataclass(frozen=True)
class TrainingConfig(Strict):
    """The recipe of the training loop."""

    epochs: int = 30
    """Times that the training clips are gone through."""
    batch_size: int = 64
    """Clips in a step."""
    optimizer: Literal["adamw", "adam", "sgd"] = "adamw"
    """AdamW, Adam, or stochastic gradient descent with momentum 0.9."""
    learning_rate: float = 2e-3
    """Peak of the schedule: a linear rise, then half a cosine down to nothing."""
    warmup: float = 0.1
    """Share of all steps in which the rate rises."""
    weight_decay: float = 0.01
    """Decay of the weights; for adam and sgd an L2 penalty."""
    label_smoothing: float = 0.0
    """Share of the target that is spread over all classes."""
    clip_norm: float = 1.0
    """Longest gradient: a longer one is scaled down to it."""
    patience: int = 10
    """Epochs after the best one, by validation accuracy and then loss, after which training stops early."""
    seed: int = 0
    """Draws initial weights, order of clips, augmentation and dropout."""

    def __post_init__(self) -> None:
        _check_finite(self)
        for name in ("epochs", "batch_size", "patience"):
            _check(getattr(self, name) >= 1, f"{name}: {getattr(self, name)} must be at least 1")
        for name in ("learning_rate", "clip_norm"):
            _check(getattr(self, name) > 0, f"{name}: {getattr(self, name)} must be over 0")
        _check(self.weight_decay >= 0, f"weight_decay: {self.weight_decay} must be at least 0")
        _check(
            0 <= self.label_smoothing < 1,
            f"label_smoothing: {self.label_smoothing} must be at least 0 and under 1",
        )
        _check(0 <= self.warmup < 1, f"warmup: {self.warmup} must be at least 0 and under 1")
        _check(0 <= self.seed < 2**31, f"seed: {self.seed} must be at least 0 and under 2147483648")


@dataclass(frozen=True)
class RunConfig(Strict):
    """One experiment, whole: equal configs on equal clips give equal weights on the same machine."""

    model: RecurrentConfig = field(default_factory=RecurrentConfig)
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    features: FeatureConfig = field(default_factory=FeatureConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        features, rate_hz = self.features, self.corpus.rate_hz
        window = round(features.win_ms * rate_hz / 1000)
        _check(window >= 1, f"win_ms: {features.win_ms} is under one sample")
        _check(
            window <= features.n_fft,
            f"win_ms: {features.win_ms:g} ms are {window} samples at {rate_hz} Hz, "
            f"over n_fft {features.n_fft}: shorten win_ms or raise n_fft",
        )
        _check(
            features.f_max_hz <= rate_hz / 2,
            f"f_max_hz: {features.f_max_hz:g} is over {rate_hz / 2:g}, half of the sampling rate",
        )
        _check(round(features.hop_ms * rate_hz / 1000) >= 1, f"hop_ms: {features.hop_ms} is under one sample")
        _check(
            self.corpus.samples > features.n_fft // 2,
            f"seconds: {self.corpus.seconds:g} are {self.corpus.samples} samples, "
            f"too few for n_fft {features.n_fft}",
        )


def parse_config(stored: Any) -> RunConfig:
    """Make a config of what JSON gave. Raises UsageError that names a setting that doesn't fit."""
    from pydantic import TypeAdapter, ValidationError  # costs a tenth of a second

    try:
        return TypeAdapter(RunConfig).validate_python(stored)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def read_recipe(path: Path) -> RunConfig:
    """Read a config as `train` takes it: the config.json of a run, or the best.json of a sweep.

    Raises UsageError where there is none, or one that this version doesn't know.
    """
    try:
        return parse_config(json.loads(path.read_text(encoding="utf-8"))["config"])
    except OSError as error:
        reason = error.strerror
    except (ValueError, KeyError, TypeError, UsageError) as error:
        reason = str(error).splitlines()[0]
    raise UsageError(f"{path}: not a config of this version of wordspot ({reason})")


def vary(config: RunConfig, **settings: Any) -> RunConfig:
    """Change settings of a config by their names alone, which no two of its parts share.

    >>> vary(RunConfig(), n_mels=80, epochs=5).features.n_mels
    80
    """
    for part in (f.name for f in fields(config)):
        section = getattr(config, part)
        own = {name: settings.pop(name) for name in list(settings) if hasattr(section, name)}
        config = replace(config, **{part: replace(section, **own)})
    _check(not settings, f"{', '.join(settings)}: no such setting")
    return config


def differences(one: Any, other: Any) -> list[str]:
    """Name the settings in which two configs differ.

    >>> differences(RunConfig(), RunConfig(training=TrainingConfig(epochs=5)))
    ['epochs 30 against 5']
    """
    found = []
    for name in (f.name for f in fields(one)):
        here, there = getattr(one, name), getattr(other, name)
        if is_dataclass(here) and type(here) is type(there):
            found += differences(here, there)
        elif here != there:
            found.append(f"{name} {here} against {there}")
    return found
