"""Per-channel energy normalisation: mel energies relative to what their band was like until now."""

import torch
from torch import Tensor

from wordspot.audio.features import LogMel

SMOOTHING = 0.04
"""Share of a frame of 20 ms in the running mean of its band."""
FLOOR, GAIN, BIAS, POWER = 1e-6, 0.98, 2.0, 0.5
"""Epsilon, alpha, delta and r of the paper."""


class PCEN(LogMel):
    """Mel energies, normalised by a running mean of each band and compressed by a root.

    Shape: [B, S] in [-1, 1) to [B, n_mels, T]. Source: Wang et al. 2017, "Trainable frontend for robust and
    far-field keyword spotting", equations 1 and 2, with fixed values.
    """

    def forward(self, waveforms: Tensor) -> Tensor:
        """Transform waveforms [B, S] to [B, n_mels, T]."""
        energies = self.energies(waveforms)  # (B, T, n_mels)
        mean = running_mean_matrix(energies.shape[1], energies) @ energies
        compressed = (energies / (FLOOR + mean) ** GAIN + BIAS) ** POWER - BIAS**POWER
        normalised: Tensor = compressed.transpose(1, 2)
        return normalised


def running_mean_matrix(frames: int, like: Tensor) -> Tensor:
    """Make the matrix [T, T] that smooths `frames` exponentially, beginning at the first one.

    >>> running_mean_matrix(2, torch.zeros(0)) @ torch.tensor([1.0, 2.0])
    tensor([1.0000, 1.0400])
    """
    time = torch.arange(frames, device=like.device, dtype=like.dtype)
    decay = (1 - SMOOTHING) ** (time[:, None] - time)
    weight = torch.where(time == 0, 1.0, SMOOTHING)  # the first frame is the mean before it
    return torch.tril(decay * weight)
