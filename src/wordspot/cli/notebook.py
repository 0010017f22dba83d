"""wordspot notebook."""

from pathlib import Path
from typing import Annotated

from tyro.conf import FlagCreatePairsOff, arg

from wordspot.cli.options import Convert, Data, SkipBad
from wordspot.config import COMMANDS
from wordspot.errors import UsageError


def notebook(
    data: Data,
    study: Annotated[
        Path, arg(metavar="DIR", help="Folder of a study, whose experiments are shown; or of a new one.")
    ],
    out: Annotated[Path, arg(metavar="IPYNB", help="The notebook to write, with its outputs.")],
    source: Annotated[Path, arg(metavar="PY", help="The notebook as a script.")] = Path(
        "notebooks/spoken_words.py"
    ),
    words: Annotated[tuple[str, ...], arg(metavar="WORD", help="The words of a new study.")] = COMMANDS,
    quick: Annotated[
        FlagCreatePairsOff[bool],
        arg(help="For a new study: every step in minutes, with few epochs and clips."),
    ] = False,
    without_sounds: Annotated[
        FlagCreatePairsOff[bool], arg(help="Keep no recording in the notebook, to hand it on without them.")
    ] = False,
    convert: Convert = False,
    skip_bad: SkipBad = False,
) -> None:
    """Run the notebook of the whole work on one's own clips and keep it with its outputs."""
    try:
        from wordspot.study.notebook import write_notebook
    except ModuleNotFoundError as error:
        raise UsageError(f"notebook: {error.name} is missing: pip install 'wordspot[notebook]'") from None

    path = write_notebook(
        source,
        data,
        study,
        out,
        words=words,
        quick=quick,
        convert=convert,
        skip_bad=skip_bad,
        without_sounds=without_sounds,
    )
    print(f"notebook: {path}")
