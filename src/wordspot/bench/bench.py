"""Everything that is measured of the program's speed, in one run."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from wordspot.bench import plain
from wordspot.bench.corpus import time_opening, training_files
from wordspot.bench.growth import time_growth
from wordspot.bench.jobs import time_two_at_once
from wordspot.bench.limits import copy_rate, matrix_product_rate
from wordspot.bench.measurement import Measurement
from wordspot.bench.prediction import time_many_files, time_one_clip
from wordspot.bench.training import (
    time_augmentation,
    time_epochs,
    time_features,
    time_precision,
    time_tutorial,
)
from wordspot.bench.worker import worker
from wordspot.config import CorpusConfig, Runtime
from wordspot.corpus.corpus import Corpus, open_corpus
from wordspot.device import computing
from wordspot.errors import UsageError
from wordspot.runs.provenance import provenance_of
from wordspot.runs.run import pretrained


def run_bench(
    data: str | Path, config: CorpusConfig, large: int | None = None
) -> tuple[list[Measurement], dict[str, Any]]:
    """Measure on the clips of a corpus, on one thread; gives measurements, and what they were made with.

    With `large`, a corpus of that many clips is made of links to them, packed and opened too. Whatever else
    runs on the machine meanwhile is in the figures. Raises UsageError where `large` is less than the corpus
    has, and what `open_corpus` raises.
    """
    with computing(Runtime(threads=1)) as device:
        corpus = open_corpus(data, config)
        if large is not None and large < len(corpus.store.table):
            raise UsageError(f"large: {large} must be at least the {len(corpus.store.table)} clips of {data}")
        about = provenance_of(corpus, device, "float32") | {
            "matrix_products_gflops": matrix_product_rate() / 1e9,
            "copies_gb_per_second": copy_rate() / 1e9,
        }
        console = Console(stderr=True)
        found = []
        with console.status("measuring") as status:
            for one in measurements(data, corpus, large):
                found.append(one)
                status.update(f"measured: {one.name}")
        return found, about


def measurements(data: str | Path, corpus: Corpus, large: int | None) -> Iterator[Measurement]:
    """Make every measurement."""
    files = training_files(data, corpus)
    with worker(plain.__name__, [str(data), *corpus.config.words]) as process:
        yield from time_features(corpus, process)
        yield from time_tutorial(corpus, process)
    yield time_augmentation(corpus)
    yield from time_epochs(corpus)
    yield from time_precision(corpus)
    for name in pretrained():
        yield time_one_clip(name)
        yield time_many_files(name, files)
    yield time_two_at_once(data, corpus.config)
    yield from time_growth()
    yield from time_opening(data, corpus.config, large)


def as_json(found: list[Measurement], about: dict[str, Any]) -> dict[str, Any]:
    """Give measurements as they are kept."""
    kept = [asdict(one) | {"goal": one.goal, "reached": one.reached} for one in found]
    return {"measurements": kept, "made_with": about}
