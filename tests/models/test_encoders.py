"""Convolutions before the recurrent layers: their shapes, and the frames that they keep."""

import pytest
import torch

from wordspot.config import ENCODERS
from wordspot.models.encoders import Encoder, NoEncoder, Residual
from wordspot.schema import implementation


def make_encoder(name: str, n_features: int) -> Encoder:
    encoder = implementation(ENCODERS, name)(n_features, 4).eval()
    assert isinstance(encoder, Encoder)
    return encoder


@pytest.mark.parametrize("n_frames", [1, 2, 50, 51])
@pytest.mark.parametrize("n_features", [13, 40])
@pytest.mark.parametrize("name", ENCODERS)
def test_shapes_and_counts_of_frames(name: str, n_features: int, n_frames: int) -> None:
    encoder = make_encoder(name, n_features)
    frames = torch.tensor([1, n_frames])
    out = encoder(torch.randn(2, n_frames, n_features), frames)
    assert out.shape == (2, int(encoder.frames(frames)[1]), encoder.size)
    assert encoder.frames(frames)[0] == 1


@pytest.mark.parametrize("name", ENCODERS)
def test_a_frame_changes_only_what_is_near_it(name: str) -> None:
    torch.manual_seed(0)
    encoder = make_encoder(name, 40)
    features = torch.randn(1, 60, 40)
    changed = features.clone()
    changed[0, 30] += 1
    frames = torch.tensor([60])
    moved = (encoder(features, frames) != encoder(changed, frames))[0].any(dim=1).nonzero()[
        :, 0
    ] * encoder.stride
    assert len(moved) >= 1
    # The farthest reach: a kernel of five, and four of three over every other frame, ten to either side.
    assert (moved - 30).abs().max() <= 11


def test_no_encoder_changes_nothing() -> None:
    features = torch.randn(2, 5, 3)
    assert torch.equal(NoEncoder(3, 4)(features, torch.tensor([5, 2])), features)


def test_a_residual_convolution_adds_to_what_it_is_given() -> None:
    block = Residual(8).eval()
    torch.nn.init.zeros_(block.convolution.weight)
    image = torch.randn(1, 8, 5, 6)
    convolved, frames = block(image, torch.tensor([5]))
    assert torch.equal(convolved, image.relu())
    assert frames.tolist() == [5]


@pytest.mark.parametrize(
    ("name", "described"),
    [
        ("none", "-"),
        ("conv1d", "2 Conv1d, 16 channels"),
        ("conv2d", "3 Conv2d, 4 to 8 channels"),
        ("residual", "5 Conv2d, 2 residual, 4 to 12 channels"),
    ],
)
def test_encoders_are_described_as_they_are(name: str, described: str) -> None:
    assert make_encoder(name, 40).describe(4) == described
    layers = [layer for layer in make_encoder(name, 40).modules() if not list(layer.children())]
    for kind in ("Conv1d", "Conv2d"):
        count = sum(type(layer).__name__ == kind for layer in layers)
        assert (f"{count} {kind}" in described) == (count > 0)
