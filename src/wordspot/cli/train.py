"""wordspot train, wordspot evaluate."""

from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg
from tyro.extras import subcommand_type_from_defaults

from wordspot.cli.options import Convert, Data, Device, SkipBad, Threads
from wordspot.config import RunConfig, read_recipe
from wordspot.corpus.index import Split
from wordspot.recipes import DESCRIPTIONS, RECIPES


def recipe_type(arguments: list[str]) -> Any:
    """Make the choice of recipes: those of the program, and a config file named in the place of one.

    Raises UsageError where that file can't be used.
    """
    takes_one = arguments[:1] in (["train"], ["sweep"])
    named = [word for word in arguments[1:2] if takes_one and word.endswith(".json")]
    recipes = RECIPES | {path: read_recipe(Path(path)) for path in named}
    return subcommand_type_from_defaults(recipes, DESCRIPTIONS | dict.fromkeys(named, "Config file."))


def train(
    recipe: RunConfig,  # `main` puts the choice of recipes here
    data: Data,
    out: Annotated[Path, arg(metavar="RUN", help="Folder of the run; a run that was stopped goes on there.")],
    device: Device = "cpu",
    threads: Threads = None,
    convert: Convert = False,
    skip_bad: SkipBad = False,
) -> None:
    """Train a model by a recipe or a config file; the same command again goes on after the last epoch."""
    from wordspot.training.loop import train

    run = train(recipe, data, out, device=device, threads=threads, convert=convert, skip_bad=skip_bad)
    print(f"trained: {run}\nnext: wordspot evaluate {run} --data {data}")


def evaluate(
    run: Annotated[Positional[Path], arg(metavar="RUN", help="Folder of a trained run.")],
    data: Data,
    split: Annotated[
        Split, arg(help="The part to score. Choose by validation; testing is for the final figure.")
    ] = "testing",
    device: Device = "cpu",
    convert: Convert = False,
    skip_bad: SkipBad = False,
) -> None:
    """Score a run on one part: table, JSON, predictions as CSV, confusion matrix."""
    from wordspot.analysis.evaluate import evaluate, result_name
    from wordspot.analysis.tables import print_evaluation

    result = evaluate(run, data, split, device=device, convert=convert, skip_bad=skip_bad)
    print_evaluation(result)
    name = result_name(run, result)
    print(f"written to {run}: evaluation-{name}.json, predictions-{name}.csv, confusion-{name}.svg")
