"""Faults of recordings that are made to have them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import SAMPLE_RATE
from wordspot.inspection.clip_quality import frame_levels_db, level_db, peak_db, quality_issues

SECOND = np.arange(SAMPLE_RATE)


def word(first: float, last: float, peak: float = 0.5) -> NDArray[np.int16]:
    """Give a second that holds a tone from one time to another, in seconds."""
    sounding = (first * SAMPLE_RATE <= SECOND) & (last * SAMPLE_RATE > SECOND)
    return np.round(32_767 * peak * np.sin(SECOND / 5) * sounding).astype(np.int16)


def test_level_and_peak() -> None:
    square = np.array([16_384, -16_384] * 100, np.int16)
    assert level_db(square) == pytest.approx(-6.02, abs=0.01)
    assert peak_db(square) == pytest.approx(-6.02, abs=0.01)
    assert level_db(word(0, 1)) == pytest.approx(-9.03, abs=0.02)  # a sine's is 3 dB under its peak
    assert level_db(np.zeros(5, np.int16)) == peak_db(np.zeros(0, np.int16)) == -np.inf


@pytest.mark.parametrize(
    ("sound", "expected"),
    [
        (word(0.3, 0.7), []),
        (np.zeros(SAMPLE_RATE, np.int16), ["empty"]),
        (np.zeros(0, np.int16), ["empty"]),
        (word(0.3, 0.7, peak=0.001), ["silent"]),
        (np.clip(word(0.3, 0.7).astype(int) * 3, -32_768, 32_767).astype(np.int16), ["clipped"]),
        (word(0.3, 0.7, peak=1.0), []),  # full scale is reached, but not for three samples in a row
        (word(0.0, 0.5), ["cut off at the start"]),
        (word(0.5, 1.0), ["cut off at the end"]),
        (word(0.0, 1.0), ["noisy"]),
        (np.array([1], np.int16), ["silent", "noisy"]),
    ],
)
def test_quality_issues(sound: NDArray[np.int16], expected: list[str]) -> None:
    assert quality_issues(sound, SAMPLE_RATE) == expected


def test_levels_of_frames() -> None:
    levels = frame_levels_db(word(0.5, 1.0), SAMPLE_RATE)
    assert len(levels) == 50
    assert (levels[:25] == -100).all()
    assert levels[25:] == pytest.approx(np.full(25, -9.03), abs=0.2)
