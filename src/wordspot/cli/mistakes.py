"""wordspot mistakes."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from wordspot.cli.options import Convert, Data, SkipBad
from wordspot.corpus.index import Split


def mistakes(
    runs: Annotated[Positional[tuple[Path, ...]], arg(metavar="RUN", help="Folders of trained runs.")],
    data: Data,
    out: Annotated[Path, arg(metavar="PAGE", help="The page (HTML) to write.")],
    split: Annotated[Split, arg(help="The part whose clips are recognised.")] = "testing",
    convert: Convert = False,
    skip_bad: SkipBad = False,
) -> None:
    """Write a page of the clips that runs get wrong, to see and to hear; it opens without a network."""
    from wordspot.analysis.mistakes import write_mistakes

    page = write_mistakes(runs, data, out, split, convert=convert, skip_bad=skip_bad)
    print(f"page: {page}")
