"""How a synthetic corpus is made; without numpy, so that the command line can explain itself at once."""

from dataclasses import dataclass, fields
from typing import Literal

from wordspot.config import Strict
from wordspot.errors import UsageError

EngineName = Literal["espeak", "piper"]
CLIPS = 400
"""Clips of each word, where nobody asks for another number."""


@dataclass(frozen=True)
class Variety(Strict):
    """In what the speakers and clips differ; what is switched off is the same for all."""

    voices: bool = True
    """Accents, and variants of the voices."""
    tract: bool = True
    """Length of the vocal tract, which moves resonances and pitch."""
    prosody: bool = True
    """Tempo, pitch, liveliness, and the melody of statement, question or call."""
    phrase: bool = True
    """Whether the word is said alone or cut out of a phrase (eSpeak NG)."""
    position: bool = True
    """Silence before and after the word."""
    room: bool = True
    """Echo of a room, distance from the microphone."""
    microphone: bool = True
    """Band limits and colouring, loudness, now and then a telephone line."""
    noise: bool = False
    """Noise of the place: left out, since training adds noise itself."""


@dataclass(frozen=True)
class Synthesis(Strict):
    """How a synthetic corpus is made: equal settings and packages give equal clips on the same machine."""

    clips: int = CLIPS
    """Clips of each word, each by a speaker of its own, who says all words."""
    engines: tuple[EngineName, ...] = ()
    """Synthesisers to take turns; all that are installed where left out."""
    hold_out: EngineName | None = None
    """Synthesiser whose speakers make the whole test part, and none of the others."""
    seed: int = 0
    """Draws the speakers."""
    variety: Variety = Variety()

    def __post_init__(self) -> None:
        if self.clips < 1:
            raise UsageError(f"clips: {self.clips} must be at least 1")
        if not 0 <= self.seed < 2**31:
            raise UsageError(f"seed: {self.seed} must be at least 0 and under 2147483648")
        if len(set(self.engines)) < len(self.engines):
            raise UsageError(f"engines: {' '.join(self.engines)} names one twice")

    @property
    def off(self) -> list[str]:
        """Name what is switched off in the variety."""
        return [f.name for f in fields(self.variety) if not getattr(self.variety, f.name)]
