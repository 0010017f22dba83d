"""Broadcast residual learning: a convolutional network to measure recurrent ones against.

Kim, Chang, Lee and Sung 2021, "Broadcasted Residual Learning for Efficient Keyword Spotting"
(arXiv 2106.04140), written from the paper. Images are [B, C, F, T] here, frequency before time as there. In
memory their order is [B, T, F, C]: channels last for the convolutions, and whole frames for the norms.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d

from wordspot.audio.padding import mean_over_time, zero_padding
from wordspot.config import BCResNetConfig
from wordspot.models.encoders import use_channels_last
from wordspot.models.model import Layers, Model
from wordspot.models.normalisation import MaskedBatchNorm

TIME = 3
"""Dimension of time in an image [B, C, F, T]."""

STEM = 16
"""Channels of the first convolution at scale 1 (table 1 of the paper, as is all that follows)."""
STAGES = ((2, 8, 1, 1), (2, 12, 2, 2), (4, 16, 2, 4), (4, 20, 1, 8))
"""Blocks, channels at scale 1, stride over frequency, and dilation over time of each stage."""
HEAD = 32
"""Channels before the classifier at scale 1."""


class Convolution(nn.Conv2d):
    """A convolution without bias of [B, C, F, T], whose memory has the order [B, T, F, C]."""

    padding: tuple[int, int]

    def __init__(self, inputs: int, outputs: int, kernel: int | tuple[int, int], **settings: Any) -> None:
        super().__init__(inputs, outputs, kernel, bias=False, **settings)

    def forward(self, image: Tensor) -> Tensor:
        """Convolve [B, C, F, T] to [B, C', F', T]."""
        # torch finds channels last only in images that are [B, C, T, F] to it.
        weight = self.weight.transpose(2, 3).contiguous(memory_format=torch.channels_last)
        stride, padding = self.stride[::-1], self.padding[::-1]
        return conv2d(image.transpose(2, 3), weight, None, stride, padding, 1, self.groups).transpose(2, 3)


class SubSpectralNorm(nn.Module):
    """Batch normalisation of each of several frequency bands by itself (Chang et al. 2021): [B, C, F, T].

    Where F is not a multiple of the number of bands, the largest number of bands that divides it is used.
    """

    def __init__(self, channels: int, n_frequencies: int, bands: int) -> None:
        super().__init__()
        self.bands = next(n for n in range(min(bands, n_frequencies), 0, -1) if n_frequencies % n == 0)
        self.norm = MaskedBatchNorm(channels, TIME, self.bands)

    def forward(self, image: Tensor, frames: Tensor) -> Tensor:
        """Normalise [B, C, F, T], of whose frames `frames` [B] are not padding, to the same shape."""
        normalised: Tensor = self.norm(image, frames)
        return normalised


class MaskedSequential(nn.Sequential):
    """Layers one after the other, of which the norms are told how many frames are real.

    Each convolution over time stands behind a norm, so that it sees zeros in the padding: nothing in between
    makes them anything else.
    """

    def forward(self, image: Tensor, frames: Tensor) -> Tensor:  # type: ignore[override]
        """Pass on [B, C, F, T], of whose frames `frames` [B] are not padding."""
        for layer in self:
            masked = isinstance(layer, MaskedBatchNorm | SubSpectralNorm | BroadcastBlock)
            image = layer(image, frames) if masked else layer(image)
        return image


class BroadcastBlock(nn.Module):
    """A convolution over frequency, and one over time of its mean over frequency, broadcast back.

    Equation 2 of the paper; a transition block (equation 3) changes channels or frequencies and so has no
    identity shortcut. Shape: [B, C, F, T] to [B, C', F / stride, T].
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        n_frequencies: int,
        stride: int,
        dilation: int,
        config: BCResNetConfig,
    ) -> None:
        super().__init__()
        self.transition = inputs != outputs
        widen = [Convolution(inputs, outputs, 1), MaskedBatchNorm(outputs, TIME, relu=True)]
        self.frequency = MaskedSequential(
            *(widen if self.transition else []),
            Convolution(outputs, outputs, (3, 1), stride=(stride, 1), padding=(1, 0), groups=outputs),
            SubSpectralNorm(outputs, n_frequencies, config.sub_bands),
        )
        self.time = MaskedSequential(
            nn.Conv2d(outputs, outputs, (1, 3), 1, (0, dilation), (1, dilation), groups=outputs, bias=False),
            MaskedBatchNorm(outputs, TIME),
            nn.SiLU(),
            nn.Conv2d(outputs, outputs, 1, bias=False),
            nn.Dropout2d(config.dropout),
        )

    def forward(self, image: Tensor, frames: Tensor) -> Tensor:
        """Convolve [B, C, F, T], of whose frames `frames` [B] are not padding, to [B, C', F', T]."""
        local = self.frequency(image, frames)  # (B, C', F', T)
        # Summed in the order of memory, and divided when small: a mean of the image takes longer.
        mean = local.permute(0, 3, 2, 1).sum(dim=2) / local.shape[2]  # (B, T, C')
        summed = local + self.time(mean.transpose(1, 2)[:, :, None], frames)
        shortcut: Tensor = summed if self.transition else summed.add_(image)
        return shortcut.relu_()


class BCResNet(Model):
    """Convolutions alone, with a mean over real frames before the classifier.

    Shape: features [B, T, F] and counts of real frames [B] to logits [B, C].
    """

    def __init__(self, config: BCResNetConfig, n_features: int, n_classes: int) -> None:
        super().__init__()

        def width(channels: int) -> int:
            return max(1, round(channels * config.scale))

        F = (n_features + 1) // 2
        self.stem = MaskedSequential(
            Convolution(1, width(STEM), 5, stride=(2, 1), padding=2),
            MaskedBatchNorm(width(STEM), TIME, relu=True),
        )
        blocks, inputs = [], width(STEM)
        for count, channels, stride, dilation in STAGES:
            for number in range(count):
                step = stride if number == 0 else 1
                F = (F + step - 1) // step
                blocks.append(BroadcastBlock(inputs, width(channels), F, step, dilation, config))
                inputs = width(channels)
        self.blocks = MaskedSequential(*blocks)
        # Over all frequencies that are left, as the paper's 5 x 5 convolution without padding is.
        self.collapse = Convolution(inputs, inputs, (F, 5), padding=(0, 2), groups=inputs)
        self.widen = MaskedSequential(
            Convolution(inputs, width(HEAD), 1), MaskedBatchNorm(width(HEAD), TIME, relu=True)
        )
        self.head = nn.Linear(width(HEAD), n_classes)
        use_channels_last(self)

    def forward(self, features: Tensor, frames: Tensor) -> Tensor:
        """Score clips of features [B, T, F], of which `frames` [B] are not padding, as logits [B, C]."""
        image = zero_padding(features, frames).transpose(1, 2)[:, None]  # (B, 1, F, T)
        image = self.blocks(self.stem(image, frames), frames)  # (B, C', F', T)
        encoded = self.widen(self.collapse(image), frames)[:, :, 0].transpose(1, 2)  # (B, T, C'')
        logits: Tensor = self.head(mean_over_time(encoded, frames))  # (B, C)
        return logits

    @staticmethod
    def describe(config: BCResNetConfig) -> Layers:
        """Describe the layers that a config asks for."""
        blocks = sum(stage[0] for stage in STAGES)
        return Layers(
            encoder=f"BC-ResNet-{config.scale:g}, {blocks} blocks",
            recurrent="-",
            pooling="mean",
            dropout=f"{config.dropout:g}",
        )
