"""Background noise of a synthetic corpus: what each kind is, and that it can be repeated."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.helpers import files_of
from wordspot.tts.background import gusts, hum, write_noise


@pytest.fixture(scope="module")
def noises(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of background noise."""
    folder = tmp_path_factory.mktemp("noises") / "made"
    write_noise(folder, 0)
    return folder


def read(path: Path) -> NDArray[np.int16]:
    samples, sample_rate = soundfile.read(path, dtype="int16")
    assert sample_rate == 16_000
    return np.asarray(samples, np.int16)


def slope_of(path: Path) -> float:
    """Fit the slope of power over frequency, 50 Hz to 5 kHz, both as logarithms."""
    power = np.abs(np.fft.rfft(read(path).astype(np.float64))) ** 2
    hz = np.arange(len(power)) / 60
    inside = (hz > 50) & (hz < 5000)
    return float(np.polyfit(np.log(hz[inside]), np.log(power[inside]), 1)[0])


def test_each_kind_lasts_a_minute_and_is_equally_loud(noises: Path) -> None:
    paths = sorted(noises.iterdir())
    assert [path.name for path in paths] == ["brown.wav", "gusts.wav", "hum.wav", "pink.wav", "white.wav"]
    for path in paths:
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.subtype, info.frames) == (16_000, 1, "PCM_16", 960_000)
        assert np.abs(read(path).astype(int)).max() == 24_000


@pytest.mark.parametrize(("name", "slope"), [("white", 0.0), ("pink", -1.0), ("brown", -2.0)])
def test_colours_are_slopes_of_the_spectrum(noises: Path, name: str, slope: float) -> None:
    assert slope_of(noises / f"{name}.wav") == pytest.approx(slope, abs=0.05)


def test_the_hum_is_of_the_mains_and_its_odd_harmonics(noises: Path) -> None:
    spectrum = np.abs(np.fft.rfft(read(noises / "hum.wav").astype(np.float64)))
    assert np.argmax(spectrum) == 50 * 60
    assert spectrum[150 * 60] / spectrum[50 * 60] == pytest.approx(1 / 3, rel=0.05)
    pure = np.abs(np.fft.rfft(hum(16_000))) / 8000
    assert np.flatnonzero(pure > 1e-6).tolist() == [50, 150, 250, 350, 450, 550, 650, 750, 850, 950]
    assert pure[[50, 150, 950]] == pytest.approx([1, 1 / 3, 1 / 19])


def test_gusts_wander_from_calm_to_loud_within_seconds() -> None:
    loudness = gusts(960_000, np.random.default_rng(0))
    assert loudness.shape == (960_000,)
    assert 0 <= loudness.min() < 0.1
    assert 0.9 < loudness.max() <= 1
    # Straight from corner to corner, half a second each: at most from 0 to 1 in 8000 samples.
    assert np.abs(np.diff(loudness)).max() <= 1 / 8000


def test_a_seed_gives_the_same_noise_and_another_other_noise(noises: Path, tmp_path: Path) -> None:
    write_noise(tmp_path / "again", 0)
    assert files_of(tmp_path / "again") == files_of(noises)
    write_noise(tmp_path / "other", 1)
    assert (tmp_path / "other" / "white.wav").read_bytes() != (noises / "white.wav").read_bytes()
