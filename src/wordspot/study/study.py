"""Many runs to one comparison for each experiment."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter
from rich.console import Console

from wordspot.analysis.compare import compare_groups, current_comparison
from wordspot.analysis.evaluate import evaluate, is_scored
from wordspot.analysis.results import read_group
from wordspot.config import RunConfig
from wordspot.corpus.corpus import open_corpus
from wordspot.errors import UsageError
from wordspot.files import output_folder, write_json, write_text
from wordspot.models.device import open_device
from wordspot.models.recognizer import CONFIG
from wordspot.study.experiments import Experiment
from wordspot.study.forecast import Forecast
from wordspot.study.summary import Result, summary
from wordspot.training.parallel import train_all

EXPERIMENTS = "experiments.json"
RESULTS = "study.json"
Stored = TypeVar("Stored", Experiment, Result)


def run_study(
    experiments: Sequence[Experiment],
    data: str | Path,
    out: str | Path,
    *,
    jobs: int = 1,
    device: str = "cpu",
    threads: int | None = None,
    convert: bool = False,
    skip_bad: bool = False,
    quiet: bool = False,
) -> list[Result]:
    """Train and score every run of the experiments on the clips of `data`, and compare what they gave.

    `jobs` runs are trained at once, each in a process of its own where there are more than one. Leaves in the
    folder `out` a folder for each experiment, with its runs, its comparison and figures; the experiments
    themselves as experiments.json; and study.json and summary.md with all results. Says beforehand how long
    it will take, unless `quiet`. A study that was stopped goes on where it was; a config that stands in two
    experiments is trained once. Raises what `train`, `evaluate` and `compare` raise.
    """
    if jobs < 1:
        raise UsageError(f"jobs: {jobs} must be at least 1")
    folder = output_folder(Path(out))
    where = open_device(device, threads)
    reading = {"convert": convert, "skip_bad": skip_bad}
    places = lay_out(experiments, folder)
    corpora = {
        corpus: open_corpus(data, corpus, convert=convert, skip_bad=skip_bad)
        for corpus in {config.corpus for config in places}
    }
    write_json(folder / EXPERIMENTS, [asdict(experiment) for experiment in experiments])
    console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)
    forecast = Forecast(jobs)
    for config, run in places.items():
        forecast.add(config, corpora[config.corpus], run, where)
    console.print(f"study: {forecast}")

    results = []
    for experiment in experiments:
        variants = {variant: experiment.seeded(variant) for variant in experiment.variants}
        runs = [(config, places[config]) for configs in variants.values() for config in configs]
        for run in train_all(runs, data, jobs, device=device, threads=threads, **reading):
            forecast.done(run)
            console.print(f"{run.relative_to(folder)} is trained; {forecast}")
            if not is_scored(run, experiment.split):
                evaluate(run, data, experiment.split, device=device, **reading)
        groups = [
            read_group(variant, [places[config] for config in configs], experiment.split)
            for variant, configs in variants.items()
        ]
        place, corpus = folder / experiment.name, corpora[runs[0][0].corpus]
        comparison = current_comparison(groups, place, experiment.split) or compare_groups(
            groups, place, experiment.split, corpus=corpus, against=experiment.against
        )
        results.append(Result(experiment.name, experiment.question, experiment.note, comparison))
        write_json(folder / RESULTS, [asdict(result) for result in results])
        write_text(folder / "summary.md", summary(results))
    return results


def read_experiments(study: str | Path) -> list[Experiment]:
    """Read the experiments that a study was given, finished or not.

    Raises UsageError where the folder holds no study, or one of another version.
    """
    return _read(Path(study) / EXPERIMENTS, TypeAdapter(list[Experiment]))


def read_study(study: str | Path) -> dict[str, Result]:
    """Read the finished experiments of a study by their names.

    Raises UsageError where the folder holds no study, or one of another version.
    """
    return {result.name: result for result in _read(Path(study) / RESULTS, TypeAdapter(list[Result]))}


def _read(path: Path, kind: TypeAdapter[list[Stored]]) -> list[Stored]:
    try:
        return kind.validate_python(json.loads(path.read_text(encoding="utf-8")))
    except OSError:
        raise UsageError(
            f"{path.parent}: no study here (no {path.name}): run `wordspot study --out`"
        ) from None
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{path}: not a study of this version of wordspot ({reason})") from None


def lay_out(experiments: Sequence[Experiment], folder: Path) -> dict[RunConfig, Path]:
    """Give each run its folder, <experiment>/<variant>/seed-<n>.

    A run that stands in several experiments has that in which it was begun, or else the first.
    """
    places: dict[RunConfig, list[Path]] = {}
    for experiment in experiments:
        for variant in experiment.variants:
            for config in experiment.seeded(variant):
                name = f"{variant.replace(' ', '-')}/seed-{config.training.seed}"
                places.setdefault(config, []).append(folder / experiment.name / name)
    return {
        config: next((run for run in runs if (run / CONFIG).is_file()), runs[0])
        for config, runs in places.items()
    }
