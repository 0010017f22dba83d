"""wordspot detect."""

import warnings
from pathlib import Path
from typing import Annotated

from tyro.conf import FlagCreatePairsOff, Positional, arg

from wordspot.cli.options import HowToRun, Listener
from wordspot.config import SILENCE, UNKNOWN, Runtime
from wordspot.deploy.settings import Detection
from wordspot.errors import ClipError, UsageError


def detect(
    settings: Annotated[FlagCreatePairsOff[Detection], arg(name="")],
    run: Listener,
    paths: Annotated[
        Positional[tuple[Path, ...]],
        arg(
            metavar="[PATH ...]",
            help="WAV or FLAC files of any length, rate and number of channels, or folders with such files.",
            help_behavior_hint="",
        ),
    ] = (),
    microphone: Annotated[FlagCreatePairsOff[bool], arg(help="Listen to the microphone.")] = False,
    input: Annotated[
        str | None,
        arg(
            metavar="NAME",
            help="Microphone to listen to; the system's own by default.",
            help_behavior_hint="",
        ),
    ] = None,
    json_lines: Annotated[
        FlagCreatePairsOff[bool], arg(name="json", help="Print one line of JSON per word.")
    ] = False,
    runtime: HowToRun = Runtime(),
) -> None:
    """Find words in long recordings or in live sound: word, start, end, confidence."""
    from wordspot.audio.io import find_sound_files
    from wordspot.deploy.detector import open_recognizer
    from wordspot.deploy.live import detect_in_file, detect_live
    from wordspot.deploy.sound import open_microphone
    from wordspot.device import computing

    if microphone == bool(paths):
        raise UsageError("detect: name sound files or folders, or listen to the --microphone")
    if runtime.device != "cpu":
        raise UsageError(f"device: detect runs on the CPU, not on {runtime.device}: leave out --device")
    with computing(runtime):
        recognizer = open_recognizer(run)
        if not {UNKNOWN, SILENCE} <= set(recognizer.classes):
            warnings.warn(
                f"{run} has no classes for other words and silence: it may name a word for any sound "
                "(train with --unknown --silence)",
                stacklevel=1,
            )
        if microphone:
            with open_microphone(input) as source:
                detect_live(source, recognizer, settings, json_lines=json_lines)
            return
        for path in find_sound_files(paths):
            try:
                detect_in_file(path, recognizer, settings, json_lines=json_lines)
            except ClipError as error:
                if not runtime.skip_bad:
                    raise
                warnings.warn(f"left out {error}", stacklevel=1)
