"""wordspot train, wordspot evaluate."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg
from tyro.extras import subcommand_type_from_defaults

from wordspot.cli.options import Convert, Data, Device, SkipBad, Threads
from wordspot.config import DESCRIPTIONS, RECIPES, RunConfig
from wordspot.corpus.index import Split

if TYPE_CHECKING:
    Recipe = RunConfig
else:
    Recipe = subcommand_type_from_defaults(RECIPES, DESCRIPTIONS)


def train(
    recipe: Recipe,
    data: Data,
    out: Annotated[Path, arg(metavar="RUN", help="Folder of the run; a run that was stopped goes on there.")],
    device: Device = "cpu",
    threads: Threads = None,
    convert: Convert = False,
    skip_bad: SkipBad = False,
) -> None:
    """Train one model; the same command again goes on after the last finished epoch."""
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
    from wordspot.analysis.evaluate import evaluate
    from wordspot.analysis.tables import print_evaluation

    result = evaluate(run, data, split, device=device, convert=convert, skip_bad=skip_bad)
    print_evaluation(result)
    print(f"written to {run}: evaluation-{split}.json, predictions-{split}.csv, confusion-{split}.svg")
