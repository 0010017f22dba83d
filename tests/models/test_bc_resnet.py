"""BC-ResNet against its paper (Kim et al. 2021, arXiv 2106.04140): table 1, equations 2 and 3, sizes."""

import pytest
import torch
from torch import Tensor, nn

from wordspot.config import BCResNetConfig
from wordspot.models.bc_resnet import BCResNet, BroadcastBlock, MaskedSequential, SubSpectralNorm

TABLE_1 = [
    *[(8, 20, 1)] * 2,
    *[(12, 10, 2)] * 2,
    *[(16, 5, 4)] * 4,
    *[(20, 5, 8)] * 4,
]
"""Channels at scale 1, frequencies of 40, and dilation over time of what each of the 12 blocks puts out."""


def block(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> BroadcastBlock:
    """Make a block for 20 frequencies before the stride."""
    torch.manual_seed(0)
    config = BCResNetConfig(dropout=0.0)
    return BroadcastBlock(inputs, outputs, 20 // stride, stride, dilation, config).eval()


def whole(image: Tensor) -> Tensor:
    """Count the frames of images [B, C, F, T] without padding: [B]."""
    return torch.full((len(image),), image.shape[-1])


@pytest.mark.parametrize(("scale", "weights"), [(1, 9_232), (3, 54_168), (8, 321_068)])
def test_sizes_are_those_of_the_paper(scale: float, weights: int) -> None:
    """Table 2 of the paper: 9.2k, 54.2k and 321k for 40 features and 12 classes."""
    model = BCResNet(BCResNetConfig(scale=scale), n_features=40, n_classes=12)
    assert sum(parameter.numel() for parameter in model.parameters()) == weights


@pytest.mark.parametrize("scale", [1, 3])
def test_stages_are_those_of_table_1(scale: int) -> None:
    model = BCResNet(BCResNetConfig(scale=scale), n_features=40, n_classes=12).eval()
    shapes: list[tuple[int, ...]] = []
    for layer in (model.stem, *model.blocks, model.collapse, model.widen):
        layer.register_forward_hook(lambda _module, _inputs, output: shapes.append(tuple(output.shape)))
    assert model(torch.randn(2, 101, 40), torch.tensor([101, 60])).shape == (2, 12)
    stem, *blocks, collapsed, widened = shapes
    assert stem == (2, 16 * scale, 20, 101)
    assert blocks == [(2, channels * scale, frequencies, 101) for channels, frequencies, _ in TABLE_1]
    assert collapsed == (2, 20 * scale, 1, 101)
    assert widened == (2, 32 * scale, 1, 101)


def convolutions(model: nn.Module, kernel: tuple[int, int]) -> list[nn.Conv2d]:
    """List the convolutions of a kernel over frequency and time."""
    found = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    return [layer for layer in found if layer.kernel_size == kernel]


def test_dilations_and_strides_are_those_of_table_1() -> None:
    model = BCResNet(BCResNetConfig(scale=1), n_features=40, n_classes=12)
    frequency, time = convolutions(model.blocks, (3, 1)), convolutions(model.blocks, (1, 3))
    assert [layer.stride for layer in frequency] == [
        *((1, 1), (1, 1)),
        *((2, 1), (1, 1)),
        *((2, 1), (1, 1), (1, 1), (1, 1)),
        *((1, 1), (1, 1), (1, 1), (1, 1)),
    ]
    assert [layer.dilation for layer in time] == [(1, dilation) for _, _, dilation in TABLE_1]
    # Depthwise: each channel by itself.
    assert all(layer.groups == layer.out_channels for layer in (*frequency, *time))
    # The first block of each stage changes channels by a convolution of one point.
    transitions = [isinstance(made, BroadcastBlock) and made.transition for made in model.blocks]
    assert [number for number, transition in enumerate(transitions) if transition] == [0, 2, 4, 8]


def changed_frames(layer: nn.Module, image: Tensor, frame: int) -> list[int]:
    """Tell the frames of what [B, C, F, T] a layer puts out that change with one frame put in."""
    other = image.clone()
    other[..., frame] += 1
    moved = (layer(image, whole(image)) - layer(other, whole(other))).abs().amax(dim=(0, 1, 2)) > 1e-7
    return [int(place) for place in moved.nonzero()]


@pytest.mark.parametrize("dilation", [1, 2, 4, 8])
def test_a_block_hears_frames_at_its_dilation_and_keeps_their_number(dilation: int) -> None:
    made = block(12, 16, stride=2, dilation=dilation)
    image = torch.randn(2, 12, 20, 31)
    assert changed_frames(made, image, 15) == [15 - dilation, 15, 15 + dilation]
    assert changed_frames(made.frequency, image, 15) == [15]


def test_a_normal_block_keeps_the_shape_and_a_transition_block_changes_it() -> None:
    image = torch.randn(2, 8, 20, 31)
    assert block(8, 8)(image, whole(image)).shape == (2, 8, 20, 31)
    assert block(8, 12)(image, whole(image)).shape == (2, 12, 20, 31)
    assert block(8, 12, stride=2)(image, whole(image)).shape == (2, 12, 10, 31)


def test_the_mean_over_frequency_is_broadcast_back() -> None:
    """Equation 2 with both convolutions replaced by nothing: x + x + mean of x over frequency."""
    made = block(8, 8)
    made.frequency = made.time = MaskedSequential()
    image = torch.randn(2, 8, 20, 31)
    expected = (2 * image + image.mean(dim=2, keepdim=True)).relu()
    torch.testing.assert_close(made(image, whole(image)), expected)


def test_only_a_normal_block_has_an_identity_shortcut() -> None:
    """Where both convolutions give nothing, equation 2 leaves the image, equation 3 nothing."""
    image = torch.randn(2, 8, 20, 31)
    for outputs, expected in ((8, image.relu()), (12, torch.zeros(2, 12, 20, 31))):
        made = block(8, outputs)
        norm = made.frequency[-1]
        assert isinstance(norm, SubSpectralNorm)
        nn.init.zeros_(norm.norm.weight)
        (last,) = convolutions(made.time, (1, 1))
        nn.init.zeros_(last.weight)
        assert torch.equal(made(image, whole(image)), expected)


def test_sub_spectral_norm_by_hand() -> None:
    """Bands of two frequencies: 1 and 3 are 2 - 1 and 2 + 1; 10 and 30 are 20 - 10 and 20 + 10."""
    image = torch.tensor([1.0, 3.0, 10.0, 30.0]).reshape(1, 1, 4, 1).repeat(2, 1, 1, 5)
    normalised = SubSpectralNorm(1, 4, bands=2).train()(image, whole(image))
    assert normalised.shape == image.shape
    torch.testing.assert_close(
        normalised[0, 0, :, 0], torch.tensor([-1.0, 1.0, -1.0, 1.0]), atol=1e-4, rtol=0
    )


def test_sub_spectral_norm_takes_each_band_of_each_channel_by_itself() -> None:
    torch.manual_seed(0)
    loudness = torch.arange(1.0, 7).reshape(1, 2, 3, 1, 1)  # of two channels with three bands
    image = (loudness + loudness * torch.randn(8, 2, 3, 4, 50)).reshape(8, 2, 12, 50)
    bands = SubSpectralNorm(2, 12, bands=3).train()(image, whole(image)).reshape(8, 2, 3, 4, 50)
    torch.testing.assert_close(bands.mean(dim=(0, 3, 4)), torch.zeros(2, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(bands.std(dim=(0, 3, 4), correction=0), torch.ones(2, 3), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("n_frequencies", "bands", "used"), [(20, 5, 5), (10, 4, 2), (3, 5, 3), (7, 5, 1), (1, 5, 1)]
)
def test_bands_are_as_many_as_divide_the_frequencies(n_frequencies: int, bands: int, used: int) -> None:
    norm = SubSpectralNorm(4, n_frequencies, bands)
    assert norm.bands == used
    assert norm(torch.randn(2, 4, n_frequencies, 3), torch.tensor([3, 2])).shape == (2, 4, n_frequencies, 3)


def test_layers_are_described() -> None:
    assert BCResNet.describe(BCResNetConfig()) == ("BC-ResNet-3, 12 blocks", "-", "mean", "0.1")


def test_there_is_no_attention() -> None:
    model = BCResNet(BCResNetConfig(scale=1), n_features=40, n_classes=12)
    assert model.attention(torch.randn(1, 20, 40), torch.tensor([20])) is None
    assert not BCResNetConfig().streams
