"""A long recording, of which it is known what is said when; it is made block by block while it is heard."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wordspot.audio.features import QUIET_RMS, RMS
from wordspot.audio.room import Room, impulse_response
from wordspot.streams.backgrounds import Background, Samples
from wordspot.tts.recording import convolved

BLOCK_S = 10.0
"""Length of a block; the background has another stretch in each."""
FADE_S = 0.02
"""Over which the ends of a clip are faded, and stretches of the background into each other."""
FRAME_S, HOP_S = 0.02, 0.005
"""Frames whose energy tells where speech begins and ends."""
SPEECH_DB = -25.0
"""Energy of a frame of speech, relative to the loudest frame of its clip."""


@dataclass(frozen=True)
class Said:
    """One word in a recording; times are seconds from its beginning."""

    word: str
    """The class of the word."""
    start: float
    end: float
    """Start and end of its speech, by the energy of its clip."""
    path: str
    """Its clip."""


@dataclass(frozen=True)
class Utterance:
    """A clip at its place in a recording."""

    said: Said
    first: int
    """Sample of the recording at which the clip begins."""
    clip: NDArray[np.int16]
    room: Room | None = None
    """The room it is said in; None for no echo."""


@dataclass(frozen=True)
class Recording:
    """Utterances in front of a background; equal recordings give equal samples."""

    name: str
    sample_rate: int
    samples: int
    utterances: Sequence[Utterance] = field(repr=False)
    background: Background | None
    background_db: float
    """Level of the background in decibels, relative to a clip of speech."""
    seed: tuple[int, ...]

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.samples / self.sample_rate

    @property
    def said(self) -> list[Said]:
        """What is said, in order."""
        return [utterance.said for utterance in self.utterances]

    def blocks(self) -> Iterator[Samples]:
        """Make it block by block, float32 [S] each; no more than two blocks are in memory."""
        length, fade = round(BLOCK_S * self.sample_rate), round(FADE_S * self.sample_rate)
        tail = np.zeros(fade, np.float32)  # the end of the stretch before
        number = 0  # of the first utterance that is not over yet
        for place, first in enumerate(range(0, self.samples, length)):
            count = min(length, self.samples - first)
            stretch = faded(self._stretch(place, count + fade), fade)
            block = stretch[:count]
            block[: min(fade, count)] += tail[:count]
            tail = stretch[count:]
            for utterance in self.utterances[number:]:
                if utterance.first >= first + count:
                    break
                mix(block, self._sound(utterance), utterance.first - first)
            while number < len(self.utterances) and self.utterances[number].first + length < first:
                number += 1
            yield block

    def _stretch(self, place: int, count: int) -> Samples:
        if self.background is None:
            return np.zeros(count, np.float32)
        level = np.float32(RMS * 10 ** (self.background_db / 20))
        sound = self.background(count, np.random.default_rng((*self.seed, place)))
        return np.multiply(sound, level)

    def _sound(self, utterance: Utterance) -> Samples:
        """Give the samples of an utterance, all of which have one root mean square, and its echo."""
        clip = utterance.clip / np.float32(32768)
        loudness = max(float(np.sqrt(np.mean(np.square(clip)))), QUIET_RMS)
        sound = faded(np.multiply(clip, RMS / loudness, dtype=np.float32), round(FADE_S * self.sample_rate))
        if utterance.room is None:
            return sound
        echoing = convolved(sound.astype(np.float64), impulse_response(utterance.room, self.sample_rate))
        softer = np.linalg.norm(sound) / max(float(np.linalg.norm(echoing[: len(sound)])), 1e-9)
        return np.asarray(softer * echoing, np.float32)


def mix(block: Samples, sound: Samples, first: int) -> None:
    """Add a sound to a block, from the block's sample `first` on, which may lie outside."""
    start, stop = max(0, first), min(len(block), first + len(sound))
    if start < stop:
        block[start:stop] += sound[start - first : stop - first]


def faded(sound: Samples, count: int) -> Samples:
    """Fade the first and the last `count` samples of a sound [S], at most half of it each."""
    count = min(count, len(sound) // 2)
    ramp = (np.arange(count, dtype=np.float32) + np.float32(0.5)) / np.float32(max(count, 1))
    changed = sound.copy()
    changed[:count] *= ramp
    changed[len(sound) - count :] *= ramp[::-1]
    return changed


def speech_span(clip: NDArray[np.int16], sample_rate: int) -> tuple[int, int]:
    """Find where speech begins and ends in a clip [S]: from the first frame with enough energy to the last.

    Enough is SPEECH_DB below the loudest frame, and no less than halfway, in decibels, from the clip's own
    noise (the tenth of its frames with the least energy) to the loudest frame.
    """
    frame, hop = round(FRAME_S * sample_rate), round(HOP_S * sample_rate)
    if len(clip) < frame:
        return 0, len(clip)
    frames = np.lib.stride_tricks.sliding_window_view(clip.astype(np.float32), frame)[::hop]
    level_db = 10 * np.log10(np.mean(frames**2, axis=1) + 1)  # (T,), over one step of 16 bits
    enough = max(level_db.max() + SPEECH_DB, (level_db.max() + np.quantile(level_db, 0.1)) / 2)
    loud = np.flatnonzero(level_db >= enough)
    return int(loud[0] * hop), int(loud[-1] * hop + frame)
