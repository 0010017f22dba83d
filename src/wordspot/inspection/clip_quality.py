"""The quality of a recording, by measurement: level, peak, and faults that may explain a mistake."""

import numpy as np
from numpy.typing import NDArray

FRAME_MS = 20
FULL_SCALE = 32_767
SILENT_DB = -55.0
"""Root mean square in decibels of full scale below which a clip counts as silent."""
CLIPPED_SAMPLES = 3
"""Consecutive samples at full scale from which a clip counts as clipped."""
NOISY_DB = 10.0
"""Difference of loud and soft frames below which a clip is noise rather than a word."""
CUT_DB = 12.0
"""Difference to the loudest frame within which a word has not ended at the end of the clip."""


def level_db(sound: NDArray[np.int16]) -> float:
    """Root mean square of samples [length] in decibels of full scale; -inf for silence.

    >>> round(level_db(np.array([32767, -32767], np.int16)), 1)
    0.0
    """
    power = float(np.mean(np.square(sound / FULL_SCALE))) if len(sound) else 0.0
    return float(10 * np.log10(power)) if power else -np.inf


def peak_db(sound: NDArray[np.int16]) -> float:
    """Largest of samples [length] in decibels of full scale; -inf for silence."""
    peak = float(np.max(np.abs(sound.astype(float)), initial=0.0)) / FULL_SCALE
    return float(20 * np.log10(peak)) if peak else -np.inf


def quality_issues(sound: NDArray[np.int16], sample_rate: int) -> list[str]:
    """List the faults of samples [length]: empty, silent, clipped, noisy, cut off at the start or the end."""
    if not sound.any():
        return ["empty"]
    found = ["silent"] if level_db(sound) < SILENT_DB else []
    if longest_run(np.abs(sound.astype(int)) >= FULL_SCALE) >= CLIPPED_SAMPLES:
        found.append("clipped")
    levels = frame_levels_db(sound, sample_rate)
    if np.percentile(levels, 95) - np.percentile(levels, 10) < NOISY_DB:
        return [*found, "noisy"]
    for end, level in (("start", levels[0]), ("end", levels[-1])):
        if level > levels.max() - CUT_DB:
            found.append(f"cut off at the {end}")
    return found


def frame_levels_db(sound: NDArray[np.int16], sample_rate: int) -> NDArray[np.float64]:
    """Level of each whole frame of FRAME_MS in decibels of full scale, [frames], at least one."""
    size = min(len(sound), round(FRAME_MS * sample_rate / 1000))
    frames = sound[: len(sound) // size * size].reshape(-1, size) / FULL_SCALE
    return np.asarray(10 * np.log10(np.square(frames).mean(axis=1) + 1e-10))


def longest_run(flags: NDArray[np.bool_]) -> int:
    """Count the longest run of True.

    >>> longest_run(np.array([True, True, False, True]))
    2
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return int(max(edges[1::2] - edges[::2], default=0))
