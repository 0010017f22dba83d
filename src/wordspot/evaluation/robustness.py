"""Accuracy in noise."""

from collections.abc import Sequence

import torch
from torch import Tensor

from wordspot.audio.augment import add_noise, color, random_crops
from wordspot.audio.features import to_float
from wordspot.audio.padding import zero_padding
from wordspot.corpus.corpus import Corpus
from wordspot.corpus.noise import noise_of
from wordspot.layout import Split
from wordspot.models.recognizer import Recognizer

SNRS_DB = (20, 10, 5, 0)
"""Signal-to-noise ratios of the comparison, in decibels."""


@torch.inference_mode()
def accuracy_in_noise(
    recognizer: Recognizer, corpus: Corpus, split: Split, snrs_db: Sequence[int] = SNRS_DB
) -> dict[int, float]:
    """Measure the accuracy on a split at each signal-to-noise ratio in decibels.

    The noise of a clip is cropped from the split's share of the background recordings, or is pink noise where
    the corpus has none; it is the same for every recogniser and ratio.
    """
    recognizer.eval()
    noise = recorded_noise(corpus, split)
    draw = torch.Generator().manual_seed(0)
    right = dict.fromkeys(snrs_db, 0)
    for batch in corpus.loader(split):
        waveforms = to_float(batch.samples)  # (B, S)
        B, S = waveforms.shape
        if noise is None:
            added = color(torch.randn(B, S, generator=draw), torch.ones(B))  # (B, S)
        else:
            added = random_crops(noise, B, S, draw)
        added = zero_padding(added, batch.lengths)
        for snr_db in snrs_db:
            noisy = add_noise(waveforms, added, torch.full((B,), float(snr_db)))
            logits = recognizer(noisy, batch.lengths)  # (B, C)
            right[snr_db] += int((logits.argmax(dim=1) == batch.labels).sum())
    return {snr_db: count / len(corpus.rows(split)) for snr_db, count in right.items()}


def recorded_noise(corpus: Corpus, split: Split) -> Tensor | None:
    """Read the split's share of the background noise, float32 [M]; None where it is shorter than a clip."""
    noise = noise_of(split, corpus.noises, corpus.config.sample_rate, convert=True)
    return to_float(torch.from_numpy(noise)) if len(noise) >= corpus.config.samples else None


def noise_kind(corpus: Corpus, split: Split) -> str:
    """Name the noise that `accuracy_in_noise` adds."""
    return "pink noise" if recorded_noise(corpus, split) is None else "background recordings"
