"""A gallery of one clip under every augmentation."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import torch
from matplotlib.figure import Figure

from wordspot.audio.augment import AUGMENTATIONS, Augmenter
from wordspot.audio.features import Features, to_float
from wordspot.audio.io import read_clip
from wordspot.audio.padding import pad_clips
from wordspot.config import AugmentConfig, CorpusConfig, FeatureConfig
from wordspot.corpus.noise import noise_of
from wordspot.figures import STYLE, Plot, Source

COLUMNS = 3
HIDDEN = 0.05
"""Largest difference of standardised features that can't be seen."""


def plot_augmentations(
    path: Path,
    partner: Path,
    noises: Sequence[Path],
    source: Source,
    config: AugmentConfig | None = None,
    seed: int = 56,
) -> Figure:
    """Plot the standardised log-mel energies of a clip under each augmentation of `config` alone.

    `partner` is the clip mixed in; without `noises` there is no panel for background noise. What levelling to
    one root mean square undoes, such as a gain, is shown before it, beside the original before it. The
    default seed draws augmentations that can be seen.
    """
    config = config or AugmentConfig()
    sample_rate, samples = CorpusConfig().sample_rate, CorpusConfig().samples
    clips = [torch.from_numpy(read_clip(p, sample_rate, convert=True))[:samples] for p in (path, partner)]
    padded, lengths = pad_clips(clips, samples)
    waveforms = to_float(padded)  # (2, S)
    noise = to_float(torch.from_numpy(noise_of("training", noises, sample_rate, convert=True)))
    levelled, heard = (
        Features(FeatureConfig(deltas=0, rms_normalize=level), sample_rate) for level in (True, False)
    )
    for features in (levelled, heard):
        features.fit([(waveforms, lengths)])

    shown = [one for one in AUGMENTATIONS if hasattr(config, one.probability)]
    off: dict[str, Any] = {one.probability: 0.0 for one in shown}
    original = levelled(waveforms, lengths)[0]
    panels = {"original": original}  # (T, F) each
    unlevelled = {}
    for one in shown:
        if one.probability == "background_noise_p" and len(noise) < samples:
            continue
        alone = replace(config, **(off | {one.probability: 1.0}))
        draw = torch.Generator().manual_seed(seed)
        augmenter = Augmenter(alone, sample_rate, levelled.config.hop_ms, len(clips), noise, draw)
        augmented = augmenter.waveforms(waveforms, lengths, torch.arange(len(clips)))
        panel = augmenter.features(levelled.static(augmented.waveforms, augmented.lengths))[0]
        changed = not torch.equal(augmented.waveforms, waveforms)
        if changed and torch.allclose(panel, original, atol=HIDDEN):
            unlevelled[f"{one.title}, before levelling"] = heard(augmented.waveforms, augmented.lengths)[0]
        else:
            panels[one.title] = panel
    if unlevelled:
        panels |= {"original, before levelling": heard(waveforms, lengths)[0]} | unlevelled

    with mpl.rc_context(STYLE | {"axes.grid": False}):
        rows = -(-len(panels) // COLUMNS)
        figure = Plot(figsize=(10, 2.4 * rows), source=source)
        grid = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False)
        for axes, (title, image) in zip(grid.flat, panels.items(), strict=False):
            extent = (0, samples / sample_rate, 0, image.shape[1])
            axes.imshow(image.T.numpy(), origin="lower", aspect="auto", vmin=-3, vmax=3, extent=extent)
            axes.set_title(title, fontsize=10)
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
        figure.supxlabel("time (s)")
        figure.supylabel("log-mel band")
    return figure
