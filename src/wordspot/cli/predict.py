"""wordspot predict."""

import json
import warnings
from pathlib import Path
from typing import Annotated

from tyro.conf import FlagCreatePairsOff, Positional, arg

from wordspot.cli.options import HowToRun
from wordspot.config import Runtime
from wordspot.errors import ClipError, UsageError


def predict(
    paths: Annotated[
        Positional[tuple[Path, ...]],
        arg(
            metavar="PATH [PATH ...]",
            help="WAV or FLAC files, or folders with such files.",
            help_behavior_hint="",
        ),
    ],
    run: Annotated[
        str, arg(metavar="RUN", help="Folder of a trained run, or the name of a pretrained recogniser.")
    ] = "wordspot",
    json_lines: Annotated[
        FlagCreatePairsOff[bool],
        arg(name="json", help="Print one line of JSON per file, with the probability of every word."),
    ] = False,
    runtime: HowToRun = Runtime(),
) -> None:
    """Recognise the word in sound files, with its probability."""
    from wordspot.audio.io import find_sound_files
    from wordspot.device import computing
    from wordspot.runs.run import Run

    if not paths:
        raise UsageError("predict: name sound files, or folders with sound files")
    with computing(runtime) as device:
        recognizer = Run(run).recognizer.to(device)
        limit = recognizer.config.corpus.seconds
        for path in find_sound_files(paths):
            try:
                prediction = recognizer.predict(path, convert=runtime.convert)
            except ClipError as error:
                if not runtime.skip_bad:
                    raise
                warnings.warn(f"left out {error}", stacklevel=1)
                continue
            if prediction.seconds > limit:
                warnings.warn(
                    f"{path} is {prediction.seconds:.2f} s long; only the first {limit:g} s are used",
                    stacklevel=1,
                )
            if json_lines:
                print(
                    json.dumps(
                        {
                            "path": str(path),
                            "word": prediction.word,
                            "probability": prediction.probability,
                            "probabilities": prediction.probabilities,
                        }
                    )
                )
            else:
                print(f"{prediction.word:<12} {prediction.probability:6.1%}  {path}")
