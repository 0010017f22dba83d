"""Broadcast residual learning: a convolutional network to measure recurrent ones against.

Kim, Chang, Lee and Sung 2021, "Broadcasted Residual Learning for Efficient Keyword Spotting"
(arXiv 2106.04140), written from the paper. Images are [B, C, F, T] here, frequency before time as there.
"""

import torch
from torch import Tensor, nn

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


class SubSpectralNorm(nn.Module):
    """Batch normalisation of each of several frequency bands by itself (Chang et al. 2021): [B, C, F, T].

    Where F is not a multiple of the number of bands, the largest number of bands that divides it is used.
    """

    def __init__(self, channels: int, n_frequencies: int, bands: int) -> None:
        super().__init__()
        self.bands = next(n for n in range(min(bands, n_frequencies), 0, -1) if n_frequencies % n == 0)
        self.norm = MaskedBatchNorm(channels * self.bands, TIME)

    def forward(self, image: Tensor, frames: Tensor) -> Tensor:
        """Normalise [B, C, F, T], of whose frames `frames` [B] are not padding, to the same shape."""
        B, C, F, T = image.shape
        split = image.reshape(B, C * self.bands, F // self.bands, T)
        normalised: Tensor = self.norm(split, frames).reshape(B, C, F, T)
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
        widen = [nn.Conv2d(inputs, outputs, 1, bias=False), MaskedBatchNorm(outputs, TIME), nn.ReLU()]
        self.frequency = MaskedSequential(
            *(widen if self.transition else []),
            nn.Conv2d(outputs, outputs, (3, 1), (stride, 1), (1, 0), groups=outputs, bias=False),
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
        broadcast = self.time(local.mean(dim=2, keepdim=True), frames)  # (B, C', 1, T)
        summed = local + broadcast
        return torch.relu(summed if self.transition else summed + image)


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
            nn.Conv2d(1, width(STEM), 5, (2, 1), 2, bias=False), MaskedBatchNorm(width(STEM), TIME), nn.ReLU()
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
        self.collapse = nn.Conv2d(inputs, inputs, (F, 5), padding=(0, 2), groups=inputs, bias=False)
        self.widen = MaskedSequential(
            nn.Conv2d(inputs, width(HEAD), 1, bias=False), MaskedBatchNorm(width(HEAD), TIME), nn.ReLU()
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
