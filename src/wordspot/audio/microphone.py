"""What a microphone does to speech: its frequency response, drawn at random."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Microphone:
    """Frequency response and codec of a microphone."""

    hz: tuple[float, ...]
    db: tuple[float, ...]
    """Gain at each frequency in `hz`, in decibels."""
    telephone: bool
    """8 bits on a logarithmic scale, as on a telephone line."""


def draw_microphone(draw: np.random.Generator) -> Microphone:
    """Draw a frequency response that varies by some decibels between a lower and an upper limit."""
    telephone = bool(draw.random() < 0.1)
    low_hz, high_hz = (300.0, 3400.0) if telephone else (draw.uniform(40, 250), draw.uniform(3500, 7900))
    inner = np.geomspace(1.5 * low_hz, high_hz / 1.3, 6)
    tilt = draw.uniform(-6, 6) * np.linspace(-1, 1, len(inner))
    gains = draw.uniform(-4, 4, len(inner)) + tilt
    hz = (low_hz / 2, low_hz, *inner, high_hz, high_hz * 1.15)
    db = (-40.0, -3.0, *gains, -3.0, -40.0)
    return Microphone(tuple(float(one) for one in hz), tuple(float(one) for one in db), telephone)


def gains_at(
    bins_hz: NDArray[np.floating[Any]], hz: tuple[float, ...], db: tuple[float, ...]
) -> NDArray[np.float64]:
    """Give factors for frequencies [bins] from gains in decibels at some, interpolated over log frequency."""
    factors: NDArray[np.float64] = 10 ** (np.interp(np.log(np.maximum(bins_hz, 1.0)), np.log(hz), db) / 20)
    return factors
