"""What a comparison of models says, as kept in comparison.json."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from wordspot.files import read_json
from wordspot.layout import Split
from wordspot.runs.evaluation import Interval

FILE = "comparison.json"

BASELINES = ("rnn", "lstm", "cnn-lstm")
"""Models that are discussed beside the best one, where a comparison has them."""
HIGHLIGHTED = 4
"""Most models that a figure highlights and a text discusses."""


def highlighted(accuracies: Mapping[str, float], reference: str | None = None) -> list[str]:
    """Choose the models that are discussed, in their order: the baselines, or the reference, and the best.

    >>> highlighted({"rnn": 0.8, "gru": 0.9, "lstm": 0.9, "bilstm": 0.95})
    ['rnn', 'lstm', 'bilstm']
    """
    order = sorted(accuracies, key=lambda name: -accuracies[name])
    discussed = {order[0], *((reference,) if reference else BASELINES)} & set(accuracies)
    return [name for name in accuracies if name in discussed] if len(discussed) > 1 else order[:HIGHLIGHTED]


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
    """Of the epoch whose weights were kept."""
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
    devices: list[str] = field(default_factory=list)
    """Where the runs were trained, by torch's names; empty in older comparisons."""

    @property
    def beside_time(self) -> str:
        """What to write after a time of training: the devices, unless the CPU alone was used."""
        return f" on {' and '.join(self.devices)}" if set(self.devices) - {"cpu"} else ""

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

    @property
    def reversed(self) -> "Pair":
        """The same test from the side of the other model."""
        low, high = self.interval
        return Pair(
            one=self.other,
            other=self.one,
            difference=0.0 - self.difference,  # never -0.0
            interval=(0.0 - high, 0.0 - low),
            p_value=self.p_value,
            seeds=(self.seeds[1], self.seeds[0]),
            only_one_right=self.only_other_right,
            only_other_right=self.only_one_right,
            mcnemar=self.mcnemar,
        )


def against(reference: str, pairs: Sequence[Pair]) -> list[Pair]:
    """Give the tests of all other models against one, in the order of the pairs."""
    seen = [pair if pair.other == reference else pair.reversed for pair in pairs]
    return [pair for pair in seen if pair.other == reference]


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

    @property
    def highlighted(self) -> list[ModelResult]:
        """The models that are discussed."""
        names = highlighted({one.name: one.accuracy for one in self.models}, self.reference)
        by_name = {one.name: one for one in self.models}
        return [by_name[name] for name in names]

    @property
    def hardest_conditions(self) -> dict[str, list[Pair]]:
        """The pairs in the loudest noise and on the softest clips, by the names of these conditions."""
        conditions = list(self.condition_pairs.items())
        noisy = [one for one in conditions if one[0].endswith("SNR")]
        soft = [one for one in conditions if one[0].endswith("softer")]
        return dict(noisy[-1:] + soft[-1:])


def read_comparison(folder: Path) -> Comparison | None:
    """Read the comparison in a folder; None where there is none, or one of another version."""
    try:
        stored = read_json(folder / FILE)
        return TypeAdapter(Comparison).validate_python(stored)
    except (OSError, ValueError, ValidationError):
        return None
