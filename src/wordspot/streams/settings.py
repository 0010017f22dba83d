"""How long recordings are made; without numpy, so that the command line starts at once."""

from typing import Annotated

from annotated_types import Ge, Le, Lt

from wordspot.config import Positive
from wordspot.schema import schema


@schema
class StreamConfig:
    """Settings of the recordings on which a recogniser is judged; equal ones give equal recordings."""

    hours: Annotated[Positive, Le(100)] = 0.25
    """Length of each recording in hours."""
    snr_db: float = 10.0
    """Signal-to-noise ratio of the noise behind words in decibels."""
    seed: Annotated[int, Ge(0), Lt(2**31)] = 0
    """Seed of the recordings."""
