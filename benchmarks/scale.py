"""How much memory packing and training take for as many clips as are asked for. Sizes go to a file of JSON.

    python -m benchmarks.scale --clips 1000000 --out reports/speed/scale.json

A list names a few hundred clips again and again; it is packed into shards, a shuffled pass reads them, and a
small model trains for an epoch. Each step has a process of its own, whose memory is looked at twenty times a
second. It takes 32 kB of disk for each clip of a second. Linux only.
"""

import argparse
import csv
import re
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True)
class Memory:
    """Memory of a process in megabytes, without pages of files that the system may take back."""

    tenths: list[float]
    """Most in each tenth of its time."""

    @property
    def growth(self) -> float:
        """Ratio of the most in the last tenth to the most in the second, when all is loaded."""
        return self.tenths[-1] / self.tenths[1]


def own_mb() -> float:
    """Give the memory of this process that belongs to no file, in megabytes."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(r"RssAnon:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1000


def watched(work: Callable[[], object]) -> Memory:
    """Do some work, and watch the memory of this process."""
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
    return Memory(
        [max(seen[len(seen) * n // 10 : len(seen) * (n + 1) // 10 or 1] or seen[:1]) for n in range(10)]
    )


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


def packing(table: Path, shards: Path, config: CorpusConfig) -> Memory:
    """Pack a list."""
    return watched(partial(pack, table, config, shards, quiet=True))


def reading(shards: Path, config: CorpusConfig) -> Memory:
    """Read all training clips once, shuffled."""

    def read() -> None:
        for _ in open_corpus(shards, config).loader("training", BATCH, shuffle=torch.Generator()):
            pass

    return watched(read)


def training(shards: Path, out: Path, config: CorpusConfig) -> Memory:
    """Train a small model for an epoch."""
    model = RecurrentConfig(hidden_size=16, num_layers=1)
    run = RunConfig(model, config, training=TrainingConfig(epochs=1, batch_size=BATCH))
    return watched(partial(train, run, shards, out, quiet=True))


def alone(work: Callable[..., Memory], *arguments: object) -> Memory:
    """Do some work in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def main() -> None:
    """Do each step, and keep the sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a clip")
    parser.add_argument("--place", type=Path, help="folder with room for the shards")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    console = Console(stderr=True, highlight=False)
    config = CorpusConfig(words=WORDS, seconds=asked.seconds)
    with tempfile.TemporaryDirectory(dir=asked.place) as scratch:
        place = Path(scratch)
        table, shards = place / "clips.csv", place / "shards"
        write_list(table, write_corpus(place / "data"), asked.clips)
        found: dict[str, object] = {"clips": asked.clips, "seconds": asked.seconds}
        for work, arguments in (
            (packing, (table, shards, config)),
            (reading, (shards, config)),
            (training, (shards, place / "run", config)),
        ):
            memory = alone(work, *arguments)
            found[work.__name__] = asdict(memory) | {"growth": memory.growth}
            console.print(
                f"{work.__name__}: {memory.tenths[-1]:.0f} MB at the end, {memory.growth:.2f} of before"
            )
        found["training_clips"] = open_corpus(shards, config).count("training")
        found["bytes"] = sum(path.stat().st_size for path in shards.rglob("*") if path.is_file())
        write_json(asked.out, found)


if __name__ == "__main__":
    main()
