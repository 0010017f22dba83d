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


def zero_padding(features: Tensor, frames: Tensor) -> Tensor:
    """Set the padding after `frames` [B] of features [B, T, F] to 0, their mean once standardised."""
    return features.masked_fill(~frame_mask(frames, features.shape[1])[:, :, None], 0.0)


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
