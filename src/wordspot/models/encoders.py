"""Encoders before the recurrent layers: features [B, T, F] to [B, T', size], T' = ceil(T / stride).

Every convolution sees zeros beyond the last real frame, as it does beyond the last frame of all.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool1d, max_pool2d

from wordspot.audio.padding import zero_padding
from wordspot.models.normalisation import MaskedBatchNorm


class Encoder(nn.Module):
    """Base of the encoders, which are made with a number of features and one of channels.

    `forward` takes features [B, T, F] and counts of real frames [B]; padding must not change a real frame.
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
        return strided(frames, self.stride)


class NoEncoder(Encoder):
    """Passes the features on."""

    def __init__(self, n_features: int, channels: int) -> None:
        super().__init__()
        self.size, self.stride = n_features, 1

    @staticmethod
    def describe(channels: int) -> str:
        """Describe no encoder."""
        return "-"

    def forward(self, features: Tensor, frames: Tensor) -> Tensor:
        """Return features [B, T, F]."""
        return features


class Conv1dEncoder(Encoder):
    """Two convolutions over time with every feature as a channel, and max pooling of two frames."""

    def __init__(self, n_features: int, channels: int) -> None:
        super().__init__()
        self.size, self.stride = 4 * channels, 2
        self.layers = nn.ModuleList(
            ConvolutionBlock(nn.Conv1d(inputs, self.size, 5, padding=2, bias=False))
            for inputs in (n_features, self.size)
        )

    @staticmethod
    def describe(channels: int) -> str:
        """Describe the convolutions."""
        return f"2 Conv1d, {4 * channels} channels"

    def forward(self, features: Tensor, frames: Tensor) -> Tensor:
        """Convolve features [B, T, F], of which `frames` [B] are not padding, to [B, T', size]."""
        convolved = zero_padding(features, frames).transpose(1, 2)  # (B, F, T)
        for layer in self.layers:
            convolved, frames = layer(convolved, frames)  # (B, size, T)
        return max_pool1d(convolved, 2, ceil_mode=True).transpose(1, 2)


class Conv2dEncoder(Encoder):
    """Three convolutions over time and frequency, each with max pooling."""

    def __init__(self, n_features: int, channels: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            [
                ConvolutionBlock(convolution(1, channels, 3), pool=(2, 2)),
                ConvolutionBlock(convolution(channels, 2 * channels, 3), pool=(1, 2)),
                ConvolutionBlock(convolution(2 * channels, 2 * channels, 3), pool=(1, 2)),
            ]
        )
        use_channels_last(self.layers)
        self.size, self.stride = 2 * channels * halved(n_features, 3), 2

    @staticmethod
    def describe(channels: int) -> str:
        """Describe the convolutions."""
        return f"3 Conv2d, {channels} to {2 * channels} channels"

    def forward(self, features: Tensor, frames: Tensor) -> Tensor:
        """Convolve features [B, T, F], of which `frames` [B] are not padding, to [B, T', size]."""
        image = zero_padding(features, frames)[:, None]  # (B, 1, T, F)
        for layer in self.layers:
            image, frames = layer(image, frames)  # (B, C, T', F')
        return as_frames(image)


class ResidualEncoder(Encoder):
    """Strided convolutions over time and frequency, with residual blocks between them (He et al. 2016).

    Time is halved once and frequency three times; a linear layer projects each frame to `size` features.
    """

    def __init__(self, n_features: int, channels: int) -> None:
        super().__init__()
        C = channels
        self.layers = nn.ModuleList(
            [
                ConvolutionBlock(convolution(1, C, 5, (2, 2))),
                ConvolutionBlock(convolution(C, 2 * C, 3, (1, 2))),
                Residual(2 * C),
                ConvolutionBlock(convolution(2 * C, 3 * C, 3, (1, 2))),
                Residual(3 * C),
            ]
        )
        use_channels_last(self.layers)
        self.size, self.stride = 3 * C, 2
        self.project = nn.Linear(3 * C * halved(n_features, 3), self.size)

    @staticmethod
    def describe(channels: int) -> str:
        """Describe the convolutions."""
        return f"5 Conv2d, 2 residual, {channels} to {3 * channels} channels"

    def forward(self, features: Tensor, frames: Tensor) -> Tensor:
        """Convolve features [B, T, F], of which `frames` [B] are not padding, to [B, T', size]."""
        image = zero_padding(features, frames)[:, None]  # (B, 1, T, F)
        for layer in self.layers:
            image, frames = layer(image, frames)  # (B, C, T', F')
        projected: Tensor = self.project(as_frames(image))
        return projected


class ConvolutionBlock(nn.Module):
    """A convolution, batch normalisation over real frames, ReLU, and max pooling where asked for.

    Shape: [B, C, T] or [B, C, T, F] with counts of real frames [B] to [B, C', T', ...] with theirs. Padding
    comes out as 0, and nothing that a ReLU puts out is less, so pooling takes nothing from it.
    """

    def __init__(self, convolution: nn.Conv1d | nn.Conv2d, pool: tuple[int, int] = (1, 1)) -> None:
        super().__init__()
        self.convolution = convolution
        self.norm = MaskedBatchNorm(convolution.out_channels, relu=True)
        self.pool = pool

    def forward(self, image: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Convolve images, of whose frames `frames` [B] are not padding."""
        frames = strided(frames, self.convolution.stride[0])
        image = self.norm(self.convolution(image), frames)
        if self.pool == (1, 1):
            return image, frames
        return max_pool2d(image, self.pool, ceil_mode=True), strided(frames, self.pool[0])


class Residual(nn.Module):
    """A convolution over time and frequency with a residual connection: [B, C, T, F] to the same shape."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = convolution(channels, channels, 3)
        self.norm = MaskedBatchNorm(channels)

    def forward(self, image: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Convolve [B, C, T, F], of whose frames `frames` [B] are not padding, to the same shape."""
        return torch.relu(image + self.norm(self.convolution(image), frames)), frames


def convolution(inputs: int, outputs: int, kernel: int, stride: tuple[int, int] = (1, 1)) -> nn.Conv2d:
    """Make a convolution over time and frequency that keeps their sizes but for its stride."""
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)


def use_channels_last(layers: nn.Module) -> None:
    """Store the weights of 2-d convolutions channels last, which trains up to twice as fast on a CPU."""
    layers.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def as_frames(image: Tensor) -> Tensor:
    """Flatten the channels and frequencies of each frame: [B, C, T, F] to [B, T, C * F]."""
    return image.transpose(1, 2).flatten(2)


def strided(frames: Tensor, stride: int) -> Tensor:
    """Count the frames [B] that a convolution or pooling with a stride makes of `frames` [B]."""
    return (frames + stride - 1) // stride


def halved(n: int, times: int) -> int:
    """Halve a size several times, rounding up, as pooling and strides do.

    >>> halved(40, 3), halved(13, 3)
    (5, 2)
    """
    for _ in range(times):
        n = (n + 1) // 2
    return n
