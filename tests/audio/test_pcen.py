"""Per-channel energy normalisation: its formula, and what it is for."""

import pytest
import torch

from wordspot.audio.features import Features, LogMel
from wordspot.audio.pcen import BIAS, GAIN, PCEN, POWER, running_mean_matrix
from wordspot.config import FeatureConfig

CONFIG = FeatureConfig(transform="pcen")
RATE = 16_000


def test_the_mean_runs_from_the_first_frame_on() -> None:
    energies = torch.tensor([4.0, 1.0, 1.0])
    second = 0.96 * 4 + 0.04 * 1
    expected = [4.0, second, 0.96 * second + 0.04 * 1]
    assert (running_mean_matrix(3, energies) @ energies).tolist() == pytest.approx(expected)


def test_a_steady_sound_is_normalised_to_a_known_value() -> None:
    tone = 0.3 * torch.sin(2 * torch.pi * 1000 * torch.arange(2 * RATE) / RATE)[None]
    energies = LogMel(CONFIG, RATE).energies(tone)  # (1, T, n_mels)
    band = int(energies[0, 95].argmax())
    steady = float(energies[0, 95, band])
    value = float(PCEN(CONFIG, RATE)(tone)[0, band, 95])
    expected = (steady ** (1 - GAIN) + BIAS) ** POWER - BIAS**POWER
    # The first frame, of which half lies before the sound, still counts a little.
    assert value == pytest.approx(expected, rel=0.05)


def test_loudness_hardly_matters() -> None:
    noise = 0.1 * torch.randn(1, RATE, generator=torch.Generator().manual_seed(0))
    loud, soft = PCEN(CONFIG, RATE)(noise), PCEN(CONFIG, RATE)(noise / 10)
    assert float((loud / soft).median()) == pytest.approx(100 ** (1 - GAIN), rel=0.05)


def test_what_follows_changes_no_earlier_frame() -> None:
    noise = torch.randn(1, RATE, generator=torch.Generator().manual_seed(0))
    longer = torch.cat([noise, torch.randn(1, RATE)], dim=1)
    pcen = PCEN(CONFIG, RATE)
    torch.testing.assert_close(pcen(longer)[:, :, :49], pcen(noise)[:, :, :49])


def test_it_is_a_choice_of_the_front_end() -> None:
    features = Features(CONFIG, RATE)
    assert isinstance(features.transform, PCEN)
    assert features(torch.zeros(2, RATE)).shape == (2, 51, 80)
