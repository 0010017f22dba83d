"""Resampling in blocks is resampling at once."""

import pytest
import torch
import torchaudio

from wordspot.deploy.resampler import Resampler
from wordspot.errors import UsageError

SIZES = (1, 700, 3, 4096, 0, 17)


def resample_in_blocks(waveform: torch.Tensor, rate: int, target: int) -> torch.Tensor:
    resampler, first = Resampler(rate, target), 0
    made: list[torch.Tensor] = []
    while first < len(waveform):
        size = SIZES[len(made) % len(SIZES)]
        made.append(resampler.push(waveform[first : first + size]))
        first += size
    return torch.cat([*made, resampler.finish()])


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 192_000])
def test_blocks_give_what_torchaudio_gives_of_the_whole(rate: int) -> None:
    waveform = torch.randn(12_345, generator=torch.Generator().manual_seed(rate))
    expected = torchaudio.functional.resample(waveform.double(), rate, 16_000)
    found = resample_in_blocks(waveform, rate, 16_000)
    assert len(found) == len(expected)
    torch.testing.assert_close(found.double(), expected, atol=2e-6, rtol=0)


@pytest.mark.parametrize("rate", [15_999, 44_101])
def test_a_tone_stays_a_tone_at_rates_without_a_common_divisor(rate: int) -> None:
    def tone(at: int) -> torch.Tensor:
        return torch.sin(2 * torch.pi * 440 * torch.arange(at // 2, dtype=torch.float64) / at)

    found = resample_in_blocks(tone(rate).float(), rate, 16_000)
    torch.testing.assert_close(found[100:-100].double(), tone(16_000)[100:-100], atol=2e-3, rtol=0)


def test_it_keeps_no_more_than_it_needs() -> None:
    resampler = Resampler(44_100, 16_000)
    for _ in range(20):
        resampler.push(torch.zeros(44_100))
    assert len(resampler.input) < 100
    assert resampler.input.untyped_storage().nbytes() < 1000


def test_nothing_gives_nothing() -> None:
    assert len(Resampler(48_000, 16_000).finish()) == 0


@pytest.mark.parametrize("rate", [0, -8000])
def test_a_rate_that_is_none(rate: int) -> None:
    with pytest.raises(UsageError, match=f"sample_rate: {rate} must be at least 1"):
        Resampler(rate, 16_000)
