"""A study to a report of a few pages (PDF): every number, table and figure comes from the study."""

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import matplotlib as mpl
import typst
from matplotlib.figure import Figure

from wordspot.analysis import charts
from wordspot.analysis.comparison import Contender
from wordspot.analysis.results import Group, read_group
from wordspot.config import RunConfig
from wordspot.errors import UsageError
from wordspot.figures import SYNTHETIC, save_figure
from wordspot.files import output_folder, whole_file
from wordspot.models.recognizer import read_config
from wordspot.study import findings
from wordspot.study.experiments import SWITCHES, WORTH
from wordspot.study.study import read_study
from wordspot.study.summary import Result

CM = 1 / 2.54
POINTS = 8.0
"""Size of the figures' letters in print."""
MATRICES = 3
"""Confusion matrices that can be read side by side on a page."""


def write_report(study: Path | str, out: Path | str | None = None, *, corpus: str | None = None) -> Path:
    """Write the report of a study that holds the experiment `family`; gives its path (report.pdf in `study`).

    `corpus` names the recordings in a few words; their folder's name stands there where it is None. Raises
    UsageError where the folder holds no study, or one without the family.
    """
    folder = Path(study)
    results = read_study(folder)
    if "family" not in results:
        raise UsageError(f"{folder}: a report needs the experiment family: run `wordspot study` with it")
    path = Path(out) if out else folder / "report.pdf"
    output_folder(path.parent)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        shutil.copy(str(files("wordspot.study") / "report.typ"), place / "report.typ")
        facts = gather_facts(folder, results, corpus)
        (place / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
        draw_figures(folder, results, place)
        with whole_file(path) as part:
            # No date and no fonts of this machine: the same study gives the same bytes.
            typst.compile(
                place / "report.typ", output=part, format="pdf", timestamp=0, ignore_system_fonts=True
            )
    return path


def groups_of(folder: Path, result: Result) -> list[Group]:
    """Read what the runs of an experiment left."""
    return [
        read_group(one.name, [folder / result.name / run for run in one.runs], result.comparison.split)
        for one in result.comparison.contenders
    ]


def gather_facts(folder: Path, results: dict[str, Result], corpus: str | None) -> dict[str, Any]:
    """Gather all that the report's text tells, as text; the template holds no number."""
    family = results["family"].comparison
    runs = [folder / "family" / one.runs[0] for one in family.contenders]
    configs = [read_config(run)[0] for run in runs]
    _, made_of = read_config(runs[0])
    best = findings.ranked(family)[0]
    return {
        "corpus": corpus or describe_corpus(made_of),
        "synthetic": family.synthetic,
        "added": findings.added(made_of["data"].get("synthetic_clips_added", 0)),
        "words": family.words,
        "parts": [
            [part, f"{made_of['data']['clips'][part]:,}", f"{made_of['data']['speakers'][part]:,}"]
            for part in ("training", "validation", "testing")
        ],
        "clip": describe_clip(configs[0]),
        "features": describe_features(configs),
        "models": [describe_model(*one) for one in zip(family.contenders, configs, strict=True)],
        "recipes": [describe_recipe(*one) for one in zip(family.contenders, configs, strict=True)],
        "scores": [describe_scores(one) for one in family.contenders],
        "seeds": f"{len(best.runs)} times with other seeds" if len(best.runs) > 1 else "once",
        "machine": describe_machine(made_of),
        "best": findings.best_model(family),
        "differences": [findings.difference(pair) for pair in findings.told_pairs(family)],
        "learning": findings.speed_of_learning(family.contenders),
        "errors": findings.kinds_of_error(findings.chosen(family)),
        "hopeless": findings.hopeless(groups_of(folder, results["family"])),
        "noise": findings.in_noise(family) if family.noise else "",
        "calibration": findings.calibration(family.contenders),
        "conclusion": findings.conclusion(family),
        "experiments": [
            {
                "name": name,
                "question": results[name].question,
                "note": results[name].note,
                "part": "test" if results[name].comparison.split == "testing" else "validation",
                "finding": findings.of_experiment(name, results[name].comparison),
            }
            for name in results
            if name != "family"
        ],
    }


def describe_corpus(made_of: dict[str, Any]) -> str:
    """Name the recordings by their folder; synthetic speech by what it is."""
    return SYNTHETIC if made_of["data"].get("synthetic", False) else Path(made_of["data"]["path"]).name


def describe_clip(config: RunConfig) -> str:
    """Say how long a clip is heard."""
    corpus = config.corpus
    return f"{corpus.seconds:g} s at {corpus.rate_hz / 1000:g} kHz ({corpus.samples:,} samples)"


def describe_features(configs: Sequence[RunConfig]) -> list[str]:
    """Say what the models hear: one line for each kind of features."""
    lines = []
    for features in dict.fromkeys(config.features for config in configs):
        kind = f"{features.n_mels} log-mel energies"
        if features.transform == "mfcc":
            kind = f"{features.n_mfcc} MFCC of {features.n_mels} mel bands"
        orders = {0: "no derivatives", 1: "their first derivative", 2: "their first two derivatives"}
        lines.append(
            f"{kind} from {features.f_min_hz:g} to {features.f_max_hz:g} Hz and {orders[features.deltas]}, "
            f"of windows of {features.win_ms:g} ms every {features.hop_ms:g} ms, with an FFT of "
            f"{features.n_fft} points{', of clips brought to one loudness' * features.level}"
        )
    return lines


def describe_model(one: Contender, config: RunConfig) -> list[str]:
    """Tell the layers of a model: a row of the table of models."""
    model = config.model
    fronts = {
        "none": "-",
        "conv1d": f"2 Conv1d, {4 * model.channels} channels",
        "conv2d": f"3 Conv2d, {model.channels} to {2 * model.channels} channels",
        "residual": f"5 Conv2d, 2 residual, {model.channels} to {3 * model.channels} channels",
    }
    norms = [name for name, on in (("features", model.batch_norm), ("head", model.head_norm)) if on]
    return [
        one.name,
        fronts[model.front],
        f"{model.layers} x {model.units} {model.cell.upper()}"
        + (", both ways" if model.bidirectional else ""),
        {"last": "last state", "mean": "mean", "additive": "attention", "multi-head": "4 heads"}[
            model.pooling
        ],
        f"{model.dropout:g}" + (f", batch norm of {' and '.join(norms)}" if norms else ""),
        f"{one.parameters:,}",
        f"{one.macs / 1e6:.1f} M",
    ]


def describe_recipe(one: Contender, config: RunConfig) -> list[str]:
    """Tell how a model is trained: a row of the table of recipes."""
    training, augment = config.training, config.augment
    changes = {name: getattr(augment, switch) for name, switch in SWITCHES.items()}
    return [
        one.name,
        {"adamw": "AdamW", "adam": "Adam", "sgd": "SGD"}[training.optimizer],
        f"{training.learning_rate:g}",
        f"{training.batch_size}",
        f"{training.epochs}",
        f"{training.label_smoothing:g}",
        ", ".join(name if share == 1 else f"{name} {share:g}" for name, share in changes.items() if share),
    ]


def describe_scores(one: Contender) -> list[str]:
    """Tell how a model does: a row of the table of results."""
    return [
        one.name,
        f"{one.minutes:.1f}",
        f"{one.latency_ms:.1f}",
        f"{one.epochs_to_95:.1f}",
        findings.percent(one.validation_accuracy),
        findings.percent(one.accuracy),
        "-" if one.spread is None else f"{100 * one.spread:.1f}",
        findings.interval(one.interval),
        f"{one.macro_f1:.3f}",
        f"{one.calibration_error:.3f}",
    ]


def describe_machine(made_of: dict[str, Any]) -> str:
    """Say what the runs were made with."""
    machine, versions = made_of["machine"], made_of["versions"]
    threads = f"{machine['threads']} thread{'s' if machine['threads'] > 1 else ''}"
    return (
        f"{machine['processor']} ({machine['system']}, {threads} a run, {made_of['device']}), Python "
        f"{versions['python']}, PyTorch {versions['torch']}, torchaudio {versions['torchaudio']}"
    )


def draw_figures(folder: Path, results: dict[str, Result], place: Path) -> None:
    """Draw the report's figures, each for the width that it is printed in."""
    family = results["family"].comparison
    groups = groups_of(folder, results["family"])
    shown = [group for group in groups if group.name in [one.name for one in findings.chosen(family)]]
    intervals = [one.interval for one in family.contenders]
    for_print(place / "curves.svg", 17, charts.plot_curves_together, groups)
    for_print(place / "accuracy.svg", 8.2, charts.plot_accuracies, groups, intervals)
    for_print(place / "confusions.svg", 17, charts.plot_confusions, shown[:MATRICES], family.words)
    for_print(place / "calibration.svg", 8.2, charts.plot_calibration, groups)
    if family.noise:
        for_print(place / "noise.svg", 8.2, charts.plot_noise, family)
    for name, result in results.items():
        contenders = result.comparison.contenders
        if name in ("amounts", WORTH):
            for_print(place / f"{name}.svg", 8.2, charts.plot_amounts, result.comparison)
        elif name != "family":
            intervals = [one.interval for one in contenders]
            for_print(
                place / f"{name}.svg", 8.2, charts.plot_accuracies, groups_of(folder, result), intervals
            )


def for_print(path: Path, width_cm: float, plot: Callable[..., Figure], *arguments: Any) -> None:
    """Save a figure with letters of POINTS where it is printed `width_cm` wide."""
    drawn_cm = plot(*arguments).get_figwidth() / CM
    with mpl.rc_context({"font.size": POINTS * drawn_cm / width_cm}):
        save_figure(plot(*arguments), path)
