"""A recogniser hears a recording once; from its posteriors follow the events at any thresholds."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from wordspot.deploy.detector import Detector, Event, Openable, event_of
from wordspot.deploy.peaks import PeakPicker
from wordspot.deploy.settings import Detection
from wordspot.streams.recording import Recording


@dataclass(frozen=True)
class Heard:
    """The posteriors of a recording, averaged as a detector does."""

    recording: Recording
    classes: tuple[str, ...]
    window: int
    """Samples of a window."""
    refractory: int
    """Samples after a word in which no other counts."""
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    """Samples [N] at which the first and the last of the averaged posteriors were heard."""
    means: NDArray[np.float32]
    """Averaged posteriors [N, C]."""
    processor_s: float
    """Time of one core, without that in which the recording was made."""

    def events(self, thresholds: Sequence[float]) -> list[Event]:
        """Give the events that a detector tells with a threshold for each class, as `Detector` would."""
        picker = PeakPicker(self.classes, thresholds, 1, self.refractory)
        # A step at which no word is near its threshold ends what was before it; another one changes nothing.
        words = np.flatnonzero(picker.words)
        lowest = np.array(picker.thresholds, np.float32)[words] / 2
        near: NDArray[np.bool_] = np.any(self.means[:, words] >= lowest, axis=1)
        needed = np.flatnonzero(near | np.append(True, near[:-1]))
        steps = zip(
            self.means[needed].tolist(), self.first[needed].tolist(), self.last[needed].tolist(), strict=True
        )
        told = [(picker.step(mean, first, last), last) for mean, first, last in steps]
        end = picker.finish()
        peaks = [(peak, last) for peak, last in told if peak] + ([(end, end.last)] if end else [])
        recording = self.recording
        return [
            event_of(
                peak, last, self.classes[peak.word], self.window, recording.sample_rate, recording.seconds
            )
            for peak, last in peaks
        ]


def hear(
    recording: Recording,
    recognizer: Openable,
    settings: Detection,
    progress: Callable[[float], None] = lambda _: None,
) -> Heard:
    """Let a recogniser hear a recording, block by block; `progress` is told the seconds of each."""
    detector = Detector(recognizer, recording.sample_rate, settings)
    ends, posteriors = [], []
    processor_s = 0.0

    def push(samples: torch.Tensor) -> None:
        nonlocal processor_s
        started = time.process_time()
        for end, posterior in detector.listener.push(samples):
            ends.append(end)
            posteriors.append(posterior)
        processor_s += time.process_time() - started

    for block in recording.blocks():
        push(torch.from_numpy(block))
        progress(len(block) / recording.sample_rate)
    push(torch.zeros(detector.samples // 2))  # as `Detector.finish` does
    last = np.array(ends, np.int64)
    return Heard(
        recording,
        detector.classes,
        detector.samples,
        detector.peaks.refractory,
        last[np.maximum(np.arange(len(last)) - settings.smoothing + 1, 0)],
        last,
        smoothed(torch.stack(posteriors).numpy(), settings.smoothing),
        processor_s,
    )


def smoothed(posteriors: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Average posteriors [N, C] over the last `count` steps, at the beginning over as many as there are.

    >>> smoothed(np.array([[1.0], [0.0], [0.5]], np.float32), 2).ravel().tolist()
    [1.0, 0.5, 0.25]
    """
    total = np.zeros_like(posteriors)
    for behind in range(min(count, len(posteriors))):
        total[behind:] += posteriors[: len(posteriors) - behind]
    heard = np.minimum(np.arange(len(posteriors)) + 1, count)
    return np.asarray(total / heard[:, None], np.float32)


def live_share(
    recording: Recording, recognizer: Openable, settings: Detection, block_s: float = 0.1
) -> float:
    """Measure the share of one core that a detector needs for blocks as a microphone gives them.

    The first block of a recording is heard twice; the second time is measured.
    """
    sound = torch.from_numpy(next(iter(recording.blocks())))
    detector = Detector(recognizer, recording.sample_rate, settings)

    def listen() -> float:
        started = time.process_time()
        for block in torch.split(sound, round(block_s * recording.sample_rate)):
            detector.push(block)
        return (time.process_time() - started) / (len(sound) / recording.sample_rate)

    listen()  # in which the first windows take longer
    return listen()
