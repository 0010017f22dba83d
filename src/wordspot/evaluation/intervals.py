"""95 % intervals of an accuracy."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from wordspot.runs.evaluation import Interval


def wilson(correct: int, clips: int) -> Interval:
    """Wilson's score interval, which takes clips for independent.

    Source: Wilson 1927.

    >>> tuple(round(bound, 4) for bound in wilson(8, 10))
    (0.4902, 0.9433)
    """
    interval = binomtest(correct, clips).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def over_speakers(
    scores: NDArray[np.bool_] | NDArray[np.float64], speakers: NDArray[np.str_], resamples: int = 10_000
) -> Interval:
    """Percentile interval of a mean by a bootstrap over speakers, since clips of one speaker are dependent.

    `scores` and `speakers` are [N], one entry per clip: whether it is recognised, the fraction of runs that
    recognise it, or a difference of such fractions. Each of `resamples` draws takes as many speakers as there
    are, with replacement. Source: Efron and Tibshirani 1993, chapter 8. With few speakers the interval is too
    narrow.
    """
    _, speaker = np.unique(speakers, return_inverse=True)
    clips_of = np.bincount(speaker)
    score_of = np.bincount(speaker, weights=scores)
    draw = np.random.default_rng(0)
    n = len(clips_of)
    times = draw.multinomial(n, np.full(n, 1 / n), size=resamples)  # (resamples, speakers)
    low, high = np.percentile(times @ score_of / (times @ clips_of), [2.5, 97.5])
    return float(low), float(high)


def wider(one: Interval, other: Interval) -> Interval:
    """Take the outer bound on each side.

    >>> wider((0.4, 0.6), (0.5, 0.7))
    (0.4, 0.7)
    """
    return min(one[0], other[0]), max(one[1], other[1])
