"""One clip under each change that training may make to it."""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import torch
from matplotlib.figure import Figure

from wordspot.config import AugmentConfig, CorpusConfig, FeatureConfig
from wordspot.corpus.audio import read_clip
from wordspot.corpus.batches import Collate
from wordspot.corpus.noise import noise_of
from wordspot.figures import STYLE, Plot
from wordspot.sound.augment import Augmenter
from wordspot.sound.features import Features, to_float

TITLES = {
    "shift_p": "shifted in time",
    "speed_p": "faster or slower",
    "gain_p": "louder or softer",
    "background_p": "background noise",
    "colored_p": "colored noise",
    "mixup_p": "mixed with another",
    "mask_bands_p": "bands masked",
    "mask_ms_p": "time masked",
}
"""The switches of `AugmentConfig`, in the order of the figure."""


def plot_augmentations(
    path: Path,
    partner: Path,
    noises: Sequence[Path],
    config: AugmentConfig | None = None,
    seed: int = 56,
    *,
    synthetic: bool = False,
) -> Figure:
    """Plot the standardised log-mel energies of a clip under each change alone, at the strengths of `config`.

    The default seed draws changes that can be seen. `partner` is the clip mixed in; without `noises` the
    background noise is left out.
    """
    config = config or AugmentConfig()
    rate_hz, samples = CorpusConfig().rate_hz, CorpusConfig().samples
    clips = [torch.from_numpy(read_clip(p, rate_hz, convert=True))[:samples] for p in (path, partner)]
    batch = Collate(samples)([(clip, label) for label, clip in enumerate(clips)])
    waveforms = to_float(batch.samples)  # (2, S)
    noise = to_float(torch.from_numpy(noise_of("training", noises, rate_hz, convert=True)))
    features = Features(FeatureConfig(deltas=0), rate_hz)
    features.fit([(waveforms, batch.lengths)])

    switches: dict[str, Any] = {f.name: 0.0 for f in fields(config) if f.name.endswith("_p")}
    panels = {"as it is": features(waveforms)[0]}  # (T, F) each
    for switch, title in TITLES.items():
        if switch == "background_p" and len(noise) < samples:
            continue
        draw = torch.Generator().manual_seed(seed)
        alone = replace(config, **(switches | {switch: 1.0}))
        one = Augmenter(alone, rate_hz, len(clips), noise, draw)
        changed, _, _ = one.waveforms(waveforms, batch.lengths, batch.labels)
        panels[title] = one.features(features(changed), features.config.hop_ms)[0]

    with mpl.rc_context(STYLE | {"axes.grid": False}):
        figure = Plot(figsize=(10, 7), synthetic=synthetic)
        grid = figure.subplots(3, 3, sharex=True, sharey=True)
        for axes, (title, shown) in zip(grid.flat, panels.items(), strict=False):
            extent = (0, samples / rate_hz, 0, shown.shape[1])
            axes.imshow(shown.T.numpy(), origin="lower", aspect="auto", vmin=-3, vmax=3, extent=extent)
            axes.set_title(title, fontsize=10)
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
        figure.supxlabel("time (s)")
        figure.supylabel("log-mel band")
    return figure
