"""wordspot sweep."""

from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from wordspot.cli.options import Convert, Data, Device, SkipBad, Threads
from wordspot.config import RunConfig
from wordspot.errors import UsageError


def sweep(
    recipe: RunConfig,  # `main` puts the choice of recipes here
    data: Data,
    out: Annotated[Path, arg(metavar="DIR", help="Folder for the trials, the plots and best.json.")],
    name: Annotated[str, arg(help="The study's name in its storage.")] = "sweep",
    storage: Annotated[
        str | None,
        arg(
            metavar="URL",
            help="Optuna's storage, such as sqlite:///sweep.db, shared by all processes that are started "
            "with it; a file in --out where left out.",
        ),
    ] = None,
    trials: Annotated[int, arg(help="Finished trials, those of all processes together.")] = 20,
    device: Device = "cpu",
    threads: Threads = None,
    convert: Convert = False,
    skip_bad: SkipBad = False,
) -> None:
    """Search for better settings of a recipe by validation; hopeless trials end early (needs Optuna)."""
    try:
        from wordspot.training.sweep import sweep
    except ModuleNotFoundError as error:
        raise UsageError(f"sweep: {error.name} is missing: pip install 'wordspot[sweep]'") from None

    best = sweep(
        recipe,
        data,
        out,
        name=name,
        storage=storage,
        trials=trials,
        device=device,
        threads=threads,
        convert=convert,
        skip_bad=skip_bad,
    )
    print(f"best: {best}\nnext: wordspot train {best} --data {data} --out RUN")
