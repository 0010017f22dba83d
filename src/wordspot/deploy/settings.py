"""How words are found in a stream of sound."""

from wordspot.config import Count, NotNegative, Positive, Probability
from wordspot.schema import schema

THRESHOLD = 0.9
"""Threshold of a word for which none was chosen on recordings."""


@schema
class Detection:
    """Settings of a detector."""

    step_ms: Positive = 100.0
    """Hop from window to window in milliseconds."""
    smoothing: Count = 3
    """Windows whose probabilities are averaged."""
    threshold: Probability | None = None
    """Averaged probability from which on a word counts, for all words; by default the threshold of each word
    that is stored with the run, or 0.9."""
    refractory_ms: NotNegative = 500.0
    """Milliseconds after a word in which no other word counts."""
    stateful: bool = False
    """Carry the recurrent state from frame to frame instead of starting anew in each window; only for models
    of one direction without an encoder, trained with --no-rms-normalize."""
