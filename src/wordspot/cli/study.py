"""wordspot study."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from wordspot.cli.options import Data, HowToRun
from wordspot.config import CorpusConfig, Runtime
from wordspot.recipes import RECIPES


def study(
    corpus: CorpusConfig,
    data: Data,
    out: Annotated[Path, arg(metavar="DIR", help="Folder of the study; a stopped study resumes there.")],
    experiments: Annotated[
        tuple[str, ...],
        arg(
            metavar="NAME [NAME ...]",
            help="Experiments to run: controlled, family, features, hyperparameters, augmentation, "
            "data-scaling (all of these by default), or synthetic, on synthetic speech beside recordings.",
            help_behavior_hint="",
        ),
    ] = (),
    models: Annotated[
        tuple[str, ...],
        arg(metavar="MODEL [MODEL ...]", help="Models of controlled and family, by their names."),
    ] = tuple(RECIPES),
    seeds: Annotated[int, arg(help="Runs of each model or variant.")] = 3,
    epochs: Annotated[
        int | None,
        arg(
            metavar="N",
            help="Most epochs of any run, for a quick look; every table says so.",
            help_behavior_hint="",
        ),
    ] = None,
    jobs: Annotated[int, arg(metavar="N", help="Runs to train at once.")] = 2,
    executor: Annotated[
        str | None,
        arg(
            metavar="URL",
            help="Dask scheduler, such as tcp://host:8786, whose workers train the runs in place of this "
            "machine's processes (needs the extra cluster); they see the same --data and --out.",
            help_behavior_hint="",
        ),
    ] = None,
    runtime: HowToRun = Runtime(),
) -> None:
    """Run experiments, each a comparison of many runs; prints the time that is left."""
    from wordspot.corpus.sources import words_in
    from wordspot.evaluation.tables import comparison_tables
    from wordspot.experiments.experiments import list_experiments
    from wordspot.experiments.study import run_study

    corpus = replace(corpus, words=words_in(data, corpus.words, runtime))
    asked = list_experiments(corpus, experiments, models, seeds=seeds, epochs=epochs)
    for result in run_study(asked, data, out, runtime, jobs=jobs, executor=executor):
        print(f"\n{result.question} {result.note}")
        for table in comparison_tables(result.comparison):
            table.print()
    print(f"results: {out}/summary.md, {out}/study.json")
