"""Waveform to features: log-mel or MFCC, time derivatives, standardised with training statistics."""

from collections.abc import Iterable

import torch
import torchaudio
from torch import Tensor, nn

from wordspot.audio.padding import frame_mask
from wordspot.config import TRANSFORMS, FeatureConfig
from wordspot.schema import implementation

FLOOR = 1e-6
"""Added to mel energies before the logarithm, as `torchaudio.transforms.MFCC` does."""

RMS = 0.05
"""Root mean square to which clips are scaled; half of the clips of Speech Commands are louder."""

SILENT_RMS = 1e-5
"""Root mean square below which a clip counts as silence: a third of the smallest step of 16 bits."""


def mel_settings(config: FeatureConfig, sample_rate: int) -> dict[str, float]:
    """Give the settings of `torchaudio.transforms.MelSpectrogram`."""
    return {
        "n_fft": config.n_fft,
        "win_length": round(config.win_ms * sample_rate / 1000),
        "hop_length": round(config.hop_ms * sample_rate / 1000),
        "f_min": config.f_min_hz,
        "f_max": config.f_max_hz,
        "n_mels": config.n_mels,
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
    """The front end of a recogniser.

    Shape: [B, S] in [-1, 1) to [B, T, F], with T = 1 + S // hop frames, each centred on its time.
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

    def raw(self, waveforms: Tensor) -> Tensor:
        """Transform waveforms [B, S] to features [B, T, F] that are not yet standardised."""
        if self.config.rms_normalize:
            waveforms = rms_normalize(waveforms)
        orders = [self.transform(waveforms)]  # (B, n, T)
        for _ in range(self.config.deltas):
            orders.append(torchaudio.functional.compute_deltas(orders[-1]))
        return torch.cat(orders, dim=1).transpose(1, 2)  # (B, T, F)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Transform waveforms [B, S] to standardised features [B, T, F]."""
        return (self.raw(waveforms) - self.mean) / self.std

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
            features = self.raw(waveforms).cpu().double()  # (B, T, F)
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


def rms_normalize(waveforms: Tensor) -> Tensor:
    """Scale waveforms [B, S] to a root mean square of RMS; silence stays silent.

    >>> rms_normalize(torch.tensor([[0.5, -0.5], [0.0, 0.0]])) / RMS
    tensor([[ 1., -1.],
            [ 0.,  0.]])
    """
    rms = waveforms.square().mean(dim=1, keepdim=True).sqrt()  # (B, 1)
    return waveforms * (RMS / rms.clamp(min=SILENT_RMS))


def to_float(samples: Tensor) -> Tensor:
    """Turn int16 samples into float32 in [-1, 1).

    >>> to_float(torch.tensor([-32768, 0, 16384], dtype=torch.int16)).tolist()
    [-1.0, 0.0, 0.5]
    """
    return samples.float() / 32768
