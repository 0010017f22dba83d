"""What is heard behind and between the words: recorded noise, music-like sounds, running speech, quiet.

A background makes stretches of a given length with a root mean square of 1, each by its own generator.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soundfile
import torch
import torchaudio
from numpy.typing import NDArray

from wordspot.tts.recording import SAMPLE_RATE, colored

Samples = NDArray[np.float32]
Background = Callable[[int, np.random.Generator], Samples]
"""From a number of samples S and a generator to a stretch [S]."""

PAUSE_S = (0.1, 1.0)
"""Shortest and longest pause between sentences."""
BEAT_S = (0.25, 0.7)
"""Shortest and longest beat of music."""
LOWEST_HZ, OCTAVES = 65.4, 4
SCALE = (0, 2, 4, 5, 7, 9, 11)
"""Semitones of a major scale above its first note."""
CHORDS = ((0, 2, 4), (3, 5, 7), (4, 6, 8), (5, 7, 9))
"""Steps of the scale in each chord: first, fourth, fifth, and sixth degree."""
HARMONICS = 8


def recorded(noise: NDArray[np.int16]) -> Background:
    """Crop stretches of recorded noise [M], which begins anew where it ends."""

    def stretch(count: int, draw: np.random.Generator) -> Samples:
        first = int(draw.integers(len(noise)))
        return even(np.take(noise, np.arange(first, first + count), mode="wrap").astype(np.float32))

    return stretch


def pink(count: int, draw: np.random.Generator) -> Samples:
    """Draw pink noise [count], as in a quiet room."""
    return colored(count, 1.0, draw).astype(np.float32)


def speech(sentences: Sequence[Path], sample_rate: int) -> Background:
    """Join sentences, which are files at SAMPLE_RATE, in any order with pauses between them."""

    def stretch(count: int, draw: np.random.Generator) -> Samples:
        parts: list[Samples] = []
        while sum(map(len, parts)) < count:
            sound, _ = soundfile.read(str(sentences[int(draw.integers(len(sentences)))]), dtype="float32")
            resampled = torchaudio.functional.resample(torch.from_numpy(sound), SAMPLE_RATE, sample_rate)
            pause = np.zeros(round(draw.uniform(*PAUSE_S) * sample_rate), np.float32)
            parts += [even(resampled.numpy()), pause]
        return even(np.concatenate(parts)[:count])

    return stretch


def music(sample_rate: int) -> Background:
    """Make chords, a melody and drums, in a key, a tempo and sounds that are drawn for each stretch."""

    def stretch(count: int, draw: np.random.Generator) -> Samples:
        key = LOWEST_HZ * 2 ** (draw.integers(12) / 12)
        beat = round(draw.uniform(*BEAT_S) * sample_rate)
        timbre = draw.uniform(0, 1, HARMONICS) / np.arange(1, HARMONICS + 1)
        sound = np.zeros(count + 4 * beat)
        for bar, first in enumerate(range(0, count, 4 * beat)):
            chord = CHORDS[draw.integers(len(CHORDS))]
            for step in chord:
                sound[first : first + 4 * beat] += note(pitch(key, step + 14), 4 * beat, timbre, sample_rate)
            for place in range(4):
                start = first + place * beat
                hz = pitch(key, int(draw.choice(chord)) + 7 * int(draw.integers(2, OCTAVES)))
                sound[start : start + beat] += 2 * note(hz, beat, timbre, sample_rate)
                decay = np.exp(-np.arange(beat) / (0.03 * sample_rate))
                sound[start : start + beat] += decay * draw.standard_normal(beat) * (1 + (bar + place) % 2)
        return even(sound[:count].astype(np.float32))

    return stretch


def pitch(key_hz: float, step: int) -> float:
    """Give the frequency of a step of the major scale.

    >>> pitch(100.0, 0), pitch(100.0, 7)
    (100.0, 200.0)
    """
    octave, degree = divmod(step, len(SCALE))
    return float(key_hz * 2 ** (octave + SCALE[degree] / 12))


def note(hz: float, count: int, timbre: NDArray[np.float64], sample_rate: int) -> NDArray[np.float64]:
    """Make a note [count] that is struck and fades, of harmonics with the amplitudes `timbre` [H]."""
    times = np.arange(count) / sample_rate
    harmonics = hz * np.arange(1, len(timbre) + 1)
    audible = harmonics < sample_rate / 2
    waves = np.sin(2 * np.pi * harmonics[audible, None] * times)  # (H, count)
    envelope = np.minimum(1, times / 0.01) * np.exp(-2 * times)
    return np.asarray(envelope * (timbre[audible] @ waves))


def even(sound: Samples) -> Samples:
    """Scale a sound [S] to a root mean square of 1; no sound at all stays as it is."""
    level = np.sqrt(np.mean(np.square(sound, dtype=np.float64)))
    return (sound / level).astype(np.float32) if level > 0 else sound
