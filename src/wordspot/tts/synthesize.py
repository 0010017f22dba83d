"""A corpus of synthetic speech in the layout of Speech Commands, with one clip of each word per speaker."""

import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
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

from wordspot.errors import UsageError, WordspotError
from wordspot.files import atomic_write, locked, output_folder, remove_leftovers, scratch_folder, write_json
from wordspot.layout import BACKGROUND, LISTS, SYNTHETIC, Split, split_of, write_lists
from wordspot.tts.background import NOISES, write_noise
from wordspot.tts.engines import ENGINES, installed_engines
from wordspot.tts.recording import SAMPLE_RATE, SECONDS
from wordspot.tts.say import Request, file_name
from wordspot.tts.settings import EngineName, Synthesis
from wordspot.tts.speakers import Speaker, draw_speaker
from wordspot.tts.words import check_words

SPEAKERS = "speakers.csv"
EDITION = 1
"""Raised when equal settings give other clips than before."""


def synthesize(
    words: Sequence[str], out: str | Path, settings: Synthesis | None = None, *, quiet: bool = False
) -> Path:
    """Synthesise words into the folder `out`; gives that folder.

    Words that are there with all their clips are kept, so that a stopped synthesis resumes; what was deleted
    is made again. Another process that needs the folder meanwhile waits. Leaves
    <word>/<speaker>_nohash_0.wav, _background_noise_, speakers.csv, and synthetic.json, which marks the
    folder as synthetic speech and says how it was made; with an engine held out, also the lists of the
    splits. Raises UsageError for words that can't be said, a missing engine, and a folder with other files or
    with speech made by other settings.
    """
    settings = settings or Synthesis()
    check_words(words)
    engines = choose_engines(settings)
    folder = output_folder(Path(out))
    with locked(folder / SYNTHETIC):
        remove_leftovers(folder)
        check_resumable(folder, describe(engines, settings))
        make_whole(folder, words, engines, settings, quiet=quiet)
    return folder


def make_whole(
    folder: Path, words: Sequence[str], engines: Sequence[EngineName], settings: Synthesis, *, quiet: bool
) -> None:
    """Make what a folder lacks of its words, noise and lists; nothing on most uses of a cached corpus."""
    missing = [word for word in words if len(list((folder / word).glob("*.wav"))) < settings.clips]
    lists = settings.hold_out and not all((folder / name).is_file() for name in LISTS.values())
    if not all((folder / BACKGROUND / f"{name}.wav").is_file() for name in NOISES):
        write_noise(folder / BACKGROUND, settings.seed)
    if not missing and not lists and (folder / SPEAKERS).is_file():
        return
    voices = {engine.name: engine.voices() for engine in ENGINES if engine.name in engines}
    speakers = [draw_speaker(number, voices, settings) for number in range(settings.clips)]
    if settings.hold_out and (missing or lists):
        # Before the first word, so that a stopped synthesis leaves no clips without a split.
        hold_out(folder, words, speakers, settings.hold_out)
    if missing:
        say_words(missing, voices, folder, settings, quiet=quiet)
    if not (folder / SPEAKERS).is_file():
        with atomic_write(folder / SPEAKERS) as part:
            pd.json_normalize([asdict(speaker) for speaker in speakers]).to_csv(part, index=False)


def cached(words: Sequence[str], cache: Path, settings: Synthesis) -> Path:
    """Give a folder under `cache` with synthetic speech of `words` and perhaps others; made where missing."""
    about = json.dumps(describe(choose_engines(settings), settings))
    key = hashlib.sha256(about.encode()).hexdigest()[:8]
    mend = "name another cache folder with WORDSPOT_CACHE="
    stores = output_folder(cache / "synthetic", mend)
    return synthesize(words, stores / f"{settings.clips}-a-word-{key}", settings)


def choose_engines(settings: Synthesis) -> list[EngineName]:
    """Name the engines to use. Raises UsageError where one is not installed, or none is left for training."""
    found = installed_engines()
    for engine in ENGINES:
        if engine.name in (*settings.engines, settings.hold_out) and engine.name not in found:
            raise UsageError(f"{engine.name}: is not installed: pip install 'wordspot[{engine.EXTRA}]'")
    engines = [name for name in found if not settings.engines or name in settings.engines]
    if settings.hold_out and (settings.hold_out not in engines or len(engines) == 1):
        raise UsageError(
            f"hold_out: {settings.hold_out} can't be held out of {', '.join(engines)}: "
            "it must be one of at least two"
        )
    return engines


def describe(engines: Sequence[EngineName], settings: Synthesis) -> dict[str, Any]:
    """Describe how a corpus is made: everything that its clips depend on."""
    used = [engine for engine in ENGINES if engine.name in engines]
    packages = [package for engine in used for package in engine.PACKAGES.values()]
    settings = replace(settings, engines=tuple(engine.name for engine in used))
    return {
        "speech": "synthetic",
        "edition": EDITION,
        "packages": {package: version(package) for package in packages},
        "settings": asdict(settings),
    }


def check_resumable(folder: Path, about: dict[str, Any]) -> None:
    """Write how a new corpus is made, or check that the one in the folder is made the same way."""
    path = folder / SYNTHETIC
    if path.is_file():
        # Compared as text: JSON has lists for tuples.
        if path.read_text(encoding="utf-8", errors="replace").split() != json.dumps(about, indent=2).split():
            raise UsageError(
                f"{folder}: holds synthetic speech made with other settings or packages: choose another --out"
            )
        return
    if folder.is_dir() and any(path.suffix not in (".part", ".lock") for path in folder.iterdir()):
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
    """Synthesise words on all cores; the folder of a word is moved into place when it is complete."""
    console = Console(stderr=True, highlight=False, soft_wrap=True, quiet=quiet)
    console.print(
        f"synthesising {', '.join(words)}: {settings.clips} clips each, with {' and '.join(voices)}"
    )
    with (
        scratch_folder(folder / ".making") as place,
        ThreadPoolExecutor(os.cpu_count()) as pool,
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        bar = progress.add_task("Saying words", total=len(words) * settings.clips)
        left: dict[str, list[Future[int]]] = {}
        for word in words:
            (place / word).mkdir()
            speaking = list(voices)[: settings.clips]  # engines alternate, so that some may have no clip
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
                    shutil.rmtree(folder / word, ignore_errors=True)  # which lacks clips
                    (place / word).rename(folder / word)
        finally:
            pool.shutdown(cancel_futures=True)
    long = [word for word in words if length[word] > SECONDS * SAMPLE_RATE]
    if long:
        seconds = math.ceil(10 * max(length.values()) / SAMPLE_RATE) / 10
        warnings.warn(
            f"{', '.join(long)}: often longer than {SECONDS:g} s: train with --seconds {seconds:.1f}",
            stacklevel=2,
        )


def run(request: Request) -> int:
    """Run a request in a process of its own; gives what `say` gives.

    Raises UsageError where the engine has no sound for the word, and WordspotError where the process fails.
    """
    command = [sys.executable, "-m", "wordspot.tts.say", request.to_json()]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise WordspotError(f"{request.word}: {request.engine} failed ({reason}): run the command again")
    length = int(done.stdout.split()[-1])
    if length == 0:
        raise UsageError(f"words: {request.word}: {request.engine} can't say it: spell it as it sounds")
    return length


def hold_out(folder: Path, words: Sequence[str], speakers: Sequence[Speaker], engine: str) -> None:
    """List the speakers of one engine as the test split; the rule picks validation speakers from the rest."""
    splits: dict[str, Split] = {speaker.name: split_of(speaker.name) for speaker in speakers}
    for speaker in speakers:
        if speaker.engine == engine:
            splits[speaker.name] = "testing"
        elif splits[speaker.name] == "testing":
            splits[speaker.name] = "training"
    there = {path.name for path in folder.iterdir() if path.is_dir() and path.name[0] not in "._"}
    write_lists(
        folder,
        [
            (f"{word}/{file_name(name)}", split)
            for word in there.union(words)
            for name, split in splits.items()
        ],
    )
