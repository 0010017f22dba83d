"""wordspot study."""

from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from wordspot.cli.options import Convert, Data, Device, SkipBad
from wordspot.config import CorpusConfig
from wordspot.recipes import RECIPES


def study(
    corpus: CorpusConfig,
    data: Data,
    out: Annotated[Path, arg(metavar="DIR", help="Folder of the study; one that was stopped goes on there.")],
    experiments: Annotated[
        tuple[str, ...],
        arg(
            metavar="NAME",
            help="Experiments to run: family, features, hyperparameters, augmentation, amounts; all these "
            "where left out; or synthetic, what synthetic speech beside recordings is worth.",
        ),
    ] = (),
    models: Annotated[
        tuple[str, ...], arg(metavar="MODEL", help="Models of the family, by the names that `train` knows.")
    ] = tuple(RECIPES),
    seeds: Annotated[int, arg(help="Runs of each model of the family.")] = 3,
    epochs: Annotated[
        int | None, arg(metavar="N", help="Most epochs of any run, for a quick look; said in every table.")
    ] = None,
    jobs: Annotated[int, arg(metavar="N", help="Runs that are trained at once.")] = 2,
    device: Device = "cpu",
    threads: Annotated[
        int | None, arg(metavar="N", help="Threads of each run on the CPU; one for each core where None.")
    ] = 1,
    convert: Convert = False,
    skip_bad: SkipBad = False,
) -> None:
    """Run experiments, each many runs to one comparison; says beforehand how long it takes."""
    from wordspot.analysis.tables import print_comparison
    from wordspot.study.experiments import experiments as list_experiments
    from wordspot.study.study import run_study

    asked = list_experiments(corpus, experiments, models, seeds=seeds, epochs=epochs)
    results = run_study(
        asked,
        data,
        out,
        jobs=jobs,
        device=device,
        threads=threads,
        convert=convert,
        skip_bad=skip_bad,
    )
    for result in results:
        print(f"\n{result.question} {result.note}")
        print_comparison(result.comparison)
    print(f"results: {out}/summary.md, {out}/study.json")
