"""Changes of training clips, on whole batches: what each does, exactly, and after that how each is drawn.

Every draw comes from the generator that is passed in, and always on the CPU.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

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


def amplify(waveforms: Tensor, gain_db: Tensor) -> Tensor:
    """Make each waveform [B, S] louder by its gain [B] in decibels, softer where negative.

    >>> amplify(torch.tensor([[1.0, -2.0]]), torch.tensor([20.0])).tolist()
    [[10.0, -20.0]]
    """
    return waveforms * 10 ** (gain_db[:, None] / 20)


def hasten(waveforms: Tensor, speed: Tensor) -> Tensor:
    """Play each waveform [B, S] at its speed [B], 1 being its own, zeros following a faster one.

    Samples between samples are interpolated linearly.

    >>> hasten(torch.tensor([[0.0, 1.0, 2.0, 3.0]]), torch.tensor([2.0])).tolist()
    [[0.0, 2.0, 0.0, 0.0]]
    >>> hasten(torch.tensor([[0.0, 1.0, 2.0, 3.0]]), torch.tensor([0.5])).tolist()
    [[0.0, 0.5, 1.0, 1.5]]
    """
    S = waveforms.shape[1]
    place = torch.arange(S, device=waveforms.device) * speed[:, None]  # (B, S)
    before = place.floor().long()
    share = place - before
    low = waveforms.gather(1, before.clamp(max=S - 1))
    high = waveforms.gather(1, (before + 1).clamp(max=S - 1))
    return (low + share * (high - low)) * (before < S)


def add_noise(waveforms: Tensor, noise: Tensor, snr_db: Tensor) -> Tensor:
    """Add noise [B, S] to waveforms [B, S] at signal-to-noise ratios [B] in decibels.

    The ratio is that of the energies over the S samples; a silent noise or clip is left as it is.
    """
    signal, interference = waveforms.square().sum(dim=1), noise.square().sum(dim=1)  # (B,)
    power = signal / interference.clamp(min=1e-12) / 10 ** (snr_db / 10)
    return waveforms + noise * power.sqrt()[:, None]


def color(white: Tensor, slope: Tensor) -> Tensor:
    """Color white noise [B, S], whose power then falls as frequency to `slope` [B]: 1 is pink, 2 brown."""
    spectrum = torch.fft.rfft(white)  # (B, S // 2 + 1)
    bins = torch.arange(spectrum.shape[1], device=white.device).clamp(min=1)
    falling = spectrum * bins ** (-slope[:, None] / 2)
    colored: Tensor = torch.fft.irfft(falling, n=white.shape[1])
    return colored


def mix(one: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """Mix rows [B, N] in shares [B] of the one and the rest of the other (mixup, Zhang et al. 2018).

    >>> mix(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), torch.tensor([0.75])).tolist()
    [[0.75, 0.25]]
    """
    return other.lerp(one, share[:, None])


def stretches(noise: Tensor, count: int, samples: int, draw: torch.Generator) -> Tensor:
    """Draw stretches [count, samples] of noise [M], which may overlap."""
    first = torch.randint(len(noise) - samples + 1, (count,), generator=draw)
    return noise[first[:, None] + torch.arange(samples)]


class Augmenter:
    """Draws changes of training batches, all from one generator."""

    def __init__(
        self, config: AugmentConfig, rate_hz: int, classes: int, noise: Tensor, draw: torch.Generator
    ) -> None:
        """Take background noise as float32 [M]; where there is less than a clip of it, none is added."""
        self.config = config
        self.rate_hz = rate_hz
        self.classes = classes
        self.noise = noise
        self.draw = draw

    def waveforms(self, waveforms: Tensor, lengths: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Change waveforms [B, S], their lengths [B] and, in mixup, what they are to be recognised as.

        The labels [B] come back as they are, or under mixup as shares of `classes` [B, C].
        """
        config, B, S, device = self.config, *waveforms.shape, waveforms.device
        targets = labels
        if config.speed_p:
            speed = self._where(config.speed_p, 1 + config.speed * self._even(B), 1.0).to(device)
            waveforms = hasten(waveforms, speed)
            lengths = (lengths / speed).ceil().long().clamp(1, S)
        if config.shift_p:
            farthest = round(config.shift_ms * self.rate_hz / 1000)
            offsets = torch.randint(-farthest, farthest + 1, (B,), generator=self.draw)
            offsets = self._where(config.shift_p, offsets, 0).to(device)
            waveforms, lengths = shift(waveforms, offsets), (lengths + offsets).clamp(1, S)
        if config.mixup_p:
            other = torch.randperm(B, generator=self.draw).to(device)
            share = self._where(config.mixup_p, self._beta(B), 1.0).to(device)
            shares = one_hot(labels, self.classes).float()  # (B, C)
            waveforms, targets = mix(waveforms, waveforms[other], share), mix(shares, shares[other], share)
            lengths = torch.where(share < 1, torch.maximum(lengths, lengths[other]), lengths)
        if config.background_p and len(self.noise) >= S:
            noise = stretches(self.noise, B, S, self.draw)
            waveforms = add_noise(
                waveforms, noise.to(device), self._ratios(config.background_p, B).to(device)
            )
        if config.colored_p:
            white = torch.randn(B, S, generator=self.draw)
            noise = color(white, 2 * torch.rand(B, generator=self.draw))
            waveforms = add_noise(waveforms, noise.to(device), self._ratios(config.colored_p, B).to(device))
        if config.gain_p:
            gain_db = self._where(config.gain_p, config.gain_db * self._even(B), 0.0)
            waveforms = amplify(waveforms, gain_db.to(device))
        return waveforms, lengths, targets

    def features(self, features: Tensor, hop_ms: float) -> Tensor:
        """Mask stretches of standardised features [B, T, F], frames of which follow after `hop_ms`."""
        config, B = self.config, len(features)
        for dim, widest, p in (
            (2, config.mask_bands, config.mask_bands_p),
            (1, round(config.mask_ms / hop_ms), config.mask_ms_p),
        ):
            size = features.shape[dim]
            width = torch.randint(0, min(widest, size) + 1, (B,), generator=self.draw)
            first = (torch.rand(B, generator=self.draw) * (size - width + 1)).long()
            width = self._where(p, width, 0)
            features = mask(features, first.to(features.device), width.to(features.device), dim)
        return features

    def _even(self, count: int) -> Tensor:
        """Draw from -1 to 1."""
        return 2 * torch.rand(count, generator=self.draw) - 1

    def _beta(self, count: int) -> Tensor:
        """Draw shares for mixup; numpy's draw, seeded by this one, since torch's heeds no generator."""
        seed = int(torch.randint(2**31, (1,), generator=self.draw))
        parameter = self.config.mixup
        return torch.from_numpy(np.random.default_rng(seed).beta(parameter, parameter, count)).float()

    def _ratios(self, p: float, count: int) -> Tensor:
        """Draw signal-to-noise ratios in decibels, infinite where no noise is to be added."""
        low, high = self.config.snr_low_db, self.config.snr_high_db
        drawn = low + (high - low) * torch.rand(count, generator=self.draw)
        return self._where(p, drawn, torch.inf)

    def _where(self, p: float, changed: Tensor, unchanged: float) -> Tensor:
        """Keep the drawn values for a share `p` of the clips, drawn too, and `unchanged` for the others."""
        if p == 1:
            return changed
        return torch.where(torch.rand(len(changed), generator=self.draw) < p, changed, unchanged)
