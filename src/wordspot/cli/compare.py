"""wordspot compare."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from wordspot.cli.options import ChooseSplit, HowToRun
from wordspot.config import Runtime


def compare(
    runs: Annotated[
        Positional[tuple[str, ...]],
        arg(
            metavar="RUN [RUN ...]",
            help="Folders of runs, or names of pretrained recognisers; runs that differ in the seed only "
            "are one model.",
            help_behavior_hint="",
        ),
    ],
    out: Annotated[Path, arg(metavar="DIR", help="Folder for the comparison (JSON) and its figures (SVG).")],
    split: ChooseSplit = "validation",
    data: Annotated[
        str | None,
        arg(
            metavar="D",
            help="The clips, as in `train`: needed for runs that are not evaluated yet, and for accuracy "
            "in noise.",
            help_behavior_hint="",
        ),
    ] = None,
    against: Annotated[
        str | None,
        arg(
            metavar="MODEL",
            help="Test only pairs with this model; all pairs by default.",
            help_behavior_hint="",
        ),
    ] = None,
    runtime: HowToRun = Runtime(),
) -> None:
    """Compare runs: costs, accuracy, and which differences are significant."""
    from wordspot.evaluation.compare import compare
    from wordspot.evaluation.tables import comparison_tables

    for table in comparison_tables(compare(runs, out, split, data=data, against=against, runtime=runtime)):
        table.print()
    print(f"written to {out}: comparison.json and figures")
