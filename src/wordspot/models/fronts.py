"""Convolutions before the recurrent layers: features [B, T, F] to [B, T', size], T' = ceil(T / stride)."""

import torch
from torch import Tensor, nn


class Front(nn.Module):
    """What every front tells of itself."""

    size: int
    """Features that come out of it."""
    stride: int
    """Frames that go into one that comes out."""

    def frames(self, frames: Tensor) -> Tensor:
        """Count the real frames [B] that come out of counts [B] that go in."""
        return (frames + self.stride - 1) // self.stride


class NoFront(Front):
    """Leaves the features as they are."""

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.size, self.stride = n_features, 1

    def forward(self, features: Tensor) -> Tensor:
        """Give back features [B, T, F]."""
        return features


class Conv1dFront(Front):
    """Two convolutions over time, in which every feature is a channel, and a pooling of two frames."""

    def __init__(self, n_features: int, channels: int) -> None:
        super().__init__()
        self.size, self.stride = 4 * channels, 2
        self.layers = nn.Sequential(
            nn.Conv1d(n_features, self.size, 5, padding=2, bias=False),
            nn.BatchNorm1d(self.size),
            nn.ReLU(),
            nn.Conv1d(self.size, self.size, 5, padding=2, bias=False),
            nn.BatchNorm1d(self.size),
            nn.ReLU(),
            nn.MaxPool1d(2, ceil_mode=True),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Convolve features [B, T, F] to [B, T', size]."""
        convolved: Tensor = self.layers(features.transpose(1, 2))  # (B, size, T')
        return convolved.transpose(1, 2)


class Conv2dFront(Front):
    """Three convolutions over time and frequency, each with a pooling; the spectrogram is an image."""

    def __init__(self, n_features: int, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_convolution(1, channels, (2, 2)),
            *_convolution(channels, 2 * channels, (1, 2)),
            *_convolution(2 * channels, 2 * channels, (1, 2)),
        )
        lay_channels_last(self.layers)
        self.size, self.stride = 2 * channels * halved(n_features, 3), 2

    def forward(self, features: Tensor) -> Tensor:
        """Convolve features [B, T, F] to [B, T', size]."""
        return as_frames(self.layers(features[:, None]))


class ResidualFront(Front):
    """Convolutions with strides in place of poolings, and residual ones between them (He et al. 2016).

    Time is halved once and frequency three times; a linear layer brings what is left of a frame to `size`.
    """

    def __init__(self, n_features: int, channels: int) -> None:
        super().__init__()
        C = channels
        self.layers = nn.Sequential(
            *_strided(1, C, 5, (2, 2)),
            *_strided(C, 2 * C, 3, (1, 2)),
            Residual(2 * C),
            *_strided(2 * C, 3 * C, 3, (1, 2)),
            Residual(3 * C),
        )
        lay_channels_last(self.layers)
        self.size, self.stride = 3 * C, 2
        self.project = nn.Linear(3 * C * halved(n_features, 3), self.size)

    def forward(self, features: Tensor) -> Tensor:
        """Convolve features [B, T, F] to [B, T', size]."""
        projected: Tensor = self.project(as_frames(self.layers(features[:, None])))
        return projected


class Residual(nn.Module):
    """A convolution over time and frequency whose input is added to its output: [B, C, T, F], both."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, image: Tensor) -> Tensor:
        """Convolve [B, C, T, F] to the same shape."""
        return torch.relu(image + self.norm(self.convolution(image)))


def _strided(inputs: int, outputs: int, kernel: int, stride: tuple[int, int]) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    ]


def _convolution(inputs: int, outputs: int, pool: tuple[int, int]) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
        nn.MaxPool2d(pool, ceil_mode=True),
    ]


def lay_channels_last(layers: nn.Module) -> None:
    """Lay the weights of 2-d convolutions out so that the CPU trains them up to twice as fast."""
    layers.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def as_frames(image: Tensor) -> Tensor:
    """Line up the channels and frequencies of each frame: [B, C, T, F] to [B, T, C * F]."""
    return image.transpose(1, 2).flatten(2)


def halved(n: int, times: int) -> int:
    """Halve a number, rounding up, as pooling and strides do.

    >>> halved(40, 3), halved(13, 3)
    (5, 2)
    """
    for _ in range(times):
        n = (n + 1) // 2
    return n


def make_front(name: str, n_features: int, channels: int) -> Front:
    """Make the front that `RecurrentConfig.front` names."""
    if name == "none":
        return NoFront(n_features)
    fronts = {"conv1d": Conv1dFront, "conv2d": Conv2dFront, "residual": ResidualFront}
    return fronts[name](n_features, channels)
