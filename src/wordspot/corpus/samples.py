"""The decoded samples of a corpus: a memory-mapped file whose clips are checked when they are first read."""

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordspot.errors import WordspotError


class Samples:
    """N clips of S samples each in a file of int16.

    Pickled, it is the path of the file: processes share its pages instead of copying them.
    """

    def __init__(self, path: Path, checksums: NDArray[np.uint32], length: int) -> None:
        """Map the file at `path`, whose clips have `checksums` (CRC-32) [N] and `length` S.

        Raises OSError or ValueError where it is missing or too short.
        """
        self.path = path
        self.checksums = checksums
        self.shape = (len(checksums), length)
        # As a plain array, because indexing a `memmap` is slower.
        self.mapped: NDArray[np.int16] = np.asarray(np.memmap(path, np.int16, "r", shape=self.shape))
        self.rows = np.arange(len(checksums))
        self.checked = np.zeros(len(checksums), dtype=bool)

    def __reduce__(self) -> tuple[Any, ...]:
        return Samples, (self.path, self.checksums, self.shape[1])

    def __getitem__(self, chosen: Any) -> NDArray[np.int16]:
        """Index the clips as a read-only array [N, S].

        Raises WordspotError where the samples of a chosen clip are not those that were written.
        """
        clips = chosen[0] if isinstance(chosen, tuple) else chosen
        if not self.checked[clips].all():
            for row in np.atleast_1d(self.rows[clips]):
                self._check(row)
        samples: NDArray[np.int16] = self.mapped[chosen]
        return samples

    def _check(self, row: int) -> None:
        if zlib.crc32(self.mapped[row].data) != self.checksums[row]:
            raise WordspotError(
                f"{self.path}: damaged (clip {row}): remove this file, and its clips are decoded anew"
            )
        self.checked[row] = True
