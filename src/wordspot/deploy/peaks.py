"""Words from posteriors: smoothing, thresholds, and one event for each peak."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from wordspot.config import SILENCE, UNKNOWN

RISE = 0.01
"""Rise of an average from step to step under which it counts as its peak: to wait for the last thousandth
would tell a word 0.2 s later, and change hardly any."""


@dataclass(frozen=True)
class Peak:
    """The highest smoothed posterior of a word while it is over its threshold."""

    word: int
    confidence: float
    first: int
    """Sample at which the first of the averaged posteriors was heard."""
    last: int
    """Sample at which the last of them was heard."""


class PeakPicker:
    """Picks the peaks of posteriors that are averaged over the last few steps.

    A word counts where its average is the highest of all classes and at least its threshold. It is told at
    the first step at which it rises by less than RISE, and once: it counts again when its average has been
    under half the threshold. No word counts within `refractory` samples after the peak before. `_unknown_`
    and `_silence_` are never told.
    """

    def __init__(
        self, classes: Sequence[str], thresholds: Sequence[float], smoothing: int, refractory: int
    ) -> None:
        self.words = [name not in (UNKNOWN, SILENCE) for name in classes]
        self.thresholds: list[float] = torch.tensor(thresholds).tolist()  # as exact as posteriors are
        self.refractory = refractory
        self.recent: deque[tuple[int, Tensor]] = deque(maxlen=smoothing)
        self.rising: Peak | None = None
        self.told: Peak | None = None
        self.waiting: set[int] = set()
        """Classes whose average has not been under half the threshold since they were told."""

    def push(self, heard: int, posterior: Tensor) -> Peak | None:
        """Take the posterior [C] at a sample of the stream; returns the peak that it ends."""
        self.recent.append((heard, posterior))
        mean = torch.stack([one for _, one in self.recent]).mean(dim=0)
        return self.step(mean.tolist(), self.recent[0][0], heard)

    def step(self, mean: Sequence[float], first: int, last: int) -> Peak | None:
        """Take the average [C] of the posteriors at the samples `first` to `last`; returns what it ends."""
        best = max(range(len(mean)), key=mean.__getitem__)
        now = Peak(best, mean[best], first, last)
        counts, rise = self._counts(now), now.confidence - (self.rising.confidence if self.rising else 0.0)
        if counts and rise > 0:
            self.rising = now
        ended = None if counts and rise >= RISE else self.finish()
        if self.waiting:
            self.waiting = {word for word in self.waiting if mean[word] >= self.thresholds[word] / 2}
        return ended

    def _counts(self, peak: Peak) -> bool:
        """Tell whether a word counts where it is the most probable class."""
        return (
            self.words[peak.word]
            and peak.confidence >= self.thresholds[peak.word]
            and peak.word not in self.waiting
            and (self.told is None or peak.last - self.told.last > self.refractory)
        )

    def finish(self) -> Peak | None:
        """Return the peak that is still rising, since nothing follows."""
        if self.rising:
            self.told, self.rising = self.rising, None
            self.waiting.add(self.told.word)
            return self.told
        return None
