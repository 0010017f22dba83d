"""wordspot report."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from wordspot.errors import UsageError


def report(
    study: Annotated[Positional[Path], arg(metavar="STUDY", help="Folder of a study with the family.")],
    out: Annotated[
        Path | None,
        arg(
            metavar="PDF",
            help="Report to write; report.pdf in the study by default.",
            help_behavior_hint="",
        ),
    ] = None,
    corpus: Annotated[
        str | None,
        arg(
            metavar="TEXT",
            help="Short description of the recordings; their folder by default.",
            help_behavior_hint="",
        ),
    ] = None,
) -> None:
    """Write the report of a study as a PDF of a few pages."""
    try:
        from wordspot.reporting.report import write_report
    except ModuleNotFoundError as error:
        raise UsageError(f"report: {error.name} is missing: pip install 'wordspot[report]'") from None

    print(f"report: {write_report(study, out, corpus=corpus)}")
