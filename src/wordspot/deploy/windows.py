"""Sliding windows: a recogniser of clips hears a stream as clips that overlap."""

from collections.abc import Callable, Iterator
from typing import Protocol

import torch
from torch import Tensor

from wordspot.audio.features import QUIET_RMS

BATCH = 32
"""Windows that are scored at once."""

Posterior = tuple[int, Tensor]
"""How many samples of the stream were heard, and the probability of each class [C] at their end."""


class Listener(Protocol):
    """What turns a stream of samples into posteriors."""

    def push(self, samples: Tensor) -> Iterator[Posterior]:
        """Take the next samples float32 [S]; yields the posteriors that follow from them."""


class SlidingWindows:
    """Scores windows of a stream, each `step` samples after the one before; the first begins with the stream.

    What is found does not depend on the blocks in which the stream comes. In a window whose root mean square
    is under -60 dB of full scale there is nothing to hear: no class is probable, and nothing is computed.
    """

    def __init__(self, score: Callable[[Tensor], Tensor], samples: int, step: int, n_classes: int) -> None:
        """Take a function from waveforms [B, samples] to logits [B, n_classes]."""
        self.score, self.samples, self.step, self.n_classes = score, samples, step, n_classes
        self.buffer = torch.zeros(0)
        """The stream from the start of the next window on."""
        self.end = samples
        """End of the next window."""

    def push(self, samples: Tensor) -> Iterator[Posterior]:
        """Take the next samples float32 [S]; yields the posterior of each window that they fill."""
        self.buffer = torch.cat([self.buffer, samples])
        while len(self.buffer) >= self.samples:
            windows = self.buffer.unfold(0, self.samples, self.step)[:BATCH]  # (N, samples)
            loud = windows.square().mean(dim=1).sqrt() >= QUIET_RMS
            posteriors = torch.zeros(len(windows), self.n_classes)
            if loud.any():
                with torch.inference_mode():
                    posteriors[loud] = self.score(windows[loud]).softmax(dim=1)
            for posterior in posteriors:
                yield self.end, posterior
                self.end += self.step
            self.buffer = self.buffer[len(windows) * self.step :].clone()
