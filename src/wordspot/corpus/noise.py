"""Background noise, as the class `_silence_` or added to clips; each split has its own share of it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordspot.audio.io import header, read_clip
from wordspot.config import SILENCE, CorpusConfig
from wordspot.corpus.index import Clip, Index, mean_per_word
from wordspot.errors import WordspotError
from wordspot.layout import SPLITS, Split

SHARES = {"training": (0.0, 0.8), "validation": (0.8, 0.9), "testing": (0.9, 1.0)}
"""Share of each noise recording, from start to end, that belongs to a split."""

SOFTEST_DB = 80.0
"""Decibels by which a clip of silence is softer than its recording at most."""


def cut_silence(index: Index, chosen: Sequence[Clip], config: CorpusConfig) -> list[Clip]:
    """Crop as many clips of silence for each split as a chosen word has there on average.

    The crops start at even distances in the split's share of each recording and may overlap; each is made
    softer by 0 to SOFTEST_DB, drawn uniformly, the same every time. RMS normalisation amplifies a soft clip
    only so far, so silence is noise at any level from that of the recording down to no sound at all. Raises
    WordspotError where the corpus has no background noise, or too little.
    """
    if not index.noises:
        raise WordspotError(
            f"{index.root}: no _background_noise_/*.wav to crop silence from: leave out --silence"
        )
    draw = np.random.default_rng(0)
    lengths = [header(path) for path in index.noises]
    cuts = []
    for split in SPLITS:
        wanted = mean_per_word(chosen, split, config)
        low, high = SHARES[split]
        for n, (path, info) in enumerate(zip(index.noises, lengths, strict=True)):
            share = len(range(n, wanted, len(index.noises)))
            length = round(config.seconds * info.samplerate)
            first, last = int(low * info.frames), int(high * info.frames) - length
            if last < first:
                raise WordspotError(
                    f"{path}: {info.duration:.1f} s are too short to crop silence from "
                    f"({10 * config.seconds:g} s are needed): remove it, or leave out --silence"
                )
            for start in np.linspace(first, last, share, dtype=int):
                gain = round(float(10 ** (-SOFTEST_DB * draw.uniform() / 20)), 6)
                name = index.path_of(path)
                cuts.append(
                    Clip(name, SILENCE, f"{path.stem}:{split}", split, int(start), int(start) + length, gain)
                )
    return cuts


def noise_of(
    split: Split, noises: Sequence[Path], sample_rate: int, *, convert: bool = False
) -> NDArray[np.int16]:
    """Read a split's share of all recordings, one after the other: int16 [M].

    Raises ClipError for a recording that can't be used.
    """
    low, high = SHARES[split]
    stretches = [
        read_clip(path, sample_rate, convert=convert, start=int(low * frames), stop=int(high * frames))
        for path, frames in ((path, header(path).frames) for path in noises)
    ]
    return np.concatenate([np.zeros(0, np.int16), *stretches])
