"""wordspot predict."""

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import FlagCreatePairsOff, Positional, arg

from wordspot.cli.options import HowToRun
from wordspot.config import Runtime
from wordspot.errors import UsageError
from wordspot.text import shown

if TYPE_CHECKING:
    from wordspot.models.recognizer import Prediction


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
    from rich.console import Console
    from rich.progress import Progress

    from wordspot.audio.io import find_sound_files
    from wordspot.device import computing
    from wordspot.runs.run import Run

    if not paths:
        raise UsageError("predict: name sound files, or folders with sound files")
    console = Console(stderr=True, soft_wrap=True)
    progress = Progress(
        console=console,
        transient=True,
        redirect_stdout=sys.stdout.isatty(),  # else what is printed would go where the bar goes
        disable=not console.is_terminal,
    )
    with computing(runtime) as device:
        recognizer = Run(run).recognizer.to(device)
        files = find_sound_files(paths)
        limit = recognizer.config.corpus.seconds
        predictions = recognizer.predict_files(files, convert=runtime.convert, skip_bad=runtime.skip_bad)
        with progress:
            for path, prediction in progress.track(predictions, len(files), description="Recognising"):
                if prediction.seconds > limit:
                    warnings.warn(
                        f"{path} is {prediction.seconds:.2f} s long; only the first {limit:g} s are used",
                        stacklevel=1,
                    )
                print(as_json(path, prediction) if json_lines else as_text(path, prediction))


def as_json(path: Path, prediction: "Prediction") -> str:
    """Write a prediction as a line of JSON."""
    return json.dumps(
        {
            "path": str(path),
            "word": prediction.word,
            "probability": prediction.probability,
            "probabilities": prediction.probabilities,
        }
    )


def as_text(path: Path, prediction: "Prediction") -> str:
    """Write a prediction as a line of a table."""
    return f"{prediction.word:<12} {prediction.probability:6.1%}  {shown(path)}"
