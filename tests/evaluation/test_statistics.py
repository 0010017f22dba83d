"""Statistics against numbers worked out by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from wordspot.evaluation.statistics import calibration_error, mcnemar


def outcomes(both: int, only_one: int, only_other: int, none: int) -> list[NDArray[np.bool_]]:
    counts = [both, only_one, only_other, none]
    return [np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)]


@pytest.mark.parametrize(
    ("only_one", "only_other", "p_value"),
    [
        (0, 0, 1.0),
        (5, 5, 1.0),
        (1, 0, 1.0),  # either side of one toss
        (5, 0, 2 / 2**5),
        (0, 5, 2 / 2**5),
        (8, 2, 2 * (1 + 10 + 45) / 2**10),  # at most two heads, or at most two tails, in ten
    ],
)
def test_mcnemar_by_hand(only_one: int, only_other: int, p_value: float) -> None:
    assert mcnemar(*outcomes(7, only_one, only_other, 3)) == pytest.approx(p_value)


def test_mcnemar_heeds_no_clip_on_which_both_agree() -> None:
    assert mcnemar(*outcomes(0, 6, 1, 0)) == mcnemar(*outcomes(1000, 6, 1, 500))


def test_calibration_error_by_hand() -> None:
    # The lower bin: confidence 0.25, accuracy 0. The upper: 0.85 and 0.5. Half of the clips in each.
    confidence, right = np.array([0.9, 0.8, 0.3, 0.2]), np.array([True, False, False, False])
    assert calibration_error(confidence, right, bins=2) == pytest.approx((0.25 + 0.35) / 2)
    # In one bin the confidence is 0.55 and the accuracy 0.25.
    assert calibration_error(confidence, right, bins=1) == pytest.approx(0.3)


def test_calibration_error_of_certainty() -> None:
    certain = np.ones(4)
    assert calibration_error(certain, np.array([True] * 4)) == 0
    assert calibration_error(certain, np.array([False] * 4)) == 1
