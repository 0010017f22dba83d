"""Clips to batches: a `Dataset` and a `collate_fn`; `Corpus.loader` puts them into a `DataLoader`."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from wordspot.audio.padding import pad_clips
from wordspot.corpus.samples import Samples

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


class ClipDataset(Dataset[tuple[Tensor, int]]):
    """Clips of a packed store: int16 [length] and a label each."""

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

    def __getitem__(self, n: int) -> tuple[Tensor, int]:
        row = self.rows[n]
        # A copy: torch has no read-only tensors, and the store must not change.
        clip = np.array(self.samples[row, : self.lengths[row]])
        return torch.from_numpy(clip), int(self.labels[row])


class Collate:
    """Pads the clips of every batch to the same number of samples."""

    def __init__(self, samples: int) -> None:
        self.samples = samples

    def __call__(self, items: list[tuple[Tensor, int]]) -> Batch:
        """Make a batch of clips int16 [length] and their labels."""
        clips, labels = zip(*items, strict=True)
        samples, lengths = pad_clips(clips, self.samples)
        return Batch(samples, lengths, torch.tensor(labels))
