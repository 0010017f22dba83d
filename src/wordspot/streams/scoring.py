"""Events against what was said: misses, false accepts, latency."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from wordspot.deploy.detector import Event
from wordspot.evaluation.intervals import wilson
from wordspot.runs.evaluation import Interval
from wordspot.streams.recording import Said

LATEST_S = 1.0
"""Seconds after the end of a word within which an event of that word counts as its own."""


@dataclass(frozen=True)
class Matched:
    """Events and words that belong together, and those that don't."""

    hits: list[tuple[Said, Event]]
    missed: list[Said]
    false: list[Event]
    """Events of words that were not said then, or that were told already."""


def match(events: Sequence[Event], said: Sequence[Said], words: Collection[str]) -> Matched:
    """Match events with what was said of `words`.

    An event belongs to the earliest word of its name that has none yet, was begun when it was told, and ended
    no more than LATEST_S before.
    """
    waiting = sorted((one for one in said if one.word in words), key=lambda one: one.start)
    hits: list[tuple[Said, Event]] = []
    missed: list[Said] = []
    false: list[Event] = []
    for event in sorted(events, key=lambda event: event.told):
        missed += [one for one in waiting if one.end + LATEST_S < event.told]
        waiting = [one for one in waiting if one.end + LATEST_S >= event.told]
        own = next((one for one in waiting if one.word == event.word and one.start <= event.told), None)
        if own:
            hits.append((own, event))
            waiting.remove(own)
        else:
            false.append(event)
    return Matched(hits, sorted(missed + waiting, key=lambda one: one.start), false)


@dataclass(frozen=True)
class WordCounts:
    """What became of one word."""

    said: int
    missed: int
    false_accepts: int


@dataclass(frozen=True)
class Score:
    """How well the words of one recording were found."""

    hours: float
    said: int
    missed: int
    false_accepts: int
    by_word: dict[str, WordCounts]
    latencies_s: list[float]
    """From the end of the speech of each word that was found to its event."""

    @property
    def miss_rate(self) -> float | None:
        """Fraction of the words that were missed; None where none was said."""
        return self.missed / self.said if self.said else None

    @property
    def miss_interval(self) -> Interval | None:
        """95 % interval of the miss rate (Wilson 1927)."""
        return wilson(self.missed, self.said) if self.said else None

    @property
    def false_accepts_per_hour(self) -> float:
        """False accepts in an hour."""
        return self.false_accepts / self.hours

    @property
    def false_accepts_interval(self) -> Interval:
        """95 % interval of the false accepts in an hour."""
        low, high = poisson(self.false_accepts)
        return low / self.hours, high / self.hours

    def latency_s(self, quantile: float) -> float | None:
        """Give a quantile of the latency; None where no word was found."""
        return float(np.quantile(self.latencies_s, quantile)) if self.latencies_s else None


def score(events: Sequence[Event], said: Sequence[Said], words: Sequence[str], seconds: float) -> Score:
    """Score the events of a recording of some seconds against what was said of `words`."""
    matched = match(events, said, words)
    by_word = {
        word: WordCounts(
            sum(one.word == word for one in said),
            sum(one.word == word for one in matched.missed),
            sum(event.word == word for event in matched.false),
        )
        for word in words
    }
    return Score(
        seconds / 3600,
        len(matched.hits) + len(matched.missed),
        len(matched.missed),
        len(matched.false),
        by_word,
        [event.told - one.end for one, event in matched.hits],
    )


def poisson(count: int) -> Interval:
    """Exact 95 % interval of the mean of a Poisson distribution of which a count was seen (Garwood 1936).

    >>> tuple(round(bound, 2) for bound in poisson(3))
    (0.62, 8.77)
    """
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    return float(low), float(chi2.ppf(0.975, 2 * count + 2) / 2)
