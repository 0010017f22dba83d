"""wordspot explore."""

from pathlib import Path
from typing import Annotated

from tyro.conf import arg

from wordspot.cli.options import Data
from wordspot.config import COMMANDS
from wordspot.text import shown


def explore(
    data: Data,
    out: Annotated[Path, arg(metavar="DIR", help="Folder for tables (CSV) and figures (PNG).")],
    words: Annotated[
        tuple[str, ...],
        arg(
            metavar="WORD [WORD ...]",
            help="Words to show first and to plot a clip of; for --data synthetic those to synthesise.",
            help_behavior_hint="",
        ),
    ] = (),
    speaker_from: Annotated[
        str | None,
        arg(
            metavar="REGEX",
            help="Regular expression whose first group, or group `speaker`, names who speaks, searched in "
            "the path of a file from the data folder on.",
            help_behavior_hint="",
        ),
    ] = None,
) -> None:
    """Show what a corpus holds: words, splits, speakers, durations, sounds."""
    from wordspot.inspection.explore import Exploration

    exploration = Exploration(data, words or COMMANDS, speaker_from=speaker_from)
    written = exploration.save(out, words)
    print(f"read as: {shown(exploration.index.layout)}")
    for table in exploration.tables():
        table.print()
    print(f"recordings of background noise: {len(exploration.index.noises)}")
    print(f"unusable files: {len(exploration.unusable)}")
    for error in exploration.unusable[:10]:
        print(f"  {shown(error)}")
    print("\n".join(f"written: {path}" for path in written))
