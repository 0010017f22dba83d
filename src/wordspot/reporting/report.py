"""A study to a report of a few pages (PDF): every number, table and figure comes from the study."""

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import matplotlib as mpl
import typst
from matplotlib.figure import Figure

from wordspot.config import CorpusConfig
from wordspot.errors import UsageError
from wordspot.evaluation import plots
from wordspot.evaluation.tables import Table, costs_table, scores_table, training_table
from wordspot.experiments.study import Result, read_study
from wordspot.figures import SYNTHETIC, save_figure
from wordspot.files import atomic_write, output_folder
from wordspot.reporting import narrative
from wordspot.reporting.config_tables import features_table, models_table, recipes_table, splits_table
from wordspot.reporting.wording import data_note, seeds_note, split_name
from wordspot.runs.run import Run

CM = 1 / 2.54
POINTS = 8.0
"""Size of the figures' letters in print."""
MATRICES = 3
"""Confusion matrices that can be read side by side on a page."""


def write_report(study: Path | str, out: Path | str | None = None, *, corpus: str | None = None) -> Path:
    """Write the report of a study that holds the experiment `family`; gives its path (report.pdf in `study`).

    `corpus` names the recordings in a few words; their folder's name is used where it is None. Raises
    UsageError where the folder holds no study, or one without the family.
    """
    folder = Path(study)
    results = read_study(folder)
    if "family" not in results:
        raise UsageError(f"{folder}: a report needs the experiment family: run `wordspot study` with it")
    family = results.pop("family")
    others = list(results.values())
    path = Path(out) if out else folder / "report.pdf"
    output_folder(path.parent)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        shutil.copy(str(files("wordspot.reporting") / "report.typ"), place / "report.typ")
        facts = gather_facts(folder, family, others, corpus)
        (place / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
        draw_figures(folder, family, others, place)
        with atomic_write(path) as part:
            # No date and no fonts of this machine: the same study gives the same bytes.
            typst.compile(
                place / "report.typ", output=part, format="pdf", timestamp=0, ignore_system_fonts=True
            )
    return path


def gather_facts(folder: Path, family: Result, others: list[Result], corpus: str | None) -> dict[str, Any]:
    """Gather the texts and tables of the report; the template holds no number."""
    comparison = family.comparison
    first = Run(folder / family.name / comparison.models[0].runs[0])
    data = first.provenance["data"]
    return {
        "corpus": corpus or describe_corpus(data),
        "synthetic": comparison.synthetic,
        "models": f"{len(comparison.models)} model{'s' if len(comparison.models) > 1 else ''}",
        "words": comparison.words,
        "split": split_name(comparison.split),
        "clip": describe_clip(first.config.corpus),
        "data": data_note(data),
        "seeds": seeds_note(comparison.models),
        "machine": describe_machine(first.provenance),
        "tables": {name: asdict(table) for name, table in tables_of(folder, family).items()},
        "best": narrative.best_model(comparison),
        "test": narrative.method(comparison),
        "differences": [narrative.difference(pair) for pair in narrative.highlighted_pairs(comparison)],
        "difficulty": narrative.clip_difficulty(family.groups(folder)),
        "noise": comparison.noise is not None,
        "discussion": [
            narrative.convergence(comparison.models),
            narrative.confusions(comparison.highlighted),
            *([narrative.noise_robustness(comparison)] if comparison.noise else []),
            narrative.calibration(comparison.models),
        ],
        "conclusion": narrative.conclusion(comparison),
        "experiments": [
            {
                "name": result.name,
                "question": result.question,
                "note": result.note,
                "split": split_name(result.comparison.split),
                "finding": narrative.finding(result),
                "paired": shows_pairs(result),
            }
            for result in others
        ],
    }


def tables_of(folder: Path, family: Result) -> dict[str, Table]:
    """Give the tables of the report, by the names that the template calls them."""
    comparison = family.comparison
    models = comparison.models
    runs = [Run(folder / family.name / one.runs[0]) for one in models]
    configs = [run.config for run in runs]
    return {
        "splits": splits_table(runs[0].provenance["data"], comparison),
        "features": features_table(models, configs, comparison),
        "models": models_table(models, configs, comparison),
        "recipes": recipes_table(models, configs, comparison),
        "scores": scores_table(comparison),
        "costs": costs_table(comparison),
        "training": training_table(comparison),
    }


def describe_corpus(data: dict[str, Any]) -> str:
    """Name the recordings by their folder; synthetic speech by what it is."""
    return SYNTHETIC if data.get("synthetic", False) else Path(data["path"]).name


def describe_clip(corpus: CorpusConfig) -> str:
    """Say how long a clip is."""
    return f"{corpus.seconds:g} s at {corpus.sample_rate / 1000:g} kHz ({corpus.samples:,} samples)"


def describe_machine(provenance: dict[str, Any]) -> str:
    """Say what the runs were made with."""
    machine, versions = provenance["machine"], provenance["versions"]
    threads = f"{machine['threads']} thread{'s' if machine['threads'] > 1 else ''}"
    return (
        f"{machine['processor']} ({machine['system']}, {threads} per run, {provenance['device']}), Python "
        f"{versions['python']}, PyTorch {versions['torch']}, torchaudio {versions['torchaudio']}"
    )


def draw_figures(folder: Path, family: Result, others: list[Result], place: Path) -> None:
    """Draw the report's figures, each for the width that it is printed in."""
    comparison, groups = family.comparison, family.groups(folder)
    names = [one.name for one in comparison.highlighted]
    shown = [group for group in groups if group.name in names][:MATRICES]
    intervals = [one.interval for one in comparison.models]
    for_print(place / "curves.svg", 17, plots.plot_curves_together, groups)
    for_print(place / "accuracy.svg", 8.2, plots.plot_accuracies, groups, intervals)
    for_print(place / "confusions.svg", 17, plots.plot_confusions, shown, comparison.words)
    for_print(place / "calibration.svg", 8.2, plots.plot_calibration, groups)
    if comparison.noise:
        for_print(place / "noise.svg", 8.2, plots.plot_noise, comparison)
    for result in others:
        path = place / f"experiment-{result.name}.svg"
        if shows_pairs(result):
            for_print(path, 8.2, plots.plot_paired_differences, result.comparison)
        elif result.kind == "scaling":
            for_print(path, 8.2, plots.plot_data_scaling, result.comparison)
        else:
            intervals = [one.interval for one in result.comparison.models]
            for_print(path, 8.2, plots.plot_accuracies, result.groups(folder), intervals)


def shows_pairs(result: Result) -> bool:
    """Whether the figure of an experiment shows differences from a reference."""
    return result.kind != "scaling" and result.comparison.reference is not None


def for_print(path: Path, width_cm: float, plot: Callable[..., Figure], *arguments: Any) -> None:
    """Save a figure with letters of POINTS where it is printed `width_cm` wide."""
    drawn_cm = plot(*arguments).get_figwidth() / CM
    with mpl.rc_context({"font.size": POINTS * drawn_cm / width_cm}):
        save_figure(plot(*arguments), path)
