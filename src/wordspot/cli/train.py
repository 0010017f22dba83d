"""wordspot train, wordspot evaluate."""

from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Positional, arg
from tyro.extras import subcommand_type_from_defaults

from wordspot.cli.options import Data, HowToRun, command
from wordspot.config import Log, RunConfig, Runtime, vary
from wordspot.layout import Split
from wordspot.recipes import DESCRIPTIONS, RECIPES, read_recipe


def recipe_type(arguments: list[str]) -> Any:
    """Make the choice of recipes: those of the program, and a config file in place of one.

    Raises UsageError where that file can't be used.
    """
    takes_one = arguments[:1] in (["train"], ["sweep"])
    named = [
        word
        for place, word in enumerate(arguments)
        if takes_one and word.endswith(".json") and (place == 1 or Path(word).is_file())
    ]
    recipes = RECIPES | {path: read_recipe(Path(path)) for path in named}
    return subcommand_type_from_defaults(recipes, DESCRIPTIONS | dict.fromkeys(named, "Config file."))


def train(
    recipe: RunConfig,  # `main` puts the choice of recipes here
    data: Data,
    out: Annotated[Path, arg(metavar="RUN", help="Folder of the run; a stopped run resumes there.")],
    log: Annotated[
        Log,
        arg(
            help="Log to write beside the metrics: figures and sounds for TensorBoard, in RUN/tensorboard "
            "(needs the extra tensorboard)."
        ),
    ] = "none",
    runtime: HowToRun = Runtime(),
) -> None:
    """Train a model by a recipe or a config.json; the same command again resumes.

    Under torchrun several processes train one run together (docs/scaling.md).
    """
    from wordspot.corpus.sources import words_in
    from wordspot.training.distributed import is_first
    from wordspot.training.loop import train

    recipe = vary(recipe, words=words_in(data, recipe.corpus.words, runtime))
    run = train(recipe, data, out, runtime, log=log)
    if not is_first():
        return
    after = command("evaluate", run, "--data", data, "--split", "validation", runtime=runtime)
    print(f"trained: {run}\nnext: {after}")


def evaluate(
    run: Annotated[
        Positional[str],
        arg(metavar="RUN", help="Folder of a trained run, or the name of a pretrained recogniser."),
    ],
    data: Data,
    split: Annotated[
        Split | Literal["all"],
        arg(
            help="Split to score. Choose models by validation; testing is for the final figure alone. `all` "
            "scores every clip of any labelled folder."
        ),
    ] = "validation",
    runtime: HowToRun = Runtime(),
) -> None:
    """Score a run: table, JSON, predictions as CSV, confusion matrix."""
    from wordspot.evaluation.evaluate import evaluate, evaluate_recognizer
    from wordspot.evaluation.tables import evaluation_table
    from wordspot.runs.run import Run

    opened = Run(run)
    if split == "all":
        evaluation_table(evaluate_recognizer(opened.recognizer, data, runtime)).print()
        return
    result = evaluate(opened, data, split, runtime)
    evaluation_table(result).print()
    if opened.pretrained:
        return
    name = opened.evaluation_name(result)
    print(f"written to {run}: evaluation-{name}.json, predictions-{name}.csv, confusion-{name}.svg")
    times = opened.times_evaluated(name)
    if split == "testing" and times > 1:
        print(f"this run was scored on the test split {times} times")
