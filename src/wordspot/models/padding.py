"""Frames of padding: marked, hidden, left out of means."""

import torch
from torch import Tensor

from wordspot.sound.features import frame_mask


def hide_padding(features: Tensor, frames: Tensor) -> Tensor:
    """Set padding in features [B, T, F] to 0, what a mean frame is scaled to; `frames` [B] are real."""
    return features.masked_fill(~frame_mask(frames, features.shape[1])[:, :, None], 0.0)


def softmax_over_time(scores: Tensor, frames: Tensor) -> Tensor:
    """Turn scores [B, T, N] into weights that sum to 1 over each clip's real frames; padding weighs 0."""
    padding = ~frame_mask(frames, scores.shape[1])[:, :, None]  # (B, T, 1)
    return scores.masked_fill(padding, -torch.inf).softmax(dim=1)
