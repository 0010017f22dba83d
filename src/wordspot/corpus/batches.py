"""Clips to batches: a `Dataset`, a `collate_fn`, and a `DataLoader` for each part."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset

from wordspot.corpus.corpus import Corpus, is_added
from wordspot.corpus.index import Split

LARGE_BATCH = 256
"""Clips in a batch where no gradient is kept."""


class Batch(NamedTuple):
    """B clips of at most S samples."""

    samples: Tensor
    """int16 [B, S], zero-padded at the end."""
    lengths: Tensor
    """int64 [B], samples of each clip before the padding."""
    labels: Tensor
    """int64 [B], places in the list of classes."""


class ClipDataset(Dataset[tuple[Tensor, int]]):
    """The clips of one part: int16 [length] and the label of each."""

    def __init__(self, corpus: Corpus, split: Split, recorded_times: int = 1) -> None:
        """Take a part's clips, recorded ones so many times where synthetic ones are added to them."""
        self.samples = corpus.store.samples
        rows = corpus.rows(split)
        times = np.where(is_added(corpus.store.table.iloc[rows]), 1, recorded_times)
        self.rows = np.repeat(rows, times)
        self.lengths = corpus.store.table["length"].to_numpy()
        label_of = {word: label for label, word in enumerate(corpus.config.classes)}
        self.labels = corpus.store.table["word"].map(label_of).to_numpy()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, n: int) -> tuple[Tensor, int]:
        row = self.rows[n]
        # A copy: torch has no read-only tensors, and the store must not change.
        clip = np.array(self.samples[row, : self.lengths[row]])
        return torch.from_numpy(clip), int(self.labels[row])


class Collate:
    """Pads clips to one length, the same in every batch: what is beside a clip must not change its scores."""

    def __init__(self, samples: int) -> None:
        self.samples = samples

    def __call__(self, items: list[tuple[Tensor, int]]) -> Batch:
        """Make a batch of clips int16 [length] and their labels."""
        clips, labels = zip(*items, strict=True)
        lengths = torch.tensor([len(clip) for clip in clips])
        padded = pad_sequence(list(clips), batch_first=True)  # (B, longest)
        padded = pad(padded, (0, self.samples - padded.shape[1]))  # (B, S)
        return Batch(padded, lengths, torch.tensor(labels))


def loader(
    corpus: Corpus, split: Split, batch_size: int, shuffle: torch.Generator | None = None
) -> DataLoader[tuple[Tensor, int]]:
    """Load one part in batches, in the store's order or in that drawn by `shuffle`, recorded clips repeated.

    Reading from the store costs so little that worker processes would only add to it. Where clips are drawn,
    a last batch of a single one is left out: batch normalisation can't learn from it.
    """
    clips = ClipDataset(corpus, split, corpus.config.recorded_times if shuffle else 1)
    return DataLoader(
        clips,
        batch_size=batch_size,
        shuffle=shuffle is not None,
        drop_last=shuffle is not None and 1 == len(clips) % batch_size < len(clips),
        generator=shuffle,
        collate_fn=Collate(corpus.config.samples),
    )
