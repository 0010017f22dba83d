"""A corpus of synthetic speech in the data set's own layout: a folder for each word, each voice a speaker."""

import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import Progress

from wordspot.corpus.folder import BACKGROUND, SYNTHETIC
from wordspot.corpus.index import Split
from wordspot.corpus.partition import split_of, write_lists
from wordspot.corpus.synthetic.engines import ENGINES, installed_engines
from wordspot.corpus.synthetic.noise import write_noise
from wordspot.corpus.synthetic.recording import RATE_HZ, SECONDS
from wordspot.corpus.synthetic.say import Request, file_name
from wordspot.corpus.synthetic.settings import EngineName, Synthesis
from wordspot.corpus.synthetic.speakers import Speaker, draw_speaker
from wordspot.corpus.synthetic.words import check_words
from wordspot.errors import UsageError, WordspotError
from wordspot.files import output_folder, whole_file, write_json

SPEAKERS = "speakers.csv"
EDITION = 1
"""Counted up when equal settings give other clips than before."""


def synthesize(
    words: Sequence[str], out: str | Path, settings: Synthesis | None = None, *, quiet: bool = False
) -> Path:
    """Say each word as many times as `settings` ask, in the folder `out`; gives that folder.

    Words that are there already are left as they are, so that a synthesis that was stopped goes on. Leaves
    <word>/<speaker>_nohash_0.wav, _background_noise_, speakers.csv and synthetic.json, which says how it was
    made and by which the program knows synthetic speech; with an engine held out, also the lists of the
    partition. Raises UsageError for words that can't be said, a missing engine, and a folder that holds other
    files or speech that was made otherwise.
    """
    settings = settings or Synthesis()
    check_words(words)
    engines = choose_engines(settings)
    folder = Path(out)
    claim(folder, describe(engines, settings))
    missing = [word for word in words if not (folder / word).is_dir()]
    if not missing and (folder / SPEAKERS).is_file():
        return folder  # nobody need be drawn, as on every use of a corpus in the cache but the first
    voices = {engine.name: engine.voices() for engine in ENGINES if engine.name in engines}
    speakers = [draw_speaker(number, voices, settings) for number in range(settings.clips)]
    if settings.hold_out and missing:
        # Before any word is there: a synthesis that is stopped must not leave clips that stand in no part.
        hold_out(folder, words, speakers, settings.hold_out)
    if not (folder / BACKGROUND).is_dir():
        write_noise(folder / BACKGROUND, settings.seed)
    if missing:
        say_words(missing, voices, folder, settings, quiet=quiet)
    if not (folder / SPEAKERS).is_file():
        with whole_file(folder / SPEAKERS) as part:
            pd.json_normalize([asdict(speaker) for speaker in speakers]).to_csv(part, index=False)
    return folder


def cached(words: Sequence[str], cache: Path, settings: Synthesis) -> Path:
    """Give a folder under `cache` with synthetic speech of at least `words`; made where it is missing."""
    about = json.dumps(describe(choose_engines(settings), settings))
    key = hashlib.sha256(about.encode()).hexdigest()[:8]
    mend = "name another cache folder with WORDSPOT_CACHE="
    stores = output_folder(cache / "synthetic", mend)
    return synthesize(words, stores / f"{settings.clips}-a-word-{key}", settings)


def choose_engines(settings: Synthesis) -> list[EngineName]:
    """Name the engines to use. Raises UsageError where one isn't installed, or none is left to train by."""
    found = installed_engines()
    for engine in ENGINES:
        if engine.name in (*settings.engines, settings.hold_out) and engine.name not in found:
            raise UsageError(f"{engine.name}: isn't installed: pip install 'wordspot[{engine.EXTRA}]'")
    engines = [name for name in found if not settings.engines or name in settings.engines]
    if settings.hold_out and (settings.hold_out not in engines or len(engines) == 1):
        raise UsageError(
            f"hold_out: {settings.hold_out} can't be held out of {', '.join(engines)}: "
            "it must be one of at least two"
        )
    return engines


def describe(engines: Sequence[EngineName], settings: Synthesis) -> dict[str, Any]:
    """Say how a corpus is made: all that its clips depend on."""
    used = [engine for engine in ENGINES if engine.name in engines]
    packages = [package for engine in used for package in engine.PACKAGES.values()]
    settings = replace(settings, engines=tuple(engine.name for engine in used))
    return {
        "speech": "synthetic",
        "edition": EDITION,
        "packages": {package: version(package) for package in packages},
        "settings": asdict(settings),
    }


def claim(folder: Path, about: dict[str, Any]) -> None:
    """Write how a new corpus is made, or check that the one that is there was made so."""
    path = folder / SYNTHETIC
    if path.is_file():
        # Compared as text: JSON has lists for tuples.
        if path.read_text(encoding="utf-8", errors="replace").split() != json.dumps(about, indent=2).split():
            raise UsageError(
                f"{folder}: holds synthetic speech that was made otherwise: choose another --out"
            )
        return
    if folder.is_dir() and any(path.suffix != ".part" for path in folder.iterdir()):
        raise UsageError(f"{folder}: holds other files: choose a new or an empty folder with --out")
    write_json(output_folder(folder) / SYNTHETIC, about)


def say_words(
    words: Sequence[str],
    voices: dict[EngineName, list[str]],
    folder: Path,
    settings: Synthesis,
    *,
    quiet: bool,
) -> None:
    """Say words on all cores, and put each word's folder into place when it is whole."""
    console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)
    console.print(f"saying {', '.join(words)}: {settings.clips} clips of each, by {' and '.join(voices)}")
    with (
        tempfile.TemporaryDirectory(prefix=".making-", dir=folder) as scratch,
        ThreadPoolExecutor(os.cpu_count()) as pool,
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        bar = progress.add_task("Saying words", total=len(words) * settings.clips)
        place = Path(scratch)
        left: dict[str, list[Future[int]]] = {}
        for word in words:
            (place / word).mkdir()
            speaking = list(voices)[: settings.clips]  # they take turns, and some may have none
            requests = [Request(word, engine, str(place / word), voices, settings) for engine in speaking]
            left[word] = [pool.submit(run, request) for request in requests]
        length: dict[str, int] = {}
        try:
            while left:
                pending = [future for futures in left.values() for future in futures]
                wait(pending, timeout=0.5)
                spoken = len(list(place.rglob("*.wav"))) + len(length) * settings.clips
                progress.update(bar, completed=spoken)
                for word in [word for word, futures in left.items() if all(one.done() for one in futures)]:
                    length[word] = max(future.result() for future in left.pop(word))
                    if not (folder / word).is_dir():  # or another process said it meanwhile, the same
                        (place / word).rename(folder / word)
        finally:
            pool.shutdown(cancel_futures=True)
    long = [word for word in words if length[word] > SECONDS * RATE_HZ]
    if long:
        seconds = math.ceil(10 * max(length.values()) / RATE_HZ) / 10
        warnings.warn(
            f"{', '.join(long)}: often longer than {SECONDS:g} s: train with --seconds {seconds:.1f}",
            stacklevel=2,
        )


def run(request: Request) -> int:
    """Run a request in a process of its own; gives what `say` gives.

    Raises UsageError where the engine has no sound for the word, and WordspotError where the process fails.
    """
    command = [sys.executable, "-m", "wordspot.corpus.synthetic.say", request.to_json()]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise WordspotError(f"{request.word}: {request.engine} failed ({reason}): run the command again")
    length = int(done.stdout.split()[-1])
    if length == 0:
        raise UsageError(
            f"words: {request.word}: {request.engine} has no sound for it: spell it as it sounds"
        )
    return length


def hold_out(folder: Path, words: Sequence[str], speakers: Sequence[Speaker], engine: str) -> None:
    """List an engine's speakers as the test part, and those that the rule has validate; all others train."""
    parts: dict[str, Split] = {speaker.name: split_of(speaker.name) for speaker in speakers}
    for speaker in speakers:
        if speaker.engine == engine:
            parts[speaker.name] = "testing"
        elif parts[speaker.name] == "testing":
            parts[speaker.name] = "training"
    there = {path.name for path in folder.iterdir() if path.is_dir() and path.name[0] not in "._"}
    write_lists(
        folder,
        [(f"{word}/{file_name(name)}", part) for word in there.union(words) for name, part in parts.items()],
    )
