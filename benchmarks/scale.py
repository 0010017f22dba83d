"""How much memory packing and training take for as many clips as are asked for. Sizes go to a file of JSON.

    python -m benchmarks.scale --clips 1000000 --out reports/speed/scale.json

A list names a few clips again and again; it is packed into shards, a shuffled pass reads them, and a small
model trains for an epoch: for a tenth of the clips, and for all. Each step has a process of its own, whose
memory is looked at twenty times a second, without pages of files that the system may take back. It takes
32 kB of disk for each clip of a second. Linux only.
"""

import argparse
import csv
import re
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread

import torch
from rich.console import Console
from tests.conftest import WORDS, write_corpus

from wordspot.config import CorpusConfig, RecurrentConfig, RunConfig, TrainingConfig
from wordspot.corpus.corpus import open_corpus
from wordspot.corpus.pack import pack
from wordspot.files import write_json
from wordspot.layout import speaker_of, split_of
from wordspot.training.loop import train

BATCH = 64


def own_mb() -> float:
    """Give the memory of this process that belongs to no file, in megabytes."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(r"RssAnon:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1000


def watched(work: Callable[[], object]) -> float:
    """Do some work; gives the most memory that this process had meanwhile, in megabytes."""
    seen, done = [own_mb()], Event()

    def watch() -> None:
        while not done.wait(0.05):
            seen.append(own_mb())

    watcher = Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return max(seen)


def write_list(table: Path, data: Path, clips: int) -> None:
    """List the clips of a corpus, those for training again and again, until there are as many."""
    paths = sorted(data.rglob("*.wav"), key=lambda path: split_of(speaker_of(path.stem)) == "training")
    held_out = sum(split_of(speaker_of(path.stem)) != "training" for path in paths)
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "word", "speaker"])
        for number in range(clips):
            again = held_out + (number - held_out) % (len(paths) - held_out)
            path = paths[number if number < held_out else again]
            rows.writerow([path, path.parent.name, speaker_of(path.stem)])


def packing(table: Path, shards: Path, config: CorpusConfig) -> float:
    """Pack a list."""
    return watched(partial(pack, table, config, shards, quiet=True))


def reading(shards: Path, config: CorpusConfig) -> float:
    """Read all training clips once, shuffled."""

    def read() -> None:
        for _ in open_corpus(shards, config).loader("training", BATCH, shuffle=torch.Generator()):
            pass

    return watched(read)


def training(shards: Path, out: Path, config: CorpusConfig) -> float:
    """Train a small model for an epoch."""
    model = RecurrentConfig(hidden_size=16, num_layers=1)
    run = RunConfig(model, config, training=TrainingConfig(epochs=1, batch_size=BATCH))
    return watched(partial(train, run, shards, out, quiet=True))


def alone(work: Callable[..., float], *arguments: object) -> float:
    """Do some work in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def sizes(clips: int, config: CorpusConfig, place: Path) -> dict[str, float]:
    """Do each step for as many clips; gives its memory in megabytes, and the bytes of the shards."""
    place.mkdir()
    table, shards = place / "clips.csv", place / "shards"
    write_list(table, write_corpus(place / "data"), clips)
    found = {
        "clips": clips,
        "packing_mb": alone(packing, table, shards, config),
        "reading_mb": alone(reading, shards, config),
        "training_mb": alone(training, shards, place / "run", config),
        "training_clips": open_corpus(shards, config).count("training"),
        "bytes": sum(path.stat().st_size for path in shards.rglob("*") if path.is_file()),
    }
    shutil.rmtree(place)
    return found


def main() -> None:
    """Do it all for a tenth of the clips and for all, and keep the sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a clip")
    parser.add_argument("--place", type=Path, help="folder with room for the shards")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    config = CorpusConfig(words=WORDS, seconds=asked.seconds)
    found = []
    with tempfile.TemporaryDirectory(dir=asked.place) as scratch:
        for clips in (asked.clips // 10, asked.clips):
            found.append(sizes(clips, config, Path(scratch) / f"{clips}"))
            Console(stderr=True, highlight=False).print(found[-1])
    write_json(asked.out, {"seconds": asked.seconds, "sizes": found})


if __name__ == "__main__":
    main()
