"""How a word is to be said: what every engine is asked."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]


@dataclass(frozen=True)
class Manner:
    """How one word is said."""

    voice: str
    """One of the engine's voices."""
    tempo: float = 1.0
    """Speed, 1 being the engine's own."""
    pitch: float = 0.5
    """From 0, low, to 1, high, within the voice's range."""
    liveliness: float = 0.5
    """From 0, monotonous, to 1: range of the pitch, or of whatever else the engine varies."""
    ending: str = "."
    """Punctuation, which shapes the melody."""
    phrase: tuple[str, str] = ("", "")
    """Words said before it and after it, from which it is cut; an engine that can't cut leaves them out."""
