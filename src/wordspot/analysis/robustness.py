"""How well a recogniser does on noisy clips."""

from collections.abc import Sequence

import torch
from torch import Tensor

from wordspot.corpus.batches import LARGE_BATCH, loader
from wordspot.corpus.corpus import Corpus
from wordspot.corpus.index import Split
from wordspot.corpus.noise import noise_of
from wordspot.models.recognizer import Recognizer
from wordspot.sound.augment import add_noise, color, stretches
from wordspot.sound.features import to_float

RATIOS_DB = (20, 10, 5, 0)
"""Signal-to-noise ratios of the comparison, in decibels."""


@torch.inference_mode()
def accuracy_in_noise(
    recognizer: Recognizer, corpus: Corpus, split: Split, ratios_db: Sequence[int] = RATIOS_DB
) -> dict[int, float]:
    """Measure the accuracy on a part at each signal-to-noise ratio in decibels.

    A clip's noise is drawn from the part's stretch of the background recordings, or is pink noise where the
    corpus has none; it is the same for every recogniser and ratio.
    """
    recognizer.eval()
    noise = recorded(corpus, split)
    draw = torch.Generator().manual_seed(0)
    right = dict.fromkeys(ratios_db, 0)
    for batch in loader(corpus, split, LARGE_BATCH):
        waveforms = to_float(batch.samples)  # (B, S)
        B, S = waveforms.shape
        if noise is None:
            added = color(torch.randn(B, S, generator=draw), torch.ones(B))  # (B, S)
        else:
            added = stretches(noise, B, S, draw)
        for ratio in ratios_db:
            noisy = add_noise(waveforms, added, torch.full((B,), float(ratio)))
            logits = recognizer(noisy, batch.lengths)  # (B, C)
            right[ratio] += int((logits.argmax(dim=1) == batch.labels).sum())
    return {ratio: count / len(corpus.rows(split)) for ratio, count in right.items()}


def recorded(corpus: Corpus, split: Split) -> Tensor | None:
    """Give the part's stretch of background noise, float32 [M]; None where it is shorter than a clip."""
    noise = noise_of(split, corpus.noises, corpus.config.rate_hz, convert=True)
    return to_float(torch.from_numpy(noise)) if len(noise) >= corpus.config.samples else None


def noise_kind(corpus: Corpus, split: Split) -> str:
    """Say which noise `accuracy_in_noise` adds."""
    return "pink noise" if recorded(corpus, split) is None else "background recordings"
