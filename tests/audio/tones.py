"""Tones of known frequency, and what frequency a sound has."""

import torch
from torch import Tensor

RATE_HZ = 16_000


def tone(hz: float, seconds: float = 1.0) -> Tensor:
    """Give a tone at 16 kHz, [1, S]."""
    return torch.sin(2 * torch.pi * hz * torch.arange(round(seconds * RATE_HZ)) / RATE_HZ)[None]


def pitch_hz(sound: Tensor) -> float:
    """Find the frequency of the strongest tone in the middle of [1, S], to about 0.1 Hz."""
    middle = sound[0, len(sound[0]) // 4 : 3 * len(sound[0]) // 4]
    spectrum = torch.fft.rfft(middle * torch.hann_window(len(middle)), n=10 * RATE_HZ).abs()
    return float(spectrum.argmax()) / 10
