"""Changes of training clips, on whole batches; every draw comes from the generator that is passed in."""

import torch
from torch import Tensor

from wordspot.config import AugmentConfig


def shift(waveforms: Tensor, offsets: Tensor) -> Tensor:
    """Shift each waveform [B, S] later by its offset [B] in samples, earlier where negative.

    >>> shift(torch.tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]), torch.tensor([1, -1])).tolist()
    [[0.0, 1.0, 2.0], [2.0, 3.0, 0.0]]
    """
    S = waveforms.shape[1]
    source = torch.arange(S, device=waveforms.device) - offsets[:, None]  # (B, S)
    inside = (source >= 0) & (source < S)
    return waveforms.gather(1, source.clamp(0, S - 1)) * inside


def mask(features: Tensor, first: Tensor, width: Tensor, dim: int) -> Tensor:
    """Set standardised features [B, T, F] to their mean, 0, along `dim`: `width` [B] from `first` [B] on.

    Source: SpecAugment (Park et al. 2019), section 2.
    """
    place = torch.arange(features.shape[dim], device=features.device)
    inside = (place >= first[:, None]) & (place < (first + width)[:, None])  # (B, T) or (B, F)
    return features.masked_fill(inside[:, None, :] if dim == 2 else inside[:, :, None], 0.0)


def draw_shift(
    waveforms: Tensor, lengths: Tensor, config: AugmentConfig, rate_hz: int, draw: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Shift each waveform [B, S] by up to `shift_ms` to either side; gives their new lengths [B] too."""
    farthest = round(config.shift_ms * rate_hz / 1000)
    offsets = torch.randint(-farthest, farthest + 1, (len(waveforms),), generator=draw).to(waveforms.device)
    return shift(waveforms, offsets), (lengths + offsets).clamp(1, waveforms.shape[1])


def draw_masks(features: Tensor, config: AugmentConfig, hop_ms: float, draw: torch.Generator) -> Tensor:
    """Mask up to `mask_bands` features and up to `mask_ms` of each clip [B, T, F] at drawn places."""
    for dim, widest in ((2, config.mask_bands), (1, round(config.mask_ms / hop_ms))):
        size = features.shape[dim]
        width = torch.randint(0, min(widest, size) + 1, (len(features),), generator=draw)
        first = (torch.rand(len(features), generator=draw) * (size - width + 1)).long()
        features = mask(features, first.to(features.device), width.to(features.device), dim)
    return features
