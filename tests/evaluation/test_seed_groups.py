"""Models whose runs recognise what a hand has written down: pairs, majorities and confusions."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike

from wordspot.evaluation.compare import most_confused, pair_up
from wordspot.evaluation.seed_groups import SeedGroup
from wordspot.runs.evaluation import Evaluation, WordScores
from wordspot.runs.run import Run


def group(name: str, right: ArrayLike) -> SeedGroup:
    """Make a model whose runs recognise the clips of two speakers as `right` [R, N] says."""
    rows = np.atleast_2d(np.asarray(right, dtype=bool))
    speakers = ["a", "b"] * (rows.shape[1] // 2)
    evaluations = [
        Evaluation(
            split="testing",
            clips=len(row),
            speakers=2,
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
    groups = [group("a", [True] * 8), group("b", [True] * 2 + [False] * 6), group("c", [True] * 8)]
    pairs = pair_up(groups)
    assert [(pair.one, pair.other) for pair in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [pair.p_value for pair in pairs] == pytest.approx([3 * 2 / 2**6, 1.0, 3 * 2 / 2**6])
    against = pair_up(groups, against="b")
    assert [(pair.one, pair.other) for pair in against] == [("a", "b"), ("c", "b")]
    assert [pair.p_value for pair in against] == pytest.approx([2 * 2 / 2**6] * 2)
    assert [pair.difference for pair in against] == [0.75, 0.75]


def test_a_difference_is_bounded_by_its_speakers() -> None:
    # Both clips of speaker a are won, none of speaker b: a draw of two speakers gives 0, 0.5 or 1.
    (pair,) = pair_up([group("one", [True] * 4), group("other", [False, True, False, True])])
    assert pair.difference == 0.5
    assert pair.interval == (0.0, 1.0)


def test_the_majority_of_runs_speaks_for_a_clip() -> None:
    one = group("one", [[True, True, False, False], [True, False, False, True], [True, True, False, False]])
    assert one.right_share.tolist() == pytest.approx([1, 2 / 3, 0, 1 / 3])
    (pair,) = pair_up([one, group("other", [False] * 4)])
    assert pair.only_one_right == 2


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
