"""wordspot sweep."""

from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from wordspot.cli.options import Data, HowToRun, command
from wordspot.config import RunConfig, Runtime, vary
from wordspot.errors import UsageError


def sweep(
    recipe: RunConfig,  # `main` puts the choice of recipes here
    data: Data,
    out: Annotated[Path, arg(metavar="DIR", help="Folder for the trials, plots and best.json.")],
    name: Annotated[str, arg(help="Name of the Optuna study.")] = "sweep",
    storage: Annotated[
        str | None,
        arg(
            metavar="URL",
            help="Optuna storage, such as sqlite:///sweep.db, shared by all processes that work on the "
            "search; a file in --out by default.",
            help_behavior_hint="",
        ),
    ] = None,
    trials: Annotated[int, arg(help="Trials to finish, over all processes.")] = 20,
    in_noise: Annotated[
        bool, arg(help="Rank trials by the mean accuracy on clean clips and in noise at 20 to 0 dB.")
    ] = False,
    most_weights: Annotated[
        int | None,
        arg(
            metavar="N",
            help="Pass over trials with more weights; no bound by default.",
            help_behavior_hint="",
        ),
    ] = None,
    runtime: HowToRun = Runtime(),
) -> None:
    """Search for better settings of a recipe (needs the extra sweep)."""
    from wordspot.corpus.sources import words_in

    try:
        from wordspot.experiments.sweep import sweep
    except ModuleNotFoundError as error:
        raise UsageError(f"sweep: {error.name} is missing: pip install 'wordspot[sweep]'") from None

    recipe = vary(recipe, words=words_in(data, recipe.corpus.words, runtime))
    best = sweep(
        recipe,
        data,
        out,
        runtime,
        name=name,
        storage=storage,
        trials=trials,
        in_noise=in_noise,
        most_weights=most_weights,
    )
    after = command("train", best, "--data", data, "--out", "RUN", runtime=runtime)
    print(f"best: {best}\nnext: {after}")
