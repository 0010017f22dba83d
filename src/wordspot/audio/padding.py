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
    real = frame_mask(lengths, sequence.shape[1])  # (B, T)
    return torch.where(real.view(*real.shape, *[1] * (sequence.ndim - 2)), sequence, 0.0)


def hold_last(features: Tensor, frames: Tensor) -> Tensor:
    """Repeat the last real frame of features [B, T, F] in the padding after `frames` [B].

    >>> hold_last(torch.tensor([[[1.0], [2.0], [0.0]]]), torch.tensor([2])).flatten()
    tensor([1., 2., 2.])
    """
    places = torch.arange(features.shape[1], device=features.device)
    return take_frames(features, places.minimum(frames[:, None] - 1))


def reverse(features: Tensor, frames: Tensor) -> Tensor:
    """Reverse the real `frames` [B] of features [B, T, F] in time; the padding stays behind them.

    >>> reverse(torch.tensor([[[1.0], [2.0], [0.0]]]), torch.tensor([2])).flatten()
    tensor([2., 1., 0.])
    """
    places = torch.arange(features.shape[1], device=features.device)
    mirrored = frames[:, None] - 1 - places  # (B, T)
    return take_frames(features, torch.where(mirrored >= 0, mirrored, places))


def take_frames(features: Tensor, places: Tensor) -> Tensor:
    """Take the frames at `places` [B, T] of features [B, T, F]."""
    return features.gather(1, places[:, :, None].expand_as(features))


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
