"""Encoders before the recurrent layers: features [B, T, F] to [B, T', size], T' = ceil(T / stride)."""

import torch
from torch import Tensor, nn


class Encoder(nn.Module):
    """Base of the encoders, which are made with a number of features and one of channels.

    To add one, write a subclass and give `wordspot.config.ENCODERS` its name.
    """

    size: int
    """Features of each frame that it puts out."""
    stride: int
    """Input frames for each frame that it puts out."""

    @staticmethod
    def describe(channels: int) -> str:
        """Describe the encoder in a table of models."""
        return f"{channels} channels"

    def frames(self, frames: Tensor) -> Tensor:
        """Turn counts [B] of real input frames into counts of real output frames."""
        return (frames + self.stride - 1) // self.stride


class NoEncoder(Encoder):
    """Passes the features on."""

    def __init__(self, n_features: int, channels: int) -> None:
        super().__init__()
        self.size, self.stride = n_features, 1

    @staticmethod
    def describe(channels: int) -> str:
        """Describe no encoder."""
        return "-"

    def forward(self, features: Tensor) -> Tensor:
        """Return features [B, T, F]."""
        return features


class Conv1dEncoder(Encoder):
    """Two convolutions over time with every feature as a channel, and max pooling of two frames."""

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

    @staticmethod
    def describe(channels: int) -> str:
        """Describe the convolutions."""
        return f"2 Conv1d, {4 * channels} channels"

    def forward(self, features: Tensor) -> Tensor:
        """Convolve features [B, T, F] to [B, T', size]."""
        convolved: Tensor = self.layers(features.transpose(1, 2))  # (B, size, T')
        return convolved.transpose(1, 2)


class Conv2dEncoder(Encoder):
    """Three convolutions over time and frequency, each with max pooling."""

    def __init__(self, n_features: int, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_convolution(1, channels, (2, 2)),
            *_convolution(channels, 2 * channels, (1, 2)),
            *_convolution(2 * channels, 2 * channels, (1, 2)),
        )
        use_channels_last(self.layers)
        self.size, self.stride = 2 * channels * halved(n_features, 3), 2

    @staticmethod
    def describe(channels: int) -> str:
        """Describe the convolutions."""
        return f"3 Conv2d, {channels} to {2 * channels} channels"

    def forward(self, features: Tensor) -> Tensor:
        """Convolve features [B, T, F] to [B, T', size]."""
        return as_frames(self.layers(features[:, None]))


class ResidualEncoder(Encoder):
    """Strided convolutions over time and frequency, with residual blocks between them (He et al. 2016).

    Time is halved once and frequency three times; a linear layer projects each frame to `size` features.
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
        use_channels_last(self.layers)
        self.size, self.stride = 3 * C, 2
        self.project = nn.Linear(3 * C * halved(n_features, 3), self.size)

    @staticmethod
    def describe(channels: int) -> str:
        """Describe the convolutions."""
        return f"5 Conv2d, 2 residual, {channels} to {3 * channels} channels"

    def forward(self, features: Tensor) -> Tensor:
        """Convolve features [B, T, F] to [B, T', size]."""
        projected: Tensor = self.project(as_frames(self.layers(features[:, None])))
        return projected


class Residual(nn.Module):
    """A convolution over time and frequency with a residual connection: [B, C, T, F] to the same shape."""

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


def use_channels_last(layers: nn.Module) -> None:
    """Store the weights of 2-d convolutions channels last, which trains up to twice as fast on a CPU."""
    layers.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def as_frames(image: Tensor) -> Tensor:
    """Flatten the channels and frequencies of each frame: [B, C, T, F] to [B, T, C * F]."""
    return image.transpose(1, 2).flatten(2)


def halved(n: int, times: int) -> int:
    """Halve a size several times, rounding up, as pooling and strides do.

    >>> halved(40, 3), halved(13, 3)
    (5, 2)
    """
    for _ in range(times):
        n = (n + 1) // 2
    return n
