"""How a synthetic corpus is made; without numpy, so that the command line starts at once."""

from dataclasses import fields
from typing import Annotated, Literal

from annotated_types import Ge, Lt

from wordspot.config import Count, require
from wordspot.schema import schema

EngineName = Literal["espeak", "piper"]
CLIPS = 400
"""Clips of each word by default."""


@schema
class Variety:
    """In what speakers and clips differ; what is switched off is the same for all."""

    voices: bool = True
    """Accents and voice variants."""
    tract: bool = True
    """Vocal tract length, which moves formants and pitch."""
    prosody: bool = True
    """Tempo, pitch, pitch range, and the intonation of statement, question or call."""
    phrase: bool = True
    """Whether the word is said alone or cut out of a phrase (eSpeak NG)."""
    position: bool = True
    """Silence before and after the word."""
    room: bool = True
    """Room reverberation and distance from the microphone."""
    microphone: bool = True
    """Band limits, frequency response, level, and sometimes a telephone line."""
    noise: bool = False
    """Background noise; off by default, since training adds noise itself."""


@schema
class Synthesis:
    """How a synthetic corpus is made: equal settings and packages give equal clips on the same machine."""

    clips: Count = CLIPS
    """Clips of each word, one by each speaker."""
    engines: tuple[EngineName, ...] = ()
    """Synthesisers to alternate; all that are installed by default."""
    hold_out: EngineName | None = None
    """Synthesiser whose speakers are the whole test split, and no other."""
    seed: Annotated[int, Ge(0), Lt(2**31)] = 0
    """Seed of the speakers."""
    variety: Variety = Variety()

    def __post_init__(self) -> None:
        require(
            len(set(self.engines)) == len(self.engines), f"engines: {' '.join(self.engines)} names one twice"
        )

    @property
    def off(self) -> list[str]:
        """Name what is switched off in the variety."""
        return [f.name for f in fields(self.variety) if not getattr(self.variety, f.name)]
