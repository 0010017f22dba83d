"""Clips to batches: a `Dataset`, which `Corpus.loader` puts into a `DataLoader`."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import BatchSampler, Dataset, Sampler

from wordspot.corpus.samples import Samples
from wordspot.share import Share

LARGE_BATCH = 256
"""Clips in a batch without gradients."""


class Batch(NamedTuple):
    """B clips of at most S samples."""

    samples: Tensor
    """int16 [B, S], zero-padded at the end."""
    lengths: Tensor
    """int64 [B], samples of each clip before the padding."""
    labels: Tensor
    """int64 [B], indices into the classes."""


class ClipDataset(Dataset[Batch]):
    """Clips of a packed store, which are taken a batch at a time: one copy of many clips, not many of one."""

    def __init__(
        self,
        samples: Samples,
        rows: NDArray[np.int64],
        lengths: NDArray[np.int64],
        labels: NDArray[np.int64],
    ) -> None:
        """Take all clips [N, S], their lengths [N] and labels [N], and the rows of the dataset."""
        self.samples = samples
        self.rows = rows
        self.lengths = lengths
        self.labels = labels

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, places: list[int]) -> Batch:
        """Give the clips at some places [B] as a batch, zero-padded as they are in the store."""
        rows = self.rows[places]
        arrays = self.samples[rows], self.lengths[rows], self.labels[rows]
        return Batch(*(torch.from_numpy(array) for array in arrays))


def leaves_out_last(clips: int, batch_size: int, share: Share) -> bool:
    """Tell whether a shuffled pass leaves out the last batch: one with fewer clips than processes.

    One with a single clip too, because batch normalisation can't use it, unless it is the only one.
    """
    return 0 < clips % batch_size < min(max(2, share.processes), clips)


class SharedBatches(Sampler[list[int]]):
    """A process's share of each batch, of whose clips the share is told how many there are in all."""

    def __init__(self, batches: BatchSampler, share: Share) -> None:
        self.batches, self.share = batches, share

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the places of this process's clips in each batch. Nobody may ask for one ahead of its use."""
        for places in self.batches:
            self.share.begin_batch(len(places))
            if own := places[self.share.rank :: self.share.processes]:
                yield own
