"""Pooling over time by hand: padding never counts, and attention is a mean with weights."""

import math

import pytest
import torch
from torch import Tensor, nn

from wordspot.audio.padding import softmax_over_time, zero_padding
from wordspot.models.pooling import AdditiveAttention, LastState, Mean, MultiHeadAttention

STATES = torch.tensor([[[1.0, 10], [2, 20], [6, 60]], [[3, 5], [5, 9], [100, 100]]])  # (2, 3, 2)


@pytest.mark.parametrize(("frames", "expected"), [([3, 2], [[6, 60], [5, 9]]), ([1, 1], [[1, 10], [3, 5]])])
def test_last_state(frames: list[int], expected: list[list[float]]) -> None:
    assert LastState(2, bidirectional=False)(STATES, torch.tensor(frames)).tolist() == expected


def test_final_states_of_two_directions() -> None:
    """The forward half ends at the last real frame, the backward half at the first."""
    assert LastState(2, bidirectional=True)(STATES, torch.tensor([3, 2])).tolist() == [[6, 10], [5, 5]]


@pytest.mark.parametrize(("frames", "expected"), [([3, 2], [[3, 30], [4, 7]]), ([1, 1], [[1, 10], [3, 5]])])
def test_mean(frames: list[int], expected: list[list[float]]) -> None:
    pooled = Mean(2, bidirectional=False)(STATES, torch.tensor(frames))
    torch.testing.assert_close(pooled, torch.tensor(expected).float())


def test_softmax_over_real_frames() -> None:
    scores = torch.tensor([[[0.0], [math.log(3)], [99]]])
    torch.testing.assert_close(
        softmax_over_time(scores, torch.tensor([2])), torch.tensor([[[0.25], [0.75], [0]]])
    )


def test_zeroed_padding() -> None:
    assert zero_padding(STATES, torch.tensor([1, 3])).tolist() == [
        [[1, 10], [0, 0], [0, 0]],
        STATES[1].tolist(),
    ]


def additive() -> AdditiveAttention:
    """Score a frame by tanh of its first feature, twice."""
    attention = AdditiveAttention(2, bidirectional=False, hidden=1)
    with torch.no_grad():
        attention.hidden.weight.copy_(torch.tensor([[1.0, 0]]))
        attention.hidden.bias.zero_()
        attention.score.weight.fill_(2)
    return attention


def test_additive_attention_by_hand() -> None:
    states = torch.tensor([[[0.0, 1], [0.5, 3], [9, 9]]])
    high = math.exp(2 * math.tanh(0.5))
    weights = torch.tensor([1 / (1 + high), high / (1 + high)])
    pooled = additive()(states, torch.tensor([2]))
    torch.testing.assert_close(pooled, (weights[None] @ states[0, :2]))


def test_each_head_weighs_its_own_piece() -> None:
    attention = MultiHeadAttention(2, bidirectional=False, heads=2)
    with torch.no_grad():
        attention.keys.weight.copy_(torch.eye(2))
        attention.queries.copy_(torch.tensor([[math.log(3)], [-math.log(3)]]))
    states = torch.tensor([[[0.0, 0], [1, 1]]])
    # The first head weighs the frames 1 to 3, the second 1 to 1/3.
    torch.testing.assert_close(attention(states, torch.tensor([2])), torch.tensor([[0.75, 0.25]]))


@pytest.mark.parametrize(
    "pooling",
    [
        Mean(2, bidirectional=False),
        additive(),
        MultiHeadAttention(2, bidirectional=False, heads=2),
    ],
)
def test_equal_states_are_their_own_mean(pooling: nn.Module) -> None:
    states: Tensor = torch.tensor([0.3, -2.0]).expand(4, 6, 2)
    pooled = pooling(states, torch.tensor([1, 2, 5, 6]))
    torch.testing.assert_close(pooled, states[:, 0])
