"""wordspot report."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from wordspot.errors import UsageError


def report(
    study: Annotated[Positional[Path], arg(metavar="STUDY", help="Folder of a study with the family.")],
    out: Annotated[
        Path | None, arg(metavar="PDF", help="The report to write; report.pdf in the study where left out.")
    ] = None,
    corpus: Annotated[
        str | None, arg(metavar="WORDS", help="What the recordings are, in a few words of your own.")
    ] = None,
) -> None:
    """Write the report of a study: a PDF of a few pages, every number of which the study gave."""
    try:
        from wordspot.study.report import write_report
    except ModuleNotFoundError as error:
        raise UsageError(f"report: {error.name} is missing: pip install 'wordspot[report]'") from None

    print(f"report: {write_report(study, out, corpus=corpus)}")
