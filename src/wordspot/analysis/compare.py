"""Runs side by side: what each costs, how well it does, and which differences are real."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wordspot.analysis.intervals import Interval
from wordspot.analysis.statistics import calibration_error, holm, mcnemar
from wordspot.corpus.index import Split
from wordspot.errors import UsageError
from wordspot.figures import STYLE, Plot, save_figure
from wordspot.files import output_folder, write_json
from wordspot.models.recognizer import WEIGHTS, Recognizer, load
from wordspot.training.metrics import read_metrics, training_minutes

NEARLY = 0.95
"""Share of the best validation accuracy that counts as nearly there."""


@dataclass(frozen=True)
class Contender:
    """One run in a comparison."""

    run: str
    parameters: int
    kilobytes: float
    """Size of the weights' file."""
    minutes: float
    """Time of training."""
    epochs_to_95: int
    """Epochs until validation accuracy was at 95 % of its best."""
    accuracy: float
    interval: Interval
    macro_f1: float
    calibration_error: float
    latency_ms: float
    """Median time to recognise one clip on one core, features included."""


@dataclass(frozen=True)
class Pair:
    """Two runs on the same clips."""

    one: str
    other: str
    only_one_right: int
    only_other_right: int
    p_value: float
    """McNemar's, exact, adjusted by Holm for the number of pairs."""


@dataclass(frozen=True)
class Comparison:
    """Runs on the same clips of one part."""

    split: Split
    fingerprint: str
    contenders: list[Contender]
    pairs: list[Pair]


def compare(runs: Sequence[Path | str], out: Path | str, split: Split = "testing") -> Comparison:
    """Compare runs that were evaluated on the same part of the same clips.

    Writes comparison.json and curves.svg to the folder `out`. Raises UsageError for fewer than two runs, a
    run named twice or not evaluated, and runs on other clips.
    """
    folders = [Path(run) for run in runs]
    if len(set(folders)) < 2 or len(set(folders)) < len(folders):
        raise UsageError("compare: name at least two runs, each once")
    evaluations, outcomes = zip(*(read_results(run, split) for run in folders), strict=True)
    prints = {evaluation["fingerprint"] for evaluation in evaluations}
    if len(prints) > 1:
        raise UsageError("compare: the runs are of other clips than each other: train them on the same")
    right = [outcome["word"].to_numpy() == outcome["predicted"].to_numpy() for outcome in outcomes]
    names = short_names(folders)
    result = Comparison(
        split,
        prints.pop(),
        [contender(*one) for one in zip(names, folders, evaluations, outcomes, right, strict=True)],
        pair_up(names, right),
    )
    out = output_folder(Path(out))
    write_json(out / "comparison.json", asdict(result))
    save_figure(plot_curves_together(names, folders), out / "curves.svg")
    return result


def read_results(run: Path, split: Split) -> tuple[dict[str, Any], pd.DataFrame]:
    """Read the scores of a run on a part, and what it recognised: a row for each clip.

    Raises UsageError where it wasn't evaluated on that part.
    """
    try:
        scores = json.loads((run / f"evaluation-{split}.json").read_text(encoding="utf-8"))
        return scores, pd.read_csv(run / f"predictions-{split}.csv", keep_default_na=False)
    except OSError:
        raise UsageError(
            f"{run}: not evaluated on the {split} part: run `wordspot evaluate {run} --split {split}`"
        ) from None


def contender(
    name: str, run: Path, evaluation: dict[str, Any], outcome: pd.DataFrame, right: NDArray[np.bool_]
) -> Contender:
    """Gather what is known of one run, and time it."""
    recognizer = load(run)
    metrics = read_metrics(run)
    accuracies = [line["validation_accuracy"] for line in metrics]
    probabilities = outcome.filter(regex=r"^p\(").to_numpy(dtype=float)  # (N, C)
    low, high = evaluation["interval"]
    return Contender(
        run=name,
        parameters=recognizer.n_parameters,
        kilobytes=(run / WEIGHTS).stat().st_size / 1000,
        minutes=training_minutes(metrics),
        epochs_to_95=1 + next(n for n, value in enumerate(accuracies) if value >= NEARLY * max(accuracies)),
        accuracy=evaluation["accuracy"],
        interval=(low, high),
        macro_f1=evaluation["macro_f1"],
        calibration_error=calibration_error(probabilities.max(axis=1), right),
        latency_ms=latency_ms(recognizer),
    )


def pair_up(names: Sequence[str], right: Sequence[NDArray[np.bool_]]) -> list[Pair]:
    """Test every pair of runs, of which `right` [N] says which clips each recognised."""
    places = list(combinations(range(len(names)), 2))
    p_values = holm([mcnemar(right[one], right[other]) for one, other in places])
    return [
        Pair(
            names[one],
            names[other],
            int((right[one] & ~right[other]).sum()),
            int((right[other] & ~right[one]).sum()),
            p_value,
        )
        for (one, other), p_value in zip(places, p_values, strict=True)
    ]


@torch.inference_mode()
def latency_ms(recognizer: Recognizer, times: int = 50) -> float:
    """Measure the median time of one clip on one core, in milliseconds."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    clip = torch.zeros(1, recognizer.config.corpus.samples)
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        recognizer(clip)
        seconds.append(time.perf_counter() - started)
    torch.set_num_threads(threads)
    return 1000 * float(np.median(seconds))


def plot_curves_together(names: Sequence[str], runs: Sequence[Path]) -> Figure:
    """Plot loss and accuracy of all runs on common axes: validation solid, training dotted."""
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(10, 4))
        panels = figure.subplots(1, 2)
        for number, (name, run) in enumerate(zip(names, runs, strict=True)):
            metrics = read_metrics(run)
            epochs = [line["epoch"] for line in metrics]
            for axes, quantity in zip(panels, ("loss", "accuracy"), strict=True):
                for part, style in (("training", ":"), ("validation", "-")):
                    values = [line[f"{part}_{quantity}"] for line in metrics]
                    label = name if part == "validation" else None
                    axes.plot(epochs, values, style, color=f"C{number % 10}", marker=".", label=label)
        panels[0].set(xlabel="epoch", ylabel="loss (nats)", yscale="log")
        panels[1].set(xlabel="epoch", ylabel="accuracy (share)")
        panels[1].legend(title="validation; dotted: training", fontsize=8)
    return figure


def short_names(runs: Sequence[Path]) -> list[str]:
    """Name runs by the last part of their paths, or by all of it where that is no name.

    >>> short_names([Path("a/rnn"), Path("a/lstm")]), short_names([Path("a/rnn"), Path("b/rnn")])
    (['rnn', 'lstm'], ['a/rnn', 'b/rnn'])
    """
    names = [run.name for run in runs]
    return names if len(set(names)) == len(names) else [run.as_posix() for run in runs]
