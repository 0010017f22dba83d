"""From clean synthetic speech to a clip as it might have been recorded.

By numpy's Fourier transform alone: scipy.signal takes longer to import than a word to say, in every process.
"""

import numpy as np
from numpy.typing import NDArray

from wordspot.audio.microphone import gains_at
from wordspot.audio.room import ECHO_S, impulse_response
from wordspot.tts.speakers import Speaker

SAMPLE_RATE = 16_000
SECONDS = 1.0
SILENT_DB = -40.0
"""Level below the maximum under which the ends of a word count as silence."""
MU = 255

Samples = NDArray[np.float64]


def record(
    sound: NDArray[np.float32],
    sample_rate: int,
    speaker: Speaker,
    draw: np.random.Generator,
    *,
    centred: bool = False,
) -> Samples:
    """Simulate the room and microphone of a speaker for clean speech [samples] at `sample_rate`: in [-1, 1].

    Gives SECONDS at SAMPLE_RATE, or more where the word is longer. Position (unless `centred`), level and
    noise are drawn.
    """
    word = trim(resampled(np.asarray(sound, np.float64), sample_rate, speaker.tract))
    if speaker.room:
        echoing = convolved(word, impulse_response(speaker.room, SAMPLE_RATE))
        word = echoing[: len(word) + round(ECHO_S * SAMPLE_RATE)]
    clip = place(word, 0.5 if centred else draw.beta(2, 2))
    noise = colored(len(clip), speaker.noise_slope, draw)
    clip += noise * np.sqrt(np.mean(word**2)) * 10 ** (-speaker.noise_db / 20)
    peak = 0.5
    if speaker.microphone:
        clip = filtered(clip, speaker.microphone.hz, speaker.microphone.db)
        peak = 10 ** (draw.uniform(-30, 3) / 20)  # over 1 it clips
    clip = np.clip(clip * peak / max(np.abs(clip).max(), 1e-9), -1, 1)
    return companded(clip) if speaker.microphone and speaker.microphone.telephone else clip


def resampled(sound: Samples, sample_rate: int, tract: float) -> Samples:
    """Resample to SAMPLE_RATE with formants and pitch raised by the factor `tract`, as by a faster tape.

    What lies over half of SAMPLE_RATE is left out of its spectrum. The sound is taken for one turn of a loop,
    so it should begin and end in silence.
    """
    count = round(len(sound) * SAMPLE_RATE / (sample_rate * tract))
    return np.fft.irfft(np.fft.rfft(sound), count) * count / len(sound)


def convolved(one: Samples, other: Samples) -> Samples:
    """Convolve sounds [N] and [M]: [N + M - 1].

    >>> convolved(np.array([1.0, 2.0]), np.array([1.0, 0.0, -1.0])).round(9).tolist()
    [1.0, 2.0, -1.0, -2.0]
    """
    count = len(one) + len(other) - 1
    return np.fft.irfft(np.fft.rfft(one, count) * np.fft.rfft(other, count), count)


def trim(sound: Samples) -> Samples:
    """Cut the silence off both ends of sound [samples].

    >>> trim(np.array([0.0, 0.001, 0.5, 0.0, -0.5, 0.004])).tolist()
    [0.5, 0.0, -0.5]
    """
    loud = np.flatnonzero(np.abs(sound) > np.abs(sound).max(initial=0.0) * 10 ** (SILENT_DB / 20))
    return sound[loud[0] : loud[-1] + 1] if len(loud) else sound


def place(word: Samples, where: float) -> Samples:
    """Place a word in a clip of SECONDS (or of its own length) between its start (0) and its end (1)."""
    length = max(round(SECONDS * SAMPLE_RATE), len(word))
    first = round((length - len(word)) * where)
    clip = np.zeros(length)
    clip[first : first + len(word)] = word
    return clip


def colored(count: int, slope: float, draw: np.random.Generator) -> Samples:
    """Draw noise [count] with mean square 1 and a power that falls as frequency to `slope`."""
    spectrum = np.fft.rfft(draw.standard_normal(count))
    spectrum *= np.maximum(np.arange(len(spectrum)), 1.0) ** (-slope / 2)
    noise: Samples = np.fft.irfft(spectrum, count)
    noise /= np.sqrt(np.mean(noise**2))
    return noise


def filtered(sound: Samples, hz: tuple[float, ...], db: tuple[float, ...]) -> Samples:
    """Filter sound by gains in decibels at given frequencies, interpolated over log frequency."""
    bins_hz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    changed: Samples = np.fft.irfft(np.fft.rfft(sound) * gains_at(bins_hz, hz, db), len(sound))
    return changed


def companded(sound: Samples) -> Samples:
    """Round samples in [-1, 1] to 8 bits on a logarithmic scale and back (mu-law, as ITU-T G.711 has it).

    >>> companded(np.array([0.0, 1.0, -0.5])).round(3).tolist()
    [0.0, 1.0, -0.495]
    """
    code = np.round(127 * np.sign(sound) * np.log1p(MU * np.abs(sound)) / np.log1p(MU))
    restored: Samples = np.sign(code) * np.expm1(np.abs(code) / 127 * np.log1p(MU)) / MU
    return restored
