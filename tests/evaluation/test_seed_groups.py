"""Models whose runs recognise what a hand has written down: pairs, seeds and confusions."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike

from wordspot.evaluation.compare import most_confused, pair_up
from wordspot.evaluation.seed_groups import SeedGroup
from wordspot.evaluation.statistics import mcnemar
from wordspot.runs.evaluation import Evaluation, WordScores
from wordspot.runs.run import Run


def group(name: str, right: ArrayLike, speakers: Sequence[str] | None = None) -> SeedGroup:
    """Make a model whose runs recognise the clips as `right` [R, N] says; of two speakers by turns."""
    rows = np.atleast_2d(np.asarray(right, dtype=bool))
    speakers = ["a", "b"] * (rows.shape[1] // 2) if speakers is None else speakers
    evaluations = [
        Evaluation(
            split="testing",
            clips=len(row),
            speakers=len(set(speakers)),
            fingerprint="of these clips",
            accuracy=float(row.mean()),
            interval=(0, 1),
            interval_over_speakers=(0, 1),
            interval_over_clips=(0, 1),
            macro_f1=float("nan"),
            words=[WordScores(word, 1, 1, 1, 1) for word in ("low", "high")],
            confusion=[[1, 0], [0, 1]],
            predictions=pd.DataFrame(
                {"word": "low", "speaker": speakers, "predicted": np.where(row, "low", "high")}
            ),
        )
        for row in rows
    ]
    return SeedGroup(name, [Run(Path(name))] * len(rows), evaluations)


def test_p_values_are_adjusted_for_the_number_of_pairs() -> None:
    speakers = [str(place) for place in range(40)]
    good, poor = [True] * 40, [place >= 8 for place in range(40)]
    groups = [group("a", good, speakers), group("b", poor, speakers), group("c", good, speakers)]
    pairs = pair_up(groups)
    assert [(pair.one, pair.other) for pair in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert pairs[0].p_value == pairs[2].p_value
    assert pairs[1].p_value == 1
    against = pair_up(groups, against="b")
    assert [(pair.one, pair.other) for pair in against] == [("a", "b"), ("c", "b")]
    assert [pair.difference for pair in against] == [0.2, 0.2]
    # Two more models, whose pairs are other ones, make each p-value larger and each interval wider.
    others = [group("d", [place % 5 > 0 for place in range(40)], speakers)]
    others.append(group("e", [place < 30 for place in range(40)], speakers))
    (alone,), many = pair_up(groups[:2]), pair_up([*groups, *others])[0]
    assert alone.p_value < many.p_value
    assert alone.difference == many.difference == 0.2
    assert many.interval[0] < alone.interval[0]
    assert alone.interval[1] < many.interval[1]
    assert alone.mcnemar == many.mcnemar == pytest.approx(2 / 2**8)  # which is not adjusted


def test_a_difference_is_bounded_by_its_speakers() -> None:
    # Both clips of speaker a are won, none of speaker b: two speakers say nothing of others.
    one, other = [True] * 4, [False, True, False, True]
    (pair,) = pair_up([group("one", one), group("other", other)])
    assert pair.difference == 0.5
    assert pair.interval == (-1.0, 1.0)
    assert pair.p_value > 0.05
    speakers = [str(place) for place in range(40)]
    (many,) = pair_up([group("one", one * 10, speakers), group("other", other * 10, speakers)])
    assert many.difference == 0.5
    assert 0 < many.interval[0] < 0.5 < many.interval[1] < 1
    assert many.p_value < 0.001


def test_few_clips_that_all_agree_prove_nothing() -> None:
    (pair,) = pair_up([group("one", [True] * 4), group("other", [False] * 4)])
    assert pair.difference == 1
    assert pair.p_value > 0.05
    assert pair.interval[0] <= 0


def test_one_model_has_no_pairs() -> None:
    assert pair_up([group("one", [True] * 4)]) == []


@pytest.mark.parametrize("seed", range(8))
def test_intervals_and_p_values_of_pairs_agree(seed: int) -> None:
    draw = np.random.default_rng(seed)
    speakers = draw.integers(0, 25, 300).astype(str).tolist()
    difficulty = draw.normal(0, 1, 300)
    groups = [
        group(f"{runs} runs, {place}", draw.normal(0, 1, (runs, 300)) + skill > difficulty, speakers)
        for place, (runs, skill) in enumerate([(3, 1.5), (1, 1.4), (2, 1.5), (1, 1.0), (3, 0.4), (1, 1.5)])
    ]
    several = [one for one in groups if len(one.runs) > 1]
    single = [one for one in groups if len(one.runs) == 1]
    for compared in (groups, several, single):
        for against in (None, compared[0].name):
            pairs = pair_up(compared, against)
            assert len(pairs) == (len(compared) - 1 if against else len(compared) * (len(compared) - 1) / 2)
            for pair in pairs:
                low, high = pair.interval
                assert low < pair.difference < high
                assert (low > 0 or high < 0) == (pair.p_value < 0.05)
    decided = [pair.p_value < 0.05 for pair in pair_up(several)]
    assert any(decided)
    assert not all(decided)


def test_the_counts_of_runs_are_means_over_pairs_of_runs() -> None:
    one = group("one", [[True, True, False, False], [True, False, True, False]])
    other = group("other", [[False, True, True, False], [False, False, False, True]])
    (pair,) = pair_up([one, other])
    # Of the four pairs of runs, the first model alone is right on 1, 2, 1 and 2 clips, the other on 1 each.
    assert pair.only_one_right == (1 + 2 + 1 + 2) / 4
    assert pair.only_other_right == 1
    assert pair.difference == (2 - 1.5) / 4
    assert pair.seeds == (2, 2)
    assert pair.of_models
    (turned,) = pair_up([other, one])
    assert (turned.only_one_right, turned.only_other_right) == (pair.only_other_right, pair.only_one_right)
    assert turned.difference == -pair.difference
    assert turned.p_value == pytest.approx(pair.p_value)


def test_every_run_counts_for_a_clip_and_not_their_majority() -> None:
    one = group("one", [[True, True, False, False], [True, False, False, True], [True, True, False, False]])
    assert one.right_share.tolist() == pytest.approx([1, 2 / 3, 0, 1 / 3])
    (pair,) = pair_up([one, group("other", [[False] * 4, [True, False, False, False]])])
    assert pair.only_one_right == pytest.approx(1 / 2 + 2 / 3 + 1 / 3)
    assert pair.only_other_right == 0
    assert pair.difference == pytest.approx(2 / 4 - 1 / 8)


def test_of_two_seeds_one_that_is_right_is_half_and_not_none() -> None:
    # The seeds of one model miss the same 44 clips of 400; those of the other 42 each, none in common.
    order = np.random.default_rng(0).permutation(400)
    steady, unsteady = np.ones((2, 400), dtype=bool), np.ones((2, 400), dtype=bool)
    steady[:, order[:44]] = False
    unsteady[0, order[44:86]] = unsteady[1, order[86:128]] = False
    speakers = [str(place // 10) for place in range(400)]
    groups = [group("steady", steady, speakers), group("unsteady", unsteady, speakers)]
    # Where one right seed of two counts as wrong, 84 clips stand against 44, for the model that is worse.
    majorities = [one.right_share > 0.5 for one in groups]
    assert [int((~right).sum()) for right in majorities] == [44, 84]
    assert mcnemar(majorities[0], majorities[1]) < 0.001
    (pair,) = pair_up(groups)
    assert (pair.only_one_right, pair.only_other_right) == (84 / 2, 44)
    assert pair.difference == pytest.approx((42 - 44) / 400)
    assert pair.p_value > 0.5
    assert pair.interval[0] < 0 < pair.interval[1]
    assert pair.mcnemar is None


def test_mcnemars_test_is_for_two_single_runs() -> None:
    three = group("three", [[True] * 8] * 3)
    first, second = group("first", [True] * 8), group("second", [True] * 2 + [False] * 6)
    pairs = {(pair.one, pair.other): pair for pair in pair_up([three, first, second])}
    assert pairs["first", "second"].mcnemar == pytest.approx(2 / 2**6)
    assert pairs["three", "first"].mcnemar is None
    assert pairs["three", "second"].mcnemar is None
    assert not any(pair.of_models for pair in pairs.values())
    assert [pair.seeds for pair in pairs.values()] == [(3, 1), (3, 1), (1, 1)]


def test_the_commonest_confusions_come_first() -> None:
    one = group("one", [True] * 4)
    of_runs = [
        replace(one.evaluations[0], confusion=counts) for counts in ([[5, 1], [2, 2]], [[5, 1], [4, 2]])
    ]
    assert [
        (pair.said, pair.recognised, pair.clips) for pair in most_confused(replace(one, evaluations=of_runs))
    ] == [
        ("high", "low", 3.0),
        ("low", "high", 1.0),
    ]
