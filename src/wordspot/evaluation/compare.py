"""Models side by side: what each costs, how well it does, and which differences are significant."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from statistics import fmean, stdev

import numpy as np

from wordspot.config import Runtime
from wordspot.corpus.corpus import Corpus
from wordspot.errors import UsageError
from wordspot.evaluation import plots
from wordspot.evaluation.calibration import overconfidence
from wordspot.evaluation.comparison import FILE, Comparison, Confusion, ModelResult, Pair, read_comparison
from wordspot.evaluation.conditions import Conditions, Right, RightIn, measured_conditions
from wordspot.evaluation.confusion_plots import plot_confusions, plot_differences
from wordspot.evaluation.cost import count_macs, latency_ms
from wordspot.evaluation.differences import differences
from wordspot.evaluation.evaluate import evaluate, open_clips_of
from wordspot.evaluation.intervals import over_speakers, wider, wilson
from wordspot.evaluation.robustness import SNRS_DB, SOFTER_DB, in_noise, softer
from wordspot.evaluation.seed_groups import SeedGroup, group_by_seed
from wordspot.evaluation.statistics import calibration_error, mcnemar
from wordspot.figures import save_figure
from wordspot.files import is_current, output_folder, write_json
from wordspot.layout import Split, check_split
from wordspot.models.recognizer import Recognizer
from wordspot.runs.evaluation import Evaluation
from wordspot.runs.metrics import Metrics, is_over, kept_accuracy, training_minutes
from wordspot.runs.run import Run

FIXED_ACCURACY = 0.9
"""Validation accuracy at which the speed of training is compared."""

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

    With the clips themselves, `data`, runs that were not evaluated on them yet are, and the accuracy in noise
    and on softer clips is measured too. All pairs of models are tested, or only those with the one named
    `against`. Writes comparison.json and figures (SVG) to the folder `out` where it is given. Raises
    UsageError for fewer than two models, a run named twice or not evaluated, and runs on different clips.
    """
    check_split(split)
    opened = [Run(run) for run in runs]
    corpus = open_clips_of(opened[0], data, split, runtime) if data is not None and opened else None

    def evaluation_of(run: Run) -> Evaluation:
        if corpus is None or run.is_evaluated(split):
            return run.evaluation(split)
        same = run.config.corpus == corpus.config
        return evaluate(run, corpus if same else data, split, runtime)

    groups = group_by_seed(opened, evaluation_of)
    if len(groups) < 2:
        raise UsageError("compare: name runs of at least two models (runs that differ in the seed are one)")
    if against is not None and against not in [group.name for group in groups]:
        raise UsageError(f"against: {against!r} must be one of {', '.join(group.name for group in groups)}")
    if corpus and corpus.fingerprint(split) != groups[0].evaluations[0].fingerprint:
        raise UsageError(f"{data}: not the clips that {opened[0]} was evaluated on: name those")
    folder = None if out is None else output_folder(Path(out))
    conditions = measured_conditions(groups, corpus, split) if corpus else None
    return compare_groups(groups, split, out=folder, conditions=conditions, against=against)


def compare_groups(
    groups: Sequence[SeedGroup],
    split: Split,
    *,
    out: Path | None = None,
    conditions: Conditions | None = None,
    against: str | None = None,
    latencies_ms: Mapping[str, float] | None = None,
) -> Comparison:
    """Compare evaluated models, as `compare` does; in noise and on softer clips where that is given.

    Models without a known latency are timed.
    """
    first = groups[0].evaluations[0]
    tested = conditions.recognised if conditions else []
    result = Comparison(
        split,
        first.clips,
        first.speakers,
        first.fingerprint,
        [scores.word for scores in first.words],
        conditions.noise if conditions else None,
        [
            model_result(group, out, right, (latencies_ms or {}).get(group.name))
            for group, right in zip(groups, tested or [{}] * len(groups), strict=True)
        ],
        pair_up(groups, against),
        synthetic=groups[0].synthetic,
        condition_pairs={
            name: pair_up(groups, against, [right[name] for right in tested])
            for name in (tested[0] if tested else ())
        },
    )
    if out:
        write_comparison(result, groups, out)
    return result


def write_comparison(result: Comparison, groups: Sequence[SeedGroup], out: Path) -> None:
    """Write a comparison and its figures to a folder."""
    figures = {
        "accuracy": plots.plot_accuracies(groups, [one.interval for one in result.models]),
        "curves": plots.plot_curves_together(groups, result.reference),
        "confusions": plot_confusions(groups, result.words),
        "calibration": plots.plot_calibration(groups, result.reference),
    }
    if result.pairs:
        figures["differences"] = plots.plot_paired_differences(result)
    if len(groups) > 1:
        figures["confusion-differences"] = plot_differences(groups, result.words, result.reference)
    if result.noise:
        figures["noise"] = plots.plot_noise(result)
    if len({one.recorded_clips for one in result.models}) > 1:
        figures["clips"] = plots.plot_data_scaling(result)
    for name, figure in figures.items():
        save_figure(figure, out / f"{name}.svg")
    write_json(out / FILE, asdict(result))


def current_comparison(groups: Sequence[SeedGroup], out: Path, split: Split) -> Comparison | None:
    """Read the comparison in a folder; None where it is not that of these groups as they are now."""
    sources = [run.predictions_file(split) for group in groups for run in group.runs]
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


def devices_of(run: Run) -> set[str]:
    """Tell on which devices a run was trained: where it was started, and the CPU where that had an epoch."""
    on_cpu = {"cpu"} if any(line.get("core_seconds") for line in run.metrics) else set()
    return {run.provenance["device"]} | on_cpu


def model_result(
    group: SeedGroup, out: Path | None, conditions: RightIn, known_latency_ms: float | None
) -> ModelResult:
    """Summarise the runs of one model; the first is timed unless the latency is known."""
    first = group.runs[0]
    # What it costs does not depend on the values of the weights, which may not have been kept.
    recognizer = Recognizer(first.config).eval() if first.is_kept else first.recognizer
    metrics = [run.metrics for run in group.runs]
    reached = [first_epoch_at(FIXED_ACCURACY, lines) for lines in metrics]
    everywhere = [epoch for epoch in reached if epoch is not None]
    arrived = len(everywhere) == len(metrics)
    accuracies = [evaluation.accuracy for evaluation in group.evaluations]
    share = group.right_share
    accuracy = float(share.mean())
    shares = {name: float(right.mean()) for name, right in conditions.items()}
    trained_on = first.provenance["data"]
    return ModelResult(
        name=group.name,
        runs=run_names(group, out),
        training_clips=trained_on["clips"]["training"],
        parameters=recognizer.n_parameters,
        kilobytes=sum(tensor.nbytes for tensor in recognizer.state_dict().values()) / 1000,
        macs=count_macs(recognizer),
        latency_ms=latency_ms(recognizer) if known_latency_ms is None else known_latency_ms,
        minutes=fmean(training_minutes(lines) for lines in metrics),
        epochs=fmean(len(lines) for lines in metrics),
        stopped_early=sum(
            len(lines) < run.config.training.epochs and is_over(lines, run.config.training)
            for run, lines in zip(group.runs, metrics, strict=True)
        ),
        seconds_per_epoch=fmean(
            60 * training_minutes(lines) / len(lines) if lines else float("nan") for lines in metrics
        ),
        epochs_to_90=fmean(everywhere) if arrived else None,
        seconds_to_90=fmean(
            60 * training_minutes(lines[:epoch]) for lines, epoch in zip(metrics, everywhere, strict=True)
        )
        if arrived
        else None,
        validation_accuracy=fmean(
            kept_accuracy(lines, run.config.training) for run, lines in zip(group.runs, metrics, strict=True)
        ),
        accuracy=accuracy,
        std=stdev(accuracies) if len(accuracies) > 1 else None,
        interval=wider(
            over_speakers(share, group.speakers), wilson(round(accuracy * len(share)), len(share))
        ),
        devices=sorted({device for run in group.runs for device in devices_of(run)}),
        macro_f1=fmean(evaluation.macro_f1 for evaluation in group.evaluations),
        calibration_error=fmean(
            calibration_error(*run) for run in zip(group.confidence, group.right, strict=True)
        ),
        confusion=group.confusion.tolist(),
        confused=most_confused(group),
        noise={db: shares[name] for db in SNRS_DB if (name := in_noise(db).name) in shares},
        soft={db: shares[name] for db in SOFTER_DB if (name := softer(db).name) in shares},
        synthetic_clips_added=trained_on.get("synthetic_clips_added", 0),
        overconfidence=overconfidence(group.confidence.ravel(), group.right.ravel()),
    )


def first_epoch_at(accuracy: float, metrics: Sequence[Metrics]) -> int | None:
    """Find the first epoch whose validation accuracy is at least `accuracy`; None where none is.

    >>> first_epoch_at(0.9, [{"epoch": n, "validation_accuracy": a} for n, a in ((1, 0.8), (2, 0.9))])
    2
    """
    return next((line["epoch"] for line in metrics if line["validation_accuracy"] >= accuracy), None)


def most_confused(group: SeedGroup) -> list[Confusion]:
    """List the confusions of a model, the most frequent first."""
    words = [scores.word for scores in group.evaluations[0].words]
    wrong = group.confusion * (1 - np.eye(len(words)))
    ranked = sorted(np.argwhere(wrong > 0).tolist(), key=lambda place: -wrong[tuple(place)])
    return [
        Confusion(words[said], words[recognised], float(wrong[said, recognised]))
        for said, recognised in ranked[:MOST_CONFUSED]
    ]


def pair_up(
    groups: Sequence[SeedGroup], against: str | None = None, right: Sequence[Right] | None = None
) -> list[Pair]:
    """Test every pair of models, or each against one; by what they recognised of the clips as they are.

    `right` takes its place where it is given.
    """
    indices = {group.name: n for n, group in enumerate(groups)}
    if against is None:
        pairs = list(combinations(range(len(groups)), 2))
    else:
        pairs = [(n, indices[against]) for n in range(len(groups)) if n != indices[against]]
    if not pairs:
        return []
    right = right or [group.right for group in groups]
    tested = differences(right, groups[0].speakers, pairs)
    return [
        Pair(
            groups[one].name,
            groups[other].name,
            test.difference,
            test.interval,
            test.p_value,
            (len(right[one]), len(right[other])),
            only_first_right(right[one], right[other]),
            only_first_right(right[other], right[one]),
            mcnemar(right[one][0], right[other][0]) if len(right[one]) == len(right[other]) == 1 else None,
        )
        for (one, other), test in zip(pairs, tested, strict=True)
    ]


def only_first_right(one: Right, other: Right) -> float:
    """Count the clips that a run of `one` [runs, N] recognises and one of `other` does not, mean over pairs.

    >>> only_first_right(np.array([[True, True], [True, False]]), np.array([[True, False]]))
    0.5
    """
    return int((one.sum(axis=0) * (~other).sum(axis=0)).sum()) / (len(one) * len(other))
