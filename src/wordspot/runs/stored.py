"""What a run's files must hold so that all that reads them finds what it needs; they may hold more."""

from dataclasses import dataclass, field

from wordspot.errors import UsageError
from wordspot.runs.metrics import Metrics
from wordspot.schema import validated


@dataclass(frozen=True)
class Machine:
    """What a run was made on."""

    system: str
    processor: str
    threads: int
    processes: int = 1


@dataclass(frozen=True)
class Data:
    """What a run was made of."""

    path: str
    fingerprint: str
    clips: dict[str, int]
    speakers: dict[str, int]
    convert: bool = False
    skip_bad: bool = False
    speaker_from: str | None = None
    synthetic: bool = False
    synthetic_splits: list[str] = field(default_factory=list)
    synthetic_clips_added: int = 0
    skipped: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Provenance:
    """What else than its config decides the figures of a run."""

    versions: dict[str, str]
    machine: Machine
    device: str
    data: Data
    precision: str = "float32"
    sources: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the weights of each run from which it learnt."""


@dataclass(frozen=True)
class Line:
    """The figures of an epoch."""

    epoch: int
    training_loss: float
    training_accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    clips_per_second: float
    seconds: float
    core_seconds: float | None = None


def check_metrics(lines: list[Metrics]) -> None:
    """Raise UsageError where lines lack a figure, or an epoch is missing or there twice."""
    validated(list[Line], lines)
    if [line["epoch"] for line in lines] != list(range(1, len(lines) + 1)):
        raise UsageError("an epoch is missing or there twice")
