"""Differences between models: simultaneous intervals and adjusted p-values from one method.

Two sources of chance count. The clips of a speaker are dependent, so the variance is clustered by speaker.
Other seeds give other weights; three seeds of a model say little of how far, so the variance over seeds is
pooled over all models compared. Together they are clustered two ways (Cameron, Gelbach and Miller 2011):
what seeds vary by only because the clips are few is in the speakers' part already and is taken off. An
interval excludes 0 exactly where the adjusted p-value is under 5 %, since both come from the distribution of
the largest studentised difference over all pairs (Westfall and Young 1993), here of a multivariate t.
docs/statistics.md has the simulation by which the method was chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from wordspot.runs.evaluation import Interval

DRAWS = 19_999
"""Draws of the largest studentised difference; one less than a multiple of 20 makes the 5 % exact."""
LEVEL = 0.05


@dataclass(frozen=True)
class Difference:
    """How much more accurate one model is than another."""

    difference: float
    interval: Interval
    """95 % interval, simultaneous over all pairs."""
    p_value: float
    """Adjusted for all pairs."""


@dataclass(frozen=True)
class SeedVariance:
    """How much the accuracy of a model varies over seeds, pooled over models."""

    total: float
    """Variance of the accuracy over seeds."""
    own: float
    """What is left of it when the clips' share is taken off, at least 0."""
    degrees: int
    """Degrees of freedom: runs minus models; 0 where every model has one run."""


def differences(
    right: Sequence[NDArray[np.bool_]],
    speakers: NDArray[np.str_],
    pairs: Sequence[tuple[int, int]],
    draws: int = DRAWS,
) -> list[Difference]:
    """Test pairs of models, each the accuracy of the first minus that of the second.

    `right` tells for each model which clips each of its runs recognised, bool [runs, N]; `speakers` [N] are
    those of the clips, `pairs` indices of models. The difference of single runs is one of two trained
    networks, not of models: they tell nothing of other seeds.
    """
    _, speaker = np.unique(speakers, return_inverse=True)
    clips_of = np.bincount(speaker).astype(float)  # (K,)
    K, N = len(clips_of), len(speaker)
    counts = [np.array([np.bincount(speaker, run, K) for run in runs]) for runs in right]  # (R, K) each
    mean = np.array([runs.mean(axis=0) for runs in counts])  # (M, K)
    runs_of = np.array([len(runs) for runs in counts])
    seeds = seed_variance(counts, clips_of)

    one, other = np.transpose(pairs)
    if K == 1:  # whose clips say nothing of other speakers
        whole = mean.sum(axis=1) / N
        return [Difference(float(whole[a] - whole[b]), (-1.0, 1.0), 1.0) for a, b in pairs]
    apart = mean[one] - mean[other]  # (P, K)
    difference = apart.sum(axis=1) / N  # (P,)
    influence = (apart - difference[:, None] * clips_of) / N * np.sqrt(K / (K - 1))  # (P, K)
    by_speakers = np.square(influence).sum(axis=1)
    per_pair = 1 / runs_of[one] + 1 / runs_of[other]
    # Never less than a single clip's worth, so that few clips that all agree prove nothing.
    estimated = by_speakers + per_pair * seeds.own
    variance = np.maximum(estimated, 1 / N**2)
    error = np.sqrt(variance)

    draw = np.random.default_rng(0)
    drawn = draw.standard_normal((draws, K)) @ influence.T  # (draws, P)
    degrees = np.full(len(pairs), K - 1.0)
    if seeds.own > 0:
        of_models = draw.standard_normal((draws, len(right))) * np.sqrt(seeds.own / runs_of)
        drawn += of_models[:, one] - of_models[:, other]
        # Satterthwaite 1946; what is uncertain is the whole variance over seeds. A sum is at least as certain
        # as the least certain of its parts.
        degrees = variance**2 / (by_speakers**2 / (K - 1) + np.square(per_pair * seeds.total) / seeds.degrees)
        degrees = np.maximum(degrees, min(K - 1, seeds.degrees))
    if (estimated < variance).any():
        drawn += draw.standard_normal(drawn.shape) * np.sqrt(variance - estimated)
    scale = np.sqrt(chi2.ppf(draw.uniform(size=(draws, 1)), degrees) / degrees)  # (draws, P)
    largest = np.sort(np.max(np.abs(drawn) / (error * scale), axis=1))  # (draws,)

    # For continuity, half a step of a difference: clips are whole, and two single runs, as in McNemar's test,
    # differ by an even or an odd number of them.
    single = runs_of[one] + runs_of[other] == 2
    correction = np.where(single, 1.0, per_pair / 4) / N
    studentised = np.maximum(np.abs(difference) - correction, 0) / error
    p_values = (draws - np.searchsorted(largest, studentised) + 1) / (draws + 1)
    critical = largest[draws - round(LEVEL * (draws + 1)) + 1]
    margin = critical * error + correction
    return [
        Difference(float(d), (float(max(d - m, -1)), float(min(d + m, 1))), float(p))
        for d, m, p in zip(difference, margin, p_values, strict=True)
    ]


def seed_variance(counts: Sequence[NDArray[np.float64]], clips_of: NDArray[np.float64]) -> SeedVariance:
    """Pool the variance over seeds of models that recognised [runs, K] of the `clips_of` [K] each speaker."""
    N = clips_of.sum()
    degrees = sum(len(runs) - 1 for runs in counts)
    if degrees == 0:
        return SeedVariance(0.0, 0.0, 0)
    total = by_clips = 0.0
    for runs in counts:
        deviation = (runs - runs.mean(axis=0)) / N  # (R, K)
        whole = deviation.sum(axis=1, keepdims=True)  # (R, 1), of the accuracy
        total += float(np.square(whole).sum())
        by_clips += float(np.square(deviation - whole * clips_of / N).sum())
    return SeedVariance(total / degrees, max(total - by_clips, 0.0) / degrees, degrees)
