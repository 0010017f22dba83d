from pathlib import Path

import numpy as np
import soundfile
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tests.conftest import RATE_HZ
from wordspot.analysis.augmentations import TITLES, plot_augmentations


def panels(figure: Figure) -> dict[str, NDArray[np.float64]]:
    """Give what each visible panel shows, by its title: [F, T]."""
    shown = [axes for axes in figure.axes if axes.get_visible()]
    return {axes.get_title(): np.asarray(axes.images[0].get_array()) for axes in shown}


def test_every_change_is_shown_and_changes_something(shared_recordings: Path, tmp_path: Path) -> None:
    noise = tmp_path / "rain.wav"
    soundfile.write(noise, np.random.default_rng(0).uniform(-0.1, 0.1, 3 * RATE_HZ), RATE_HZ)
    one, other = sorted(shared_recordings.glob("*/*.wav"))[::30][:2]
    shown = panels(plot_augmentations(one, other, [noise]))
    assert list(shown) == ["as it is", *TITLES.values()]
    plain = shown.pop("as it is")
    assert plain.shape == (40, 51)
    for title, panel in shown.items():
        assert not np.array_equal(panel, plain), title
    assert (shown["time masked"] == 0).all(axis=0).any()
    assert (shown["bands masked"] == 0).all(axis=1).any()


def test_without_recordings_of_noise_it_is_left_out(shared_recordings: Path) -> None:
    clip = next(shared_recordings.glob("low/*.wav"))
    shown = panels(plot_augmentations(clip, clip, []))
    assert list(shown) == ["as it is", *(title for title in TITLES.values() if title != "background noise")]
