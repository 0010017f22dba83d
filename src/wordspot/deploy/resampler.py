"""Resampling of a stream, block by block, as if it were one waveform."""

import math

import torch
from torch import Tensor

from wordspot.audio.sinc import ROLLOFF, windowed_sinc
from wordspot.errors import UsageError

ZEROS = 6
"""Zero crossings of the sinc on each side, as many as torchaudio has by default."""


class Resampler:
    """Windowed-sinc interpolation from one rate to another.

    What `push` and `finish` give, put together, is what `torchaudio.functional.resample` makes of the whole
    waveform, whatever its blocks were. Weights are kept for each place that an output sample can have between
    two input samples, so any two rates in hertz will do. Raises UsageError for a rate under 1.
    """

    def __init__(self, rate: int, target: int) -> None:
        if rate < 1:
            raise UsageError(f"sample_rate: {rate} must be at least 1")
        common = math.gcd(rate, target)
        # Output sample m lies `m * step / phases` input samples after the first.
        self.step, self.phases = rate // common, target // common
        cutoff = ROLLOFF * min(1.0, target / rate)
        self.reach = math.ceil(ZEROS / cutoff)
        behind = torch.arange(self.phases, dtype=torch.float64)[:, None] / self.phases
        taps = torch.arange(-self.reach, self.reach + 2, dtype=torch.float64)
        self.weights = windowed_sinc(taps - behind, cutoff, ZEROS).float()  # (phases, taps)
        self.input = torch.zeros(self.reach)
        """The input from sample number `first` on; before it begins there are zeros."""
        self.first, self.received, self.made = -self.reach, 0, 0

    def push(self, samples: Tensor) -> Tensor:
        """Take the next input samples [S]; returns the output samples [N] that follow from all so far."""
        self.received += len(samples)
        if self.step == self.phases:
            return samples
        self.input = torch.cat([self.input, samples])
        last = self.first + len(self.input) - self.reach - 2  # input sample before the last possible output
        return self._make(((last + 1) * self.phases - 1) // self.step + 1)

    def finish(self) -> Tensor:
        """Return the last output samples [N]: after its end the input is zeros."""
        if self.step == self.phases:
            return torch.zeros(0)
        self.input = torch.cat([self.input, torch.zeros(self.reach + 2)])
        return self._make(math.ceil(self.received * self.phases / self.step))

    def _make(self, total: int) -> Tensor:
        """Make the output up to sample number `total`, and forget the input that is no longer needed."""
        positions = self.step * torch.arange(self.made, max(self.made, total))
        self.made += len(positions)
        starts = positions // self.phases - self.reach - self.first
        taps = self.weights.shape[1]
        parts = self.input.unfold(0, taps, 1)[starts] if len(starts) else self.input.new_zeros(0, taps)
        made = (parts * self.weights[positions % self.phases]).sum(dim=1)
        needed = self.made * self.step // self.phases - self.reach
        done = min(max(0, needed - self.first), len(self.input))
        self.input, self.first = self.input[done:].clone(), self.first + done
        return made
