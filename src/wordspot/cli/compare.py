"""wordspot compare."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from wordspot.cli.options import Convert, SkipBad
from wordspot.corpus.index import Split


def compare(
    runs: Annotated[
        Positional[tuple[Path, ...]],
        arg(
            metavar="RUN", help="Folders of evaluated runs; runs that differ in the seed alone are one model."
        ),
    ],
    out: Annotated[Path, arg(metavar="DIR", help="Folder for the comparison (JSON) and its figures (SVG).")],
    split: Annotated[Split, arg(help="The part that all runs were evaluated on.")] = "testing",
    data: Annotated[
        str | None,
        arg(metavar="D", help="The clips, as `train` takes them: measures accuracy in noise too."),
    ] = None,
    against: Annotated[
        str | None, arg(metavar="MODEL", help="Test only the pairs with this one; all pairs where left out.")
    ] = None,
    convert: Convert = False,
    skip_bad: SkipBad = False,
) -> None:
    """Compare evaluated runs: what each model costs, how well it does, which differences are real."""
    from wordspot.analysis.compare import compare
    from wordspot.analysis.tables import print_comparison

    result = compare(runs, out, split, data=data, against=against, convert=convert, skip_bad=skip_bad)
    print_comparison(result)
    print(f"written to {out}: comparison.json and figures")
