"""Numbered texts, each said by a speaker of its own, kept in the cache folder: other words, running speech.

`synthesize` has every word said by the same speakers, in a process for each word. That is too slow for a
thousand words of which each has a few clips, so here a process says PER_PROCESS texts.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from rich.console import Console
from rich.progress import Progress

from wordspot.errors import WordspotError
from wordspot.files import atomic_folder, locked, output_folder
from wordspot.tts.engines import ENGINES, start
from wordspot.tts.recording import SAMPLE_RATE, record
from wordspot.tts.say import draw_prosody
from wordspot.tts.settings import EngineName, Synthesis
from wordspot.tts.speakers import draw_speaker
from wordspot.tts.synthesize import choose_engines, describe
from wordspot.tts.task import Task

PER_PROCESS = 100
"""Texts that a process says; what an engine says depends on what it said before, so it is always as many."""


@dataclass(frozen=True)
class Texts(Task):
    """Neighbouring texts for one process."""

    first: int
    """Number of the first text, and so of its speaker."""
    texts: Sequence[str]
    folder: str
    """Folder for <number>.wav."""
    voices: Mapping[EngineName, Sequence[str]]
    """Voices of each engine; the engines alternate."""
    settings: Synthesis


def cached_texts(
    name: str, texts: Sequence[str], cache: Path, settings: Synthesis, *, quiet: bool = False
) -> list[Path]:
    """Give a sound file for each text, made where it is missing: text n is said by speaker n of the settings.

    A longer sequence that begins with the same texts takes those that are there. Another process that needs
    them meanwhile waits. Raises UsageError where no synthesiser is installed.
    """
    engines = choose_engines(settings)
    voices = {engine.name: engine.voices() for engine in ENGINES if engine.name in engines}
    about = describe(engines, settings)
    place = output_folder(cache / "synthetic", "name another cache folder with WORDSPOT_CACHE=")
    files, missing = [], []
    for first in range(0, len(texts), PER_PROCESS):
        some = texts[first : first + PER_PROCESS]
        key = hashlib.sha256(json.dumps([about, first, some]).encode()).hexdigest()[:12]
        folder = place / name / f"{first}-{key}"
        files += [folder / f"{number}.wav" for number in range(first, first + len(some))]
        if not folder.is_dir():
            missing.append((folder, Texts(first, some, "", voices, settings)))
    if missing:
        output_folder(place / name)
        with locked(place / name):
            say_missing(name, missing, quiet=quiet)
    return files


def say_missing(name: str, missing: Sequence[tuple[Path, Texts]], *, quiet: bool) -> None:
    """Say texts on all cores, each group into its folder; groups that are done stay when it is stopped."""
    console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)
    count = sum(len(request.texts) for _, request in missing)
    console.print(f"synthesising {count} clips of {name}, once")
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        bar = progress.add_task(f"Saying {name}", total=count)
        try:
            for said in pool.map(run, missing):
                progress.update(bar, advance=said)
        finally:
            pool.shutdown(cancel_futures=True)


def run(group: tuple[Path, Texts]) -> int:
    """Say a group of texts in a process of its own; gives how many. Raises WordspotError where it fails."""
    folder, request = group
    if folder.is_dir():
        return len(request.texts)  # another process has made it meanwhile
    with atomic_folder(folder) as part:
        asked = Texts(request.first, request.texts, str(part), request.voices, request.settings)
        command = [sys.executable, "-m", "wordspot.tts.texts", asked.to_json()]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["it was killed"])[-1]
            raise WordspotError(f"synthetic speech: failed ({reason}): run the command again")
    return len(request.texts)


def say_texts(request: Texts) -> None:
    """Say texts, each by its speaker, into files with their numbers."""
    engines = {name: start(name) for name in request.voices}
    for number, text in enumerate(request.texts, request.first):
        speaker = draw_speaker(number, request.voices, request.settings)
        engine = engines[next(name for name in engines if name == speaker.engine)]
        draw = np.random.default_rng((request.settings.seed, number, 1))
        sound = engine.say(text, draw_prosody(speaker, request.settings.variety, draw))
        clip = record(sound, engine.sample_rate, speaker, draw)
        path = Path(request.folder) / f"{number}.wav"
        soundfile.write(path, np.round(clip * 32767).astype(np.int16), SAMPLE_RATE, subtype="PCM_16")


if __name__ == "__main__":
    say_texts(Texts.from_json(sys.argv[1]))
