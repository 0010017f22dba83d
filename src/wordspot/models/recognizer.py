"""A whole recogniser, waveform to logits: features, model and words in one Module."""

import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wordspot.audio.features import Features, to_float
from wordspot.audio.io import read_clip
from wordspot.audio.padding import full_lengths, pad_clips
from wordspot.audio.sinc import resample
from wordspot.config import RunConfig, Runtime
from wordspot.errors import ClipError, UsageError
from wordspot.models import make_model

if TYPE_CHECKING:
    from wordspot.runs.evaluation import Evaluation

BATCH = 32
"""Sounds that `predict` recognises at once: few, so that what is computed of them stays in the cache."""

Sound = str | Path | Tensor | NDArray[Any]
T = TypeVar("T")
File = TypeVar("File", str, Path)


class Clip(NamedTuple):
    """What a recogniser hears of a sound."""

    waveform: Tensor
    """Float32 [length] at the recogniser's sampling rate: the first seconds, all that it uses."""
    seconds: float
    """Length of the whole sound."""


class Recognizer(nn.Module):
    """Tells words apart.

    Shape: waveforms [B, S] in [-1, 1) and their lengths [B] in samples to logits [B, C], in the order of
    `classes`. Their softmax are the probabilities: the model's logits are divided by `temperature`, which is
    fitted on the validation split and saved with the weights (Guo et al. 2017).
    """

    temperature: Tensor

    def __init__(self, config: RunConfig) -> None:
        super().__init__()
        self.config = config
        self.classes = config.corpus.classes
        self.features = Features(config.features, config.corpus.sample_rate)
        self.model = make_model(config.model, self.features.size, len(self.classes))
        self.register_buffer("temperature", torch.ones(()))
        self.register_load_state_dict_pre_hook(_without_temperature)  # type: ignore[no-untyped-call]
        self.speakers: frozenset[str] = frozenset()
        """Speakers of the training and validation clips, where they are known."""
        self.thresholds: dict[str, float] = {}
        """Probability from which on a stream of sound holds a word, where thresholds were chosen."""

    def forward(self, waveforms: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Score waveforms [B, S]; without `lengths` none of their samples are padding."""
        if lengths is None:
            lengths = full_lengths(waveforms)
        logits: Tensor = self.model(
            self.features(waveforms, lengths), self.features.frames(lengths)
        )  # (B, C)
        return logits / self.temperature

    @property
    def n_parameters(self) -> int:
        """Count the weights that training learns."""
        return sum(weights.numel() for weights in self.parameters())

    @property
    def device(self) -> torch.device:
        """The device of its weights."""
        return self.features.mean.device

    def predict(
        self, sounds: Sound | Sequence[Sound], sample_rate: int | None = None, *, convert: bool = False
    ) -> Any:
        """Recognise the word in a sound, or in each of several, of which the first seconds are used.

        A sound is the path of a file, or a waveform [S] of floats in [-1, 1] or int16, as a tensor or an
        array, at `sample_rate` (the recogniser's own by default), which is resampled. A waveform [B, S] and a
        list of sounds give a list of `Prediction`, a single sound gives one. Files with another format than
        the recogniser's need `convert`. Raises ClipError for a file that can't be used, UsageError for a
        waveform that can't.
        """
        if isinstance(sounds, Tensor | np.ndarray) and sounds.ndim not in (1, 2):
            raise UsageError(f"waveform: shape {tuple(sounds.shape)} must be [S] or [B, S]")
        single = isinstance(sounds, str | Path) or (not isinstance(sounds, Sequence) and sounds.ndim == 1)
        several: Sequence[Any] = [sounds] if single else sounds  # type: ignore[assignment]
        clips = (self.read(sound, sample_rate, convert=convert) for sound in several)
        found = [one for batch in batches(clips) for one in self.predict_clips(batch)]
        return found[0] if single else found

    def predict_files(
        self, paths: Iterable[File], *, convert: bool = False, skip_bad: bool = False
    ) -> "Iterator[tuple[File, Prediction]]":
        """Recognise the words in any number of files, of which no more than a batch are in memory at once.

        Yields them in their order. Raises ClipError for a file that can't be used, before any file of its
        batch is recognised; with `skip_bad` it is left out, with a warning.
        """
        for batch in batches(self._read_files(paths, convert=convert, skip_bad=skip_bad)):
            found, clips = zip(*batch, strict=True)
            yield from zip(found, self.predict_clips(clips), strict=True)

    def _read_files(
        self, paths: Iterable[File], *, convert: bool, skip_bad: bool
    ) -> Iterator[tuple[File, Clip]]:
        for path in paths:
            try:
                yield path, self.read(path, convert=convert)
            except ClipError as error:
                if not skip_bad:
                    raise
                warnings.warn(f"left out {error}", stacklevel=2)

    def read(self, sound: Sound, sample_rate: int | None = None, *, convert: bool = False) -> Clip:
        """Read a file, or check and resample a waveform, and keep what is used of it."""
        own = self.config.corpus
        if isinstance(sound, str | Path):
            waveform = to_float(torch.from_numpy(read_clip(Path(sound), own.sample_rate, convert=convert)))
        else:
            waveform = checked(sound)
            if sample_rate is not None and sample_rate < 1:
                raise UsageError(f"sample_rate: {sample_rate} must be at least 1")
            if sample_rate not in (None, own.sample_rate):
                waveform = resample(waveform, sample_rate, own.sample_rate)
        seconds = len(waveform) / own.sample_rate
        # A copy, so that the rest of a long sound is not kept.
        return Clip(waveform[: own.samples].clone() if len(waveform) > own.samples else waveform, seconds)

    @torch.inference_mode()
    def predict_clips(self, clips: Sequence[Clip]) -> "list[Prediction]":
        """Recognise the words in a batch of clips."""
        if self.training:  # setting the mode of every layer takes longer than a convolution
            self.eval()
        padded, lengths = pad_clips([clip.waveform for clip in clips], self.config.corpus.samples)
        logits = self(padded.to(self.device), lengths.to(self.device))  # (B, C)
        return [
            Prediction(dict(zip(self.classes, row, strict=True)), clip.seconds)
            for row, clip in zip(logits.softmax(dim=1).tolist(), clips, strict=True)
        ]

    def evaluate(self, data: str | Path, runtime: Runtime = Runtime()) -> "Evaluation":
        """Evaluate on all clips of a labelled folder, as `wordspot.evaluate_recognizer` does."""
        from wordspot.evaluation.evaluate import (
            evaluate_recognizer,
        )  # this room may not import it any earlier

        return evaluate_recognizer(self, data, runtime)


def shapes_of(config: RunConfig) -> dict[str, tuple[int, ...]]:
    """Give the shape of each tensor in the state of a recogniser, without memory for those of its model."""
    features, model = _without_memory(config)
    state = {f"features.{name}": tensor for name, tensor in features.state_dict().items()}
    state |= {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    return {name: tuple(tensor.shape) for name, tensor in state.items()} | {"temperature": ()}


def weights_of(config: RunConfig) -> int:
    """Count the weights that training would learn, without memory for them."""
    _, model = _without_memory(config)
    return sum(weights.numel() for weights in model.parameters())


def _without_memory(config: RunConfig) -> tuple[Features, nn.Module]:
    features = Features(config.features, config.corpus.sample_rate)
    with torch.device("meta"):
        return features, make_model(config.model, features.size, len(config.corpus.classes))


def checked(sound: Tensor | NDArray[Any]) -> Tensor:
    """Turn samples [S], int16 or floats in [-1, 1], into float32. Raises UsageError for any others."""
    # A copy: torch has no read-only tensors, as a row of a memory-mapped store would be.
    waveform = sound if isinstance(sound, Tensor) else torch.from_numpy(np.array(sound))
    if waveform.ndim != 1 or not len(waveform):
        raise UsageError(f"waveform: shape {tuple(waveform.shape)} must be [S], not empty")
    waveform = as_floats(waveform, "waveform")
    if not all(map(math.isfinite, waveform.aminmax())):  # a single pass; NaN is the lowest and the highest
        raise UsageError("waveform: has samples that are not finite")
    return waveform


def as_floats(samples: Tensor, name: str) -> Tensor:
    """Turn samples of any shape, int16 or floats in [-1, 1], into float32.

    Raises UsageError, which calls them by `name`, for any others.
    """
    if samples.dtype == torch.int16:
        return to_float(samples)
    if not samples.is_floating_point():
        raise UsageError(f"{name}: {samples.dtype} must be int16, or floats in [-1, 1]")
    return samples.float()


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Group items into batches of BATCH, taking no item earlier than its batch is asked for."""
    remaining = iter(items)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def _without_temperature(_: nn.Module, state: dict[str, Tensor], prefix: str, *_rest: Any) -> None:
    """Let weights load that were saved before there was a temperature."""
    state.setdefault(f"{prefix}temperature", torch.ones(()))


@dataclass(frozen=True)
class Prediction:
    """What was recognised in one sound."""

    probabilities: dict[str, float]
    """Of each class."""
    seconds: float
    """Length of the whole sound."""

    @property
    def word(self) -> str:
        """The most probable class."""
        return max(self.probabilities, key=self.probabilities.__getitem__)

    @property
    def probability(self) -> float:
        """Probability of the most probable class."""
        return self.probabilities[self.word]

    def top(self, count: int) -> list[tuple[str, float]]:
        """List the most probable classes with their probabilities.

        >>> Prediction({"yes": 0.2, "no": 0.7, "up": 0.1}, 1.0).top(2)
        [('no', 0.7), ('yes', 0.2)]
        """
        return sorted(self.probabilities.items(), key=lambda item: -item[1])[:count]
