"""wordspot predict."""

import json
import warnings
from pathlib import Path
from typing import Annotated

from tyro.conf import FlagCreatePairsOff, Positional, arg

from wordspot.cli.options import Convert, SkipBad
from wordspot.errors import ClipError, UsageError


def predict(
    paths: Annotated[
        Positional[tuple[Path, ...]],
        arg(metavar="PATH", help="WAV or FLAC files, or folders that hold them."),
    ],
    run: Annotated[
        str,
        arg(metavar="RUN", help="Folder of a trained run, or the name of a recogniser of the program's own."),
    ] = "wordspot",
    json_lines: Annotated[
        FlagCreatePairsOff[bool],
        arg(name="json", help="Print a line of JSON for each file, with the probability of every word."),
    ] = False,
    convert: Convert = False,
    skip_bad: SkipBad = False,
) -> None:
    """Recognise sound files: the word and its probability for each."""
    from wordspot.corpus.audio import find_sound_files
    from wordspot.models.recognizer import load

    if not paths:
        raise UsageError("predict: name sound files, or folders that hold them")
    recognizer = load(run)
    limit = recognizer.config.corpus.seconds
    for path in find_sound_files(paths):
        try:
            heard = recognizer.predict(path, convert=convert)
        except ClipError as error:
            if not skip_bad:
                raise
            warnings.warn(f"left out {error}", stacklevel=1)
            continue
        if heard.seconds > limit:
            warnings.warn(f"{path} lasts {heard.seconds:.2f} s; heard is the first {limit:g} s", stacklevel=1)
        if json_lines:
            print(
                json.dumps(
                    {
                        "path": str(path),
                        "word": heard.word,
                        "probability": heard.probability,
                        "probabilities": heard.probabilities,
                    }
                )
            )
        else:
            print(f"{heard.word:<12} {heard.probability:6.1%}  {path}")
