"""Waveform to features: log-mel or MFCC, derivatives in time, standardised by the training part."""

from collections.abc import Iterable

import torch
import torchaudio
from torch import Tensor, nn

from wordspot.config import FeatureConfig

FLOOR = 1e-6
"""Added to mel energies before the logarithm, the same that `torchaudio.transforms.MFCC` adds."""


LEVEL = 0.05
"""Root mean square that clips are brought to: half of those of Speech Commands are louder, half softer."""

SOFTEST = 1e-5
"""Root mean square under which a clip is taken for silence, a third of the smallest step of 16 bits."""


class LogMel(nn.Module):
    """Natural logarithm of mel energies.

    Shape: [B, S] in [-1, 1) to [B, n_mels, T], with T = 1 + S // hop frames, each centred on its time.
    """

    def __init__(self, rate_hz: int, **settings: float) -> None:
        super().__init__()
        self.mel = torchaudio.transforms.MelSpectrogram(rate_hz, **settings)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Transform waveforms [B, S] to [B, n_mels, T]."""
        energies: Tensor = self.mel(waveforms)
        return torch.log(energies + FLOOR)


class Features(nn.Module):
    """The front end of a recogniser.

    Shape: [B, S] in [-1, 1) to [B, T, F], with T = 1 + S // hop frames, each centred on its time.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: FeatureConfig, rate_hz: int) -> None:
        super().__init__()
        self.config = config
        self.hop = round(config.hop_ms * rate_hz / 1000)
        mel_settings = {
            "n_fft": config.n_fft,
            "win_length": round(config.win_ms * rate_hz / 1000),
            "hop_length": self.hop,
            "f_min": config.f_min_hz,
            "f_max": config.f_max_hz,
            "n_mels": config.n_mels,
        }
        if config.transform == "mfcc":
            # log_mels: the other way, decibels under the loudest moment, would make a frame's features
            # depend on the rest of its batch.
            self.transform: nn.Module = torchaudio.transforms.MFCC(
                rate_hz, config.n_mfcc, log_mels=True, melkwargs=mel_settings
            )
        else:
            self.transform = LogMel(rate_hz, **mel_settings)
        self.size = (config.n_mfcc if config.transform == "mfcc" else config.n_mels) * (1 + config.deltas)
        self.register_buffer("mean", torch.zeros(self.size))
        self.register_buffer("deviation", torch.ones(self.size))

    def raw(self, waveforms: Tensor) -> Tensor:
        """Transform waveforms [B, S] to features [B, T, F] that are not yet standardised."""
        if self.config.level:
            waveforms = level(waveforms)
        orders = [self.transform(waveforms)]  # (B, n, T)
        for _ in range(self.config.deltas):
            orders.append(torchaudio.functional.compute_deltas(orders[-1]))
        return torch.cat(orders, dim=1).transpose(1, 2)  # (B, T, F)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Transform waveforms [B, S] to standardised features [B, T, F]."""
        return (self.raw(waveforms) - self.mean) / self.deviation

    def frames(self, lengths: Tensor) -> Tensor:
        """Count the frames centred on clips of `lengths` samples; the frames after them are padding."""
        return 1 + lengths // self.hop

    @torch.no_grad()
    def fit(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Set mean and deviation of each coefficient over all frames of waveforms [B, S] with lengths [B].

        Frames of padding don't count. To be called with the training part alone.
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
        # A coefficient that never moves (a mel band without a bin) is centred and left at its scale.
        self.deviation.copy_(torch.where(variance > 1e-10, variance, 1.0).sqrt())


def level(waveforms: Tensor) -> Tensor:
    """Bring waveforms [B, S] to one loudness, a root mean square of LEVEL; silence stays silent.

    >>> level(torch.tensor([[0.5, -0.5], [0.0, 0.0]])) / LEVEL
    tensor([[ 1., -1.],
            [ 0.,  0.]])
    """
    loudness = waveforms.square().mean(dim=1, keepdim=True).sqrt()  # (B, 1)
    return waveforms * (LEVEL / loudness.clamp(min=SOFTEST))


def frame_mask(frames: Tensor, total: int) -> Tensor:
    """Mark the real frames of each clip: counts [B] to bool [B, total].

    >>> frame_mask(torch.tensor([1, 3]), 3).tolist()
    [[True, False, False], [True, True, True]]
    """
    return torch.arange(total, device=frames.device) < frames[:, None]


def to_float(samples: Tensor) -> Tensor:
    """Turn int16 samples into float32 in [-1, 1).

    >>> to_float(torch.tensor([-32768, 0, 16384], dtype=torch.int16)).tolist()
    [-1.0, 0.0, 0.5]
    """
    return samples.float() / 32768
