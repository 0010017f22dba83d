"""Batch normalisation of padded sequences against torch's own of the real frames alone."""

import pytest
import torch
from torch import Tensor, nn

from wordspot.audio.padding import frame_mask
from wordspot.models.normalisation import MaskedBatchNorm

FRAMES = torch.tensor([7, 1, 4])
SHAPES = [((3, 5, 7), 2), ((3, 5, 7, 4), 2), ((3, 5, 4, 7), 3)]
"""Shapes of sequences and images with seven frames, and the dimension of time."""


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
    assert torch.equal(masked(sequence, full).flatten(2), plain(sequence.flatten(2)))
