"""Models side by side: what each costs, how well it does, and which differences are real."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from statistics import fmean, stdev

import numpy as np

from wordspot.analysis import charts
from wordspot.analysis.comparison import FILE, Comparison, Confusion, Contender, Pair, read_comparison
from wordspot.analysis.cost import count_macs, latency_ms
from wordspot.analysis.evaluate import open_clips_of
from wordspot.analysis.intervals import over_speakers, wider, wilson
from wordspot.analysis.results import Group, gather
from wordspot.analysis.robustness import RATIOS_DB, accuracy_in_noise, noise_kind
from wordspot.analysis.statistics import calibration_error, holm, mcnemar
from wordspot.corpus.corpus import Corpus
from wordspot.corpus.index import Split
from wordspot.errors import UsageError
from wordspot.figures import save_figure
from wordspot.files import is_current, output_folder, write_json
from wordspot.models.recognizer import WEIGHTS, load, read_config
from wordspot.training.metrics import read_metrics, training_minutes

NEARLY = 0.95
"""Share of the best validation accuracy that counts as nearly there."""

MOST_CONFUSED = 5
"""Pairs of words that are listed for each model."""


def compare(
    runs: Sequence[Path | str],
    out: Path | str,
    split: Split = "testing",
    *,
    data: str | Path | None = None,
    against: str | None = None,
    convert: bool = False,
    skip_bad: bool = False,
) -> Comparison:
    """Compare runs that were evaluated on the same part of the same clips; seeds of a model go together.

    With the clips themselves, `data`, accuracy in noise is measured too. All pairs of models are tested, or
    only those with the one named `against`. Writes comparison.json and figures (SVG) to the folder `out`.
    Raises UsageError for fewer than two models, a run named twice or not evaluated, and runs on other clips.
    """
    groups = gather([Path(run) for run in runs], split)
    if len(groups) < 2:
        raise UsageError("compare: name runs of at least two models (runs that differ in the seed are one)")
    if against is not None and against not in [group.name for group in groups]:
        raise UsageError(f"against: {against} not among {', '.join(group.name for group in groups)}")
    run = groups[0].runs[0]
    corpus = None if data is None else open_clips_of(run, data, split, convert=convert, skip_bad=skip_bad)
    if corpus and corpus.fingerprint(split) != groups[0].evaluations[0]["fingerprint"]:
        raise UsageError(f"{data}: not the clips that {run} was evaluated on: name those")
    return compare_groups(groups, output_folder(Path(out)), split, corpus=corpus, against=against)


def compare_groups(
    groups: Sequence[Group],
    out: Path,
    split: Split,
    *,
    corpus: Corpus | None = None,
    against: str | None = None,
) -> Comparison:
    """Compare models whose results are read already, as `compare` does."""
    first = groups[0].evaluations[0]
    result = Comparison(
        split,
        first["clips"],
        first["speakers"],
        first["fingerprint"],
        [scores["word"] for scores in first["words"]],
        noise_kind(corpus, split) if corpus else None,
        [contender(group, out, corpus, split) for group in groups],
        pair_up(groups, against),
        synthetic=groups[0].synthetic,
    )
    intervals = [one.interval for one in result.contenders]
    save_figure(charts.plot_accuracies(groups, intervals), out / "accuracy.svg")
    save_figure(charts.plot_curves_together(groups), out / "curves.svg")
    save_figure(charts.plot_confusions(groups, result.words), out / "confusions.svg")
    if len(groups) > 1:
        save_figure(charts.plot_differences(groups, result.words), out / "confusion-differences.svg")
    save_figure(charts.plot_calibration(groups), out / "calibration.svg")
    if corpus:
        save_figure(charts.plot_noise(result), out / "noise.svg")
    if len({charts.recorded_clips(one) for one in result.contenders}) > 1:
        save_figure(charts.plot_amounts(result), out / "clips.svg")
    write_json(out / FILE, asdict(result))
    return result


def current_comparison(groups: Sequence[Group], out: Path, split: Split) -> Comparison | None:
    """Read the comparison in a folder; None where it isn't that of these groups as they are now."""
    sources = [run / f"predictions-{split}.csv" for group in groups for run in group.runs]
    if not is_current(out / FILE, sources):
        return None
    found = read_comparison(out)
    expected = [(group.name, run_names(group, out)) for group in groups]
    return found if found and [(one.name, one.runs) for one in found.contenders] == expected else None


def run_names(group: Group, out: Path) -> list[str]:
    """Name the folders of a group's runs as seen from `out`."""
    return [Path(os.path.relpath(run, out)).as_posix() for run in group.runs]


def contender(group: Group, out: Path, corpus: Corpus | None, split: Split) -> Contender:
    """Gather what is known of the runs of one model, time the first, and hear all in noise."""
    recognizers = [load(run) for run in group.runs]
    metrics = [read_metrics(run) for run in group.runs]
    curves = [[line["validation_accuracy"] for line in lines] for lines in metrics]
    accuracies = [evaluation["accuracy"] for evaluation in group.evaluations]
    share = group.right_share
    accuracy = float(share.mean())
    words = [scores["word"] for scores in group.evaluations[0]["words"]]
    noisy = [accuracy_in_noise(recognizer, corpus, split) for recognizer in recognizers if corpus]
    _, made_of = read_config(group.runs[0])
    return Contender(
        name=group.name,
        runs=run_names(group, out),
        training_clips=made_of["data"]["clips"]["training"],
        parameters=recognizers[0].n_parameters,
        kilobytes=(group.runs[0] / WEIGHTS).stat().st_size / 1000,
        macs=count_macs(recognizers[0]),
        latency_ms=latency_ms(recognizers[0]),
        minutes=fmean(training_minutes(lines) for lines in metrics),
        epochs=fmean(len(lines) for lines in metrics),
        epochs_to_95=fmean(epochs_to(NEARLY, curve) for curve in curves),
        validation_accuracy=fmean(max(curve) for curve in curves),
        accuracy=accuracy,
        spread=stdev(accuracies) if len(accuracies) > 1 else None,
        interval=wider(
            over_speakers(share, group.speakers), wilson(round(accuracy * len(share)), len(share))
        ),
        macro_f1=fmean(evaluation["macro_f1"] for evaluation in group.evaluations),
        calibration_error=fmean(
            calibration_error(*run) for run in zip(group.confidence, group.right, strict=True)
        ),
        confusion=group.confusion.tolist(),
        confused=most_confused(group, words),
        noise={ratio: fmean(one[ratio] for one in noisy) for ratio in (RATIOS_DB if noisy else ())},
        synthetic_clips_added=made_of["data"].get("synthetic_clips_added", 0),
    )


def epochs_to(share: float, accuracies: Sequence[float]) -> int:
    """Count the epochs until the accuracy was at a share of its best.

    >>> epochs_to(0.95, [0.5, 0.94, 0.96, 1.0])
    3
    """
    return 1 + next(n for n, value in enumerate(accuracies) if value >= share * max(accuracies))


def most_confused(group: Group, words: Sequence[str]) -> list[Confusion]:
    """List the most frequent confusions of a model, the commonest first."""
    wrong = group.confusion * (1 - np.eye(len(words)))
    ranked = sorted(np.argwhere(wrong > 0).tolist(), key=lambda place: -wrong[tuple(place)])
    return [
        Confusion(words[said], words[recognised], float(wrong[said, recognised]))
        for said, recognised in ranked[:MOST_CONFUSED]
    ]


def pair_up(groups: Sequence[Group], against: str | None = None) -> list[Pair]:
    """Test every pair of models, or each against one; a model is right where most of its runs are."""
    if against is None:
        pairs = list(combinations(groups, 2))
    else:
        (other,) = (group for group in groups if group.name == against)
        pairs = [(one, other) for one in groups if one is not other]
    majorities = [(one.right_share > 0.5, other.right_share > 0.5) for one, other in pairs]
    p_values = holm([mcnemar(*right) for right in majorities])
    return [
        Pair(
            one.name,
            other.name,
            float((one.right_share - other.right_share).mean()),
            over_speakers(one.right_share - other.right_share, one.speakers),
            int((right & ~other_right).sum()),
            int((other_right & ~right).sum()),
            p_value,
        )
        for (one, other), (right, other_right), p_value in zip(pairs, majorities, p_values, strict=True)
    ]
