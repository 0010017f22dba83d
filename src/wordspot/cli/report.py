"""wordspot report."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from wordspot.cli.options import HowToRun
from wordspot.config import Runtime
from wordspot.errors import UsageError


def report(
    study: Annotated[
        Positional[Path],
        arg(metavar="STUDY", help="Folder of a study with the family or the controlled models."),
    ],
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
    data: Annotated[
        str | None,
        arg(
            metavar="DIR",
            help="The study's clips, to be measured: how they differ, and what explains mistakes. The study "
            "keeps that for later reports.",
            help_behavior_hint="",
        ),
    ] = None,
    discussion: Annotated[
        Path | None,
        arg(
            metavar="FILE",
            help="Markdown with an author's text for sections of the report, see docs/report.md.",
            help_behavior_hint="",
        ),
    ] = None,
    runtime: HowToRun = Runtime(),
) -> None:
    """Write the report of a study as a PDF of a few pages."""
    try:
        from wordspot.reporting.report import write_report
    except ModuleNotFoundError as error:
        raise UsageError(f"report: {error.name} is missing: pip install 'wordspot[report]'") from None

    written = write_report(study, out, corpus=corpus, data=data, discussion=discussion, runtime=runtime)
    print(f"report: {written}")
