"""Batch normalisation of sequences: frames of padding count for no statistic, and come out as 0.

Where several processes train one model, the statistics are those of the batch of all of them.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn.functional import batch_norm
from torch.nn.modules.batchnorm import _BatchNorm

from wordspot.audio.padding import frame_mask
from wordspot.share import ALONE, Share

Gate = Callable[[Tensor, Tensor], Tensor]
"""Lets values through where a tensor that belongs to it says so, and gives 0 elsewhere."""

PIECE = 2**18
"""Values that a CPU normalises at once: 1 MB, which stays in the cache of a core over several operations."""


class MaskedBatchNorm(_BatchNorm):
    """Batch normalisation over real frames (Ioffe and Szegedy 2015), in float32.

    Each of several bands, an equal part of the frequencies, is normalised by itself; a ReLU may follow.
    Fastest where the order in memory is [B, T, F, C]. Shape: [B, C, T], [B, C, T, F] or [B, C, F, T] with
    frames along `time_dim`, and counts of real frames [B], to the same shape.
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float

    def __init__(self, channels: int, time_dim: int = 2, bands: int = 1, *, relu: bool = False) -> None:
        super().__init__(channels * bands)
        self.time_dim, self.bands, self.relu = time_dim, bands, relu
        self.share = ALONE

    def forward(self, sequence: Tensor, frames: Tensor) -> Tensor:  # type: ignore[override]
        """Normalise [B, C, ...], of whose frames `frames` [B] are real, to the same shape."""
        last = sequence.movedim((self.time_dim, 1), (1, -1)).to(self.weight.dtype)  # (B, T, ..., C)
        rows = last.reshape(last.shape[0] * last.shape[1], self.bands, -1, last.shape[-1])  # (B * T, G, R, C)
        real = frame_mask(frames, last.shape[1]).view(-1, 1, 1, 1).to(rows.dtype)
        normalised = self._in_training(rows, real) if self.training else self._in_use(rows) * real
        if self.relu and not self.training:
            normalised = normalised.relu()
        return normalised.view(last.shape).movedim((1, -1), (self.time_dim, 1))

    def _in_training(self, rows: Tensor, real: Tensor) -> Tensor:
        """Normalise real rows [N, G, R, C] by their own statistics, which the running ones follow."""
        settings = self._by_band(self.weight), self._by_band(self.bias), self.eps, self.relu, self.share
        normalised, mean, variance, count = NormaliseRows.apply(rows, real, *settings)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            self.num_batches_tracked += 1
            self._by_band(self.running_mean).lerp_(mean, self.momentum)
            unbiased = variance * count / (count - 1).clamp(min=1)
            self._by_band(self.running_var).lerp_(unbiased, self.momentum)
        return normalised  # type: ignore[no-any-return]

    def _in_use(self, rows: Tensor) -> Tensor:
        """Normalise rows [N, G, R, C] by the running statistics."""
        settings = [self.running_mean, self.running_var, self.weight, self.bias]
        if self.bands > 1:
            settings = [column.flatten() for column in columns(rows, *map(self._by_band, settings))]
        mean, variance, weight, bias = settings
        flat = rows.reshape(-1, len(mean))
        return batch_norm(flat, mean, variance, weight, bias, eps=self.eps).view_as(rows)

    def _by_band(self, values: Tensor) -> Tensor:
        """View the values of each band of each channel [C * G] as [G, 1, C]."""
        return values.view(-1, self.bands).t()[:, None]


class NormaliseRows(Function):
    """Batch normalisation of rows [N, G, R, C] over N and R, where those of padding count for nothing.

    torch's own takes every row, and picking the real ones out and putting them back costs more than
    normalising them. Two passes forward and two backward, each in pieces that stay in cache.
    """

    @staticmethod
    def forward(
        ctx: Any,
        rows: Tensor,
        real: Tensor,
        weight: Tensor,
        bias: Tensor,
        eps: float,
        relu: bool,
        share: Share,
    ) -> Any:
        """Normalise rows [N, G, R, C] that are `real` [N, 1, 1, 1] (1, or 0 for padding, which becomes 0).

        Weight and bias are [G, 1, C]. Gives the rows, their mean and variance [G, 1, C], and the number of
        values that these are of.
        """
        own = real.sum() * rows.shape[2], *sums(rows, rows, real, torch.mul)
        count, total, squares = share.totals(*own)
        mean = total / count
        variance = (squares / count - mean.square()).clamp(min=0)
        deviation = (variance + eps).sqrt()
        scale = weight / deviation
        a, b = columns(rows, scale, bias - scale * mean)
        normalised = torch.empty_like(rows)
        for row, is_real, out in pieces(rows, real, normalised):
            torch.addcmul(b, a, row, out=out).mul_(is_real)
            if relu:
                out.relu_()
        ctx.relu, ctx.share = relu, share
        ctx.save_for_backward(rows, real, normalised if relu else real, scale, mean, deviation, count)
        ctx.mark_non_differentiable(mean, variance, count)
        return normalised, mean, variance, count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> Any:
        """Give the gradients of rows, weight and bias (section 3 of Ioffe and Szegedy 2015)."""
        rows, real, gate, scale, mean, deviation, count = ctx.saved_tensors
        pass_on = behind_relu if ctx.relu else torch.mul
        to_bias, products = sums(gradient, rows, gate, pass_on)
        to_weight = (products - mean * to_bias) / deviation
        weight_everywhere, bias_everywhere = ctx.share.totals(to_weight, to_bias)
        # of a real row: scale * (gradient - to_bias / count - standardised row * to_weight / count)
        slope = -scale * weight_everywhere / (deviation * count)
        a, b, c = columns(rows, scale, slope, -scale * bias_everywhere / count - slope * mean)
        to_rows = torch.empty_like(rows)
        for row, is_real, above, gates, out in pieces(rows, real, gradient, gate, to_rows):
            torch.addcmul(c, b, row, out=out).addcmul_(a, pass_on(above, gates)).mul_(is_real)
        return to_rows, None, to_weight, to_bias, None, None, None


def sums(one: Tensor, other: Tensor, gate: Tensor, pass_on: Gate) -> tuple[Tensor, Tensor]:
    """Sum what a gate lets through of one [N, G, R, C], and its products with the other, to [G, 1, C]."""
    total, products = one.new_zeros(2, *one.shape[1:])
    for first, second, gates in pieces(one, other, gate):
        passed = pass_on(first, gates)
        total += passed.sum(dim=0)
        products += passed.mul_(second).sum(dim=0)
    return total.sum(dim=1, keepdim=True), products.sum(dim=1, keepdim=True)


def behind_relu(gradient: Tensor, rectified: Tensor) -> Tensor:
    """Give the gradient of what a ReLU took from that of what it made."""
    return torch.ops.aten.threshold_backward(gradient, rectified, 0)  # type: ignore[no-any-return]


def pieces(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Cut tensors [N, ...] along N into pieces: on a CPU, those of the first have `PIECE` values."""
    first = tensors[0]
    size = max(1, PIECE // first[0].numel()) if first.is_cpu else len(first)
    return zip(*(torch.split(tensor, size) for tensor in tensors), strict=True)


def columns(rows: Tensor, *values: Tensor) -> list[Tensor]:
    """Repeat values [G, 1, C] to [G, R, C]: few long loops over a whole row instead of many short ones."""
    return [value.expand(rows.shape[1:]).contiguous() for value in values]
