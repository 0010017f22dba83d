"""Augmentation of whole batches: first what each operation does, then how its strength is drawn.

Waveforms are zero after their lengths, before and after each operation. Every draw comes from the generator
that is passed in, and always on the CPU, so that a resumed run draws the same. (`FrequencyMasking` and
`TimeMasking` of torchaudio draw from the global generator, and have no probability for each clip.)

To add an augmentation, give `AugmentConfig` its settings (or a subclass of it) and AUGMENTATIONS its entry:
training, the gallery, the experiment and the report follow that list.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
import torchaudio
from torch import Tensor
from torch.nn.functional import one_hot, pad

from wordspot.audio.features import loudness
from wordspot.audio.padding import zero_padding
from wordspot.config import AugmentConfig

VOCODER_FFT = 512
"""Points of the Fourier transform of the phase vocoder; its hop is a quarter of them."""
LOWPASS_WIDTH = 16
"""Zero crossings of the resampling filter on either side."""


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


def gain(waveforms: Tensor, gain_db: Tensor) -> Tensor:
    """Apply a gain [B] in decibels to each waveform [B, S].

    >>> gain(torch.tensor([[1.0, -2.0]]), torch.tensor([20.0])).tolist()
    [[10.0, -20.0]]
    """
    return waveforms * 10 ** (gain_db[:, None] / 20)


def speed_perturb(waveforms: Tensor, percent: int) -> Tensor:
    """Play waveforms [B, S] at `percent` of their speed: [B, S * 100 / percent], rounded up.

    Resampling is band-limited (torchaudio's windowed sinc); duration and pitch change together.
    """
    return resampler(percent).to(waveforms.device)(waveforms)  # type: ignore[no-any-return]


@cache
def resampler(percent: int) -> torchaudio.transforms.Resample:
    """Make the filter for a speed, once."""
    return torchaudio.transforms.Resample(percent, 100, lowpass_filter_width=LOWPASS_WIDTH)


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
    S = waveforms.shape[1]
    longer = time_stretch(waveforms, 10_000 / percent)
    return fit(speed_perturb(longer, percent), S)


def fit(waveforms: Tensor, samples: int) -> Tensor:
    """Cut waveforms [B, S] to [B, samples], or pad them with zeros."""
    return pad(waveforms, (0, samples - waveforms.shape[1]))


def change_each(waveforms: Tensor, change: Callable[[Tensor, int], Tensor], percent: Tensor) -> Tensor:
    """Change waveforms [B, S] by a whole percentage [B] each, equal ones together; 100 changes nothing."""
    changed = waveforms.clone()
    for value in sorted(set(percent.tolist())):
        if value != 100:
            rows = percent == value
            changed[rows] = fit(change(waveforms[rows], value), waveforms.shape[1])
    return changed


def add_noise(waveforms: Tensor, noise: Tensor, snr_db: Tensor) -> Tensor:
    """Add noise [B, S] to waveforms [B, S] at signal-to-noise ratios [B] in decibels.

    The ratio is that of the energies over the S samples, so noise has to be zero where the clip is padding.
    With silent noise or a silent clip nothing changes.
    """
    signal, interference = waveforms.square().sum(dim=1), noise.square().sum(dim=1)  # (B,)
    power = signal / interference.clamp(min=1e-12) / 10 ** (snr_db / 10)
    return waveforms + noise * power.sqrt()[:, None]


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


def random_crops(noise: Tensor, count: int, samples: int, draw: torch.Generator) -> Tensor:
    """Draw crops [count, samples] of noise [M], which may overlap."""
    first = torch.randint(len(noise) - samples + 1, (count,), generator=draw)
    return noise[first[:, None] + torch.arange(samples)]


class Clips(NamedTuple):
    """A batch of B training clips under augmentation."""

    waveforms: Tensor
    """float32 [B, S]."""
    lengths: Tensor
    """int64 [B], samples of each clip before the padding."""
    targets: Tensor
    """Labels int64 [B], or after mixup class probabilities float32 [B, C]."""


@dataclass(frozen=True)
class Augmentation:
    """One augmentation: which setting switches it on, what it is called, and what it does to a batch."""

    probability: str
    """Name of the setting of `AugmentConfig` that holds its probability."""
    title: str
    domain: Literal["waveform", "features"]
    apply: Callable[["Augmenter", Any], Any]
    """Changes `Clips`, or standardised static features [B, T, n]."""
    trial: float = 1.0
    """Probability with which an experiment tries it."""


def change_speed(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Play clips faster or slower."""
    percent = augmenter.percent(augmenter.config.speed_perturb_p, augmenter.config.speed_perturb, clips)
    return at_speed(clips, speed_perturb, percent)


def change_tempo(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Play clips faster or slower, at their pitch."""
    percent = augmenter.percent(augmenter.config.time_stretch_p, augmenter.config.time_stretch, clips)
    return at_speed(clips, time_stretch, percent)


def at_speed(clips: Clips, change: Callable[[Tensor, int], Tensor], percent: Tensor) -> Clips:
    """Play clips at speeds [B] in percent, by `change`."""
    lengths = (100 * clips.lengths / percent).ceil().long().clamp(1, clips.waveforms.shape[1])
    waveforms = zero_padding(change_each(clips.waveforms, change, percent), lengths)
    return clips._replace(waveforms=waveforms, lengths=lengths)


def change_pitch(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Raise or lower all frequencies of clips, at their speed."""
    config, device = augmenter.config, clips.waveforms.device
    drawn = 100 * 2 ** (config.pitch_semitones / 12 * augmenter.even(len(clips.waveforms)))
    percent = augmenter.where(config.pitch_shift_p, drawn.round().long(), 100).to(device)
    waveforms = change_each(clips.waveforms, pitch_shift, percent)
    return clips._replace(waveforms=zero_padding(waveforms, clips.lengths))


def change_start(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Shift clips in time."""
    config, (B, S) = augmenter.config, clips.waveforms.shape
    farthest = round(config.shift_ms * augmenter.sample_rate / 1000)
    drawn = torch.randint(-farthest, farthest + 1, (B,), generator=augmenter.draw)
    offsets = augmenter.where(config.shift_p, drawn, 0).to(clips.waveforms.device)
    lengths = (clips.lengths + offsets).clamp(1, S)
    return clips._replace(waveforms=shift(clips.waveforms, offsets), lengths=lengths)


def mix_pairs(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Mix clips and their labels with others of the batch, each brought to the loudness of the clip it joins.

    So the weight alone says which word dominates.
    """
    config, device, B = augmenter.config, clips.waveforms.device, len(clips.waveforms)
    other = torch.randperm(B, generator=augmenter.draw).to(device)
    weight = augmenter.where(config.mixup_p, augmenter.beta(B), 1.0).to(device)
    targets = one_hot(clips.targets, augmenter.classes).float()  # (B, C)
    longer = torch.maximum(clips.lengths, clips.lengths[other])
    level = loudness(clips.waveforms, clips.lengths)  # (B, 1)
    joined = clips.waveforms[other] * (level / level[other])
    return Clips(
        mixup(clips.waveforms, joined, weight),
        torch.where(weight < 1, longer, clips.lengths),
        mixup(targets, targets[other], weight),
    )


def add_background_noise(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Add recorded noise."""
    (B, S), device = clips.waveforms.shape, clips.waveforms.device
    if len(augmenter.noise) < S:
        return clips
    noise = zero_padding(random_crops(augmenter.noise, B, S, augmenter.draw).to(device), clips.lengths)
    snr_db = augmenter.snr_db(augmenter.config.background_noise_p, B).to(device)
    return clips._replace(waveforms=add_noise(clips.waveforms, noise, snr_db))


def add_colored_noise(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Add generated noise, from white to brown."""
    (B, S), device = clips.waveforms.shape, clips.waveforms.device
    white = torch.randn(B, S, generator=augmenter.draw)
    noise = zero_padding(color(white, 2 * torch.rand(B, generator=augmenter.draw)).to(device), clips.lengths)
    snr_db = augmenter.snr_db(augmenter.config.colored_noise_p, B).to(device)
    return clips._replace(waveforms=add_noise(clips.waveforms, noise, snr_db))


def change_gain(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Make clips louder or softer."""
    drawn = augmenter.config.gain_db * augmenter.even(len(clips.waveforms))
    gain_db = augmenter.where(augmenter.config.gain_p, drawn, 0.0)
    return clips._replace(waveforms=gain(clips.waveforms, gain_db.to(clips.waveforms.device)))


def mask_frequencies(augmenter: "Augmenter", features: Tensor) -> Tensor:
    """Mask neighbouring coefficients of static features [B, T, n]."""
    return augmenter.mask(features, 2, augmenter.config.freq_mask_bins, augmenter.config.freq_mask_p)


def mask_frames(augmenter: "Augmenter", features: Tensor) -> Tensor:
    """Mask neighbouring frames of static features [B, T, n]."""
    longest = round(augmenter.config.time_mask_ms / augmenter.hop_ms)
    return augmenter.mask(features, 1, longest, augmenter.config.time_mask_p)


AUGMENTATIONS = [
    Augmentation("speed_perturb_p", "speed perturbation", "waveform", change_speed),
    Augmentation("time_stretch_p", "time stretch", "waveform", change_tempo),
    Augmentation("pitch_shift_p", "pitch shift", "waveform", change_pitch),
    Augmentation("shift_p", "time shift", "waveform", change_start),
    Augmentation("mixup_p", "mixup", "waveform", mix_pairs, trial=0.5),
    Augmentation("background_noise_p", "background noise", "waveform", add_background_noise, trial=0.5),
    Augmentation("colored_noise_p", "colored noise", "waveform", add_colored_noise, trial=0.5),
    Augmentation("gain_p", "gain", "waveform", change_gain),
    Augmentation("freq_mask_p", "frequency mask", "features", mask_frequencies),
    Augmentation("time_mask_p", "time mask", "features", mask_frames),
]
"""Every augmentation, in the order in which they are applied."""


class Augmenter:
    """Applies the augmentations to training batches, with draws from one generator."""

    def __init__(
        self,
        config: AugmentConfig,
        sample_rate: int,
        hop_ms: float,
        classes: int,
        noise: Tensor,
        draw: torch.Generator,
    ) -> None:
        """Take background noise as float32 [M]; where it is shorter than a clip, none is added."""
        self.config = config
        self.sample_rate = sample_rate
        self.hop_ms = hop_ms
        self.classes = classes
        self.noise = noise
        self.draw = draw

    def waveforms(self, waveforms: Tensor, lengths: Tensor, labels: Tensor) -> Clips:
        """Augment waveforms [B, S] with lengths [B] and labels [B]."""
        clips = Clips(waveforms, lengths, labels)
        for augmentation in AUGMENTATIONS:
            if augmentation.domain == "waveform" and self.probability(augmentation):
                clips = augmentation.apply(self, clips)
        return clips

    def features(self, features: Tensor) -> Tensor:
        """Augment standardised static features [B, T, n], before their derivatives are taken."""
        for augmentation in AUGMENTATIONS:
            # Drawn even where switched off, so that one switch leaves the other's draws as they are.
            if augmentation.domain == "features" and hasattr(self.config, augmentation.probability):
                features = augmentation.apply(self, features)
        return features

    def probability(self, augmentation: Augmentation) -> float:
        """Give the probability of an augmentation, 0 where the config does not know it."""
        return float(getattr(self.config, augmentation.probability, 0.0))

    def mask(self, features: Tensor, dim: int, widest: int, p: float) -> Tensor:
        """Mask features [B, T, F] along `dim`, each clip at a drawn place of a drawn width."""
        B, size = len(features), features.shape[dim]
        width = torch.randint(0, min(widest, size) + 1, (B,), generator=self.draw)
        first = (torch.rand(B, generator=self.draw) * (size - width + 1)).long()
        width = self.where(p, width, 0)
        return mask(features, first.to(features.device), width.to(features.device), dim)

    def percent(self, p: float, farthest: float, clips: Clips) -> Tensor:
        """Draw a speed for each clip in whole percent [B], at most the fraction `farthest` from 100."""
        steps = round(100 * farthest)
        drawn = 100 + torch.randint(-steps, steps + 1, (len(clips.waveforms),), generator=self.draw)
        return self.where(p, drawn, 100).to(clips.waveforms.device)

    def even(self, count: int) -> Tensor:
        """Draw uniformly from -1 to 1."""
        return 2 * torch.rand(count, generator=self.draw) - 1

    def beta(self, count: int) -> Tensor:
        """Draw weights for mixup with numpy, seeded by this generator, which torch's beta ignores."""
        seed = int(torch.randint(2**31, (1,), generator=self.draw))
        alpha = self.config.mixup_alpha
        return torch.from_numpy(np.random.default_rng(seed).beta(alpha, alpha, count)).float()

    def snr_db(self, p: float, count: int) -> Tensor:
        """Draw signal-to-noise ratios in decibels, infinite where no noise is to be added."""
        low, high = self.config.snr_min_db, self.config.snr_max_db
        drawn = low + (high - low) * torch.rand(count, generator=self.draw)
        return self.where(p, drawn, torch.inf)

    def where(self, p: float, changed: Tensor, unchanged: float) -> Tensor:
        """Keep each drawn value with probability `p`, else take `unchanged`."""
        if p == 1:
            return changed
        return torch.where(torch.rand(len(changed), generator=self.draw) < p, changed, unchanged)
