"""Convolutions before the recurrent layers: their shapes, and the frames that they keep."""

import pytest
import torch

from wordspot.models.fronts import NoFront, Residual, make_front

FRONTS = ("none", "conv1d", "conv2d", "residual")


@pytest.mark.parametrize("n_frames", [1, 2, 50, 51])
@pytest.mark.parametrize("n_features", [13, 40])
@pytest.mark.parametrize("name", FRONTS)
def test_shapes_and_counts_of_frames(name: str, n_features: int, n_frames: int) -> None:
    front = make_front(name, n_features, channels=4).eval()
    frames = torch.tensor([1, n_frames])
    out = front(torch.randn(2, n_frames, n_features))
    assert out.shape == (2, int(front.frames(frames)[1]), front.size)
    assert front.frames(frames)[0] == 1


@pytest.mark.parametrize("name", FRONTS)
def test_a_frame_changes_only_what_is_near_it(name: str) -> None:
    torch.manual_seed(0)
    front = make_front(name, 40, channels=4).eval()
    features = torch.randn(1, 60, 40)
    changed = features.clone()
    changed[0, 30] += 1
    moved = (front(features) != front(changed))[0].any(dim=1).nonzero()[:, 0] * front.stride
    assert len(moved) >= 1
    # The farthest reach: a kernel of five, and four of three over every other frame, ten to either side.
    assert (moved - 30).abs().max() <= 11


def test_no_front_changes_nothing() -> None:
    features = torch.randn(2, 5, 3)
    assert torch.equal(NoFront(3)(features), features)


def test_a_residual_convolution_adds_to_what_it_is_given() -> None:
    block = Residual(8).eval()
    torch.nn.init.zeros_(block.convolution.weight)
    image = torch.randn(1, 8, 5, 6)
    assert torch.equal(block(image), image.relu())
