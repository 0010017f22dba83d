"""wordspot notebook."""

from pathlib import Path
from typing import Annotated

from tyro.conf import FlagCreatePairsOff, arg

from wordspot.cli.options import Data, HowToRun
from wordspot.config import COMMANDS, Runtime
from wordspot.errors import UsageError


def notebook(
    data: Data,
    out: Annotated[Path, arg(metavar="IPYNB", help="Notebook to write, with outputs.")],
    study: Annotated[
        Path | None,
        arg(
            metavar="DIR",
            help="Folder of a finished study to show, or of the small runs that are trained without one.",
            help_behavior_hint="",
        ),
    ] = None,
    source: Annotated[
        Path | None,
        arg(
            metavar="PY",
            help="A notebook as a script (jupytext); that of the program by default.",
            help_behavior_hint="",
        ),
    ] = None,
    words: Annotated[
        tuple[str, ...],
        arg(metavar="WORD [WORD ...]", help="Words, where no study is shown; by default as in `train`."),
    ] = (COMMANDS),
    quick: Annotated[
        FlagCreatePairsOff[bool],
        arg(help="Every step in minutes, with few epochs and clips."),
    ] = False,
    discussion: Annotated[
        Path | None,
        arg(
            metavar="MD",
            help="Markdown with an author's paragraphs, each under a heading that names its place.",
            help_behavior_hint="",
        ),
    ] = None,
    without_sounds: Annotated[
        FlagCreatePairsOff[bool], arg(help="Leave audio out of the notebook, for a copy to hand on.")
    ] = False,
    runtime: HowToRun = Runtime(),
) -> None:
    """Run the notebook of the whole work on a corpus and keep it with its outputs."""
    try:
        from wordspot.reporting.notebook import SOURCE, write_notebook
    except ModuleNotFoundError as error:
        raise UsageError(f"notebook: {error.name} is missing: pip install 'wordspot[notebook]'") from None

    path = write_notebook(
        source or SOURCE,
        data,
        study,
        out,
        runtime,
        words=words,
        quick=quick,
        discussion=discussion,
        without_sounds=without_sounds,
    )
    print(f"notebook: {path}")
