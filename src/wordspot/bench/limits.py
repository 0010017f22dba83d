"""What one core can do at most: products of matrices, Fourier transforms, copies of memory."""

from collections.abc import Callable

import torch
from torch import Tensor

from wordspot.bench.timing import interleaved
from wordspot.config import FeatureConfig

ROUNDS = 7


def matrix_product_rate(size: int = 1024) -> float:
    """Measure the floating-point operations per second of a product of float32 matrices."""
    one, other = torch.randn(2, size, size)
    return 2 * size**3 / fastest(lambda: one @ other)


def transform_seconds(config: FeatureConfig, sample_rate: int, clips: int, samples: int) -> float:
    """Measure the Fourier transforms alone of a batch of clips, in seconds."""
    frames = 1 + samples // round(config.hop_ms * sample_rate / 1000)
    framed = torch.randn(clips, frames, config.n_fft)
    return fastest(lambda: torch.fft.rfft(framed))


def copy_rate(megabytes: int = 64) -> float:
    """Measure the bytes per second of a copy in memory: read once and written once."""
    source = torch.zeros(megabytes * 1_000_000, dtype=torch.uint8)
    target = torch.empty_like(source)
    return len(source) / fastest(lambda: target.copy_(source))


def fastest(case: Callable[[], Tensor]) -> float:
    """Give the shortest of several times, in seconds."""
    return float(interleaved({"case": case}, ROUNDS)["case"].min())
