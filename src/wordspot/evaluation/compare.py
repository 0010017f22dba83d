"""Models side by side: what each costs, how well it does, and which differences are significant."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from statistics import fmean, stdev

import numpy as np

from wordspot.config import Runtime
from wordspot.corpus.corpus import Corpus
from wordspot.errors import UsageError
from wordspot.evaluation import plots
from wordspot.evaluation.comparison import FILE, Comparison, Confusion, ModelResult, Pair, read_comparison
from wordspot.evaluation.cost import count_macs, latency_ms
from wordspot.evaluation.evaluate import evaluate, open_clips_of
from wordspot.evaluation.intervals import over_speakers, wider, wilson
from wordspot.evaluation.robustness import SNRS_DB, accuracy_in_noise, noise_kind
from wordspot.evaluation.seed_groups import SeedGroup, group_by_seed
from wordspot.evaluation.statistics import calibration_error, holm, mcnemar
from wordspot.figures import save_figure
from wordspot.files import is_current, output_folder, write_json
from wordspot.layout import Split, check_split
from wordspot.runs.evaluation import Evaluation
from wordspot.runs.metrics import training_minutes
from wordspot.runs.run import WEIGHTS, Run

NEARLY = 0.95
"""Fraction of the best validation accuracy that counts as nearly there."""

MOST_CONFUSED = 5
"""Pairs of words that are listed for each model."""


def compare(
    runs: Sequence[Run | Path | str],
    out: Path | str | None = None,
    split: Split = "validation",
    *,
    data: Corpus | str | Path | None = None,
    against: str | None = None,
    runtime: Runtime = Runtime(),
) -> Comparison:
    """Compare runs, or pretrained recognisers by name, on one split; seeds of a model count as one.

    With the clips themselves, `data`, runs that were not evaluated on them yet are, and accuracy in noise is
    measured too. All pairs of models are tested, or only those with the one named `against`. Writes
    comparison.json and figures (SVG) to the folder `out` where it is given. Raises UsageError for fewer than
    two models, a run named twice or not evaluated, and runs on different clips.
    """
    check_split(split)
    opened = [Run(run) for run in runs]
    corpus = open_clips_of(opened[0], data, split, runtime) if data is not None and opened else None

    def evaluation_of(run: Run) -> Evaluation:
        if data is None or run.is_evaluated(split):
            return run.evaluation(split)
        return evaluate(run, data, split, runtime)

    groups = group_by_seed(opened, evaluation_of)
    if len(groups) < 2:
        raise UsageError("compare: name runs of at least two models (runs that differ in the seed are one)")
    if against is not None and against not in [group.name for group in groups]:
        raise UsageError(f"against: {against!r} must be one of {', '.join(group.name for group in groups)}")
    if corpus and corpus.fingerprint(split) != groups[0].evaluations[0].fingerprint:
        raise UsageError(f"{data}: not the clips that {opened[0]} was evaluated on: name those")
    folder = None if out is None else output_folder(Path(out))
    return compare_groups(groups, split, out=folder, corpus=corpus, against=against)


def compare_groups(
    groups: Sequence[SeedGroup],
    split: Split,
    *,
    out: Path | None = None,
    corpus: Corpus | None = None,
    against: str | None = None,
) -> Comparison:
    """Compare evaluated models, as `compare` does."""
    first = groups[0].evaluations[0]
    result = Comparison(
        split,
        first.clips,
        first.speakers,
        first.fingerprint,
        [scores.word for scores in first.words],
        noise_kind(corpus, split) if corpus else None,
        [model_result(group, out, corpus, split) for group in groups],
        pair_up(groups, against),
        synthetic=groups[0].synthetic,
    )
    if out:
        write_comparison(result, groups, out)
    return result


def write_comparison(result: Comparison, groups: Sequence[SeedGroup], out: Path) -> None:
    """Write a comparison and its figures to a folder."""
    figures = {
        "accuracy": plots.plot_accuracies(groups, [one.interval for one in result.models]),
        "curves": plots.plot_curves_together(groups),
        "confusions": plots.plot_confusions(groups, result.words),
        "calibration": plots.plot_calibration(groups),
    }
    if len(groups) > 1:
        figures["confusion-differences"] = plots.plot_differences(groups, result.words)
    if result.noise:
        figures["noise"] = plots.plot_noise(result)
    if len({one.recorded_clips for one in result.models}) > 1:
        figures["clips"] = plots.plot_data_scaling(result)
    for name, figure in figures.items():
        save_figure(figure, out / f"{name}.svg")
    write_json(out / FILE, asdict(result))


def current_comparison(groups: Sequence[SeedGroup], out: Path, split: Split) -> Comparison | None:
    """Read the comparison in a folder; None where it is not that of these groups as they are now."""
    sources = [run.folder / f"predictions-{split}.csv" for group in groups for run in group.runs]
    if not is_current(out / FILE, sources):
        return None
    found = read_comparison(out)
    expected = [(group.name, run_names(group, out)) for group in groups]
    return found if found and [(one.name, one.runs) for one in found.models] == expected else None


def run_names(group: SeedGroup, out: Path | None) -> list[str]:
    """Name the runs of a group, by their paths relative to `out` where it is given."""
    if out is None:
        return [run.name for run in group.runs]
    return [Path(os.path.relpath(run.folder, out)).as_posix() for run in group.runs]


def model_result(group: SeedGroup, out: Path | None, corpus: Corpus | None, split: Split) -> ModelResult:
    """Summarise the runs of one model; the first is timed, all are evaluated in noise."""
    recognizers = [run.recognizer for run in group.runs]
    metrics = [run.metrics for run in group.runs]
    curves = [[line["validation_accuracy"] for line in lines] for lines in metrics]
    accuracies = [evaluation.accuracy for evaluation in group.evaluations]
    share = group.right_share
    accuracy = float(share.mean())
    noisy = [accuracy_in_noise(recognizer, corpus, split) for recognizer in recognizers if corpus]
    trained_on = group.runs[0].provenance["data"]
    return ModelResult(
        name=group.name,
        runs=run_names(group, out),
        training_clips=trained_on["clips"]["training"],
        parameters=recognizers[0].n_parameters,
        kilobytes=(group.runs[0].folder / WEIGHTS).stat().st_size / 1000,
        macs=count_macs(recognizers[0]),
        latency_ms=latency_ms(recognizers[0]),
        minutes=fmean(training_minutes(lines) for lines in metrics),
        epochs=fmean(len(lines) for lines in metrics),
        epochs_to_95=fmean(epochs_to(NEARLY, curve) for curve in curves),
        validation_accuracy=fmean(max(curve, default=float("nan")) for curve in curves),
        accuracy=accuracy,
        std=stdev(accuracies) if len(accuracies) > 1 else None,
        interval=wider(
            over_speakers(share, group.speakers), wilson(round(accuracy * len(share)), len(share))
        ),
        macro_f1=fmean(evaluation.macro_f1 for evaluation in group.evaluations),
        calibration_error=fmean(
            calibration_error(*run) for run in zip(group.confidence, group.right, strict=True)
        ),
        confusion=group.confusion.tolist(),
        confused=most_confused(group),
        noise={snr_db: fmean(one[snr_db] for one in noisy) for snr_db in (SNRS_DB if noisy else ())},
        synthetic_clips_added=trained_on.get("synthetic_clips_added", 0),
    )


def epochs_to(share: float, accuracies: Sequence[float]) -> int:
    """Count the epochs until the accuracy reached a fraction of its best; 0 without epochs.

    >>> epochs_to(0.95, [0.5, 0.94, 0.96, 1.0])
    3
    """
    reached = [n for n, value in enumerate(accuracies, start=1) if value >= share * max(accuracies)]
    return min(reached, default=0)


def most_confused(group: SeedGroup) -> list[Confusion]:
    """List the confusions of a model, the most frequent first."""
    words = [scores.word for scores in group.evaluations[0].words]
    wrong = group.confusion * (1 - np.eye(len(words)))
    ranked = sorted(np.argwhere(wrong > 0).tolist(), key=lambda place: -wrong[tuple(place)])
    return [
        Confusion(words[said], words[recognised], float(wrong[said, recognised]))
        for said, recognised in ranked[:MOST_CONFUSED]
    ]


def pair_up(groups: Sequence[SeedGroup], against: str | None = None) -> list[Pair]:
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
