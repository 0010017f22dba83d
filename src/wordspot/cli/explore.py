"""wordspot explore."""

from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from wordspot.cli.options import Data
from wordspot.config import COMMANDS


def explore(
    data: Data,
    out: Annotated[Path, arg(metavar="DIR", help="Folder for tables (CSV) and figures (PNG).")],
    words: Annotated[
        tuple[str, ...],
        arg(
            metavar="WORD",
            help="Words to draw a clip of, and to say where the data are synthetic; four where left out.",
        ),
    ] = (),
) -> None:
    """Show what a corpus holds: words, parts, speakers, durations, rates, waveforms and features."""
    from wordspot.analysis.explore import Exploration
    from wordspot.analysis.tables import print_exploration

    exploration = Exploration(data, words or COMMANDS)
    written = exploration.save(out, words)
    print_exploration(exploration)
    print("\n".join(f"written: {path}" for path in written))
