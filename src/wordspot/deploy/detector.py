"""Words in a stream of sound, told while it is heard."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wordspot.audio.io import header
from wordspot.config import SILENCE, UNKNOWN
from wordspot.deploy.frames import FrameByFrame
from wordspot.deploy.onnx_file import OnnxRecognizer
from wordspot.deploy.peaks import Peak, PeakPicker
from wordspot.deploy.resampler import Resampler
from wordspot.deploy.settings import THRESHOLD, Detection
from wordspot.deploy.sound import Block, read_blocks
from wordspot.deploy.traced import Traced
from wordspot.deploy.windows import Listener, SlidingWindows
from wordspot.errors import ClipError, UsageError, WordspotError
from wordspot.models.recognizer import Recognizer, as_floats
from wordspot.runs.run import Run

PIECE = 2**16
"""Samples of a long block that are worked on at once."""

Samples = Tensor | NDArray[Any]
Openable = Recognizer | OnnxRecognizer | Run | Path | str
"""A recogniser, a run or its folder, an exported file, or the name of a pretrained recogniser."""


@dataclass(frozen=True)
class Event:
    """A word in a stream; times are seconds from its beginning."""

    word: str
    start: float
    end: float
    """Start and end of the sound that the averaged windows share, in which the word is."""
    confidence: float
    """Averaged probability of the word at its peak."""
    told: float
    """How much of the stream had been heard when the word was told."""


class Detector:
    """Finds words in a stream that is pushed block by block; what it finds does not depend on the blocks.

    Memory and time for a second of sound stay the same however long the stream is.
    """

    def __init__(
        self,
        recognizer: Openable = "wordspot",
        sample_rate: int | None = None,
        settings: Detection = Detection(),
    ) -> None:
        """Listen to a stream of `sample_rate` hertz, the recogniser's own by default.

        Raises UsageError for a rate under 1, or a model that can't do what the settings ask for.
        """
        self.recognizer = recognizer = open_recognizer(recognizer)
        self.classes = recognizer.classes
        self.own_rate, self.samples = clip_of(recognizer)
        self.sample_rate = self.own_rate if sample_rate is None else sample_rate
        self.step = max(1, round(settings.step_ms * self.own_rate / 1000))
        self.resampler = Resampler(self.sample_rate, self.own_rate)
        self.listener = self._listener(settings.stateful)
        chosen = recognizer.thresholds if settings.threshold is None else {}
        default = THRESHOLD if settings.threshold is None else settings.threshold
        self.peaks = PeakPicker(
            self.classes,
            [chosen.get(word, default) for word in self.classes],
            settings.smoothing,
            round(settings.refractory_ms * self.own_rate / 1000),
        )
        self.received = 0
        """Samples of the stream so far."""
        self.posterior = torch.zeros(len(self.classes))
        """Probability of each class in the last window."""

    def _listener(self, stateful: bool) -> Listener:
        if isinstance(self.recognizer, Recognizer):
            if stateful:
                return FrameByFrame(self.recognizer, self.step)
            return SlidingWindows(Traced(self.recognizer), self.samples, self.step, len(self.classes))
        if stateful:
            raise UsageError("stateful: an exported file scores windows: name the run instead")
        return SlidingWindows(self.recognizer, self.samples, self.step, len(self.classes))

    @property
    def seconds(self) -> float:
        """Length of the stream so far."""
        return self.received / self.sample_rate

    @property
    def words(self) -> list[str]:
        """The words that it tells: all classes but those for other words and silence."""
        return [name for name in self.classes if name not in (UNKNOWN, SILENCE)]

    def push(self, samples: Samples) -> list[Event]:
        """Take the next samples [S] or [S, channels], int16 or floats in [-1, 1]; returns the words found.

        Raises UsageError for samples of another shape or kind, and WordspotError for NaN or infinity.
        """
        block = to_mono(samples)
        if not block.isfinite().all():
            raise WordspotError(
                f"the stream has samples that are not numbers, {self.seconds:.2f} s after its start"
            )
        events = []
        for piece in torch.split(block, PIECE):
            self.received += len(piece)
            events += self._hear(self.resampler.push(piece))
        return events

    def finish(self) -> list[Event]:
        """End the stream; returns the words that were still waiting for what follows.

        Half a window of silence is heard after it, so that the last word can be in the middle of a window.
        """
        events = self._hear(self.resampler.finish()) + self._hear(torch.zeros(self.samples // 2))
        last = self.peaks.finish()
        return [*events, self._event(last, last.last)] if last else events

    def _hear(self, samples: Tensor) -> list[Event]:
        """Give the words that are found with the next samples [S] at the recogniser's own rate."""
        events = []
        for heard, posterior in self.listener.push(samples):
            self.posterior = posterior
            peak = self.peaks.push(heard, posterior)
            if peak:
                events.append(self._event(peak, heard))
        return events

    def _event(self, peak: Peak, heard: int) -> Event:
        return event_of(peak, heard, self.classes[peak.word], self.samples, self.own_rate, self.seconds)


def event_of(peak: Peak, heard: int, word: str, window: int, sample_rate: int, seconds: float) -> Event:
    """Turn a peak of `word`, told when `heard` samples were heard, into an event of a stream of `seconds`."""
    start, end, told = (
        min(max(0, place) / sample_rate, seconds) for place in (peak.last - window, peak.first, heard)
    )
    return Event(word, start, max(start, end), peak.confidence, told)


def listen(
    stream: "str | Path | Iterable[Samples]",
    recognizer: Openable = "wordspot",
    sample_rate: int | None = None,
    settings: Detection = Detection(),
) -> Iterator[Event]:
    """Yield the words in a stream while it is heard: a sound file by its path, or blocks as for `push`.

    Blocks have `sample_rate`, the recogniser's own by default; a file has its own, and is read in blocks.
    """
    if isinstance(stream, str | Path):
        detector, stream, _ = open_file(Path(stream), recognizer, settings)
    else:
        detector = Detector(recognizer, sample_rate, settings)
    for block in stream:
        yield from detector.push(block)
    yield from detector.finish()


def open_file(path: Path, recognizer: Openable, settings: Detection) -> tuple[Detector, Iterator[Block], int]:
    """Open a sound file for a detector: the detector, the blocks to push, and how many samples they have.

    Raises ClipError for a file that can't be used, or one that is shorter than a window.
    """
    info = header(path)
    detector = Detector(recognizer, info.samplerate, settings)
    seconds, window = info.frames / info.samplerate, detector.samples / detector.own_rate
    if seconds < window:
        raise ClipError(path, f"{seconds:.2f} s is shorter than the window of {window:g} s")
    return detector, read_blocks(path, info.frames), info.frames


def open_recognizer(recognizer: Openable) -> Recognizer | OnnxRecognizer:
    """Open a run, an exported file, or a pretrained recogniser by its name; one that is open stays."""
    if isinstance(recognizer, Recognizer):
        return recognizer.eval()
    if isinstance(recognizer, OnnxRecognizer):
        return recognizer
    if not isinstance(recognizer, Run) and str(recognizer).endswith(".onnx"):
        return OnnxRecognizer(recognizer)
    return Run(recognizer).recognizer


def clip_of(recognizer: Recognizer | OnnxRecognizer) -> tuple[int, int]:
    """Give the sampling rate of a recogniser and the samples of its window."""
    if isinstance(recognizer, OnnxRecognizer):
        return recognizer.sample_rate, recognizer.samples
    return recognizer.config.corpus.sample_rate, recognizer.config.corpus.samples


def to_mono(samples: Samples) -> Tensor:
    """Average channels: [S] or [S, channels], int16 or floats, to float32 [S]. Raises UsageError."""
    block = samples if isinstance(samples, Tensor) else torch.from_numpy(np.array(samples))
    if block.ndim not in (1, 2) or (block.ndim == 2 and not block.shape[1]):
        raise UsageError(f"stream: shape {tuple(block.shape)} must be [S] or [S, channels]")
    block = as_floats(block, "stream")
    return block if block.ndim == 1 else block.mean(dim=1)
