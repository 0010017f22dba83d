"""Many runs to one comparison for each experiment."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from wordspot.analysis.compare import compare_groups, current_comparison
from wordspot.analysis.evaluate import evaluate, is_scored
from wordspot.analysis.results import read_group
from wordspot.config import CorpusConfig, RunConfig
from wordspot.corpus.corpus import Corpus, open_corpus
from wordspot.files import output_folder, write_json, write_text
from wordspot.models.device import open_device
from wordspot.study.experiments import Experiment
from wordspot.study.forecast import Forecast
from wordspot.study.summary import Result, summary
from wordspot.training.loop import train


def run_study(
    experiments: Sequence[Experiment],
    data: str | Path,
    out: str | Path,
    *,
    device: str = "cpu",
    threads: int | None = None,
    convert: bool = False,
    skip_bad: bool = False,
) -> list[Result]:
    """Train and score every run of the experiments on the clips of `data`, and compare what they gave.

    Leaves in the folder `out` a folder for each experiment, with its runs, its comparison and figures, and
    study.json and summary.md with all results. Says beforehand how long it will take. A study that was
    stopped goes on where it was; a config that stands in two experiments is trained once. Raises what
    `train`, `evaluate` and `compare` raise.
    """
    folder = output_folder(Path(out))
    where = open_device(device, threads)
    places = lay_out(experiments, folder)
    corpora: dict[CorpusConfig, Corpus] = {}
    for config in places:
        if config.corpus not in corpora:
            corpora[config.corpus] = open_corpus(data, config.corpus, convert=convert, skip_bad=skip_bad)
    forecast = Forecast()
    for config, run in places.items():
        forecast.add(config, corpora[config.corpus], run, where)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"study: {forecast}")

    results = []
    for experiment in experiments:
        groups = []
        for variant in experiment.variants:
            configs = experiment.seeded(variant)
            for config in configs:
                run = places[config]
                console.print(f"{run.relative_to(folder)}: {forecast}")
                train(config, data, run, device=device, convert=convert, skip_bad=skip_bad)
                if not is_scored(run, experiment.split):
                    evaluate(run, data, experiment.split, device=device, convert=convert, skip_bad=skip_bad)
                forecast.done(run)
            groups.append(read_group(variant, [places[config] for config in configs], experiment.split))
        place, corpus = folder / experiment.name, corpora[configs[0].corpus]
        comparison = current_comparison(groups, place, experiment.split) or compare_groups(
            groups, place, experiment.split, corpus=corpus, against=experiment.against
        )
        results.append(Result(experiment.name, experiment.question, experiment.note, comparison))
        write_json(folder / "study.json", [asdict(result) for result in results])
        write_text(folder / "summary.md", summary(results))
    return results


def lay_out(experiments: Sequence[Experiment], folder: Path) -> dict[RunConfig, Path]:
    """Give each run its folder, <experiment>/<variant>/seed-<n>, in the first experiment that has it."""
    places: dict[RunConfig, Path] = {}
    for experiment in experiments:
        for variant in experiment.variants:
            for config in experiment.seeded(variant):
                name = f"{variant.replace(' ', '-')}/seed-{config.training.seed}"
                places.setdefault(config, folder / experiment.name / name)
    return places
