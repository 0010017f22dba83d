"""The filter of band-limited resampling, of whole clips and of streams alike."""

import torch
from torch import Tensor

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
