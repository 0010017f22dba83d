"""A run: the folder in which one recogniser was trained, with all that is known of it.

pandas and matplotlib are imported where they are used, because recognising a sound needs neither.
"""

import json
import shlex
import warnings
import zlib
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from wordspot.config import RunConfig, Runtime, differences
from wordspot.errors import UsageError, WordspotError
from wordspot.files import (
    atomic_write,
    is_current,
    locked,
    output_folder,
    read_json,
    read_text,
    write_json,
    write_text,
)
from wordspot.layout import Split
from wordspot.models.recognizer import Recognizer
from wordspot.runs.metrics import Metrics, kept_accuracy, kept_epoch
from wordspot.runs.stored import Provenance, check_metrics
from wordspot.runs.weights import check_shapes, save_tensors
from wordspot.schema import validated

if TYPE_CHECKING:
    from typing import Self

    from matplotlib.figure import Figure

    from wordspot.corpus.corpus import Corpus
    from wordspot.runs.evaluation import Evaluation

CONFIG, METRICS, SPEAKERS, WEIGHTS = "config.json", "metrics.jsonl", "speakers.json", "model.safetensors"
HISTORY = "evaluations.jsonl"
"""One line for each time that the run was evaluated, so that repeated use of the test split shows."""
CARD, THRESHOLDS = "README.md", "thresholds.json"
"""The model card of a published run, and from which probability on a stream of sound holds each word."""
TEXT = ("path", "speaker", "word", "predicted")
"""Columns of predictions that are text, whatever they look like."""
PRETRAINED = Path(__file__).parents[1] / "pretrained"
"""Folder of the pretrained recognisers, each a run with its model card."""


def pretrained() -> list[str]:
    """Name the pretrained recognisers."""
    return sorted(path.parent.name for path in PRETRAINED.glob(f"*/{CONFIG}"))


def load(run: "str | Path | Run" = "wordspot") -> Recognizer:
    """Load the recogniser of a run, or the pretrained one of that name. Raises UsageError for neither."""
    return Run(run).recognizer


class Run:
    """A run in a folder: the one reader and writer of what lies there.

    >>> Run("wordspot").config.model.cell
    'lstm'
    """

    def __init__(self, folder: "str | Path | Run") -> None:
        """Open the run in a folder, or the pretrained one of that name where there is no such folder."""
        path = Path(folder.name if isinstance(folder, Run) else folder)
        self.name: str = str(path)
        self.pretrained = self.name in pretrained() and not path.exists()
        self.folder = PRETRAINED / self.name if self.pretrained else path

    def __repr__(self) -> str:
        return f"Run({self.name!r})"

    def __str__(self) -> str:
        return self.name

    def __fspath__(self) -> str:
        return str(self.folder)

    @classmethod
    def create_or_resume(
        cls, folder: Path, config: RunConfig, provenance: dict[str, Any], corpus: "Corpus"
    ) -> "Self":
        """Write the config of a new run, or check that the run already in the folder is the same one.

        Raises UsageError where the folder holds a run with another config or other clips.
        """
        run = cls(output_folder(folder))
        if not (run.folder / CONFIG).is_file():
            write_json(run.folder / SPEAKERS, heard_speakers(config, corpus))
            write_json(run.folder / CONFIG, {"config": asdict(config), "provenance": provenance})
        run.check_resumable(config, provenance)
        return run

    def check_resumable(self, config: RunConfig, provenance: dict[str, Any]) -> None:
        """Raise UsageError where this run has another config or other clips."""
        threads = self.provenance["machine"]["threads"]
        if threads != provenance["machine"]["threads"]:
            warnings.warn(
                f"{self} was started with --threads {threads}: another number of threads changes rounding",
                stacklevel=2,
            )
        processes = self.provenance["machine"].get("processes", 1)
        if processes != provenance["machine"]["processes"]:
            warnings.warn(
                f"{self} was started with {processes} processes: another number changes rounding",
                stacklevel=2,
            )
        precision = self.provenance.get("precision", "float32")
        if precision != provenance["precision"]:
            warnings.warn(
                f"{self} was started with --precision {precision}: another precision changes rounding",
                stacklevel=2,
            )
        found = differences(self.config, config)
        if self.provenance["data"]["fingerprint"] != provenance["data"]["fingerprint"]:
            found.append("the clips have changed")
        if found:
            raise UsageError(
                f"{self}: holds a run with another configuration ({'; '.join(found)}): choose another --out"
            )

    @cached_property
    def _stored(self) -> dict[str, Any]:
        path = self.folder / CONFIG
        try:
            stored = read_json(path)
            config, provenance = validated(RunConfig, stored["config"]), stored["provenance"]
            validated(Provenance, provenance)
            return {"config": config, "provenance": provenance}
        except OSError:
            raise UsageError(
                f"{self}: no run here (no {CONFIG}): name the --out of `wordspot train`"
                f" or a pretrained recogniser ({', '.join(pretrained())})"
            ) from None
        except KeyError as error:
            reason = f"{error.args[0]} is missing"
        except TypeError:
            reason = "it does not hold settings by their names"
        except (ValueError, UsageError) as error:
            reason = str(error).splitlines()[0]
        raise WordspotError(
            f"{path}: not a config of this version of wordspot ({reason}): train again with another --out"
        )

    @property
    def config(self) -> RunConfig:
        """The config. Raises UsageError where the folder is not a run."""
        config: RunConfig = self._stored["config"]
        return config

    @property
    def provenance(self) -> dict[str, Any]:
        """Versions, machine, threads, device; path, fingerprint and counts of the clips."""
        provenance: dict[str, Any] = self._stored["provenance"]
        return provenance

    @property
    def synthetic(self) -> bool:
        """Whether its validation clips, and so its metrics, are synthetic speech."""
        return "validation" in self.provenance["data"].get("synthetic_splits", ())

    @property
    def runtime(self) -> Runtime:
        """How its clips were read."""
        data = self.provenance["data"]
        names = ("convert", "skip_bad", "speaker_from")
        return Runtime(**{name: data[name] for name in names if name in data})

    @property
    def speakers(self) -> dict[str, list[str]]:
        """Speakers of its training and validation clips; empty for a run that did not record them.

        Raises WordspotError for a damaged file.
        """
        path = self.folder / SPEAKERS
        if not path.is_file():
            return {}
        try:
            return validated(dict[str, list[str]], read_json(path))
        except (ValueError, UsageError):
            raise WordspotError(f"{path}: damaged: remove {self} and train again") from None

    @property
    def thresholds(self) -> dict[str, float]:
        """Threshold of each word in a stream of sound; empty where none were chosen.

        Raises WordspotError for a damaged file.
        """
        path = self.folder / THRESHOLDS
        if not path.is_file():
            return {}
        try:
            return validated(dict[str, float], read_json(path))
        except (ValueError, UsageError):
            raise WordspotError(f"{path}: damaged: remove this file to use the default threshold") from None

    @property
    def licence(self) -> str:
        """What its model card says of the data and their licence; empty where there is no card."""
        path = self.folder / CARD
        card = path.read_text(encoding="utf-8") if path.is_file() else ""
        return card.partition("\n## Data\n")[2].partition("\n## ")[0].strip()

    @property
    def metrics(self) -> list[Metrics]:
        """One line for each finished epoch. Raises WordspotError for a damaged file."""
        path = self.folder / METRICS
        if not path.is_file():
            return []
        try:
            lines = [json.loads(line) for line in read_text(path).splitlines()]
            check_metrics(lines)
            return lines
        except (ValueError, RecursionError, UsageError):
            raise WordspotError(f"{path}: damaged: remove {self} and train again") from None

    def write_metrics(self, lines: list[Metrics]) -> None:
        """Write the metrics."""
        write_text(self.folder / METRICS, "".join(json.dumps(line) + "\n" for line in lines))

    @property
    def validation_accuracy(self) -> float:
        """Validation accuracy of the epoch whose weights were kept.

        Raises UsageError for a run without a finished epoch.
        """
        metrics = self.metrics
        if not metrics:
            raise UsageError(f"{self}: no finished epoch here (no {METRICS})")
        return kept_accuracy(metrics, self.config.training)

    @property
    def recognizer(self) -> Recognizer:
        """The recogniser of the epoch that was kept, loaded anew each time.

        Raises UsageError where nothing is trained yet, and WordspotError for weights that are missing,
        damaged or not finite.
        """
        path, again = self.folder / WEIGHTS, "restore this file, or train again with another --out"
        config = self.config
        if not path.is_file():
            if self.metrics:
                raise WordspotError(f"{path}: the weights of this run are missing: {again}")
            raise UsageError(f"{self}: nothing trained here yet: run `wordspot train` with this --out")
        try:
            check_shapes(path, config)  # before memory is taken for what the config asks for
            recognizer = Recognizer(config)
            recognizer.load_state_dict(load_file(path))
        except (SafetensorError, RuntimeError) as error:
            misfit = "they don't fit its layers; an older version may have trained it"
            reason = misfit if isinstance(error, RuntimeError) else str(error).splitlines()[0]
            raise WordspotError(f"{path}: not the weights of this run ({reason}): {again}") from None
        recognizer.speakers = frozenset(name for names in self.speakers.values() for name in names)
        recognizer.thresholds = self.thresholds
        for name, values in recognizer.state_dict().items():
            if not values.isfinite().all():
                raise WordspotError(f"{path}: {name} has values that are not finite: {again}")
        return recognizer.eval()

    def write_weights(self, recognizer: Recognizer) -> None:
        """Write weights and feature statistics."""
        save_tensors(self.folder / WEIGHTS, recognizer.state_dict())

    def evaluation(self, split: str) -> "Evaluation":
        """Read the evaluation on a split.

        Raises UsageError where there is none, and WordspotError for damaged files.
        """
        import pandas as pd

        from wordspot.runs.evaluation import Evaluation

        path = self.folder / f"evaluation-{split}.json"
        try:
            stored = read_json(path)
            rows = pd.read_csv(
                self.predictions_file(split),
                dtype=dict.fromkeys(TEXT, str),  # "01" and "null" are words like any other
                keep_default_na=False,
            )
            return Evaluation.from_json(stored, rows)
        except FileNotFoundError:
            data = self.provenance["data"]["path"]
            command = ["wordspot", "evaluate", str(self), "--data", data, "--split", split]
            command += self.runtime.options
            mend = f"run `{shlex.join(command)}`"
            if self.pretrained:  # whose evaluations are not kept
                mend = "name its clips with --data"
            raise UsageError(f"{self}: not evaluated on the {split} split: {mend}") from None
        except (ValueError, OSError, EOFError, zlib.error, UsageError) as error:
            reason = str(error).splitlines()[0]
        raise WordspotError(f"{self}: damaged evaluation on the {split} split ({reason}): evaluate it again")

    @property
    def evaluations(self) -> "dict[str, Evaluation]":
        """All evaluations in the folder, by split."""
        names = sorted(
            path.stem.removeprefix("evaluation-") for path in self.folder.glob("evaluation-*.json")
        )
        return {name: self.evaluation(name) for name in names}

    def is_evaluated(self, split: Split) -> bool:
        """Tell whether the run, with its present weights, was evaluated on a split.

        Where its results are kept and its weights are not, those are the results.
        """
        weights = [path for path in (self.folder / WEIGHTS,) if path.is_file()]
        return is_current(self.folder / f"evaluation-{split}.json", weights)

    @property
    def is_kept(self) -> bool:
        """Whether only the results of a run are there: evaluations, but no weights."""
        return not (self.folder / WEIGHTS).is_file() and any(self.folder.glob("evaluation-*.json"))

    def write_evaluation(self, result: "Evaluation") -> None:
        """Write scores, predictions and confusion matrix, and add a line to the history."""
        from wordspot.figures import save_figure

        name = self.evaluation_name(result)
        with atomic_write(self.folder / f"predictions-{name}.csv") as part:
            result.predictions.to_csv(part, index=False, float_format="%.6f")
        save_figure(result.plot_confusion(), self.folder / f"confusion-{name}.svg")
        path = self.folder / HISTORY
        line = {"split": name, "fingerprint": result.fingerprint, "accuracy": result.accuracy}
        with locked(path):
            before = read_text(path) if path.is_file() else ""
            write_text(path, before + json.dumps(line) + "\n")
        # Last, so that one that was killed before is not taken for done.
        write_json(self.folder / f"evaluation-{name}.json", result.to_json())

    def predictions_file(self, split: str) -> Path:
        """Give the file of predictions on a split."""
        return plain_or_packed(self.folder / f"predictions-{split}.csv")

    def robustness_file(self, split: str) -> Path:
        """Give the file that tells which clips of a split are recognised in noise and when softer."""
        return plain_or_packed(self.folder / f"robustness-{split}.csv")

    def times_evaluated(self, split: str) -> int:
        """Count how often the run was evaluated on a split."""
        path = self.folder / HISTORY
        try:
            lines = read_text(path).splitlines() if path.is_file() else []
            return sum(json.loads(line)["split"] == split for line in lines)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise WordspotError(f"{path}: damaged: remove this file, which counts evaluations") from None

    def evaluation_name(self, result: "Evaluation") -> str:
        """Name an evaluation by its split, with `-recorded` where only the run is of synthetic speech."""
        other = self.provenance["data"].get("synthetic", False) and not result.synthetic
        return f"{result.split}-recorded" if other else result.split

    def plot_curves(self) -> "Figure":
        """Plot loss and accuracy against epochs; a line marks the epoch whose weights were kept."""
        from wordspot.runs.curves import plot_curves

        metrics = self.metrics
        return plot_curves(metrics, kept_epoch(metrics, self.config.training), self)

    def evaluate(
        self,
        split: Split = "validation",
        data: "Corpus | str | Path | None" = None,
        runtime: Runtime = Runtime(),
    ) -> "Evaluation":
        """Evaluate the recogniser on a split of its clips, as `wordspot.evaluate` does."""
        from wordspot.evaluation.evaluate import evaluate  # this room may not import it any earlier

        return evaluate(self, data, split, runtime)


def heard_speakers(config: RunConfig, corpus: "Corpus") -> dict[str, list[str]]:
    """Name the speakers with whom a run trains, and those by whom it validates.

    Whom its teachers and the run from which it starts have heard in training, it trains with too.
    """
    theirs = [Run(name).speakers.get("training", ()) for name in config.training.sources]
    training = set(corpus.speakers("training")).union(*theirs)
    return {"training": sorted(training), "validation": corpus.speakers("validation")}


def plain_or_packed(plain: Path) -> Path:
    """Give the path of a file, or that of the same file compressed, as it is where a run is kept."""
    packed = plain.with_name(f"{plain.name}.gz")
    return packed if packed.is_file() and not plain.is_file() else plain
