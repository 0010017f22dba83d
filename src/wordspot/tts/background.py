"""Background noise of a synthetic corpus: steady noise of several colours, a hum, and gusts."""

from pathlib import Path

import numpy as np

from wordspot.audio.wav import write_wav
from wordspot.files import atomic_folder
from wordspot.tts.recording import SAMPLE_RATE, Samples, colored

SECONDS = 60
HUM_HZ = 50
SLOPES = {"white": 0.0, "pink": 1.0, "brown": 2.0}
NOISES = (*SLOPES, "hum", "gusts")


def write_noise(folder: Path, seed: int) -> None:
    """Write a minute of each kind of noise to a new folder."""
    draw = np.random.default_rng((seed, 0))
    count = SECONDS * SAMPLE_RATE
    sounds = {name: colored(count, slope, draw) for name, slope in SLOPES.items()}
    sounds["hum"] = hum(count) + 0.1 * colored(count, 1.0, draw)
    sounds["gusts"] = colored(count, 1.5, draw) * gusts(count, draw)
    with atomic_folder(folder) as part:
        for name, sound in sounds.items():
            samples = np.round(sound / np.abs(sound).max() * 24_000).astype(np.int16)
            write_wav(part / f"{name}.wav", samples, SAMPLE_RATE)


def hum(count: int) -> Samples:
    """Make mains hum [count]: odd harmonics of falling amplitude."""
    times = np.arange(count) / SAMPLE_RATE
    harmonics = np.arange(1, 20, 2)
    waves = [np.sin(2 * np.pi * HUM_HZ * n * times) / n for n in harmonics]
    return np.asarray(np.sum(waves, axis=0))


def gusts(count: int, draw: np.random.Generator) -> Samples:
    """Draw an envelope [count] that varies between 0 and 1 within seconds."""
    corners = draw.uniform(0, 1, count // SAMPLE_RATE * 2 + 2)
    return np.interp(np.arange(count) * 2 / SAMPLE_RATE, np.arange(len(corners)), corners)
