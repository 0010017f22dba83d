"""How long it takes to pack a corpus and to open it, and what memory that takes."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wordspot.bench.measurement import Measurement
from wordspot.bench.timing import quartiles
from wordspot.config import CorpusConfig
from wordspot.corpus.corpus import Corpus
from wordspot.corpus.sources import find_index

ROUNDS = 5
OPEN = """
import json, re, sys, time
from pathlib import Path
from wordspot.corpus.corpus import open_corpus
started = time.perf_counter()
corpus = open_corpus(sys.argv[1], words=tuple(sys.argv[2:]))
seconds = time.perf_counter() - started
status = Path("/proc/self/status").read_text()  # the peak that getrusage gives may be that of the parent
peak_mb = int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) / 1000
print(json.dumps([len(corpus.store.table), seconds, peak_mb]))
"""


@dataclass(frozen=True)
class Opening:
    """One opening of a corpus in a process of its own."""

    clips: int
    seconds: float
    peak_mb: float
    """Peak memory of the process, with torch in it; Linux only."""


def open_once(data: str | Path, config: CorpusConfig, cache: str) -> Opening:
    """Open a corpus in a new process; its clips are packed first where the cache has them not."""
    command = [sys.executable, "-c", OPEN, str(data), *config.words]
    environment = os.environ | {"WORDSPOT_CACHE": cache}
    answer = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    return Opening(*json.loads(answer))


def time_opening(data: str | Path, config: CorpusConfig, large: int | None) -> Iterator[Measurement]:
    """Time packing and opening, also of `large` clips where that is asked for: the corpus repeated."""
    yield from of_one(data, config)
    if large is not None:
        with tempfile.TemporaryDirectory() as folder:
            repeat(data, config, Path(folder), large)
            yield from of_one(folder, config)


def of_one(data: str | Path, config: CorpusConfig) -> Iterator[Measurement]:
    """Pack a corpus into an empty cache, and open it some times."""
    with tempfile.TemporaryDirectory() as cache:
        packed = open_once(data, config, cache)
        opened = [open_once(data, config, cache) for _ in range(ROUNDS)]
    yield Measurement(
        f"packing {packed.clips:,} clips: clips a second",
        quartiles(np.array([packed.clips / packed.seconds])),
        f"{packed.seconds:.1f} s, peak memory {packed.peak_mb:,.0f} MB",
        at_least=8_000,
        limit="reading and decoding on one core",
    )
    yield Measurement(
        f"opening {packed.clips:,} packed clips: seconds",
        quartiles(np.array([one.seconds for one in opened])),
        f"peak memory {max(one.peak_mb for one in opened):,.0f} MB",
        at_most=2,
    )


def training_files(data: str | Path, corpus: Corpus) -> list[Path]:
    """List the files of the training clips of a corpus that was opened from `data`, in its order."""
    root = find_index(data, corpus.config.words).root
    return [root / path for path in corpus.table("training")["path"]]


def repeat(data: str | Path, config: CorpusConfig, folder: Path, clips: int) -> None:
    """Fill a folder with as many clips of the chosen words, by links under other speakers' names."""
    index = find_index(data, config.words)
    chosen = [clip for clip in index.clips if clip.word in config.words]
    for word in config.words:
        (folder / word).mkdir()
    for number in range(clips):
        clip, turn = chosen[number % len(chosen)], number // len(chosen)
        name = f"{clip.speaker}x{turn}_nohash_{number}.wav"
        (folder / clip.word / name).symlink_to(Path(index.file(clip)).resolve())
