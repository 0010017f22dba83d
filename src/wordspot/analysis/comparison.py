"""What a comparison of models says, as it is kept in comparison.json."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from wordspot.analysis.intervals import Interval
from wordspot.corpus.index import Split

FILE = "comparison.json"


@dataclass(frozen=True)
class Confusion:
    """A word taken for another."""

    said: str
    recognised: str
    clips: float
    """The mean of the runs."""


@dataclass(frozen=True)
class Contender:
    """One model in a comparison; what its runs differ in is given as their mean."""

    name: str
    runs: list[str]
    """Their folders, as seen from the comparison's."""
    training_clips: int
    parameters: int
    kilobytes: float
    """Size of the weights' file."""
    macs: int
    """Multiply-accumulates of one clip in the layers that hold weights."""
    latency_ms: float
    """Median time to recognise one clip on one core, features included."""
    minutes: float
    """Time of training."""
    epochs: float
    """Epochs trained."""
    epochs_to_95: float
    """Epochs until validation accuracy was at 95 % of its best."""
    validation_accuracy: float
    """At the best epoch, whose weights were kept."""
    accuracy: float
    spread: float | None
    """Standard deviation of the accuracy over the runs; none of a single run."""
    interval: Interval
    """95 % of the mean accuracy: speakers redrawn, and never narrower than Wilson's over clips."""
    macro_f1: float
    calibration_error: float
    confusion: list[list[float]]
    """Clips [C, C]: rows are the words said, columns the words recognised."""
    confused: list[Confusion]
    """The most frequent confusions."""
    noise: dict[int, float]
    """Accuracy at each signal-to-noise ratio in decibels; empty where the clips weren't at hand."""
    synthetic_clips_added: int = 0
    """Of the training clips those that are synthetic, beside recorded ones."""


@dataclass(frozen=True)
class Pair:
    """Two models on the same clips."""

    one: str
    other: str
    difference: float
    """Accuracy of the one less that of the other."""
    interval: Interval
    """95 % of the difference, speakers redrawn."""
    only_one_right: int
    """Clips that most runs of the one recognise, but not most of the other."""
    only_other_right: int
    p_value: float
    """McNemar's of these two counts, exact, adjusted by Holm for the number of pairs."""


@dataclass(frozen=True)
class Comparison:
    """Models on the same clips of one part."""

    split: Split
    clips: int
    speakers: int
    fingerprint: str
    words: list[str]
    noise: str | None
    """What was added for the accuracy in noise."""
    contenders: list[Contender]
    pairs: list[Pair]
    synthetic: bool = False
    """Whether the clips are synthetic speech."""


def read_comparison(folder: Path) -> Comparison | None:
    """Read the comparison in a folder; None where there is none of this version."""
    try:
        stored = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return TypeAdapter(Comparison).validate_python(stored)
    except (OSError, ValueError, ValidationError):
        return None
