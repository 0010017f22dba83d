"""The filter of band-limited resampling, of whole clips and of streams alike."""

import math

import torch
import torchaudio
from torch import Tensor

from wordspot.errors import UsageError
from wordspot.limits import MOST_TAPS

ROLLOFF = 0.99
"""Edge of the filter, as a fraction of the lower of the two Nyquist frequencies."""


def windowed_sinc(distance: Tensor, cutoff: float, zeros: int) -> Tensor:
    """Weigh input samples by their distance from an output sample (Smith and Gossett 1984).

    Distances are in input samples, the cutoff is a fraction of the input's Nyquist frequency, and beyond
    `zeros` zero crossings the weight is 0; so it is in `torchaudio.functional.resample`.

    >>> windowed_sinc(torch.tensor([0.0, 1.0, 6.5]), 1.0, zeros=6).abs().round(decimals=6)
    tensor([1., 0., 0.])
    """
    crossings = (cutoff * distance).clamp(-zeros, zeros)
    window = (torch.pi / 2 * crossings / zeros).cos().square()
    return cutoff * window * crossings.sinc()


def resample(waveform: Tensor, sample_rate: int, new_rate: int) -> Tensor:
    """Resample a waveform [S] as `torchaudio.functional.resample` does.

    Raises UsageError for rates that share so small a divisor that the filter, a row for each phase, would
    have more than MOST_TAPS weights.
    """
    common = math.gcd(sample_rate, new_rate)
    one, other = sample_rate // common, new_rate // common
    width = 2 * math.ceil(6 * one / (ROLLOFF * min(one, other))) + one
    if other * width > MOST_TAPS:
        raise UsageError(
            f"{sample_rate} Hz can't be resampled to {new_rate} Hz, which shares no large divisor with it: "
            "convert it to a common rate, such as 48000 Hz, first"
        )
    resampled: Tensor = torchaudio.functional.resample(waveform, sample_rate, new_rate)
    return resampled
