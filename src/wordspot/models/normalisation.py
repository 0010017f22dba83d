"""Batch normalisation of sequences: frames of padding count for no statistic, and come out as 0."""

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from wordspot.audio.padding import frame_mask


class MaskedBatchNorm(_BatchNorm):
    """Batch normalisation over real frames (Ioffe and Szegedy 2015).

    Shape: [B, C, ...] with T frames along `time_dim`, and counts of real frames [B], to the same shape.
    """

    def __init__(self, channels: int, time_dim: int = 2) -> None:
        super().__init__(channels)
        self.time_dim = time_dim

    def _check_input_dim(self, input: Tensor) -> None:
        """Take any number of dimensions."""

    def forward(self, sequence: Tensor, frames: Tensor) -> Tensor:  # type: ignore[override]
        """Normalise [B, C, ...], of whose frames `frames` [B] are real, to the same shape."""
        real = frame_mask(frames, sequence.shape[self.time_dim])  # (B, T)
        shape = [len(frames), *[1] * (sequence.ndim - 1)]
        shape[self.time_dim] = real.shape[1]
        mask = real.view(shape)  # (B, 1, ...)
        if not self.training:
            return super().forward(sequence) * mask
        if real.all():
            return super().forward(sequence)
        # The fused operation gets the real frames alone, as rows of channels.
        last = sequence.movedim(1, -1)  # (B, ..., C)
        rows = last.reshape(-1, last.shape[-1])
        places = mask.movedim(1, -1).expand(*last.shape[:-1], 1).flatten().nonzero()[:, 0]
        normalised = super().forward(rows.index_select(0, places))
        return torch.zeros_like(rows).index_copy(0, places, normalised).view(last.shape).movedim(-1, 1)
