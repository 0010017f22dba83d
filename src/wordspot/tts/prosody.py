"""Prosody: what every engine is asked for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]


@dataclass(frozen=True)
class Prosody:
    """How one word is said."""

    voice: str
    """One of the engine's voices."""
    tempo: float = 1.0
    """Speed, 1 being the engine's own."""
    pitch: float = 0.5
    """From 0 (low) to 1 (high) within the range of the voice."""
    pitch_range: float = 0.5
    """Pitch range from 0 (monotone) to 1, or the range of whatever else the engine varies."""
    ending: str = "."
    """Punctuation, which determines the intonation."""
    phrase: tuple[str, str] = ("", "")
    """Words before and after it, which are cut off again; engines that can't do that leave them out."""
