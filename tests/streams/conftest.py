"""What the tests of long recordings share: clips with other words, and recordings and posteriors by hand."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import SAMPLE_RATE, noise, write_samples
from tests.tts.conftest import espeak_alone as espeak_alone
from wordspot.config import CorpusConfig
from wordspot.corpus.corpus import Corpus
from wordspot.streams.hearing import Heard
from wordspot.streams.recording import Recording, Said, Utterance
from wordspot.streams.scenes import open_split

STEP = 1600


@pytest.fixture
def spoken(shared_recordings: Path) -> Path:
    """Give recordings of the words, of other words ("hiss") and of noise, that no test may change."""
    root = shared_recordings.parent / "spoken"
    if not root.exists():
        shutil.copytree(shared_recordings, root)
        for number, path in enumerate(sorted((root / "low").iterdir())):
            write_samples(root / "hiss" / path.name, noise(8_000, number) // 8)
        write_samples(root / "_background_noise_" / "noise.wav", noise(400_000))
    return root


@pytest.fixture
def corpus(spoken: Path) -> Corpus:
    return open_split(spoken, CorpusConfig(words=("low", "high")), "testing")


def recording_of(said: Sequence[Said], seconds: float) -> Recording:
    """Make a recording in which something is said, of which nothing can be heard."""
    utterances = [Utterance(one, round(one.start * SAMPLE_RATE), np.zeros(0, np.int16)) for one in said]
    return Recording("by hand", SAMPLE_RATE, round(seconds * SAMPLE_RATE), utterances, None, 0.0, (0,))


def heard_of(
    rows: NDArray[np.float32], said: Sequence[Said], classes: tuple[str, ...] = ("yes", "no", "_unknown_")
) -> Heard:
    """Make posteriors [N, C], one every STEP samples, the first when a window of a second was heard."""
    last = SAMPLE_RATE + STEP * np.arange(len(rows))
    recording = recording_of(said, (last[-1] + STEP) / SAMPLE_RATE)
    return Heard(recording, classes, SAMPLE_RATE, 8000, last, last, rows, 0.0)
