"""What a comparison of models says, as kept in comparison.json."""

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from wordspot.files import read_json
from wordspot.layout import Split
from wordspot.runs.evaluation import Interval

FILE = "comparison.json"


@dataclass(frozen=True)
class Confusion:
    """One word recognised as another."""

    said: str
    recognised: str
    clips: float
    """Mean of the runs."""


@dataclass(frozen=True)
class ModelResult:
    """One model in a comparison: means of its runs."""

    name: str
    runs: list[str]
    """Their folders, relative to that of the comparison."""
    training_clips: int
    parameters: int
    kilobytes: float
    """Size of the file of weights."""
    macs: int
    """Multiply-accumulates of one clip in layers with weights."""
    latency_ms: float
    """Median time to recognise one clip on one core, features included."""
    minutes: float
    """Training time."""
    epochs: float
    """Epochs trained."""
    stopped_early: int
    """Runs that ran out of patience before their last epoch."""
    seconds_per_epoch: float
    epochs_to_90: float | None
    """Epochs until validation accuracy reached 90 %; None where a run did not reach it."""
    seconds_to_90: float | None
    """The same in seconds of training."""
    validation_accuracy: float
    """Of the best epoch, whose weights were kept."""
    accuracy: float
    std: float | None
    """Standard deviation of the accuracy over the seeds; None for one run."""
    interval: Interval
    """95 % interval of the mean: bootstrap over speakers, never narrower than Wilson's over clips."""
    macro_f1: float
    calibration_error: float
    confusion: list[list[float]]
    """Clips [C, C]: a row for each word said, a column for each word recognised."""
    confused: list[Confusion]
    """The most frequent confusions."""
    noise: dict[int, float]
    """Accuracy at each signal-to-noise ratio in decibels; empty where it was not measured."""
    synthetic_clips_added: int = 0
    """Training clips that are synthetic ones, added to recorded ones."""
    soft: dict[int, float] = field(default_factory=dict)
    """Accuracy on clips softer by each number of decibels; empty where it was not measured."""
    overconfidence: float | None = None
    """Mean confidence minus accuracy, negative where probabilities are too low; None in older comparisons."""

    @property
    def recorded_clips(self) -> int:
        """Training clips without the synthetic ones that were added."""
        return self.training_clips - self.synthetic_clips_added


@dataclass(frozen=True)
class Pair:
    """Two models on the same clips."""

    one: str
    other: str
    difference: float
    """Accuracy of `one` minus that of `other`."""
    interval: Interval
    """95 % interval, simultaneous over all pairs; it excludes 0 exactly where `p_value` is under 5 %."""
    p_value: float
    """Adjusted for all pairs; over speakers, and over seeds where there are any."""
    seeds: tuple[int, int]
    """Runs of each. A single run is one trained network, and so the difference is not one of models."""
    only_one_right: float
    """Clips that a run of `one` recognises and a run of `other` does not, mean over pairs of runs."""
    only_other_right: float
    mcnemar: float | None
    """Exact McNemar's test of two single runs, which takes all clips for independent; not adjusted."""

    @property
    def of_models(self) -> bool:
        """Whether the difference is one of models: both have several seeds."""
        return min(self.seeds) > 1


@dataclass(frozen=True)
class Comparison:
    """Models on the same clips of one split."""

    split: Split
    clips: int
    speakers: int
    fingerprint: str
    words: list[str]
    noise: str | None
    """Noise that was added for the accuracy in noise; None where it was not measured."""
    models: list[ModelResult]
    pairs: list[Pair]
    synthetic: bool = False
    """Whether the clips are synthetic speech."""
    condition_pairs: dict[str, list[Pair]] = field(default_factory=dict)
    """The same pairs on the clips in noise or softer, by the name of the condition."""

    @property
    def reference(self) -> str | None:
        """The one model that all others were tested against; None where all pairs were tested."""
        others = {pair.other for pair in self.pairs}
        return others.pop() if len(others) == 1 and len(self.models) > 2 else None


def read_comparison(folder: Path) -> Comparison | None:
    """Read the comparison in a folder; None where there is none, or one of another version."""
    try:
        stored = read_json(folder / FILE)
        return TypeAdapter(Comparison).validate_python(stored)
    except (OSError, ValueError, ValidationError):
        return None
