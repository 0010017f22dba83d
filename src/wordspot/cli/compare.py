"""wordspot compare."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from wordspot.corpus.index import Split


def compare(
    runs: Annotated[Positional[tuple[Path, ...]], arg(metavar="RUN", help="Folders of evaluated runs.")],
    out: Annotated[Path, arg(metavar="DIR", help="Folder for the comparison (JSON) and the curves (SVG).")],
    split: Annotated[Split, arg(help="The part that all runs were evaluated on.")] = "testing",
) -> None:
    """Compare evaluated runs: what each costs, how well it does, which differences are real."""
    from wordspot.analysis.compare import compare
    from wordspot.analysis.tables import print_comparison

    print_comparison(compare(runs, out, split))
    print(f"written to {out}: comparison.json, curves.svg")
