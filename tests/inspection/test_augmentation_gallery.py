"""A clip under each augmentation: a panel for each that there is."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tests.conftest import SAMPLE_RATE
from wordspot.audio.augment import AUGMENTATIONS, Augmentation, Augmenter, Clips
from wordspot.config import AugmentConfig
from wordspot.corpus.folder import index_folder
from wordspot.corpus.index import Index
from wordspot.figures import SYNTHETIC
from wordspot.inspection.augmentation_gallery import plot_augmentations
from wordspot.schema import schema

TITLES = [one.title for one in AUGMENTATIONS if one.title != "gain"]
BEFORE = ["original, before levelling", "gain, before levelling"]
"""Panels of what levelling undoes."""


@pytest.fixture
def source(shared_recordings: Path) -> Index:
    return index_folder(shared_recordings)


@pytest.fixture
def rain(tmp_path: Path) -> Path:
    """Give a recording of background noise."""
    path = tmp_path / "rain.wav"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.1, 0.1, 3 * SAMPLE_RATE), SAMPLE_RATE)
    return path


@schema
class BackwardsConfig(AugmentConfig):
    """Settings of an eleventh augmentation."""

    backwards_p: float = 0.0
    """Probability of a clip played backwards."""


@pytest.fixture
def backwards() -> Iterator[Augmentation]:
    """Add an augmentation to the list, as a user does."""

    def turn(_: Augmenter, clips: Clips) -> Clips:
        B, S = clips.waveforms.shape
        return clips._replace(waveforms=clips.waveforms.flip(1), lengths=torch.full((B,), S))

    added = Augmentation("backwards_p", "played backwards", "waveform", turn)
    AUGMENTATIONS.append(added)
    yield added
    AUGMENTATIONS.remove(added)


def panels(figure: Figure) -> dict[str, NDArray[np.float64]]:
    """Give what each visible panel shows, by its title: [F, T]."""
    shown = [axes for axes in figure.axes if axes.get_visible()]
    return {axes.get_title(): np.asarray(axes.images[0].get_array()) for axes in shown}


def test_every_augmentation_is_shown_and_changes_something(source: Index, rain: Path) -> None:
    one, other = sorted(source.root.glob("*/*.wav"))[::30][:2]
    figure = plot_augmentations(one, other, [rain], source)
    shown = panels(figure)
    assert list(shown) == ["original", *TITLES, *BEFORE]
    assert len(shown) == 2 + len(AUGMENTATIONS) == 15
    original = shown.pop("original")
    assert original.shape == (40, 51)
    soft, loud = (shown.pop(title) for title in BEFORE)
    word = soft[:, :10]  # a gain shifts logarithms by the same everywhere, but for the smallest energies
    assert np.median(np.abs(loud[:, :10] - word)) > 0.02
    for title, panel in shown.items():
        assert not np.array_equal(panel, original), title
    assert (shown["time mask"] == 0).all(axis=0).any()
    assert (shown["frequency mask"] == 0).all(axis=1).any()
    assert figure.get_suptitle() == ""


def test_without_recordings_of_noise_it_is_left_out(source: Index) -> None:
    clip = next(source.root.glob("low/*.wav"))
    shown = panels(plot_augmentations(clip, clip, [], source))
    assert list(shown) == ["original", *(one for one in TITLES if one != "background noise"), *BEFORE]


def test_an_added_augmentation_gets_its_panel(source: Index, rain: Path, backwards: Augmentation) -> None:
    clip = next(source.root.glob("rise/*.wav"))
    shown = panels(plot_augmentations(clip, clip, [rain], source, BackwardsConfig()))
    assert list(shown) == ["original", *TITLES, "played backwards", *BEFORE]
    turned = shown["played backwards"][:, ::-1].ravel()
    assert np.corrcoef(turned, shown["original"].ravel())[0, 1] > 0.99
    assert np.corrcoef(turned[::-1], shown["original"].ravel())[0, 1] < 0.9


def test_an_augmentation_that_the_settings_do_not_know_has_none(
    source: Index, rain: Path, backwards: Augmentation
) -> None:
    clip = next(source.root.glob("low/*.wav"))
    assert list(panels(plot_augmentations(clip, clip, [rain], source))) == ["original", *TITLES, *BEFORE]


def test_strengths_are_those_of_the_settings(source: Index) -> None:
    clip = next(source.root.glob("low/*.wav"))
    none = AugmentConfig(time_mask_ms=0, freq_mask_bins=0, shift_ms=0)
    shown = panels(plot_augmentations(clip, clip, [], source, none))
    for title in ("time mask", "frequency mask", "time shift"):
        # But for rounding, which the place of a clip in its batch may change.
        np.testing.assert_allclose(shown[title], shown["original"], rtol=0, atol=1e-5)


def test_synthetic_speech_is_named(source: Index) -> None:
    clip = next(source.root.glob("low/*.wav"))
    figure = plot_augmentations(clip, clip, [], Index(source.root, source.clips, [], synthetic=True))
    assert figure.get_suptitle() == SYNTHETIC
