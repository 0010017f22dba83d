"""Differences of models: known answers, and how often equal models are called different."""

from itertools import combinations

import numpy as np
import pytest
from benchmarks.verdicts import Case, Effects, run_case
from numpy.typing import NDArray

from wordspot.evaluation.differences import differences, seed_variance

SPEAKERS = np.repeat([f"speaker{n}" for n in range(20)], 5)


def run(*wrong: int) -> NDArray[np.bool_]:
    """Give a run that recognises all of 100 clips but these."""
    right = np.ones(len(SPEAKERS), dtype=bool)
    right[list(wrong)] = False
    return right


def test_equal_runs_do_not_differ() -> None:
    runs = np.array([run(1, 50), run(2)])
    (found,) = differences([runs, runs], SPEAKERS, [(0, 1)])
    assert found.difference == 0
    assert found.p_value == 1
    low, high = found.interval
    assert low < 0 < high


def test_the_error_of_one_clip_per_speaker_is_that_of_a_mean() -> None:
    # 10 of 40 speakers are recognised by the first alone: the mean of 0 and 1, so a t-interval by hand.
    speakers = np.array([str(n) for n in range(40)])
    first, second = np.ones(40, dtype=bool), np.arange(40) >= 10
    (found,) = differences([first[None], second[None]], speakers, [(0, 1)])
    error = np.std(first.astype(float) - second, ddof=1) / np.sqrt(40)
    t39, correction = 2.0227, 1 / 40
    assert found.difference == 0.25
    assert found.interval[1] - 0.25 == pytest.approx(t39 * error + correction, rel=0.02)
    assert found.interval[0] == pytest.approx(0.5 - found.interval[1])


def test_clips_of_one_speaker_count_once() -> None:
    # Ten clips, of ten speakers or of two.
    apart, together = (
        differences([np.array([run()]), np.array([run(*clips)])], SPEAKERS, [(0, 1)])[0]
        for clips in (range(0, 50, 5), range(10))
    )
    assert apart.difference == together.difference == pytest.approx(0.1)
    assert apart.p_value < 0.05 < together.p_value


def test_seeds_that_differ_make_a_difference_uncertain() -> None:
    # Each speaker has five clips and the runs miss them evenly: nothing but the seeds varies.
    clips = np.arange(len(SPEAKERS))
    good, bad = clips >= 0, clips % 5 != 0
    steady = differences([np.array([good, good]), np.array([bad, bad])], SPEAKERS, [(0, 1)])[0]
    shaky = differences([np.array([good, bad]), np.array([bad, good & bad])], SPEAKERS, [(0, 1)])[0]
    assert steady.difference == pytest.approx(0.2)
    assert steady.p_value < 0.001
    assert shaky.difference == pytest.approx(0.1)
    assert shaky.p_value > 0.3


def test_the_variance_of_seeds_is_pooled_and_cleared_of_the_clips_share() -> None:
    clips_of = np.array([5.0, 5.0])
    even = np.array([[5.0, 5.0], [4.0, 4.0]])  # accuracy 1.0 and 0.8 on every speaker alike
    found = seed_variance([even, np.array([[5.0, 5.0]])], clips_of)
    assert found.degrees == 1
    assert found.total == pytest.approx(np.var([1.0, 0.8], ddof=1))
    assert found.own == pytest.approx(found.total)
    one_speaker = np.array([[5.0, 5.0], [3.0, 5.0]])  # the same accuracies, but by one speaker
    assert seed_variance([one_speaker], clips_of).own < found.total
    assert seed_variance([np.array([[5.0, 5.0]])], clips_of).degrees == 0


@pytest.mark.parametrize("seed", range(12))
def test_an_interval_excludes_nought_exactly_where_p_is_under_5_percent(seed: int) -> None:
    draw = np.random.default_rng(seed)
    accuracies = draw.uniform(0.6, 0.95, 5)
    right = [draw.random((int(draw.integers(1, 4)), len(SPEAKERS))) < one for one in accuracies]
    found = differences(right, SPEAKERS, list(combinations(range(5), 2)))
    for one in found:
        low, high = one.interval
        assert (low > 0 or high < 0) == (one.p_value < 0.05)


def test_more_pairs_make_intervals_wider() -> None:
    draw = np.random.default_rng(0)
    right = [draw.random((3, len(SPEAKERS))) < 0.9 for _ in range(6)]
    (alone,) = differences(right, SPEAKERS, [(0, 1)])
    together = differences(right, SPEAKERS, list(combinations(range(6), 2)))[0]
    assert together.difference == alone.difference
    assert together.interval[1] > alone.interval[1]
    assert together.p_value >= alone.p_value


def test_one_speaker_proves_nothing() -> None:
    right = [np.ones((2, 30), dtype=bool), np.zeros((2, 30), dtype=bool)]
    (found,) = differences(right, np.array(["anna"] * 30), [(0, 1)])
    assert found.difference == 1
    assert found.interval == (-1, 1)
    assert found.p_value == 1


@pytest.mark.parametrize(
    ("case", "most"),
    [(Case(4, 3, 40), 10), (Case(2, 2, 40), 10), (Case(4, 1, 40), 10), (Case(3, 3, 10), 8)],
    ids=str,
)
def test_equal_models_are_rarely_called_different(case: Case, most: float) -> None:
    # 150 families: with a rate of 5 %, more than 10 % of them come once in a hundred times; the full
    # simulation is benchmarks/verdicts.py.
    found = run_case(case, 150)
    assert found.different <= most
    assert found.covered >= 100 - most


def test_a_difference_of_four_points_is_found() -> None:
    found = run_case(Case(2, 3, 60, better_by=4), 40, Effects(mean=6.0))
    assert found.found > 80
