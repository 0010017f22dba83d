"""wordspot mistakes."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from wordspot.cli.options import ChooseSplit, Data, HowToRun
from wordspot.config import Runtime


def mistakes(
    runs: Annotated[
        Positional[tuple[str, ...]],
        arg(
            metavar="RUN [RUN ...]",
            help="Folders of trained runs, or names of pretrained recognisers.",
            help_behavior_hint="",
        ),
    ],
    data: Data,
    out: Annotated[Path, arg(metavar="PAGE", help="Page (HTML) to write.")],
    split: ChooseSplit = "validation",
    runtime: HowToRun = Runtime(),
) -> None:
    """Write a page of wrong answers to see and listen to; it opens without a network."""
    from wordspot.inspection.mistakes import write_mistakes

    page = write_mistakes(runs, data, out, split, runtime)
    print(f"page: {page}")
