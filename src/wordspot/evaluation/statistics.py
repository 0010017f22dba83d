"""McNemar's test, and calibration of probabilities."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest


def mcnemar(one_right: NDArray[np.bool_], other_right: NDArray[np.bool_]) -> float:
    """Exact two-sided p-value of equal accuracy on the same clips [N] (McNemar 1947).

    Only clips that one recogniser has right and the other wrong count; with equal accuracy each is as likely
    to be of either kind. Clips of one speaker are taken for independent, so the value tends to be too small.

    >>> import numpy as np
    >>> mcnemar(np.array([True] * 6 + [False]), np.array([False] * 6 + [True]))  # 6 against 1: 16 / 128
    0.125
    """
    only_one = int((one_right & ~other_right).sum())
    only_other = int((other_right & ~one_right).sum())
    if only_one + only_other == 0:
        return 1.0
    return float(binomtest(only_one, only_one + only_other).pvalue)


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_], bins: int = 15) -> float:
    """Measure how far confidence and accuracy are apart: expected calibration error (Naeini et al. 2015).

    `confidence` [N] is the probability of the word recognised, `right` [N] whether it was said. The clips are
    sorted into `bins` of equal width; the distances of the bins are weighed by their clips.

    >>> import numpy as np
    >>> calibration_error(np.array([0.9, 0.9, 0.6, 0.6]), np.array([True, True, True, False]), bins=2)
    0.0
    >>> round(calibration_error(np.array([0.9, 0.8, 0.3, 0.2]), np.array([True, False, False, False]), 2), 3)
    0.3
    """
    place = bins_of(confidence, bins)
    distance = 0.0
    for one in np.unique(place):
        inside = place == one
        distance += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return float(distance)


def bins_of(confidence: NDArray[np.float64], bins: int) -> NDArray[np.int_]:
    """Sort probabilities [N] into `bins` of equal width; gives the place of each."""
    return np.asarray(np.minimum((confidence * bins).astype(int), bins - 1))
