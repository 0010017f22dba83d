"""What the tests of the corpus share: sound files with known samples."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.conftest import RATE_HZ


def write_samples(
    path: Path, samples: Sequence[int] | NDArray[np.int16], rate_hz: int = RATE_HZ, subtype: str = "PCM_16"
) -> Path:
    """Write 16-bit samples to a new sound file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.asarray(samples, dtype=np.int16), rate_hz, subtype=subtype)
    return path


def noise(count: int, seed: int = 0) -> NDArray[np.int16]:
    """Draw samples over the whole range, no two stretches of which are alike."""
    return np.random.default_rng(seed).integers(-32768, 32768, count, dtype=np.int16)


@pytest.fixture
def noisy_recordings(recordings: Path) -> Path:
    """Give a corpus of synthetic words with two recordings of background noise, of odd lengths."""
    for number, count in enumerate((200_001, 217_357)):
        write_samples(recordings / "_background_noise_" / f"noise{number}.wav", noise(count, number))
    return recordings
