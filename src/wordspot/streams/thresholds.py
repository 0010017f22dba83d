"""Thresholds for the words, chosen on recordings at a target of false accepts an hour."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordspot.streams.hearing import Heard
from wordspot.streams.scoring import Score, score

GRID: tuple[float, ...] = tuple((1 / (1 + np.exp(-np.linspace(-1.4, 9.4, 60)))).round(6).tolist())
"""Thresholds that are tried, at even distances in log odds: from 0.2 to 0.9999."""
ENOUGH = 50
"""Times that each word must be said for thresholds of its own; with fewer they would follow chance."""
PENALTIES = tuple(np.geomspace(0.02, 50, 40).tolist())
"""Misses that a false accept may cost, from lenient to strict."""


@dataclass(frozen=True)
class Choice:
    """Chosen thresholds, and what they gave on the recordings they were chosen on."""

    thresholds: dict[str, float]
    alike: bool
    """Whether it is one threshold for all words."""
    target: float
    """False accepts an hour that were allowed."""
    reached: bool
    """Whether there was a choice with no more."""
    said: int
    missed: int
    false_accepts_per_hour: float

    def describe(self) -> str:
        """Say what was chosen, and what it gave."""
        values = self.thresholds.values()
        kind = f"{min(values):.4f} for all words" if self.alike else f"{min(values):.4f} to {max(values):.4f}"
        reached = "" if self.reached else f", more than {self.target:g}: no threshold allows fewer"
        return (
            f"thresholds: {kind}; on validation recordings {self.missed} of {self.said} words missed, "
            f"{self.false_accepts_per_hour:.1f} false accepts an hour{reached}"
        )


def score_at(heard: Heard, thresholds: dict[str, float]) -> Score:
    """Score a recording at a threshold for each word."""
    recording = heard.recording
    events = heard.events([thresholds.get(name, 1.0) for name in heard.classes])
    return score(events, recording.said, list(thresholds), recording.seconds)


def sweep(heard: Heard, words: Sequence[str]) -> list[Score]:
    """Score a recording at each threshold of GRID, the same for all words."""
    return [score_at(heard, dict.fromkeys(words, threshold)) for threshold in GRID]


def choose_thresholds(recordings: Sequence[Heard], words: Sequence[str], target: float) -> Choice:
    """Choose the thresholds with the fewest misses at no more than `target` false accepts an hour.

    Hours and misses are those of all recordings together. Where each word is said ENOUGH times, thresholds of
    its own are tried too: for each of PENALTIES, a word gets the threshold at which its misses, plus the
    penalty for each of its false accepts, are fewest. They are kept where they miss less than one threshold
    for all. Where the target can't be reached, the highest threshold is given.
    """
    swept = [sweep(heard, words) for heard in recordings]
    missed = counts(swept, words, "missed")
    false = counts(swept, words, "false_accepts")
    said = counts(swept, words, "said")[0]
    hours = sum(heard.recording.seconds for heard in recordings) / 3600
    per_hour = false.sum(axis=1) / hours  # (G,)
    fewest = min(range(len(GRID)), key=lambda n: (per_hour[n] > target, missed[n].sum(), false[n].sum()))
    place = fewest if per_hour[fewest] <= target else -1
    best = judge(recordings, dict.fromkeys(words, GRID[place]), target, alike=True)
    if said.min() < ENOUGH or not best.reached:
        return best
    tried: set[tuple[float, ...]] = set()
    for penalty in PENALTIES:
        own = tuple(GRID[n] for n in (missed + penalty * false).argmin(axis=0))
        if own in tried:
            continue
        tried.add(own)
        choice = judge(recordings, dict(zip(words, own, strict=True)), target, alike=False)
        if choice.reached:
            return choice if choice.missed < best.missed else best
    return best


def judge(recordings: Sequence[Heard], thresholds: dict[str, float], target: float, *, alike: bool) -> Choice:
    """Tell what thresholds give on recordings."""
    scores = [score_at(heard, thresholds) for heard in recordings]
    per_hour = sum(one.false_accepts for one in scores) / sum(one.hours for one in scores)
    return Choice(
        thresholds,
        alike,
        target,
        per_hour <= target,
        sum(one.said for one in scores),
        sum(one.missed for one in scores),
        per_hour,
    )


def counts(swept: Sequence[Sequence[Score]], words: Sequence[str], what: str) -> NDArray[np.int64]:
    """Add up a count of each word over recordings that were scored at each threshold of GRID: [G, words]."""
    return np.array(
        [
            [sum(getattr(one.by_word[word], what) for one in scores) for word in words]
            for scores in zip(*swept, strict=True)
        ]
    )
