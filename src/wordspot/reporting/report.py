"""A study to a report of a few pages (PDF): every number, table, figure and verdict comes from the study."""

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

import matplotlib as mpl
import typst
from matplotlib.figure import Figure

from wordspot.config import Runtime
from wordspot.errors import UsageError
from wordspot.evaluation import plots
from wordspot.evaluation.confusion_plots import plot_confusions_around_best
from wordspot.evaluation.evaluate import open_clips_of
from wordspot.experiments.experiments import SUBJECT
from wordspot.experiments.study import Result, read_study
from wordspot.figures import save_figure
from wordspot.files import atomic_write, output_folder
from wordspot.inspection.hypotheses import HypothesisTest, hypothesis_tests
from wordspot.reporting.discussion import read_discussion
from wordspot.reporting.facts import PLACES, Sources, gather_facts
from wordspot.reporting.references import resolve
from wordspot.reporting.study_clips import measure_clips, plot_spreads, read_clips

CM = 1 / 2.54
POINTS = 8.0
"""Size of the figures' letters in print."""
WIDE_CM, NARROW_CM = 17.0, 8.2
"""Width of a figure over the whole page, and of one of two beside each other."""


def write_report(
    study: Path | str,
    out: Path | str | None = None,
    *,
    corpus: str | None = None,
    data: Path | str | None = None,
    discussion: Path | str | None = None,
    runtime: Runtime = Runtime(),
) -> Path:
    """Write the report of a study that compares models; gives its path (report.pdf in `study`).

    `corpus` names the recordings in a few words; their folder's name is used where it is None. With the clips
    themselves, `data`, they are measured, and what may explain mistakes is tested on them; the study keeps
    that as clips.json for later reports. `discussion` is a Markdown file with an author's text for places of
    the report (PLACES), whose numbers are references to the study (see `references`). Raises UsageError where
    the folder holds no study, or one without a comparison of models, and for a discussion or clips that don't
    fit it.
    """
    folder = Path(study)
    results = read_study(folder)
    sources = find_sources(folder, results, data, runtime)
    texts = discussed(discussion, results, sources.hypotheses) if discussion else {}
    path = Path(out) if out else folder / "report.pdf"
    output_folder(path.parent)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        shutil.copy(str(files("wordspot.reporting") / "report.typ"), place / "report.typ")
        facts = gather_facts(sources, corpus, texts)
        (place / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
        draw_figures(sources, place)
        with atomic_write(path) as part:
            # No date and no fonts of this machine: the same study gives the same bytes.
            pdf = typst.compile(place / "report.typ", format="pdf", timestamp=0, ignore_system_fonts=True)
            part.write_bytes(pdf)
    return path


def find_sources(
    folder: Path, results: Mapping[str, Result], data: Path | str | None = None, runtime: Runtime = Runtime()
) -> Sources:
    """Choose what the report compares and what it calls best, and measure the clips where they are given."""
    compared = results.get("controlled", results.get("family"))
    best = results.get("family", results.get("controlled"))
    if compared is None or best is None:
        raise UsageError(
            f"{folder}: a report needs the experiment family or controlled: run `wordspot study` with it"
        )
    group = max(best.groups(folder), key=lambda group: group.right_share.mean())
    if data is None:
        clips = read_clips(folder, group)
    else:
        corpus = open_clips_of(group.runs[0], data, best.comparison.split, runtime)
        clips = measure_clips(corpus, group, folder)
    others = [result for name, result in results.items() if name not in ("controlled", "family")]
    tests = clips.hypotheses if clips else hypothesis_tests(group)
    return Sources(folder, compared, best, others, group, clips, tests)


def discussed(path: Path | str, results: Mapping[str, Result], tests: list[HypothesisTest]) -> dict[str, str]:
    """Read an author's text for each place, with the study's numbers in it."""
    texts = {}
    for place, text in read_discussion(path, PLACES).items():
        try:
            texts[place] = resolve(text, results, tests)
        except UsageError as error:
            raise UsageError(f"{path}: {place}: {error}") from None
    return texts


def draw_figures(sources: Sources, place: Path) -> None:
    """Draw the report's figures, each for the width that it is printed in."""
    compared, best = sources.compared, sources.best
    groups = compared.groups(sources.folder)
    words = best.comparison.words
    if sources.clips:
        for_print(place / "clips.svg", WIDE_CM, plot_spreads, sources.clips, best)
    for_print(place / "curves.svg", WIDE_CM, plots.plot_curves_together, groups)
    best_groups = best.groups(sources.folder)
    for_print(place / "confusions.svg", WIDE_CM, plot_confusions_around_best, best_groups, words)
    for result in sources.comparisons:
        if result.comparison.pairs:
            path = place / f"differences-{result.name}.svg"
            for_print(path, NARROW_CM, plots.plot_paired_differences, result.comparison, subject(result))
    if best.comparison.noise:
        for_print(place / "noise.svg", NARROW_CM, plots.plot_noise, best.comparison)
    for result in sources.others:
        path = place / f"experiment-{result.name}.svg"
        if sources.shows_pairs(result):
            for_print(path, NARROW_CM, plots.plot_paired_differences, result.comparison)
        elif result.kind == "scaling":
            for_print(path, NARROW_CM, plots.plot_data_scaling, result.comparison)
        else:
            intervals = [one.interval for one in result.comparison.models]
            for_print(path, NARROW_CM, plots.plot_accuracies, result.groups(sources.folder), intervals)


def subject(result: Result) -> str | None:
    """Name the model from which differences are drawn: the one that the experiments vary, if it is there."""
    return SUBJECT if SUBJECT in [one.name for one in result.comparison.models] else None


def for_print(path: Path, width_cm: float, plot: Callable[..., Figure], *arguments: object) -> None:
    """Save a figure with letters of POINTS where it is printed `width_cm` wide."""
    drawn_cm = plot(*arguments).get_figwidth() / CM
    with mpl.rc_context({"font.size": POINTS * drawn_cm / width_cm}):
        save_figure(plot(*arguments), path)
