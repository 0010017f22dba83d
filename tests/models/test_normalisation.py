"""Batch normalisation of padded sequences against torch's own of the real frames alone."""

import pytest
import torch
from torch import Tensor, nn

import wordspot.models.normalisation as normalisation
from wordspot.audio.padding import frame_mask
from wordspot.models.normalisation import MaskedBatchNorm

FRAMES = torch.tensor([7, 1, 4])
SHAPES = [((3, 5, 7), 2), ((3, 5, 7, 4), 2), ((3, 5, 4, 7), 3)]
"""Shapes of sequences and images with seven frames, and the dimension of time."""


@pytest.fixture(autouse=True, params=[1, 60, normalisation.PIECE])
def piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Normalise one row at once, a few, or all."""
    monkeypatch.setattr(normalisation, "PIECE", request.param)


def make(time_dim: int) -> tuple[MaskedBatchNorm, nn.BatchNorm1d]:
    """Make two norms with the same weights."""
    masked, plain = MaskedBatchNorm(5, time_dim).double(), nn.BatchNorm1d(5).double()
    with torch.no_grad():
        for norm in (masked, plain):
            norm.weight.copy_(torch.arange(1.0, 6))
            norm.bias.copy_(torch.arange(5.0))
    return masked, plain


def real_rows(sequence: Tensor, time_dim: int) -> Tensor:
    """Give the channels at the real frames [N, C]."""
    by_frame = sequence.movedim(time_dim, 1).movedim(2, -1)  # (B, T, ..., C)
    return by_frame[frame_mask(FRAMES, 7)].flatten(0, -2)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize(("shape", "time_dim"), SHAPES)
def test_real_frames_are_normalised_as_if_they_were_all(
    shape: tuple[int, ...], time_dim: int, channels_last: bool
) -> None:
    masked, plain = make(time_dim)
    sequence = 3 + 2 * torch.randn(shape, dtype=torch.float64)
    if channels_last and sequence.ndim == 4:
        sequence = sequence.to(memory_format=torch.channels_last)
    one, other = sequence.clone().requires_grad_(), sequence.clone().requires_grad_()
    for _ in range(2):  # in training, then with running statistics
        got = masked(one, FRAMES)
        expected = plain(real_rows(other, time_dim))
        assert got.shape == sequence.shape
        torch.testing.assert_close(real_rows(got, time_dim), expected)
        assert not got.movedim(time_dim, 1)[~frame_mask(FRAMES, 7)].any()
        got.square().sum().backward()
        expected.square().sum().backward()
        torch.testing.assert_close(one.grad, other.grad)
        torch.testing.assert_close(dict(masked.state_dict()), dict(plain.state_dict()))
        masked.eval()
        plain.eval()


@pytest.mark.parametrize(("shape", "time_dim"), SHAPES)
def test_without_padding_it_is_torchs_own(shape: tuple[int, ...], time_dim: int) -> None:
    masked, plain = make(time_dim)
    sequence = torch.randn(shape, dtype=torch.float64)
    full = torch.full((3,), 7)
    torch.testing.assert_close(masked(sequence, full).flatten(2), plain(sequence.flatten(2)))


@pytest.mark.parametrize("bands", [1, 2, 4])
def test_bands_and_relu_are_those_of_torch_on_the_real_frames(bands: int) -> None:
    """Each band of each channel is a channel to torch: values, gradients and running statistics."""
    B, C, F, T = 3, 5, 4, 7
    masked = MaskedBatchNorm(C, 3, bands, relu=True).double()
    plain = nn.BatchNorm1d(C * bands).double()
    with torch.no_grad():
        for norm in (masked, plain):
            norm.weight.copy_(torch.linspace(-1, 2, C * bands))
            norm.bias.copy_(torch.linspace(1, -1, C * bands))
    one = (3 + 2 * torch.randn(B, C, F, T, dtype=torch.float64)).requires_grad_()
    other = one.detach().clone().requires_grad_()
    factor = torch.randn(B, C, F, T, dtype=torch.float64)
    for _ in range(2):  # in training, then with running statistics
        got = masked(one, FRAMES)
        expected = torch.zeros(B, C, F, T, dtype=torch.float64)
        by_band = other.reshape(B, C * bands, F // bands, T)
        rows = torch.relu(
            plain(torch.cat([by_band[b, ..., :n].flatten(1) for b, n in enumerate(FRAMES)], 1).t())
        )
        first = 0
        for b, n in enumerate(FRAMES.tolist()):
            size = F // bands * n
            expected[b, ..., :n] = rows[first : first + size].t().reshape(C, F, n)
            first += size
        torch.testing.assert_close(got, expected)
        torch.autograd.backward((got * factor).sum())
        torch.autograd.backward((expected * factor).sum())
        torch.testing.assert_close(one.grad, other.grad)
        for mine, torchs in zip(masked.parameters(), plain.parameters(), strict=True):
            torch.testing.assert_close(mine.grad, torchs.grad)
        torch.testing.assert_close(dict(masked.state_dict()), dict(plain.state_dict()))
        masked.eval()
        plain.eval()


def test_gradients_by_finite_differences() -> None:
    norm = MaskedBatchNorm(2, relu=True).double()
    torch.manual_seed(0)
    sequence = torch.randn(3, 2, 7, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda it: norm(it, FRAMES), sequence)


def test_half_precision_is_normalised_in_single() -> None:
    norm, sequence = MaskedBatchNorm(4), 100 + torch.randn(3, 4, 7)
    rounded = sequence.bfloat16()
    got = norm(rounded, FRAMES)
    assert got.dtype == torch.float32
    torch.testing.assert_close(got, MaskedBatchNorm(4)(rounded.float(), FRAMES))
