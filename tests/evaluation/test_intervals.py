"""Intervals against formulas and distributions that can be worked out."""

from itertools import product
from math import sqrt

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from wordspot.evaluation.intervals import over_speakers, wilson

Z = 1.959963984540054  # the normal distribution's 97.5 % point


def clips(correct_of: dict[str, list[int]]) -> tuple[NDArray[np.bool_], NDArray[np.str_]]:
    """List clips, right (1) or wrong (0), by speaker."""
    right = [bool(clip) for speaker in correct_of.values() for clip in speaker]
    speakers = [name for name, speaker in correct_of.items() for _ in speaker]
    return np.array(right), np.array(speakers)


@pytest.mark.parametrize(("correct", "n"), [(8, 10), (1, 2), (95, 100), (0, 10), (10, 10), (4700, 4890)])
def test_wilson_by_its_formula(correct: int, n: int) -> None:
    p = correct / n
    centre = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    low, high = wilson(correct, n)
    assert low == pytest.approx(centre - half, abs=1e-9)
    assert high == pytest.approx(centre + half, abs=1e-9)
    assert 0 <= low <= p <= high <= 1


def test_wilson_of_a_known_case() -> None:
    # p = 0.9, n = 100: centre (0.9 + 0.019207)/1.038415 = 0.885203, half 0.059572.
    assert wilson(90, 100) == pytest.approx((0.825632, 0.944775), abs=1e-5)


def test_one_clip_of_each_speaker_is_binomial() -> None:
    right = np.arange(200) < 160
    low, high = over_speakers(right, np.array([f"speaker{n}" for n in range(200)]))
    expected = binom.ppf([0.025, 0.975], 200, 0.8) / 200
    assert (low, high) == pytest.approx(expected, abs=1.5 / 200)


def test_speakers_all_right_or_all_wrong_widen_the_interval() -> None:
    right, speakers = clips({f"speaker{n}": [n % 2] * 10 for n in range(20)})
    low, high = over_speakers(right, speakers)
    narrow_low, narrow_high = wilson(100, 200)
    assert low < narrow_low < 0.5 < narrow_high < high
    # It is that of 20 speakers, not of 200 clips.
    assert (low, high) == pytest.approx(binom.ppf([0.025, 0.975], 20, 0.5) / 20, abs=0.051)


def test_speakers_alike_leave_no_doubt() -> None:
    """Every speaker has half of the clips right: whoever is redrawn, the accuracy is one half."""
    right, speakers = clips({f"speaker{n}": [0, 1] for n in range(20)})
    assert over_speakers(right, speakers) == (0.5, 0.5)


@pytest.mark.parametrize("right", [0, 1])
def test_all_right_or_all_wrong(right: int) -> None:
    assert over_speakers(*clips({"a": [right] * 3, "b": [right], "c": [right] * 7})) == (right, right)


def test_two_speakers_by_hand() -> None:
    # aa (1 in 4): 1 of 3. ab and ba (2 in 4): 2 of 4. bb (1 in 4): 1 of 1.
    assert over_speakers(*clips({"a": [1, 0, 0], "b": [1]})) == pytest.approx((1 / 3, 1))


def test_every_draw_of_five_speakers() -> None:
    said = {"a": [0, 0, 0], "b": [0, 1], "c": [1, 1, 0, 1], "d": [1], "e": [1, 0, 1, 1, 1]}
    draws = product(said.values(), repeat=5)  # 3125 of them
    accuracies = [sum(map(sum, draw)) / sum(map(len, draw)) for draw in draws]
    expected = np.percentile(accuracies, [2.5, 97.5], method="inverted_cdf")
    assert over_speakers(*clips(said)) == pytest.approx(expected, abs=0.01)


def test_same_interval_each_time_and_in_any_order() -> None:
    right, speakers = clips({f"speaker{n}": [int(n % k == 0) for k in (1, 2, 3, 5)] for n in range(30)})
    first = over_speakers(right, speakers)
    assert over_speakers(right, speakers) == first
    assert over_speakers(right[::-1], speakers[::-1]) == first
    assert first[0] < right.mean() < first[1]
