"""The Fourier transform by matrices against torch's, and by hand."""

import pytest
import torch

from wordspot.audio.dft import real_dft


@pytest.mark.parametrize("size", [1, 2, 6, 7, 400, 512, 640, 1024])
def test_it_equals_torch(size: int) -> None:
    frames = torch.randn(2, 3, size, generator=torch.Generator().manual_seed(size), dtype=torch.float64)
    expected = torch.view_as_real(torch.fft.rfft(frames))
    torch.testing.assert_close(real_dft(frames), expected, rtol=0, atol=1e-9)


def test_a_cosine_lies_in_its_bin() -> None:
    time = torch.arange(640)
    found = real_dft(torch.cos(2 * torch.pi * 5 * time / 640))
    expected = torch.zeros(321, 2)
    expected[5, 0] = 320
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=0, atol=0.01)
