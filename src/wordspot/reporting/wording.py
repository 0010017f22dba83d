"""Numbers, lists and remarks as the texts of the reports write them."""

from collections.abc import Mapping, Sequence
from typing import Any

from wordspot.evaluation.comparison import ModelResult


def points(difference: float) -> str:
    """Write a difference of accuracies in percentage points.

    >>> points(0.051), points(0.01)
    ('5.1 points', '1.0 point')
    """
    number = f"{100 * difference:.1f}"
    return f"{number} point{'' if number == '1.0' else 's'}"


def p_value(value: float) -> str:
    """Write a p-value.

    >>> p_value(0.0321), p_value(1e-9), p_value(1.0)
    ('p = 0.032', 'p < 0.001', 'p = 1')
    """
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """Join words as a sentence does.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"], "or")
    ('a', 'a and b', 'a, b or c')
    """
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def split_name(split: str) -> str:
    """Name a split in a sentence.

    >>> split_name("testing"), split_name("validation")
    ('test', 'validation')
    """
    return "test" if split == "testing" else split


def seeds_note(models: Sequence[ModelResult]) -> str:
    """Say how many runs the figures of each model are of."""
    counts = {len(one.runs) for one in models}
    if len(counts) > 1:
        return "mean over the seeds of each model"
    count = counts.pop()
    if count > 1:
        return f"mean of {count} seeds"
    return "one run each" if len(models) > 1 else "one run"


def splits_note(data: Mapping[str, Any]) -> str:
    """Count the clips and speakers of each split; `data` is that of a run's provenance."""
    clips, speakers = data["clips"], data["speakers"]
    return listed([f"{clips[one]:,} {split_name(one)} clips of {speakers[one]:,} speakers" for one in clips])


def data_note(data: Mapping[str, Any]) -> str:
    """Say whether splits share speakers and clips are synthetic; `data` is that of a run's provenance."""
    added = data.get("synthetic_clips_added", 0)
    note = f"Of the training clips, {added:,} are synthetic speech. " if added else ""
    if all(data["clips"][split] == data["speakers"][split] for split in ("validation", "testing")):
        # A file that names no speaker counts as a speaker of its own.
        return f"{note}These files name no speaker, so speaker-disjoint splits can't be checked."
    return f"{note}No speaker is in two splits."
