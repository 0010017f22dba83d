"""What augmentation does to sound and features, at strengths that audio/augment.py draws."""

import math
from collections.abc import Callable
from functools import cache

import torch
import torchaudio
from torch import Tensor
from torch.linalg import vector_norm
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence

from wordspot.audio.padding import moved, windows
from wordspot.audio.sinc import ROLLOFF, windowed_sinc

VOCODER_FFT = 512
"""Points of the Fourier transform of the phase vocoder; its hop is a quarter of them."""
LOWPASS_WIDTH = 10
"""Zero crossings of the resampling filter on either side."""


def shift(waveforms: Tensor, offsets: Tensor) -> Tensor:
    """Shift each waveform [B, S] later by its offset [B] in samples, earlier where negative.

    >>> shift(torch.tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]), torch.tensor([1, -1])).tolist()
    [[0.0, 1.0, 2.0], [2.0, 3.0, 0.0]]
    """
    S = waveforms.shape[1]
    return windows(waveforms, -offsets.clamp(-S, S), S)


def mask(features: Tensor, first: Tensor, width: Tensor, dim: int) -> Tensor:
    """Set standardised features [B, T, F] to their mean, 0, along `dim`: `width` [B] from `first` [B] on.

    Source: SpecAugment (Park et al. 2019), section 2.
    """
    place = torch.arange(features.shape[dim], device=features.device)
    outside = (place < first[:, None]) | (place >= (first + width)[:, None])  # (B, T) or (B, F)
    kept = outside.to(features.dtype)
    return features * (kept[:, None, :] if dim == 2 else kept[:, :, None])


def gain(waveforms: Tensor, gain_db: Tensor) -> Tensor:
    """Apply a gain [B] in decibels to each waveform [B, S].

    >>> gain(torch.tensor([[1.0, -2.0]]), torch.tensor([20.0])).tolist()
    [[10.0, -20.0]]
    """
    return waveforms * 10 ** (gain_db[:, None] / 20)


def speed_perturb(waveforms: Tensor, percent: Tensor, samples: int) -> Tensor:
    """Play each waveform [B, S] at its whole `percent` [B] of its speed, cut or zero-padded: [B, samples].

    Duration and pitch change together. While 100 samples are played, `percent` samples of the waveform go by:
    each 100 are one product of the samples around them with the matrix of `resampling_filter`.
    """
    filters = pad_sequence(
        [resampling_filter(p, waveforms.device) for p in percent.tolist()], batch_first=True
    )  # (B, N, 100)
    blocks = torch.arange(math.ceil(samples / 100))
    first = percent[:, None] * blocks - reach(percent)[:, None]  # (B, blocks)
    around = windows(waveforms, first, filters.shape[1])  # (B, blocks, N)
    return (around @ filters).flatten(1)[:, :samples]


def reach(percent: Tensor) -> Tensor:
    """Give the samples on either side of a moment that sound in it at speeds [B] in percent."""
    return (LOWPASS_WIDTH / ROLLOFF * (percent / 100).clamp(min=1)).ceil().long()


@cache
def resampling_filter(percent: int, device: torch.device) -> Tensor:
    """Make the matrix [N, 100] from N samples to 100 samples that play `percent` samples of them."""
    width = int(reach(torch.tensor(percent)))
    played = percent / 100 * torch.arange(100, dtype=torch.float64)
    heard = torch.arange(-width, percent + width, dtype=torch.float64)[:, None]
    cutoff = ROLLOFF * min(1, 100 / percent)
    return windowed_sinc(heard - played, cutoff, LOWPASS_WIDTH).float().to(device)


def time_stretch(waveforms: Tensor, percent: float) -> Tensor:
    """Play waveforms [B, S] at `percent` of their speed and keep their pitch: [B, S * 100 / percent].

    A phase vocoder (Flanagan and Golden 1966): frames of a spectrogram at another rate, phases carried on.
    """
    n_fft, hop = VOCODER_FFT, VOCODER_FFT // 4
    window = torch.hann_window(n_fft, device=waveforms.device)
    spectrum = torch.stft(waveforms, n_fft, hop, window=window, pad_mode="constant", return_complex=True)
    advance = torch.linspace(0, torch.pi * hop, n_fft // 2 + 1, device=waveforms.device)[:, None]
    stretched = torchaudio.functional.phase_vocoder(spectrum, percent / 100, advance)  # (B, bins, T')
    length = math.ceil(100 * waveforms.shape[1] / percent)
    return torch.istft(stretched, n_fft, hop, window=window, length=length)


def pitch_shift(waveforms: Tensor, percent: int) -> Tensor:
    """Raise the frequencies of waveforms [B, S] to `percent` of theirs and keep their duration: [B, S].

    Formants move with the pitch, as they do with the length of the vocal tract.
    """
    B, S = waveforms.shape
    longer = time_stretch(waveforms, 10_000 / percent)
    return speed_perturb(longer, torch.full((B,), percent), S)


def change_each(
    change: Callable[[Tensor, int], Tensor], waveforms: Tensor, percent: Tensor, samples: int
) -> Tensor:
    """Change waveforms [B, S] by a whole percentage [B] each, equal ones together: [B, samples]."""
    changed = waveforms.new_empty(len(waveforms), samples)
    for value in sorted(set(percent.tolist())):
        rows = moved((percent == value).nonzero()[:, 0], waveforms.device)
        changed.index_copy_(0, rows, fit(change(waveforms.index_select(0, rows), value), samples))
    return changed


def fit(waveforms: Tensor, samples: int) -> Tensor:
    """Cut waveforms [B, S] to [B, samples], or pad them with zeros."""
    return pad(waveforms, (0, samples - waveforms.shape[1]))


def add_noise(waveforms: Tensor, noise: Tensor, snr_db: Tensor) -> Tensor:
    """Add noise [B, S] to waveforms [B, S] at signal-to-noise ratios [B] in decibels.

    The ratio is that of the energies over the S samples, so noise has to be zero where the clip is padding.
    With silent noise or a silent clip nothing changes.
    """
    signal, interference = vector_norm(waveforms, dim=1), vector_norm(noise, dim=1)  # (B,)
    level = signal / interference.clamp(min=1e-6) / 10 ** (snr_db / 20)
    return torch.addcmul(waveforms, noise, level[:, None])


def color(white: Tensor, slope: Tensor) -> Tensor:
    """Filter white noise [B, S] to a power that falls as frequency to `slope` [B]: 1 is pink, 2 brown."""
    spectrum = torch.fft.rfft(white)  # (B, S // 2 + 1)
    bins = torch.arange(spectrum.shape[1], device=white.device).clamp(min=1)
    falling = spectrum * bins ** (-slope[:, None] / 2)
    colored: Tensor = torch.fft.irfft(falling, n=white.shape[1])
    return colored


def mixup(one: Tensor, other: Tensor, weight: Tensor) -> Tensor:
    """Mix rows [B, N] with weights [B] for the one and the rest for the other (Zhang et al. 2018).

    >>> mixup(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), torch.tensor([0.75])).tolist()
    [[0.75, 0.25]]
    """
    return other.lerp(one, weight[:, None])


def random_crops(
    noise: Tensor, count: int, samples: int, draw: torch.Generator, places: Tensor | None = None
) -> Tensor:
    """Draw crops [count, samples] of noise [M], which may overlap; those at some places [N], if any."""
    first = torch.randint(len(noise) - samples + 1, (count,), generator=draw)
    if places is not None:
        first = first[places]
    return noise.unfold(0, samples, 1).index_select(0, moved(first, noise.device))
