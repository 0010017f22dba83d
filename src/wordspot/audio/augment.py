"""Augmentation of whole batches: which clips are changed, and how strongly, is drawn here.

Waveforms are zero after their lengths, before and after each operation. Every draw comes from the generator
that is passed in, and always on the CPU: a resumed run draws the same, and which clips change is known there,
so that only those are touched and no step waits for a device. (`FrequencyMasking` and `TimeMasking` of
torchaudio draw from the global generator, and have no probability for each clip.)

To add an augmentation, give `AugmentConfig` its settings (or a subclass of it) and AUGMENTATIONS its entry:
training, the gallery, the experiment and the report follow that list.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from wordspot.audio.acoustics import MICROPHONES, ROOMS, in_rooms, through_microphones
from wordspot.audio.effects import (
    add_noise,
    change_each,
    color,
    gain,
    mask,
    mixup,
    pitch_shift,
    random_crops,
    shift,
    speed_perturb,
    time_stretch,
)
from wordspot.audio.features import loudness
from wordspot.audio.padding import moved, zero_padding
from wordspot.audio.room import ECHO_S
from wordspot.config import AugmentConfig
from wordspot.share import ALONE, Share

NEAREST, FARTHEST = 0.4, 0.8
"""Distance of a neighbouring clip, as a share of the duration of a clip."""


class Clips(NamedTuple):
    """A batch of B training clips under augmentation."""

    waveforms: Tensor
    """float32 [B, S]."""
    lengths: Tensor
    """int64 [B], samples of each clip before the padding."""
    targets: Tensor
    """Labels int64 [B], or after mixup class probabilities float32 [B, C]."""

    def at(self, rows: Tensor) -> "Clips":
        """Give the clips of some rows [N]."""
        return Clips(*(tensor.index_select(0, rows) for tensor in self))


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


def change_rows(clips: Clips, rows: Tensor, change: Callable[[Clips], Clips]) -> Clips:
    """Change the clips of `rows` [N], on the CPU, in place by `change`, which is given those alone."""
    if len(rows):
        rows = moved(rows, clips.waveforms.device)
        changed = change(clips.at(rows))
        for tensor, new in zip(clips, changed, strict=True):
            tensor.index_copy_(0, rows, new)
    return clips


def change_speed(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Play clips faster or slower."""
    config = augmenter.config
    percent = augmenter.percent(config.speed_perturb_p, config.speed_perturb, len(clips.waveforms))
    return at_speed(clips, percent, speed_perturb)


def change_tempo(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Play clips faster or slower, at their pitch."""
    config = augmenter.config
    percent = augmenter.percent(config.time_stretch_p, config.time_stretch, len(clips.waveforms))
    return at_speed(clips, percent, partial(change_each, time_stretch))


def at_speed(clips: Clips, percent: Tensor, play: Callable[[Tensor, Tensor, int], Tensor]) -> Clips:
    """Play clips at speeds [B] in percent, by `play`."""
    rows = (percent != 100).nonzero()[:, 0]

    def change(some: Clips) -> Clips:
        (_, S), percent_there = some.waveforms.shape, moved(percent[rows], some.lengths.device)
        lengths = (100 * some.lengths / percent_there).ceil().long().clamp(1, S)
        waveforms = zero_padding(play(some.waveforms, percent[rows], S), lengths)
        return some._replace(waveforms=waveforms, lengths=lengths)

    return change_rows(clips, rows, change)


def change_pitch(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Raise or lower all frequencies of clips, at their speed."""
    config = augmenter.config
    drawn = 100 * 2 ** (config.pitch_semitones / 12 * augmenter.even(len(clips.waveforms)))
    percent = augmenter.where(config.pitch_shift_p, drawn.round().long(), 100)
    rows = (percent != 100).nonzero()[:, 0]

    def change(some: Clips) -> Clips:
        shifted = change_each(pitch_shift, some.waveforms, percent[rows], some.waveforms.shape[1])
        return some._replace(waveforms=zero_padding(shifted, some.lengths))

    return change_rows(clips, rows, change)


def change_room(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Let clips sound in simulated rooms, of whose echo a part follows their ends."""
    rows, rooms = augmenter.numbers(augmenter.config.room_p, ROOMS, len(clips.waveforms))
    echo = round(ECHO_S * augmenter.sample_rate)

    def change(some: Clips) -> Clips:
        lengths = (some.lengths + echo).clamp(max=some.waveforms.shape[1])
        echoing = in_rooms(some.waveforms, moved(rooms, some.lengths.device), augmenter.sample_rate)
        return some._replace(waveforms=zero_padding(echoing, lengths), lengths=lengths)

    return change_rows(clips, rows, change)


def change_microphone(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Record clips, with the noise in them, by simulated microphones."""
    config, B = augmenter.config, len(clips.waveforms)
    rows, microphones = augmenter.numbers(config.microphone_p, MICROPHONES, B)

    def change(some: Clips) -> Clips:
        numbers = moved(microphones, some.lengths.device)
        heard = through_microphones(some.waveforms, numbers, augmenter.sample_rate)
        return some._replace(waveforms=zero_padding(heard, some.lengths))

    return change_rows(clips, rows, change)


def change_start(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Shift clips in time."""
    config, (B, S) = augmenter.config, clips.waveforms.shape
    farthest = round(config.shift_ms * augmenter.sample_rate / 1000)
    drawn = augmenter.integers(-farthest, farthest + 1, B)
    offsets = augmenter.where(config.shift_p, drawn, 0)
    lengths = (clips.lengths + moved(offsets, clips.lengths.device)).clamp(1, S)
    return clips._replace(waveforms=shift(clips.waveforms, offsets), lengths=lengths)


def add_neighbour(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Let the end of another clip of the batch sound before a clip, or its start after it.

    Both are equally loud, as words are that run into each other in a stream.
    """
    (B, S), device, share = clips.waveforms.shape, clips.waveforms.device, augmenter.share
    other = share.own(torch.randperm(share.whole(B), generator=augmenter.draw))
    drawn = augmenter.even(B)
    distance = (NEAREST + (FARTHEST - NEAREST) * drawn.abs()) * S
    offsets = augmenter.where(augmenter.config.neighbour_p, (distance * drawn.sign()).round().long(), 0)
    every = Clips(*(share.gathered(tensor, share.whole(B)) for tensor in clips))
    rows = offsets.nonzero()[:, 0]

    def change(some: Clips) -> Clips:
        joined, offset = every.at(moved(other[rows], device)), offsets[rows]
        ratio = loudness(some.waveforms, some.lengths) / loudness(joined.waveforms, joined.lengths)  # (N, 1)
        ends = (joined.lengths + moved(offset, device)).clamp(0, S)
        return some._replace(
            waveforms=some.waveforms + ratio * shift(joined.waveforms, offset),
            lengths=torch.maximum(some.lengths, ends),
        )

    return change_rows(clips, rows, change)


def mix_pairs(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Mix clips and their labels with others of the batch, each brought to the loudness of the clip it joins.

    So the weight alone says which word dominates.
    """
    B, device, share = len(clips.waveforms), clips.waveforms.device, augmenter.share
    other = share.own(torch.randperm(share.whole(B), generator=augmenter.draw))
    weight = augmenter.where(augmenter.config.mixup_p, augmenter.beta(B), 1.0)
    clips = clips._replace(targets=one_hot(clips.targets, augmenter.classes).float())  # (B, C)
    every = Clips(*(share.gathered(tensor, share.whole(B)) for tensor in clips))
    rows = (weight < 1).nonzero()[:, 0]

    def change(some: Clips) -> Clips:
        joined = every.at(moved(other[rows], device))
        ratio = loudness(some.waveforms, some.lengths) / loudness(joined.waveforms, joined.lengths)  # (N, 1)
        share = moved(weight[rows], device)
        return Clips(
            mixup(some.waveforms, joined.waveforms.mul_(ratio), share),
            torch.maximum(some.lengths, joined.lengths),
            mixup(some.targets, joined.targets, share),
        )

    return change_rows(clips, rows, change)


def add_background_noise(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Add recorded noise."""
    S = clips.waveforms.shape[1]
    if len(augmenter.noise) < S:
        return clips
    augmenter.noise = augmenter.noise.to(clips.waveforms.device)
    return with_noise(
        augmenter,
        clips,
        augmenter.config.background_noise_p,
        lambda count, places: random_crops(augmenter.noise, count, S, augmenter.draw, places),
    )


def add_colored_noise(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Add generated noise, from white to brown."""
    S, device = clips.waveforms.shape[1], clips.waveforms.device

    def colored(count: int, places: Tensor) -> Tensor:
        white = torch.randn(count, S, generator=augmenter.draw)[places]
        slope = 2 * torch.rand(count, generator=augmenter.draw)[places]
        if not len(places):
            return moved(white, device)  # which has no Fourier transform
        return color(moved(white, device), moved(slope, device))

    return with_noise(augmenter, clips, augmenter.config.colored_noise_p, colored)


def with_noise(
    augmenter: "Augmenter", clips: Clips, p: float, noises: Callable[[int, Tensor], Tensor]
) -> Clips:
    """Add noise to clips with probability `p`.

    `noises` draws it for a number of clips of the whole batch, and gives [N, S] for those at N places.
    """
    share = augmenter.share
    snr_db = augmenter.snr_db(p, share.whole(len(clips.waveforms)))
    noisy = snr_db.isfinite()
    place, snr_db = share.own(noisy.cumsum(0) - 1), share.own(snr_db)
    rows = snr_db.isfinite().nonzero()[:, 0]
    drawn = noises(int(noisy.sum()), place[rows])  # by every process, even for none of its clips

    def change(some: Clips) -> Clips:
        noise = zero_padding(drawn, some.lengths)
        return some._replace(waveforms=add_noise(some.waveforms, noise, moved(snr_db[rows], noise.device)))

    return change_rows(clips, rows, change)


def change_gain(augmenter: "Augmenter", clips: Clips) -> Clips:
    """Make clips louder or softer."""
    drawn = augmenter.config.gain_db * augmenter.even(len(clips.waveforms))
    gain_db = augmenter.where(augmenter.config.gain_p, drawn, 0.0)
    return clips._replace(waveforms=gain(clips.waveforms, moved(gain_db, clips.waveforms.device)))


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
    Augmentation("room_p", "room", "waveform", change_room, trial=0.5),
    Augmentation("shift_p", "time shift", "waveform", change_start),
    Augmentation("neighbour_p", "neighbour", "waveform", add_neighbour, trial=0.5),
    Augmentation("mixup_p", "mixup", "waveform", mix_pairs, trial=0.5),
    Augmentation("background_noise_p", "background noise", "waveform", add_background_noise, trial=0.5),
    Augmentation("colored_noise_p", "colored noise", "waveform", add_colored_noise, trial=0.5),
    Augmentation("microphone_p", "microphone", "waveform", change_microphone, trial=0.5),
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
        share: Share = ALONE,
    ) -> None:
        """Take background noise as float32 [M]; where it is shorter than a clip, none is added."""
        self.config = config
        self.sample_rate = sample_rate
        self.hop_ms = hop_ms
        self.classes = classes
        self.noise = noise
        self.draw = draw
        self.share = share

    def waveforms(self, waveforms: Tensor, lengths: Tensor, labels: Tensor) -> Clips:
        """Augment waveforms [B, S] with lengths [B] and labels [B]."""
        clips = Clips(waveforms.clone(), lengths.clone(), labels.clone())  # to be changed in place
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
        width = self.integers(0, min(widest, size) + 1, B)
        first = (self.uniform(B) * (size - width + 1)).long()
        width = self.where(p, width, 0)
        return mask(features, moved(first, features.device), moved(width, features.device), dim)

    def percent(self, p: float, farthest: float, count: int) -> Tensor:
        """Draw speeds for clips in whole percent [count], at most the fraction `farthest` from 100."""
        steps = round(100 * farthest)
        return self.where(p, 100 + self.integers(-steps, steps + 1, count), 100)

    def numbers(self, p: float, count: int, clips: int) -> tuple[Tensor, Tensor]:
        """Draw numbers below `count` for some of the clips: their rows [N], and a number for each [N]."""
        drawn = self.where(p, self.integers(0, count, clips), -1)
        rows = (drawn >= 0).nonzero()[:, 0]
        return rows, drawn[rows]

    def even(self, count: int) -> Tensor:
        """Draw uniformly from -1 to 1."""
        return 2 * self.uniform(count) - 1

    def beta(self, count: int) -> Tensor:
        """Draw weights for mixup with numpy, seeded by this generator, which torch's beta ignores."""
        seed = int(torch.randint(2**31, (1,), generator=self.draw))
        alpha = self.config.mixup_alpha
        drawn = np.random.default_rng(seed).beta(alpha, alpha, self.share.whole(count))
        return self.share.own(torch.from_numpy(drawn).float())

    def snr_db(self, p: float, count: int) -> Tensor:
        """Draw signal-to-noise ratios in decibels for a whole batch, infinite where no noise is added."""
        low, high = self.config.snr_min_db, self.config.snr_max_db
        drawn = low + (high - low) * torch.rand(count, generator=self.draw)
        if p == 1:
            return drawn
        return torch.where(torch.rand(count, generator=self.draw) < p, drawn, torch.inf)

    def where(self, p: float, changed: Tensor, unchanged: float) -> Tensor:
        """Keep each drawn value with probability `p`, else take `unchanged`."""
        if p == 1:
            return changed
        return torch.where(self.uniform(len(changed)) < p, changed, unchanged)

    def uniform(self, count: int) -> Tensor:
        """Draw for `count` clips uniformly from 0 to 1."""
        return self.share.own(torch.rand(self.share.whole(count), generator=self.draw))

    def integers(self, low: int, high: int, count: int) -> Tensor:
        """Draw for `count` clips integers from `low` to below `high`."""
        return self.share.own(torch.randint(low, high, (self.share.whole(count),), generator=self.draw))
