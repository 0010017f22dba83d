"""wordspot tables."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg


def tables(
    study: Annotated[
        Positional[Path], arg(metavar="STUDY", help="Folder of a study; its runs may lack weights.")
    ],
    out: Annotated[
        Path, arg(metavar="DIR", help="Folder for the tables (Markdown, JSON) and figures (SVG).")
    ],
) -> None:
    """Make the tables of a study again from what its runs keep, without clips, and check that they agree."""
    from wordspot.errors import WordspotError
    from wordspot.experiments.study import SUMMARY
    from wordspot.experiments.tables import remake_study
    from wordspot.files import read_text

    remake_study(study, out)
    if read_text(out / SUMMARY) != read_text(study / SUMMARY):
        raise WordspotError(f"{out / SUMMARY}: other tables than {study / SUMMARY}: compare the two")
    print(f"tables: {out / SUMMARY}, the same as {study / SUMMARY}")
