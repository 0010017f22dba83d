"""Training clips in shards, each a small store: read one after the other, so that memory doesn't grow.

The order of an epoch is that of webdataset's pipelines: shards shuffled, clips shuffled among those of a few
shards at a time. webdataset itself hands on a clip at a time, out of a tar: ten times the work of copying the
clips of a shard at once, and an order that follows from no seed of an epoch.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch.utils.data import IterableDataset

from wordspot.config import CorpusConfig
from wordspot.corpus.dataset import Batch, leaves_out_last
from wordspot.corpus.store import Store, load_store
from wordspot.errors import UsageError, WordspotError
from wordspot.files import read_json
from wordspot.schema import validated
from wordspot.share import ALONE, Share

ABOUT, HELD_OUT = "shards.json", "held-out"
SHARD = 4096
"""Clips of a shard: 131 MB at one second and 16 kHz."""
TOGETHER = 4
"""Shards whose clips are shuffled among each other, and are in memory at once."""
PIECE = 256
"""Clips of a shard that are copied at once, since a copy of them is made on the way."""


@dataclass(frozen=True)
class About:
    """What is known of a corpus in shards."""

    corpus: CorpusConfig
    clips: list[int] = field(default_factory=list)
    """Of each shard; empty while they are packed."""
    fingerprint: str = ""
    speakers: list[str] = field(default_factory=list)
    """Of the training clips."""
    skipped: list[str] = field(default_factory=list)
    """Clips left out, with the reason."""
    synthetic: bool = False

    @classmethod
    def read(cls, folder: Path) -> "About":
        """Read it from a folder of shards. Raises WordspotError where that is damaged."""
        try:
            return validated(cls, read_json(folder / ABOUT))
        except (ValueError, UsageError):
            raise WordspotError(f"{folder / ABOUT}: damaged: run `wordspot pack` again") from None


@dataclass(frozen=True)
class Shards:
    """The training clips of a corpus, in stores under a folder."""

    folder: Path
    clips: list[int]
    """Of each shard."""
    config: CorpusConfig

    @property
    def held_out(self) -> Store:
        """The other clips. Raises WordspotError where they are damaged or missing."""
        return self._opened(self.folder / HELD_OUT)

    def open(self, number: int) -> Store:
        """Open a shard. Raises WordspotError where it is damaged or missing."""
        return self._opened(shard_folder(self.folder, number), self.clips[number])

    def _opened(self, place: Path, clips: int | None = None) -> Store:
        store = load_store(place, self.config)
        if store is None or clips not in (None, len(store.table)):
            raise WordspotError(f"{place}: damaged: run `wordspot pack` again")
        return store

    def table(self) -> pd.DataFrame:
        """Give one row per clip. They all are in memory then."""
        return pd.concat([self.open(number).table for number in range(len(self.clips))], ignore_index=True)


def shard_folder(folder: Path, number: int) -> Path:
    """Give the place of a shard."""
    return folder / f"shard-{number:06}"


class ShardBatches(IterableDataset[Batch]):
    """Batches of clips in shards: in their order, or with a generator in one that is drawn for each pass.

    Of several processes each reads its share of the clips.
    """

    def __init__(
        self,
        shards: Shards,
        batch_size: int,
        draw: torch.Generator | None = None,
        share: Share = ALONE,
    ) -> None:
        self.shards, self.batch_size, self.draw, self.share = shards, batch_size, draw, share

    def __len__(self) -> int:
        whole, rest = divmod(sum(self.shards.clips), self.batch_size)
        return whole + (rest > 0 and not self._leaves_out_last)

    @property
    def _leaves_out_last(self) -> bool:
        shuffled = self.draw is not None
        return shuffled and leaves_out_last(sum(self.shards.clips), self.batch_size, self.share)

    def __iter__(self) -> Iterator[Batch]:
        """Yield this process's share of each batch. Nobody may ask for one ahead of its use."""
        order = self._order(len(self.shards.clips))
        memory = np.empty((0, self.shards.config.samples), np.int16)  # of one block after the other
        waiting = np.empty((0, 2), np.int64)  # shard and row of clips that fill no batch yet
        for first in range(0, len(order), TOGETHER):
            some = order[first : first + TOGETHER]
            rows = [np.arange(self.shards.clips[number]) for number in some]
            numbers = np.repeat(some, [len(those) for those in rows])
            places = np.stack([numbers, np.concatenate(rows)], axis=1)
            waiting = np.concatenate([waiting, places[self._order(len(places))]])
            full = len(waiting) - len(waiting) % self.batch_size
            if full > len(memory):
                del memory
                memory = np.empty((full, self.shards.config.samples), np.int16)
            yield from self._read(waiting[:full], memory)
            waiting = waiting[full:]
        if not self._leaves_out_last:
            yield from self._read(waiting, np.empty((len(waiting), self.shards.config.samples), np.int16))

    def _order(self, count: int) -> list[int]:
        return (
            list(range(count)) if self.draw is None else torch.randperm(count, generator=self.draw).tolist()
        )

    def _read(self, places: NDArray[np.int64], memory: NDArray[np.int16]) -> Iterator[Batch]:
        """Read clips at places [N, 2], each shard from its start to its end, and yield them in batches.

        Their samples pass through `memory`, of at least N clips, and are copied out of it.
        """
        batches = np.split(places, range(self.batch_size, len(places), self.batch_size))
        shares = [batch[self.share.rank :: self.share.processes] for batch in batches]
        own = np.concatenate(shares)
        samples = memory[: len(own)]
        lengths, labels = np.empty((2, len(own)), np.int64)
        label_of = {word: label for label, word in enumerate(self.shards.config.classes)}
        for number in np.unique(own[:, 0]):
            store = self.shards.open(number)
            here = np.flatnonzero(own[:, 0] == number)
            here = here[np.argsort(own[here, 1])]
            rows = own[here, 1]
            lengths[here] = store.table["length"].to_numpy()[rows]
            labels[here] = store.table["word"].map(label_of).to_numpy()[rows]
            for few in np.split(here, range(PIECE, len(here), PIECE)):
                samples[few] = store.samples[own[few, 1]]
        arrays = [torch.from_numpy(array) for array in (samples, lengths, labels)]
        sizes = [len(share) for share in shares]
        for whole, *batch in zip(batches, *(torch.split(array, sizes) for array in arrays), strict=True):
            if len(batch[0]):
                self.share.begin_batch(len(whole))
                yield Batch(batch[0].clone(), *batch[1:])
