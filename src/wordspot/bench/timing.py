"""Interleaved timing: what is compared meets the same noise of the machine."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]
"""Times of one case, one for each round."""


def interleaved(cases: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Seconds]:
    """Time every case once in each round, after one round that doesn't count: seconds [rounds] of each."""
    seconds = {name: np.zeros(rounds) for name in cases}
    for number in range(-1, rounds):
        for name, case in cases.items():
            started = time.perf_counter()
            case()
            if number >= 0:
                seconds[name][number] = time.perf_counter() - started
    return seconds


@dataclass(frozen=True)
class Ratio:
    """How two cases compare: median and quartiles of the ratios of the rounds."""

    median: float
    low: float
    high: float


def ratio(one: Seconds, other: Seconds) -> Ratio:
    """Divide the times of two cases, round by round.

    >>> ratio(np.array([2.0, 2.0, 6.0]), np.array([1.0, 2.0, 2.0]))
    Ratio(median=2.0, low=1.5, high=2.5)
    """
    return quartiles(one / other)


def quartiles(values: Seconds) -> Ratio:
    """Give the median and quartiles of values."""
    low, median, high = np.quantile(values, (0.25, 0.5, 0.75))
    return Ratio(float(median), float(low), float(high))
