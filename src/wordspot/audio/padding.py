"""Padding: clips to one length; padded frames marked, zeroed, left out of averages."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad
from torch.nn.utils.rnn import pad_sequence


def frame_mask(frames: Tensor, total: int) -> Tensor:
    """Mark the frames of each clip that are not padding: counts [B] to bool [B, total].

    >>> frame_mask(torch.tensor([1, 3]), 3).tolist()
    [[True, False, False], [True, True, True]]
    """
    return torch.arange(total, device=frames.device) < frames[:, None]


def full_lengths(waveforms: Tensor) -> Tensor:
    """Give the lengths [B] of waveforms [B, S] without padding."""
    return torch.full((len(waveforms),), waveforms.shape[1], device=waveforms.device)


def zero_padding(sequence: Tensor, lengths: Tensor) -> Tensor:
    """Set what follows the `lengths` [B] of waveforms [B, S], or the frames [B] of features [B, T, F], to 0.

    >>> zero_padding(torch.ones(2, 3), torch.tensor([1, 3]))
    tensor([[1., 0., 0.],
            [1., 1., 1.]])
    """
    places = torch.arange(sequence.shape[1], dtype=torch.float32, device=sequence.device)
    # A product of floats takes half the time of a choice by booleans.
    real = (lengths[:, None] - places).clamp_(0, 1).to(sequence.dtype)  # (B, T)
    return sequence * real.view(*real.shape, *[1] * (sequence.ndim - 2))


def windows(waveforms: Tensor, first: Tensor, samples: int) -> Tensor:
    """Take windows of waveforms [B, S] from the samples `first` [B, ...] on, on the CPU: [B, ..., samples].

    Before and after a waveform there are zeros.

    >>> windows(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), torch.tensor([-1, 1]), 3)
    tensor([[0., 1., 2.],
            [5., 6., 0.]])
    """
    B, S = waveforms.shape
    before, after = max(0, -int(first.min())), max(0, int(first.max()) + samples - S)
    # In one pass, unlike `pad`, which fills everything with zeros first.
    zeros = waveforms.new_zeros(B, max(before, after))
    padded = torch.cat([zeros[:, :before], waveforms, zeros[:, :after]], dim=1)  # (B, before + S + after)
    start_of_row = before + padded.shape[1] * torch.arange(B).view(B, *[1] * (first.ndim - 1))
    places = moved((start_of_row + first).flatten(), waveforms.device)
    return padded.flatten().unfold(0, samples, 1).index_select(0, places).view(*first.shape, samples)


def moved(drawn: Tensor, device: torch.device) -> Tensor:
    """Move what was drawn on the CPU to a device, without waiting for it."""
    return drawn.to(device, non_blocking=device.type == "cuda")


def reverse(features: Tensor, frames: Tensor) -> Tensor:
    """Reverse the real `frames` [B] of features [B, T, F] in time; the padding stays behind them.

    >>> reverse(torch.tensor([[[1.0], [2.0], [0.0]]]), torch.tensor([2])).flatten()
    tensor([2., 1., 0.])
    """
    places = torch.arange(features.shape[1], device=features.device)
    mirrored = frames[:, None] - 1 - places  # (B, T)
    return take_frames(features, torch.where(mirrored >= 0, mirrored, places))


def take_frames(features: Tensor, places: Tensor) -> Tensor:
    """Take the frames at `places` [B, N] of features [B, T, F]: [B, N, F]."""
    return features.gather(1, places[:, :, None].expand(-1, -1, features.shape[2]))


def mean_over_time(features: Tensor, frames: Tensor) -> Tensor:
    """Average features [B, T, F] over the `frames` [B] of each clip that are not padding: [B, F]."""
    real = frame_mask(frames, features.shape[1])[:, :, None]  # (B, T, 1)
    return (features * real).sum(dim=1) / frames[:, None]


def softmax_over_time(scores: Tensor, frames: Tensor) -> Tensor:
    """Turn scores [B, T, N] into weights that sum to 1 over each clip's real frames; padding gets 0."""
    padding = ~frame_mask(frames, scores.shape[1])[:, :, None]  # (B, T, 1)
    return scores.masked_fill(padding, -torch.inf).softmax(dim=1)


def pad_clips(clips: Sequence[Tensor], samples: int) -> tuple[Tensor, Tensor]:
    """Pad clips [length] with zeros at their ends to one length: [B, samples], and their lengths int64 [B].

    The length is the same in every batch, so that a clip's neighbours don't change its scores.

    >>> pad_clips([torch.tensor([1, 2]), torch.tensor([3])], 3)
    (tensor([[1, 2, 0],
            [3, 0, 0]]), tensor([2, 1]))
    """
    padded = pad_sequence(list(clips), batch_first=True)  # (B, longest)
    lengths = torch.tensor([len(clip) for clip in clips])
    return pad(padded, (0, samples - padded.shape[1])), lengths
