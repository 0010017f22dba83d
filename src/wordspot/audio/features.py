"""Waveform to features: log-mel or MFCC, time derivatives, standardised with training statistics."""

from collections.abc import Iterable
from typing import Any

import torch
import torchaudio
from torch import Tensor, nn

from wordspot.audio.padding import frame_mask, full_lengths, hold_last, zero_padding
from wordspot.config import TRANSFORMS, FeatureConfig
from wordspot.schema import implementation

FLOOR = 1e-6
"""Added to mel energies before the logarithm, as `torchaudio.transforms.MFCC` does."""

RMS = 0.05
"""Root mean square to which clips are scaled; half of the clips of Speech Commands are louder."""

QUIET_RMS = 1e-3
"""Root mean square, -60 dB of full scale, below which a clip is amplified no further: silence stays soft."""


def mel_settings(config: FeatureConfig, sample_rate: int) -> dict[str, Any]:
    """Give the settings of `torchaudio.transforms.MelSpectrogram`.

    Beyond the ends of a clip all samples are zeros, as they are in its padding.
    """
    return {
        "n_fft": config.n_fft,
        "win_length": round(config.win_ms * sample_rate / 1000),
        "hop_length": round(config.hop_ms * sample_rate / 1000),
        "f_min": config.f_min_hz,
        "f_max": config.f_max_hz,
        "n_mels": config.n_mels,
        "pad_mode": "constant",
    }


class LogMel(nn.Module):
    """Natural logarithm of mel energies.

    Shape: [B, S] in [-1, 1) to [B, n_mels, T], with T = 1 + S // hop frames, each centred on its time.
    """

    def __init__(self, config: FeatureConfig, sample_rate: int) -> None:
        super().__init__()
        self.size = config.n_mels
        self.mel = torchaudio.transforms.MelSpectrogram(sample_rate, **mel_settings(config, sample_rate))

    def forward(self, waveforms: Tensor) -> Tensor:
        """Transform waveforms [B, S] to [B, n_mels, T]."""
        energies: Tensor = self.mel(waveforms)
        return torch.log(energies + FLOOR)


class MFCC(torchaudio.transforms.MFCC):  # type: ignore[misc]
    """Mel-frequency cepstral coefficients of log-mel energies.

    Shape: [B, S] in [-1, 1) to [B, n_mfcc, T].
    """

    def __init__(self, config: FeatureConfig, sample_rate: int) -> None:
        # log_mels: decibels below the loudest moment would make a clip's features depend on its batch.
        melkwargs = mel_settings(config, sample_rate)
        super().__init__(sample_rate, config.n_mfcc, log_mels=True, melkwargs=melkwargs)
        self.size = config.n_mfcc


class Features(nn.Module):
    """The front end of a recogniser, in two steps: static coefficients, and their derivatives over time.

    Shape: [B, S] in [-1, 1) to [B, T, F], with T = 1 + S // hop frames, each centred on its time. The first n
    of F features are static. A clip of L samples has 1 + L // hop frames; the rest are padding, of which
    neither the amount nor the content changes a real frame. Without `lengths`, no sample is padding.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: FeatureConfig, sample_rate: int) -> None:
        super().__init__()
        self.config = config
        self.hop = round(config.hop_ms * sample_rate / 1000)
        self.transform = implementation(TRANSFORMS, config.transform)(config, sample_rate)
        self.size = self.transform.size * (1 + config.deltas)
        self.register_buffer("mean", torch.zeros(self.size))
        self.register_buffer("std", torch.ones(self.size))

    def forward(self, waveforms: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Transform waveforms [B, S] with lengths [B] to standardised features [B, T, F]."""
        if lengths is None:
            lengths = full_lengths(waveforms)
        return self.derive(self.static(waveforms, lengths), self.frames(lengths))

    def static(self, waveforms: Tensor, lengths: Tensor) -> Tensor:
        """Transform waveforms [B, S] with lengths [B] to standardised static features [B, T, n]."""
        n = self.transform.size
        return (self.coefficients(waveforms, lengths) - self.mean[:n]) / self.std[:n]

    def derive(self, static: Tensor, frames: Tensor) -> Tensor:
        """Append the derivatives of standardised static features [B, T, n] with `frames` [B]: [B, T, F]."""
        n = self.transform.size
        return (self.with_deltas(static * self.std[:n] + self.mean[:n], frames) - self.mean) / self.std

    def raw(self, waveforms: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Transform waveforms [B, S] with lengths [B] to features [B, T, F] that are not yet standardised."""
        if lengths is None:
            lengths = full_lengths(waveforms)
        return self.with_deltas(self.coefficients(waveforms, lengths), self.frames(lengths))

    def coefficients(self, waveforms: Tensor, lengths: Tensor) -> Tensor:
        """Transform waveforms [B, S] with lengths [B] to static features [B, T, n], not yet standardised."""
        waveforms = zero_padding(waveforms, lengths)
        if self.config.rms_normalize:
            waveforms = rms_normalize(waveforms, lengths)
        coefficients: Tensor = self.transform(waveforms)  # (B, n, T)
        return coefficients.transpose(1, 2)

    def with_deltas(self, static: Tensor, frames: Tensor) -> Tensor:
        """Append the derivatives of static features [B, T, n], none of which sees the padding: [B, T, F]."""
        orders = [static]
        for _ in range(self.config.deltas):
            held = hold_last(orders[-1], frames).transpose(1, 2)  # (B, n, T)
            orders.append(torchaudio.functional.compute_deltas(held).transpose(1, 2))
        return torch.cat(orders, dim=2)

    def frames(self, lengths: Tensor) -> Tensor:
        """Count the frames centred on clips of `lengths` samples; later frames are padding."""
        return 1 + lengths // self.hop

    @torch.no_grad()
    def fit(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Set mean and standard deviation of each coefficient from waveforms [B, S] with lengths [B].

        Frames of padding are left out. To be called with the training split only.
        """
        frames = 0
        total = torch.zeros(self.size, dtype=torch.float64)
        squares = torch.zeros_like(total)
        for waveforms, lengths in batches:
            features = self.raw(waveforms, lengths).cpu().double()  # (B, T, F)
            real = frame_mask(self.frames(lengths.cpu()), features.shape[1])  # (B, T)
            kept = features[real]  # (frames, F)
            frames += len(kept)
            total += kept.sum(dim=0)
            squares += kept.square().sum(dim=0)
        mean = total / frames
        variance = squares / frames - mean.square()
        self.mean.copy_(mean)
        # A constant coefficient (a mel band without a bin) is centred and left at its scale.
        self.std.copy_(torch.where(variance > 1e-10, variance, 1.0).sqrt())


def rms_normalize(waveforms: Tensor, lengths: Tensor) -> Tensor:
    """Scale zero-padded waveforms [B, S] with lengths [B] to a root mean square of RMS; silence stays soft.

    >>> rms_normalize(torch.tensor([[0.5, -0.5], [0.5, 0.0], [0.0, 0.0]]), torch.tensor([2, 1, 2])) / RMS
    tensor([[ 1., -1.],
            [ 1.,  0.],
            [ 0.,  0.]])
    """
    return waveforms * (RMS / loudness(waveforms, lengths))


def loudness(waveforms: Tensor, lengths: Tensor) -> Tensor:
    """Give the root mean square [B, 1] of zero-padded waveforms [B, S], at least QUIET_RMS."""
    energy = waveforms.square().sum(dim=1, keepdim=True)  # (B, 1)
    return (energy / lengths[:, None]).sqrt().clamp(min=QUIET_RMS)


def to_float(samples: Tensor) -> Tensor:
    """Turn int16 samples into float32 in [-1, 1).

    >>> to_float(torch.tensor([-32768, 0, 16384], dtype=torch.int16)).tolist()
    [-1.0, 0.0, 0.5]
    """
    return samples.float() / 32768
