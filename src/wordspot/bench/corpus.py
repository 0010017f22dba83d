"""How long it takes to open a corpus, and to pack it."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from wordspot.bench.measurement import Measurement
from wordspot.bench.timing import Ratio, interleaved
from wordspot.config import CorpusConfig
from wordspot.corpus.corpus import open_corpus

ROUNDS = 3
OPENINGS = 5


def time_opening(data: str | Path, config: CorpusConfig) -> Iterator[Measurement]:
    """Time the packing of a corpus into an empty cache, and its opening afterwards, as rates of clips."""
    packed = []
    for _ in range(ROUNDS):
        with empty_cache():
            started = time.perf_counter()
            corpus = open_corpus(data, config)
            packed.append(len(corpus.store.table) / (time.perf_counter() - started))
    yield Measurement(
        "packing, clips a second",
        quartiles(packed),
        f"{len(corpus.store.table):,} clips",
        at_least=8_000,
        limit="decoding on one core",
    )
    corpus = open_corpus(data, config)
    seconds = interleaved({"opening": lambda: open_corpus(data, config)}, OPENINGS)["opening"]
    yield Measurement(
        "opening when packed, seconds",
        quartiles(seconds.tolist()),
        f"{len(corpus.store.table):,} clips",
        at_most=2,
    )


def quartiles(values: list[float]) -> Ratio:
    """Give median and quartiles."""
    low, median, high = np.quantile(values, (0.25, 0.5, 0.75))
    return Ratio(float(median), float(low), float(high))


@contextmanager
def empty_cache() -> Iterator[None]:
    """Keep stores in an empty folder meanwhile."""
    before = os.environ.get("WORDSPOT_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WORDSPOT_CACHE"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["WORDSPOT_CACHE"]
            else:
                os.environ["WORDSPOT_CACHE"] = before
