"""Which clips are recognised in noise, and when they are softer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from wordspot.audio.effects import add_noise, color, gain, random_crops
from wordspot.audio.features import to_float
from wordspot.audio.padding import zero_padding
from wordspot.corpus.corpus import Corpus
from wordspot.corpus.noise import noise_of
from wordspot.evaluation.seed_groups import by_clip
from wordspot.files import atomic_write, is_current
from wordspot.layout import Split
from wordspot.models.recognizer import Recognizer
from wordspot.runs.run import WEIGHTS, Run

SNRS_DB = (20, 10, 5, 0)
"""Signal-to-noise ratios of the comparison, in decibels."""
SOFTER_DB = (20, 40)
"""By how many decibels clips are made softer in the comparison."""


@dataclass(frozen=True)
class Condition:
    """One way to make clips harder."""

    name: str
    apply: Callable[[Tensor, Tensor], Tensor]
    """Changes waveforms [B, S], given noise [B, S]."""


def in_noise(snr_db: int) -> Condition:
    """Add noise at a signal-to-noise ratio in decibels."""
    return Condition(
        f"{snr_db} dB SNR",
        lambda waveforms, noise: add_noise(waveforms, noise, torch.full((len(waveforms),), float(snr_db))),
    )


def softer(decibels: int) -> Condition:
    """Make clips softer, in steps of 16-bit samples as a recording has them."""
    return Condition(
        f"{decibels} dB softer",
        lambda waveforms, _: (
            (gain(waveforms, torch.full((len(waveforms),), -float(decibels))) * 32768).round() / 32768
        ),
    )


NOISY = tuple(map(in_noise, SNRS_DB))
"""Those with noise."""
CONDITIONS = (*NOISY, *map(softer, SOFTER_DB))
"""The conditions of a comparison."""


def robustness(run: Run, corpus: Corpus, split: Split) -> pd.DataFrame:
    """Tell which clips of a split a run recognises in each condition.

    One row per clip: path, start, and whether it is recognised, a column for each condition. Kept in the
    folder of the run as robustness-<split>.csv, but for a pretrained one.
    """
    clips = corpus.table(split)[["path", "start"]]
    if (kept := kept_robustness(run, split, clips)) is not None:
        return kept
    found = clips.join(pd.DataFrame(recognised(run.recognizer, corpus, split)))
    if not run.pretrained:
        with atomic_write(run.robustness_file(split)) as part:
            found.to_csv(part, index=False)
    return found


def kept_robustness(run: Run, split: Split, clips: pd.DataFrame) -> pd.DataFrame | None:
    """Read what was measured of a run on clips with a path and a start.

    None where it was not, the weights have changed since, or the file is damaged or of other clips.
    """
    path, names = run.robustness_file(split), [condition.name for condition in CONDITIONS]
    if not run.is_kept and not is_current(path, [run.folder / WEIGHTS]):
        return None
    try:
        found = pd.read_csv(path, dtype={"path": str} | dict.fromkeys(names, bool), keep_default_na=False)
        whole = list(found) == [*clips, *names] and by_clip(found[list(clips)]).equals(by_clip(clips))
    except (ValueError, OSError):
        return None
    return found if whole else None


@torch.inference_mode()
def recognised(
    recognizer: Recognizer, corpus: Corpus, split: Split, conditions: Sequence[Condition] = CONDITIONS
) -> dict[str, np.ndarray]:
    """Tell which clips of a split a recogniser recognises in each condition: bool [N] by its name.

    The noise of a clip is cropped from the split's share of the background recordings, or is pink noise where
    the corpus has none; it is the same for every recogniser and condition.
    """
    recognizer.eval()
    noise = recorded_noise(corpus, split)
    draw = torch.Generator().manual_seed(0)
    right: dict[str, list[Tensor]] = {condition.name: [] for condition in conditions}
    for batch in corpus.loader(split):
        waveforms = to_float(batch.samples)  # (B, S)
        B, S = waveforms.shape
        if noise is None:
            added = color(torch.randn(B, S, generator=draw), torch.ones(B))  # (B, S)
        else:
            added = random_crops(noise, B, S, draw)
        added = zero_padding(added, batch.lengths)
        for condition in conditions:
            logits = recognizer(condition.apply(waveforms, added), batch.lengths)  # (B, C)
            right[condition.name].append(logits.argmax(dim=1) == batch.labels)
    return {name: torch.cat(parts).numpy() for name, parts in right.items()}


def recorded_noise(corpus: Corpus, split: Split) -> Tensor | None:
    """Read the split's share of the background noise, float32 [M]; None where it is shorter than a clip."""
    noise = noise_of(split, corpus.noises, corpus.config.sample_rate, convert=True)
    return to_float(torch.from_numpy(noise)) if len(noise) >= corpus.config.samples else None


def noise_kind(corpus: Corpus, split: Split) -> str:
    """Name the noise that is added to clips."""
    return "pink noise" if recorded_noise(corpus, split) is None else "background recordings"
